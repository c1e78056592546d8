//! What a board plays is told of days past and to come, and why, from the manifests signed for it.

use std::time::Duration;

use ::playlists::id::AssetId;
use ::playlists::local::{broadcast_day, day_start};
use ::playlists::schedule::{Schedule, Showing, Shows, What, Why};
use chrono::{DateTime, TimeDelta, Utc};

use super::board_forecast::board_forecast;
use super::campaigns::{self, CampaignDraft, StartsDraft};
use super::course::{Course, Told, course};
use super::explain::{Because, explain};
use super::tests::{asset, board, campaign, draft, furnished, manifest, playlist, settle};
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_day_is_told_by_the_last_manifest_before_its_end,
    a_course_is_the_list_of_the_days_cut_to_the_interval,
    a_stretch_goes_on_where_the_manifest_is_another_and_the_rules_are_the_same,
    an_explanation_names_campaigns_that_no_manifest_carries,
    the_figures_of_a_board_equal_counting_its_timeline,
];

const HANOI: chrono_tz::Tz = chrono_tz::Asia::Ho_Chi_Minh;

fn known<T: Clone>(told: &[Told<T>]) -> Vec<T> {
    told.iter().filter_map(|told| if let Told::Known(known) = told { Some(known.clone()) } else { None }).collect()
}

fn assets(course: &Course) -> Vec<AssetId> {
    let shown = |showing: Showing| {
        if let What::Entry(slot) = showing.what { slot.asset.filter(|_| slot.campaign.is_some()) } else { None }
    };
    let mut assets: Vec<_> = known(&course.entries(100_000)).into_iter().filter_map(shown).collect();
    assets.sort();
    assets.dedup();
    assets
}

fn today(now: DateTime<Utc>) -> DateTime<Utc> {
    day_start(broadcast_day(now, HANOI), HANOI)
}

