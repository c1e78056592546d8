//! The promise that running text which is typed into the form crosses the board over what it shows, pixel by pixel, and that each
//! crossing is proven.

use bangtin_tests::aftermath::Player;
use bangtin_tests::boards::Board;
use bangtin_tests::eventually::{SOON, STARTUP, eventually};
use bangtin_tests::ledger;
use bangtin_tests::pictures::{read, with_strip};
use bangtin_tests::world::{Place, World, world};
use image::RgbImage;
use playlists::campaign::Ticker;
use playlists::id::CampaignId;
use playlists::wire::reports::OVER_LOOP;
use serde_json::Value;

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

/// Waits until the player has left a frame with the strip well within it: what is under it, and every pixel of the strip, where the
/// player says that it is.
async fn crosses(world: &World, board: &Board, under: &RgbImage, ticker: &Ticker) {
    let strip = image::load_from_memory(&world.app().blobs.read(&ticker.item).await.unwrap()).unwrap().to_rgba8();
    assert_eq!((strip.width(), strip.height()), (ticker.width, 21), "a strip is as high as its band");
    let (about, png) = (board.frames.join("latest.json"), board.frames.join("latest.png"));
    let told = || -> Option<Value> { serde_json::from_slice(&std::fs::read(&about).ok()?).ok() };
    let (left, frame) = eventually("the strip is within the frame", SOON, async || {
        let (before, frame, after) = (told(), std::fs::read(&png), told());
        let over = before.as_ref().map(|before| &before["over"]).ok_or("nothing is told")?;
        let left = over["left"].as_i64().ok_or("nothing runs")?;
        assert_eq!((&over["item"], &over["rows"]), (&ticker.item.to_string().into(), &21.into()));
        // The picture is written first: between two like descriptions lies their own.
        match frame {
            Ok(frame) if before == after && (0..i64::from(under.width() / 2)).contains(&left) => Ok((left, frame)),
            _ => Err("elsewhere"),
        }
    })
    .await;
    let (seen, expected) = (read(&frame), with_strip(under, &strip, left));
    assert!(seen == expected, "the strip is not in column {left}, or not over the picture that is on");
    let inked = seen.pixels().zip(under.pixels()).filter(|(seen, under)| seen != under).count();
    assert!(inked > 50, "{inked} pixels of text");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_text_goes_from_the_form_over_the_loop_and_each_crossing_is_proven() {
    world(Place::Apart, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player_apart(&board);
        let picture = world.upload_speckled(1).await;
        world.show(4, &[&picture], &[&board]).await;
        let under = world.rendition(&board, &picture).await;
        world.leaves_frame(&board, &under).await;

        let desk = world.desk().await;
        let texts = [("name", "Chào mừng"), ("text-vi", "Chào mừng"), ("ink", "#ffcc00"), ("band", ""), ("pixels_a_frame", "1")];
        let saved = desk.send("/tickers", &texts);
        let text = saved.location.strip_prefix("/assets/").and_then(|rest| rest.split('?').next()).map(str::to_owned);
        let text = text.filter(|_| saved.status == 303).unwrap_or_else(|| panic!("{saved:?}"));
        let form = [
            ("name", "Chào mừng"),
            ("shown", "ticker"),
            ("ticker", text.as_str()),
            ("level", "normal"),
            ("share", "weight"),
            ("weight", "1"),
            ("from", ""),
            ("until", ""),
            ("aim", "some"),
            ("board", board.id.as_str()),
            ("approved", "yes"),
            ("do", "save"),
        ];
        let saved = desk.send("/campaigns", &form);
        let campaign = saved.location.strip_prefix("/campaigns/").and_then(|rest| rest.split('?').next());
        let campaign: CampaignId = campaign.unwrap_or_else(|| panic!("{saved:?}")).parse().unwrap();
        let ticker = named(world, &board, &campaign).await;
        assert_eq!(ticker.speed, 50, "a pixel in each frame");
        crosses(world, &board, &under.1, &ticker).await;

        let app = world.app();
        let (item, over) = (ticker.item.to_string(), i64::from(OVER_LOOP));
        let crossings = eventually("two crossings are stored", SOON, async || {
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
        assert!(plays.iter().any(|play| play.item == under.0.to_string() && play.flags & over == 0), "the loop goes on under it");
        world.all_is_well(&board, Player::Ran).await;
    })
    .await;
}
