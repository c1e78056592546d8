//! Every rule of the schedule, from the form to what a board shows; what is refused, with figures; and the day's past, which stays.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ::playlists::id::{AssetId, BoardId, CampaignId, PlaylistId, StandDownId};
use ::playlists::overlay::Corner;
use ::playlists::schedule::{Reason, Schedule, What, Why};
use chrono::{DateTime, Utc};

use super::board_settings::{SettingsDraft, save as save_settings};
use super::campaigns::{self, CampaignDraft, StartsDraft, WindowDraft};
use super::course::{Told, course};
use super::explain::{Because, explain};
use super::forecast::forecast;
use super::hours::{HoursDraft, HoursLine};
use super::overlay_draft::OverlayDraft;
use super::stand_downs::{self, StandDownDraft};
use super::tests::{asset, board, campaign, draft, furnished, manifest, playlist, settle, unit};
use super::{App, FieldError, boards};
use crate::testing::{World, on_both_databases};

on_both_databases![
    plays_per_hour_go_from_the_form_to_the_board_and_the_past_stays_when_they_change,
    more_plays_than_an_hour_holds_are_refused_with_figures,
    what_is_paused_asks_for_nothing_and_is_not_resumed_where_it_no_longer_fits,
    plays_per_hour_add_up_only_on_boards_that_both_are_aimed_at,
    an_entry_of_more_than_a_minute_beside_plays_per_hour_is_refused_on_either_side,
    a_forecast_says_what_does_not_fit_months_ahead,
    a_stand_down_holds_its_themes_back_from_until_and_the_past_stays_when_it_ends,
    a_stand_down_that_is_changed_keeps_what_it_held_back,
    a_stand_down_is_refused_with_reasons_and_taken_back_before_it_begins,
    windows_in_full_reach_the_manifest,
    hours_changed_during_the_day_leave_the_past_as_it_was,
    languages_lanes_and_ranks_reach_the_manifest_and_the_past_is_told_as_it_was,
    the_owner_ranks_priority_campaigns,
    settings_are_refused_with_all_that_is_wrong,
];

type Slot = (DateTime<Utc>, Option<CampaignId>, Option<AssetId>);

/// The list of today by the newest manifest.
async fn shown(app: &App, board: &BoardId) -> Vec<Slot> {
    let schedule = Schedule::new(&manifest(app, board).await).expect("it holds");
    let day = schedule.day(schedule.day_of(app.clock.now()));
    let slot = |showing: ::playlists::schedule::Showing| match showing.what {
        What::Dark | What::Notice { .. } => (showing.since, None, None),
        What::Entry(slot) => (showing.since, slot.campaign, slot.asset),
    };
    day.slots().map(slot).collect()
}

fn before(slots: &[Slot], now: DateTime<Utc>) -> Vec<Slot> {
    slots.iter().filter(|(since, ..)| *since < now).cloned().collect()
}

fn of(slots: &[Slot], id: &CampaignId, from: DateTime<Utc>, until: DateTime<Utc>) -> usize {
    slots.iter().filter(|(since, of, _)| of.as_ref() == Some(id) && from <= *since && *since < until).count()
}

/// A board and a playlist of one picture of eight seconds.
async fn ready(world: &World) -> (BoardId, PlaylistId) {
    let board = board(&world.app, "b-0001").await;
    let red = asset(&world.app, "red").await;
    (board, playlist(&world.app, None, &[&red]).await)
}

fn hourly(list: &PlaylistId, boards: &[&BoardId], plays: u32) -> CampaignDraft {
    CampaignDraft { share: "per_hour".to_owned(), per_hour: plays.to_string(), ..draft(list, boards) }
}

async fn refused(app: &App, draft: CampaignDraft) -> Vec<FieldError> {
    campaigns::save(app, &unit(), None, draft).await.expect("asked").expect_err("refused")
}

fn arg<'a>(error: &'a FieldError, name: &str) -> &'a str {
    error.args.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
}