async fn a_day_is_told_by_the_last_manifest_before_its_end(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let list = playlist(app, None, &[&red]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    let first = today(app.clock.now());
    world.clock.pass(Duration::from_secs(3600));
    let changed = app.clock.now();
    playlist(app, Some(&list), &[&blue]).await;
    settle(app).await;
    world.clock.pass(Duration::from_secs(3 * 24 * 3600));
    let told = |from: DateTime<Utc>, until| async move { course(app, &"b-0001".parse().expect("an id"), from, until).await };
    let day = TimeDelta::days(1);
    assert_eq!(assets(&told(first, changed).await.expect("told").expect("a board")), [red.id], "as it was then");
    assert_eq!(assets(&told(changed, first + day * 9).await.expect("told").expect("a board")), [blue.id], "until days to come");
    let before = told(first - day * 2, first).await.expect("told").expect("a board");
    assert_eq!(before.entries(10), [Told::Unknown(first - day * 2, first)], "there was no manifest");
    assert!(course(app, &"b-9999".parse().expect("an id"), first, changed).await.expect("asked").is_none());
}

async fn a_course_is_the_list_of_the_days_cut_to_the_interval(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let list = playlist(app, None, &[&red, &blue]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    let schedule = Schedule::new(&manifest(app, &board).await).expect("it holds");
    let start = today(app.clock.now()) + TimeDelta::days(1);
    let (from, until) = (start + TimeDelta::milliseconds(12_345), start + TimeDelta::hours(30) + TimeDelta::milliseconds(7));
    let told = known(&course(app, &board, from, until).await.expect("told").expect("a board").entries(100_000));
    assert_eq!((told[0].since, told[told.len() - 1].until), (from, until));
    assert!(told.windows(2).all(|pair| pair[0].until == pair[1].since), "without gap");
    for showing in &told {
        let (first, last) = (schedule.resolve(showing.since), schedule.resolve(showing.until - TimeDelta::milliseconds(1)));
        assert_eq!((&first.what, &last.what), (&showing.what, &showing.what));
    }
    assert!(told.len() > 13_000, "{}", told.len());
    let few = course(app, &board, from, until).await.expect("told").expect("a board").entries(3);
    assert_eq!(known(&few), told[..3]);
    let long = course(app, &board, from, from + TimeDelta::days(400)).await.expect("told").expect("a board");
    let last = known(&long.stretches(10)).pop().expect("a stretch").until;
    assert_eq!(last - from, TimeDelta::days(31), "an interval has a bound");
}

async fn a_stretch_goes_on_where_the_manifest_is_another_and_the_rules_are_the_same(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    let red = asset(app, "red").await;
    let list = playlist(app, None, &[&red]).await;
    let id = campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    let (from, began) = (today(app.clock.now()), app.clock.now());
    world.clock.pass(Duration::from_secs(2 * 24 * 3600));
    playlist(app, Some(&list), &[&red, &red]).await;
    settle(app).await;
    let told = known(&course(app, &board, from, from + TimeDelta::days(9)).await.expect("told").expect("a board").stretches(100));
    let of = |shows: &Shows| if let Shows::Loop { weighted, .. } = shows { weighted.clone() } else { Vec::new() };
    let said: Vec<_> = told.iter().map(|stretch| (stretch.since, stretch.until, of(&stretch.shows))).collect();
    assert_eq!(said, [(from, began, vec![]), (began, from + TimeDelta::days(9), vec![id])]);
}

async fn an_explanation_names_campaigns_that_no_manifest_carries(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    let red = asset(app, "red").await;
    let list = playlist(app, None, &[&red]).await;
    let plain = || draft(&list, &[&board]);
    let on = campaign(app, None, plain()).await;
    let draft_only = campaign(app, None, CampaignDraft { approved: false, ..plain() }).await;
    let paused = campaign(app, None, plain()).await;
    let ended = campaign(app, None, plain()).await;
    let evening = StartsDraft::Form { days: vec!["Mon".to_owned()], from: "18:00".to_owned(), until: "19:00".to_owned() }.into();
    let resting = campaign(app, None, CampaignDraft { windows: vec![evening], ..plain() }).await;
    settle(app).await;
    world.clock.pass(Duration::from_secs(1800));
    campaigns::pause(app, &paused).await.expect("paused");
    campaigns::end_now(app, &ended).await.expect("ended");
    settle(app).await;
    world.clock.pass(Duration::from_secs(60));
    let now = app.clock.now();
    let later = campaign(app, None, plain()).await;
    let explained = explain(app, &board, now).await.expect("explained").expect("a board");
    let why = |id| explained.reasons.iter().find(|(of, _)| of == id).map(|(_, because)| because.clone()).expect("it is named");
    let by_rule = |id| if let Because::Rule(reason) = why(id) { reason.why } else { panic!("{:?}", why(id)) };
    assert_eq!(by_rule(&on), Why::On);
    assert_eq!(why(&draft_only), Because::NotApproved);
    assert_eq!(why(&paused), Because::Paused);
    assert_eq!(by_rule(&ended), Why::Over(now - TimeDelta::seconds(60)));
    assert!(matches!(by_rule(&resting), Why::OutsideWindows(Some(_))));
    assert_eq!(why(&later), Because::NotPublished);
    assert_eq!(explained.names.campaigns.len(), 6);
    let then = explain(app, &board, now - TimeDelta::seconds(600)).await.expect("explained").expect("a board");
    let paused_then = then.reasons.iter().find(|(of, _)| *of == paused).expect("it is named");
    assert!(
        matches!(&paused_then.1, Because::Rule(reason) if matches!(reason.why, Why::On | Why::Waiting)),
        "it was not paused yet"
    );
    let never = explain(app, &board, now - TimeDelta::days(30)).await.expect("explained").expect("a board");
    assert!(never.explanation.is_none() && never.reasons.len() == 6);
    assert!(explain(app, &"b-9999".parse().expect("an id"), now).await.expect("asked").is_none());
}

async fn the_figures_of_a_board_equal_counting_its_timeline(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let one = playlist(app, None, &[&red]).await;
    let other = playlist(app, None, &[&red, &blue]).await;
    campaign(app, None, draft(&one, &[&board])).await;
    campaign(app, None, CampaignDraft { weight: "30".to_owned(), ..draft(&other, &[&board]) }).await;
    settle(app).await;
    world.clock.pass(Duration::from_secs(30 * 3600));
    // Days with two manifests, and days before the first.
    playlist(app, Some(&one), &[&blue]).await;
    settle(app).await;
    let from = today(app.clock.now()) - TimeDelta::days(2) + TimeDelta::milliseconds(4321);
    let until = from + TimeDelta::days(5);
    let forecast = board_forecast(app, &board, from, until).await.expect("counted").expect("a board");
    let told = course(app, &board, from, until).await.expect("told").expect("a board").entries(200_000);
    let (mut shown, mut unknown) = (std::collections::BTreeMap::new(), TimeDelta::zero());
    for told in &told {
        match told {
            Told::Known(showing) => {
                let What::Entry(slot) = &showing.what else { panic!("always lit, and never overruled: {showing:?}") };
                *shown.entry(slot.campaign.clone()).or_insert(0) += (showing.until - showing.since).num_milliseconds();
            }
            Told::Unknown(from, until) => unknown += *until - *from,
        }
    }
    assert!(unknown > TimeDelta::hours(1) && shown.len() > 2, "{unknown} {shown:?}");
    assert_eq!(forecast.unknown, unknown);
    let counted = &forecast.counted;
    let nobody = counted.default.shown_ms + counted.safe_item.shown_ms;
    let of = counted.campaigns.iter().map(|(id, airtime)| (Some(id.clone()), airtime.shown_ms));
    assert_eq!(of.chain([(None, nobody)]).collect::<std::collections::BTreeMap<_, _>>(), shown);
    assert_eq!(counted.lit_ms() + unknown.num_milliseconds(), (until - from).num_milliseconds());
    let shares = forecast.shares();
    assert!((shares.iter().map(|share| share.share).sum::<f64>() - 1.0).abs() < 1e-9, "{shares:?}");
    assert!(shares.is_sorted_by(|one, next| one.shown_ms >= next.shown_ms));
    let entries = told.iter().filter(|told| matches!(told, Told::Known(_))).count() as u64;
    let plays: u64 = shares.iter().map(|share| share.plays).sum();
    assert!(plays.abs_diff(entries) <= 4, "{plays} plays, {entries} entries: only those cut at a seam do not start within it");
    assert!(forecast.kept_bytes > 0);
    assert!(board_forecast(app, &"b-9999".parse().expect("an id"), from, until).await.expect("asked").is_none());
}
