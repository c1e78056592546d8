//! A running campaign is held back, let go on, ended, copied; a default playlist is changed: the past stays, the loop goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ::playlists::id::{AssetId, BoardId, CampaignId, PlaylistId};
use ::playlists::schedule::{Schedule, What};
use chrono::{DateTime, TimeDelta, Utc};

use super::boards::SettingsDraft;
use super::campaigns::{self, CampaignDraft, Step, as_copy};
use super::course::{Told, course};
use super::forecast::forecast;
use super::preview::suppose;
use super::tests::{asset, board, campaign, draft, furnished, manifest, playlist, settle, unit};
use super::{App, boards};
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_paused_campaign_is_off_until_it_is_resumed_and_the_past_stays,
    the_others_keep_their_place_and_turn_through_a_pause,
    a_step_supposed_shows_what_then_is_published,
    what_is_paused_over_or_gone_takes_no_further_step,
    a_copy_is_a_draft_that_begins_now,
    a_forecast_is_what_counting_the_timeline_gives_once_it_is_saved,
    a_change_supposed_a_moment_ago_can_still_be_looked_at,
    a_forecast_says_what_is_displaced_and_what_is_wrong_in_the_form,
    a_default_playlist_changed_during_the_day_leaves_the_past_as_it_was,
    a_default_given_and_taken_during_the_day_leaves_the_past_as_it_was,
];

/// Since when, of which campaign, which asset.
type Slot = (DateTime<Utc>, Option<CampaignId>, Option<AssetId>);

fn slots(schedule: &Schedule, now: DateTime<Utc>) -> Vec<Slot> {
    let day = schedule.day(schedule.day_of(now));
    let slot = |showing: ::playlists::schedule::Showing| match showing.what {
        What::Dark | What::Notice { .. } => (showing.since, None, None),
        What::Entry(slot) => (showing.since, slot.campaign, slot.asset),
    };
    day.slots().map(slot).collect()
}

async fn shown(app: &App, board: &BoardId) -> Vec<Slot> {
    slots(&Schedule::new(&manifest(app, board).await).expect("it holds"), app.clock.now())
}

fn before(slots: &[Slot], now: DateTime<Utc>) -> Vec<Slot> {
    slots.iter().filter(|(since, ..)| *since < now).cloned().collect()
}

fn after(slots: &[Slot], now: DateTime<Utc>) -> Vec<Slot> {
    slots.iter().filter(|(since, ..)| *since >= now).cloned().collect()
}

/// A board with three campaigns, of one, two and three pictures of eight seconds, after an hour and three seconds.
async fn running(world: World) -> (World, BoardId, [CampaignId; 3]) {
    let world = furnished(world).await;
    let board = board(&world.app, "b-0001").await;
    let mut ids = Vec::new();
    for colours in [&["red"][..], &["blue", "navy"], &["green", "lime", "olive"]] {
        let mut assets = Vec::new();
        for colour in colours {
            assets.push(asset(&world.app, colour).await);
        }
        let list = playlist(&world.app, None, &assets.iter().collect::<Vec<_>>()).await;
        ids.push(campaign(&world.app, None, draft(&list, &[&board])).await);
    }
    settle(&world.app).await;
    world.clock.pass(Duration::from_secs(3603));
    (world, board, ids.try_into().expect("three"))
}

async fn a_paused_campaign_is_off_until_it_is_resumed_and_the_past_stays(world: World) {
    let (world, board, [id, ..]) = running(world).await;
    let was = shown(&world.app, &board).await;
    let paused_at = world.app.clock.now();
    assert!(campaigns::pause(&world.app, &id).await.expect("paused"));
    settle(&world.app).await;
    let paused = shown(&world.app, &board).await;
    assert_eq!(before(&paused, paused_at), before(&was, paused_at), "what was shown stays");
    assert!(after(&was, paused_at).iter().any(|(_, of, _)| of.as_ref() == Some(&id)));
    assert!(after(&paused, paused_at).iter().all(|(_, of, _)| of.as_ref() != Some(&id)), "it is off");
    let stored = campaigns::get(&world.app, &id).await.expect("loaded").expect("there");
    assert!(stored.paused && stored.period.until.is_none(), "its period stays");

    let held = CampaignDraft { weight: "9".to_owned(), ..draft(stored.plays.playlist().expect("a playlist"), &[&board]) };
    campaign(&world.app, Some(&id), held).await;
    assert_eq!(settle(&world.app).await, 0, "saved while it is held back, it stays off");

    world.clock.pass(Duration::from_secs(600));
    let resumed_at = world.app.clock.now();
    assert!(campaigns::resume(&world.app, &id).await.expect("resumed").expect("it fits"));
    settle(&world.app).await;
    let resumed = shown(&world.app, &board).await;
    assert_eq!(before(&resumed, resumed_at), before(&paused, resumed_at), "what was shown stays");
    assert!(after(&resumed, resumed_at).iter().any(|(_, of, _)| of.as_ref() == Some(&id)), "it is on again");
    let weights = manifest(&world.app, &board).await.campaigns;
    assert_eq!(weights.iter().filter(|version| version.id == id).count(), 2, "with what was saved meanwhile");
}

