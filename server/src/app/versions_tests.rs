//! Language versions, nested playlists, slides and tickers: from what operators save to the manifest, and a day's past that stays.

use std::collections::BTreeMap;
use std::time::Duration;

use ::playlists::asset::{Fit, Language};
use ::playlists::id::{Digest, PlaylistId};
use ::playlists::playlist::{Content, DEEPEST_PLANNED, Playlist};
use ::playlists::schedule::Schedule;
use ::playlists::trust::manifest::Manifest;
use chrono::{DateTime, TimeDelta, Utc};

use super::assets::{self, Asset, Label, PropertiesDraft, SlideDraft, TickerDraft};
use super::board_settings::{SettingsDraft, save as save_settings};
use super::playlists::{self, EntryDraft, PlaylistDraft};
use super::tests::{asset, board, campaign, draft, furnished, manifest, playlist, settle, svg, unit};
use super::{App, FieldError, boards};
use crate::media::slides::document::SlideDocument;
use crate::store::renditions::State;
use crate::testing::{NOW_MS, World, on_both_databases};

on_both_databases![
    an_asset_shows_all_its_languages_and_a_new_version_leaves_the_past_as_it_was,
    a_board_gets_no_language_that_it_never_shows,
    a_new_version_reaches_the_playlists_around_inner_ones_first,
    what_changes_no_picture_makes_no_version,
    the_validity_of_an_asset_and_of_an_entry_cuts_what_is_shown,
    a_playlist_within_itself_or_too_deep_is_refused_with_its_way,
    a_slide_that_counts_days_has_a_picture_for_each_day,
    a_slide_keeps_the_versions_of_languages_that_did_not_change,
    a_slide_whose_words_do_not_fit_is_still_seen_on_pages,
    a_ticker_becomes_a_strip_for_each_size_of_board,
];

fn language(tag: &str) -> Language {
    tag.parse().expect("a language")
}

async fn version(app: &App, asset: &Asset, tag: &str, colour: &str) -> Asset {
    let label = Label { unit: unit(), name: "-".to_owned(), language: language(tag), fit: Fit::Cover };
    assets::add_bytes(app, &asset.id, label, &svg(colour)).await.expect("added")
}

fn of_list(id: &PlaylistId) -> EntryDraft {
    EntryDraft { playlist_id: id.to_string(), ..EntryDraft::default() }
}

fn of_asset(asset: &Asset) -> EntryDraft {
    EntryDraft { asset_id: asset.id.to_string(), duration_s: "8".to_owned(), ..EntryDraft::default() }
}

async fn save(app: &App, id: Option<&PlaylistId>, name: &str, entries: Vec<EntryDraft>) -> Result<PlaylistId, Vec<FieldError>> {
    playlists::save(app, &unit(), id, PlaylistDraft { name: name.to_owned(), entries }).await.expect("asked")
}

fn list<'a>(manifest: &'a Manifest, id: &PlaylistId) -> &'a Playlist {
    manifest.playlists.iter().find(|list| list.id == *id).expect("among the playlists")
}

/// The playlist of the manifest's last campaign version.
fn played(manifest: &Manifest) -> &Playlist {
    list(manifest, manifest.campaigns.last().and_then(|campaign| campaign.plays.playlist()).expect("a playlist"))
}

fn versions(content: &Content) -> BTreeMap<String, Digest> {
    match content {
        Content::Asset { versions, .. } => versions.iter().map(|(language, item)| (language.to_string(), *item)).collect(),
        Content::Playlist { .. } => panic!("a playlist"),
    }
}

fn now(world: &World) -> DateTime<Utc> {
    world.app.clock.now()
}

