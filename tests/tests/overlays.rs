//! The promise that what an operator lays over a board's loop lies over every picture, pixel by pixel, and is gone when it is taken away.

use bangtin::ports::{Clock as _, SystemClock};
use bangtin_tests::boards::Board;
use bangtin_tests::desk::Desk;
use bangtin_tests::eventually::{SOON, STARTUP, eventually};
use bangtin_tests::pictures::{read, with_picture};
use bangtin_tests::world::{Place, World, world};
use chrono::TimeDelta;
use image::{Rgba, RgbaImage};
use playlists::id::{AssetId, Digest};
use playlists::overlay::{self, Corner, Overlay, OverlaySize};
use serde_json::{Value, json};

/// A logo of as many pixels as its place has, so that it is not scaled: opaque, half and not at all.
fn logo() -> Vec<u8> {
    let picture = RgbaImage::from_fn(24, 12, |x, y| Rgba([250, 200, (x * 10) as u8, [255, 128, 0][(y / 4) as usize]]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("memory takes what is written");
    bytes.into_inner()
}

/// Saves the board's settings by their form, with a clock and a logo, or without them.
fn lay(desk: &Desk, board: &Board, logo: Option<&AssetId>) {
    let picture = logo.map(|logo| format!("picture:{logo}")).unwrap_or_default();
    let mut form = vec![("name", "Bảng tin"), ("brightness", "100"), ("limited", "no"), ("do", "save")];
    if logo.is_some() {
        form.extend([("overlay-top-right", "time"), ("overlay-size-top-right", "30")]);
        form.extend([("overlay-bottom-left", picture.as_str()), ("overlay-size-bottom-left", "25")]);
    }
    let saved = desk.send(&format!("/boards/{}/settings", board.id), &form);
    assert_eq!(saved.status, 303, "{saved:?}");
}

/// What lies over the board's loop, once its manifest says so.
async fn named(world: &World, board: &Board, how_many: usize) -> Vec<Overlay> {
    eventually("the manifest names what lies over the loop", STARTUP, async || {
        let overlays = world.manifest(board).await.overlays;
        if overlays.len() == how_many { Ok(overlays) } else { Err(format!("{overlays:?}")) }
    })
    .await
}

/// The newest frame, and what is told of it, once that says that so many overlays lie over an item.
async fn seen(board: &Board, how_many: usize) -> (image::RgbImage, Value) {
    let (frame, told) = eventually(&format!("{how_many} overlays lie over the loop of {}", board.id), SOON, async || {
        let (frame, told) = board.left_frame().ok_or("no frame, or it changes")?;
        let lies = told["overlays"].as_array().map_or(0, Vec::len);
        if lies == how_many && told["item"].is_string() { Ok((frame, told)) } else { Err(told.to_string()) }
    })
    .await;
    (read(&frame), told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_and_a_logo_go_from_the_form_over_every_picture_of_the_loop() {
    world(Place::Apart, async |world| {
        let board = world.add_board("b-05527", "96x48").await;
        world.start_player_with_frames(&board).await;
        let assets = [world.upload_speckled(1).await, world.upload_speckled(2).await];
        world.show(1, &[&assets[0], &assets[1]], &[&board]).await;
        let pictures = [world.rendition(&board, &assets[0]).await, world.rendition(&board, &assets[1]).await];
        world.leaves_frame(&board, &pictures[0]).await;

        let file = logo();
        let asset = world.upload("Logo", file.clone()).await;
        let desk = world.desk().await;
        lay(&desk, &board, Some(&asset));
        let overlays = named(world, &board, 2).await;
        let digest = *overlays.iter().find_map(Overlay::picture).expect("a picture");
        let made = image::load_from_memory(&world.app().blobs.read(&digest).await.unwrap()).unwrap().to_rgba8();
        assert!(made == image::load_from_memory(&file).unwrap().to_rgba8(), "every pixel of the logo");

        let ground = |item: &Value| &pictures.iter().find(|(known, _)| item == &json!(known.to_string())).expect("known").1;
        for _ in 0..2 {
            let (frame, told) = seen(&board, 2).await;
            says(&told, digest);
            let margin = overlay::margin(board.geometry);
            let top = i64::from(board.geometry.height() - margin - made.height());
            let expected = with_picture(ground(&told["item"]), &made, (i64::from(margin), top));
            let (columns, rows) = OverlaySize::new(30).unwrap().room(board.geometry);
            let clock = |x: u32, y: u32| x + margin + columns >= 96 && x + margin < 96 && (margin..margin + rows).contains(&y);
            let mut changed = 0;
            for (x, y, pixel) in frame.enumerate_pixels() {
                let is_as_below = pixel == expected.get_pixel(x, y);
                assert!(is_as_below || clock(x, y), "pixel {x},{y} is not the logo over the picture");
                changed += u32::from(!is_as_below);
            }
            assert!(changed > 100, "{changed} pixels of a clock");
            // The next picture of the loop bears them too.
            let last = told["item"].clone();
            eventually("the other picture is on", SOON, async || {
                let (_, told) = seen(&board, 2).await;
                if told["item"] == last { Err("still the same") } else { Ok(()) }
            })
            .await;
        }

        lay(&desk, &board, None);
        named(world, &board, 0).await;
        seen(&board, 0).await;
        world.leaves_frame(&board, &pictures[1]).await;
    })
    .await;
}

/// Whether what is told of a frame names the logo in its corner, and the time of day at the board.
fn says(told: &Value, logo: Digest) {
    let at = |corner: Corner| {
        let mut overlays = told["overlays"].as_array().into_iter().flatten();
        overlays.find(|overlay| overlay["corner"] == json!(corner.as_str())).cloned().unwrap_or_default()
    };
    assert_eq!(at(Corner::BottomLeft)["picture"], json!(logo.to_string()), "{told}");
    let clock = at(Corner::TopRight)["clock"].as_str().unwrap_or_default().to_owned();
    let minute = |ago: i64| {
        let then = SystemClock.now() - TimeDelta::seconds(ago);
        then.with_timezone(&chrono_tz::Asia::Ho_Chi_Minh).format("%H:%M").to_string()
    };
    assert!([minute(0), minute(60)].contains(&clock), "{clock} is not the time: {told}");
}