/// The assets of one campaign as they come.
fn pictures(slots: &[Slot], id: &CampaignId) -> Vec<Option<AssetId>> {
    slots.iter().filter(|(_, of, _)| of.as_ref() == Some(id)).map(|(.., asset)| asset.clone()).collect()
}

async fn the_others_keep_their_place_and_turn_through_a_pause(world: World) {
    let (world, board, [id, two, three]) = running(world).await;
    let was = shown(&world.app, &board).await;
    let now = world.app.clock.now();
    campaigns::pause(&world.app, &id).await.expect("paused");
    settle(&world.app).await;
    let paused = shown(&world.app, &board).await;
    for other in [&two, &three] {
        let (was, paused) = (pictures(&was, other), pictures(&paused, other));
        let common = was.len().min(paused.len());
        assert!(common > 2000, "{common}");
        assert_eq!(was.get(..common), paused.get(..common), "no picture is left out, none comes twice");
    }
    let cut = paused.iter().position(|(since, ..)| *since == now).expect("a new slot begins at the pause");
    let (last, next) = (&paused[cut - 1], &paused[cut]);
    assert!(now - last.0 < TimeDelta::seconds(8), "the one before is cut in the list");
    assert_ne!(last.1, next.1, "nobody comes twice in a row");
}

async fn a_step_supposed_shows_what_then_is_published(world: World) {
    let (world, board, [id, ..]) = running(world).await;
    for step in [Step::Pause, Step::Resume, Step::End] {
        let now = world.app.clock.now();
        let was = shown(&world.app, &board).await;
        let supposed = campaigns::supposed(&world.app, &id, step).await.expect("asked").expect("there is something to do");
        let groups = suppose(&world.app, &supposed).await.expect("supposed").groups;
        assert_eq!(groups.iter().map(|group| group.boards.clone()).collect::<Vec<_>>(), [[board.clone()]]);
        assert_eq!(slots(&groups[0].before, now), was);
        let supposed = slots(&groups[0].after, now);
        assert_ne!(supposed, was);
        let done = match step {
            Step::Pause => campaigns::pause(&world.app, &id).await,
            Step::Resume => campaigns::resume(&world.app, &id).await.map(|resumed| resumed.expect("it fits")),
            Step::End => campaigns::end_now(&world.app, &id).await,
        };
        assert!(done.expect("done"));
        settle(&world.app).await;
        assert_eq!(shown(&world.app, &board).await, supposed, "{step:?}");
        world.clock.pass(Duration::from_secs(61));
    }
}

async fn a_forecast_is_what_counting_the_timeline_gives_once_it_is_saved(world: World) {
    let (world, board, [id, ..]) = running(world).await;
    let stored = campaigns::get(&world.app, &id).await.expect("loaded").expect("there");
    let changed = CampaignDraft { weight: "7".to_owned(), ..draft(stored.plays.playlist().expect("a playlist"), &[&board]) };
    let outlook = forecast(&world.app, &unit(), Some(&id), &changed).await.expect("counted").expect("valid");
    assert_eq!(outlook.pictures.len(), 1);
    assert!(outlook.pictures[0].bytes > 0 && outlook.pictures[0].unmade == 0, "{:?}", outlook.pictures);
    let [counted] = &outlook.counted[..] else { panic!("{:?}", outlook.counted) };
    assert_eq!(counted.boards, std::slice::from_ref(&board));
    assert!(counted.after.campaigns[&id].shown_ms > counted.before.campaigns[&id].shown_ms);
    campaign(&world.app, Some(&id), changed).await;
    settle(&world.app).await;
    let course = course(&world.app, &board, outlook.from, outlook.until).await.expect("told").expect("a board");
    let mut found: BTreeMap<CampaignId, (u64, i64)> = BTreeMap::new();
    for told in course.entries(1_000_000) {
        let Told::Known(showing) = told else { panic!("{told:?}") };
        let What::Entry(slot) = showing.what else { continue };
        let of = found.entry(slot.campaign.expect("a campaign's turn")).or_default();
        of.0 += 1;
        of.1 += (showing.until - showing.since).num_milliseconds();
    }
    let expected: BTreeMap<_, _> =
        counted.after.campaigns.iter().map(|(id, air)| (id.clone(), (air.plays, air.shown_ms))).collect();
    assert_eq!(found, expected);
}

