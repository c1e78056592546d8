//! What this server has, as a plan: ids, names, rules and contents; no keys, no people, no history.

use std::collections::BTreeMap;

use ::playlists::asset::AssetKind;
use ::playlists::id::{AssetId, Digest};
use ::playlists::plan::{
    Asset, Board, Campaign, Entry, File, Length, Picture, Plan, Playlist, Slide, Spot, StandDown, Targets, Ticker, Unit, VERSION,
    When, Window,
};
use chrono::{DateTime, Utc};

use super::{PAGE, PlanError};
use crate::app::campaign_draft::OPERATORS_ZONE;
use crate::app::{App, assets};
use crate::store::playlists::{Shows, StoredEntry, StoredPlaylist};
use crate::store::{self, StoreError};

/// A plan and the files that it names.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The plan.
    pub plan: Plan,
    /// Files by their paths from the plan's folder, with the digests under which the media store has them.
    pub files: BTreeMap<String, Digest>,
}

/// Tells this server's plan.
///
/// # Errors
/// When the database or the media store fails.
pub async fn export(app: &App) -> Result<Exported, PlanError> {
    let mut files = BTreeMap::new();
    let (mut boards, assets) = (all_boards(app).await?, all_assets(app, &mut files).await?);
    // What has no version left lies over nothing.
    let is_told = |id: &AssetId| assets.iter().any(|asset| asset.id == *id);
    for board in &mut boards {
        board.overlays.retain(|overlay| overlay.picture.as_ref().is_none_or(is_told));
    }
    let plan = Plan {
        bangtin: VERSION,
        time_zone: Some(OPERATORS_ZONE),
        units: units(app).await?,
        boards,
        assets,
        playlists: playlists(app).await?,
        campaigns: campaigns(app).await?,
        stand_downs: stand_downs(app).await?,
        ..Plan::default()
    };
    Ok(Exported { plan, files })
}

fn begins(ms: Option<i64>) -> Option<When> {
    ms.and_then(DateTime::from_timestamp_millis).map(|at| When::beginning(at, OPERATORS_ZONE))
}
fn ends(ms: Option<i64>) -> Option<When> {
    ms.and_then(DateTime::from_timestamp_millis).map(|at| When::end(at, OPERATORS_ZONE))
}
fn ms(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp_millis())
}