async fn plays_per_hour_go_from_the_form_to_the_board_and_the_past_stays_when_they_change(world: World) {
    let world = furnished(world).await;
    let (board, list) = ready(&world).await;
    let blue = asset(&world.app, "blue").await;
    let other = playlist(&world.app, None, &[&blue]).await;
    campaign(&world.app, None, draft(&other, &[&board])).await;
    let id = campaign(&world.app, None, hourly(&list, &[&board], 12)).await;
    settle(&world.app).await;
    let now = world.app.clock.now();
    let was = shown(&world.app, &board).await;
    assert_eq!(of(&was, &id, now + Duration::from_secs(300), now + Duration::from_secs(3900)), 12);
    world.clock.pass(Duration::from_secs(3603));
    let now = world.app.clock.now();
    campaign(&world.app, Some(&id), hourly(&list, &[&board], 60)).await;
    settle(&world.app).await;
    let changed = shown(&world.app, &board).await;
    assert_eq!(before(&changed, now), before(&was, now), "what was shown stays");
    assert_eq!(of(&changed, &id, now + Duration::from_secs(300), now + Duration::from_secs(3900)), 60);
}

async fn more_plays_than_an_hour_holds_are_refused_with_figures(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let alone = refused(app, hourly(&list, &[&board], 500)).await;
    assert_eq!((alone[0].field.as_str(), alone[0].code), ("per_hour", "error-per-hour-alone"));
    assert_eq!((arg(&alone[0], "asked"), arg(&alone[0], "most"), arg(&alone[0], "fits")), ("4000", "3240", "405"));
    let name = CampaignDraft { name: "Chè".to_owned(), ..hourly(&list, &[&board], 300) };
    campaign(app, None, name).await;
    let both = refused(app, hourly(&list, &[&board], 200)).await;
    assert_eq!((both.len(), both[0].code), (1, "error-per-hour-much"));
    assert_eq!((arg(&both[0], "asked"), arg(&both[0], "fits"), arg(&both[0], "with")), ("4000", "105", "Chè (2400 s)"));
    campaign(app, None, hourly(&list, &[&board], 105)).await;
    assert_eq!(refused(app, hourly(&list, &[&board], 1)).await[0].code, "error-per-hour-full");
    let unapproved = CampaignDraft { approved: false, ..hourly(&list, &[&board], 200) };
    campaign(app, None, unapproved).await;
}

async fn what_is_paused_asks_for_nothing_and_is_not_resumed_where_it_no_longer_fits(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let first = campaign(app, None, hourly(&list, &[&board], 300)).await;
    assert!(campaigns::pause(app, &first).await.expect("paused"));
    let second = campaign(app, None, hourly(&list, &[&board], 300)).await;
    let errors = campaigns::resume(app, &first).await.expect("asked").expect_err("it does not fit");
    assert_eq!((errors[0].code, arg(&errors[0], "fits")), ("error-per-hour-much", "105"));
    assert!(campaigns::get(app, &first).await.expect("loaded").expect("there").paused, "nothing is changed");
    assert!(campaigns::end_now(app, &second).await.expect("ended"));
    world.clock.pass(Duration::from_secs(1));
    assert!(campaigns::resume(app, &first).await.expect("asked").expect("it fits"));
}

async fn plays_per_hour_add_up_only_on_boards_that_both_are_aimed_at(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (one, list) = ready(&world).await;
    let other = board(app, "b-0002").await;
    campaign(app, None, hourly(&list, &[&one], 300)).await;
    campaign(app, None, hourly(&list, &[&other], 300)).await;
    let everywhere = refused(app, CampaignDraft { all_boards: true, ..hourly(&list, &[], 300) }).await;
    assert_eq!(everywhere.len(), 2, "once for each of the two it collides with: {everywhere:?}");
    let windows = |from: &str, until: &str| {
        let days = vec!["Mon".to_owned()];
        vec![WindowDraft::from(StartsDraft::Form { days, from: from.to_owned(), until: until.to_owned() })]
    };
    let mornings = CampaignDraft { windows: windows("06:00", "08:00"), ..hourly(&list, &[&one], 100) };
    let collides = CampaignDraft { windows: windows("07:00", "09:00"), ..hourly(&list, &[&one], 50) };
    let apart = CampaignDraft { windows: windows("08:00", "09:00"), ..hourly(&list, &[&one], 100) };
    campaign(app, None, mornings).await;
    assert_eq!(refused(app, collides).await[0].code, "error-per-hour-much");
    campaign(app, None, apart).await;
}

