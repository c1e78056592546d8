//! What was ever presented on a board, by digest: it is kept as long as its proof, whoever needs it. What lay over a loop, which is no play,
//! counts from the manifest on that names it.
//!
//! Plays are never removed: the proof has no end, so neither has a row here, and the two can be compared at any time. Whoever gives plays an
//! end removes the rows here that no play names any more, in the transaction that removes the plays.

use std::collections::BTreeSet;

use playlists::id::Digest;
use sqlx::QueryBuilder;

use super::{Db, StoreError, Tx, on, within};

/// Inserts these items, those that are there already stay as they are: `insert!(conn, items, now_ms)`, items as texts.
macro_rules! insert {
    ($conn:expr, $items:expr, $now_ms:expr) => {{
        let mut insert = sqlx::QueryBuilder::new("insert into presented (sha256, first_ms) ");
        insert.push_values($items, |mut row, item: &String| {
            row.push_bind(item.as_str()).push_bind($now_ms);
        });
        insert.push(" on conflict (sha256) do nothing");
        insert.build().execute($conn).await.map(drop)
    }};
}

/// Notes that a batch's items were presented, within the transaction that stores the batch.
macro_rules! note {
    ($tx:expr, $items:expr, $now_ms:expr) => {{
        let items: std::collections::BTreeSet<String> = $items.map(|item| item.to_string()).collect();
        $crate::store::presented::insert!(&mut **$tx, &items, $now_ms).map_err(StoreError::on("note what was presented"))?;
    }};
}
pub(super) use {insert, note};

/// Notes what lies over loops by manifests that were signed: no play tells of it, so it counts as presented from then on.
///
/// # Errors
/// When the database fails.
pub async fn note_over(tx: &mut Tx, items: &BTreeSet<&Digest>, now_ms: i64) -> Result<(), StoreError> {
    if items.is_empty() {
        return Ok(());
    }
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    within!(tx, |conn| insert!(conn, &items, now_ms)).map_err(StoreError::on("note what lies over loops"))
}

/// Those of these digests that a row names: of a rendition, of a version's original or poster, of what was presented.
///
/// # Errors
/// When the database fails.
pub async fn named_among(db: &Db, digests: &[Digest]) -> Result<BTreeSet<Digest>, StoreError> {
    const PLACES: [(&str, &str); 4] =
        [("presented", "sha256"), ("rendition", "sha256"), ("asset_version", "sha256"), ("asset_version", "poster_sha256")];
    among(db, digests, &PLACES).await
}

/// Those of these digests that were presented.
///
/// # Errors
/// When the database fails.
pub async fn presented_among(db: &Db, digests: &[Digest]) -> Result<BTreeSet<Digest>, StoreError> {
    among(db, digests, &[("presented", "sha256")]).await
}

async fn among(db: &Db, digests: &[Digest], places: &[(&str, &str)]) -> Result<BTreeSet<Digest>, StoreError> {
    /// As often as there are places, within SQLite's 32,766 parameters.
    const AT_ONCE: usize = 5000;
    let mut named = BTreeSet::new();
    for part in digests.chunks(AT_ONCE) {
        let rows: Vec<(String,)> = on!(db, |pool| {
            let mut query = QueryBuilder::new("");
            for (number, (table, column)) in places.iter().enumerate() {
                query.push(if number > 0 { " union select " } else { "select " });
                query.push(column).push(" from ").push(table).push(" where ").push(column).push(" in (");
                let mut list = query.separated(", ");
                for digest in part {
                    list.push_bind(digest.to_string());
                }
                query.push(")");
            }
            query.build_query_as().fetch_all(pool).await
        })
        .map_err(StoreError::on("look up what names the files"))?;
        for (digest,) in rows {
            named.insert(digest.parse().map_err(|e| StoreError::unreadable("sha256", e))?);
        }
    }
    Ok(named)
}
