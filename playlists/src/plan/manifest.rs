//! The manifest that a board of a plan has, and what overrules it: the way to timelines without a server.
//!
//! Ids are the plan's own. Items are named by what they show, not by bytes: whether a file is there does not matter here.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::IANA_TZDB_VERSION;

use super::document::{self, Asset, Board, Plan};
use crate::asset::{Kind, Language};
use crate::campaign::{Campaign, Period, Plays, Share, StandDown};
use crate::id::{AssetId, BoardId, Digest, KeyEpoch, PlaylistId, Revision, Version};
use crate::playlist::{Content, Entry, Playlist};
use crate::schedule::{Blackout, Notice, NoticeShows, Overrides};
use crate::trust::manifest::{Item, Manifest};
use crate::unit::Tier;
use crate::window::Window;

/// Asset and playlist of the safe item, where a board has no default playlist.
pub(super) const SAFE: &str = "safe-item";
/// A byte of the key, which no timeline asks for.
const NO_KEY: &str = "00";
/// How long the safe item is on the screen at a time, as on the server.
const SAFE_ENTRY: Duration = Duration::from_secs(10);

/// Why a board of a plan has no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoManifest {
    /// There is no such board.
    #[error("there is no board {0} in this plan")]
    Board(BoardId),
    /// A campaign's unit is not in the plan, so its lane is not known.
    #[error("campaign {campaign} is of the unit {unit}, which is not in this plan; add it to units, with its tier")]
    Unit {
        /// The campaign.
        campaign: String,
        /// Its unit.
        unit: String,
    },
}

impl Plan {
    /// The manifest of a board: what it would play if it had all files. Campaigns that are not approved, or paused, are not in it,
    /// nor are running texts, whose turns follow from the widths of pictures; they take no time from the loop.
    ///
    /// # Errors
    /// When there is no such board, or the lane of a campaign is not known.
    pub fn manifest(&self, board: &BoardId) -> Result<Manifest, NoManifest> {
        let board = self.board(board)?;
        let campaigns =
            self.campaigns.iter().filter(|campaign| campaign.approved && !campaign.paused && campaign.ticker.is_none());
        let meant = campaigns.filter(|campaign| campaign.targets.mean(&board.id, &board.commune, board.geometry));
        let campaigns = meant.map(|campaign| self.campaign(campaign)).collect::<Result<Vec<_>, _>>()?;
        let shown = self.assets.iter().filter(|asset| asset.ticker.is_none());
        let mut items: BTreeMap<Digest, Item> =
            shown.flat_map(|asset| self.items(asset)).map(|item| (item.sha256, item)).collect();
        let safe = Digest::of(SAFE.as_bytes());
        items.insert(safe, item(safe, None));
        let assets: BTreeMap<&AssetId, &Asset> = self.assets.iter().map(|asset| (&asset.id, asset)).collect();
        let mut playlists: Vec<Playlist> = self.playlists.iter().map(|playlist| self.playlist(playlist, &assets)).collect();
        let default_playlist = board.default_playlist.clone().unwrap_or_else(|| {
            let id: PlaylistId = SAFE.parse().expect("a short word is an id");
            let asset: AssetId = SAFE.parse().expect("a short word is an id");
            playlists.push(Playlist { id: id.clone(), entries: vec![Entry::still(asset, safe, SAFE_ENTRY)] });
            id
        });
        Ok(Manifest {
            v: 1,
            board: board.id.clone(),
            board_key: NO_KEY.repeat(32).try_into().expect("64 digits are a key"),
            key_epoch: KeyEpoch(1),
            rev: Revision(1),
            issued: chrono::DateTime::UNIX_EPOCH,
            fresh_s: 0,
            max_offline_s: 0,
            recall_min: Version(0),
            time_zone: board.time_zone.unwrap_or_else(|| self.zone()),
            tz_data: IANA_TZDB_VERSION.to_owned(),
            geometry: board.geometry,
            hours: board.hours.clone().map(Into::into),
            brightness: board.brightness,
            lanes: board.lanes.into(),
            languages: board.languages.clone(),
            items: items.into_values().collect(),
            playlists,
            campaigns,
            ranks: board.ranks.clone(),
            stand_downs: self.stand_downs.iter().map(|stand_down| self.stand_down(stand_down)).collect(),
            default_playlist,
            safe_item: safe,
        })
    }

    /// What overrules a board's manifest: recall, blackouts and notices (rules 1 and 2).
    ///
    /// # Errors
    /// When there is no such board.
    pub fn overrides(&self, board: &BoardId) -> Result<Overrides, NoManifest> {
        let board = self.board(board)?;
        let meant = |targets: &document::Targets| targets.mean(&board.id, &board.commune, board.geometry);
        let recalled = self.assets.iter().filter(|asset| self.recalled.assets.contains(&asset.id));
        let blackouts = self
            .blackouts
            .iter()
            .filter(|blackout| meant(&blackout.targets))
            .map(|blackout| Blackout { period: self.period(blackout.from, blackout.until), safe_item: blackout.safe_item });
        let assets: BTreeMap<&AssetId, &Asset> = self.assets.iter().map(|asset| (&asset.id, asset)).collect();
        let notices = self.notices.iter().filter(|notice| meant(&notice.targets)).map(|notice| Notice {
            id: notice.id.clone(),
            severity: notice.severity,
            effective: notice.effective.begins(self.zone()),
            expires: notice.expires.ends(self.zone()),
            lights: notice.lights,
            shows: NoticeShows::Takeover { item: notice_item(board, &notice.takeover, &assets) },
        });
        Ok(Overrides {
            recalled_items: recalled
                .flat_map(|asset| asset.languages().into_iter().map(|language| digest(&asset.id, &language)))
                .collect(),
            recalled_campaigns: self.recalled.campaigns.clone(),
            blackouts: blackouts.collect(),
            notices: notices.collect(),
        })
    }

