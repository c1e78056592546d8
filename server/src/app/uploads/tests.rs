//! Uploads in pieces: what is refused at once, what survives, and what becomes of them.

use std::time::Duration;

use ::playlists::asset::{Fit, Language};
use ::playlists::unit::Tier;
use bytes::Bytes;
use futures_util::stream;

use super::resumable::{self, Announced, MOST_OPEN, PATIENCE, Upload, UploadError, UploadId};
use super::settle;
use crate::app::{App, assets, units};
use crate::media::clips;
use crate::media::intake::MOST_BYTES;
use crate::store::accounts::{self, NewAccount};
use crate::store::units::Unit;
use crate::store::uploads::State;
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_file_in_pieces_becomes_the_asset_that_it_would_be_in_one,
    what_cannot_be_taken_is_refused_before_a_byte_is_sent,
    an_account_has_a_bounded_number_under_way_and_sees_only_its_own,
    a_piece_that_does_not_fit_changes_nothing,
    what_was_acknowledged_is_there_after_a_restart_and_the_rest_is_asked_for_again,
    a_file_that_is_nothing_we_take_is_refused_and_says_why,
    a_still_that_is_too_large_is_refused_at_its_first_piece,
    a_full_disk_is_said_and_what_came_is_kept,
    a_file_may_become_a_language_version_of_an_asset,
    what_nobody_goes_on_with_is_forgotten,
    a_server_that_dies_while_it_looks_a_file_over_does_it_again,
];

const AN: &str = "account-an";

async fn furnished(world: World) -> World {
    let unit = Unit { id: "tinh".parse().expect("an id"), name: "Tỉnh".to_owned(), tier: Tier::Province, parent: None };
    units::add(&world.app, &unit).await.expect("a unit");
    for id in [AN, "account-binh"] {
        let new = NewAccount {
            account_id: id.to_owned(),
            login: id.to_owned(),
            password_hash: String::new(),
            role: "administrator",
            language: "vi",
            created_ms: 0,
        };
        accounts::insert(&world.app.db, &new).await.expect("an account");
    }
    world
}

fn announced(name: &str, size_bytes: usize) -> Announced {
    Announced {
        name: name.to_owned(),
        size_bytes: size_bytes as u64,
        fit: Fit::Contain,
        asset: None,
        language: Language::undetermined(),
    }
}

async fn begun(app: &App, name: &str, size_bytes: usize) -> UploadId {
    resumable::begin(app, AN, announced(name, size_bytes)).await.expect("begun").id
}

async fn sent(app: &App, id: &UploadId, offset: usize, piece: &[u8]) -> Result<u64, UploadError> {
    // In small pieces, as a network brings them.
    let pieces: Vec<Result<Bytes, ()>> = piece.chunks(7).map(|bytes| Ok(Bytes::copy_from_slice(bytes))).collect();
    resumable::append(app, AN, id, offset as u64, stream::iter(pieces)).await
}

async fn of(app: &App, id: &UploadId) -> (Upload, u64) {
    resumable::find(app, AN, id).await.expect("it is there")
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, 90]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("encoded");
    bytes.into_inner()
}

async fn refusal(app: &App, id: &UploadId) -> String {
    match of(app, id).await.0.state {
        State::Refused(fault) => fault.code,
        other => panic!("it is {other:?}"),
    }
}

