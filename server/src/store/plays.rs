//! Proof of play: the signed batches as they came, and their rows dated; each number is stored once.

use playlists::id::{AssetId, BoardId, CampaignId, Digest, QueueEpoch, Revision};
use playlists::wire::reports::ClockQuality;

use super::queue_position::{self, Stored};
use super::status::{number, quality};
use super::{Db, StoreError, in_transaction, presented};
use crate::failpoint::failpoint;

/// One play, dated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// What was presented.
    pub item: Digest,
    /// The asset it is a rendition of.
    pub asset: Option<AssetId>,
    /// Who asked for it.
    pub campaign: Option<CampaignId>,
    /// When it appeared, milliseconds UTC.
    pub started_ms: i64,
    /// How long it was shown, in milliseconds.
    pub shown_ms: u64,
    /// Flags as on the wire.
    pub flags: u32,
    /// How good the clock was that dates it.
    pub quality: ClockQuality,
}

/// A batch of plays with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The board.
    pub board: BoardId,
    /// Which life of its queue.
    pub epoch: QueueEpoch,
    /// Number of the first play.
    pub first: u64,
    /// The manifest in force.
    pub rev: Revision,
    /// The plays, in the order of their numbers.
    pub plays: Vec<Play>,
    /// The envelope as it came.
    pub envelope: Vec<u8>,
}

/// Stores a batch in one transaction; what is stored already stays as it is. Yields how far this epoch is stored, and what a restore
/// of the database had lost before this batch.
///
/// # Errors
/// When the database does not take it; [`StoreError::is_dangling`] when there is no such board.
pub async fn store(db: &Db, batch: &Batch, now_ms: i64) -> Result<Stored, StoreError> {
    in_transaction!(db, "store the plays", |tx| {
        let tx = &mut tx;
        let lost = queue_position::pass_over_what_a_restore_lost!(
            tx,
            batch.board,
            "plays",
            batch.epoch,
            batch.first,
            now_ms,
            "select count(*) from play where board_id = $1 and epoch = $2 and number >= $3 and number < $4"
        );
        sqlx::query(
            "insert into play_batch (board_id, epoch, first, row_count, sha256, envelope, received_ms) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (board_id, epoch, first, row_count) do nothing",
        )
        .bind(batch.board.as_str())
        .bind(batch.epoch.as_str())
        .bind(number(batch.first))
        .bind(number(batch.plays.len() as u64))
        .bind(Digest::of(&batch.envelope).to_string())
        .bind(batch.envelope.as_slice())
        .bind(now_ms)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::on("store the batch of plays"))?;
        if !batch.plays.is_empty() {
            let mut insert = sqlx::QueryBuilder::new(
                "insert into play (board_id, epoch, number, item, asset_id, campaign_id, started_ms, shown_ms, flags, clock_quality, rev) ",
            );
            insert.push_values((batch.first..).zip(&batch.plays), |mut row, (at, play)| {
                row.push_bind(batch.board.as_str())
                    .push_bind(batch.epoch.as_str())
                    .push_bind(number(at))
                    .push_bind(play.item.to_string())
                    .push_bind(play.asset.as_ref().map(AssetId::as_str))
                    .push_bind(play.campaign.as_ref().map(CampaignId::as_str))
                    .push_bind(play.started_ms)
                    .push_bind(number(play.shown_ms))
                    .push_bind(i64::from(play.flags))
                    .push_bind(quality(play.quality))
                    .push_bind(batch.rev.as_i64());
            });
            insert.push(" on conflict (board_id, epoch, number) do nothing");
            insert.build().execute(&mut **tx).await.map_err(StoreError::on("store the plays"))?;
            presented::note!(tx, batch.plays.iter().map(|play| play.item), now_ms);
        }
        let upto = queue_position::advance!(
            tx,
            batch.board,
            "plays",
            batch.epoch,
            "select p.number from play p where p.board_id = $1 and p.epoch = $2 and p.number >= $3
                 and exists (select 1 from play f where f.board_id = $1 and f.epoch = $2 and f.number = $3)
                 and not exists (select 1 from play n where n.board_id = $1 and n.epoch = $2 and n.number = p.number + 1)
             order by p.number limit 1"
        );
        failpoint!("plays-before-commit");
        Ok(Stored { upto, lost })
    })
}
