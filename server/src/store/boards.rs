//! Boards: place, pixels, hours and key.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use playlists::asset::Language;
use playlists::geometry::Geometry;
use playlists::hours::Hours;
use playlists::id::{AssetId, BoardId, CampaignId, PlaylistId, UnitId};
use playlists::overlay::Overlay;
use playlists::trust::key::PublicKey;
use playlists::trust::manifest::Lanes;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, QueryBuilder};

use super::of_ids::{IDS_AT_ONCE, of_ids};
use super::search::{fold, pattern};
use super::{Db, StoreError, Tx, board_overlays, on, within};

/// A board as it is set up.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// Its id.
    pub id: BoardId,
    /// Its name as people read it.
    pub name: String,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Five digits of the statistics office.
    pub commune_code: String,
    /// Latitude and longitude, WGS 84.
    pub place: Option<(f64, f64)>,
    /// Its pixels.
    pub geometry: Geometry,
    /// Its IANA zone.
    pub time_zone: Tz,
    /// When it is lit; always, when absent.
    pub hours: Option<Hours>,
    /// Per cent, 0–100.
    pub brightness: u8,
    /// What plays when nothing else does; none: the safe item.
    pub default_playlist: Option<PlaylistId>,
    /// What lies over its loop, at most one in each corner; a picture by its asset.
    pub overlays: Vec<Overlay<AssetId>>,
    /// How campaigns share its loop.
    pub rules: LoopRules,
    /// Its public key.
    pub public_key: PublicKey,
}

/// How campaigns share a board's loop, as its owner decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoopRules {
    /// Weights of the lanes, in slots.
    #[serde(default)]
    pub lanes: Lanes,
    /// A weight, 1 to 1,000, for each language that the board shows; any language, when empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<Language, u32>,
    /// Which of colliding `priority` campaigns plays: ranks 1 to 1,000, the lowest first; those not named lose to those named.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranks: BTreeMap<CampaignId, u32>,
}

/// What an operator may change of a board.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// When it is lit; always, when absent.
    pub hours: Option<Hours>,
    /// Per cent, 0–100.
    pub brightness: u8,
    /// What plays when nothing else does; none: the safe item.
    pub default_playlist: Option<PlaylistId>,
    /// What lies over its loop, at most one in each corner; a picture by its asset.
    pub overlays: Vec<Overlay<AssetId>>,
    /// How campaigns share its loop.
    pub rules: LoopRules,
}

#[derive(FromRow)]
struct Row {
    board_id: String,
    name: String,
    unit_id: String,
    commune_code: String,
    lat: Option<f64>,
    lon: Option<f64>,
    width: i64,
    height: i64,
    time_zone: String,
    hours: Option<String>,
    brightness: i64,
    default_playlist_id: Option<String>,
    overlays: Option<String>,
    loop_rules: Option<String>,
    public_key: String,
}

impl Row {
    fn read(self) -> Result<Board, StoreError> {
        Ok(Board {
            id: self.board_id.parse().map_err(|e| StoreError::unreadable("board.board_id", e))?,
            name: self.name,
            unit: self.unit_id.parse().map_err(|e| StoreError::unreadable("board.unit_id", e))?,
            commune_code: self.commune_code,
            place: self.lat.zip(self.lon),
            geometry: geometry(self.width, self.height)?,
            time_zone: self.time_zone.parse().map_err(|e| StoreError::unreadable("board.time_zone", e))?,
            hours: self
                .hours
                .as_deref()
                .map(serde_json::from_str)
                .transpose()
                .map_err(|e| StoreError::unreadable("board.hours", e))?,
            brightness: u8::try_from(self.brightness).map_err(|e| StoreError::unreadable("board.brightness", e))?,
            default_playlist: self
                .default_playlist_id
                .map(|id| id.parse())
                .transpose()
                .map_err(|e| StoreError::unreadable("board.default_playlist_id", e))?,
            overlays: match self.overlays.as_deref() {
                Some(json) => serde_json::from_str(json).map_err(|e| StoreError::unreadable("board.overlays", e))?,
                None => Vec::new(),
            },
            rules: match self.loop_rules.as_deref() {
                Some(json) => serde_json::from_str(json).map_err(|e| StoreError::unreadable("board.loop_rules", e))?,
                None => LoopRules::default(),
            },
            public_key: self.public_key.parse().map_err(|e| StoreError::unreadable("board.public_key", e))?,
        })
    }
}