async fn an_entry_of_more_than_a_minute_beside_plays_per_hour_is_refused_on_either_side(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let green = asset(app, "green").await;
    let entry = |seconds: &str| super::playlists::PlaylistDraft {
        name: "Dài".to_owned(),
        entries: vec![super::playlists::EntryDraft {
            asset_id: green.id.to_string(),
            duration_s: seconds.to_owned(),
            ..Default::default()
        }],
    };
    let long = super::playlists::save(app, &unit(), None, entry("61")).await.expect("saved").expect("valid");
    let slow = CampaignDraft { name: "Phim".to_owned(), ..draft(&long, &[&board]) };
    let slow_id = campaign(app, None, slow.clone()).await;
    let errors = refused(app, hourly(&list, &[&board], 6)).await;
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("per_hour", "error-beside-long"));
    assert_eq!((arg(&errors[0], "of"), arg(&errors[0], "length"), arg(&errors[0], "most")), ("Phim", "61", "60"));
    assert!(campaigns::end_now(app, &slow_id).await.expect("ended"));
    world.clock.pass(Duration::from_secs(1));
    campaign(app, None, hourly(&list, &[&board], 6)).await;
    let errors = refused(app, slow).await;
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("playlist_id", "error-long-beside"));
    let default = SettingsDraft { default_playlist: long.to_string(), ..settings("B") };
    let errors = save_settings(app, &board, &default).await.expect("asked").expect_err("refused");
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("default_playlist", "error-default-long"));
    let short = SettingsDraft { default_playlist: list.to_string(), ..settings("B") };
    assert_eq!(save_settings(app, &board, &short).await.expect("saved"), Ok(()));
}

async fn a_forecast_says_what_does_not_fit_months_ahead(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let tet = StartsDraft::Lunar {
        month: "1".to_owned(),
        day: "1".to_owned(),
        at: "07:00".to_owned(),
        duration_minutes: "60".to_owned(),
    };
    let tet = CampaignDraft { windows: vec![tet.into()], ..hourly(&list, &[&board], 300) };
    let outlook = forecast(app, &unit(), None, &tet).await.expect("counted").expect("valid");
    let local = outlook.from.with_timezone(&chrono_tz::Asia::Ho_Chi_Minh).format("%H:%M").to_string();
    assert_eq!((local.as_str(), outlook.counted[0].jumps), ("07:00", false), "counted from its day on; nothing jumps now");
    // The first is due a little after the window opens, the last play may start after it has closed and does not.
    let plays = outlook.counted[0].after.campaigns[&outlook.campaign].plays;
    assert!((299..=300).contains(&plays), "{plays}");
    campaign(app, None, tet).await;
    let always = CampaignDraft { approved: false, ..hourly(&list, &[&board], 200) };
    let outlook = forecast(app, &unit(), None, &always).await.expect("counted").expect("valid");
    assert_eq!(outlook.refused.iter().map(|error| error.code).collect::<Vec<_>>(), ["error-per-hour-much"]);
    assert!(arg(&outlook.refused[0], "since").starts_with("07:00 "), "{:?}", outlook.refused);
}

async fn stand_down(app: &App, draft: &StandDownDraft) -> StandDownId {
    stand_downs::save(app, None, draft).await.expect("saved").expect("valid")
}

fn mourning() -> StandDownDraft {
    StandDownDraft { name: "Quốc tang".to_owned(), themes: vec!["tourism".to_owned()], ..StandDownDraft::default() }
}

async fn a_stand_down_holds_its_themes_back_from_until_and_the_past_stays_when_it_ends(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let blue = asset(app, "blue").await;
    let other = playlist(app, None, &[&blue]).await;
    let sober = campaign(app, None, CampaignDraft { theme: "national-days".to_owned(), ..draft(&other, &[&board]) }).await;
    let merry = campaign(app, None, CampaignDraft { theme: "tourism".to_owned(), ..draft(&list, &[&board]) }).await;
    settle(app).await;
    world.clock.pass(Duration::from_secs(600));
    let (began, was) = (app.clock.now(), shown(app, &board).await);
    let id = stand_down(app, &mourning()).await;
    assert!(settle(app).await > 0, "it is published at once");
    let held = shown(app, &board).await;
    assert_eq!(before(&held, began), before(&was, began), "what was shown stays");
    let end_of_day = began + Duration::from_secs(86_400);
    assert_eq!(of(&held, &merry, began, end_of_day), 0);
    assert!(of(&held, &sober, began, end_of_day) > 0);
    let explained = explain(app, &board, app.clock.now()).await.expect("told").expect("a board");
    let reason = explained.reasons.iter().find(|(of, _)| *of == merry).map(|(_, because)| because.clone());
    assert!(matches!(reason, Some(Because::Rule(Reason { why: Why::StoodDown(None), .. }))), "{reason:?}");
    assert_eq!(
        stand_downs::held_by(app, &stand_downs::get(app, &id).await.expect("loaded").expect("there").themes)
            .await
            .expect("asked")
            .0
            .len(),
        1
    );

    world.clock.pass(Duration::from_secs(600));
    let ended = app.clock.now();
    assert!(stand_downs::end_now(app, &id).await.expect("ended"));
    assert!(!stand_downs::end_now(app, &id).await.expect("asked"), "once");
    settle(app).await;
    let after = shown(app, &board).await;
    assert_eq!(before(&after, ended), before(&held, ended), "what was held back stays so");
    assert!(of(&after, &merry, ended, end_of_day) > 0, "it plays again");
}

