//! A clip from the upload to the manifest: its length is nobody's choice, its rendition is verified, its poster shows it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ::playlists::asset::{AssetKind, Fit, Kind};
use ::playlists::geometry::Geometry;
use ::playlists::playlist::Content;
use ::playlists::unit::Tier;

use super::assets::{self, AddAssetError, Asset, Label, NewAsset};
use super::campaigns::CampaignDraft;
use super::playlists::{self, EntryDraft, PlaylistDraft};
use super::tests::{asset, board, campaign, draft, manifest, settle, unit};
use super::uploads::Upload;
use super::{App, safe_item, units, uploads};
use crate::jobs::clips;
use crate::media::intake::{MOST_BYTES, MediaError};
use crate::store::faults::Fault;
use crate::store::playlists::Shows;
use crate::store::renditions::State;
use crate::store::units::Unit;
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_clip_goes_from_the_upload_into_the_manifest_with_its_length,
    what_is_no_clip_although_its_name_says_so_is_refused_and_nothing_is_kept,
    a_clip_that_cannot_be_made_is_tried_once_and_says_why,
    a_longer_clip_that_leaves_no_room_beside_plays_per_hour_is_refused,
];

async fn furnished(world: World) -> World {
    safe_item::ensure(&world.app).await.expect("the safe item is laid down");
    let own = Unit { id: unit(), name: "Tỉnh".to_owned(), tier: Tier::Province, parent: None };
    units::add(&world.app, &own).await.expect("a unit");
    world
}

/// A clip of as many frames, 25 a second.
fn made(folder: &Path, frames: u32) -> Vec<u8> {
    let path = folder.join(format!("{frames}.mp4"));
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=s=96x64:r=25", "-frames:v", &frames.to_string()])
        .args(["-pix_fmt", "yuv420p"])
        .arg(&path)
        .status();
    assert!(done.expect("ffmpeg is installed: `make setup-test` sees to it").success());
    std::fs::read(&path).expect("it was written")
}

async fn upload(app: &App, name: &str, bytes: Vec<u8>) -> Result<Asset, AddAssetError> {
    assets::add(app, NewAsset { unit: unit(), name: name.to_owned(), fit: Fit::Cover, bytes }).await
}

fn unfinished(world: &World) -> usize {
    std::fs::read_dir(world.folder().join("blobs/unfinished")).expect("a folder").count()
}

async fn a_clip_goes_from_the_upload_into_the_manifest_with_its_length(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    settle(app).await;
    let clip = upload(app, "Phim", made(world.folder(), 60)).await.expect("taken");
    let version = clip.main().expect("a version");
    assert_eq!((clip.kind, version.media_type.as_str(), version.pixels), (AssetKind::Clip, "video/mp4", Some((96, 64))));
    assert_eq!(clip.clip_ms(), Some(2400));
    let short = upload(app, "Một hình", made(world.folder(), 1)).await.expect("taken");
    assert_eq!(assets::get(app, &clip.id).await.expect("loaded"), Some(clip.clone()));
    assert_eq!(unfinished(&world), 0);

    let still = asset(app, "red").await;
    let entry =
        |asset: &Asset| EntryDraft { asset_id: asset.id.to_string(), duration_s: "8".to_owned(), ..EntryDraft::default() };
    let list = PlaylistDraft { name: "Danh sách".to_owned(), entries: [&still, &clip, &short].map(entry).into() };
    let list = playlists::save(app, &unit(), None, list).await.expect("saved").expect("valid");
    let stored = playlists::get(app, &list).await.expect("loaded").expect("there");
    let lengths: Vec<_> = stored
        .entries
        .iter()
        .filter_map(|entry| match entry.shows {
            Shows::Asset { duration_ms, .. } => Some(duration_ms),
            Shows::Playlist { .. } => None,
        })
        .collect();
    assert_eq!(lengths, [8000, 2400, 1000], "a clip plays its length, and a very short one stays for a second");

    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    assert_eq!(manifest(app, &board).await.campaigns.len(), 0, "it waits for the clips");
    while clips::run_once(app).await.expect("worked") > 0 {}
    settle(app).await;
    let manifest = manifest(app, &board).await;
    let items: Vec<_> = manifest.items.iter().filter(|item| item.kind == Kind::Clip).collect();
    let mut lengths: Vec<_> = items.iter().map(|item| item.duration).collect();
    lengths.sort();
    assert_eq!(lengths, [Some(Duration::from_millis(40)), Some(Duration::from_millis(2400))]);
    assert!(manifest.items.iter().all(|item| item.kind == Kind::Clip || item.duration.is_none()));
    let entries = &manifest.playlists.iter().find(|list| list.entries.len() == 3).expect("the playlist").entries;
    let Content::Asset { duration, versions, .. } = &entries[1].content else { panic!("an asset") };
    assert_eq!(*duration, Duration::from_millis(2400));
    let rendition = app.blobs.read(versions.values().next().expect("a version")).await.expect("its bytes are there");
    assert_eq!(&rendition[4..8], b"ftyp");

    let preview = assets::preview::find(app, &clip.id, None, Geometry::new(10, 20).expect("a geometry")).await.expect("found");
    let preview = assets::preview::make(app, preview).await.expect("a preview");
    assert_eq!(image::load_from_memory(&preview).expect("a picture").height(), 20);
    assert_eq!(upload(app, "Phim khác", made(world.folder(), 60)).await.expect("known").id, clip.id, "the same bytes twice");
    assert_eq!(unfinished(&world), 0);
}

