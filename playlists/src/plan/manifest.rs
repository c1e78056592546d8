//! The manifest that a board of a plan has, and what overrules it: the way to timelines without a server.
//!
//! Ids are the plan's own. Items are named by what they show, not by bytes: whether a file is there does not matter here. What only
//! whoever draws knows, such as the width of a running text, is given along ([`Drawn`]).

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;

use super::document::{self, Asset, Board, Plan};
use crate::asset::Language;
use crate::campaign::{Period, Share, StandDown, Weight};
use crate::compose::{Contents, Frame, Line, Listed, Made, Picture, Safe, Shows, Standing, Strip, Text, Wanted, Wants, compose};
use crate::id::{AssetId, BoardId, Digest, KeyEpoch, PlaylistId, Revision};
use crate::overlay::Overlay;
use crate::schedule::{Blackout, Notice, NoticeShows, Overrides};
use crate::trust::manifest::Manifest;
use crate::unit::Tier;
use crate::window::Window;

/// Asset and playlist of the safe item, where a board has no default playlist.
pub(super) const SAFE: &str = "safe-item";
/// A byte of the key, which no timeline asks for.
const NO_KEY: &str = "00";

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

/// What is known of a plan's assets by drawing them for a board: it takes fonts and templates, which a plan has not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// How wide the strip of a running text is at the board's pixels, by its asset and language. What is missing does not run.
    pub strips: BTreeMap<(AssetId, Language), u32>,
    /// The first and the last day of slides that have a picture for each day. A slide that is missing has one picture for all days.
    pub days: BTreeMap<AssetId, (NaiveDate, NaiveDate)>,
}

impl Plan {
    /// The manifest of a board: what it would play if it had all files. Campaigns that are not approved, or paused, are not in it.
    ///
    /// # Errors
    /// When there is no such board, or the lane of a campaign is not known.
    ///
    /// # Panics
    /// Never: the ids made here are short words.
    pub fn manifest(&self, board: &BoardId, drawn: &Drawn) -> Result<Manifest, NoManifest> {
        let board = self.board(board)?;
        let shelf = Shelf {
            plan: self,
            playlists: self.playlists.iter().map(|playlist| (&playlist.id, playlist)).collect(),
            assets: self.assets.iter().map(|asset| (&asset.id, asset)).collect(),
            drawn,
        };
        let campaigns = self.campaigns.iter().filter(|campaign| campaign.approved && !campaign.paused);
        let meant = campaigns.filter(|campaign| campaign.targets.mean(&board.id, &board.commune, board.geometry));
        let wanted = meant.map(|campaign| self.wanted(campaign, &shelf)).collect::<Result<Vec<_>, _>>()?;
        let frame = Frame {
            board: board.id.clone(),
            board_key: NO_KEY.repeat(32).try_into().expect("64 digits are a key"),
            key_epoch: KeyEpoch(1),
            rev: Revision(1),
            issued: chrono::DateTime::UNIX_EPOCH,
            fresh: Duration::ZERO,
            max_offline: Duration::ZERO,
            time_zone: board.time_zone.unwrap_or_else(|| self.zone()),
            geometry: board.geometry,
            hours: board.hours.clone().map(Into::into),
            brightness: board.brightness,
            overlays: board.overlays.iter().filter_map(|overlay| shelf.overlay(overlay)).collect(),
            lanes: board.lanes.into(),
            languages: board.languages.clone(),
            ranks: board.ranks.clone(),
            stand_downs: self.stand_downs.iter().map(|stand_down| self.stand_down(stand_down)).collect(),
        };
        let default = Standing { list: board.default_playlist.as_ref().map(listed), from: None, until: None };
        let safe = Safe { asset: SAFE.parse().expect("a short word is an id"), sha256: Digest::of(SAFE.as_bytes()), size: 1 };
        Ok(compose(frame, &shelf, wanted, &[default], &safe))
    }

    /// What overrules a board's manifest: recall, blackouts and notices (rules 1 and 2).
    ///
    /// # Errors
    /// When there is no such board.
    pub fn overrides(&self, board: &BoardId, drawn: &Drawn) -> Result<Overrides, NoManifest> {
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
            recalled_items: recalled.flat_map(|asset| items(asset, drawn)).collect(),
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

    fn wanted(&self, campaign: &document::Campaign, shelf: &Shelf<'_>) -> Result<Wanted, NoManifest> {
        let unit = campaign.unit.as_ref().or(self.unit.as_ref());
        let found = self.units.iter().find(|known| Some(&known.id) == unit);
        let known = found.ok_or_else(|| NoManifest::Unit {
            campaign: campaign.id.to_string(),
            unit: unit.map(ToString::to_string).unwrap_or_default(),
        })?;
        let safe = || SAFE.parse().expect("a short word is an id");
        Ok(Wanted {
            id: campaign.id.clone(),
            unit: known.id.clone(),
            tier: known.tier,
            level: campaign.level,
            theme: campaign.theme.clone(),
            plays: match &campaign.ticker {
                Some(ticker) => Wants::Text(shelf.text(ticker)),
                None => Wants::Playlist(listed(&campaign.playlist.clone().unwrap_or_else(safe))),
            },
            period: self.period(campaign.from, campaign.until),
            windows: campaign.windows.iter().filter_map(|window| Window::try_from(window).ok()).collect(),
            share: match (campaign.per_hour, campaign.weight) {
                (Some(plays), _) => Share::PerHour(plays),
                (None, weight) => Share::Weight(weight.unwrap_or(Weight::ONE)),
            },
        })
    }

    fn stand_down(&self, stand_down: &document::StandDown) -> StandDown {
        StandDown { themes: stand_down.themes.clone(), period: self.period(Some(stand_down.from), stand_down.until) }
    }

    /// The language of the strip that stands for a running text of this asset by this digest.
    #[must_use]
    pub fn strip_language(&self, asset: &AssetId, strip: &Digest) -> Option<Language> {
        let languages = self.assets.iter().find(|known| known.id == *asset)?.languages();
        languages.into_iter().find(|language| digest(asset, language, None) == *strip)
    }

    /// The lane of a unit, if the plan knows it.
    #[must_use]
    pub fn tier_of(&self, unit: &crate::id::UnitId) -> Option<Tier> {
        self.units.iter().find(|known| known.id == *unit).map(|known| known.tier)
    }
}

fn listed(id: &PlaylistId) -> Listed {
    Listed { id: id.clone(), version: None }
}

/// What a plan has, to be looked up.
struct Shelf<'a> {
    plan: &'a Plan,
    playlists: BTreeMap<&'a PlaylistId, &'a document::Playlist>,
    assets: BTreeMap<&'a AssetId, &'a Asset>,
    drawn: &'a Drawn,
}

