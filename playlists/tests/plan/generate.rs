//! Random plans that hold.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use playlists::campaign::{Level, PerHour, Weight};
use playlists::overlay::{Clock, Corner, OverlaySize};
use playlists::plan::{
    Asset, Board, Campaign, Entry, Exception, File, Hours, Lanes, LunarDate, Overlay, Plan, Playlist, Shape, Slide, StandDown,
    Targets, Ticker, Unit, Weekly, Weeks, Window,
};
use playlists::unit::Tier;
use proptest::prelude::*;
use proptest::sample::select;

/// Words that are easily mistaken in YAML, and some that are not.
fn words() -> impl Strategy<Value = String> {
    let traps = [
        "no",
        "Null",
        "~",
        "1e3",
        "0x1f",
        "05:30",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "[a",
        "{a",
        "a]",
        "'a'",
        "\"a\"",
        "a\\b",
        "a\nb",
        "a\n\n b\n",
        "\ta",
        "a ",
        " a",
        "1.0",
        "+1",
        ".inf",
        "2026-02-17",
        "Tết Bính Ngọ",
        "太\u{2060}原",
        "타이응우옌",
        "---",
        "...",
        "<<",
        "=",
        "a\u{85}b",
        "a\u{2028}b",
        "\u{feff}a",
        "? a",
        "| a",
        "> a",
        "a:",
        ":a",
        ",",
        "a, b",
        "true",
        "0o17",
        "1_000",
        "\u{7}",
        "e\u{301}",
    ];
    prop_oneof![3 => select(traps.to_vec()).prop_map(str::to_owned), 2 => "[ -~]{1,30}", 2 => "\\PC{1,30}"]
        .prop_filter("a name has letters", |text| !text.trim().is_empty())
}

fn date() -> impl Strategy<Value = NaiveDate> {
    (0_u64..1000).prop_map(|days| NaiveDate::from_ymd_opt(2025, 6, 1).expect("a date") + chrono::Days::new(days))
}

fn units() -> Vec<Unit> {
    let unit = |id: &str, tier, parent: Option<&str>| Unit {
        id: id.parse().expect("an id"),
        name: id.to_owned(),
        tier,
        parent: parent.map(|id| id.parse().expect("an id")),
    };
    vec![unit("province", Tier::Province, None), unit("commune", Tier::Commune, Some("province"))]
}

fn owner() -> impl Strategy<Value = Option<playlists::id::UnitId>> {
    select(vec![None, Some("province"), Some("commune")]).prop_map(|id| id.map(|id| id.parse().expect("an id")))
}

/// One for each corner; the first asset may be a picture or not, so none of these shows one.
fn overlays() -> Vec<Overlay> {
    let size = |per_cent| OverlaySize::new(per_cent).expect("a size");
    let overlay = |(number, corner): (u8, &Corner)| Overlay {
        corner: *corner,
        clock: Some(if number % 2 == 0 { Clock::Time } else { Clock::TimeAndDate }),
        picture: None,
        size: size(6 + 2 * number),
    };
    (0..).zip(Corner::ALL.iter()).map(overlay).collect()
}

prop_compose! {
    fn board(number: usize)(
        name in words(),
        unit in owner(),
        geometry in select(vec!["640x320", "64x256", "1920x160"]),
        zone in select(vec![None, Some(chrono_tz::Europe::Berlin), Some(chrono_tz::Asia::Ho_Chi_Minh), Some(chrono_tz::Australia::Lord_Howe)]),
        lit in proptest::option::of(select(vec!["05:30-22:00", "18:00-02:30", "00:00-00:00"])),
        dark in proptest::option::of((date(), any::<bool>())),
        brightness in 0_u8..=100,
        lanes in (1_u32..5, 0_u32..5),
        languages in select(vec![vec![], vec![("vi", 3), ("en", 1)], vec![("ko", 1)]]),
        ranked in any::<bool>(),
        default in any::<bool>(),
        overlays in proptest::sample::subsequence(overlays(), 0..=4),
    ) -> Board {
        let all = "Mon Tue Wed Thu Fri Sat Sun".split(' ').map(|day| day.parse().expect("a day")).collect();
        let exception = |(date, whole_day)| Exception { date, intervals: vec!["09:00-10:00".parse().expect("an interval")], whole_day };
        Board {
            id: format!("b-{number:05}").parse().expect("an id"),
            name,
            unit,
            commune: if number.is_multiple_of(2) { format!("{number:05}") } else { String::new() },
            geometry: geometry.parse().expect("a geometry"),
            place: None,
            time_zone: zone,
            hours: lit.map(|lit| Hours {
                weekly: vec![Weekly { days: all, intervals: vec![lit.parse().expect("an interval")] }],
                exceptions: dark.map(exception).into_iter().collect(),
            }),
            brightness,
            overlays,
            lanes: Lanes { province: lanes.0, commune: lanes.1 },
            languages: languages.into_iter().map(|(tag, weight)| (tag.parse().expect("a tag"), weight)).collect(),
            ranks: if ranked { BTreeMap::from([("c-0".parse().expect("an id"), 2)]) } else { BTreeMap::new() },
            default_playlist: default.then(|| "p-0".parse().expect("an id")),
        }
    }
}

