//! A board's manifest, composed of what it is to show. Pure: the same facts give the same manifest, byte for byte.
//!
//! There is one composition: the server signs what it gives, and a plan tells its timelines by it. So a board of a plan that was imported
//! plays to the millisecond what the plan says.

mod contents;
mod items;
mod lists;
mod overlays;
mod strips;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::{IANA_TZDB_VERSION, Tz};

pub use contents::{Contents, Line, Listed, Picture, Shows};
pub use lists::shown_of;
pub use overlays::Made;
pub use strips::{Strip, Text, languages_in_order};

use self::items::Use;
use self::lists::Lists;
use crate::asset::Language;
use crate::campaign::{Campaign, Level, Period, Plays, Share, StandDown};
use crate::geometry::Geometry;
use crate::hours::Hours;
use crate::id::{AssetId, BoardId, CampaignId, Digest, KeyEpoch, PlaylistId, Revision, ThemeId, UnitId, Version};
use crate::overlay::Overlay;
use crate::playlist::{Content, Entry, Playlist};
use crate::trust::key::PublicKey;
use crate::trust::manifest::{Lanes, Manifest};
use crate::unit::Tier;
use crate::window::Window;

/// Id of the playlist of today's default playlists, where they changed.
const DEFAULTS: &str = "defaults-of-today";
/// How long the safe item is on the screen at a time where it is the default playlist.
pub const SAFE_ENTRY: Duration = Duration::from_secs(10);

/// What stands in a manifest beside its contents.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The board.
    pub board: BoardId,
    /// Its key.
    pub board_key: PublicKey,
    /// Generation of keys.
    pub key_epoch: KeyEpoch,
    /// The manifest's revision.
    pub rev: Revision,
    /// When it is signed.
    pub issued: DateTime<Utc>,
    /// Without authenticated contact for this long the board is STALE.
    pub fresh: Duration,
    /// And after this long it shows only the safe item.
    pub max_offline: Duration,
    /// The board's zone.
    pub time_zone: Tz,
    /// Its pixels.
    pub geometry: Geometry,
    /// When it is lit; always, where absent.
    pub hours: Option<Hours>,
    /// Per cent, 0–100.
    pub brightness: u8,
    /// What lies over the loop, each picture by its renditions in all languages.
    pub overlays: Vec<Overlay<Made>>,
    /// Share of the loop by tier.
    pub lanes: Lanes,
    /// The language mix.
    pub languages: BTreeMap<Language, u32>,
    /// The owner's ranks; those of campaigns that the manifest does not carry are left out.
    pub ranks: BTreeMap<CampaignId, u32>,
    /// Themes held back.
    pub stand_downs: Vec<StandDown>,
}

/// A campaign, or a version of one, that the board is to play.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its id.
    pub id: CampaignId,
    /// Who owns it.
    pub unit: UnitId,
    /// Its lane.
    pub tier: Tier,
    /// Its level.
    pub level: Level,
    /// What it is about.
    pub theme: Option<ThemeId>,
    /// What it plays.
    pub plays: Wants,
    /// When it may play.
    pub period: Period,
    /// Within its period.
    pub windows: Vec<Window>,
    /// How much.
    pub share: Share,
}

/// What a campaign is to play.
#[derive(Debug, Clone)]
pub enum Wants {
    /// A playlist.
    Playlist(Listed),
    /// Running text.
    Text(Text),
}

/// What plays on the board when nothing else does, for a part of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which playlist; none: the safe item.
    pub list: Option<Listed>,
    /// Since when; none: since before the day began.
    pub from: Option<DateTime<Utc>>,
    /// Until when; none: still.
    pub until: Option<DateTime<Utc>>,
}

/// What is shown when nothing else may be.
#[derive(Debug, Clone)]
pub struct Safe {
    /// Its asset; the id is that of a playlist as well.
    pub asset: AssetId,
    /// Its bytes' SHA-256.
    pub sha256: Digest,
    /// How many they are.
    pub size: u64,
}

