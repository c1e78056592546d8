//! Files on their way in: what was announced, how much of it is safe, what became of it.

use std::fmt;
use std::str::FromStr;

use playlists::asset::{Fit, Language};
use playlists::id::{AssetId, UnitId};
use sqlx::FromRow;

use super::faults::Fault;
use super::{Db, StoreError, in_transaction, on};

/// Id of an upload: a UUID in lower case, so that it can name a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UploadId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_ours = text.len() == 36 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'));
        if is_ours { Ok(Self(text.to_owned())) } else { Err("an upload's id is a UUID in lower case") }
    }
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Who sends it.
    pub account: String,
    /// The unit that will own what it becomes.
    pub unit: UnitId,
    /// Name of the file.
    pub name: String,
    /// How it will be brought to a board's shape.
    pub fit: Fit,
    /// The asset that it becomes a version of; none: an asset of its own.
    pub asset: Option<AssetId>,
    /// In which language; `und`: without words.
    pub language: Language,
    /// Its length in bytes, as announced.
    pub size_bytes: u64,
    /// So many of its bytes are surely on the disk.
    pub synced: u64,
    /// How far it is.
    pub state: State,
    /// How often looking it over failed for want of the machine.
    pub attempt: u32,
    /// A whole one is not looked over before, UTC milliseconds.
    pub look_ms: i64,
    /// When it is forgotten, unless it is whole and not yet looked over; UTC milliseconds.
    pub until_ms: i64,
    /// When it was begun, UTC milliseconds.
    pub created_ms: i64,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Bytes are awaited.
    Open,
    /// All bytes are there; it waits to be looked over.
    Whole,
    /// It became this asset.
    Added(AssetId),
    /// It was refused.
    Refused(Fault),
}

impl State {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Whole => "whole",
            Self::Added(_) => "added",
            Self::Refused(_) => "refused",
        }
    }
}

#[derive(FromRow)]
struct Row {
    upload_id: String,
    account_id: String,
    unit_id: String,
    name: String,
    fit: String,
    asset_id: Option<String>,
    language: String,
    size_bytes: i64,
    synced: i64,
    state: String,
    added_id: Option<String>,
    fault: Option<String>,
    attempt: i64,
    look_ms: i64,
    until_ms: i64,
    created_ms: i64,
}

impl Row {
    fn read(self) -> Result<Upload, StoreError> {
        let state = match (self.state.as_str(), self.added_id, self.fault) {
            ("open", ..) => State::Open,
            ("whole", ..) => State::Whole,
            ("added", Some(id), _) => State::Added(id.parse().map_err(|e| StoreError::unreadable("upload.added_id", e))?),
            ("refused", _, Some(fault)) => {
                State::Refused(serde_json::from_str(&fault).map_err(|e| StoreError::unreadable("upload.fault", e))?)
            }
            (other, ..) => return Err(StoreError::unreadable("upload.state", other)),
        };
        Ok(Upload {
            id: self.upload_id.parse().map_err(|e| StoreError::unreadable("upload.upload_id", e))?,
            account: self.account_id,
            unit: self.unit_id.parse().map_err(|e| StoreError::unreadable("upload.unit_id", e))?,
            name: self.name,
            fit: self.fit.parse().map_err(|e| StoreError::unreadable("upload.fit", e))?,
            asset: self.asset_id.map(|id| id.parse()).transpose().map_err(|e| StoreError::unreadable("upload.asset_id", e))?,
            language: self.language.parse().map_err(|e| StoreError::unreadable("upload.language", e))?,
            size_bytes: u64::try_from(self.size_bytes).map_err(|e| StoreError::unreadable("upload.size_bytes", e))?,
            synced: u64::try_from(self.synced).map_err(|e| StoreError::unreadable("upload.synced", e))?,
            state,
            attempt: u32::try_from(self.attempt).map_err(|e| StoreError::unreadable("upload.attempt", e))?,
            look_ms: self.look_ms,
            until_ms: self.until_ms,
            created_ms: self.created_ms,
        })
    }
}

/// Adds an upload, unless its account has `most` open ones already: then false.
///
/// # Errors
/// When the database fails, or account or unit do not exist.
pub async fn begin(db: &Db, upload: &Upload, most: i64) -> Result<bool, StoreError> {
    in_transaction!(db, "begin the upload", |tx| {
        // The account's row is held, so that two that begin at once are counted one after the other.
        sqlx::query("update account set login = login where account_id = $1")
            .bind(&upload.account)
            .execute(&mut *tx)
            .await
            .map_err(StoreError::on("hold the account"))?;
        let open: i64 =
            sqlx::query_scalar("select cast(count(*) as bigint) from upload where account_id = $1 and state = 'open'")
                .bind(&upload.account)
                .fetch_one(&mut *tx)
                .await
                .map_err(StoreError::on("count the account's uploads"))?;
        if open >= most {
            return Ok(false);
        }
        sqlx::query(
            "insert into upload (upload_id, account_id, unit_id, name, fit, asset_id, language, size_bytes, synced, state, attempt,
             look_ms, until_ms, created_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 'open', 0, $9, $10, $9)",
        )
        .bind(upload.id.as_str())
        .bind(&upload.account)
        .bind(upload.unit.as_str())
        .bind(&upload.name)
        .bind(upload.fit.as_str())
        .bind(upload.asset.as_ref().map(AssetId::as_str))
        .bind(upload.language.as_str())
        .bind(i64::try_from(upload.size_bytes).unwrap_or(i64::MAX))
        .bind(upload.created_ms)
        .bind(upload.until_ms)
        .execute(&mut *tx)
        .await
        .map_err(StoreError::on("begin the upload"))?;
        Ok(true)
    })
}

