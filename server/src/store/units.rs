//! Units: who owns boards and content.

use playlists::id::UnitId;
use playlists::unit::Tier;
use sqlx::FromRow;

use super::{Db, StoreError, Tx, on, within};

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// Its name as people read it.
    pub name: String,
    /// Province or commune.
    pub tier: Tier,
    /// The unit above it.
    pub parent: Option<UnitId>,
}

#[derive(FromRow)]
struct Row {
    unit_id: String,
    name: String,
    tier: String,
    parent_id: Option<String>,
}

impl Row {
    fn read(self) -> Result<Unit, StoreError> {
        Ok(Unit {
            id: self.unit_id.parse().map_err(|e| StoreError::unreadable("unit.unit_id", e))?,
            name: self.name,
            tier: tier(&self.tier)?,
            parent: self.parent_id.map(|id| id.parse()).transpose().map_err(|e| StoreError::unreadable("unit.parent_id", e))?,
        })
    }
}

/// A tier's word.
pub(super) fn tier(word: &str) -> Result<Tier, StoreError> {
    word.parse().map_err(|e| StoreError::unreadable("unit.tier", e))
}

const INSERT: &str = "insert into unit (unit_id, name, tier, parent_id, created_ms) values ($1, $2, $3, $4, $5)
    on conflict (unit_id) do nothing";

/// Adds a unit; one that is there already stays as it is.
///
/// # Errors
/// When the database fails, or the parent does not exist.
pub async fn add(db: &Db, unit: &Unit, now_ms: i64) -> Result<(), StoreError> {
    on!(db, |pool| sqlx::query(INSERT)
        .bind(unit.id.as_str())
        .bind(&unit.name)
        .bind(unit.tier.as_str())
        .bind(unit.parent.as_ref().map(UnitId::as_str))
        .bind(now_ms)
        .execute(pool)
        .await
        .map(drop))
    .map_err(StoreError::on("add the unit"))
}

/// Adds a unit within a transaction; false when its id is taken, and then nothing is changed.
///
/// # Errors
/// When the database fails, or the parent does not exist.
pub async fn insert(tx: &mut Tx, unit: &Unit, now_ms: i64) -> Result<bool, StoreError> {
    within!(tx, |conn| sqlx::query(INSERT)
        .bind(unit.id.as_str())
        .bind(&unit.name)
        .bind(unit.tier.as_str())
        .bind(unit.parent.as_ref().map(UnitId::as_str))
        .bind(now_ms)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1))
    .map_err(StoreError::on("add the unit"))
}

/// The unit of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &UnitId) -> Result<Option<Unit>, StoreError> {
    const SQL: &str = "select unit_id, name, tier, parent_id from unit where unit_id = $1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(id.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the unit"))?
        .map(Row::read)
        .transpose()
}

/// Units in the order of their ids, after this one, at most `limit`; the built-in one is left out.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, after: Option<&UnitId>, limit: u32) -> Result<Vec<Unit>, StoreError> {
    const SQL: &str = "select unit_id, name, tier, parent_id from unit
        where unit_id > $1 and unit_id <> 'built-in' order by unit_id limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(after.map_or("", UnitId::as_str))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the units"))?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// The oldest unit that has none above it; the built-in one is left out.
///
/// # Errors
/// When the database fails.
pub async fn topmost(db: &Db) -> Result<Option<Unit>, StoreError> {
    const SQL: &str = "select unit_id, name, tier, parent_id from unit
        where parent_id is null and unit_id <> 'built-in' order by created_ms, unit_id limit 1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).fetch_optional(pool).await)
        .map_err(StoreError::on("load the topmost unit"))?
        .map(Row::read)
        .transpose()
}
