//! The samples and the province: what `demo` begins with. Embedded in the binary, laid down once, never changed again by a restart.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ::playlists::asset::Fit;
use ::playlists::geometry::Geometry;
use ::playlists::id::{AssetId, BoardId, CampaignId, IdError, PlaylistId, UnitId};
use ::playlists::unit::Tier;
use ::playlists::wire::messages::Identity;
use rust_embed::RustEmbed;
use serde::Deserialize;

use super::assets::{AddAssetError, NewAsset, add_as};
use super::boards::{AddBoardError, NewBoard};
use super::campaign_draft::OPERATORS_ZONE;
use super::campaigns::{CampaignDraft, StartsDraft, WindowDraft};
use super::playlists::{EntryDraft, PlaylistDraft};
use super::{App, FieldError, boards, campaigns, playlists, units};
use crate::media::clips::ClipFault;
use crate::media::intake::MediaError;
use crate::store::units::Unit;
use crate::store::{self, StoreError};

#[derive(RustEmbed)]
#[folder = "../playlists/samples/"]
struct Samples;

const COMMUNES: &str = include_str!("../../../playlists/data/communes_thai_nguyen.csv");
/// Most boards that are looked through for a shape.
const MOST_BOARDS: u32 = 10_000;
/// The geometries of the province's boards, in turn; the first three are driven by players in `demo`.
pub const GEOMETRIES: [(u32, u32); 6] = [(640, 320), (64, 256), (1920, 1080), (256, 128), (384, 192), (960, 540)];
/// The province's id.
pub const PROVINCE: &str = "thai-nguyen";