async fn a_change_supposed_a_moment_ago_can_still_be_looked_at(world: World) {
    let (world, board, [id, ..]) = running(world).await;
    let stored = campaigns::get(&world.app, &id).await.expect("loaded").expect("there");
    let changed = CampaignDraft { weight: "7".to_owned(), ..draft(stored.plays.playlist().expect("a playlist"), &[&board]) };
    let supposed = campaigns::supposed_of(&world.app, &unit(), Some(&id), &changed).await.expect("asked").expect("valid");
    world.clock.pass(Duration::from_millis(7));
    assert_eq!(suppose(&world.app, &supposed).await.expect("its versions do not overlap").groups.len(), 1);
}

async fn a_forecast_says_what_is_displaced_and_what_is_wrong_in_the_form(world: World) {
    let (world, board, [id, two, three]) = running(world).await;
    let stored = campaigns::get(&world.app, &id).await.expect("loaded").expect("there");
    let first = CampaignDraft { level: "priority".to_owned(), ..draft(stored.plays.playlist().expect("a playlist"), &[&board]) };
    let outlook = forecast(&world.app, &unit(), None, &first).await.expect("counted").expect("valid");
    let displaced = &outlook.counted[0].after.displaced;
    let held: BTreeSet<_> = displaced.iter().map(|displaced| displaced.campaign.clone()).collect();
    assert_eq!(held, BTreeSet::from([id, two, three]));
    assert_eq!(displaced.len(), 3);
    assert!(outlook.counted[0].jumps, "it comes on at once");
    assert!(displaced.iter().all(|d| d.by == [outlook.campaign.clone()] && (d.since, d.until) == (outlook.from, outlook.until)));
    assert_eq!(outlook.counted[0].after.campaigns.keys().collect::<Vec<_>>(), [&outlook.campaign]);
    assert!(campaigns::get(&world.app, &outlook.campaign).await.expect("asked").is_none(), "nothing is saved");
    let wrong = CampaignDraft { weight: "0".to_owned(), ..first };
    let errors = forecast(&world.app, &unit(), None, &wrong).await.expect("asked").expect_err("refused");
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["error-weight-range"]);
}

async fn what_is_paused_over_or_gone_takes_no_further_step(world: World) {
    let (world, _, [id, ..]) = running(world).await;
    let app = &world.app;
    assert!(!campaigns::resume(app, &id).await.expect("asked").expect("it fits"), "it runs");
    assert_eq!(campaigns::supposed(app, &id, Step::Resume).await.expect("asked"), None);
    assert!(campaigns::pause(app, &id).await.expect("asked"));
    assert!(!campaigns::pause(app, &id).await.expect("asked"), "once");
    assert_eq!(campaigns::supposed(app, &id, Step::Pause).await.expect("asked"), None);
    assert!(campaigns::end_now(app, &id).await.expect("asked"), "what is paused can be ended");
    assert!(!campaigns::get(app, &id).await.expect("loaded").expect("there").paused);
    let gone: CampaignId = "no-such".parse().expect("an id");
    for id in [&id, &gone] {
        assert!(
            !campaigns::pause(app, id).await.expect("asked")
                && !campaigns::resume(app, id).await.expect("asked").expect("it fits")
        );
        assert_eq!(campaigns::supposed(app, id, Step::End).await.expect("asked"), None);
    }
}

