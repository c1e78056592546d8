//! What is called off, what goes after a month with its bytes, and what never does.

use std::process::Command;
use std::time::Duration;

use ::playlists::asset::Fit;
use ::playlists::id::{BoardId, CampaignId, Digest, QueueEpoch, Revision};
use ::playlists::wire::reports::ClockQuality;

use super::assets::{self, Asset, NewAsset};
use super::campaigns::{self, CampaignDraft};
use super::publish;
use super::tests::{asset, board, campaign, draft, furnished, manifest, playlist, settle, unit};
use super::upkeep::{self, REST};
use super::{App, tokens};
use crate::jobs;
use crate::store::plays::{self, Batch, Play};
use crate::store::publish_wanted;
use crate::store::renditions::{self, Rendition, State};
use crate::testing::{World, on_both_databases};

on_both_databases![
    what_no_plan_needs_any_more_is_not_made,
    what_is_over_before_it_was_made_is_called_off,
    what_was_called_off_leaves_the_days_past_as_it_was,
    a_clip_that_is_being_made_is_called_off,
    what_nobody_has_needed_for_a_month_goes_with_its_bytes_and_is_made_again_when_it_is_needed,
    a_file_whose_row_went_before_the_server_died_goes_the_next_time,
    what_failed_is_made_again_on_demand_and_reaches_the_board,
];

const MOMENT: Duration = Duration::from_secs(180);
const DAYS: Duration = Duration::from_secs(2 * 24 * 60 * 60);

async fn made(app: &App, asset: &Asset) -> Option<Rendition> {
    renditions::list(&app.db, &asset.id, 9).await.expect("listed").pop()
}

async fn digest(app: &App, asset: &Asset) -> Digest {
    made(app, asset).await.and_then(|made| made.digest()).expect("it is made")
}

async fn tended(app: &App) -> usize {
    upkeep::tend(app).await.expect("tended")
}

async fn what_no_plan_needs_any_more_is_not_made(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    settle(app).await;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let id = campaign(app, None, draft(&playlist(app, None, &[&red]).await, &[&board])).await;
    publish::run_once(app).await.expect("published");
    campaign(app, Some(&id), draft(&playlist(app, None, &[&blue]).await, &[&board])).await;
    publish::run_once(app).await.expect("published");
    assert_eq!(state(app, &red).await, Some(State::Wanted));
    assert_eq!(tended(app).await, 0, "it may be wanted for what is saved just now");
    assert!(!upkeep::has_work(app).await.expect("asked"));
    world.clock.pass(MOMENT);
    assert!(upkeep::has_work(app).await.expect("asked"));
    assert_eq!(tended(app).await, 1);
    assert_eq!(state(app, &red).await, None);
    assert_eq!(state(app, &blue).await, Some(State::Wanted), "a plan needs it");
    // A board that is gone needs nothing; one that comes does.
    let other = super::tests::board(app, "b-0002").await;
    campaign(app, Some(&id), draft(&playlist(app, None, &[&red]).await, &[&other])).await;
    settle(app).await;
    assert!(matches!(state(app, &red).await, Some(State::Ready { .. })), "wanted anew, made anew");
}

async fn state(app: &App, asset: &Asset) -> Option<State> {
    made(app, asset).await.map(|made| made.state)
}

async fn what_is_over_before_it_was_made_is_called_off(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let (one, other) = (board(app, "b-0001").await, board(app, "b-0002").await);
    settle(app).await;
    let [red, blue, green, yellow] = [asset(app, "red"), asset(app, "blue"), asset(app, "green"), asset(app, "yellow")];
    let (red, blue, green, yellow) = (red.await, blue.await, green.await, yellow.await);
    let ends = campaign(app, None, draft(&playlist(app, None, &[&red]).await, &[&one])).await;
    let list = playlist(app, None, &[&blue, &green]).await;
    campaign(app, None, draft(&list, &[&one])).await;
    campaign(app, None, draft(&playlist(app, None, &[&yellow]).await, &[&other])).await;
    publish::run_once(app).await.expect("published");
    world.clock.pass(MOMENT);
    assert_eq!(tended(app).await, 0, "plans need them all");

    assert!(campaigns::end_now(app, &ends).await.expect("ended"));
    playlist(app, Some(&list), &[&blue]).await;
    assert!(tokens::revoke(app, &other).await.expect("revoked"));
    let looked_at = publish::run_once(app).await.expect("published");
    assert_eq!((looked_at.signed, looked_at.postponed), (0, 0));
    jobs::upkeep::run_once(app, false).await.expect("kept in order");
    for (asset, is_called_off) in [(&red, true), (&green, true), (&yellow, true), (&blue, false)] {
        let expected = (!is_called_off).then_some(State::Wanted);
        assert_eq!(state(app, asset).await, expected, "{}", asset.name);
    }
    // Whoever publishes afterwards does not want them again, today or ever.
    campaign(app, None, CampaignDraft { all_boards: true, ..draft(&list, &[]) }).await;
    settle(app).await;
    for (asset, is_made) in [(&red, false), (&green, false), (&yellow, false), (&blue, true)] {
        assert_eq!(state(app, asset).await.is_some(), is_made, "{}", asset.name);
    }
    assert_eq!(manifest(app, &one).await.campaigns.len(), 2, "blue alone plays, by two campaigns");
}

