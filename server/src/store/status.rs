//! What boards report of themselves, guarded by `(sess, seq)` in the statement itself, so that any replica may apply any
//! document in any order.

use playlists::geometry::Geometry;
use playlists::id::BoardId;
use playlists::trust::key::PublicKey;
use playlists::wire::reports::{Bye, ByeReason, ClockQuality, Hello, State};

use super::{Db, StoreError, on};

/// What reports of a board are checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardKey {
    /// Its public key.
    pub key: PublicKey,
    /// Its pixels.
    pub geometry: Geometry,
}

/// The key and geometry of a board; none for one that was revoked.
///
/// # Errors
/// When the database does not answer, or holds something unreadable.
pub async fn board_key(db: &Db, board: &BoardId) -> Result<Option<BoardKey>, StoreError> {
    let row: Option<(String, i64, i64)> =
        on!(db, |pool| sqlx::query_as("select public_key, width, height from board where board_id = $1 and revoked_ms is null")
            .bind(board.as_str())
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::on("load the board's key"))?;
    let Some((key, width, height)) = row else { return Ok(None) };
    let key = key
        .parse()
        .map_err(|e: playlists::id::IdError| StoreError::Unreadable { what: "board.public_key", reason: e.to_string() })?;
    let side = |side: i64| u32::try_from(side).unwrap_or(0);
    let geometry = Geometry::new(side(width), side(height))
        .map_err(|e| StoreError::Unreadable { what: "board.width", reason: e.to_string() })?;
    Ok(Some(BoardKey { key, geometry }))
}

/// How many boards there are.
///
/// # Errors
/// When the database does not answer.
pub async fn count_boards(db: &Db) -> Result<i64, StoreError> {
    on!(db, |pool| sqlx::query_scalar("select count(*) from board").fetch_one(pool).await)
        .map_err(StoreError::on("count the boards"))
}

/// Applies `hello`: number 0 of a session that must be above the one known. True when it changed something.
///
/// # Errors
/// When the database does not take it; [`StoreError::is_dangling`] when there is no such board.
pub async fn apply_hello(db: &Db, board: &BoardId, hello: &Hello, now_ms: i64) -> Result<bool, StoreError> {
    let changed = on!(db, |pool| sqlx::query(
        "insert into board_status (board_id, sess, seq, connected, bye_why, boot, player, root, rev, mode, item, since_ms,
             presented_fps, black_ms, temp, rss, disk_free, disk_used, queued, clock_quality, clock_skew_ms, tz_data, errors, heard_ms)
         values ($1, $2, 0, true, null, $3, $4, $5, $6, $7, null, null, 0, 0, null, 0, $8, $9, $10, $11, $12, $13, '[]', $14)
         on conflict (board_id) do update set sess = excluded.sess, seq = 0, connected = true, bye_why = null, boot = excluded.boot,
             player = excluded.player, root = excluded.root, rev = excluded.rev, mode = excluded.mode,
             disk_free = excluded.disk_free, disk_used = excluded.disk_used, queued = excluded.queued,
             clock_quality = excluded.clock_quality, clock_skew_ms = excluded.clock_skew_ms, tz_data = excluded.tz_data,
             heard_ms = excluded.heard_ms
         where excluded.sess > board_status.sess"
    )
    .bind(board.as_str())
    .bind(number(hello.sess.0))
    .bind(hello.boot.as_str())
    .bind(&hello.player)
    .bind(number(hello.root.0))
    .bind(number(hello.rev.0))
    .bind(hello.mode.as_str())
    .bind(number(hello.store.free))
    .bind(number(hello.store.used))
    .bind(number(hello.store.queued))
    .bind(quality(hello.clock.quality))
    .bind(hello.clock.t.timestamp_millis().saturating_sub(now_ms))
    .bind(&hello.clock.tz_data)
    .bind(now_ms)
    .execute(pool)
    .await
    .map(|done| done.rows_affected()))
    .map_err(StoreError::on("apply the board's hello"))?;
    Ok(changed > 0)
}

