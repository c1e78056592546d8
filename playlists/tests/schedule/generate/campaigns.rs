//! Random campaigns, in one version or in two that follow one another.

use chrono::{DateTime, NaiveDate, Utc};
use playlists::campaign::{Campaign, Level, PerHour, Period, Plays, Share, Ticker, Weight};
use playlists::unit::Tier;
use playlists::window::Window;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::manifests::{Focus, edge};
use super::windows::window_about;
use super::{campaign, digest, id};

#[derive(Debug, Clone)]
pub(super) struct RandomCampaign {
    province: bool,
    priority: bool,
    weights: (u32, u32),
    lists: (usize, usize),
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    changed: Option<DateTime<Utc>>,
    windows: Vec<Window>,
    theme: Option<&'static str>,
    per_hour: Option<u32>,
    ticker: Option<(usize, u32, u32)>,
}

pub(super) const THEMES: [&str; 2] = ["festival", "trade"];

pub(super) fn one_campaign(day: NaiveDate, start: DateTime<Utc>, focus: Focus) -> impl Strategy<Value = RandomCampaign> {
    let province = focus.tier.map_or_else(|| any::<bool>().boxed(), |tier| Just(tier).boxed());
    let tier = (
        province,
        prop::bool::weighted(if focus.ranks {
            0.95
        } else if focus.priority {
            0.5
        } else {
            0.08
        }),
    );
    let weights = (prop_oneof![1_u32..4, 1_u32..1000], 1_u32..4);
    let plays = if focus.too_much { 60_u32..3600 } else { 5_u32..60 };
    let often = if focus.too_much {
        0.4
    } else if focus.hourly {
        0.5
    } else {
        0.15
    };
    let per_hour = option::weighted(often, prop_oneof![5 => plays, 1 => 1_u32..3600]);
    let ticker = option::weighted(0.17, (0_usize..6, 1_u32..9000, 5_u32..600));
    let themes = if focus.stand_down { vec![Some(THEMES[0]), Some(THEMES[1])] } else { vec![None, None, None, Some(THEMES[1])] };
    let kind = (select(themes), per_hour, ticker);
    // Most campaigns may play always, so that several play together.
    let often = if focus.lunar || focus.weeks || focus.except { 0.65 } else { 0.3 };
    let windows = option::weighted(often, vec(window_about(day, focus), 1..3)).prop_map(Option::unwrap_or_default);
    (tier, weights, (0_usize..9, 0_usize..9), edge(start, 0.17), edge(start, 0.17), edge(start, 0.2), windows, kind).prop_map(
        |((province, priority), weights, lists, from, until, changed, windows, (theme, per_hour, ticker))| RandomCampaign {
            province,
            priority,
            weights,
            lists,
            from,
            until,
            changed,
            windows,
            theme,
            per_hour,
            ticker,
        },
    )
}

/// One version of a campaign, or two that follow one another.
pub(super) fn versions(number: usize, random: RandomCampaign, lists: usize, items: usize) -> Vec<Campaign> {
    let playlist = |list: usize| Plays::Playlist(id(format!("p{}", list % lists)));
    let ticker = random.ticker.map(|(item, width, speed)| Plays::Ticker(Ticker { item: digest(item % items), width, speed }));
    let weight = |weight| Share::Weight(Weight::new(weight).expect("a weight"));
    let per_hour = random.per_hour.filter(|_| ticker.is_none()).map(|plays| Share::PerHour(PerHour::new(plays).expect("plays")));
    let whole = Period { from: random.from, until: random.until.max(random.from).filter(|_| random.until.is_some()) };
    let first = Campaign {
        tier: if random.province { Tier::Province } else { Tier::Commune },
        level: if random.priority { Level::Priority } else { Level::Normal },
        theme: random.theme.map(id),
        plays: ticker.clone().unwrap_or_else(|| playlist(random.lists.0)),
        share: per_hour.unwrap_or_else(|| weight(random.weights.0)),
        period: whole,
        windows: random.windows,
        ..campaign(&format!("c{number}"), 1)
    };
    let Some(changed) = random.changed.filter(|changed| whole.contains(*changed)) else { return vec![first] };
    let second = Campaign {
        plays: ticker.unwrap_or_else(|| playlist(random.lists.1)),
        period: Period { from: Some(changed), until: whole.until },
        share: per_hour.unwrap_or_else(|| weight(random.weights.1)),
        ..first.clone()
    };
    vec![Campaign { period: Period { from: whole.from, until: Some(changed) }, ..first }, second]
}
