//! The promise that SQLite and PostgreSQL are one product: the same story on each, from the upload to what a board accepts.

use bangtin::app;
use bangtin_tests::house::{ENGINES, House, everywhere};
use bangtin_tests::pictures::{png, read, speckled};
use chrono::{DateTime, TimeDelta, Utc};
use playlists::id::Version;
use playlists::schedule::{What, resolve};
use playlists::trust::accept::{Held, Refusal, Standing, accept};
use playlists::trust::key::SecretKey;

fn monday_noon() -> DateTime<Utc> {
    "2026-11-23T05:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn an_uploaded_picture_reaches_the_manifest_pixel_by_pixel() {
    for engine in ENGINES {
        let house = House::new(engine, monday_noon()).await;
        let board = house.board("b-05527", "64x48").await;
        let picture = speckled(64, 48, 1);
        let asset = house.upload("Ảnh", png(&picture)).await;
        let playlist = house.playlist(&[&asset]).await;
        let campaign = house.campaign(&playlist).await;
        house.settle().await;
        let manifest = house.accepted(&board, None).await.manifest;
        let showing = resolve(&manifest, monday_noon() + TimeDelta::seconds(5)).unwrap();
        let What::Entry(slot) = showing.what else { panic!("{engine:?}: dark") };
        assert_eq!((slot.campaign, slot.asset), (Some(campaign), Some(asset)), "{engine:?}");
        let bytes = house.app.blobs.read(&slot.item).await.unwrap();
        assert!(read(&bytes) == picture, "{engine:?}: the rendition differs from the upload");
    }
}

#[tokio::test]
async fn a_changed_campaign_makes_a_newer_manifest_and_an_unchanged_one_makes_none() {
    for engine in ENGINES {
        let house = House::new(engine, monday_noon()).await;
        let board = house.board("b-05527", "64x48").await;
        let asset = house.upload("Ảnh", png(&speckled(64, 48, 1))).await;
        let playlist = house.playlist(&[&asset]).await;
        let campaign = house.campaign(&playlist).await;
        house.settle().await;
        let first = house.accepted(&board, None).await;

        house.clock.advance(TimeDelta::minutes(1));
        let saved = app::campaigns::save(&house.app, &house.unit, Some(&campaign), everywhere(&playlist)).await.unwrap();
        assert_eq!(saved, Ok(campaign.clone()), "{engine:?}");
        house.settle().await;
        let held = Held { key_epoch: first.manifest.key_epoch, rev: first.manifest.rev, sha256: first.sha256 };
        let same = playlists::id::Digest::of(&house.envelope(&board.board).await);
        assert_eq!(same, first.sha256, "{engine:?}: saved unchanged, published anew");

        let mut draft = everywhere(&playlist);
        draft.weight = "7".to_owned();
        app::campaigns::save(&house.app, &house.unit, Some(&campaign), draft).await.unwrap().unwrap();
        house.settle().await;
        let second = house.accepted(&board, Some(held)).await;
        assert!(second.manifest.rev > first.manifest.rev, "{engine:?}");
        let now = house.app.clock.now();
        let before = resolve(&first.manifest, now - TimeDelta::seconds(30)).unwrap();
        let told = resolve(&second.manifest, now - TimeDelta::seconds(30)).unwrap();
        assert_eq!(before, told, "{engine:?}: the day's past changed");
    }
}

#[tokio::test]
async fn a_board_refuses_what_is_not_its_own() {
    for engine in ENGINES {
        let house = House::new(engine, monday_noon()).await;
        let (own, other) = (house.board("b-05527", "64x48").await, house.board("b-05530", "64x48").await);
        house.settle().await;
        let key = SecretKey::from_hex(&own.secret_key).unwrap().public();
        let root = &house.app.keys.root;
        let standing = Standing { board: &own.board, board_key: &key, root, held: None, recall: Version(0), now: None };
        let others = accept(&house.envelope(&other.board).await, &standing);
        assert!(matches!(others, Err(Refusal::OtherBoard { .. })), "{engine:?}: {others:?}");
        let mut tampered = house.envelope(&own.board).await;
        let middle = tampered.len() / 3;
        tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
        let tampered = accept(&tampered, &standing);
        assert!(matches!(tampered, Err(Refusal::Envelope(_))), "{engine:?}: {tampered:?}");
    }
}

#[tokio::test]
async fn a_second_board_of_an_id_and_a_broken_form_are_told() {
    for engine in ENGINES {
        let house = House::new(engine, monday_noon()).await;
        let board = house.board("b-05527", "64x48").await;
        let again = app::boards::NewBoard {
            id: board.board.clone(),
            name: "Bảng khác".to_owned(),
            unit: house.unit.clone(),
            commune_code: "05527".to_owned(),
            place: None,
            geometry: "64x48".parse().unwrap(),
            time_zone: chrono_tz::Asia::Ho_Chi_Minh,
        };
        let refused = app::boards::add(&house.app, again).await;
        assert!(matches!(refused, Err(app::boards::AddBoardError::Taken(_))), "{engine:?}: {refused:?}");
        let mut draft = everywhere(&"no-such-playlist".parse().unwrap());
        draft.weight = "0".to_owned();
        draft.name = " ".to_owned();
        let faults = app::campaigns::save(&house.app, &house.unit, None, draft).await.unwrap().unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        for field in ["name", "weight", "playlist_id"] {
            assert!(fields.contains(&field), "{engine:?}: {field} is missing in {fields:?}");
        }
    }
}
