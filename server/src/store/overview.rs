//! Read models of the pages: the fleet at a glance, one board in full. Nothing here writes.

use super::{Db, StoreError, on};

/// Most boards of one overview.
pub const MOST_BOARDS: i64 = 20_000;

/// A board with what it reported last and what it should show.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FleetRow {
    /// Its id.
    pub board_id: String,
    /// Its name.
    pub name: String,
    /// The name folded for searching.
    pub name_search: String,
    /// Five digits of the statistics office.
    pub commune_code: String,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// Whether it is connected; none when it never reported.
    pub connected: Option<bool>,
    /// `boot`, `play`, `stale`, `safe`, `fault`.
    pub mode: Option<String>,
    /// Revision it reports.
    pub reported: Option<i64>,
    /// JSON list of what is wrong, as codes.
    pub errors: Option<String>,
    /// When it was heard last, UTC milliseconds.
    pub heard_ms: Option<i64>,
    /// The newest manifest's revision.
    pub desired: Option<i64>,
    /// 1 while its manifest waits to be composed anew.
    pub wanted: i64,
}

/// The select of [`FleetRow`] with what follows it.
macro_rules! fleet_sql {
    ($tail:literal) => {
        concat!(
            "select b.board_id, b.name, b.name_search, b.commune_code, b.width, b.height, s.connected, s.mode, s.rev as reported, \
    s.errors, s.heard_ms, (select max(m.rev) from manifest m where m.board_id = b.board_id) as desired, \
    (select cast(count(*) as bigint) from publish_wanted w where w.board_id = b.board_id) as wanted \
    from board b left join board_status s on s.board_id = b.board_id",
            $tail
        )
    };
}

/// All boards, by name.
///
/// # Errors
/// When the database fails.
pub async fn fleet(db: &Db) -> Result<Vec<FleetRow>, StoreError> {
    const SQL: &str = fleet_sql!(" order by b.name_search, b.board_id limit $1");
    on!(db, |pool| sqlx::query_as::<_, FleetRow>(SQL).bind(MOST_BOARDS).fetch_all(pool).await)
        .map_err(StoreError::on("load the fleet"))
}

/// One board as the fleet shows it.
///
/// # Errors
/// When the database fails.
pub async fn fleet_row(db: &Db, board_id: &str) -> Result<Option<FleetRow>, StoreError> {
    const SQL: &str = fleet_sql!(" where b.board_id = $1");
    on!(db, |pool| sqlx::query_as::<_, FleetRow>(SQL).bind(board_id).fetch_optional(pool).await)
        .map_err(StoreError::on("load the board"))
}

/// What else a board's page shows of it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct BoardFacts {
    /// The unit that owns it.
    pub unit_name: String,
    /// IANA zone.
    pub time_zone: String,
    /// Per cent.
    pub brightness: i64,
    /// The player's version; none when it never reported.
    pub player: Option<String>,
    /// Frames presented per second.
    pub presented_fps: Option<f64>,
    /// Milliseconds without a frame since the report before.
    pub black_ms: Option<i64>,
    /// Degrees Celsius.
    pub temp: Option<f64>,
    /// Resident memory, bytes.
    pub rss: Option<i64>,
    /// Bytes free for content.
    pub disk_free: Option<i64>,
    /// Bytes of content held.
    pub disk_used: Option<i64>,
    /// Rows not acknowledged.
    pub queued: Option<i64>,
    /// `signed`, `ntp`, `rtc`, `floor`.
    pub clock_quality: Option<String>,
    /// The board's clock minus the server's, milliseconds.
    pub clock_skew_ms: Option<i64>,
    /// Digest of the item on the screen.
    pub item: Option<String>,
    /// Since when, UTC milliseconds.
    pub since_ms: Option<i64>,
}

/// What else a board's page shows of it.
///
/// # Errors
/// When the database fails.
pub async fn board_facts(db: &Db, board_id: &str) -> Result<Option<BoardFacts>, StoreError> {
    const SQL: &str = "select u.name as unit_name, b.time_zone, b.brightness, s.player, s.presented_fps, s.black_ms, s.temp, s.rss, s.disk_free, \
        s.disk_used, s.queued, s.clock_quality, s.clock_skew_ms, s.item, s.since_ms from board b join unit u on u.unit_id = b.unit_id \
        left join board_status s on s.board_id = b.board_id where b.board_id = $1";
    on!(db, |pool| sqlx::query_as::<_, BoardFacts>(SQL).bind(board_id).fetch_optional(pool).await)
        .map_err(StoreError::on("load the board's facts"))
}

