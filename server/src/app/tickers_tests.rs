//! Campaigns that run a ticker: from the form to the manifest and what crosses the board, and a day's past that stays.

use std::collections::BTreeMap;
use std::time::Duration;

use ::playlists::asset::Language;
use ::playlists::campaign::Ticker;
use ::playlists::id::{BoardId, CampaignId};
use ::playlists::schedule::{Overrides, Schedule};
use ::playlists::trust::manifest::Manifest;
use chrono::{DateTime, TimeDelta, Utc};

use super::assets::{self, Asset, PropertiesDraft, TickerDraft};
use super::board_settings::SettingsDraft;
use super::campaigns::{self, CampaignDraft};
use super::course::course;
use super::tests::{asset, board, campaign, draft, furnished, manifest, playlist, settle, unit};
use super::{App, forecast};
use crate::store::renditions::State;
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_form_that_shows_a_ticker_becomes_a_strip_that_crosses_the_board,
    what_is_wrong_with_a_ticker_in_a_form_stands_beside_its_field,
    a_board_runs_the_language_that_weighs_most_in_its_mix,
    a_changed_ticker_renews_its_campaign_and_the_past_stays_as_it_was,
    tickers_take_turns_by_weight_and_the_forecast_counts_their_crossings,
    the_validity_of_a_ticker_cuts_when_it_runs,
    a_ticker_for_which_no_strip_can_be_made_says_why_and_holds_up_nothing,
    a_campaign_goes_from_a_playlist_to_a_ticker_and_back,
    a_paused_ticker_rests_until_it_is_resumed,
];

fn texts(name: &str, speed: u32, texts: &[(&str, &str)]) -> TickerDraft {
    TickerDraft {
        name: name.to_owned(),
        texts: texts.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned())).collect(),
        ink: "#ffffff".to_owned(),
        band: String::new(),
        pixels_a_frame: speed.to_string(),
    }
}

async fn ticker(app: &App, id: Option<&Asset>, draft: &TickerDraft) -> Asset {
    assets::save_ticker(app, &unit(), id.map(|asset| &asset.id), draft).await.expect("kept").expect("valid")
}

fn running(asset: &Asset, boards: &[&BoardId]) -> CampaignDraft {
    CampaignDraft {
        shown: "ticker".to_owned(),
        ticker_asset_id: asset.id.to_string(),
        name: asset.name.clone(),
        weight: "1".to_owned(),
        boards: boards.iter().map(ToString::to_string).collect(),
        approved: true,
        ..CampaignDraft::default()
    }
}

fn schedule(manifest: &Manifest) -> Schedule {
    Schedule::new(manifest).expect("a schedule")
}

/// What runs over the loop at an instant.
fn at(manifest: &Manifest, at: DateTime<Utc>) -> Option<(CampaignId, Ticker)> {
    let what = schedule(manifest).ticker_under(&Overrides::default(), at).what;
    what.and_then(|crossing| Some((crossing.campaign?, crossing.ticker)))
}

/// The width of the strip of a language's newest version.
async fn made(app: &App, asset: &Asset, tag: &str) -> (u32, ::playlists::id::Digest) {
    let language: Language = tag.parse().expect("a language");
    let version = asset.versions[&language].version;
    let found = assets::renditions_of(app, &asset.id).await.expect("listed");
    let found =
        found.into_iter().find(|made| made.key.of.language == language && made.key.of.version == version).expect("wanted");
    let State::Ready { sha256, strip_width: Some(width), .. } = found.state else { panic!("{found:?}") };
    (width, sha256)
}

async fn refused(app: &App, draft: CampaignDraft) -> Vec<String> {
    let errors = campaigns::save(app, &unit(), None, draft).await.expect("asked").expect_err("refused");
    errors.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect()
}

async fn a_form_that_shows_a_ticker_becomes_a_strip_that_crosses_the_board(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let text = ticker(app, None, &texts("Chào mừng", 2, &[("vi", "Chào mừng ngày hội")])).await;
    let id = campaign(app, None, running(&text, &[&board])).await;
    settle(app).await;
    let manifest = manifest(app, &board).await;
    let (width, item) = made(app, &text, "vi").await;
    let expected = Ticker { item, width, speed: 100 };
    assert_eq!(manifest.campaigns.iter().map(|campaign| campaign.plays.ticker().copied()).collect::<Vec<_>>(), [Some(expected)]);
    assert!(manifest.item(&item).is_some_and(|item| item.duration.is_none()));
    assert_eq!(at(&manifest, app.clock.now()), Some((id.clone(), expected)));
    let stored = campaigns::get(app, &id).await.expect("loaded").expect("there");
    assert_eq!((stored.plays.ticker(), stored.plays.playlist(), stored.version), (Some(&text.id), None, 1));
    // Saved unchanged it makes no version.
    campaign(app, Some(&id), running(&text, &[&board])).await;
    assert_eq!(campaigns::get(app, &id).await.expect("loaded").expect("there").version, 1);
    // The timeline names it.
    let now = app.clock.now();
    let told = course(app, &board, now, now + TimeDelta::hours(1)).await.expect("loaded").expect("a course").tickers(10);
    assert_eq!(told.iter().map(|stretch| &stretch.campaigns[..]).collect::<Vec<_>>(), [[id]]);
}

