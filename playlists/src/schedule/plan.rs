//! A manifest made ready for listing: names looked up once, numbers in their place, in the order of ids.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::asset::Language;
use crate::campaign::{Campaign, Level};
use crate::hours::Hours;
use crate::id::{AssetId, CampaignId, Digest, PlaylistId};
use crate::playlist::{Content, Entry, Playlist};
use crate::span::Span;
use crate::trust::manifest::{Item, Manifest};
use crate::unit::Tier;
use crate::window::Window;

/// Lanes by number, in the order of their names.
pub(super) const LANES: [Tier; 2] = [Tier::Commune, Tier::Province];

/// Everything a day's list is made from.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) tz: Tz,
    pub(super) hours: Option<Hours>,
    /// Weights, as [`LANES`].
    pub(super) lanes: [u32; 2],
    /// The campaigns' ids, sorted, each once.
    pub(super) ids: Vec<CampaignId>,
    /// All versions of all campaigns, by id and period.
    pub(super) turns: Vec<Turn>,
    pub(super) lists: Vec<List>,
    pub(super) leaves: Vec<Leaf>,
    /// `asset:language` of each credit, by number.
    pub(super) versions: Vec<String>,
    /// How many assets have numbers.
    pub(super) assets: usize,
    /// Number of the default playlist.
    pub(super) default: u32,
    pub(super) safe: Digest,
}

/// One version of a campaign.
#[derive(Debug)]
pub(super) struct Turn {
    /// Number of its id.
    pub(super) id: u32,
    /// Number of its lane.
    pub(super) lane: usize,
    pub(super) priority: bool,
    pub(super) weight: u32,
    /// Number of its playlist.
    pub(super) list: u32,
    pub(super) period: Span,
    pub(super) windows: Vec<Window>,
    /// Number of the first version that is the same in all that decides what plays: id, lane, level, weight, playlist.
    pub(super) twin: u32,
}

/// One playlist.
#[derive(Debug)]
pub(super) struct List {
    pub(super) id: PlaylistId,
    pub(super) lines: Vec<Line>,
    /// When something in it begins or ends to be valid, nested playlists left out; sorted.
    pub(super) edges: Vec<i64>,
}

/// One entry.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) valid: Span,
    pub(super) shows: Shows,
}

/// What an entry shows.
#[derive(Debug)]
pub(super) enum Shows {
    /// The leaves `first .. first + count`, one of them at a time.
    Asset { asset: u32, length: i64, first: u32, count: u32 },
    /// Some of a playlist's entries.
    List { list: u32, take: Option<u32> },
}

/// One language version of an entry, among those that the board shows.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) asset: AssetId,
    pub(super) item: Digest,
    pub(super) language: Language,
    /// Number of its credit.
    pub(super) version: u32,
    pub(super) weight: u32,
    pub(super) valid: Span,
}