async fn a_copy_is_a_draft_that_begins_now(world: World) {
    let (world, board, [id, ..]) = running(world).await;
    campaigns::end_now(&world.app, &id).await.expect("ended");
    let original = campaigns::get(&world.app, &id).await.expect("loaded").expect("there");
    let mut copy = CampaignDraft {
        from: "then".to_owned(),
        until: "then".to_owned(),
        ..draft(original.plays.playlist().expect("a playlist"), &[&board])
    };
    as_copy(&mut copy, &original, "Bản sao".to_owned(), world.app.clock.now());
    assert_eq!(
        copy,
        CampaignDraft {
            name: "Bản sao".to_owned(),
            approved: false,
            ..draft(original.plays.playlist().expect("a playlist"), &[&board])
        }
    );
    assert_ne!(campaign(&world.app, None, copy).await, id);
}

async fn default_is(app: &App, board: &BoardId, list: Option<&PlaylistId>) {
    let default_playlist = list.map(ToString::to_string).unwrap_or_default();
    let settings =
        SettingsDraft { name: "B".to_owned(), brightness: "100".to_owned(), default_playlist, ..SettingsDraft::default() };
    boards::save(app, board, &settings).await.expect("saved").expect("valid");
    settle(app).await;
}

async fn a_default_playlist_changed_during_the_day_leaves_the_past_as_it_was(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    let mut assets = Vec::new();
    for colour in ["red", "blue", "green", "lime", "navy"] {
        assets.push(asset(app, colour).await);
    }
    let [red, blue, green, lime, navy] = &assets[..] else { panic!("five") };
    let list = playlist(app, None, &[red, blue, green]).await;
    default_is(app, &board, Some(&list)).await;
    // The next day, since until noon of this one the default was the safe item.
    world.clock.pass(Duration::from_secs(26 * 3600 + 3));
    publish_anew(app, &board).await;
    let mut was = shown(app, &board).await;
    assert_eq!(manifest(app, &board).await.default_playlist.as_str(), format!("{list}-v1"));
    for entries in [&[red, lime][..], &[navy, red, lime, blue], &[green]] {
        let now = app.clock.now();
        playlist(app, Some(&list), entries).await;
        settle(app).await;
        let is = shown(app, &board).await;
        assert_eq!(before(&is, now), before(&was, now), "what was shown stays");
        let ids: Vec<_> = after(&is, now).into_iter().filter_map(|(.., asset)| asset).collect();
        assert!(ids.len() > 1000 && ids.iter().all(|id| entries.iter().any(|asset| asset.id == *id)), "the rest is the new one");
        was = is;
        // Not within two seconds of an entry's start: such an entry would not begin in a segment that ends here.
        world.clock.pass(Duration::from_secs(3603));
    }
    world.clock.pass(Duration::from_secs(48 * 3600));
    let wrapped = shown(app, &board).await;
    publish_anew(app, &board).await;
    assert_eq!(manifest(app, &board).await.default_playlist.as_str(), format!("{list}-v4"), "the day is over");
    assert_eq!(shown(app, &board).await, wrapped, "a manifest of that day plays on alike");
}

async fn publish_anew(app: &App, board: &BoardId) {
    let mut tx = app.db.write().await.expect("a transaction");
    crate::store::publish_wanted::mark(&mut tx, std::slice::from_ref(board), app.clock.now_ms()).await.expect("marked");
    tx.commit().await.expect("committed");
    settle(app).await;
}

async fn a_default_given_and_taken_during_the_day_leaves_the_past_as_it_was(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let (one, other) = (playlist(app, None, &[&red]).await, playlist(app, None, &[&blue, &red]).await);
    settle(app).await;
    let mut was = shown(app, &board).await;
    for (list, pictures) in [(Some(&one), &[&red][..]), (None, &[]), (Some(&other), &[&blue, &red]), (Some(&one), &[&red])] {
        world.clock.pass(Duration::from_secs(1803));
        let now = app.clock.now();
        default_is(app, &board, list).await;
        let is = shown(app, &board).await;
        assert_eq!(before(&is, now), before(&was, now), "what was shown stays");
        let of = |asset: &AssetId| pictures.iter().any(|picture| picture.id == *asset) || pictures.is_empty();
        assert!(after(&is, now).iter().filter_map(|(.., asset)| asset.as_ref()).all(of), "the rest is the new one");
        was = is;
    }
}
