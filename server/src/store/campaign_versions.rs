//! What of a campaign was in force from when until when. A change ends one version and begins the next, so that the past of the
//! list of the day never changes.

use playlists::campaign::{Level, Period, Share};
use playlists::id::{BoardId, CampaignId, ThemeId, UnitId};
use playlists::unit::Tier;
use playlists::window::Window;
use sqlx::FromRow;

pub use super::campaign_plays::{PinnedTicker, VersionPlays};
use super::{Db, StoreError, Tx, campaigns, on, units, within};

/// One version of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignVersion {
    /// The campaign.
    pub campaign: CampaignId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// That unit's tier.
    pub tier: Tier,
    /// Which version, from 1.
    pub version: u64,
    /// What it plays.
    pub plays: VersionPlays,
    /// How it ranks.
    pub level: Level,
    /// How much of the loop it gets.
    pub share: Share,
    /// What it is about.
    pub theme: Option<ThemeId>,
    /// The operator's period.
    pub period: Period,
    /// Recurring dayparts; none means always.
    pub windows: Vec<Window>,
    /// Aimed at every board.
    pub all_boards: bool,
    /// The boards it names, where it is not aimed at all.
    pub boards: Vec<BoardId>,
    /// It plays from here, UTC milliseconds.
    pub in_force_ms: i64,
    /// Until here; none: still in force.
    pub ended_ms: Option<i64>,
}

impl CampaignVersion {
    /// Whether it is aimed at this board.
    #[must_use]
    pub fn aims_at(&self, board: &BoardId) -> bool {
        self.all_boards || self.boards.contains(board)
    }
}

#[derive(FromRow)]
struct Row {
    campaign_id: String,
    unit_id: String,
    tier: String,
    version: i64,
    playlist_id: Option<String>,
    playlist_version: Option<i64>,
    ticker: Option<String>,
    level: String,
    weight: i64,
    per_hour: Option<i64>,
    theme: Option<String>,
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    windows: String,
    all_boards: bool,
    boards: String,
    in_force_ms: i64,
    ended_ms: Option<i64>,
}

impl Row {
    fn read(self) -> Result<CampaignVersion, StoreError> {
        Ok(CampaignVersion {
            campaign: self.campaign_id.parse().map_err(|e| StoreError::unreadable("campaign_version.campaign_id", e))?,
            unit: self.unit_id.parse().map_err(|e| StoreError::unreadable("campaign.unit_id", e))?,
            tier: units::tier(&self.tier)?,
            version: u64::try_from(self.version).map_err(|e| StoreError::unreadable("campaign_version.version", e))?,
            plays: VersionPlays::read(self.playlist_id.as_deref(), self.playlist_version, self.ticker.as_deref())?,
            level: campaigns::level(&self.level)?,
            share: campaigns::share(self.weight, self.per_hour)?,
            theme: campaigns::theme(self.theme.as_deref())?,
            period: campaigns::period(self.from_ms, self.until_ms)?,
            windows: campaigns::windows(&self.windows)?,
            all_boards: self.all_boards,
            boards: serde_json::from_str(&self.boards).map_err(|e| StoreError::unreadable("campaign_version.boards", e))?,
            in_force_ms: self.in_force_ms,
            ended_ms: self.ended_ms,
        })
    }
}

/// Ends the version in force, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx, campaign: &CampaignId, now_ms: i64) -> Result<(), StoreError> {
    const SQL: &str = "update campaign_version set ended_ms = $2 where campaign_id = $1 and ended_ms is null";
    within!(tx, |conn| sqlx::query(SQL).bind(campaign.as_str()).bind(now_ms).execute(conn).await.map(drop))
        .map_err(StoreError::on("end the campaign's version"))
}