async fn an_asset_shows_all_its_languages_and_a_new_version_leaves_the_past_as_it_was(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let red = asset(app, "red").await;
    version(app, &red, "vi", "green").await;
    let list = playlist(app, None, &[&red]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    let before = manifest(app, &board).await;
    assert_eq!(versions(&played(&before).entries[0].content).keys().collect::<Vec<_>>(), ["und", "vi"]);

    world.clock.pass(Duration::from_secs(3600));
    let changed = now(&world);
    version(app, &red, "vi", "yellow").await;
    settle(app).await;
    let after = manifest(app, &board).await;
    let (old, new) = (versions(&played(&before).entries[0].content), versions(&played(&after).entries[0].content));
    assert_eq!(old["und"], new["und"]);
    assert_ne!(old["vi"], new["vi"]);
    assert_eq!(playlists::get(app, &list).await.expect("loaded").expect("there").version, 2);
    // The past of the day is as it was, to the entry; what follows shows the new version.
    let (was, is) = (Schedule::new(&before).expect("a schedule"), Schedule::new(&after).expect("a schedule"));
    for second in 0..3600 {
        let at = changed - TimeDelta::seconds(3600 - second);
        assert_eq!(is.resolve(at).what, was.resolve(at).what, "at {at}");
    }
    let pinned: Vec<_> = assets::history(app, &red.id).await.expect("listed").iter().map(|v| v.version).collect();
    assert_eq!(pinned.len(), 3);
}

async fn a_board_gets_no_language_that_it_never_shows(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let red = asset(app, "red").await;
    version(app, &red, "vi", "green").await;
    version(app, &red, "en", "yellow").await;
    assets::withdraw(app, &red.id, &language("und")).await.expect("asked").expect("withdrawn");
    let stored = boards::get(app, &board).await.expect("loaded").expect("there");
    let of = |tag: &str| SettingsDraft { languages: vec![(tag.to_owned(), "1".to_owned())], ..SettingsDraft::of(&stored) };
    save_settings(app, &board, &of("vi")).await.expect("asked").expect("valid");
    let list = playlist(app, None, &[&red]).await;
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    let names = |manifest: &Manifest| versions(&played(manifest).entries[0].content).into_keys().collect::<Vec<_>>();
    let made = || async { assets::renditions_of(app, &red.id).await.expect("listed").len() };
    let shown = manifest(app, &board).await;
    assert_eq!((names(&shown), shown.items.len(), made().await), (vec!["vi".to_owned()], 2, 1), "the safe item and one language");
    // Where it shows none of them, the entry stays as it is: how many there are says with which one a day begins.
    save_settings(app, &board, &of("ko")).await.expect("asked").expect("valid");
    settle(app).await;
    assert_eq!((names(&manifest(app, &board).await), made().await), (vec!["en".to_owned(), "vi".to_owned()], 2));
}

async fn a_new_version_reaches_the_playlists_around_inner_ones_first(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let inner = playlist(app, None, &[&red]).await;
    let middle = save(app, None, "Giữa", vec![of_list(&inner), of_asset(&blue)]).await.expect("valid");
    let take = EntryDraft { take: "1".to_owned(), ..of_list(&inner) };
    let outer = save(app, None, "Ngoài", vec![of_list(&middle), take]).await.expect("valid");
    let apart = save(app, None, "Riêng", vec![of_asset(&blue)]).await.expect("valid");
    campaign(app, None, draft(&outer, &[&board])).await;
    settle(app).await;
    world.clock.pass(Duration::from_secs(60));
    version(app, &red, "und", "yellow").await;
    settle(app).await;
    for (id, expected) in [(&inner, 2), (&middle, 2), (&outer, 2), (&apart, 1)] {
        assert_eq!(playlists::get(app, id).await.expect("loaded").expect("there").version, expected, "{id}");
    }
    let manifest = manifest(app, &board).await;
    assert_eq!(manifest.campaigns.len(), 2);
    let entries = &played(&manifest).entries;
    assert_eq!(entries[0].content, Content::Playlist { playlist: format!("{middle}-v2").parse().expect("an id"), take: None });
    assert_eq!(entries[1].content, Content::Playlist { playlist: format!("{inner}-v2").parse().expect("an id"), take: Some(1) });
    assert_eq!(list(&manifest, &format!("{inner}-v1").parse().expect("an id")).entries.len(), 1, "today's past stays");
    assert_eq!(manifest.items.len(), 4, "the safe item, red, yellow, blue");
}

async fn what_changes_no_picture_makes_no_version(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let red = asset(app, "red").await;
    let list = playlist(app, None, &[&red]).await;
    version(app, &red, "und", "red").await;
    let named = PropertiesDraft { name: "Đỏ".to_owned(), source: "Báo tỉnh".to_owned(), ..PropertiesDraft::default() };
    let named = assets::set_properties(app, &red.id, &named).await.expect("saved").expect("valid");
    assert_eq!((named.name.as_str(), named.source.as_str(), named.versions.len()), ("Đỏ", "Báo tỉnh", 1));
    assert_eq!(playlists::get(app, &list).await.expect("loaded").expect("there").version, 1);
    // The way it is brought to a board's shape is seen: that is a version.
    let shaped = PropertiesDraft { name: "Đỏ".to_owned(), fit: "contain".to_owned(), ..PropertiesDraft::default() };
    let shaped = assets::set_properties(app, &red.id, &shaped).await.expect("saved").expect("valid");
    assert_eq!(shaped.main().map(|version| (version.version, version.fit)), Some((2, Fit::Contain)));
    assert_eq!(
        assets::withdraw(app, &red.id, &language("ko")).await.expect("asked").expect_err("none")[0].code,
        "error-language-none"
    );
    let bare = assets::withdraw(app, &red.id, &language("und")).await.expect("saved").expect("valid");
    assert!(bare.versions.is_empty());
    assert_eq!(version(app, &red, "und", "red").await.main().map(|version| version.version), Some(3), "numbers never come again");
    assert_eq!(playlists::get(app, &list).await.expect("loaded").expect("there").version, 4);
}

async fn the_validity_of_an_asset_and_of_an_entry_cuts_what_is_shown(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let valid = PropertiesDraft {
        name: "red".to_owned(),
        from: "2026-11-24".to_owned(),
        until: "2026-11-26".to_owned(),
        ..PropertiesDraft::default()
    };
    assets::set_properties(app, &red.id, &valid).await.expect("saved").expect("valid");
    let entry = EntryDraft { until: "2026-11-25T12:00".to_owned(), ..of_asset(&red) };
    let list = save(app, None, "Danh sách", vec![entry, of_asset(&blue)]).await.expect("valid");
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    let manifest = manifest(app, &board).await;
    let entries = &played(&manifest).entries;
    let times = |from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>| [from, until].map(|at| at.map(|at| at.to_rfc3339()));
    let expected = ["2026-11-23T17:00:00+00:00", "2026-11-25T05:00:00+00:00"].map(|at| Some(at.to_owned()));
    assert_eq!(times(entries[0].from, entries[0].until), expected);
    assert_eq!(times(entries[1].from, entries[1].until), [None, None]);
    let item = versions(&entries[0].content)["und"];
    let item = manifest.item(&item).expect("an item");
    assert_eq!(times(item.from, item.until), expected);
}

async fn a_playlist_within_itself_or_too_deep_is_refused_with_its_way(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let red = asset(app, "red").await;
    let mut lists = vec![save(app, None, "P0", vec![of_asset(&red)]).await.expect("valid")];
    for n in 1..=DEEPEST_PLANNED {
        let id = save(app, None, &format!("P{n}"), vec![of_list(&lists[n - 1])]).await.expect("valid");
        lists.push(id);
    }
    let deep = save(app, None, "P7", vec![of_list(&lists[DEEPEST_PLANNED])]).await.expect_err("too deep");
    assert_eq!((deep[0].field.as_str(), deep[0].code), ("entries", "error-entries-deep"));
    let circle = save(app, Some(&lists[0]), "P0", vec![of_list(&lists[2]), of_asset(&red)]).await.expect_err("a circle");
    assert_eq!(circle[0].code, "error-entries-circle");
    assert_eq!(circle[0].args[0], ("path", "P0 → P2 → P1 → P0".to_owned()));
    assert_eq!(playlists::get(app, &lists[0]).await.expect("loaded").expect("there").version, 1);
}

fn countdown(day: &str, texts: &[(&str, &str)]) -> SlideDraft {
    let texts: Vec<String> = texts.iter().map(|(tag, text)| format!(r#""{tag}": {{"title": "{text}"}}"#)).collect();
    let document =
        format!(r#"{{"template": "countdown", "content": {{"texts": {{{}}}, "dates": {{"day": "{day}"}}}}}}"#, texts.join(", "));
    SlideDraft { name: "Đếm ngược".to_owned(), document: SlideDocument::read(document.as_bytes()).expect("a document") }
}

async fn a_slide_that_counts_days_has_a_picture_for_each_day(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let id = "b-0001".parse().expect("an id");
    let geometry = ::playlists::geometry::Geometry::new(256, 128).expect("a geometry");
    let new = super::boards::NewBoard::simple(id, "Bảng".to_owned(), unit(), "05443".to_owned(), geometry);
    let board = super::boards::add(app, new).await.expect("a board").0;
    let draft_of = |day: &str| countdown(day, &[("vi", "Ngày hội"), ("en", "Festival")]);
    let past = assets::save_slide(app, &unit(), None, &draft_of("2026-11-20")).await.expect("asked").expect_err("past");
    assert_eq!((past[0].field.as_str(), past[0].code), ("dates.day", "error-countdown-past"));
    let slide = assets::save_slide(app, &unit(), None, &draft_of("2026-11-25")).await.expect("kept").expect("valid");
    let list = save(app, None, "Danh sách", vec![of_asset(&slide)]).await.expect("valid");
    campaign(app, None, draft(&list, &[&board])).await;
    settle(app).await;
    let manifest = manifest(app, &board).await;
    let Content::Playlist { playlist: days, take: Some(1) } = &played(&manifest).entries[0].content else { panic!("its days") };
    let days = &manifest.playlists.iter().find(|list| list.id == *days).expect("among the playlists").entries;
    // The 23rd, 24th and 25th, each from midnight to midnight in Vietnam; another picture each, in both languages.
    let froms: Vec<_> = days.iter().filter_map(|entry| entry.from).map(|at| at.to_rfc3339()).collect();
    assert_eq!(froms.last().map(String::as_str), Some("2026-11-24T17:00:00+00:00"));
    let pictures: std::collections::BTreeSet<_> = days.iter().flat_map(|entry| versions(&entry.content).into_values()).collect();
    assert_eq!((days.len(), pictures.len()), (3, 6));
    let schedule = Schedule::new(&manifest).expect("a schedule");
    let shown = |hours| schedule.resolve(DateTime::from_timestamp_millis(NOW_MS).expect("now") + TimeDelta::hours(hours)).what;
    assert_ne!(shown(1), shown(25));
    assert_ne!(shown(25), shown(49));
}

async fn a_slide_keeps_the_versions_of_languages_that_did_not_change(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let both = countdown("2026-12-22", &[("vi", "Ngày hội"), ("en", "Festival")]);
    let slide = assets::save_slide(app, &unit(), None, &both).await.expect("kept").expect("valid");
    assert_eq!(assets::slide(app, &slide).await.expect("read"), Some(both.document.clone()));
    let changed = countdown("2026-12-22", &[("vi", "Ngày hội lớn"), ("en", "Festival")]);
    let slide = assets::save_slide(app, &unit(), Some(&slide.id), &changed).await.expect("kept").expect("valid");
    let numbers: Vec<_> = slide.versions.values().map(|version| (version.language.to_string(), version.version)).collect();
    assert_eq!(numbers, [("en".to_owned(), 1), ("vi".to_owned(), 2)]);
    let alone = countdown("2026-12-22", &[("vi", "Ngày hội lớn")]);
    let slide = assets::save_slide(app, &unit(), Some(&slide.id), &alone).await.expect("kept").expect("valid");
    assert_eq!(slide.versions.len(), 1);
    assert_eq!(assets::get(app, &slide.id).await.expect("loaded"), Some(slide));
    let mut wrong = countdown("2026-12-22", &[]);
    wrong.document.content.dates.clear();
    wrong.document.content.levels.insert("level".to_owned(), 3);
    let errors = assets::save_slide(app, &unit(), None, &wrong).await.expect("asked").expect_err("refused");
    let codes: Vec<_> = errors.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect();
    assert_eq!(codes, ["texts error-texts-none", "dates.day error-field-empty", "levels.level error-field-unknown"]);
}

async fn a_slide_whose_words_do_not_fit_is_still_seen_on_pages(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let long = countdown("2026-12-22", &[("vi", "Ngày hội văn hóa các dân tộc toàn tỉnh")]);
    let slide = assets::save_slide(app, &unit(), None, &long).await.expect("kept").expect("valid");
    let small = ::playlists::geometry::Geometry::new(64, 32).expect("a geometry");
    let found = assets::preview::find(app, &slide.id, None, small).await.expect("a preview");
    let seen = assets::preview::make(app, found).await.expect("made");
    let seen = image::load_from_memory(&seen).expect("a picture");
    assert_eq!((seen.width(), seen.height()), (64, 32));
}

async fn a_ticker_becomes_a_strip_for_each_size_of_board(world: World) {
    let world = furnished(world).await;
    let app = &world.app;
    let texts = BTreeMap::from([("vi".to_owned(), "Chào mừng ngày hội".to_owned()), ("en".to_owned(), " ".to_owned())]);
    let draft = TickerDraft {
        name: "Chữ chạy".to_owned(),
        texts,
        ink: "#FFFFFF".to_owned(),
        band: "#b0100f".to_owned(),
        pixels_a_frame: "4".to_owned(),
    };
    let ticker = assets::save_ticker(app, &unit(), None, &draft).await.expect("kept").expect("valid");
    assert_eq!(assets::ticker(app, &ticker).await.expect("read")[&language("vi")].speed(), 200);
    let errors = save(app, None, "Danh sách", vec![of_asset(&ticker)]).await.expect_err("not in the loop");
    assert_eq!(errors[0].code, "error-ticker-in-playlist");
    let geometry = ::playlists::geometry::Geometry::new(640, 320).expect("a geometry");
    let of = crate::store::asset_versions::VersionId { asset: ticker.id.clone(), language: language("vi"), version: 1 };
    let key = crate::store::renditions::Key { of, geometry, variant: crate::store::renditions::Variant::Whole };
    let mut tx = app.db.write().await.expect("a transaction");
    crate::store::renditions::want(&mut tx, &[key], NOW_MS).await.expect("wanted");
    tx.commit().await.expect("committed");
    crate::jobs::renditions::run_once(app).await.expect("rendered");
    let made = assets::renditions_of(app, &ticker.id).await.expect("listed");
    let State::Ready { sha256, strip_width: Some(width), .. } = made[0].state else { panic!("{made:?}") };
    let strip = image::load_from_memory(&app.blobs.read(&sha256).await.expect("kept")).expect("a picture").to_rgba8();
    assert_eq!((strip.width(), strip.height()), (width, 64));
    assert_eq!(strip.get_pixel(0, 0).0, [0xb0, 0x10, 0x0f, 255]);
    let wrong = TickerDraft { ink: "red".to_owned(), ..TickerDraft::default() };
    let errors = assets::save_ticker(app, &unit(), None, &wrong).await.expect("asked").expect_err("refused");
    let codes: Vec<_> = errors.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect();
    assert_eq!(
        codes,
        ["name error-name-empty", "ink error-colour-form", "pixels_a_frame error-ticker-speed", "texts error-texts-none"]
    );
}