    fn board(&self, id: &BoardId) -> Result<&Board, NoManifest> {
        self.boards.iter().find(|board| board.id == *id).ok_or_else(|| NoManifest::Board(id.clone()))
    }

    fn period(&self, from: Option<super::When>, until: Option<super::When>) -> Period {
        Period { from: from.map(|from| from.begins(self.zone())), until: until.map(|until| until.ends(self.zone())) }
    }

    fn campaign(&self, campaign: &document::Campaign) -> Result<Campaign, NoManifest> {
        let unit = campaign.unit.as_ref().or(self.unit.as_ref());
        let found = self.units.iter().find(|known| Some(&known.id) == unit);
        let known = found.ok_or_else(|| NoManifest::Unit {
            campaign: campaign.id.to_string(),
            unit: unit.map(ToString::to_string).unwrap_or_default(),
        })?;
        Ok(Campaign {
            id: campaign.id.clone(),
            unit: known.id.clone(),
            tier: known.tier,
            level: campaign.level,
            theme: campaign.theme.clone(),
            plays: Plays::Playlist(campaign.playlist.clone().unwrap_or_else(|| SAFE.parse().expect("a short word is an id"))),
            period: self.period(campaign.from, campaign.until),
            windows: campaign.windows.iter().filter_map(|window| Window::try_from(window).ok()).collect(),
            share: match (campaign.per_hour, campaign.weight) {
                (Some(plays), _) => Share::PerHour(plays),
                (None, weight) => Share::Weight(weight.unwrap_or(crate::campaign::Weight::ONE)),
            },
        })
    }

    fn items(&self, asset: &Asset) -> Vec<Item> {
        let Period { from, until } = self.period(asset.from, asset.until);
        let of = |language| Item { from, until, ..item(digest(&asset.id, &language), asset.length.map(|length| length.0)) };
        asset.languages().into_iter().map(of).collect()
    }

    fn playlist(&self, playlist: &document::Playlist, assets: &BTreeMap<&AssetId, &Asset>) -> Playlist {
        let entry = |entry: &document::Entry| {
            let content = match (&entry.playlist, entry.asset.as_ref().and_then(|id| assets.get(id))) {
                (Some(playlist), _) => Content::Playlist { playlist: playlist.clone(), take: entry.take },
                (None, asset) => {
                    let asset = asset?;
                    let versions = asset.languages().into_iter().map(|language| (language.clone(), digest(&asset.id, &language)));
                    let duration = asset.length.or(entry.duration)?.0;
                    Content::Asset { asset: asset.id.clone(), versions: versions.collect(), duration }
                }
            };
            let Period { from, until } = self.period(entry.from, entry.until);
            Some(Entry { content, from, until })
        };
        Playlist { id: playlist.id.clone(), entries: playlist.entries.iter().filter_map(entry).collect() }
    }

    fn stand_down(&self, stand_down: &document::StandDown) -> StandDown {
        StandDown { themes: stand_down.themes.clone(), period: self.period(Some(stand_down.from), stand_down.until) }
    }

    /// The lane of a unit, if the plan knows it.
    #[must_use]
    pub fn tier_of(&self, unit: &crate::id::UnitId) -> Option<Tier> {
        self.units.iter().find(|known| known.id == *unit).map(|known| known.tier)
    }
}

/// A takeover's picture: in the language of the board's mix that weighs most (ties: the first tag), else the first that there is.
fn notice_item(board: &Board, id: &AssetId, assets: &BTreeMap<&AssetId, &Asset>) -> Digest {
    let languages = assets.get(id).map(|asset| asset.languages()).unwrap_or_default();
    let weight = |language: &Language| board.languages.get(language).copied().unwrap_or_default();
    let best = languages.iter().max_by(|one, other| weight(one).cmp(&weight(other)).then_with(|| other.cmp(one)));
    digest(id, best.unwrap_or(&Language::undetermined()))
}

/// What stands for an asset's picture in a language.
fn digest(asset: &AssetId, language: &Language) -> Digest {
    Digest::of(format!("{asset}|{language}").as_bytes())
}

fn item(sha256: Digest, clip: Option<Duration>) -> Item {
    Item {
        sha256,
        size: 1,
        kind: if clip.is_some() { Kind::Clip } else { Kind::Still },
        duration: clip,
        from: None,
        until: None,
        approvals: Vec::new(),
        evergreen: true,
        strict_time: false,
    }
}
