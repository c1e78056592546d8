//! `/api/v1/assets/{id}/renditions`: how far an asset's renditions are, and making those anew that failed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use playlists::geometry::Geometry;
use playlists::id::AssetId;
use serde::Serialize;

use super::lines::stamp;
use super::problem::Problem;
use crate::app::{assets, upkeep};
use crate::http::site::Site;
use crate::store::renditions::State as How;

/// A rendition.
#[derive(Serialize)]
pub(in crate::http) struct Line {
    geometry: Geometry,
    /// `wanted`, `making`, `ready` or `failed`.
    state: &'static str,
    /// How many per cent are encoded of one that is being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u32>,
    /// Of one that is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Why one failed, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Why one failed, as a word that stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// How often making it was tried in vain.
    attempt: u32,
    changed: Option<String>,
}

/// What was done.
#[derive(Serialize)]
pub(in crate::http) struct Again {
    /// Renditions that had failed and are made anew.
    again: u64,
}

/// The renditions as JSON.
pub(in crate::http) async fn json(State(site): State<Site>, Path(id): Path<String>) -> Result<Json<Vec<Line>>, Problem> {
    let id = known(&site, &id).await?;
    let lines = assets::renditions_of(&site.app, &id).await?.into_iter().map(|made| {
        let percent = site.app.live.making.percent(&made.key);
        let sha256 = made.digest().map(|digest| digest.to_string());
        let (state, error, fault) = match made.state {
            How::Ready { .. } => ("ready", None, None),
            How::Failed { error, fault } => ("failed", Some(error), fault),
            How::Wanted if percent.is_some() => ("making", None, None),
            How::Wanted => ("wanted", None, None),
        };
        let code = fault.map(|fault| fault.code);
        let changed = chrono::DateTime::from_timestamp_millis(made.changed_ms).map(stamp);
        Line { geometry: made.key.geometry, state, percent, sha256, error, code, attempt: made.attempt, changed }
    });
    Ok(Json(lines.collect()))
}

/// `POST …/retry`: those that failed are wanted again.
pub(in crate::http) async fn retry(State(site): State<Site>, Path(id): Path<String>) -> Result<Json<Again>, Problem> {
    let id = known(&site, &id).await?;
    Ok(Json(Again { again: upkeep::retry(&site.app, &id).await? }))
}

async fn known(site: &Site, id: &str) -> Result<AssetId, Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "asset-unknown", format!("there is no asset {id:?}"));
    let id: AssetId = id.parse().map_err(|_| unknown())?;
    assets::get(&site.app, &id).await?.map(|asset| asset.id).ok_or_else(unknown)
}