prop_compose! {
    fn asset(number: usize)(
        name in words(),
        texts in proptest::collection::vec(words(), 2),
        kind in 0_u8..4,
        languages in select(vec![vec!["und"], vec!["vi"], vec!["vi", "en"], vec!["ko", "en", "zh"]]),
        ended in proptest::option::of(date()),
    ) -> Asset {
        let by = |one: &dyn Fn(&str) -> String| -> BTreeMap<_, _> {
            languages.iter().map(|tag| (tag.parse().expect("a tag"), one(tag))).collect()
        };
        let files = by(&|tag| format!("media/{number}-{tag}.jpg")).into_iter().map(|(tag, file)| (tag, File { file, sha256: None }));
        let mut fields = BTreeMap::from([("title".to_owned(), texts[0].clone()), ("body".to_owned(), texts[1].clone())]);
        fields.retain(|_, text| !text.is_empty());
        let slide = Slide {
            template: "notice".to_owned(),
            texts: by(&|_| String::new()).into_keys().map(|tag| (tag, fields.clone())).collect(),
            dates: BTreeMap::new(),
            addresses: BTreeMap::new(),
            levels: BTreeMap::from([("level".to_owned(), 2)]),
            pictures: BTreeMap::new(),
        };
        let ticker = Ticker { texts: by(&|_| texts[0].clone()), ink: None, band: Some("#a00f16".to_owned()), speed: Some(2) };
        Asset {
            id: format!("a-{number}").parse().expect("an id"),
            name,
            unit: None,
            theme: None,
            source: texts[1].clone(),
            rights: String::new(),
            from: None,
            until: ended.map(playlists::plan::When::Date),
            fit: playlists::asset::Fit::Cover,
            focus: (kind == 0).then_some([0.25, 0.7]),
            files: if kind < 2 { files.collect() } else { BTreeMap::new() },
            length: (kind == 1).then(|| "7s".parse().expect("a length")),
            slide: (kind == 2).then_some(slide),
            // The first is always shown, so that there is something to play.
            ticker: (kind == 3).then_some(ticker),
        }
    }
}

fn entry(assets: Vec<Asset>, inner: Option<usize>) -> impl Strategy<Value = Entry> {
    let shown: Vec<Asset> = assets.into_iter().filter(|asset| asset.ticker.is_none()).collect();
    let limits = (proptest::option::of(date()), 1_u64..400, 1_u32..4);
    (select(shown), 1_u32..400, any::<u8>(), limits).prop_map(move |(asset, tenths, chance, (from, days, take))| {
        let from = from.filter(|_| chance % 3 == 0);
        let mut entry = Entry {
            from: from.map(playlists::plan::When::Date),
            until: from.map(|from| playlists::plan::When::Date(from + chrono::Days::new(days))),
            ..Entry::default()
        };
        match inner.filter(|_| chance % 4 == 1) {
            Some(inner) => {
                entry.playlist = Some(format!("p-{inner}").parse().expect("an id"));
                entry.take = (chance % 8 == 1).then_some(take);
            }
            None => {
                entry.duration =
                    asset.length.is_none().then(|| format!("{}ms", 1000 + u64::from(tenths) * 100).parse().expect("a length"));
                entry.asset = Some(asset.id);
            }
        }
        entry
    })
}

fn playlist(number: usize, assets: Vec<Asset>) -> impl Strategy<Value = Playlist> {
    let entries = proptest::collection::vec(entry(assets, number.checked_sub(1)), 1..5);
    (words(), owner(), entries).prop_map(move |(name, unit, entries)| Playlist {
        id: format!("p-{number}").parse().expect("an id"),
        name,
        unit,
        entries,
    })
}