/// Puts a version in force.
///
/// # Errors
/// When the database fails, or that version exists: somebody else saved at the same time.
pub async fn begin(tx: &mut Tx, version: &CampaignVersion) -> Result<(), StoreError> {
    const SQL: &str = "insert into campaign_version (campaign_id, version, playlist_id, playlist_version, level, weight, from_ms,
        until_ms, windows, all_boards, boards, in_force_ms, ended_ms, per_hour, theme, ticker)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let windows = campaigns::windows_json(&version.windows)?;
    let boards = serde_json::to_string(&version.boards).map_err(|e| StoreError::unreadable("boards to be saved", e))?;
    let (weight, per_hour) = campaigns::share_columns(version.share);
    let (playlist, playlist_version, ticker) = version.plays.columns()?;
    within!(tx, |conn| sqlx::query(SQL)
        .bind(version.campaign.as_str())
        .bind(i64::try_from(version.version).unwrap_or(i64::MAX))
        .bind(playlist)
        .bind(playlist_version)
        .bind(version.level.as_str())
        .bind(weight)
        .bind(version.period.from.map(|t| t.timestamp_millis()))
        .bind(version.period.until.map(|t| t.timestamp_millis()))
        .bind(windows)
        .bind(version.all_boards)
        .bind(boards)
        .bind(version.in_force_ms)
        .bind(version.ended_ms)
        .bind(per_hour)
        .bind(version.theme.as_ref().map(ThemeId::as_str))
        .bind(ticker)
        .execute(conn)
        .await
        .map(drop))
    .map_err(StoreError::on("put the campaign's version in force"))
}

/// The newest version of a campaign.
///
/// # Errors
/// When the database fails.
pub async fn newest(db: &Db, campaign: &CampaignId) -> Result<Option<CampaignVersion>, StoreError> {
    const SQL: &str =
        "select v.campaign_id, c.unit_id, u.tier, v.version, v.playlist_id, v.playlist_version, v.ticker, v.level, v.weight,
        v.per_hour, v.theme, v.from_ms, v.until_ms, v.windows, v.all_boards, v.boards, v.in_force_ms, v.ended_ms
        from campaign_version v join campaign c on c.campaign_id = v.campaign_id join unit u on u.unit_id = c.unit_id
        where v.campaign_id = $1 order by v.version desc limit 1";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(campaign.as_str()).fetch_optional(pool).await)
        .map_err(StoreError::on("load the campaign's version"))?
        .map(Row::read)
        .transpose()
}

/// Versions that are in force or ended after `since_ms`, in the order of campaign and version, at most `limit`. Those whose
/// period was over before `since_ms` are left out: they cannot play again.
///
/// # Errors
/// When the database fails.
pub async fn live_since(db: &Db, since_ms: i64, limit: u32) -> Result<Vec<CampaignVersion>, StoreError> {
    const SQL: &str =
        "select v.campaign_id, c.unit_id, u.tier, v.version, v.playlist_id, v.playlist_version, v.ticker, v.level, v.weight,
        v.per_hour, v.theme, v.from_ms, v.until_ms, v.windows, v.all_boards, v.boards, v.in_force_ms, v.ended_ms
        from campaign_version v join campaign c on c.campaign_id = v.campaign_id join unit u on u.unit_id = c.unit_id
        where (v.ended_ms is null or v.ended_ms > $1) and (v.until_ms is null or v.until_ms > $1)
        order by v.campaign_id, v.version limit $2";
    on!(db, |pool| sqlx::query_as::<_, Row>(SQL).bind(since_ms).bind(i64::from(limit)).fetch_all(pool).await)
        .map_err(StoreError::on("load the campaigns in force"))?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// Whether a version that may still play, now or later, has plays per hour.
///
/// # Errors
/// When the database fails.
pub async fn any_per_hour(db: &Db, now_ms: i64) -> Result<bool, StoreError> {
    const SQL: &str = "select count(*) from (select 1 from campaign_version
        where per_hour is not null and ended_ms is null and (until_ms is null or until_ms > $1) limit 1) found";
    on!(db, |pool| sqlx::query_scalar::<_, i64>(SQL).bind(now_ms).fetch_one(pool).await)
        .map(|count| count > 0)
        .map_err(StoreError::on("look for plays per hour"))
}