async fn a_file_in_pieces_becomes_the_asset_that_it_would_be_in_one(world: World) {
    let world = furnished(world).await;
    let (app, file) = (&world.app, png(32));
    let id = begun(app, "Ảnh bìa.png", file.len()).await;
    assert_eq!(sent(app, &id, 0, &file[..50]).await.expect("taken"), 50);
    assert_eq!(settle::run_once(app).await.expect("looked"), 0, "it is not whole");
    assert_eq!(sent(app, &id, 50, &[]).await.expect("taken"), 50, "an empty piece is one");
    assert_eq!(sent(app, &id, 50, &file[50..]).await.expect("taken"), file.len() as u64);
    assert_eq!(of(app, &id).await.0.state, State::Whole);
    assert!(matches!(resumable::give_up(app, AN, &id).await, Err(UploadError::Busy)), "it is all there");
    assert_eq!(settle::run_once(app).await.expect("looked"), 1);
    let State::Added(asset) = of(app, &id).await.0.state else { panic!("it was not added") };
    let made = assets::get(app, &asset).await.expect("asked").expect("there");
    let version = made.main().expect("a version");
    assert_eq!((made.name.as_str(), version.fit, version.pixels), ("Ảnh bìa", Fit::Contain, Some((32, 32))));
    assert!(app.blobs.read(&version.sha256).await.expect("read") == file);
    assert!(app.blobs.parts().names().await.expect("listed").is_empty(), "the pieces are gone");

    let again = begun(app, "other name.png", file.len()).await;
    sent(app, &again, 0, &file).await.expect("taken");
    settle::run_once(app).await.expect("looked");
    assert_eq!(of(app, &again).await.0.state, State::Added(asset), "the same bytes are the same asset");
    assert_eq!(sent(app, &again, file.len(), &[]).await.expect("asked"), file.len() as u64, "it stands at its end");
}

async fn what_cannot_be_taken_is_refused_before_a_byte_is_sent(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let most = usize::try_from(clips::MOST_BYTES).expect("fits");
    for (name, size, code) in [
        ("a.png", 0, "upload-fault-empty"),
        ("a.mp4", most + 1, "upload-fault-large"),
        (" ", 9, "upload-fault-name"),
        (&"a".repeat(201), 9, "upload-fault-name"),
    ] {
        let refused = resumable::begin(app, AN, announced(name, size)).await.expect_err(name);
        assert_eq!(refused.fault().code, code, "{name}");
    }
    assert!(app.blobs.parts().names().await.expect("listed").is_empty());
}

async fn an_account_has_a_bounded_number_under_way_and_sees_only_its_own(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let first = begun(app, "0", 9).await;
    for number in 1..MOST_OPEN {
        begun(app, &number.to_string(), 9).await;
    }
    let refused = resumable::begin(app, AN, announced("one more", 9)).await.expect_err("too many");
    assert!(matches!(refused, UploadError::TooMany), "{refused}");
    assert_eq!(app.blobs.parts().names().await.expect("listed").len(), MOST_OPEN as usize, "it left nothing");
    let other = resumable::begin(app, "account-binh", announced("another's", 9)).await.expect("another account may");
    assert_eq!(resumable::open_of(app, AN).await.expect("listed").len(), MOST_OPEN as usize);
    assert!(matches!(resumable::find(app, AN, &other.id).await, Err(UploadError::Missing)));
    assert!(matches!(resumable::give_up(app, AN, &other.id).await, Err(UploadError::Missing)));
    assert!(matches!(sent(app, &other.id, 0, b"x").await, Err(UploadError::Missing)));
    resumable::give_up(app, AN, &first).await.expect("given up");
    assert!(matches!(resumable::find(app, AN, &first).await, Err(UploadError::Missing)));
    begun(app, "one more", 9).await;
}

async fn a_piece_that_does_not_fit_changes_nothing(world: World) {
    let world = furnished(world).await;
    let (app, file) = (&world.app, png(32));
    let id = begun(app, "a.png", file.len()).await;
    sent(app, &id, 0, &file[..70]).await.expect("taken");
    for offset in [0, 69, 71, file.len()] {
        assert!(matches!(sent(app, &id, offset, b"x").await, Err(UploadError::Offset(70))), "{offset}");
    }
    let hold = app.blobs.parts().hold(id.as_str()).expect("free");
    assert!(matches!(sent(app, &id, 70, b"x").await, Err(UploadError::Busy)));
    assert!(matches!(resumable::give_up(app, AN, &id).await, Err(UploadError::Busy)));
    drop(hold);
    let mut long = file[70..].to_vec();
    long.extend([0; 20]);
    let long: Vec<Result<Bytes, ()>> = vec![Ok(Bytes::from(long))];
    let long = resumable::append(app, AN, &id, 70, stream::iter(long)).await;
    assert!(matches!(long, Err(UploadError::TooLong(_))));
    assert_eq!(of(app, &id).await.1, 70, "what does not fit is not taken");
    sent(app, &id, 70, &file[70..]).await.expect("it goes on");
    settle::run_once(app).await.expect("looked");
    assert!(matches!(of(app, &id).await.0.state, State::Added(_)));
}