async fn what_is_wrong_with_a_ticker_in_a_form_stands_beside_its_field(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let red = asset(app, "red").await;
    let text = ticker(app, None, &texts("Chào", 2, &[("vi", "Xin chào")])).await;
    let good = running(&text, &[&board]);
    let none = CampaignDraft { ticker_asset_id: String::new(), ..good.clone() };
    assert_eq!(refused(app, none).await, ["ticker_asset_id error-ticker-unknown"]);
    let picture = CampaignDraft { ticker_asset_id: red.id.to_string(), ..good.clone() };
    assert_eq!(refused(app, picture).await, ["ticker_asset_id error-ticker-unknown"]);
    let hourly = CampaignDraft { share: "per_hour".to_owned(), per_hour: "12".to_owned(), ..good.clone() };
    assert_eq!(refused(app, hourly).await, ["share error-ticker-per-hour"]);
    let other = CampaignDraft { shown: "clock".to_owned(), ..good.clone() };
    assert_eq!(refused(app, other).await, ["shown error-shown-unknown", "playlist_id error-playlist-unknown"]);
    assets::withdraw(app, &text.id, &"vi".parse().expect("a language")).await.expect("asked").expect("withdrawn");
    assert_eq!(refused(app, good).await, ["ticker_asset_id error-ticker-empty"]);
}

async fn a_board_runs_the_language_that_weighs_most_in_its_mix(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (plain, mixed) = (board(app, "b-0001").await, board(app, "b-0002").await);
    let languages = [("vi", 1), ("en", 3), ("zh", 9)].map(|(tag, weight)| (tag.to_owned(), weight.to_string()));
    let settings = SettingsDraft {
        name: "B".to_owned(),
        brightness: "100".to_owned(),
        languages: languages.into_iter().collect(),
        ..SettingsDraft::default()
    };
    super::board_settings::save(app, &mixed, &settings).await.expect("saved").expect("valid");
    let text = ticker(app, None, &texts("Chào", 2, &[("vi", "Xin chào"), ("en", "Welcome, everybody")])).await;
    campaign(app, None, running(&text, &[&plain, &mixed])).await;
    settle(app).await;
    for (board, tag) in [(&plain, "vi"), (&mixed, "en")] {
        let manifest = manifest(app, board).await;
        let (_, item) = made(app, &text, tag).await;
        assert_eq!(at(&manifest, app.clock.now()).map(|(_, ticker)| ticker.item), Some(item), "{board}");
    }
}

async fn a_changed_ticker_renews_its_campaign_and_the_past_stays_as_it_was(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let text = ticker(app, None, &texts("Chào", 2, &[("vi", "Xin chào")])).await;
    let id = campaign(app, None, running(&text, &[&board])).await;
    settle(app).await;
    let before = manifest(app, &board).await;
    world.clock.pass(Duration::from_secs(3600));
    let changed = app.clock.now();
    let text = ticker(app, Some(&text), &texts("Chào", 4, &[("vi", "Xin chào quý khách")])).await;
    settle(app).await;
    let after = manifest(app, &board).await;
    assert_eq!(campaigns::get(app, &id).await.expect("loaded").expect("there").version, 2);
    assert_eq!(after.campaigns.len(), 2);
    let (width, item) = made(app, &text, "vi").await;
    assert_eq!(at(&after, changed).map(|(_, ticker)| ticker), Some(Ticker { item, width, speed: 200.min(width + 64) }));
    for second in 0..3600 {
        let instant = changed - TimeDelta::seconds(3600 - second);
        assert_eq!(at(&after, instant), at(&before, instant), "at {instant}");
    }
    // Another name makes no version.
    ticker(app, Some(&text), &texts("Lời chào", 4, &[("vi", "Xin chào quý khách")])).await;
    assert_eq!(campaigns::get(app, &id).await.expect("loaded").expect("there").version, 2);
    // A picture that is changed reaches no ticker.
    let red = asset(app, "red").await;
    playlist(app, None, &[&red]).await;
    assert_eq!(settle(app).await, 0);
}

