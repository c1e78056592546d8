//! Each fault is told where it stands, with what to do; all that can be told at once are.

use playlists::plan::read;
use playlists::playlist::DEEPEST_PLANNED;

use crate::WHOLE;

fn faults(text: &str) -> Vec<String> {
    match read(text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_plan_with_something_of_everything_holds() {
    assert_eq!(faults(WHOLE), Vec::<String>::new());
}

/// The whole plan with playlists within one another, so many levels below the first.
fn nested(levels: usize) -> String {
    let line = |n: usize| {
        let within = if n == levels { "standing".to_owned() } else { format!("deep-{}", n + 1) };
        format!("  - id: deep-{n}\n    name: Deep {n}\n    entries:\n      - {{playlist: {within}}}\n")
    };
    WHOLE.replace("\nplaylists:\n", &format!("\nplaylists:\n{}", (1..=levels).map(line).collect::<String>()))
}

#[test]
fn playlists_lie_as_deep_as_a_manifest_of_them_can_carry() {
    // The last of the chain holds `standing`, and that holds `inner`.
    let most = DEEPEST_PLANNED - 1;
    assert_eq!(faults(&nested(most)), Vec::<String>::new());
    let told = faults(&nested(most + 1));
    assert!(told.len() == 1 && told[0].contains("playlists lie 7 deep within it; at most 6"), "{told:?}");
}

/// What is changed in the whole plan, where the fault is to be found, and words of it.
const SLIPS: &[(&str, &str, &str, &str)] = &[
    ("bangtin: 1", "bangtin: 2", "1:10: bangtin", "begin the plan with bangtin: 1"),
    ("unit: province\n\nunits", "unit: provence\n\nunits", "4:7: unit", "did you mean province?"),
    ("unit: province\n\nunits", "\nunits", "38:5: boards[1]", "unit is missing"),
    ("campaigns:\n", "campagins:\n", "", "did you mean campaigns?"),
    ("time_zone: Europe/Berlin", "time_zone: Berlin", "3:12: time_zone", "Asia/Ho_Chi_Minh"),
    ("tier: commune", "tier: comune", "13:11: units[1].tier", "did you mean commune?"),
    ("parent: province", "parent: commune", "14:13: units[1].parent", "units are a tree"),
    ("geometry: 64x256", "geometry: 64", "boards[1].geometry", "640x320"),
    ("commune: \"05443\"", "commune: 5443", "boards[0].commune", "five digits"),
    ("brightness: 80", "brightness: 101", "boards[0].brightness", "above 100"),
    ("brightness: 80", "brightness: bright", "boards[0].brightness", "\"bright\""),
    ("brightness: 80", "brigthness: 80", "boards[0]", "did you mean brightness?"),
    ("corner: top-left", "corner: top", "boards[0].overlays[0].corner", "there is top-left"),
    ("corner: top-left", "corner: bottom-right", "boards[0].overlays[1].corner", "bottom-right is taken"),
    ("clock: time-and-date", "clock: date", "boards[0].overlays[0].clock", "time-and-date"),
    ("clock: time-and-date", "size: 10", "boards[0].overlays[0]", "name one"),
    ("clock: time-and-date", "clock: time, picture: picture", "boards[0].overlays[0]", "in two corners"),
    ("picture: picture, size: 20", "picture: picture, size: 50", "boards[0].overlays[1].size", "outside 5 to 40"),
    ("picture: picture, size", "picture: pictur, size", "boards[0].overlays[1].picture", "did you mean picture?"),
    ("picture: picture, size", "picture: clip, size", "boards[0].overlays[1].picture", "clip is no still"),
    ("05:30-22:00", "05:30-25:00", "boards[0].hours.weekly[0].intervals[0]", "05:30-22:00"),
    ("days: [Sat, Sun]", "days: [Sat, Sonntag]", "boards[0].hours.weekly[1].days[1]", "weekday"),
    ("languages: {en: 1, vi: 3}", "languages: {en: 0, vi: 3}", "boards[0].languages.en", "outside 1 to 1000"),
    ("ranks: {first: 1,", "ranks: {frist: 1,", "boards[0].ranks.frist", "did you mean first?"),
    ("default_playlist: standing", "default_playlist: standig", "boards[0].default_playlist", "did you mean standing?"),
    ("file: slides/tea-vi.svg", "file: ../tea-vi.svg", "assets[1].files.vi.file", "plan's folder"),
    ("length: 10s", "length: 10", "assets[0].length", "8s"),
    ("ink: \"#ffffff\"", "ink: white", "assets[3].ticker.ink", "#ffffff"),
    ("      ink: \"#ffffff\"", "      ink: #ffffff", "", "quote such a text"),
    ("levels: {level: 3}", "levels: {level: 6}", "assets[2].slide.levels.level", "outside 1 to 5"),
    ("{asset: slide, duration: 6s}", "{asset: slide}", "playlists[0].entries[1]", "duration is missing"),
    ("{asset: slide, duration: 6s}", "{asset: text, duration: 6s}", "playlists[0].entries[1].asset", "running text"),
    ("{asset: slide, duration: 6s}", "{playlist: standing}", "playlists[0]", "inner > standing > inner"),
    ("{asset: clip}", "{asset: clip, duration: 9s}", "playlists[0].entries[0].duration", "the clip plays 10s"),
    ("{asset: clip}", "{asset: clipp}", "playlists[0].entries[0].asset", "did you mean clip?"),
    ("level: priority", "level: priorty", "campaigns[0].level", "did you mean priority?"),
    ("weight: 5", "weight: 0", "campaigns[0].weight", "outside 1 to 1000"),
    ("weight: 5", "weight: 5\n    per_hour: 3", "campaigns[0]", "leave one out"),
    ("until: 2026-12-31T23:59:30", "until: 2025-12-31", "campaigns[0].until", "not after from"),
    (
        "{lunar: {month: 1, day: 1, at: \"00:00\"}",
        "{lunar: {month: 13, day: 1, at: \"00:00\"}",
        "campaigns[0].windows[0].lunar.month",
        "1 to 12",
    ),
    ("duration: 3d", "duration: 32d", "campaigns[0].windows[0]", "31 days"),
    ("cron: \"0 7 * * Mon-Fri\"", "cron: \"0 7 * *\"", "campaigns[1].windows[0].cron", "five"),
    ("month: \"*\"", "month: *", "", "aliases"),
    ("boards: [b-00002]", "boards: [b-0002]", "campaigns[1].targets.boards[0]", "did you mean b-00002?"),
    ("targets: {all: true, shape: wide}", "targets: {shape: wide}", "campaigns[0].targets", "no board is meant"),
    ("ticker: text", "ticker: slide", "campaigns[2].ticker", "no running text"),
    ("- id: second\n", "- id: first\n", "campaigns[1].id", "campaigns[0] too"),
    ("id: second\n    name: Giờ chẵn", "id: Second\n    name: Giờ chẵn", "campaigns[1].id", "a-z, 0-9"),
    ("theme: national-days", "theme: national-day", "campaigns[0].theme", "did you mean national-days?"),
    ("themes: [products, tourism]", "themes: []", "stand_downs[0].themes", "nothing would be held back"),
    ("severity: severe", "severity: grave", "notices[0].severity", "there is minor"),
    ("expires: 2026-07-01T12:00", "expires: 2026-07-01T10:00", "notices[0].expires", "not after"),
    ("approved: true\n    paused: true", "approved: yes\n    paused: true", "campaigns[1].approved", "true or false"),
];

#[test]
fn every_slip_is_told_where_it_stands_with_what_to_do() {
    for (right, wrong, place, words) in SLIPS {
        assert_eq!(WHOLE.matches(right).count().min(1), 1, "{right} is in the plan");
        let found = faults(&WHOLE.replacen(right, wrong, 1)).join("\n");
        assert!(found.contains(place) && found.contains(words), "{wrong}:\n{found}");
        assert!(!found.is_empty() || words.is_empty(), "{wrong} is taken");
    }
}

#[test]
fn all_slips_are_told_at_once_in_the_order_of_the_text() {
    let text = WHOLE
        .replacen("tier: commune", "tier: comune", 1)
        .replacen("brightness: 80", "brigthness: 80", 1)
        .replacen("level: priority", "level: priorty", 1)
        .replacen("weight: 1\n", "weigth: 1\n", 1);
    let found = faults(&text);
    assert_eq!(found.len(), 4, "{found:#?}");
    let lines: Vec<usize> =
        found.iter().map(|fault| fault.split(':').next().expect("a line").parse().expect("a number")).collect();
    assert!(lines.is_sorted(), "{lines:?}");
}
