//! Campaigns as operators edit them, with the boards they name.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use playlists::campaign::{Level, PerHour, Period, Share, Weight};
use playlists::id::{AssetId, BoardId, CampaignId, PlaylistId, ThemeId, UnitId};
use playlists::window::Window;
use sqlx::{FromRow, QueryBuilder};

pub use super::campaign_plays::CampaignPlays;
use super::of_ids::{IDS_AT_ONCE, of_ids};
use super::search::{fold, pattern};
use super::{Db, StoreError, Tx, on, within};

/// A campaign as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCampaign {
    /// Its id.
    pub id: CampaignId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Its name as people read it.
    pub name: String,
    /// What it plays.
    pub plays: CampaignPlays,
    /// How it ranks.
    pub level: Level,
    /// How much of the loop it gets.
    pub share: Share,
    /// What it is about, of `playlists::theme::THEMES`.
    pub theme: Option<ThemeId>,
    /// When it may play at all.
    pub period: Period,
    /// Recurring dayparts; none means always.
    pub windows: Vec<Window>,
    /// Aimed at every board, those added later too.
    pub all_boards: bool,
    /// The boards it names, in order, where it is not aimed at all.
    pub boards: Vec<BoardId>,
    /// Whether it may be shown.
    pub approved: bool,
    /// Whether it is held back until it is resumed.
    pub paused: bool,
    /// Number of the newest version that was in force; 0 when there was none.
    pub version: u64,
    /// When it was changed last, UTC milliseconds.
    pub changed_ms: i64,
}

impl StoredCampaign {
    /// Whether its period has ended.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.period.until.is_some_and(|until| until <= now)
    }
}

#[derive(FromRow)]
struct Row {
    campaign_id: String,
    unit_id: String,
    name: String,
    playlist_id: Option<String>,
    ticker_asset_id: Option<String>,
    level: String,
    weight: i64,
    per_hour: Option<i64>,
    theme: Option<String>,
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    windows: String,
    all_boards: bool,
    approved: bool,
    paused: bool,
    version: i64,
    changed_ms: i64,
}

impl Row {
    fn read(self, boards: Vec<BoardId>) -> Result<StoredCampaign, StoreError> {
        Ok(StoredCampaign {
            id: self.campaign_id.parse().map_err(|e| StoreError::unreadable("campaign.campaign_id", e))?,
            unit: self.unit_id.parse().map_err(|e| StoreError::unreadable("campaign.unit_id", e))?,
            name: self.name,
            plays: CampaignPlays::read(self.playlist_id.as_deref(), self.ticker_asset_id.as_deref())?,
            level: level(&self.level)?,
            share: share(self.weight, self.per_hour)?,
            theme: theme(self.theme.as_deref())?,
            period: period(self.from_ms, self.until_ms)?,
            windows: windows(&self.windows)?,
            all_boards: self.all_boards,
            boards,
            approved: self.approved,
            paused: self.paused,
            version: u64::try_from(self.version).map_err(|e| StoreError::unreadable("campaign.version", e))?,
            changed_ms: self.changed_ms,
        })
    }
}

pub(super) fn level(word: &str) -> Result<Level, StoreError> {
    match word {
        "normal" => Ok(Level::Normal),
        "priority" => Ok(Level::Priority),
        other => Err(StoreError::unreadable("campaign.level", other)),
    }
}

pub(super) fn share(weight: i64, per_hour: Option<i64>) -> Result<Share, StoreError> {
    if let Some(plays) = per_hour {
        let number = u32::try_from(plays).map_err(|e| StoreError::unreadable("campaign.per_hour", e))?;
        return PerHour::new(number).map(Share::PerHour).map_err(|e| StoreError::unreadable("campaign.per_hour", e));
    }
    let number = u32::try_from(weight).map_err(|e| StoreError::unreadable("campaign.weight", e))?;
    Weight::new(number).map(Share::Weight).map_err(|e| StoreError::unreadable("campaign.weight", e))
}

/// The two columns of a share: a weight, which is 0 beside plays per hour, and these.
pub(super) fn share_columns(share: Share) -> (i64, Option<i64>) {
    match share {
        Share::Weight(weight) => (i64::from(weight.get()), None),
        Share::PerHour(plays) => (0, Some(i64::from(plays.get()))),
    }
}

pub(super) fn theme(text: Option<&str>) -> Result<Option<ThemeId>, StoreError> {
    text.map(str::parse).transpose().map_err(|e| StoreError::unreadable("campaign.theme", e))
}

