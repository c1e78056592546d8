//! Playlists and all their versions: a version is never changed, so that a day's past can be told.

use playlists::id::{AssetId, PlaylistId, UnitId};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::search::{fold, pattern};
use super::{Db, StoreError, Tx, on, within};

/// One line of a playlist as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    /// What is shown.
    pub asset_id: AssetId,
    /// How long, in milliseconds.
    pub duration_ms: u64,
}

/// A playlist in its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPlaylist {
    /// Its id.
    pub id: PlaylistId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Its name as people read it.
    pub name: String,
    /// Its newest version, from 1.
    pub version: u64,
    /// What it plays, in order.
    pub entries: Vec<StoredEntry>,
    /// When it was changed last, UTC milliseconds.
    pub changed_ms: i64,
}

#[derive(FromRow)]
struct Row {
    playlist_id: String,
    unit_id: String,
    name: String,
    version: i64,
    entries: String,
    changed_ms: i64,
}

impl Row {
    fn read(self) -> Result<StoredPlaylist, StoreError> {
        Ok(StoredPlaylist {
            id: self.playlist_id.parse().map_err(|e| StoreError::unreadable("playlist.playlist_id", e))?,
            unit: self.unit_id.parse().map_err(|e| StoreError::unreadable("playlist.unit_id", e))?,
            name: self.name,
            version: version(self.version)?,
            entries: entries(&self.entries)?,
            changed_ms: self.changed_ms,
        })
    }
}

fn version(version: i64) -> Result<u64, StoreError> {
    u64::try_from(version).map_err(|e| StoreError::unreadable("playlist.version", e))
}

fn entries(json: &str) -> Result<Vec<StoredEntry>, StoreError> {
    serde_json::from_str(json).map_err(|e| StoreError::unreadable("playlist_version.entries", e))
}

/// Adds a playlist, or changes name and number of the newest version of one that is there.
///
/// # Errors
/// When the database fails, or the unit does not exist.
pub async fn save(tx: &mut Tx, playlist: &StoredPlaylist) -> Result<(), StoreError> {
    const SQL: &str = "insert into playlist (playlist_id, unit_id, name, name_search, version, created_ms, changed_ms)
        values ($1, $2, $3, $4, $5, $6, $6)
        on conflict (playlist_id) do update set name = excluded.name, name_search = excluded.name_search, version = excluded.version,
        changed_ms = excluded.changed_ms";
    within!(tx, |conn| sqlx::query(SQL)
        .bind(playlist.id.as_str())
        .bind(playlist.unit.as_str())
        .bind(&playlist.name)
        .bind(fold(&playlist.name))
        .bind(i64::try_from(playlist.version).unwrap_or(i64::MAX))
        .bind(playlist.changed_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("save the playlist"))
}

/// Adds the playlist's entries as a new version.
///
/// # Errors
/// When the database fails, or that version exists: somebody else saved at the same time.
pub async fn add_version(tx: &mut Tx, playlist: &StoredPlaylist) -> Result<(), StoreError> {
    const SQL: &str = "insert into playlist_version (playlist_id, version, entries, created_ms) values ($1, $2, $3, $4)";
    let json = serde_json::to_string(&playlist.entries).map_err(|e| StoreError::unreadable("entries to be saved", e))?;
    within!(tx, |conn| sqlx::query(SQL)
        .bind(playlist.id.as_str())
        .bind(i64::try_from(playlist.version).unwrap_or(i64::MAX))
        .bind(json)
        .bind(playlist.changed_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("add the version of the playlist"))
}

/// The playlist of this id in its newest version.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &PlaylistId) -> Result<Option<StoredPlaylist>, StoreError> {
    const SQL: &str = "select p.playlist_id, p.unit_id, p.name, p.version, v.entries, p.changed_ms from playlist p
        join playlist_version v on v.playlist_id = p.playlist_id and v.version = p.version where p.playlist_id = $1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(id.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the playlist"))?
        .map(Row::read)
        .transpose()
}

/// Playlists whose name contains `search` (folded; empty: all), in the order of name and id, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, search: &str, after: Option<&PlaylistId>, limit: u32) -> Result<Vec<StoredPlaylist>, StoreError> {
    const SQL: &str = "select p.playlist_id, p.unit_id, p.name, p.version, v.entries, p.changed_ms from playlist p
        join playlist_version v on v.playlist_id = p.playlist_id and v.version = p.version
        where p.name_search like $1 escape '\\'
        and ($2 = '' or (p.name_search, p.playlist_id) > (select q.name_search, q.playlist_id from playlist q where q.playlist_id = $2))
        order by p.name_search, p.playlist_id limit $3";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(pattern(search))
        .bind(after.map_or("", PlaylistId::as_str))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the playlists"))?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// One version of a playlist, as manifests carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaylistVersion {
    /// The playlist.
    pub id: PlaylistId,
    /// Which version.
    pub version: u64,
    /// What it plays, in order.
    pub entries: Vec<StoredEntry>,
    /// It is in force from here until the next version is made, UTC milliseconds.
    pub created_ms: i64,
}

/// Every version that plays now or may have played since `since_ms`: those of campaign versions that were in force, and those of
/// the boards' default playlists, present and former. At most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn in_use(db: &Db, since_ms: i64, limit: u32) -> Result<Vec<PlaylistVersion>, StoreError> {
    const SQL: &str = "select v.playlist_id, v.version, v.entries, v.created_ms from playlist_version v
        join playlist p on p.playlist_id = v.playlist_id
        where exists (select 1 from campaign_version c where c.playlist_id = v.playlist_id and c.playlist_version = v.version
            and (c.ended_ms is null or c.ended_ms > $1))
        or ((v.version = p.version or exists (select 1 from playlist_version n
                where n.playlist_id = v.playlist_id and n.version = v.version + 1 and n.created_ms > $1))
            and (exists (select 1 from board b where b.default_playlist_id = v.playlist_id)
                or exists (select 1 from board_default_ended d where d.playlist_id = v.playlist_id and d.ended_ms > $1)))
        order by v.playlist_id, v.version limit $2";
    on!(db, |pool| sqlx::query_as::<_, (String, i64, String, i64)>(SQL)
        .bind(since_ms)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("load the playlists in use"))?
    .into_iter()
    .map(|(id, number, json, created_ms)| {
        let id = id.parse().map_err(|e| StoreError::unreadable("playlist_version.playlist_id", e))?;
        Ok(PlaylistVersion { id, version: version(number)?, entries: entries(&json)?, created_ms })
    })
    .collect()
}
