//! Random manifests.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use playlists::asset::Language;
use playlists::campaign::{Period, StandDown};
use playlists::hours::{Exception, Hours, Interval, Weekly};
use playlists::local::day_start;
use playlists::playlist::{Content, Entry, Playlist};
use playlists::trust::manifest::{Item, Lanes, Manifest};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::campaigns::{THEMES, one_campaign, versions};
use super::{digest, id, item, manifest};

/// Year, month and day.
type Ymd = (i32, u32, u32);

pub(super) const ZONES: [(Tz, &[Ymd]); 5] = [
    (Tz::Asia__Ho_Chi_Minh, &[(2026, 11, 23), (1975, 6, 13), (2099, 12, 31)]),
    (Tz::Europe__Berlin, &[(2026, 3, 28), (2026, 3, 29), (2026, 10, 24), (2026, 10, 25)]),
    (Tz::America__New_York, &[(2026, 3, 7), (2026, 3, 8), (2026, 10, 31), (2026, 11, 1)]),
    (Tz::America__Sao_Paulo, &[(2018, 2, 17), (2018, 11, 3), (2018, 11, 4), (2026, 6, 1)]),
    (Tz::Australia__Lord_Howe, &[(2026, 4, 4), (2026, 4, 5), (2026, 10, 3), (2026, 10, 4)]),
];

/// Which rules a manifest uses more than by chance: each rule has to decide often enough to be tested (see `mix`).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Focus {
    pub(super) hours: bool,
    pub(super) exceptions: bool,
    pub(super) stand_down: bool,
    pub(super) lunar: bool,
    pub(super) weeks: bool,
    pub(super) except: bool,
    pub(super) priority: bool,
    pub(super) ranks: bool,
    pub(super) hourly: bool,
    pub(super) too_much: bool,
    pub(super) nested: bool,
    pub(super) validity: bool,
    pub(super) languages: bool,
    pub(super) empty: bool,
    /// All campaigns are of one tier: the province's, if so.
    pub(super) tier: Option<bool>,
}

/// A few of them at a time, and at most one of those that are about windows: more would leave little to play.
fn focus() -> impl Strategy<Value = Focus> {
    let windows = select(vec![0_u8, 1, 1, 2, 2, 3, 3]);
    let seldom = |probability| prop::bool::weighted(probability);
    let lit = (seldom(0.12), seldom(0.25), seldom(0.25), seldom(0.12));
    let tier = option::weighted(0.55, any::<bool>());
    (windows, subsequence((0..7_u8).collect::<Vec<_>>(), 1..=3), lit, tier).prop_map(
        |(windows, chosen, (hours, exceptions, stand_down, empty), tier)| {
            let on = |number| chosen.contains(&number);
            Focus {
                lunar: windows == 1,
                weeks: windows == 2,
                except: windows == 3,
                hours,
                exceptions,
                stand_down,
                empty,
                tier,
                priority: on(0) || on(1),
                ranks: on(0) || on(1),
                hourly: on(2),
                too_much: on(3),
                nested: on(4),
                validity: on(5),
                languages: on(6),
            }
        },
    )
}

/// A random manifest and a broadcast day on which things happen in it.
pub(crate) fn any_manifest() -> impl Strategy<Value = (Manifest, NaiveDate)> {
    let zones: Vec<_> = ZONES.iter().flat_map(|(tz, days)| days.iter().map(|(y, m, d)| (*tz, (*y, *m, *d)))).collect();
    (select(zones), focus()).prop_flat_map(|((tz, (y, m, d)), focus)| {
        let day = NaiveDate::from_ymd_opt(y, m, d).expect("a date");
        let start = day_start(day, tz);
        let dated = if focus.validity { 0.2 } else { 0.03 };
        let items = vec((edge(start, dated), edge(start, dated)), 1..6);
        let playlists = (2_usize..5).prop_flat_map(move |count| {
            let entries = move |number| vec(entry(number, start, focus), if number == 0 { 1..4 } else { 1..7 });
            (0..count).map(entries).collect::<Vec<_>>()
        });
        let mix = btree_map(select(vec!["vi", "en", "zh", "ko"]), 1_u32..4, 2..4);
        let languages = option::weighted(if focus.languages { 0.95 } else { 0.2 }, mix).prop_map(Option::unwrap_or_default);
        let campaigns = vec(one_campaign(day, start, focus), if focus.empty { 0..4 } else { 3..10 });
        let ranked = if focus.ranks { 2..6 } else { 0..2 };
        let ranks = btree_map((0_usize..8).prop_map(|n| id(format!("c{n}"))), 1_u32..3, ranked);
        let stand_down =
            (edge(start, 0.5), edge(start, 0.5), subsequence(THEMES.to_vec(), if focus.stand_down { 2..=2 } else { 1..=2 }));
        let stand_downs = vec(stand_down, if focus.stand_down { 1..3 } else { 0..2 });
        let lanes = (0_u32..5, 1_u32..5);
        let often = if focus.hours || focus.exceptions { 0.95 } else { 0.1 };
        let hours = option::weighted(often, hours(day, focus));
        (items, playlists, languages, campaigns, lanes, hours, ranks, stand_downs).prop_map(
            move |(items, playlists, languages, campaigns, (province, commune), hours, ranks, stand_downs)| {
                let stand_down = |(from, until, themes): (Option<DateTime<Utc>>, Option<DateTime<Utc>>, Vec<&str>)| StandDown {
                    themes: themes.into_iter().map(id).collect(),
                    period: Period { from, until: until.map(|until| from.map_or(until, |from| until.max(from))) },
                };
                let mut manifest = manifest(tz);
                let count = items.len();
                manifest.items = (0..).zip(items).map(|(n, (from, until))| Item { from, until, ..item(n) }).collect();
                manifest.lanes = Lanes { province, commune };
                manifest.languages = languages.into_iter().map(|(tag, weight)| (id(tag), weight)).collect();
                manifest.hours = hours;
                let lists = playlists.len();
                manifest.playlists = (0..).zip(playlists).map(|(n, entries)| playlist(n, entries, count)).collect();
                manifest.default_playlist = id("p0");
                manifest.ranks = ranks;
                manifest.stand_downs = stand_downs.into_iter().map(stand_down).collect();
                manifest.campaigns = campaigns.into_iter().enumerate().flat_map(|(n, c)| versions(n, c, lists, count)).collect();
                assert_eq!(manifest.faults(), []);
                (manifest, day)
            },
        )
    })
}

