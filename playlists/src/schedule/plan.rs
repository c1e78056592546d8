//! A manifest made ready for listing: names looked up once, numbers in their place, in the order of ids.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::asset::Language;
use crate::campaign::{Campaign, Level, Plays, Share, Ticker};
use crate::hours::Hours;
use crate::id::{AssetId, CampaignId, Digest, PlaylistId};
use crate::playlist::{Content, DEEPEST_NESTING, Entry, Playlist};
use crate::span::{Span, union};
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
    /// All versions of all campaigns that play a playlist, by id and period.
    pub(super) turns: Vec<Turn>,
    /// All versions of all campaigns that run a ticker, by id and period.
    pub(super) tickers: Vec<Runs>,
    pub(super) lists: Vec<List>,
    pub(super) leaves: Vec<Leaf>,
    /// `asset:language` of each credit, by number.
    pub(super) versions: Vec<String>,
    /// How many assets have numbers.
    pub(super) assets: usize,
    /// Number of the default playlist.
    pub(super) default: u32,
    pub(super) safe: Digest,
    /// The board's width in pixels.
    pub(super) width: u32,
}

/// One version of a campaign.
#[derive(Debug)]
pub(super) struct Turn {
    /// Number of its id.
    pub(super) id: u32,
    /// Number of its lane.
    pub(super) lane: usize,
    pub(super) priority: bool,
    /// Its weight, where it has one.
    pub(super) weight: u32,
    /// Its plays per hour; 0 where it has a weight.
    pub(super) per_hour: u32,
    /// Its rank among `priority` campaigns, the first is the lowest.
    pub(super) rank: Option<u32>,
    /// Number of its playlist.
    pub(super) list: u32,
    pub(super) period: Span,
    pub(super) windows: Vec<Window>,
    /// When its theme is stood down: sorted and apart.
    pub(super) held: Vec<Span>,
    /// Number of the first version that is the same in all that decides what plays: id, lane, level, weight, plays per hour, playlist.
    pub(super) twin: u32,
}

/// One version of a campaign that runs a ticker.
#[derive(Debug)]
pub(super) struct Runs {
    /// Number of its id.
    pub(super) id: u32,
    pub(super) weight: u32,
    pub(super) ticker: Ticker,
    /// One crossing, in milliseconds.
    pub(super) length: i64,
    /// Its period, as far as its strip is valid.
    pub(super) period: Span,
    pub(super) windows: Vec<Window>,
    /// When its theme is stood down: sorted and apart.
    pub(super) held: Vec<Span>,
}