async fn a_stand_down_that_is_changed_keeps_what_it_held_back(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let merry = campaign(app, None, CampaignDraft { theme: "tourism".to_owned(), ..draft(&list, &[&board]) }).await;
    let id = stand_down(app, &mourning()).await;
    settle(app).await;
    let minute_ms = app.clock.now_ms() - app.clock.now_ms().rem_euclid(60_000);
    let unchanged =
        StandDownDraft { name: "Quốc tang 2".to_owned(), from: super::campaign_draft::written(minute_ms), ..mourning() };
    assert_eq!(stand_downs::save(app, Some(&id), &unchanged).await.expect("saved"), Ok(id.clone()));
    let renamed = stand_downs::get(app, &id).await.expect("loaded").expect("there");
    assert_eq!((renamed.name.as_str(), renamed.version), ("Quốc tang 2", 1), "another name makes no version");
    world.clock.pass(Duration::from_secs(1200));
    let (now, held) = (app.clock.now(), shown(app, &board).await);
    let other = StandDownDraft { themes: vec!["trade".to_owned()], ..unchanged };
    assert_eq!(stand_downs::save(app, Some(&id), &other).await.expect("saved"), Ok(id.clone()));
    settle(app).await;
    let changed = shown(app, &board).await;
    assert_eq!(before(&changed, now), before(&held, now));
    assert!(of(&changed, &merry, now, now + Duration::from_secs(3600)) > 0, "its theme is free again");
    assert_eq!(stand_downs::list(app, 10).await.expect("listed").len(), 1, "it is one stand-down");
    assert_eq!(manifest(app, &board).await.stand_downs.len(), 2, "in two versions, until the day is over");
    world.clock.pass(Duration::from_secs(2 * 86_400));
    campaign(app, Some(&merry), CampaignDraft { weight: "2".to_owned(), theme: "tourism".to_owned(), ..draft(&list, &[&board]) })
        .await;
    settle(app).await;
    assert_eq!(manifest(app, &board).await.stand_downs.len(), 1);
}

async fn a_stand_down_is_refused_with_reasons_and_taken_back_before_it_begins(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, _) = ready(&world).await;
    let wrong =
        StandDownDraft { name: " ".to_owned(), from: "soon".to_owned(), until: "2020-01-01".to_owned(), themes: Vec::new() };
    let errors = stand_downs::save(app, None, &wrong).await.expect("asked").expect_err("refused");
    let said: Vec<_> = errors.iter().map(|error| format!("{} {}", error.field, error.code)).collect();
    let expected = ["name error-name-empty", "themes error-themes-none", "from error-time-form", "until error-period-reversed"];
    assert_eq!(said, expected);
    let later = StandDownDraft { from: "2099-01-01".to_owned(), ..mourning() };
    let id = stand_down(app, &later).await;
    settle(app).await;
    assert_eq!(manifest(app, &board).await.stand_downs.len(), 1);
    world.clock.pass(Duration::from_secs(60));
    assert!(stand_downs::end_now(app, &id).await.expect("taken back"));
    settle(app).await;
    assert!(manifest(app, &board).await.stand_downs.is_empty());
}

