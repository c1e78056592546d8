//! What happened on boards; each number is stored once, like plays.

use playlists::wire::reports::Events;

use super::queue_position::{self, Stored};
use super::status::number;
use super::{Db, StoreError, in_transaction};
use crate::failpoint::failpoint;

/// Stores a batch in one transaction; what is stored already stays as it is. Yields how far this epoch is stored, and what a restore
/// of the database had lost before this batch.
///
/// # Errors
/// When the database does not take it; [`StoreError::is_dangling`] when there is no such board.
pub async fn store(db: &Db, batch: &Events, now_ms: i64) -> Result<Stored, StoreError> {
    in_transaction!(db, "store the events", |tx| {
        let tx = &mut tx;
        let lost = queue_position::pass_over_what_a_restore_lost!(
            tx,
            batch.board,
            "event",
            batch.epoch,
            batch.first,
            now_ms,
            "select count(*) from event where board_id = $1 and epoch = $2 and number >= $3 and number < $4"
        );
        if !batch.events.is_empty() {
            let mut insert =
                sqlx::QueryBuilder::new("insert into event (board_id, epoch, number, t_ms, code, detail, facts, received_ms) ");
            insert.push_values((batch.first..).zip(&batch.events), |mut row, (at, event)| {
                row.push_bind(batch.board.as_str())
                    .push_bind(batch.epoch.as_str())
                    .push_bind(number(at))
                    .push_bind(event.t.timestamp_millis())
                    .push_bind(event.code.as_str())
                    .push_bind(event.detail.as_str())
                    .push_bind(serde_json::to_string(&event.facts).unwrap_or_else(|_| "{}".to_owned()))
                    .push_bind(now_ms);
            });
            insert.push(" on conflict (board_id, epoch, number) do nothing");
            insert.build().execute(&mut **tx).await.map_err(StoreError::on("store the events"))?;
        }
        let upto = queue_position::advance!(
            tx,
            batch.board,
            "event",
            batch.epoch,
            "select e.number from event e where e.board_id = $1 and e.epoch = $2 and e.number >= $3
                 and exists (select 1 from event f where f.board_id = $1 and f.epoch = $2 and f.number = $3)
                 and not exists (select 1 from event n where n.board_id = $1 and n.epoch = $2 and n.number = e.number + 1)
             order by e.number limit 1"
        );
        failpoint!("events-before-commit");
        Ok(Stored { upto, lost })
    })
}
