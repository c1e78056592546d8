//! What happened on boards; each number is stored once, like plays.

use playlists::wire::reports::Events;

use super::plays::advance;
use super::status::number;
use super::{Db, StoreError, in_transaction};

/// Stores a batch in one transaction; what is stored already stays as it is. Yields the number of the first event of this epoch
/// that is not stored.
///
/// # Errors
/// When the database does not take it; [`StoreError::is_dangling`] when there is no such board.
pub async fn store(db: &Db, batch: &Events, now_ms: i64) -> Result<u64, StoreError> {
    in_transaction!(db, "store the events", |tx| {
        let tx = &mut tx;
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
        let upto = advance!(
            tx,
            batch.board,
            "event",
            batch.epoch,
            "select e.number from event e where e.board_id = $1 and e.epoch = $2 and e.number >= $3
                 and exists (select 1 from event f where f.board_id = $1 and f.epoch = $2 and f.number = $3)
                 and not exists (select 1 from event n where n.board_id = $1 and n.epoch = $2 and n.number = e.number + 1)
             order by e.number limit 1"
        );
        Ok(upto)
    })
}