/// The upload of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &UploadId) -> Result<Option<Upload>, StoreError> {
    const SQL: &str =
        "select upload_id, account_id, unit_id, name, fit, asset_id, language, size_bytes, synced, state, added_id, fault,
        attempt, look_ms, until_ms, created_ms from upload where upload_id = $1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(id.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the upload"))?
        .map(Row::read)
        .transpose()
}

/// What an account has under way, oldest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn open_of(db: &Db, account: &str, limit: u32) -> Result<Vec<Upload>, StoreError> {
    const SQL: &str = "select upload_id, account_id, unit_id, name, fit, asset_id, language, size_bytes, synced, state, added_id, fault,
        attempt, look_ms, until_ms, created_ms from upload where account_id = $1 and state = 'open' order by created_ms, upload_id limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(account).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the account's uploads"))?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// All that are open, oldest first, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn open(db: &Db, after: Option<&UploadId>, limit: u32) -> Result<Vec<Upload>, StoreError> {
    const SQL: &str =
        "select upload_id, account_id, unit_id, name, fit, asset_id, language, size_bytes, synced, state, added_id, fault,
        attempt, look_ms, until_ms, created_ms from upload where state = 'open' and upload_id > $1 order by upload_id limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(after.map_or("", UploadId::as_str))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the open uploads"))?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// Whole ones to be looked over now, the one that waits longest first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn whole(db: &Db, now_ms: i64, limit: u32) -> Result<Vec<Upload>, StoreError> {
    const SQL: &str = "select upload_id, account_id, unit_id, name, fit, asset_id, language, size_bytes, synced, state, added_id, fault,
        attempt, look_ms, until_ms, created_ms from upload where state = 'whole' and look_ms <= $1 order by look_ms, upload_id limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(now_ms).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the uploads to look over"))?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// Ids of those that have ended: open ones that nothing was heard of, and settled ones that everybody had time to ask after.
///
/// # Errors
/// When the database fails.
pub async fn ended(db: &Db, now_ms: i64, limit: u32) -> Result<Vec<UploadId>, StoreError> {
    const SQL: &str =
        "select upload_id from upload where until_ms <= $1 and state <> 'whole' order by until_ms, upload_id limit $2";
    let rows: Vec<(String,)> = on!(db, |pool| sqlx::query_as(SQL).bind(now_ms).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("list the uploads that have ended"))?;
    rows.into_iter().map(|(id,)| id.parse().map_err(|e| StoreError::unreadable("upload.upload_id", e))).collect()
}

/// Notes that so many bytes of an open upload are on the disk, and whether that is all of them: then it waits to be looked over.
///
/// # Errors
/// When the database fails.
pub async fn advance(db: &Db, id: &UploadId, synced: u64, now_ms: i64, until_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "update upload set synced = $2, until_ms = $4, look_ms = $3,
        state = case when size_bytes = $2 then 'whole' else 'open' end where upload_id = $1 and state = 'open' and synced <= $2";
    on!(db, |pool| sqlx::query(SQL)
        .bind(id.as_str())
        .bind(i64::try_from(synced).unwrap_or(i64::MAX))
        .bind(now_ms)
        .bind(until_ms)
        .execute(pool)
        .await
        .map(drop))
    .map_err(StoreError::on("note how far the upload is"))
}

/// Settles an upload: what became of it is kept until `until_ms`.
///
/// # Errors
/// When the database fails.
pub async fn settle(db: &Db, id: &UploadId, state: &State, until_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "update upload set state = $2, added_id = $3, fault = $4, until_ms = $5
        where upload_id = $1 and state in ('open', 'whole')";
    let (added, fault) = match state {
        State::Added(asset) => (Some(asset.as_str()), None),
        State::Refused(fault) => (None, serde_json::to_string(fault).ok()),
        State::Open | State::Whole => (None, None),
    };
    on!(db, |pool| sqlx::query(SQL)
        .bind(id.as_str())
        .bind(state.as_str())
        .bind(added)
        .bind(fault)
        .bind(until_ms)
        .execute(pool)
        .await
        .map(drop))
    .map_err(StoreError::on("settle the upload"))
}

/// Puts a whole upload off until `look_ms`, after the machine failed at it.
///
/// # Errors
/// When the database fails.
pub async fn put_off(db: &Db, id: &UploadId, attempt: u32, look_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "update upload set attempt = $2, look_ms = $3 where upload_id = $1 and state = 'whole'";
    on!(db, |pool| sqlx::query(SQL).bind(id.as_str()).bind(i64::from(attempt)).bind(look_ms).execute(pool).await.map(drop))
        .map_err(StoreError::on("put the upload off"))
}

/// Forgets an upload, unless it waits to be looked over; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn forget(db: &Db, id: &UploadId) -> Result<bool, StoreError> {
    const SQL: &str = "delete from upload where upload_id = $1 and state <> 'whole'";
    on!(db, |pool| sqlx::query(SQL).bind(id.as_str()).execute(pool).await.map(|done| done.rows_affected() > 0))
        .map_err(StoreError::on("forget the upload"))
}
