//! Random valid manifests, around the days on which their zones change their clocks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use playlists::asset::{Kind, Language};
use playlists::campaign::{Campaign, Level, PerHour, Period, Plays, Share, StandDown, Ticker, Weight};
use playlists::geometry::Geometry;
use playlists::hours::{Exception, Hours, Interval, Weekly};
use playlists::id::{Digest, KeyEpoch, Revision, Version};
use playlists::local::day_start;
use playlists::playlist::{Content, Entry, Playlist};
use playlists::schedule::{Blackout, Notice, NoticeShows, Overrides, Severity};
use playlists::trust::key::SecretKey;
use playlists::trust::manifest::{Item, Lanes, Manifest};
use playlists::unit::Tier;
use playlists::window::{LunarDate, Starts, Weeks, Window};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// A parse that a test relies on.
pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: impl AsRef<str>) -> T {
    text.as_ref().parse().expect("the text names one")
}

/// A manifest with one item, an empty default playlist and nothing else.
pub(crate) fn manifest(tz: Tz) -> Manifest {
    let safe = item(0);
    Manifest {
        v: 1,
        board: id("b-05443"),
        board_key: SecretKey::from_seed(&[7; 32]).public(),
        key_epoch: KeyEpoch(1),
        rev: Revision(1),
        issued: DateTime::UNIX_EPOCH,
        fresh_s: 1_209_600,
        max_offline_s: 15_552_000,
        recall_min: Version(0),
        time_zone: tz,
        tz_data: chrono_tz::IANA_TZDB_VERSION.to_owned(),
        geometry: Geometry::new(640, 320).expect("a geometry"),
        hours: None,
        brightness: 100,
        lanes: Lanes::default(),
        languages: BTreeMap::new(),
        default_playlist: id("default"),
        safe_item: safe.sha256,
        items: vec![safe],
        playlists: vec![Playlist { id: id("default"), entries: Vec::new() }],
        campaigns: Vec::new(),
        ranks: BTreeMap::new(),
        stand_downs: Vec::new(),
    }
}

/// Item number `number`, always valid.
pub(crate) fn item(number: usize) -> Item {
    Item {
        sha256: digest(number),
        size: 1000,
        kind: Kind::Still,
        duration: None,
        from: None,
        until: None,
        approvals: Vec::new(),
        evergreen: true,
        strict_time: false,
    }
}

pub(crate) fn digest(number: usize) -> Digest {
    Digest::of(format!("item {number}").as_bytes())
}

/// A campaign of this id that plays the playlist of the same id, always, in the commune's lane.
pub(crate) fn campaign(name: &str, weight: u32) -> Campaign {
    Campaign {
        id: id(name),
        unit: id("u1"),
        tier: Tier::Commune,
        level: Level::Normal,
        theme: None,
        plays: Plays::Playlist(id(name)),
        period: Period::default(),
        windows: Vec::new(),
        share: Share::Weight(Weight::new(weight).expect("a weight")),
    }
}

/// Year, month and day.
type Ymd = (i32, u32, u32);

const ZONES: [(Tz, &[Ymd]); 5] = [
    (Tz::Asia__Ho_Chi_Minh, &[(2026, 11, 23), (1975, 6, 13), (2099, 12, 31)]),
    (Tz::Europe__Berlin, &[(2026, 3, 28), (2026, 3, 29), (2026, 10, 24), (2026, 10, 25)]),
    (Tz::America__New_York, &[(2026, 3, 7), (2026, 3, 8), (2026, 10, 31), (2026, 11, 1)]),
    (Tz::America__Sao_Paulo, &[(2018, 2, 17), (2018, 11, 3), (2018, 11, 4), (2026, 6, 1)]),
    (Tz::Australia__Lord_Howe, &[(2026, 4, 4), (2026, 4, 5), (2026, 10, 3), (2026, 10, 4)]),
];