async fn windows_in_full_reach_the_manifest(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let lunar = StartsDraft::Lunar {
        month: "*".to_owned(),
        day: "15".to_owned(),
        at: "18:00".to_owned(),
        duration_minutes: "240".to_owned(),
    };
    let monday = StartsDraft::Form { days: vec!["Mon".to_owned()], from: "07:00".to_owned(), until: "09:00".to_owned() };
    let monday =
        WindowDraft { starts: monday, except: "2099-12-07".to_owned(), every: "2".to_owned(), week_of: "2026-11-23".to_owned() };
    campaign(app, None, CampaignDraft { windows: vec![lunar.into(), monday], ..draft(&list, &[&board]) }).await;
    settle(app).await;
    let manifest = manifest(app, &board).await;
    let windows = serde_json::to_value(&manifest.campaigns[0].windows).expect("they are written");
    let expected = serde_json::json!([
        { "lunar": { "month": "*", "day": 15, "at": "18:00" }, "duration_ms": 14_400_000 },
        { "cron": "0 7 * * Mon", "duration_ms": 7_200_000, "except": ["2099-12-07"], "weeks": { "every": 2, "of": "2026-11-23" } },
    ]);
    assert_eq!(windows, expected);
}

fn settings(name: &str) -> SettingsDraft {
    SettingsDraft { name: name.to_owned(), brightness: "100".to_owned(), ..SettingsDraft::default() }
}

async fn hours_changed_during_the_day_leave_the_past_as_it_was(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let id = campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    world.clock.pass(Duration::from_secs(3603));
    let was = shown(app, &board).await;
    let local =
        (app.clock.now() + Duration::from_secs(7200)).with_timezone(&chrono_tz::Asia::Ho_Chi_Minh).format("%H:%M").to_string();
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(str::to_owned).to_vec();
    let hours = HoursDraft {
        limited: true,
        lines: vec![HoursLine { days, from: local, until: "02:00".to_owned() }],
        exceptions: Vec::new(),
    };
    let changed = SettingsDraft { hours, ..settings("B") };
    assert_eq!(save_settings(app, &board, &changed).await.expect("saved"), Ok(()));
    settle(app).await;
    let minute = app.clock.now() + Duration::from_secs(60);
    let dark = shown(app, &board).await;
    assert_eq!(before(&dark, app.clock.now()), before(&was, app.clock.now()), "what was shown stays");
    assert_eq!(of(&dark, &id, minute, minute + Duration::from_secs(7000)), 0, "dark for two hours");
    let stored = boards::get(app, &board).await.expect("loaded").expect("there");
    assert_eq!(stored.hours.as_ref().map(|hours| hours.exceptions.len()), Some(0), "no exception is stored");
    world.clock.pass(Duration::from_secs(2 * 86_400));
    let named = SettingsDraft { brightness: "90".to_owned(), ..SettingsDraft::of(&stored) };
    assert_eq!(save_settings(app, &board, &named).await.expect("saved"), Ok(()));
    settle(app).await;
    assert_eq!(manifest(app, &board).await.hours, stored.hours, "another day tells the hours alone");
}

async fn languages_lanes_and_ranks_reach_the_manifest_and_the_past_is_told_as_it_was(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let blue = asset(app, "blue").await;
    let other = playlist(app, None, &[&blue]).await;
    let [one, two] = [campaign(app, None, draft(&list, &[&board])).await, campaign(app, None, draft(&other, &[&board])).await];
    settle(app).await;
    world.clock.pass(Duration::from_secs(3603));
    let (now, was) = (app.clock.now(), shown(app, &board).await);
    let draft = SettingsDraft {
        lane_province: "5".to_owned(),
        lane_commune: "0".to_owned(),
        languages: [("vi", "3"), ("en", "1"), ("zh", "")].map(|(tag, weight)| (tag.to_owned(), weight.to_owned())).into(),
        ranks: vec![(one.to_string(), "2".to_owned()), (two.to_string(), String::new()), ("gone".to_owned(), "1".to_owned())],
        ..settings("B")
    };
    assert_eq!(save_settings(app, &board, &draft).await.expect("saved"), Ok(()));
    assert_eq!(settle(app).await, 1);
    let manifest = manifest(app, &board).await;
    assert_eq!((manifest.lanes.province, manifest.lanes.commune), (5, 0));
    let languages: BTreeMap<String, u32> = manifest.languages.iter().map(|(tag, weight)| (tag.to_string(), *weight)).collect();
    assert_eq!(languages, BTreeMap::from([("en".to_owned(), 1), ("vi".to_owned(), 3)]));
    assert_eq!(manifest.ranks, BTreeMap::from([(one, 2)]), "of campaigns that it carries");
    // What the day's list was until now is told by the manifest before, whatever the new list says.
    let from = now - chrono::TimeDelta::hours(1);
    let course = course(app, &board, from, now + chrono::TimeDelta::hours(1)).await.expect("told").expect("a board");
    let told: Vec<_> = course
        .entries(10_000)
        .into_iter()
        .filter_map(|told| if let Told::Known(showing) = told { Some(showing) } else { None })
        .collect();
    assert_eq!(told.first().map(|showing| showing.since), Some(from));
    assert!(told.windows(2).all(|pair| pair[0].until == pair[1].since), "no gap");
    assert!(told.iter().any(|showing| showing.until == now), "the list is made anew now");
    let past: BTreeSet<_> =
        told.iter().filter(|showing| from < showing.since && showing.since < now).map(|showing| showing.since).collect();
    let expected: BTreeSet<_> = was.iter().map(|(since, ..)| *since).filter(|since| from < *since && *since < now).collect();
    assert_eq!(past, expected);
    let again = SettingsDraft::of(&boards::get(app, &board).await.expect("loaded").expect("there"));
    assert_eq!(save_settings(app, &board, &again).await.expect("saved"), Ok(()));
    assert_eq!(settle(app).await, 0, "saved unchanged, it makes no manifest");
}