/// Applies `state` if its `(sess, seq)` is above the pair known. True when it changed something. A state may arrive before the
/// hello of its session; the hello then changes nothing, and what only it names stays empty until the next session.
///
/// # Errors
/// When the database does not take it; [`StoreError::is_dangling`] when there is no such board.
pub async fn apply_state(db: &Db, board: &BoardId, state: &State, now_ms: i64) -> Result<bool, StoreError> {
    let errors = serde_json::to_string(&state.errors).unwrap_or_else(|_| "[]".to_owned());
    let changed = on!(db, |pool| sqlx::query(
        "insert into board_status (board_id, sess, seq, connected, bye_why, boot, player, root, rev, mode, item, since_ms,
             presented_fps, black_ms, temp, rss, disk_free, disk_used, queued, clock_quality, clock_skew_ms, tz_data, errors, heard_ms)
         values ($1, $2, $3, true, null, '', '', 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         on conflict (board_id) do update set sess = excluded.sess, seq = excluded.seq, connected = true, bye_why = null,
             rev = excluded.rev, mode = excluded.mode, item = excluded.item, since_ms = excluded.since_ms,
             presented_fps = excluded.presented_fps, black_ms = excluded.black_ms, temp = excluded.temp, rss = excluded.rss,
             disk_free = excluded.disk_free, disk_used = excluded.disk_used, queued = excluded.queued,
             clock_quality = excluded.clock_quality, clock_skew_ms = excluded.clock_skew_ms, tz_data = excluded.tz_data,
             errors = excluded.errors, heard_ms = excluded.heard_ms
         where excluded.sess > board_status.sess or (excluded.sess = board_status.sess and excluded.seq > board_status.seq)"
    )
    .bind(board.as_str())
    .bind(number(state.sess.0))
    .bind(number(state.seq.0))
    .bind(number(state.rev.0))
    .bind(state.mode.as_str())
    .bind(state.item.map(|item| item.to_string()))
    .bind(state.since.map(|since| since.timestamp_millis()))
    .bind(state.presented_fps)
    .bind(number(state.black_ms))
    .bind(state.temp)
    .bind(number(state.rss))
    .bind(number(state.disk.free))
    .bind(number(state.disk.used))
    .bind(number(state.disk.queued))
    .bind(quality(state.clock.quality))
    .bind(state.clock.t.timestamp_millis().saturating_sub(now_ms))
    .bind(&state.clock.tz_data)
    .bind(&errors)
    .bind(now_ms)
    .execute(pool)
    .await
    .map(|done| done.rows_affected()))
    .map_err(StoreError::on("apply the board's state"))?;
    Ok(changed > 0)
}

/// Applies `bye`, which counts only for the session known. True when it changed something.
///
/// # Errors
/// When the database does not take it.
pub async fn apply_bye(db: &Db, board: &BoardId, bye: &Bye) -> Result<bool, StoreError> {
    let why = match bye.why {
        ByeReason::Will => "will",
        ByeReason::Stop => "stop",
    };
    let changed = on!(db, |pool| sqlx::query(
        "update board_status set connected = false, bye_why = $3 where board_id = $1 and sess = $2 and connected"
    )
    .bind(board.as_str())
    .bind(number(bye.sess.0))
    .bind(why)
    .execute(pool)
    .await
    .map(|done| done.rows_affected()))
    .map_err(StoreError::on("apply the board's bye"))?;
    Ok(changed > 0)
}

/// The word for a clock's quality in SQL.
#[must_use]
pub const fn quality(quality: ClockQuality) -> &'static str {
    match quality {
        ClockQuality::Signed => "signed",
        ClockQuality::Ntp => "ntp",
        ClockQuality::Rtc => "rtc",
        ClockQuality::Floor => "floor",
    }
}

/// A count of a report for an SQL `bigint`; what a board exaggerates is cut, not wrapped.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