/// A random manifest and a broadcast day on which things happen in it.
pub(crate) fn any_manifest() -> impl Strategy<Value = (Manifest, NaiveDate)> {
    let zones: Vec<_> = ZONES.iter().flat_map(|(tz, days)| days.iter().map(|(y, m, d)| (*tz, (*y, *m, *d)))).collect();
    select(zones).prop_flat_map(|(tz, (y, m, d))| {
        let day = NaiveDate::from_ymd_opt(y, m, d).expect("a date");
        let start = day_start(day, tz);
        let items = vec((edge(start), edge(start)), 1..6);
        let playlists = (1_usize..5).prop_flat_map(move |count| {
            (0..count).map(|number| vec(entry(number, start), if number == 0 { 1..3 } else { 0..6 })).collect::<Vec<_>>()
        });
        let languages = prop_oneof![Just(BTreeMap::new()), btree_map(select(vec!["vi", "en", "zh", "ko"]), 1_u32..4, 1..4),];
        let campaigns = vec(one_campaign(start), 0..8);
        let ranks = btree_map((0_usize..8).prop_map(|n| id(format!("c{n}"))), 1_u32..3, 0..4);
        let stand_down = (edge(start), edge(start), subsequence(THEMES.to_vec(), 1..=2));
        let stand_downs = prop_oneof![3 => Just(Vec::new()), 1 => vec(stand_down, 1..3)];
        let lanes = (0_u32..5, 1_u32..5);
        (items, playlists, languages, campaigns, lanes, option::of(hours(day)), ranks, stand_downs).prop_map(
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

/// Mostly none, else an instant of the day or close to it; seldom not at a whole second.
fn edge(start: DateTime<Utc>) -> impl Strategy<Value = Option<DateTime<Utc>>> {
    let seconds = (-7200_i64..97_200, prop_oneof![5 => Just(0_i64), 1 => 1_i64..1000]);
    prop_oneof![
        6 => Just(None),
        1 => seconds.prop_map(move |(s, ms)| Some(start + TimeDelta::milliseconds(s * 1000 + ms))),
    ]
}

type RandomEntry =
    (usize, Vec<(&'static str, usize)>, u64, Option<(usize, Option<u32>)>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn entry(list: usize, start: DateTime<Utc>) -> impl Strategy<Value = RandomEntry> {
    let versions = prop_oneof![Just(vec!["und"]), subsequence(vec!["en", "ko", "und", "vi", "zh"], 1..4),];
    let versions =
        versions.prop_flat_map(|tags| vec(0_usize..6, tags.len()).prop_map(move |n| tags.iter().copied().zip(n).collect()));
    let length = prop_oneof![4 => (15_u64..900).prop_map(|s| s * 1000), 1 => 1000_u64..5000, 2 => 600_000_u64..9_000_000];
    let nested = if list == 0 {
        Just(None).boxed()
    } else {
        prop_oneof![3 => Just(None), 1 => (0..list, option::of(1_u32..4)).prop_map(Some)].boxed()
    };
    (0_usize..4, versions, length, nested, edge(start), edge(start))
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
    Playlist { id: id(format!("p{number}")), entries: entries.collect() }
}

#[derive(Debug, Clone)]
struct RandomCampaign {
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

const THEMES: [&str; 2] = ["festival", "trade"];

fn one_campaign(start: DateTime<Utc>) -> impl Strategy<Value = RandomCampaign> {
    let tier = (any::<bool>(), prop_oneof![4 => Just(false), 1 => Just(true)]);
    let weights = (prop_oneof![1_u32..4, 1_u32..1000], 1_u32..4);
    let per_hour = prop_oneof![5 => Just(None), 2 => (1_u32..40).prop_map(Some), 1 => (1_u32..3600).prop_map(Some)];
    let ticker = prop_oneof![5 => Just(None), 1 => (0_usize..6, 1_u32..9000, 5_u32..600).prop_map(Some)];
    let kind = (select(vec![None, None, Some(THEMES[0]), Some(THEMES[1])]), per_hour, ticker);
    (tier, weights, (0_usize..9, 0_usize..9), edge(start), edge(start), edge(start), vec(window(), 0..3), kind).prop_map(
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

/// A random window; some are longer than their period.
pub(crate) fn window() -> impl Strategy<Value = Window> {
    let minute = select(vec!["0", "30", "*/20", "15,45", "10-40/7", "59"]);
    let hour = select(vec!["*", "2", "3", "0-4", "7,12,22", "*/5", "23"]);
    let day = select(vec!["*", "*", "1", "25,29", "1-31/3"]);
    let month = select(vec!["*", "*", "Mar-Nov", "2-4,10-12"]);
    let weekday = select(vec!["*", "*", "0", "7", "Sat,Sun", "5-7", "Mon-Fri", "*/2"]);
    let cron = (minute, hour, day, month, weekday)
        .prop_map(|(minute, hour, day, month, weekday)| Starts::Cron(id(format!("{minute} {hour} {day} {month} {weekday}"))));
    let lunar = (select(vec!["*", "*", "1", "2", "8", "10", "12"]), select(vec!["1", "9", "14", "15", "16", "last", "30"]));
    let lunar = (lunar, 0_u32..24, select(vec![0_u32, 30])).prop_map(|((month, day), hour, minute)| {
        let at = NaiveTime::from_hms_opt(hour, minute, 0).expect("a time");
        Starts::Lunar(LunarDate { month: id(month), day: id(day), at })
    });
    let minutes = prop_oneof![1_u64..90, 90_u64..600, 600_u64..4000];
    let except = prop_oneof![3 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(named_day(), 1..6)];
    let weeks = prop_oneof![3 => Just(None), 1 => (1_u8..4, named_day()).prop_map(|(every, of)| Some(Weeks { every, of }))];
    let starts = prop_oneof![4 => cron.boxed(), 1 => lunar.boxed()];
    (starts, minutes, except, weeks).prop_map(|(starts, minutes, except, weeks)| {
        let window = Window::starting(starts, Duration::from_secs(minutes * 60)).expect("a window");
        let window = window.except(except).expect("few dates");
        weeks.map_or(window.clone(), |weeks| window.in_weeks(weeks).expect("few weeks"))
    })
}

/// A date on or about one on which manifests are looked at.
fn named_day() -> impl Strategy<Value = NaiveDate> {
    let days: Vec<_> = ZONES.iter().flat_map(|(_, days)| days.iter().copied()).collect();
    (select(days), -3_i64..4).prop_map(|((y, m, d), by)| NaiveDate::from_ymd_opt(y, m, d).expect("a date") + TimeDelta::days(by))
}

/// One version of a campaign, or two that follow one another.
fn versions(number: usize, random: RandomCampaign, lists: usize, items: usize) -> Vec<Campaign> {
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

/// Hours that light every week at least once.
pub(crate) fn hours(day: NaiveDate) -> impl Strategy<Value = Hours> {
    let time = (0_u32..24, select(vec![0_u32, 30, 59])).prop_map(|(h, m)| NaiveTime::from_hms_opt(h, m, 0).expect("a time"));
    let interval = (time.clone(), time).prop_map(|(from, until)| Interval { from, until });
    let all = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let weekly = vec((subsequence(all.to_vec(), 1..=7), vec(interval.clone(), 1..3)), 1..3);
    let exception = (-2_i64..3, vec(interval, 0..3), prop_oneof![3 => Just(false), 1 => Just(true)]);
    (weekly, vec(exception, 0..3)).prop_map(move |(weekly, exceptions)| Hours {
        weekly: weekly.into_iter().map(|(days, intervals)| Weekly { days, intervals }).collect(),
        exceptions: exceptions
            .into_iter()
            .map(|(days, intervals, whole_day)| Exception { date: day + TimeDelta::days(days), intervals, whole_day })
            .collect(),
    })
}

/// Random overrides, their instants counted from 1970: [`shifted`] brings them to where they matter.
pub(crate) fn any_overrides() -> impl Strategy<Value = Overrides> {
    let at = || (-100_000_i64..100_000).prop_map(|seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds));
    let open = move || prop_oneof![1 => Just(None), 4 => at().prop_map(Some)];
    let blackout = (open(), open(), any::<bool>())
        .prop_map(|(from, until, safe_item)| Blackout { period: Period { from, until }, safe_item });
    let shows = prop_oneof![
        3 => (0_usize..9).prop_map(|item| NoticeShows::Takeover { item: digest(item) }),
        1 => (0_usize..9, 100_u32..4000).prop_map(|(item, width)| NoticeShows::Ticker(Ticker { item: digest(item), width, speed: 60 })),
    ];
    let severity = select(vec![Severity::Minor, Severity::Severe, Severity::Extreme]);
    let notice = (0_u8..9, severity, at(), 1_i64..60_000, any::<bool>(), shows).prop_map(
        |(number, severity, effective, seconds, lights, shows)| Notice {
            id: id(format!("n{number}")),
            severity,
            effective,
            expires: effective + TimeDelta::seconds(seconds),
            lights,
            shows,
        },
    );
    let notices = vec(notice, 0..5).prop_map(|mut notices| {
        notices.sort_by(|one, other| one.id.cmp(&other.id));
        notices.dedup_by(|one, other| one.id == other.id);
        notices
    });
    let items = prop::collection::btree_set((0_usize..9).prop_map(digest), 0..4);
    let campaigns = prop::collection::btree_set((0_usize..8).prop_map(|n| id(format!("c{n}"))), 0..3);
    let blackouts = prop_oneof![2 => Just(Vec::new()), 1 => vec(blackout, 1..3)];
    (items, campaigns, blackouts, notices).prop_map(|(recalled_items, recalled_campaigns, blackouts, notices)| Overrides {
        recalled_items,
        recalled_campaigns,
        blackouts,
        notices,
    })
}

/// The same overrides about another instant.
pub(crate) fn shifted(mut overrides: Overrides, to: DateTime<Utc>) -> Overrides {
    let by = to - DateTime::UNIX_EPOCH;
    for notice in &mut overrides.notices {
        (notice.effective, notice.expires) = (notice.effective + by, notice.expires + by);
    }
    for Blackout { period, .. } in &mut overrides.blackouts {
        (period.from, period.until) = (period.from.map(|at| at + by), period.until.map(|at| at + by));
    }
    overrides
}
