//! The promise that running text which is typed into the form crosses the board over what it shows, pixel by pixel, and that each
//! crossing is proven.

use bangtin_tests::aftermath::Player;
use bangtin_tests::boards::Board;
use bangtin_tests::eventually::{SOON, STARTUP, eventually};
use bangtin_tests::fleet::end_fleet;
use bangtin_tests::ledger;
use bangtin_tests::pictures::{read, with_strip};
use bangtin_tests::world::{Place, World, world};
use image::RgbImage;
use playlists::campaign::Ticker;
use playlists::id::{CampaignId, Digest};
use playlists::wire::reports::OVER_LOOP;

/// A play may be told so much longer than the crossing takes: a busy machine is late for the last frame.
const LATE_MS: i64 = 1000;

/// The campaign's ticker, once the board's manifest names it.
async fn named(world: &World, board: &Board, campaign: &CampaignId) -> Ticker {
    world.desired_is_settled(board).await;
    eventually("the manifest names the strip", STARTUP, async || {
        let campaigns = world.manifest(board).await.campaigns;
        campaigns.iter().find(|one| one.id == *campaign).and_then(|one| one.plays.ticker().copied()).ok_or("not yet")
    })
    .await
}

/// Waits until the player has left a frame with the strip well within it: the picture that is on, and over it every pixel of the strip
/// where the player says that it is.
async fn crosses(world: &World, board: &Board, pictures: &[(Digest, RgbImage)], ticker: &Ticker) {
    let strip = image::load_from_memory(&world.app().blobs.read(&ticker.item).await.unwrap()).unwrap().to_rgba8();
    assert_eq!((strip.width(), strip.height()), (ticker.width, 21), "a strip is as high as its band");
    let within = 0..i64::from(board.geometry.width() / 2);
    let (left, under, frame) = eventually("the strip is within the frame", SOON, async || {
        let (frame, told) = board.left_frame().ok_or("no frame, or it changes")?;
        let (over, item) = (&told["over"], told["item"].as_str().unwrap_or_default());
        let left = over["left"].as_i64().filter(|left| within.contains(left)).ok_or("it is elsewhere")?;
        assert_eq!((&over["item"], &over["rows"]), (&ticker.item.to_string().into(), &21.into()));
        let under = pictures.iter().find(|(known, _)| known.to_string() == item).ok_or("another picture is on")?;
        Ok::<_, &str>((left, &under.1, frame))
    })
    .await;
    let (seen, expected) = (read(&frame), with_strip(under, &strip, left));
    assert!(seen == expected, "the strip is not in column {left}, or not over the picture that is on");
    let inked = seen.pixels().zip(under.pixels()).filter(|(seen, under)| seen != under).count();
    assert!(inked > 50, "{inked} pixels of text");
}

/// Types a running text and lets a campaign run it on these boards, by the forms of the pages.
async fn run(world: &World, boards: &[&Board]) -> CampaignId {
    let desk = world.desk().await;
    let texts = [("name", "Chào mừng"), ("text-vi", "Chào mừng"), ("ink", "#ffcc00"), ("band", ""), ("pixels_a_frame", "1")];
    let saved = desk.send("/tickers", &texts);
    let text = saved.location.strip_prefix("/assets/").and_then(|rest| rest.split('?').next());
    let text = text.filter(|_| saved.status == 303).unwrap_or_else(|| panic!("{saved:?}"));
    let mut form = vec![
        ("name", "Chào mừng"),
        ("shown", "ticker"),
        ("ticker", text),
        ("level", "normal"),
        ("share", "weight"),
        ("weight", "1"),
        ("from", ""),
        ("until", ""),
        ("aim", "some"),
        ("approved", "yes"),
        ("do", "save"),
    ];
    form.extend(boards.iter().map(|board| ("board", board.id.as_str())));
    let saved = desk.send("/campaigns", &form);
    let campaign = saved.location.strip_prefix("/campaigns/").and_then(|rest| rest.split('?').next());
    campaign.filter(|_| saved.status == 303).unwrap_or_else(|| panic!("{saved:?}")).parse().unwrap()
}

/// Waits until two crossings of the board are stored, and looks at them: each is the campaign's, and not longer than a crossing is.
async fn proves(world: &World, board: &Board, (campaign, ticker): (&CampaignId, &Ticker)) {
    let (app, item, over) = (world.app(), ticker.item.to_string(), i64::from(OVER_LOOP));
    let crossings = eventually(&format!("two crossings of {} are stored", board.id), SOON, async || {
        let plays = ledger::plays(&app, &board.id).await;
        let crossings: Vec<_> = plays.into_iter().filter(|play| play.flags & over != 0).collect();
        if crossings.len() >= 2 { Ok(crossings) } else { Err(format!("{crossings:?}")) }
    })
    .await;
    let longest = i64::try_from(ticker.crossing_ms(board.geometry.width())).unwrap() + LATE_MS;
    for play in &crossings {
        assert_eq!((&play.item, play.campaign_id.as_deref()), (&item, Some(campaign.as_str())), "{play:?}");
        assert!(play.shown_ms <= longest, "{play:?} took longer than {longest} ms");
    }
    let plays = ledger::plays(&app, &board.id).await;
    assert!(plays.iter().any(|play| play.item != item && play.flags & over == 0), "the loop goes on under it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_text_goes_from_the_form_over_the_loop_and_each_crossing_is_proven() {
    world(Place::Apart, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player_with_frames(&board).await;
        let assets = [world.upload_speckled(1).await, world.upload_speckled(2).await];
        world.show(1, &[&assets[0], &assets[1]], &[&board]).await;
        let pictures = [world.rendition(&board, &assets[0]).await, world.rendition(&board, &assets[1]).await];
        world.leaves_frame(&board, &pictures[0]).await;

        let campaign = run(world, &[&board]).await;
        let ticker = named(world, &board, &campaign).await;
        assert_eq!(ticker.speed, 50, "a pixel in each frame");
        crosses(world, &board, &pictures, &ticker).await;

        proves(world, &board, (&campaign, &ticker)).await;
        world.all_is_well(&board, Player::Ran).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn virtual_boards_prove_the_crossings_that_they_would_have_shown() {
    world(Place::Within, async |world| {
        let boards = world.add_boards(2, "96x48").await;
        let mut fleet = world.start_fleet(&boards);
        let picture = world.upload_speckled(1).await;
        world.show(4, &[&picture], &[&boards[0], &boards[1]]).await;
        let campaign = run(world, &[&boards[0], &boards[1]]).await;
        for board in &boards {
            let ticker = named(world, board, &campaign).await;
            proves(world, board, (&campaign, &ticker)).await;
            world.desired_is_reported(board).await;
        }
        end_fleet(&mut fleet).await;
    })
    .await;
}