async fn what_was_acknowledged_is_there_after_a_restart_and_the_rest_is_asked_for_again(world: World) {
    let world = furnished(world).await;
    let (app, file) = (&world.app, png(32));
    let id = begun(app, "a.png", file.len()).await;
    sent(app, &id, 0, &file[..70]).await.expect("taken");
    let cut: Vec<Result<Bytes, ()>> = vec![Ok(Bytes::copy_from_slice(&file[70..80])), Err(())];
    let cut = resumable::append(app, AN, &id, 70, stream::iter(cut)).await;
    assert!(matches!(cut, Err(UploadError::CutOff(80))), "what came before the cut counts");
    // A power cut: more lies in the file than the disk was asked to keep, and it may be anything.
    let hold = app.blobs.parts().hold(id.as_str()).expect("free");
    let part = app.blobs.parts().extend(hold).await.expect("opened");
    drop(part.write(Bytes::from_static(&[0; 33])).await.expect("written"));
    std::fs::write(app.blobs.parts().path("0192f0c1-0000-7000-8000-000000000000"), b"of no row").expect("written");
    let lost = begun(app, "lost.png", 9).await;
    app.blobs.parts().remove(lost.as_str()).await.expect("removed");
    settle::mend(app).await.expect("mended");
    assert_eq!(of(app, &id).await.1, 80);
    assert_eq!(app.blobs.parts().names().await.expect("listed"), [id.to_string()]);
    assert!(matches!(resumable::find(app, AN, &lost).await, Err(UploadError::Missing)), "it begins anew");
    sent(app, &id, 80, &file[80..]).await.expect("taken");
    settle::mend(app).await.expect("a whole one stays");
    settle::run_once(app).await.expect("looked");
    assert!(matches!(of(app, &id).await.0.state, State::Added(_)));
}

async fn a_file_that_is_nothing_we_take_is_refused_and_says_why(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let cut = &png(64)[..200];
    for (bytes, code) in [
        (b"MZ\x90 no picture at all".as_slice(), "upload-fault-unknown"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "upload-fault-unknown"),
        (cut, "upload-fault-damaged"),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>", "upload-fault-unsafe"),
    ] {
        let id = begun(app, "picture.png", bytes.len()).await;
        sent(app, &id, 0, bytes).await.expect("taken");
        settle::run_once(app).await.expect("looked");
        assert_eq!(refusal(app, &id).await, code);
        assert!(matches!(sent(app, &id, bytes.len(), b"x").await, Err(UploadError::Refused(_))));
    }
    assert!(app.blobs.parts().names().await.expect("listed").is_empty());
    assert_eq!(std::fs::read_dir(world.folder().join("blobs/unfinished")).expect("a folder").count(), 0);
    assert!(assets::list(app, "", None, 9).await.expect("listed").is_empty());
}

async fn a_still_that_is_too_large_is_refused_at_its_first_piece(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let id = begun(app, "huge.png", MOST_BYTES + 1).await;
    let refused = sent(app, &id, 0, &png(32)).await.expect_err("refused");
    assert_eq!(refused.fault().code, "upload-fault-large");
    assert_eq!(refusal(app, &id).await, "upload-fault-large");
}