async fn the_owner_ranks_priority_campaigns(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, list) = ready(&world).await;
    let blue = asset(app, "blue").await;
    let other = playlist(app, None, &[&blue]).await;
    let first = |list: &PlaylistId| CampaignDraft { level: "priority".to_owned(), ..draft(list, &[&board]) };
    let (one, two) = (campaign(app, None, first(&list)).await, campaign(app, None, first(&other)).await);
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    let stored = boards::get(app, &board).await.expect("loaded").expect("there");
    let offered = super::board_settings::to_be_ranked(app, &stored).await.expect("asked");
    assert_eq!(
        offered.iter().map(|campaign| campaign.id.clone()).collect::<BTreeSet<_>>(),
        BTreeSet::from([one.clone(), two.clone()])
    );
    let ranks = vec![(one.to_string(), "2".to_owned()), (two.to_string(), "1".to_owned())];
    assert_eq!(save_settings(app, &board, &SettingsDraft { ranks, ..settings("B") }).await.expect("saved"), Ok(()));
    settle(app).await;
    let now = app.clock.now();
    let day = shown(app, &board).await;
    assert_eq!(of(&day, &one, now, now + Duration::from_secs(3600)), 0);
    assert!(of(&day, &two, now, now + Duration::from_secs(3600)) > 0);
}

async fn settings_are_refused_with_all_that_is_wrong(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (board, _) = ready(&world).await;
    let wrong = SettingsDraft {
        name: String::new(),
        hours: HoursDraft { limited: true, ..HoursDraft::default() },
        brightness: "101".to_owned(),
        default_playlist: "gone".to_owned(),
        overlays: [(Corner::TopLeft, "picture:gone", "12"), (Corner::TopRight, "time", "41"), (Corner::BottomLeft, "date", "")]
            .map(|(corner, shows, size)| OverlayDraft { corner, shows: shows.to_owned(), size: size.to_owned() })
            .into(),
        lane_province: "0".to_owned(),
        lane_commune: "0".to_owned(),
        languages: vec![("klingon language".to_owned(), "1".to_owned()), ("vi".to_owned(), "1001".to_owned())],
        ranks: vec![("c-1".to_owned(), "0".to_owned())],
    };
    let errors = save_settings(app, &board, &wrong).await.expect("asked").expect_err("refused");
    let said: Vec<_> = errors.iter().map(|error| format!("{} {}", error.field, error.code)).collect();
    let expected = [
        "name error-name-empty",
        "hours error-hours-none",
        "brightness error-brightness-range",
        "default_playlist error-playlist-unknown",
        "overlays.top-left error-overlay-unknown",
        "overlay-sizes.top-right error-overlay-size",
        "overlays.bottom-left error-overlay-unknown",
        "lane_province error-lanes-range",
        "languages.klingon language error-language-form",
        "languages.vi error-language-range",
        "ranks.c-1 error-rank-range",
    ];
    assert_eq!(said, expected);
    let nobody = "b-9999".parse().expect("an id");
    let errors = save_settings(app, &nobody, &settings("B")).await.expect("asked").expect_err("refused");
    assert_eq!(errors[0].code, "error-board-unknown");
}
