//! How far a board's queue is stored: its position never falls, and a batch that begins beyond it proves a restore.
//!
//! A board deletes a row only on this server's signed acknowledgement, which is given after the commit, and each of its batches begins
//! with the oldest row it still holds. So rows between the position and a batch's first number were stored once, and the database has
//! been put back to an older backup since: they will not come again. The position then moves on to the batch, and how many rows were
//! lost stands in an event of the server's own; else the board would wait for ever for an acknowledgement that cannot come.

/// Rows that were stored and acknowledged once, and are in the database no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Number of the first.
    pub first: u64,
    /// Number after the last.
    pub upto: u64,
    /// How many of them are not there.
    pub rows: u64,
}

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Number of the first row of this epoch that is not stored.
    pub upto: u64,
    /// What a restore had lost before it, found out now.
    pub lost: Option<Lost>,
}

/// Which of the server's own events tells of a loss: code, in words, facts.
#[must_use]
pub fn told(stream: &str, epoch: &str, lost: &Lost) -> (String, String, String) {
    let word = if stream == "plays" { "plays" } else { "events" };
    let detail = format!(
        "{} {word} had been acknowledged but are not in the database any more: it was put back to an older backup",
        lost.rows
    );
    let facts = serde_json::json!({
        "epoch": epoch,
        "first": lost.first.to_string(),
        "upto": lost.upto.to_string(),
        "count": lost.rows.to_string(),
    });
    (format!("{word}-lost-to-restore"), detail, facts.to_string())
}

/// Locks a queue's position, so that two transactions of one queue follow each other, and yields it.
macro_rules! lock {
    ($tx:expr, $board:expr, $stream:literal, $epoch:expr) => {{
        let here: (i64,) = sqlx::query_as(concat!(
            "insert into queue_position (board_id, stream, epoch, upto) values ($1, '",
            $stream,
            "', $2, 0)
             on conflict (board_id, stream, epoch) do update set upto = queue_position.upto returning upto"
        ))
        .bind($board.as_str())
        .bind($epoch.as_str())
        .fetch_one(&mut **$tx)
        .await
        .map_err(StoreError::on("lock the queue's position"))?;
        here.0
    }};
}
pub(super) use lock;

/// Moves a locked position.
macro_rules! put {
    ($tx:expr, $board:expr, $stream:literal, $epoch:expr, $upto:expr) => {
        sqlx::query(concat!(
            "update queue_position set upto = $3 where board_id = $1 and stream = '",
            $stream,
            "' and epoch = $2"
        ))
        .bind($board.as_str())
        .bind($epoch.as_str())
        .bind($upto)
        .execute(&mut **$tx)
        .await
        .map_err(StoreError::on("move the queue's position"))?
    };
}
pub(super) use put;

/// Before a batch is stored: where it begins beyond the queue's position, moves that to the batch and keeps an event of the server's
/// own. `$there` counts the stored numbers from `$3` to below `$4`.
macro_rules! pass_over_what_a_restore_lost {
    ($tx:expr, $board:expr, $stream:literal, $epoch:expr, $first:expr, $now_ms:expr, $there:literal) => {{
        let (here, first) = (queue_position::lock!($tx, $board, $stream, $epoch), number($first));
        if first > here {
            let (there,): (i64,) = sqlx::query_as($there)
                .bind($board.as_str())
                .bind($epoch.as_str())
                .bind(here)
                .bind(first)
                .fetch_one(&mut **$tx)
                .await
                .map_err(StoreError::on("count what a restore has left"))?;
            queue_position::put!($tx, $board, $stream, $epoch, first);
            let rows = u64::try_from(first - here - there).unwrap_or(0);
            let lost = queue_position::Lost { first: u64::try_from(here).unwrap_or(0), upto: $first, rows };
            if rows > 0 {
                let (code, detail, facts) = queue_position::told($stream, $epoch.as_str(), &lost);
                // No board's epoch has such a name; each stream has its own, under its own lock.
                sqlx::query(concat!(
                    "insert into event (board_id, epoch, number, t_ms, code, detail, facts, received_ms)
                     select $1, '@server-",
                    $stream,
                    "', coalesce(max(number), -1) + 1, $2, $3, $4, $5, $2 from event where board_id = $1 and epoch = '@server-",
                    $stream,
                    "'"
                ))
                .bind($board.as_str())
                .bind($now_ms)
                .bind(code)
                .bind(detail)
                .bind(facts)
                .execute(&mut **$tx)
                .await
                .map_err(StoreError::on("keep what a restore has lost"))?;
            }
            (rows > 0).then_some(lost)
        } else {
            None
        }
    }};
}
pub(super) use pass_over_what_a_restore_lost;

/// Moves a queue's position up to the first number that is not stored, and yields it. `$last` finds the end of the run of stored
/// numbers that begins at `$3`.
macro_rules! advance {
    ($tx:expr, $board:expr, $stream:literal, $epoch:expr, $last:literal) => {{
        let here = queue_position::lock!($tx, $board, $stream, $epoch);
        let last: Option<(i64,)> = sqlx::query_as($last)
            .bind($board.as_str())
            .bind($epoch.as_str())
            .bind(here)
            .fetch_optional(&mut **$tx)
            .await
            .map_err(StoreError::on("find the queue's position"))?;
        let upto = last.map_or(here, |(last,)| last.saturating_add(1));
        queue_position::put!($tx, $board, $stream, $epoch, upto);
        u64::try_from(upto).unwrap_or(0)
    }};
}
pub(super) use advance;