/// Why samples cannot be laid down.
#[derive(Debug, thiserror::Error)]
pub enum SamplesError {
    /// The plan cannot be read.
    #[error("the samples' plan cannot be read: {0}")]
    Plan(String),
    /// The plan names a file that is not there.
    #[error("the samples' plan names {0}, which is not among them")]
    File(String),
    /// The plan names something that it does not define.
    #[error("the samples' plan names {0}, which it does not define")]
    Reference(String),
    /// An id in the plan is none.
    #[error("the samples' plan holds an id that is none")]
    Id(#[source] IdError),
    /// A file is refused.
    #[error("the sample {file} is refused")]
    Asset {
        /// Which file.
        file: String,
        /// Why.
        #[source]
        source: AddAssetError,
    },
    /// A playlist is refused.
    #[error("the sample playlist {id} is refused: {errors:?}")]
    Playlist {
        /// Which one.
        id: String,
        /// Why.
        errors: Vec<FieldError>,
    },
    /// A campaign is refused.
    #[error("the sample campaign {id} is refused: {errors:?}")]
    Campaign {
        /// Which one.
        id: String,
        /// Why.
        errors: Vec<FieldError>,
    },
    /// The communes cannot be read.
    #[error("the list of communes cannot be read")]
    Communes(#[source] csv::Error),
    /// A board cannot be added.
    #[error("the boards of the communes cannot be added")]
    Board(#[source] AddBoardError),
    /// The database failed.
    #[error("the samples cannot be stored")]
    Store(#[source] StoreError),
}

#[derive(Deserialize)]
struct Plan {
    #[serde(default)]
    asset: Vec<PlannedAsset>,
    #[serde(default)]
    playlist: Vec<PlannedPlaylist>,
    #[serde(default)]
    campaign: Vec<PlannedCampaign>,
}

#[derive(Deserialize)]
struct PlannedAsset {
    id: String,
    file: String,
    name: String,
    #[serde(default)]
    fit: Fit,
}

#[derive(Deserialize)]
struct PlannedPlaylist {
    id: String,
    name: String,
    entries: Vec<PlannedEntry>,
}

#[derive(Deserialize)]
struct PlannedEntry {
    asset: String,
    duration_s: u64,
}

#[derive(Deserialize)]
struct PlannedCampaign {
    id: String,
    name: String,
    playlist: String,
    #[serde(default)]
    level: String,
    weight: u32,
    shape: Shape,
    #[serde(default)]
    windows: Vec<PlannedWindow>,
}

#[derive(Deserialize)]
struct PlannedWindow {
    cron: String,
    duration_minutes: u32,
}

/// Which boards a sample is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    /// At least as wide as high.
    Wide,
    /// Higher than wide.
    Tall,
    /// All.
    Any,
}

impl Shape {
    fn suits(self, geometry: Geometry) -> bool {
        match self {
            Self::Any => true,
            Self::Wide => geometry.width() >= geometry.height(),
            Self::Tall => geometry.width() < geometry.height(),
        }
    }
}

fn file(name: &str) -> Result<Cow<'static, [u8]>, SamplesError> {
    Samples::get(name).map(|file| file.data).ok_or_else(|| SamplesError::File(name.to_owned()))
}

/// Lays the embedded samples down for this unit: assets, playlists and campaigns that are not there yet; what an operator has changed
/// since stays changed.
///
/// # Errors
/// When the plan does not hold, or the database fails.
pub async fn import(app: &App, unit: &UnitId) -> Result<(), SamplesError> {
    let text = file("plan.toml")?;
    let text = std::str::from_utf8(&text).map_err(|e| SamplesError::Plan(e.to_string()))?;
    let plan: Plan = toml::from_str(text).map_err(|e| SamplesError::Plan(e.to_string()))?;
    let mut assets = BTreeMap::new();
    for planned in &plan.asset {
        if let Some(id) = import_asset(app, unit, planned).await? {
            assets.insert(planned.id.as_str(), id);
        }
    }
    for planned in &plan.playlist {
        import_playlist(app, unit, planned, &plan.asset, &assets).await?;
    }
    let boards = store::boards::list_by_id(&app.db, None, MOST_BOARDS).await.map_err(SamplesError::Store)?;
    for planned in &plan.campaign {
        let suited =
            boards.iter().filter(|board| planned.shape.suits(board.geometry)).map(|board| board.id.to_string()).collect();
        import_campaign(app, unit, planned, suited).await?;
    }
    Ok(())
}

/// None for a clip on a machine that cannot take any: what plays it plays the rest.
async fn import_asset(app: &App, unit: &UnitId, planned: &PlannedAsset) -> Result<Option<AssetId>, SamplesError> {
    let id: AssetId = planned.id.parse().map_err(SamplesError::Id)?;
    if store::assets::get(&app.db, &id).await.map_err(SamplesError::Store)?.is_some() {
        return Ok(Some(id));
    }
    let new =
        NewAsset { unit: unit.clone(), name: planned.name.clone(), fit: planned.fit, bytes: file(&planned.file)?.into_owned() };
    match add_as(app, id, new).await {
        Ok(asset) => Ok(Some(asset.id)),
        Err(AddAssetError::Media(MediaError::Clip(fault @ ClipFault::NotInstalled { .. }))) => {
            tracing::warn!(error = %fault, "the sample {} is left out", planned.file);
            Ok(None)
        }
        Err(source) => Err(SamplesError::Asset { file: planned.file.clone(), source }),
    }
}

async fn import_playlist(
    app: &App,
    unit: &UnitId,
    planned: &PlannedPlaylist,
    defined: &[PlannedAsset],
    assets: &BTreeMap<&str, AssetId>,
) -> Result<(), SamplesError> {
    let id: PlaylistId = planned.id.parse().map_err(SamplesError::Id)?;
    if store::playlists::get(&app.db, &id).await.map_err(SamplesError::Store)?.is_some() {
        return Ok(());
    }
    if let Some(unknown) = planned.entries.iter().find(|entry| defined.iter().all(|asset| asset.id != entry.asset)) {
        return Err(SamplesError::Reference(unknown.asset.clone()));
    }
    let entry = |entry: &PlannedEntry| {
        let asset_id = assets.get(entry.asset.as_str())?.to_string();
        Some(EntryDraft { asset_id, duration_s: entry.duration_s.to_string(), ..EntryDraft::default() })
    };
    let entries = planned.entries.iter().filter_map(entry).collect();
    let draft = PlaylistDraft { name: planned.name.clone(), entries };
    match playlists::put(app, unit, id, &draft).await.map_err(SamplesError::Store)? {
        Ok(_) => Ok(()),
        Err(errors) => Err(SamplesError::Playlist { id: planned.id.clone(), errors }),
    }
}

async fn import_campaign(app: &App, unit: &UnitId, planned: &PlannedCampaign, suited: Vec<String>) -> Result<(), SamplesError> {
    let id: CampaignId = planned.id.parse().map_err(SamplesError::Id)?;
    let known = store::campaigns::get(&app.db, &id).await.map_err(SamplesError::Store)?.is_some();
    if known || (suited.is_empty() && planned.shape != Shape::Any) {
        return Ok(());
    }
    let window = |window: &PlannedWindow| -> WindowDraft {
        let (cron, duration_minutes) = (window.cron.clone(), window.duration_minutes.to_string());
        StartsDraft::Cron { cron, duration_minutes }.into()
    };
    let draft = CampaignDraft {
        name: planned.name.clone(),
        playlist_id: planned.playlist.clone(),
        level: planned.level.clone(),
        weight: planned.weight.to_string(),
        windows: planned.windows.iter().map(window).collect(),
        all_boards: planned.shape == Shape::Any,
        boards: if planned.shape == Shape::Any { Vec::new() } else { suited },
        approved: true,
        ..CampaignDraft::default()
    };
    match campaigns::put(app, unit, id, draft, None).await.map_err(SamplesError::Store)? {
        Ok(_) => Ok(()),
        Err(errors) => Err(SamplesError::Campaign { id: planned.id.clone(), errors }),
    }
}

#[derive(Deserialize)]
struct Commune {
    code: String,
    name_vi: String,
    kind: String,
    lat: f64,
    lon: f64,
}

impl Commune {
    fn full_name(&self) -> String {
        let kind = if self.kind == "phuong" { "Phường" } else { "Xã" };
        format!("{kind} {}", self.name_vi)
    }
}

/// Lays the province down: itself, its communes and wards, and one board in each, with a geometry in turn. Answers the identities of
/// the boards that were added now: those that were there keep theirs.
///
/// # Errors
/// When the list of communes cannot be read, or the database fails.
pub async fn import_province(app: &App) -> Result<Vec<Identity>, SamplesError> {
    let province: UnitId = PROVINCE.parse().map_err(SamplesError::Id)?;
    let own = Unit { id: province.clone(), name: "Tỉnh Thái Nguyên".to_owned(), tier: Tier::Province, parent: None };
    units::add(app, &own).await.map_err(SamplesError::Store)?;
    let mut identities = Vec::new();
    for (number, row) in csv::Reader::from_reader(COMMUNES.as_bytes()).deserialize().enumerate() {
        let commune: Commune = row.map_err(SamplesError::Communes)?;
        let unit = Unit {
            id: format!("xa-{}", commune.code).parse().map_err(SamplesError::Id)?,
            name: commune.full_name(),
            tier: Tier::Commune,
            parent: Some(province.clone()),
        };
        units::add(app, &unit).await.map_err(SamplesError::Store)?;
        let id: BoardId = format!("b-{}", commune.code).parse().map_err(SamplesError::Id)?;
        if boards::get(app, &id).await.map_err(SamplesError::Store)?.is_none() {
            let board = board_of(&commune, id, unit.id, number)?;
            let (_, identity) = boards::add(app, board).await.map_err(SamplesError::Board)?;
            identities.push(identity);
        }
    }
    Ok(identities)
}

fn board_of(commune: &Commune, id: BoardId, unit: UnitId, number: usize) -> Result<NewBoard, SamplesError> {
    let (width, height) = GEOMETRIES.get(number % GEOMETRIES.len()).copied().unwrap_or((640, 320));
    Ok(NewBoard {
        id,
        name: format!("Bảng tin {}", commune.full_name()),
        unit,
        commune_code: commune.code.clone(),
        place: Some((commune.lat, commune.lon)),
        geometry: Geometry::new(width, height).map_err(|e| SamplesError::Plan(e.to_string()))?,
        time_zone: OPERATORS_ZONE,
    })
}