async fn a_full_disk_is_said_and_what_came_is_kept(world: World) {
    let world = furnished(world).await;
    let (app, file) = (&world.app, png(32));
    let id = begun(app, "a.png", file.len()).await;
    let place = app.blobs.parts().path(id.as_str());
    std::fs::remove_file(&place).expect("removed");
    std::os::unix::fs::symlink("/dev/full", &place).expect("a full disk");
    assert!(matches!(sent(app, &id, 0, &file).await, Err(UploadError::NoRoom)));
    std::fs::remove_file(&place).expect("removed");
    std::fs::write(&place, []).expect("the disk has room again");
    sent(app, &id, 0, &file).await.expect("taken");
    settle::run_once(app).await.expect("looked");
    assert!(matches!(of(app, &id).await.0.state, State::Added(_)));
}

async fn a_file_may_become_a_language_version_of_an_asset(world: World) {
    let world = furnished(world).await;
    let (app, file, other) = (&world.app, png(32), png(48));
    let id = begun(app, "a.png", file.len()).await;
    sent(app, &id, 0, &file).await.expect("taken");
    settle::run_once(app).await.expect("looked");
    let State::Added(asset) = of(app, &id).await.0.state else { panic!("it was not added") };
    let english: Language = "en".parse().expect("a language");
    let of_asset = |asset| Announced { asset: Some(asset), language: english.clone(), ..announced("b.png", other.len()) };
    let version = resumable::begin(app, AN, of_asset(asset.clone())).await.expect("begun").id;
    sent(app, &version, 0, &other).await.expect("taken");
    settle::run_once(app).await.expect("looked");
    assert_eq!(of(app, &version).await.0.state, State::Added(asset.clone()));
    let versions = assets::get(app, &asset).await.expect("asked").expect("there").versions;
    assert_eq!((versions.len(), versions[&english].pixels, versions[&english].fit), (2, Some((48, 48)), Fit::Contain));
    let nowhere = resumable::begin(app, AN, of_asset("no-such-asset".parse().expect("an id"))).await.expect("begun").id;
    sent(app, &nowhere, 0, &other).await.expect("taken");
    settle::run_once(app).await.expect("looked");
    assert_eq!(refusal(app, &nowhere).await, "error-asset-unknown");
}

async fn what_nobody_goes_on_with_is_forgotten(world: World) {
    let world = furnished(world).await;
    let (app, file) = (&world.app, png(32));
    let (old, settled) = (begun(app, "old.png", 99).await, begun(app, "settled.png", file.len()).await);
    sent(app, &settled, 0, &file).await.expect("taken");
    settle::run_once(app).await.expect("looked");
    world.clock.pass(PATIENCE / 2);
    let young = begun(app, "young.png", 99).await;
    assert_eq!(settle::sweep(app).await.expect("swept"), 0);
    world.clock.pass(PATIENCE / 2 + Duration::from_secs(1));
    assert_eq!(settle::sweep(app).await.expect("swept"), 2);
    for gone in [&old, &settled] {
        assert!(matches!(resumable::find(app, AN, gone).await, Err(UploadError::Missing)));
    }
    assert_eq!(app.blobs.parts().names().await.expect("listed"), [young.to_string()]);
    assert_eq!(assets::list(app, "", None, 9).await.expect("listed").len(), 1, "what it became stays");
}

async fn a_server_that_dies_while_it_looks_a_file_over_does_it_again(world: World) {
    let world = furnished(world).await;
    let (app, file) = (&world.app, png(32));
    let id = begun(app, "a.png", file.len()).await;
    sent(app, &id, 0, &file).await.expect("taken");
    // It came as far as the blob, and the row does not know.
    app.blobs.stage_part(id.as_str()).await.expect("staged").keep().await.expect("kept");
    settle::mend(app).await.expect("mended");
    assert_eq!(settle::run_once(app).await.expect("looked"), 1);
    assert!(matches!(of(app, &id).await.0.state, State::Added(_)));
    assert_eq!(settle::run_once(app).await.expect("looked"), 0);
}