async fn tickers_take_turns_by_weight_and_the_forecast_counts_their_crossings(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let one = ticker(app, None, &texts("Một", 2, &[("vi", "Xin chào quý khách")])).await;
    let other = ticker(app, None, &texts("Hai", 2, &[("vi", "Xin chào quý khách")])).await;
    let heavy = campaign(app, None, CampaignDraft { weight: "3".to_owned(), ..running(&one, &[&board]) }).await;
    settle(app).await;
    let light = running(&other, &[&board]);
    let outlook = forecast::forecast(app, &unit(), None, &light).await.expect("asked").expect("valid");
    let counted = &outlook.counted[0];
    assert_eq!((outlook.counted.len(), outlook.pictures[0].unmade), (1, 1));
    assert_eq!(counted.running_before.keys().collect::<Vec<_>>(), [&heavy]);
    assert!(counted.after.campaigns.is_empty(), "the loop beneath is as it was");
    let light = campaign(app, None, light).await;
    settle(app).await;
    let shown = schedule(&manifest(app, &board).await).running(&Overrides::default(), outlook.from, outlook.until);
    let turns: BTreeMap<_, _> = shown.iter().map(|(id, airtime)| (id, airtime.plays)).collect();
    // To within two turns in each of the eight broadcast days that the week touches.
    let share = 3.0 * turns[&light] as f64 - turns[&heavy] as f64;
    assert!(share.abs() <= 8.0 * 8.0, "{turns:?}");
    let outlook =
        forecast::forecast(app, &unit(), Some(&light), &running(&other, &[&board])).await.expect("asked").expect("valid");
    assert_eq!(
        outlook.counted[0].running_after,
        schedule(&manifest(app, &board).await).running(&Overrides::default(), outlook.from, outlook.until)
    );
    assert!(!outlook.counted[0].jumps);
}

async fn the_validity_of_a_ticker_cuts_when_it_runs(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let text = ticker(app, None, &texts("Chào", 2, &[("vi", "Xin chào")])).await;
    let id = campaign(app, None, running(&text, &[&board])).await;
    let valid = PropertiesDraft { name: "Chào".to_owned(), until: "2026-11-25T12:00".to_owned(), ..PropertiesDraft::default() };
    assets::set_properties(app, &text.id, &valid).await.expect("saved").expect("valid");
    settle(app).await;
    let manifest = manifest(app, &board).await;
    let end: DateTime<Utc> = "2026-11-25T05:00:00Z".parse().expect("an instant");
    assert_eq!(manifest.campaigns.last().and_then(|campaign| campaign.period.until), Some(end));
    assert_eq!(at(&manifest, end - TimeDelta::seconds(1)).map(|(campaign, _)| campaign), Some(id));
    assert_eq!(at(&manifest, end), None);
}

async fn a_ticker_for_which_no_strip_can_be_made_says_why_and_holds_up_nothing(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let high = ::playlists::geometry::Geometry::new(640, 1920).expect("a geometry");
    let id = "b-0001".parse().expect("an id");
    let new = super::boards::NewBoard::simple(id, "Bảng".to_owned(), unit(), "05443".to_owned(), high);
    let board = super::boards::add(app, new).await.expect("a board").0;
    let text = ticker(app, None, &texts("Dài", 2, &[("vi", &"Xin chào ".repeat(30))])).await;
    campaign(app, None, running(&text, &[&board])).await;
    settle(app).await;
    let found = assets::renditions_of(app, &text.id).await.expect("listed");
    let [crate::store::renditions::Rendition { state: State::Failed { error, fault }, .. }] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert!(error.contains("at most 8388608 are taken"), "{error}");
    assert_eq!(fault.as_ref().map(|fault| fault.code.as_str()), Some("ticker-fault-long"));
    assert_eq!(manifest(app, &board).await.campaigns, []);
}

async fn a_campaign_goes_from_a_playlist_to_a_ticker_and_back(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let red = asset(app, "red").await;
    let list = playlist(app, None, &[&red]).await;
    let text = ticker(app, None, &texts("Chào", 2, &[("vi", "Xin chào")])).await;
    let id = campaign(app, None, draft(&list, &[&board])).await;
    for (draft, runs) in [(running(&text, &[&board]), true), (draft(&list, &[&board]), false)] {
        world.clock.pass(Duration::from_secs(600));
        campaign(app, Some(&id), draft).await;
        settle(app).await;
        assert_eq!(at(&manifest(app, &board).await, app.clock.now()).is_some(), runs);
    }
    assert_eq!(manifest(app, &board).await.campaigns.len(), 3, "the day's past stays");
}

async fn a_paused_ticker_rests_until_it_is_resumed(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let text = ticker(app, None, &texts("Chào", 2, &[("vi", "Xin chào")])).await;
    let id = campaign(app, None, running(&text, &[&board])).await;
    settle(app).await;
    world.clock.pass(Duration::from_secs(600));
    assert!(campaigns::pause(app, &id).await.expect("asked"));
    settle(app).await;
    assert_eq!(at(&manifest(app, &board).await, app.clock.now()), None);
    world.clock.pass(Duration::from_secs(600));
    assert_eq!(campaigns::resume(app, &id).await.expect("asked"), Ok(true));
    settle(app).await;
    assert_eq!(at(&manifest(app, &board).await, app.clock.now()).map(|(campaign, _)| campaign), Some(id));
}