/// The newest manifest's envelope.
///
/// # Errors
/// When the database fails.
pub async fn newest_manifest(db: &Db, board_id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    const SQL: &str = "select envelope from manifest where board_id = $1 order by rev desc limit 1";
    on!(db, |pool| sqlx::query_scalar::<_, Vec<u8>>(SQL).bind(board_id).fetch_optional(pool).await)
        .map_err(StoreError::on("load the manifest"))
}

/// A play with the names of what was shown.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PlayRow {
    /// The asset's name, where it is known.
    pub asset: Option<String>,
    /// The campaign's name; none for the default playlist and the safe item.
    pub campaign: Option<String>,
    /// When it began, UTC milliseconds.
    pub started_ms: i64,
    /// How long it was on the screen.
    pub shown_ms: i64,
    /// Bits of `playlists::wire::reports`.
    pub flags: i64,
}

/// The last plays of a board, newest first.
///
/// # Errors
/// When the database fails.
pub async fn last_plays(db: &Db, board_id: &str, limit: i64) -> Result<Vec<PlayRow>, StoreError> {
    const SQL: &str = "select a.name as asset, c.name as campaign, p.started_ms, p.shown_ms, p.flags from play p \
        left join asset a on a.asset_id = p.asset_id and a.unit_id <> 'built-in' left join campaign c on c.campaign_id = p.campaign_id \
        where p.board_id = $1 order by p.started_ms desc, p.epoch, p.number desc limit $2";
    on!(db, |pool| sqlx::query_as::<_, PlayRow>(SQL).bind(board_id).bind(limit).fetch_all(pool).await)
        .map_err(StoreError::on("load the last plays"))
}

/// An event of a board.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EventRow {
    /// When, by the board's clock, UTC milliseconds.
    pub t_ms: i64,
    /// What, as a code.
    pub code: String,
    /// In words, English.
    pub detail: String,
}

/// The last events of a board, newest first.
///
/// # Errors
/// When the database fails.
pub async fn last_events(db: &Db, board_id: &str, limit: i64) -> Result<Vec<EventRow>, StoreError> {
    const SQL: &str = "select t_ms, code, detail from event where board_id = $1 order by t_ms desc, epoch, number desc limit $2";
    on!(db, |pool| sqlx::query_as::<_, EventRow>(SQL).bind(board_id).bind(limit).fetch_all(pool).await)
        .map_err(StoreError::on("load the last events"))
}

/// When the newest picture of a board's screen was taken, UTC milliseconds.
///
/// # Errors
/// When the database fails.
pub async fn snapshot_taken_ms(db: &Db, board_id: &str) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "select taken_ms from snapshot where board_id = $1";
    on!(db, |pool| sqlx::query_scalar::<_, i64>(SQL).bind(board_id).fetch_optional(pool).await)
        .map_err(StoreError::on("look up the snapshot"))
}

/// The newest picture of a board's screen: media type and bytes.
///
/// # Errors
/// When the database fails.
pub async fn snapshot(db: &Db, board_id: &str) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    const SQL: &str = "select media_type, bytes from snapshot where board_id = $1";
    on!(db, |pool| sqlx::query_as::<_, (String, Vec<u8>)>(SQL).bind(board_id).fetch_optional(pool).await)
        .map_err(StoreError::on("load the snapshot"))
}

/// How many renditions are in each state, by its word.
///
/// # Errors
/// When the database fails.
pub async fn renditions_by_state(db: &Db) -> Result<Vec<(String, i64)>, StoreError> {
    const SQL: &str = "select state, cast(count(*) as bigint) from rendition group by state order by state limit 16";
    on!(db, |pool| sqlx::query_as::<_, (String, i64)>(SQL).fetch_all(pool).await).map_err(StoreError::on("count the renditions"))
}

/// How much lies in the tables that tell of backlog and of work done.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Sizes {
    /// Revisions that have not reached the broker.
    pub outbox: i64,
    /// Plays stored.
    pub plays: i64,
    /// Boards whose manifest is to be composed anew.
    pub wanted: i64,
}

/// How much lies in those tables. Plays are counted by their batches.
///
/// # Errors
/// When the database fails.
pub async fn sizes(db: &Db) -> Result<Sizes, StoreError> {
    const SQL: &str = "select (select cast(count(*) as bigint) from outbox) as outbox, \
        (select cast(coalesce(sum(row_count), 0) as bigint) from play_batch) as plays, \
        (select cast(count(*) as bigint) from publish_wanted) as wanted";
    on!(db, |pool| sqlx::query_as::<_, Sizes>(SQL).fetch_one(pool).await).map_err(StoreError::on("count what is waiting"))
}