impl Contents for Shelf<'_> {
    fn lines(&self, list: &Listed) -> Option<Vec<Line>> {
        let line = |entry: &document::Entry| {
            let shows = match (&entry.playlist, entry.asset.as_ref().and_then(|id| self.assets.get(id))) {
                (Some(playlist), _) => Shows::Playlist { list: listed(playlist), take: entry.take },
                (None, asset) => {
                    let asset = asset?;
                    Shows::Asset {
                        asset: asset.id.clone(),
                        duration: asset.length.or(entry.duration)?.0,
                        period: self.plan.period(asset.from, asset.until),
                        pictures: self.pictures(asset),
                    }
                }
            };
            Some(Line { shows, period: self.plan.period(entry.from, entry.until) })
        };
        Some(self.playlists.get(&list.id)?.entries.iter().filter_map(line).collect())
    }
}

impl Shelf<'_> {
    fn pictures(&self, asset: &Asset) -> Vec<Picture> {
        let clip = asset.length.map(|length| length.0);
        let picture = |language: &Language, day: Option<NaiveDate>| {
            let sha256 = digest(&asset.id, language, day);
            Picture { language: language.clone(), version: None, sha256, size: 1, clip, day }
        };
        let languages = if asset.ticker.is_some() { Vec::new() } else { asset.languages() };
        match self.drawn.days.get(&asset.id) {
            None => languages.iter().map(|language| picture(language, None)).collect(),
            Some(days) => {
                each(*days).flat_map(|day| languages.iter().map(move |language| picture(language, Some(day)))).collect()
            }
        }
    }

    /// An overlay, its picture in all languages.
    fn overlay(&self, overlay: &document::Overlay) -> Option<Overlay<Made>> {
        overlay.shown()?.with_picture(|id| {
            let asset = self.assets.get(&id)?;
            let picture = |language: &Language| (language.clone(), (digest(&id, language, None), 1));
            let pictures = asset.files.keys().map(picture).collect();
            Some(Made { pictures, period: self.plan.period(asset.from, asset.until) })
        })
    }

    /// A running text by its strips.
    fn text(&self, id: &AssetId) -> Text {
        let asset = self.assets.get(id);
        let texts = asset.and_then(|asset| asset.ticker.as_ref()).into_iter();
        let strip = |(language, speed): (&Language, u32)| {
            let width = *self.drawn.strips.get(&(id.clone(), language.clone()))?;
            let language = language.clone();
            Some(Strip { sha256: digest(id, &language, None), language, size: 1, width, speed })
        };
        let all = texts.flat_map(|ticker| ticker.texts.keys().map(|language| (language, ticker.pixels_a_second())));
        Text {
            strips: all.filter_map(strip).collect(),
            period: asset.map(|asset| self.plan.period(asset.from, asset.until)).unwrap_or_default(),
        }
    }
}

/// The days from the first to the last.
fn each((first, last): (NaiveDate, NaiveDate)) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |day| *day <= last)
}

/// Everything that stands for an asset's pictures.
fn items(asset: &Asset, drawn: &Drawn) -> Vec<Digest> {
    let days = drawn.days.get(&asset.id).into_iter().flat_map(|days| each(*days)).map(Some).chain([None]);
    let languages = asset.languages();
    days.flat_map(|day| languages.iter().map(move |language| digest(&asset.id, language, day))).collect()
}

/// A takeover's picture: in the language of the board's mix that weighs most (ties: the first tag), else the first that there is.
fn notice_item(board: &Board, id: &AssetId, assets: &BTreeMap<&AssetId, &Asset>) -> Digest {
    let languages = assets.get(id).map(|asset| asset.languages()).unwrap_or_default();
    let weight = |language: &Language| board.languages.get(language).copied().unwrap_or_default();
    let best = languages.iter().max_by(|one, other| weight(one).cmp(&weight(other)).then_with(|| other.cmp(one)));
    digest(id, best.unwrap_or(&Language::undetermined()), None)
}

/// What stands for an asset's picture in a language, and of one that changes with the day on that day.
fn digest(asset: &AssetId, language: &Language, day: Option<NaiveDate>) -> Digest {
    let day = day.map(|day| format!("|{day}")).unwrap_or_default();
    Digest::of(format!("{asset}|{language}{day}").as_bytes())
}