async fn what_was_called_off_leaves_the_days_past_as_it_was(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    settle(app).await;
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let id = campaign(app, None, draft(&playlist(app, None, &[&red]).await, &[&board])).await;
    settle(app).await;
    world.clock.pass(MOMENT);
    campaign(app, Some(&id), draft(&playlist(app, None, &[&blue]).await, &[&board])).await;
    publish::run_once(app).await.expect("published");
    world.clock.pass(MOMENT);
    // Red played on all the time, for blue was not made.
    let ended = app.clock.now();
    assert!(campaigns::end_now(app, &id).await.expect("ended"));
    publish::run_once(app).await.expect("published");
    let played = manifest(app, &board).await.campaigns;
    assert_eq!(played.iter().map(|campaign| campaign.period.until).collect::<Vec<_>>(), [Some(ended)], "one stretch, all red");
    world.clock.pass(MOMENT);
    assert_eq!(tended(app).await, 1, "blue is not made any more");
    let mut tx = app.db.write().await.expect("a transaction");
    publish_wanted::mark(&mut tx, std::slice::from_ref(&board), app.clock.now_ms()).await.expect("marked");
    tx.commit().await.expect("committed");
    assert_eq!(settle(app).await, 0, "nothing has changed");
    assert_eq!((manifest(app, &board).await.campaigns, state(app, &blue).await), (played, None));
}

async fn a_clip_that_is_being_made_is_called_off(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    settle(app).await;
    let path = world.folder().join("long.mp4");
    let source = "testsrc2=s=1280x720:r=25:d=120";
    let encoding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
    let done = Command::new("ffmpeg").args(["-v", "error", "-f", "lavfi", "-i", source]).args(encoding).arg(&path).status();
    assert!(done.expect("ffmpeg is installed: `make setup-test` sees to it").success());
    let bytes = std::fs::read(path).expect("written");
    let new = NewAsset { unit: unit(), name: "long".to_owned(), fit: Fit::Cover, bytes };
    let (clip, red) = (assets::add(app, new).await.expect("a clip"), asset(app, "red").await);
    let id = campaign(app, None, draft(&playlist(app, None, &[&clip]).await, &[&board])).await;
    publish::run_once(app).await.expect("published");
    let key = made(app, &clip).await.expect("wanted").key;
    let give_up = async {
        crate::testing::eventually("it is being made", async || app.live.making.percent(&key).is_some()).await;
        campaign(app, Some(&id), draft(&playlist(app, None, &[&red]).await, &[&board])).await;
        world.clock.pass(MOMENT);
        assert_eq!(tended(app).await, 1);
    };
    let (worked_on, ()) = tokio::join!(jobs::clips::run_once(app), give_up);
    assert_eq!(worked_on.expect("called off"), 1);
    assert!(made(app, &clip).await.is_none() && app.live.making.percent(&key).is_none());
    let unfinished = || std::fs::read_dir(world.folder().join("blobs/unfinished")).expect("a folder").count();
    crate::testing::eventually("nothing of it is left", async || unfinished() == 0).await;
}

/// Shows red, then blue, then green, until no manifest that counts names any but green.
async fn changed_twice(world: &World, board: &BoardId) -> (CampaignId, [Asset; 3]) {
    let app = &world.app;
    let assets = [asset(app, "red").await, asset(app, "blue").await, asset(app, "green").await];
    let mut id = None;
    for asset in &assets {
        let list = playlist(app, None, &[asset]).await;
        id = Some(campaign(app, id.as_ref(), draft(&list, &[board])).await);
        settle(app).await;
        world.clock.pass(DAYS);
    }
    let id = id.expect("three times saved");
    let list = playlist(app, None, &[&assets[2]]).await;
    for weight in ["2", "3"] {
        let mut heavier = draft(&list, &[board]);
        weight.clone_into(&mut heavier.weight);
        campaign(app, Some(&id), heavier).await;
        settle(app).await;
        world.clock.pass(DAYS);
    }
    (id, assets)
}