pub(super) fn period(from_ms: Option<i64>, until_ms: Option<i64>) -> Result<Period, StoreError> {
    let instant = |ms: Option<i64>| {
        ms.map(|ms| {
            chrono::DateTime::from_timestamp_millis(ms).ok_or_else(|| StoreError::unreadable("campaign.from_ms or until_ms", ms))
        })
        .transpose()
    };
    Ok(Period { from: instant(from_ms)?, until: instant(until_ms)? })
}

pub(super) fn windows(json: &str) -> Result<Vec<Window>, StoreError> {
    serde_json::from_str(json).map_err(|e| StoreError::unreadable("campaign.windows", e))
}

pub(super) fn windows_json(windows: &[Window]) -> Result<String, StoreError> {
    serde_json::to_string(windows).map_err(|e| StoreError::unreadable("windows to be saved", e))
}

/// Adds a campaign, or changes one that is there; the boards it names are set apart, by [`clear_boards`] and [`add_boards`].
///
/// # Errors
/// When the database fails, or unit, playlist or ticker do not exist.
pub async fn save(tx: &mut Tx, campaign: &StoredCampaign) -> Result<(), StoreError> {
    const SQL: &str =
        "insert into campaign (campaign_id, unit_id, name, name_search, playlist_id, level, weight, from_ms, until_ms,
        windows, all_boards, approved, paused, version, created_ms, changed_ms, per_hour, theme, ticker_asset_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17, $18)
        on conflict (campaign_id) do update set name = excluded.name, name_search = excluded.name_search,
        playlist_id = excluded.playlist_id, level = excluded.level, weight = excluded.weight, from_ms = excluded.from_ms,
        until_ms = excluded.until_ms, windows = excluded.windows, all_boards = excluded.all_boards, approved = excluded.approved,
        paused = excluded.paused, version = excluded.version, changed_ms = excluded.changed_ms, per_hour = excluded.per_hour,
        theme = excluded.theme, ticker_asset_id = excluded.ticker_asset_id";
    let windows = windows_json(&campaign.windows)?;
    let (weight, per_hour) = share_columns(campaign.share);
    within!(tx, |conn| sqlx::query(SQL)
        .bind(campaign.id.as_str())
        .bind(campaign.unit.as_str())
        .bind(&campaign.name)
        .bind(fold(&campaign.name))
        .bind(campaign.plays.playlist().map(PlaylistId::as_str))
        .bind(campaign.level.as_str())
        .bind(weight)
        .bind(campaign.period.from.map(|t| t.timestamp_millis()))
        .bind(campaign.period.until.map(|t| t.timestamp_millis()))
        .bind(windows)
        .bind(campaign.all_boards)
        .bind(campaign.approved)
        .bind(campaign.paused)
        .bind(i64::try_from(campaign.version).unwrap_or(i64::MAX))
        .bind(campaign.changed_ms)
        .bind(per_hour)
        .bind(campaign.theme.as_ref().map(ThemeId::as_str))
        .bind(campaign.plays.ticker().map(AssetId::as_str))
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("save the campaign"))
}

/// Forgets the boards that a campaign names.
///
/// # Errors
/// When the database fails.
pub async fn clear_boards(tx: &mut Tx, campaign: &CampaignId) -> Result<(), StoreError> {
    const SQL: &str = "delete from campaign_board where campaign_id = $1";
    within!(tx, |conn| sqlx::query(SQL).bind(campaign.as_str()).execute(conn).await.map(drop))
        .map_err(StoreError::on("forget the campaign's boards"))
}

/// Adds boards that a campaign names.
///
/// # Errors
/// When the database fails, or a board does not exist.
pub async fn add_boards(tx: &mut Tx, campaign: &CampaignId, boards: &[BoardId]) -> Result<(), StoreError> {
    /// Two parameters a row, within SQLite's 32,766.
    const AT_ONCE: usize = 10_000;
    for part in boards.chunks(AT_ONCE) {
        within!(tx, |conn| {
            let mut query = QueryBuilder::new("insert into campaign_board (campaign_id, board_id) ");
            query.push_values(part, |mut row, board| {
                row.push_bind(campaign.as_str()).push_bind(board.as_str());
            });
            query.build().execute(conn).await.map(drop)
        })
        .map_err(StoreError::on("save the campaign's boards"))?;
    }
    Ok(())
}

/// The campaign of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Db, id: &CampaignId) -> Result<Option<StoredCampaign>, StoreError> {
    const SQL: &str =
        "select campaign_id, unit_id, name, playlist_id, ticker_asset_id, level, weight, per_hour, theme, from_ms, until_ms, windows, all_boards,
        approved, paused, version, changed_ms from campaign where campaign_id = $1";
    let row = on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(id.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the campaign"))?;
    let Some(row) = row else { return Ok(None) };
    let boards = boards(db, std::slice::from_ref(id)).await?;
    row.read(boards.into_iter().map(|(_, board)| board).collect()).map(Some)
}