async fn units(app: &App) -> Result<Vec<Unit>, StoreError> {
    let mut all = Vec::new();
    loop {
        let last = all.last().map(|unit: &store::units::Unit| unit.id.clone());
        let page = store::units::list(&app.db, last.as_ref(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let unit = |unit: store::units::Unit| Unit { id: unit.id, name: unit.name, tier: unit.tier, parent: unit.parent };
    let mut units: Vec<Unit> = all.into_iter().map(unit).collect();
    units.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(units)
}

async fn all_boards(app: &App) -> Result<Vec<Board>, StoreError> {
    let mut all: Vec<Board> = Vec::new();
    loop {
        let last = all.last().map(|board| board.id.clone());
        let page = store::boards::list_by_id(&app.db, last.as_ref(), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.into_iter().map(board));
    }
}

/// A board as a plan tells it.
pub(super) fn board(board: store::boards::Board) -> Board {
    Board {
        id: board.id,
        name: board.name,
        unit: Some(board.unit),
        commune: board.commune_code,
        geometry: board.geometry,
        place: board.place.map(|(lat, lon)| Spot { lat, lon }),
        time_zone: Some(board.time_zone).filter(|zone| *zone != OPERATORS_ZONE),
        hours: board.hours.map(Into::into),
        brightness: board.brightness,
        overlays: board.overlays.into_iter().map(Into::into).collect(),
        lanes: board.rules.lanes.into(),
        languages: board.rules.languages,
        ranks: board.rules.ranks,
        default_playlist: board.default_playlist,
    }
}

async fn all_assets(app: &App, files: &mut BTreeMap<String, Digest>) -> Result<Vec<Asset>, PlanError> {
    let mut all: Vec<assets::Asset> = Vec::new();
    loop {
        let last = all.last().map(|asset| asset.id.clone());
        let page = store::assets::find(&app.db, &store::assets::Search::default(), last.as_ref(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    all.sort_by(|one, other| one.id.cmp(&other.id));
    let mut told = Vec::new();
    // What has no version left is in no playlist and cannot be shown.
    for asset in all.iter().filter(|asset| !asset.versions.is_empty()) {
        told.push(self::asset(app, asset, files).await?);
    }
    Ok(told)
}

async fn asset(app: &App, asset: &assets::Asset, files: &mut BTreeMap<String, Digest>) -> Result<Asset, PlanError> {
    let main = asset.main();
    let focus = main.map(|main| main.focus).filter(|focus| *focus != ::playlists::asset::Focus::MIDDLE);
    let mut told = Asset {
        id: asset.id.clone(),
        name: asset.name.clone(),
        unit: Some(asset.unit.clone()),
        theme: asset.theme.clone(),
        source: asset.source.clone(),
        rights: asset.rights.clone(),
        from: begins(asset.from_ms),
        until: ends(asset.until_ms),
        fit: main.filter(|_| !asset.kind.is_document()).map(|main| main.fit).unwrap_or_default(),
        focus: focus.map(|focus| [share(focus.x()), share(focus.y())]),
        files: BTreeMap::new(),
        length: asset.clip_ms().map(|ms| Length(std::time::Duration::from_millis(ms))),
        slide: None,
        ticker: None,
    };
    match asset.kind {
        AssetKind::Still | AssetKind::Clip => {
            for (language, version) in &asset.versions {
                let file = format!("media/{}-{language}.{}", asset.id, ending(&version.media_type));
                files.insert(file.clone(), version.sha256);
                told.files.insert(language.clone(), File { file, sha256: Some(version.sha256) });
            }
        }
        AssetKind::Slide => told.slide = slide(app, asset, files).await?,
        AssetKind::Ticker => {
            let documents = assets::ticker(app, asset).await.map_err(PlanError::Keep)?;
            let first = documents.values().next().cloned();
            told.ticker = first.map(|first| Ticker {
                texts: documents.into_iter().map(|(language, document)| (language, document.text)).collect(),
                ink: Some(first.ink.to_string()).filter(|ink| ink != "#ffffff"),
                band: first.band.map(|band| band.to_string()),
                speed: Some(first.pixels_a_frame).filter(|speed| *speed != super::contents::SPEED),
            });
        }
    }
    Ok(told)
}

/// Thousandths as a share.
fn share(thousandths: u16) -> f32 {
    f32::from(thousandths) / 1000.0
}

/// How a file of this type ends.
fn ending(media_type: &str) -> &str {
    match media_type {
        "image/jpeg" => "jpg",
        "image/svg+xml" => "svg",
        "video/quicktime" => "mov",
        "video/x-matroska" => "mkv",
        other => other.rsplit('/').next().unwrap_or("bin"),
    }
}

async fn slide(app: &App, asset: &assets::Asset, files: &mut BTreeMap<String, Digest>) -> Result<Option<Slide>, PlanError> {
    let Some(document) = assets::slide(app, asset).await.map_err(PlanError::Keep)? else { return Ok(None) };
    let content = document.content;
    let mut texts = BTreeMap::new();
    for (language, fields) in content.texts {
        let language = language.code().parse().map_err(|e| StoreError::unreadable("language of a slide", e))?;
        texts.insert(language, fields);
    }
    let mut pictures = BTreeMap::new();
    for (field, picture) in content.pictures {
        let sha256: Digest = picture.file.parse().map_err(|e| StoreError::unreadable("picture of a slide", e))?;
        let file = format!("media/{sha256}");
        files.insert(file.clone(), sha256);
        pictures.insert(field, Picture { file, sha256: Some(sha256), focus: picture.focus });
    }
    Ok(Some(Slide {
        template: document.template,
        texts,
        dates: content.dates,
        addresses: content.addresses,
        levels: content.levels,
        pictures,
    }))
}

async fn playlists(app: &App) -> Result<Vec<Playlist>, StoreError> {
    let mut all: Vec<StoredPlaylist> = Vec::new();
    loop {
        let last = all.last().map(|playlist| playlist.id.clone());
        let page = store::playlists::list(&app.db, "", last.as_ref(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let clips = clips(app).await?;
    let entry = |entry: &StoredEntry| {
        let told = Entry { from: begins(entry.from_ms), until: ends(entry.until_ms), ..Entry::default() };
        match &entry.shows {
            Shows::Asset { asset_id, duration_ms, .. } => Entry {
                asset: Some(asset_id.clone()),
                duration: (!clips.contains(asset_id)).then(|| Length(std::time::Duration::from_millis(*duration_ms))),
                ..told
            },
            Shows::Playlist { playlist_id, take, .. } => Entry { playlist: Some(playlist_id.clone()), take: *take, ..told },
        }
    };
    let playlist = |playlist: &StoredPlaylist| Playlist {
        id: playlist.id.clone(),
        name: playlist.name.clone(),
        unit: Some(playlist.unit.clone()),
        entries: playlist.entries.iter().map(entry).collect(),
    };
    let mut playlists: Vec<Playlist> = all.iter().map(playlist).collect();
    playlists.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(playlists)
}

/// The ids of all clips.
async fn clips(app: &App) -> Result<std::collections::BTreeSet<AssetId>, StoreError> {
    let mut last = None;
    let mut clips = std::collections::BTreeSet::new();
    loop {
        let page = store::assets::find(&app.db, &store::assets::Search::default(), last.as_ref(), PAGE).await?;
        let Some(end) = page.last() else { return Ok(clips) };
        last = Some(end.id.clone());
        clips.extend(page.into_iter().filter(|asset| asset.kind == AssetKind::Clip).map(|asset| asset.id));
    }
}

async fn campaigns(app: &App) -> Result<Vec<Campaign>, StoreError> {
    let mut all: Vec<store::campaigns::StoredCampaign> = Vec::new();
    loop {
        let last = all.last().map(|campaign| campaign.id.clone());
        let page = store::campaigns::list(&app.db, "", last.as_ref(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    all.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(all.iter().map(campaign).collect())
}

/// A campaign as a plan tells it.
pub(super) fn campaign(campaign: &store::campaigns::StoredCampaign) -> Campaign {
    let (weight, per_hour) = match campaign.share {
        ::playlists::campaign::Share::Weight(weight) => (Some(weight), None),
        ::playlists::campaign::Share::PerHour(plays) => (None, Some(plays)),
    };
    Campaign {
        id: campaign.id.clone(),
        name: campaign.name.clone(),
        unit: Some(campaign.unit.clone()),
        theme: campaign.theme.clone(),
        level: campaign.level,
        playlist: campaign.plays.playlist().cloned(),
        ticker: campaign.plays.ticker().cloned(),
        weight,
        per_hour,
        targets: Targets { all: campaign.all_boards, boards: campaign.boards.iter().cloned().collect(), ..Targets::default() },
        from: begins(ms(campaign.period.from)),
        until: ends(ms(campaign.period.until)),
        windows: campaign.windows.iter().map(Window::from).collect(),
        approved: campaign.approved,
        paused: campaign.paused,
    }
}

async fn stand_downs(app: &App) -> Result<Vec<StandDown>, StoreError> {
    let mut all = store::stand_downs::list(&app.db, PAGE).await?;
    all.retain(|stand_down| stand_down.ended_ms.is_none());
    all.sort_by(|one, other| one.id.cmp(&other.id));
    let told = |stand_down: &store::stand_downs::StandDownVersion| StandDown {
        id: stand_down.id.to_string(),
        name: stand_down.name.clone(),
        themes: stand_down.themes.clone(),
        from: begins(Some(stand_down.from_ms)).unwrap_or(When::Instant(DateTime::UNIX_EPOCH)),
        until: ends(stand_down.until_ms),
    };
    Ok(all.iter().map(told).collect())
}