fn window() -> impl Strategy<Value = Window> {
    let crons = ["0 5 * * *", "30 2 * * *", "*/20 7-9 * * Mon-Fri", "15 22 * * Sat,Sun"];
    (
        proptest::option::of(select(crons.to_vec())),
        1_u64..3000,
        proptest::option::of(date()),
        proptest::option::of((1_u8..5, date())),
        1_u8..13,
    )
        .prop_map(|(cron, minutes, except, weeks, month)| Window {
            cron: cron.map(|cron| cron.parse().expect("cron")),
            lunar: cron.is_none().then(|| LunarDate {
                month: if month > 8 { playlists::lunar::Months::Every } else { playlists::lunar::Months::Number(month) },
                day: if month % 2 == 0 { playlists::lunar::Day::Last } else { playlists::lunar::Day::Number(month + 2) },
                at: chrono::NaiveTime::from_hms_opt(u32::from(month), 30, 0).expect("a time"),
            }),
            duration: playlists::plan::Length(std::time::Duration::from_secs(minutes * 60)),
            except: except.into_iter().collect(),
            weeks: weeks.map(|(every, of)| Weeks { every, of }),
        })
}

fn campaign(number: usize, tickers: Vec<Asset>) -> impl Strategy<Value = Campaign> {
    let share = (any::<bool>(), 1_u32..9, 1_u32..40);
    let when = (proptest::option::of(date()), proptest::collection::vec(window(), 0..3));
    let where_to = (any::<bool>(), select(vec![None, Some(Shape::Wide)]), any::<[bool; 3]>());
    (words(), owner(), 0_usize..3, share, when, where_to, any::<bool>()).prop_map(
        move |(name, unit, plays, share, (from, windows), (all, shape, flags), themed)| {
            let ticker = tickers.first().filter(|_| flags[1] && flags[2]).map(|asset| asset.id.clone());
            let per_hour = share.0 && ticker.is_none();
            Campaign {
                id: format!("c-{number}").parse().expect("an id"),
                name,
                unit,
                theme: themed.then(|| "tourism".parse().expect("a theme")),
                level: if flags[0] { Level::Priority } else { Level::Normal },
                playlist: ticker.is_none().then(|| format!("p-{plays}").parse().expect("an id")),
                ticker,
                weight: (!per_hour).then(|| Weight::new(share.1).expect("a weight")),
                per_hour: per_hour.then(|| PerHour::new(share.2).expect("a number")),
                targets: Targets {
                    all,
                    boards: if all { BTreeSet::new() } else { BTreeSet::from(["b-00000".parse().expect("an id")]) },
                    communes: BTreeSet::new(),
                    shape: shape.filter(|_| all),
                },
                from: from.map(|from| playlists::plan::When::Local(from.and_hms_milli_opt(2, 30, 0, 500).expect("a time"))),
                until: None,
                windows,
                approved: flags[1] || !flags[2],
                paused: flags[0] && flags[2],
            }
        },
    )
}

/// A plan of two boards, four assets, three playlists and up to five campaigns.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let assets = (asset(0), asset(1), asset(2), asset(3));
    assets.prop_flat_map(|(mut first, second, third, fourth)| {
        if first.ticker.take().is_some() {
            first.files = BTreeMap::from([("und".parse().expect("a tag"), File { file: "a.png".to_owned(), sha256: None })]);
        }
        let assets = vec![first, second, third, fourth];
        let tickers: Vec<Asset> = assets.iter().filter(|asset| asset.ticker.is_some()).cloned().collect();
        let playlists = (0..3).map(|number| playlist(number, assets.clone())).collect::<Vec<_>>();
        let campaigns = proptest::collection::vec(any::<bool>(), 0..4).prop_flat_map(move |some| {
            let tickers = tickers.clone();
            (0..=some.len()).map(move |number| campaign(number, tickers.clone())).collect::<Vec<_>>()
        });
        let stood_down = proptest::option::of(date()).prop_map(|from| {
            let of = |from: NaiveDate| StandDown {
                id: "mourning".to_owned(),
                name: "Quốc tang".to_owned(),
                themes: BTreeSet::from(["tourism".parse().expect("a theme")]),
                from: playlists::plan::When::Date(from),
                until: None,
            };
            from.map(of).into_iter().collect()
        });
        (words(), board(0), board(1), Just(assets), playlists, campaigns, stood_down).prop_map(
            |(name, first, second, assets, playlists, campaigns, stand_downs)| Plan {
                bangtin: 1,
                name,
                time_zone: Some(chrono_tz::America::New_York),
                unit: Some("province".parse().expect("an id")),
                units: units(),
                boards: vec![Board { geometry: "640x320".parse().expect("a geometry"), ..first }, second],
                assets,
                playlists,
                campaigns,
                stand_downs,
                ..Plan::default()
            },
        )
    })
}