/// With this probability an instant of the day or close to it; seldom not at a whole second.
pub(super) fn edge(start: DateTime<Utc>, probability: f64) -> impl Strategy<Value = Option<DateTime<Utc>>> {
    let seconds = (-7200_i64..97_200, prop_oneof![5 => Just(0_i64), 1 => 1_i64..1000]);
    option::weighted(probability, seconds.prop_map(move |(s, ms)| start + TimeDelta::milliseconds(s * 1000 + ms)))
}

type RandomEntry =
    (usize, Vec<(&'static str, usize)>, u64, Option<(usize, Option<u32>)>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn entry(list: usize, start: DateTime<Utc>, focus: Focus) -> impl Strategy<Value = RandomEntry> {
    let tags = if focus.languages { 2..5 } else { 1..4 };
    let versions = prop_oneof![
        1 => Just(vec!["und"]),
        if focus.languages { 4 } else { 1 } => subsequence(vec!["en", "ko", "und", "vi", "zh"], tags),
    ];
    let versions =
        versions.prop_flat_map(|tags| vec(0_usize..6, tags.len()).prop_map(move |n| tags.iter().copied().zip(n).collect()));
    // Beside plays per hour short ones, so that not all ask too much.
    let short = (1000_u64..30_000).boxed();
    let length = if focus.hourly && !focus.too_much {
        short
    } else {
        prop_oneof![4 => (15_u64..900).prop_map(|s| s * 1000), 1 => short, 3 => 1_200_000_u64..12_000_000].boxed()
    };
    let nested = if list == 0 {
        Just(None).boxed()
    } else {
        option::weighted(if focus.nested { 0.85 } else { 0.2 }, (0..list, option::weighted(0.7, 1_u32..4))).boxed()
    };
    // Where little shall be left to show, the default playlist ends within the day.
    let ends = if list == 0 && focus.empty {
        0.95
    } else if focus.validity {
        0.2
    } else {
        0.04
    };
    (0_usize..4, versions, length, nested, edge(start, if focus.validity { 0.2 } else { 0.04 }), edge(start, ends))
}

fn playlist(number: usize, entries: Vec<RandomEntry>, items: usize) -> Playlist {
    let entries = entries.into_iter().map(|(asset, versions, length, nested, from, until)| {
        let content = match nested {
            Some((list, take)) => Content::Playlist { playlist: id(format!("p{list}")), take },
            None => Content::Asset {
                asset: id(format!("a{asset}")),
                versions: versions.into_iter().map(|(tag, item)| (id::<Language>(tag), digest(item % items))).collect(),
                duration: Duration::from_millis(length),
            },
        };
        Entry { content, from, until }
    });
    // Some are versions of another.
    let of = (number % 3 == 1).then(|| id(format!("of-p{}", number / 2)));
    Playlist { id: id(format!("p{number}")), of, entries: entries.collect() }
}

/// Hours about a day.
pub(crate) fn any_hours(day: NaiveDate) -> impl Strategy<Value = Hours> {
    hours(day, Focus::default())
}

/// Hours that light every week at least once.
fn hours(day: NaiveDate, focus: Focus) -> impl Strategy<Value = Hours> {
    let time = (0_u32..24, select(vec![0_u32, 30, 59])).prop_map(|(h, m)| NaiveTime::from_hms_opt(h, m, 0).expect("a time"));
    // Mostly a long day, so that there is something to see.
    let early = (3_u32..9).prop_map(|h| NaiveTime::from_hms_opt(h, 30, 0).expect("a time"));
    let late = (18_u32..26).prop_map(|h| NaiveTime::from_hms_opt(h % 24, 0, 0).expect("a time"));
    let interval = prop_oneof![3 => (early, late).boxed(), 1 => (time.clone(), time).boxed()];
    let interval = interval.prop_map(|(from, until)| Interval { from, until });
    let all = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let days = subsequence(all.to_vec(), if focus.hours { 1..=7 } else { 5..=7 });
    let weekly = vec((days, vec(interval.clone(), 1..3)), 1..3);
    let exception = (if focus.exceptions { -1_i64..2 } else { -2..3 }, vec(interval, 0..3), prop::bool::weighted(0.25));
    (weekly, vec(exception, if focus.exceptions { 1..3 } else { 0..2 })).prop_map(move |(weekly, exceptions)| Hours {
        weekly: weekly.into_iter().map(|(days, intervals)| Weekly { days, intervals }).collect(),
        exceptions: exceptions
            .into_iter()
            .map(|(days, intervals, whole_day)| Exception { date: day + TimeDelta::days(days), intervals, whole_day })
            .collect(),
    })
}