async fn what_is_no_clip_although_its_name_says_so_is_refused_and_nothing_is_kept(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let says = async |bytes: &[u8]| match upload(app, "phim.mp4", bytes.to_vec()).await {
        Err(AddAssetError::Media(fault)) => fault.to_string(),
        other => panic!("{other:?}"),
    };
    let unknown = "the file is none of JPEG, PNG, WebP, GIF, SVG, MP4, MOV, MKV and WebM";
    assert_eq!(says(b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n").await, unknown);
    assert_eq!(says(b"ffconcat version 1.0\nfile /etc/passwd\n").await, unknown);
    assert_eq!(says(b"").await, "the file is empty");
    assert!(says(&made(world.folder(), 60)[..4000]).await.starts_with("the clip is damaged or incomplete"));
    let mut picture = Upload::begin(app).await.expect("begun");
    picture.write(b"\x89PNG\r\n\x1a\n").await.expect("small");
    let more = picture.write(&vec![0; MOST_BYTES]).await.expect_err("a picture of that size is refused before it is whole");
    assert!(matches!(more, AddAssetError::Media(MediaError::TooLarge(_))), "{more}");
    drop(picture);
    assert_eq!(unfinished(&world), 0);
    assert_eq!(assets::list(app, "", None, 10).await.expect("listed"), []);
}

async fn a_clip_that_cannot_be_made_is_tried_once_and_says_why(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    settle(app).await;
    let clip = upload(app, "Phim", made(world.folder(), 25)).await.expect("taken");
    // The disk lost some of its bytes since.
    std::fs::write(app.blobs.path(&clip.main().expect("a version").sha256), b"\0\0\0\x18ftypisom").expect("changed");
    let entry = EntryDraft { asset_id: clip.id.to_string(), duration_s: String::new(), ..EntryDraft::default() };
    let form = PlaylistDraft { name: "Danh sách".to_owned(), entries: vec![entry] };
    let list = playlists::save(app, &unit(), None, form).await.expect("saved").expect("valid: a clip needs no seconds");
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    assert_eq!(clips::run_once(app).await.expect("tried"), 1);
    assert_eq!(clips::run_once(app).await.expect("asked"), 0, "not again");
    let made = assets::renditions_of(app, &clip.id).await.expect("listed");
    let error = format!("the blob {} is damaged", clip.main().expect("a version").sha256);
    assert_eq!(made[0].state, State::Failed { error, fault: Some(Fault::plain("rendition-fault-original")) });
    assert_eq!(unfinished(&world), 0);
}

async fn a_longer_clip_that_leaves_no_room_beside_plays_per_hour_is_refused(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let board = board(app, "b-0001").await;
    let clip = upload(app, "Phim", made(world.folder(), 50)).await.expect("taken");
    let entry = EntryDraft { asset_id: clip.id.to_string(), ..EntryDraft::default() };
    let list = PlaylistDraft { name: "Danh sách".to_owned(), entries: vec![entry] };
    let list = playlists::save(app, &unit(), None, list).await.expect("saved").expect("valid");
    // 1,500 times two seconds are 3,000 of the 3,240 that fit into an hour; three would be 4,500.
    let hourly = CampaignDraft { share: "per_hour".to_owned(), per_hour: "1500".to_owned(), ..draft(&list, &[&board]) };
    campaign(app, None, hourly).await;
    let replace = async |frames| {
        let label = Label { unit: unit(), name: "-".to_owned(), language: "und".parse().expect("a language"), fit: Fit::Cover };
        assets::add_bytes(app, &clip.id, label, &made(world.folder(), frames)).await
    };
    let refused = replace(75).await.expect_err("too long");
    let AddAssetError::Long(fault) = &refused else { panic!("{refused}") };
    assert_eq!(fault.code, "error-per-hour-change");
    let told = uploads::fault::of(&refused);
    assert_eq!(
        (told.code.as_str(), told.args.iter().any(|(name, value)| name == "asked" && value == "4500")),
        (fault.code, true)
    );
    let stands = assets::get(app, &clip.id).await.expect("loaded").expect("there");
    assert_eq!((stands.clip_ms(), stands.main().map(|version| version.version)), (Some(2000), Some(1)), "nothing has changed");
    // One that fits is taken, and so is a shorter one.
    assert_eq!(replace(53).await.expect("it fits").clip_ms(), Some(2120));
    assert_eq!(replace(25).await.expect("it fits").clip_ms(), Some(1000));
}