/// A span of whole milliseconds; open ends reach to the end of time.
fn span(from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Span {
    let ms = |instant: DateTime<Utc>| instant.timestamp_millis();
    Span { from: from.map_or(i64::MIN, ms), until: until.map_or(i64::MAX, ms) }
}

/// A list's length as a number; lists of a manifest of 1 MiB are far shorter than `u32::MAX`.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Plan {
    /// Of a manifest without faults.
    pub(super) fn new(manifest: &Manifest) -> Self {
        let lists: BTreeMap<_, _> = manifest.playlists.iter().zip(0..).map(|(list, number)| (&list.id, number)).collect();
        let mut ids: Vec<_> = manifest.campaigns.iter().map(|campaign| campaign.id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut compiler = Compiler::new(manifest, lists);
        let compiled = manifest.playlists.iter().map(|list| compiler.list(list)).collect();
        let mut campaigns: Vec<_> = manifest.campaigns.iter().collect();
        campaigns.sort_by_key(|campaign| (&campaign.id, campaign.period.from));
        let mut turns: Vec<Turn> = Vec::with_capacity(campaigns.len());
        for campaign in campaigns {
            let turn = compiler.turn(campaign, &ids, &turns);
            turns.push(turn);
        }
        Self {
            tz: manifest.time_zone,
            hours: manifest.hours.clone(),
            lanes: [manifest.lanes.commune, manifest.lanes.province],
            ids,
            turns,
            lists: compiled,
            default: compiler.list_number(&manifest.default_playlist),
            leaves: compiler.leaves,
            assets: compiler.assets.len(),
            versions: compiler.versions.into_names(),
            safe: manifest.safe_item,
        }
    }

    pub(super) fn leaf(&self, leaf: u32) -> Option<&Leaf> {
        self.leaves.get(leaf as usize)
    }
    pub(super) fn list(&self, list: u32) -> Option<&List> {
        self.lists.get(list as usize)
    }
    pub(super) fn turn(&self, turn: u32) -> Option<&Turn> {
        self.turns.get(turn as usize)
    }
}

/// Names that get numbers in the order in which they come.
#[derive(Default)]
struct Numbers(BTreeMap<String, u32>);

impl Numbers {
    fn of(&mut self, name: String) -> u32 {
        let next = number(self.0.len());
        *self.0.entry(name).or_insert(next)
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn into_names(self) -> Vec<String> {
        let mut names: Vec<_> = self.0.into_iter().collect();
        names.sort_unstable_by_key(|(_, number)| *number);
        names.into_iter().map(|(name, _)| name).collect()
    }
}

struct Compiler<'a> {
    manifest: &'a Manifest,
    items: BTreeMap<&'a Digest, &'a Item>,
    numbers: BTreeMap<&'a PlaylistId, u32>,
    leaves: Vec<Leaf>,
    assets: Numbers,
    versions: Numbers,
}

impl<'a> Compiler<'a> {
    fn new(manifest: &'a Manifest, numbers: BTreeMap<&'a PlaylistId, u32>) -> Self {
        let items = manifest.items.iter().map(|item| (&item.sha256, item)).collect();
        Self { manifest, items, numbers, leaves: Vec::new(), assets: Numbers::default(), versions: Numbers::default() }
    }

    fn list_number(&self, id: &PlaylistId) -> u32 {
        self.numbers.get(id).copied().unwrap_or(u32::MAX)
    }

    fn list(&mut self, playlist: &Playlist) -> List {
        let first_leaf = self.leaves.len();
        let lines: Vec<_> = playlist.entries.iter().map(|entry| self.line(entry)).collect();
        let leaves = self.leaves.iter().skip(first_leaf).map(|leaf| leaf.valid);
        let mut edges: Vec<_> =
            lines.iter().map(|line| line.valid).chain(leaves).flat_map(|span| [span.from, span.until]).collect();
        edges.retain(|edge| *edge != i64::MIN && *edge != i64::MAX);
        edges.sort_unstable();
        edges.dedup();
        List { id: playlist.id.clone(), lines, edges }
    }

    fn line(&mut self, entry: &Entry) -> Line {
        let shows = match &entry.content {
            Content::Playlist { playlist, take } => Shows::List { list: self.list_number(playlist), take: *take },
            Content::Asset { asset, versions, duration } => {
                let first = number(self.leaves.len());
                for (language, item) in versions {
                    self.leaf(asset, language, item);
                }
                let count = number(self.leaves.len()) - first;
                let length = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
                Shows::Asset { asset: self.assets.of(asset.to_string()), length, first, count }
            }
        };
        Line { valid: span(entry.from, entry.until), shows }
    }

    /// Adds a version if the board shows its language. Content without words counts 1 where the mix gives it no weight of its own.
    fn leaf(&mut self, asset: &AssetId, language: &Language, item: &Digest) {
        let mix = &self.manifest.languages;
        let Some(weight) = mix.get(language).copied().or_else(|| (mix.is_empty() || language.is_undetermined()).then_some(1))
        else {
            return;
        };
        let valid = self.items.get(item).map_or(Span::ALWAYS, |item| span(item.from, item.until));
        let version = self.versions.of(format!("{asset}:{language}"));
        self.leaves.push(Leaf { asset: asset.clone(), item: *item, language: language.clone(), version, weight, valid });
    }

    fn turn(&self, campaign: &Campaign, ids: &[CampaignId], before: &[Turn]) -> Turn {
        let mut turn = Turn {
            id: ids.binary_search(&campaign.id).map_or(u32::MAX, number),
            lane: LANES.iter().position(|tier| *tier == campaign.tier).unwrap_or(0),
            priority: campaign.level == Level::Priority,
            weight: campaign.weight.get(),
            list: self.list_number(&campaign.playlist),
            period: span(campaign.period.from, campaign.period.until),
            windows: campaign.windows.clone(),
            twin: number(before.len()),
        };
        let decides = |turn: &Turn| (turn.lane, turn.priority, turn.weight, turn.list);
        let same = |other: &&Turn| decides(other) == decides(&turn);
        let twin = before.iter().rev().take_while(|other| other.id == turn.id).find(same).map(|other| other.twin);
        turn.twin = twin.unwrap_or(turn.twin);
        turn
    }
}