/// One playlist.
#[derive(Debug)]
pub(super) struct List {
    /// The id by which it starts the day as the default playlist, or within another.
    pub(super) starts_by: PlaylistId,
    pub(super) lines: Vec<Line>,
    /// When something in it begins or ends to be valid, nested playlists left out; sorted.
    pub(super) edges: Vec<i64>,
    /// The longest entry in it or within it that the board shows, in milliseconds.
    pub(super) longest: i64,
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
    /// The playlist and the entry that it belongs to.
    pub(super) list: u32,
    pub(super) line: u32,
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
        let mut compiled: Vec<_> = (0..).zip(&manifest.playlists).map(|(number, list)| compiler.list(number, list)).collect();
        measure(&mut compiled);
        let mut campaigns: Vec<_> = manifest.campaigns.iter().collect();
        campaigns.sort_by_key(|campaign| (&campaign.id, campaign.period.from));
        let mut turns: Vec<Turn> = Vec::with_capacity(campaigns.len());
        let mut tickers = Vec::new();
        for campaign in campaigns {
            match &campaign.plays {
                Plays::Playlist(playlist) => {
                    let turn = compiler.turn(campaign, playlist, &ids, &turns);
                    turns.push(turn);
                }
                Plays::Ticker(ticker) => tickers.push(compiler.runs(campaign, *ticker, &ids)),
            }
        }
        Self {
            tz: manifest.time_zone,
            hours: manifest.hours.clone(),
            lanes: [manifest.lanes.commune, manifest.lanes.province],
            ids,
            turns,
            tickers,
            lists: compiled,
            default: compiler.list_number(&manifest.default_playlist),
            leaves: compiler.leaves,
            assets: compiler.assets.len(),
            versions: compiler.versions.into_names(),
            safe: manifest.safe_item,
            width: manifest.geometry.width(),
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

    fn list(&mut self, number: u32, playlist: &Playlist) -> List {
        let first_leaf = self.leaves.len();
        let lines: Vec<_> = playlist.entries.iter().zip(0..).map(|(entry, line)| self.line(entry, (number, line))).collect();
        let leaves = self.leaves.iter().skip(first_leaf).map(|leaf| leaf.valid);
        let mut edges: Vec<_> =
            lines.iter().map(|line| line.valid).chain(leaves).flat_map(|span| [span.from, span.until]).collect();
        edges.retain(|edge| *edge != i64::MIN && *edge != i64::MAX);
        edges.sort_unstable();
        edges.dedup();
        List { starts_by: playlist.starts_by().clone(), lines, edges, longest: 0 }
    }

    fn line(&mut self, entry: &Entry, place: (u32, u32)) -> Line {
        let shows = match &entry.content {
            Content::Playlist { playlist, take } => Shows::List { list: self.list_number(playlist), take: *take },
            Content::Asset { asset, versions, duration } => {
                let first = number(self.leaves.len());
                for (language, item) in versions {
                    self.leaf(asset, language, item, place);
                }
                let count = number(self.leaves.len()) - first;
                let length = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
                Shows::Asset { asset: self.assets.of(asset.to_string()), length, first, count }
            }
        };
        Line { valid: span(entry.from, entry.until), shows }
    }

    /// Adds a version if the board shows its language. Content without words counts 1 where the mix gives it no weight of its own.
    fn leaf(&mut self, asset: &AssetId, language: &Language, item: &Digest, (list, line): (u32, u32)) {
        let mix = &self.manifest.languages;
        let Some(weight) = mix.get(language).copied().or_else(|| (mix.is_empty() || language.is_undetermined()).then_some(1))
        else {
            return;
        };
        let valid = self.items.get(item).map_or(Span::ALWAYS, |item| span(item.from, item.until));
        let version = self.versions.of(format!("{asset}:{language}"));
        let (asset, language) = (asset.clone(), language.clone());
        self.leaves.push(Leaf { asset, item: *item, language, version, weight, valid, list, line });
    }

    fn turn(&self, campaign: &Campaign, playlist: &PlaylistId, ids: &[CampaignId], before: &[Turn]) -> Turn {
        let (weight, per_hour) = match campaign.share {
            Share::Weight(weight) => (weight.get(), 0),
            Share::PerHour(plays) => (0, plays.get()),
        };
        let mut turn = Turn {
            id: ids.binary_search(&campaign.id).map_or(u32::MAX, number),
            lane: LANES.iter().position(|tier| *tier == campaign.tier).unwrap_or(0),
            priority: campaign.level == Level::Priority,
            weight,
            per_hour,
            rank: self.manifest.ranks.get(&campaign.id).copied(),
            list: self.list_number(playlist),
            period: span(campaign.period.from, campaign.period.until),
            windows: campaign.windows.clone(),
            held: self.held(campaign),
            twin: number(before.len()),
        };
        let decides = |turn: &Turn| (turn.lane, turn.priority, turn.weight, turn.per_hour, turn.list);
        let same = |other: &&Turn| decides(other) == decides(&turn);
        let twin = before.iter().rev().take_while(|other| other.id == turn.id).find(same).map(|other| other.twin);
        turn.twin = twin.unwrap_or(turn.twin);
        turn
    }

    fn runs(&self, campaign: &Campaign, ticker: Ticker, ids: &[CampaignId]) -> Runs {
        let valid = self.items.get(&ticker.item).map_or(Span::ALWAYS, |item| span(item.from, item.until));
        let crossing = ticker.crossing_ms(self.manifest.geometry.width());
        Runs {
            id: ids.binary_search(&campaign.id).map_or(u32::MAX, number),
            weight: match campaign.share {
                Share::Weight(weight) => weight.get(),
                Share::PerHour(_) => 1,
            },
            ticker,
            length: i64::try_from(crossing).unwrap_or(i64::MAX),
            period: span(campaign.period.from, campaign.period.until).and(valid),
            windows: campaign.windows.clone(),
            held: self.held(campaign),
        }
    }

    /// When the campaign's theme is stood down.
    fn held(&self, campaign: &Campaign) -> Vec<Span> {
        let Some(theme) = &campaign.theme else { return Vec::new() };
        let stand_downs = self.manifest.stand_downs.iter().filter(|stand_down| stand_down.themes.contains(theme));
        union(stand_downs.map(|stand_down| span(stand_down.period.from, stand_down.period.until)).collect())
    }
}

/// Finds each playlist's longest entry. Playlists lie in no circle, so as many rounds as they lie deep find them all.
fn measure(lists: &mut [List]) {
    for _ in 0..=DEEPEST_NESTING {
        let known: Vec<_> = lists.iter().map(|list| list.longest).collect();
        for list in &mut *lists {
            let length = |line: &Line| match line.shows {
                Shows::Asset { count: 0, .. } => 0,
                Shows::Asset { length, .. } => length,
                Shows::List { list, .. } => known.get(list as usize).copied().unwrap_or(0),
            };
            list.longest = list.lines.iter().map(length).max().unwrap_or(0);
        }
    }
}
