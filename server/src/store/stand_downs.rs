//! Stand-downs: themes held back on all boards, in versions. A change ends one version and begins the next, so that what was held
//! back today stays so.

use std::collections::BTreeSet;

use playlists::id::{StandDownId, ThemeId};
use sqlx::FromRow;

use super::{Db, StoreError, Tx, on, within};

/// One version of a stand-down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandDownVersion {
    /// The stand-down.
    pub id: StandDownId,
    /// Which version, from 1.
    pub version: u64,
    /// Why, for people.
    pub name: String,
    /// Campaigns of these themes are held back.
    pub themes: BTreeSet<ThemeId>,
    /// The operator's period begins, UTC milliseconds.
    pub from_ms: i64,
    /// And ends; none: when it is ended.
    pub until_ms: Option<i64>,
    /// This version counts from here, UTC milliseconds.
    pub in_force_ms: i64,
    /// Until here; none: still in force.
    pub ended_ms: Option<i64>,
}

impl StandDownVersion {
    /// From when it holds back.
    #[must_use]
    pub fn holds_from_ms(&self) -> i64 {
        self.from_ms.max(self.in_force_ms)
    }
    /// Until when; none: without end.
    #[must_use]
    pub fn holds_until_ms(&self) -> Option<i64> {
        self.until_ms.into_iter().chain(self.ended_ms).min()
    }
    /// Whether nothing is held back from then on.
    #[must_use]
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.holds_until_ms().is_some_and(|until| until <= now_ms)
    }
}

#[derive(FromRow)]
struct Row {
    stand_down_id: String,
    version: i64,
    name: String,
    themes: String,
    from_ms: i64,
    until_ms: Option<i64>,
    in_force_ms: i64,
    ended_ms: Option<i64>,
}

impl Row {
    fn read(self) -> Result<StandDownVersion, StoreError> {
        Ok(StandDownVersion {
            id: self.stand_down_id.parse().map_err(|e| StoreError::unreadable("stand_down.stand_down_id", e))?,
            version: u64::try_from(self.version).map_err(|e| StoreError::unreadable("stand_down.version", e))?,
            name: self.name,
            themes: serde_json::from_str(&self.themes).map_err(|e| StoreError::unreadable("stand_down.themes", e))?,
            from_ms: self.from_ms,
            until_ms: self.until_ms,
            in_force_ms: self.in_force_ms,
            ended_ms: self.ended_ms,
        })
    }
}

/// Puts a version in force.
///
/// # Errors
/// When the database fails, or that version exists: somebody else saved at the same time.
pub async fn begin(tx: &mut Tx, version: &StandDownVersion) -> Result<(), StoreError> {
    const SQL: &str = "insert into stand_down (stand_down_id, version, name, themes, from_ms, until_ms, in_force_ms, ended_ms)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let themes = serde_json::to_string(&version.themes).map_err(|e| StoreError::unreadable("themes to be saved", e))?;
    within!(tx, |conn| sqlx::query(SQL)
        .bind(version.id.as_str())
        .bind(i64::try_from(version.version).unwrap_or(i64::MAX))
        .bind(&version.name)
        .bind(themes)
        .bind(version.from_ms)
        .bind(version.until_ms)
        .bind(version.in_force_ms)
        .bind(version.ended_ms)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("put the stand-down in force"))
}

/// Ends the version in force, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx, id: &StandDownId, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "update stand_down set ended_ms = $2 where stand_down_id = $1 and ended_ms is null";
    within!(tx, |conn| sqlx::query(SQL).bind(id.as_str()).bind(now_ms).execute(conn).await.map(drop))
        .map_err(StoreError::on("end the stand-down"))
}

/// Gives all versions of a stand-down another name.
///
/// # Errors
/// When the database fails.
pub async fn rename(tx: &mut Tx, id: &StandDownId, name: &str) -> Result<(), StoreError> {
    const SQL: &str = "update stand_down set name = $2 where stand_down_id = $1";
    within!(tx, |conn| sqlx::query(SQL).bind(id.as_str()).bind(name).execute(conn).await.map(drop))
        .map_err(StoreError::on("rename the stand-down"))
}

/// The newest version of a stand-down.
///
/// # Errors
/// When the database fails.
pub async fn newest(db: &Db, id: &StandDownId) -> Result<Option<StandDownVersion>, StoreError> {
    const SQL: &str = "select stand_down_id, version, name, themes, from_ms, until_ms, in_force_ms, ended_ms from stand_down
        where stand_down_id = $1 order by version desc limit 1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(id.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the stand-down"))?
        .map(Row::read)
        .transpose()
}

/// The newest version of each stand-down, those that begin last first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, limit: u32) -> Result<Vec<StandDownVersion>, StoreError> {
    const SQL: &str = "select s.stand_down_id, s.version, s.name, s.themes, s.from_ms, s.until_ms, s.in_force_ms, s.ended_ms
        from stand_down s where s.version = (select max(n.version) from stand_down n where n.stand_down_id = s.stand_down_id)
        order by s.from_ms desc, s.stand_down_id limit $1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the stand-downs"))?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// Versions that are in force or ended after `since_ms`, and whose period was not over then, in the order of id and version; at
/// most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn live_since(db: &Db, since_ms: i64, limit: u32) -> Result<Vec<StandDownVersion>, StoreError> {
    const SQL: &str = "select stand_down_id, version, name, themes, from_ms, until_ms, in_force_ms, ended_ms from stand_down
        where (ended_ms is null or ended_ms > $1) and (until_ms is null or until_ms > $1)
        order by stand_down_id, version limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(since_ms).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("load the stand-downs in force"))?
        .into_iter()
        .map(Row::read)
        .collect()
}
