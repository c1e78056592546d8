//! The revision of all assets and playlists: who changes them raises it from what he read.

use super::{Db, StoreError, Tx, on, within};

/// The revision now: to be read before anything that a change is decided by.
///
/// # Errors
/// When the database fails.
pub async fn revision(db: &Db) -> Result<i64, StoreError> {
    const SQL: &str = "select revision from content_revision where content_revision_id = 1";
    on!(db, |pool| sqlx::query_as::<_, (i64,)>(SQL).fetch_one(pool).await)
        .map(|(revision,)| revision)
        .map_err(StoreError::on("load the revision of the contents"))
}

/// Raises it; false when somebody else did since it was read: then nothing of what was decided may be written.
///
/// # Errors
/// When the database fails.
pub async fn raise(tx: &mut Tx, read: i64) -> Result<bool, StoreError> {
    const SQL: &str = "update content_revision set revision = revision + 1 where content_revision_id = 1 and revision = $1";
    within!(tx, |conn| sqlx::query(SQL).bind(read).execute(conn).await.map(|done| done.rows_affected() > 0))
        .map_err(StoreError::on("raise the revision of the contents"))
}