/// Composes the manifest of a board. Campaigns that have nothing to show are left out. `defaults` follow one another without gap.
///
/// # Panics
/// Never: the ids made here are short words.
#[must_use]
pub fn compose(
    frame: Frame,
    contents: &impl Contents,
    wanted: impl IntoIterator<Item = Wanted>,
    defaults: &[Standing],
    safe: &Safe,
) -> Manifest {
    let mut lists = Lists::new(contents, frame.time_zone, &frame.languages);
    lists.items.add((safe.sha256, safe.size), None, Use::EVERGREEN);
    let mut campaigns = Vec::new();
    for Wanted { id, unit, tier, level, theme, plays, period, windows, share } in wanted {
        let played = match plays {
            Wants::Playlist(list) => lists.add(&list, Use::until(period.until)).map(|id| (Plays::Playlist(id), period)),
            Wants::Text(text) => text
                .run(&frame.languages, frame.geometry, period, &mut lists.items)
                .map(|(ticker, period)| (Plays::Ticker(ticker), period)),
        };
        let Some((plays, period)) = played else { continue };
        campaigns.push(Campaign { id, unit, tier, level, theme, plays, period, windows, share });
    }
    let default_playlist = add_defaults(defaults, safe, &mut lists);
    let add = |overlay: Overlay<Made>| overlay.with_picture(|made| made.chosen(&frame.languages, &mut lists.items));
    let overlays = frame.overlays.into_iter().filter_map(add).collect();
    let (items, playlists) = lists.finish();
    Manifest {
        v: 1,
        board: frame.board,
        board_key: frame.board_key,
        key_epoch: frame.key_epoch,
        rev: frame.rev,
        issued: frame.issued,
        fresh_s: frame.fresh.as_secs(),
        max_offline_s: frame.max_offline.as_secs(),
        recall_min: Version(0),
        time_zone: frame.time_zone,
        tz_data: IANA_TZDB_VERSION.to_owned(),
        geometry: frame.geometry,
        hours: frame.hours,
        brightness: frame.brightness,
        overlays,
        lanes: frame.lanes,
        languages: frame.languages,
        items,
        playlists,
        ranks: ranks(frame.ranks, &campaigns),
        campaigns,
        stand_downs: frame.stand_downs,
        default_playlist,
        safe_item: safe.sha256,
    }
}

/// The owner's ranks of campaigns that the manifest carries.
fn ranks(mut ranks: BTreeMap<CampaignId, u32>, campaigns: &[Campaign]) -> BTreeMap<CampaignId, u32> {
    let carried: BTreeSet<_> = campaigns.iter().map(|campaign| &campaign.id).collect();
    ranks.retain(|id, _| carried.contains(id));
    ranks
}

/// Adds what plays when nothing else does; answers the playlist's id. A default that was changed today is a playlist of
/// playlists, each valid while it was the default, so that the past of the day's list never changes: a playlist within another
/// plays as it does alone, since it keeps a place of its own and starts the day by the same id.
fn add_defaults(defaults: &[Standing], safe: &Safe, lists: &mut Lists<'_, impl Contents>) -> PlaylistId {
    let mut stretches = Vec::new();
    for Standing { list, from, until } in defaults {
        let shown = if until.is_none() { Use::EVERGREEN } else { Use::until(*until) };
        let id = list.as_ref().and_then(|list| lists.add(list, shown)).unwrap_or_else(|| add_safe(safe, lists));
        stretches.push((id, *from, *until));
    }
    match stretches.as_slice() {
        [] => return add_safe(safe, lists),
        [(id, ..)] => return id.clone(),
        _ => {}
    }
    let id: PlaylistId = DEFAULTS.parse().expect("a short word is an id");
    let entry = |(playlist, from, until)| Entry { content: Content::Playlist { playlist, take: None }, from, until };
    lists.put(Playlist::new(id.clone(), stretches.into_iter().map(entry).collect()));
    id
}

/// The playlist of the safe item. It is named by no version, which all playlists of a server are, and a plan has none of its id.
fn add_safe(safe: &Safe, lists: &mut Lists<'_, impl Contents>) -> PlaylistId {
    let id: PlaylistId = safe.asset.as_str().parse().expect("the safe item's asset is named by a short word");
    lists.put(Playlist::new(id.clone(), vec![Entry::still(safe.asset.clone(), safe.sha256, SAFE_ENTRY)]));
    id
}
