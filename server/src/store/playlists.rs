//! Playlists and all their versions: a version is never changed, so that a day's past can be told.

use std::collections::{BTreeMap, BTreeSet};

use playlists::id::{AssetId, PlaylistId, UnitId};
use sqlx::{FromRow, QueryBuilder};

pub use super::entries::{Pinned, Shows, StoredEntry};
use super::of_ids::{IDS_AT_ONCE, of_ids};
use super::search::{fold, pattern};
use super::{Db, StoreError, Tx, on, within};

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

/// Adds the playlist's entries as a new version, and keeps what that shows.
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
    .map_err(StoreError::on("add the version of the playlist"))?;
    keep_uses(tx, playlist).await
}

/// Keeps which assets and playlists the playlist shows.
async fn keep_uses(tx: &mut Tx, playlist: &StoredPlaylist) -> Result<(), StoreError> {
    /// Two parameters a row, within SQLite's 32,766.
    const AT_ONCE: usize = 10_000;
    let mut uses: [BTreeSet<&str>; 2] = Default::default();
    let [assets, lists] = &mut uses;
    for entry in &playlist.entries {
        match &entry.shows {
            Shows::Asset { asset_id, .. } => assets.insert(asset_id.as_str()),
            Shows::Playlist { playlist_id, .. } => lists.insert(playlist_id.as_str()),
        };
    }
    let tables = [
        ("delete from playlist_asset where playlist_id = $1", "insert into playlist_asset (playlist_id, asset_id) "),
        ("delete from playlist_within where playlist_id = $1", "insert into playlist_within (playlist_id, inner_id) "),
    ];
    for ((delete, insert), used) in tables.into_iter().zip(uses) {
        within!(tx, |conn| sqlx::query(delete).bind(playlist.id.as_str()).execute(conn).await.map(drop))
            .map_err(StoreError::on("forget what the playlist showed"))?;
        for part in used.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
            within!(tx, |conn| {
                let mut query = QueryBuilder::new(insert);
                query.push_values(part, |mut row, id| {
                    row.push_bind(playlist.id.as_str()).push_bind(*id);
                });
                query.build().execute(conn).await.map(drop)
            })
            .map_err(StoreError::on("keep what the playlist shows"))?;
        }
    }
    Ok(())
}

/// Playlists whose newest version shows one of these assets, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn showing(db: &Db, assets: &[AssetId]) -> Result<Vec<PlaylistId>, StoreError> {
    let mut found = BTreeSet::new();
    for part in assets.chunks(IDS_AT_ONCE) {
        let rows = on!(db, |pool| of_ids("select distinct playlist_id from playlist_asset where asset_id in", part, "")
            .build_query_as::<(String,)>()
            .fetch_all(pool)
            .await)
        .map_err(StoreError::on("find the playlists that show the assets"))?;
        for (id,) in rows {
            found.insert(id.parse().map_err(|e| StoreError::unreadable("playlist_asset.playlist_id", e))?);
        }
    }
    Ok(found.into_iter().collect())
}

/// The playlists within the newest version of each, for all that hold any. At most `limit` pairs.
///
/// # Errors
/// When the database fails.
pub async fn nesting(db: &Db, limit: u32) -> Result<BTreeMap<PlaylistId, BTreeSet<PlaylistId>>, StoreError> {
    const SQL: &str = "select playlist_id, inner_id from playlist_within order by playlist_id, inner_id limit $1";
    let rows = on!(db, |pool| sqlx::query_as::<_, (String, String)>(SQL).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("load how playlists lie within one another"))?;
    let mut nesting: BTreeMap<PlaylistId, BTreeSet<PlaylistId>> = BTreeMap::new();
    for (outer, inner) in rows {
        let outer = outer.parse().map_err(|e| StoreError::unreadable("playlist_within.playlist_id", e))?;
        let inner = inner.parse().map_err(|e| StoreError::unreadable("playlist_within.inner_id", e))?;
        nesting.entry(outer).or_default().insert(inner);
    }
    Ok(nesting)
}

/// The playlist of this id in its newest version.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &PlaylistId) -> Result<Option<StoredPlaylist>, StoreError> {
    Ok(many(db, std::slice::from_ref(id)).await?.pop())
}

/// The playlists of these ids in their newest versions, in the order of their ids; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn many(db: &Db, ids: &[PlaylistId]) -> Result<Vec<StoredPlaylist>, StoreError> {
    const SQL: &str = "select p.playlist_id, p.unit_id, p.name, p.version, v.entries, p.changed_ms from playlist p
        join playlist_version v on v.playlist_id = p.playlist_id and v.version = p.version where p.playlist_id in";
    let mut rows: Vec<Row> = Vec::new();
    for part in ids.chunks(IDS_AT_ONCE) {
        let found = on!(db, |pool| of_ids(SQL, part, "order by p.playlist_id").build_query_as::<Row>().fetch_all(pool).await);
        rows.extend(found.map_err(StoreError::on("load the playlists"))?);
    }
    rows.into_iter().map(Row::read).collect()
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
    .map(read_version)
    .collect()
}

fn read_version((id, number, json, created_ms): (String, i64, String, i64)) -> Result<PlaylistVersion, StoreError> {
    let id = id.parse().map_err(|e| StoreError::unreadable("playlist_version.playlist_id", e))?;
    Ok(PlaylistVersion { id, version: version(number)?, entries: entries(&json)?, created_ms })
}

/// These versions of playlists; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn versions(db: &Db, wanted: &[(PlaylistId, u64)]) -> Result<Vec<PlaylistVersion>, StoreError> {
    /// Two parameters each, of the 32,766 that SQLite takes in a statement.
    const AT_ONCE: usize = 10_000;
    let mut rows: Vec<(String, i64, String, i64)> = Vec::new();
    for part in wanted.chunks(AT_ONCE) {
        rows.extend(
            on!(db, |pool| {
                let mut query = QueryBuilder::new(
                    "select playlist_id, version, entries, created_ms from playlist_version where (playlist_id, version) in (",
                );
                query.push_values(part, |mut row, (id, version)| {
                    row.push_bind(id.as_str()).push_bind(i64::try_from(*version).unwrap_or(i64::MAX));
                });
                query.push(") order by playlist_id, version");
                query.build_query_as().fetch_all(pool).await
            })
            .map_err(StoreError::on("load the versions of playlists"))?,
        );
    }
    rows.into_iter().map(read_version).collect()
}
