//! A playlist that grows beside plays per hour: refused with figures where they would not fit any more, and let pass where nothing gets worse.

use ::playlists::id::PlaylistId;

use super::assets::Asset;
use super::boards::{self, SettingsDraft};
use super::campaigns::{CampaignDraft, StartsDraft};
use super::hours::HoursDraft;
use super::playlists::{self, EntryDraft, PlaylistDraft};
use super::tests::{asset, board, campaign, draft, furnished, playlist, unit};
use super::{App, FieldError};
use crate::testing::{World, on_both_databases};

on_both_databases![
    a_playlist_with_a_longer_picture_is_refused_where_its_plays_per_hour_would_not_fit,
    a_picture_of_more_than_a_minute_is_refused_in_a_playlist_beside_plays_per_hour,
    a_board_is_not_lit_at_hours_at_which_plays_per_hour_would_meet_that_do_not_fit,
];

async fn with_pictures(app: &App, id: &PlaylistId, pictures: &[(&Asset, &str)]) -> Result<PlaylistId, Vec<FieldError>> {
    let entry = |(asset, seconds): &(&Asset, &str)| EntryDraft {
        asset_id: asset.id.to_string(),
        duration_s: (*seconds).to_owned(),
        ..EntryDraft::default()
    };
    let draft = PlaylistDraft { name: "Danh sách".to_owned(), entries: pictures.iter().map(entry).collect() };
    playlists::save(app, &unit(), Some(id), draft).await.expect("asked")
}

fn said(errors: &[FieldError], name: &str) -> String {
    errors[0].args.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

fn hourly(list: &PlaylistId, boards: &[&::playlists::id::BoardId], name: &str, plays: u32) -> CampaignDraft {
    CampaignDraft { name: name.to_owned(), share: "per_hour".to_owned(), per_hour: plays.to_string(), ..draft(list, boards) }
}

async fn a_playlist_with_a_longer_picture_is_refused_where_its_plays_per_hour_would_not_fit(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let (inner, other) = (playlist(app, None, &[&red]).await, playlist(app, None, &[&blue]).await);
    // Of a playlist that holds the one that grows.
    let within = EntryDraft { playlist_id: inner.to_string(), ..EntryDraft::default() };
    let outer = PlaylistDraft { name: "Ngoài".to_owned(), entries: vec![within] };
    let outer = playlists::save(app, &unit(), None, outer).await.expect("asked").expect("valid");
    campaign(app, None, hourly(&outer, &[&board], "Một", 200)).await;
    campaign(app, None, hourly(&other, &[&board], "Hai", 100)).await;
    // 200 · 8 s + 100 · 8 s are 2,400 s; with 12.5 s they are 3,300 s.
    let errors = with_pictures(app, &inner, &[(&red, "12.5")]).await.expect_err("refused");
    assert_eq!((errors.len(), errors[0].field.as_str(), errors[0].code), (1, "entries", "error-per-hour-change"));
    assert_eq!(["asked", "most", "boards"].map(|name| said(&errors, name)), ["3300", "3240", "1"]);
    let by = said(&errors, "by");
    assert!(by.contains("Một (2500 s)") && by.contains("Hai (800 s)"), "{by}");
    assert_eq!(playlists::get(app, &inner).await.expect("loaded").expect("there").version, 1, "nothing was saved");
    with_pictures(app, &inner, &[(&red, "12")]).await.expect("3,200 s fit");
    with_pictures(app, &other, &[(&blue, "8"), (&red, "8")]).await.expect("nothing gets longer");
}

async fn a_picture_of_more_than_a_minute_is_refused_in_a_playlist_beside_plays_per_hour(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let (red, blue) = (asset(app, "red").await, asset(app, "blue").await);
    let (weighted, often) = (playlist(app, None, &[&red]).await, playlist(app, None, &[&blue]).await);
    campaign(app, None, draft(&weighted, &[&board])).await;
    with_pictures(app, &weighted, &[(&red, "90")]).await.expect("nobody has plays per hour");
    with_pictures(app, &weighted, &[(&red, "60")]).await.expect("shorter again");
    campaign(app, None, hourly(&often, &[&board], "Mỗi giờ", 6)).await;
    let errors = with_pictures(app, &weighted, &[(&red, "61")]).await.expect_err("refused");
    assert_eq!((errors.len(), errors[0].field.as_str(), errors[0].code), (1, "entries", "error-beside-long"));
    assert_eq!(["length", "most", "of"].map(|name| said(&errors, name)), ["61", "60", "Chiến dịch"]);
    with_pictures(app, &weighted, &[(&red, "60"), (&blue, "60")]).await.expect("a minute may be");
}

async fn a_board_is_not_lit_at_hours_at_which_plays_per_hour_would_meet_that_do_not_fit(world: World) {
    let world = furnished(world).await;
    let (app, board) = (&world.app, board(&world.app, "b-0001").await);
    let red = asset(app, "red").await;
    let list = playlist(app, None, &[&red]).await;
    let lit = async |from: &str, until: &str| {
        let hours = serde_json::json!({ "weekly": [{ "days": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "intervals": [{ "from": from, "until": until }] }] });
        let hours: ::playlists::hours::Hours = serde_json::from_value(hours).expect("hours");
        let settings = SettingsDraft {
            name: "B".to_owned(),
            brightness: "100".to_owned(),
            hours: HoursDraft::of(Some(&hours)),
            ..SettingsDraft::default()
        };
        boards::save(app, &board, &settings).await.expect("asked")
    };
    lit("05:30", "22:00").await.expect("valid");
    let at = |from: &str, until: &str, name: &str| {
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(str::to_owned).to_vec();
        let starts = StartsDraft::Form { days, from: from.to_owned(), until: until.to_owned() };
        CampaignDraft { windows: vec![starts.into()], ..hourly(&list, &[&board], name, 250) }
    };
    campaign(app, None, at("20:00", "23:00", "Tối")).await;
    campaign(app, None, at("22:00", "23:30", "Đêm")).await;
    let errors = lit("05:30", "22:30").await.expect_err("refused");
    assert_eq!((errors.len(), errors[0].field.as_str(), errors[0].code), (1, "hours", "error-per-hour-change"));
    assert_eq!(["asked", "most"].map(|name| said(&errors, name)), ["4000", "3240"]);
    lit("05:30", "21:00").await.expect("they meet as little as before");
}