/// A geometry from two columns.
pub(super) fn geometry(width: i64, height: i64) -> Result<Geometry, StoreError> {
    let side = |side: i64| u32::try_from(side).map_err(|e| StoreError::unreadable("width or height", e));
    Geometry::new(side(width)?, side(height)?).map_err(|e| StoreError::unreadable("width or height", e))
}

pub(super) fn hours_json(hours: Option<&Hours>) -> Result<Option<String>, StoreError> {
    hours.map(serde_json::to_string).transpose().map_err(|e| StoreError::unreadable("hours to be saved", e))
}

/// Null where nothing lies over the loop.
fn overlays_json(overlays: &[Overlay<AssetId>]) -> Result<Option<String>, StoreError> {
    let some = (!overlays.is_empty()).then(|| serde_json::to_string(overlays));
    some.transpose().map_err(|e| StoreError::unreadable("overlays to be saved", e))
}

/// Null where the board goes by the rules as shipped.
fn rules_json(rules: &LoopRules) -> Result<Option<String>, StoreError> {
    let own = (*rules != LoopRules::default()).then(|| serde_json::to_string(rules));
    own.transpose().map_err(|e| StoreError::unreadable("loop rules to be saved", e))
}

/// Adds boards.
///
/// # Errors
/// When the database fails, an id is taken, or a unit does not exist.
pub async fn add(tx: &mut Tx, boards: &[Board], now_ms: i64) -> Result<(), StoreError> {
    /// Seventeen parameters a row, within SQLite's 32,766.
    const AT_ONCE: usize = 1900;
    for part in boards.chunks(AT_ONCE) {
        let documents =
            |board: &Board| Ok((hours_json(board.hours.as_ref())?, overlays_json(&board.overlays)?, rules_json(&board.rules)?));
        let documents = part.iter().map(documents).collect::<Result<Vec<_>, StoreError>>()?;
        within!(tx, |conn| {
            let mut query = QueryBuilder::new(
                "insert into board (board_id, name, name_search, unit_id, commune_code, lat, lon, width, height, time_zone,
                hours, brightness, default_playlist_id, overlays, loop_rules, public_key, created_ms) ",
            );
            query.push_values(part.iter().zip(documents), |mut row, (board, (hours, overlays, rules))| {
                row.push_bind(board.id.as_str())
                    .push_bind(&board.name)
                    .push_bind(fold(&board.name))
                    .push_bind(board.unit.as_str())
                    .push_bind(&board.commune_code)
                    .push_bind(board.place.map(|place| place.0))
                    .push_bind(board.place.map(|place| place.1))
                    .push_bind(i64::from(board.geometry.width()))
                    .push_bind(i64::from(board.geometry.height()))
                    .push_bind(board.time_zone.name())
                    .push_bind(hours)
                    .push_bind(i64::from(board.brightness))
                    .push_bind(board.default_playlist.as_ref().map(PlaylistId::as_str))
                    .push_bind(overlays)
                    .push_bind(rules)
                    .push_bind(board.public_key.to_string())
                    .push_bind(now_ms);
            });
            query.build().execute(conn).await.map(drop)
        })
        .map_err(StoreError::on("add the boards"))?;
        board_overlays::note_all(tx, part).await?;
    }
    Ok(())
}

/// Saves what an operator may change; whether the board exists.
///
/// # Errors
/// When the database fails.
pub async fn save_settings(tx: &mut Tx, id: &BoardId, settings: &Settings) -> Result<bool, StoreError> {
    const SQL: &str = "update board set name = $2, name_search = $3, hours = $4, brightness = $5, default_playlist_id = $6,
        overlays = $7, loop_rules = $8 where board_id = $1";
    let (hours, rules) = (hours_json(settings.hours.as_ref())?, rules_json(&settings.rules)?);
    let overlays = overlays_json(&settings.overlays)?;
    board_overlays::note(tx, id, &board_overlays::of(&settings.overlays)).await?;
    within!(tx, |conn| sqlx::query(SQL)
        .bind(id.as_str())
        .bind(&settings.name)
        .bind(fold(&settings.name))
        .bind(hours)
        .bind(i64::from(settings.brightness))
        .bind(settings.default_playlist.as_ref().map(PlaylistId::as_str))
        .bind(overlays)
        .bind(rules)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() > 0))
    .map_err(StoreError::on("save the board's settings"))
}