/// Campaigns whose name contains `search` (folded; empty: all), in the order of name and id, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, search: &str, after: Option<&CampaignId>, limit: u32) -> Result<Vec<StoredCampaign>, StoreError> {
    const SQL: &str = "select campaign_id, unit_id, name, playlist_id, ticker_asset_id, level, weight, per_hour, theme, from_ms, until_ms, windows, all_boards,
        approved, paused, version, changed_ms from campaign where name_search like $1 escape '\\'
        and ($2 = '' or (name_search, campaign_id) > (select c.name_search, c.campaign_id from campaign c where c.campaign_id = $2))
        order by name_search, campaign_id limit $3";
    let rows = on!(db, |pool| sqlx::query_as::<_, Row>(SQL)
        .bind(pattern(search))
        .bind(after.map_or("", CampaignId::as_str))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
    .map_err(StoreError::on("list the campaigns"))?;
    with_boards(db, rows).await
}

/// The names of these campaigns; those that do not exist are missing.
///
/// # Errors
/// When the database fails.
pub async fn names(db: &Db, ids: &[CampaignId]) -> Result<BTreeMap<CampaignId, String>, StoreError> {
    let mut names = BTreeMap::new();
    for part in ids.chunks(IDS_AT_ONCE) {
        let rows = on!(db, |pool| of_ids("select campaign_id, name from campaign where campaign_id in", part, "")
            .build_query_as::<(String, String)>()
            .fetch_all(pool)
            .await)
        .map_err(StoreError::on("load the campaigns' names"))?;
        for (id, name) in rows {
            names.insert(id.parse().map_err(|e| StoreError::unreadable("campaign.campaign_id", e))?, name);
        }
    }
    Ok(names)
}

/// The campaigns that play one of these playlists or run one of these tickers, in the order of their ids, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn playing(
    db: &Db,
    playlists: &[PlaylistId],
    tickers: &[AssetId],
    limit: u32,
) -> Result<Vec<StoredCampaign>, StoreError> {
    let rows = on!(db, |pool| {
        let mut query = QueryBuilder::new(
            "select campaign_id, unit_id, name, playlist_id, ticker_asset_id, level, weight, per_hour, theme, from_ms, until_ms, windows,
            all_boards, approved, paused, version, changed_ms from campaign where playlist_id in (null",
        );
        for playlist in playlists {
            query.push(", ").push_bind(playlist.as_str());
        }
        query.push(") or ticker_asset_id in (null");
        for ticker in tickers {
            query.push(", ").push_bind(ticker.as_str());
        }
        query.push(") order by campaign_id limit ").push_bind(i64::from(limit));
        query.build_query_as::<Row>().fetch_all(pool).await
    })
    .map_err(StoreError::on("list the campaigns that play what was changed"))?;
    with_boards(db, rows).await
}

async fn with_boards(db: &Db, rows: Vec<Row>) -> Result<Vec<StoredCampaign>, StoreError> {
    let ids: Vec<CampaignId> = rows
        .iter()
        .map(|row| row.campaign_id.parse().map_err(|e| StoreError::unreadable("campaign.campaign_id", e)))
        .collect::<Result<_, _>>()?;
    let mut by_campaign = BTreeMap::<String, Vec<BoardId>>::new();
    for (campaign, board) in boards(db, &ids).await? {
        by_campaign.entry(campaign).or_default().push(board);
    }
    rows.into_iter()
        .map(|row| {
            let boards = by_campaign.remove(&row.campaign_id).unwrap_or_default();
            row.read(boards)
        })
        .collect()
}

/// The boards that these campaigns name.
async fn boards(db: &Db, campaigns: &[CampaignId]) -> Result<Vec<(String, BoardId)>, StoreError> {
    if campaigns.is_empty() {
        return Ok(Vec::new());
    }
    on!(db, |pool| of_ids(
        "select campaign_id, board_id from campaign_board where campaign_id in",
        campaigns,
        "order by campaign_id, board_id"
    )
    .build_query_as::<(String, String)>()
    .fetch_all(pool)
    .await)
    .map_err(StoreError::on("load the campaigns' boards"))?
    .into_iter()
    .map(|(campaign, board)| Ok((campaign, board.parse().map_err(|e| StoreError::unreadable("campaign_board.board_id", e))?)))
    .collect()
}