async fn presented(app: &App, board: &BoardId, item: Digest) {
    let play = Play { item, asset: None, campaign: None, started_ms: 1, shown_ms: 8000, flags: 0, quality: ClockQuality::Ntp };
    let epoch: QueueEpoch = "00000000000000aa".parse().expect("an epoch");
    let batch =
        Batch { board: board.clone(), epoch, first: 0, rev: Revision(1), plays: vec![play.clone(), play], envelope: vec![1] };
    plays::store(&app.db, &batch, 7).await.expect("stored");
}

async fn what_nobody_has_needed_for_a_month_goes_with_its_bytes_and_is_made_again_when_it_is_needed(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    settle(app).await;
    let (id, [red, blue, green]) = changed_twice(&world, &board).await;
    let [red_made, blue_made, green_made] = [digest(app, &red).await, digest(app, &blue).await, digest(app, &green).await];
    let orphan = app.blobs.put(b"of no row".to_vec()).await.expect("written");
    presented(app, &board, blue_made).await;
    assert_eq!(tended(app).await, 0, "it is not a month yet");
    world.clock.pass(REST);
    assert_eq!(tended(app).await, 1, "red alone: blue was presented, green is needed");
    assert!(made(app, &red).await.is_none());
    assert_eq!(upkeep::sweep(app).await.expect("swept"), 2, "red, and what no row names");
    for (gone, is_gone) in [(red_made, true), (orphan, true), (blue_made, false), (green_made, false)] {
        assert_eq!(app.blobs.len(&gone).await.expect("asked").is_none(), is_gone, "{gone}");
    }
    for asset in [&red, &blue, &green] {
        assert!(app.blobs.read(&asset.main().expect("a version").sha256).await.is_ok(), "originals stay");
    }
    let shown = manifest(app, &board).await;
    for item in &shown.items {
        assert!(app.blobs.len(&item.sha256).await.expect("asked").is_some(), "what a manifest names is there");
    }
    assert_eq!((tended(app).await, upkeep::sweep(app).await.expect("swept")), (0, 0), "twice is once");
    campaign(app, Some(&id), draft(&playlist(app, None, &[&red]).await, &[&board])).await;
    settle(app).await;
    assert_eq!(digest(app, &red).await, red_made, "made again, the same");
    assert!(app.blobs.read(&red_made).await.is_ok());
}

async fn a_file_whose_row_went_before_the_server_died_goes_the_next_time(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    settle(app).await;
    let (_, [red, ..]) = changed_twice(&world, &board).await;
    let red_made = digest(app, &red).await;
    world.clock.pass(REST);
    assert_eq!(tended(app).await, 2, "red and blue");
    // Here it dies: the rows are gone, the files lie where they lay.
    assert!(app.blobs.len(&red_made).await.expect("asked").is_some());
    app.blobs.clear_unfinished().expect("a start");
    jobs::upkeep::run_once(app, true).await.expect("kept in order");
    assert!(app.blobs.len(&red_made).await.expect("asked").is_none());
}

async fn what_failed_is_made_again_on_demand_and_reaches_the_board(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    settle(app).await;
    let red = asset(app, "red").await;
    campaign(app, None, draft(&playlist(app, None, &[&red]).await, &[&board])).await;
    publish::run_once(app).await.expect("published");
    let wanted = made(app, &red).await.expect("wanted");
    let failed =
        Rendition { state: State::Failed { error: "the machine was ill".to_owned(), fault: None }, attempt: 1, ..wanted };
    let mut tx = app.db.write().await.expect("a transaction");
    renditions::save(&mut tx, &failed, None).await.expect("saved");
    tx.commit().await.expect("committed");
    settle(app).await;
    let shows_red = async || {
        let made = made(app, &red).await.and_then(|made| made.digest());
        made.is_some_and(|_| true) && manifest(app, &board).await.items.iter().any(|item| Some(item.sha256) == made)
    };
    assert!(!shows_red().await);
    assert_eq!(upkeep::retry(app, &red.id).await.expect("asked"), 1);
    settle(app).await;
    assert!(shows_red().await);
    assert_eq!(upkeep::retry(app, &red.id).await.expect("asked"), 0, "nothing failed");
}