/// Gives a board other pixels; whether it exists.
///
/// # Errors
/// When the database fails.
pub async fn resize(tx: &mut Tx, id: &BoardId, geometry: Geometry) -> Result<bool, StoreError> {
    const SQL: &str = "update board set width = $2, height = $3 where board_id = $1";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(id.as_str())
        .bind(i64::from(geometry.width()))
        .bind(i64::from(geometry.height()))
        .execute(conn)
        .await
        .map(|done| done.rows_affected() > 0))
    .map_err(StoreError::on("change the board's pixels"))
}

/// The board of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &BoardId) -> Result<Option<Board>, StoreError> {
    const SQL: &str = "select board_id, name, unit_id, commune_code, lat, lon, width, height, time_zone, hours, brightness,
        default_playlist_id, overlays, loop_rules, public_key from board where board_id = $1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(id.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the board"))?
        .map(Row::read)
        .transpose()
}

/// Boards whose name contains `search` (folded; empty: all), in the order of name and id, after this board, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, search: &str, after: Option<&BoardId>, limit: u32) -> Result<Vec<Board>, StoreError> {
    const SQL: &str = "select board_id, name, unit_id, commune_code, lat, lon, width, height, time_zone, hours, brightness,
        default_playlist_id, overlays, loop_rules, public_key from board
        where name_search like $1 escape '\\'
        and ($2 = '' or (name_search, board_id) > (select b.name_search, b.board_id from board b where b.board_id = $2))
        order by name_search, board_id limit $3";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(pattern(search))
        .bind(after.map_or("", BoardId::as_str))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the boards"))?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// Boards by the order of their ids, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list_by_id(db: &Db, after: Option<&BoardId>, limit: u32) -> Result<Vec<Board>, StoreError> {
    const SQL: &str = "select board_id, name, unit_id, commune_code, lat, lon, width, height, time_zone, hours, brightness,
        default_playlist_id, overlays, loop_rules, public_key from board where board_id > $1 order by board_id limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(after.map_or("", BoardId::as_str))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the boards"))?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// The sizes of boards, those that most boards have first and the smaller before the larger, at most `limit`, and how many boards have
/// each.
///
/// # Errors
/// When the database fails.
pub async fn sizes(db: &Db, limit: u32) -> Result<Vec<(Geometry, u64)>, StoreError> {
    const SQL: &str = "select width, height, cast(count(*) as bigint) from board
        group by width, height order by count(*) desc, width, height limit $1";
    on!(db, |pool| sqlx::query_as::<_, (i64, i64, i64)>(SQL).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("count the boards by size"))?
        .into_iter()
        .map(|(width, height, boards)| {
            let boards = u64::try_from(boards).map_err(|e| StoreError::unreadable("count of boards", e))?;
            Ok((geometry(width, height)?, boards))
        })
        .collect()
}

/// The boards of these ids, in the order of their ids; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn many(db: &Db, ids: &[BoardId]) -> Result<Vec<Board>, StoreError> {
    const SQL: &str = "select board_id, name, unit_id, commune_code, lat, lon, width, height, time_zone, hours, brightness,
        default_playlist_id, overlays, loop_rules, public_key from board where board_id in";
    let mut rows: Vec<Row> = Vec::new();
    for part in ids.chunks(IDS_AT_ONCE) {
        let found = on!(db, |pool| of_ids(SQL, part, "order by board_id").build_query_as::<Row>().fetch_all(pool).await);
        rows.extend(found.map_err(StoreError::on("load the boards"))?);
    }
    rows.into_iter().map(Row::read).collect()
}
