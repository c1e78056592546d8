//! Statements about a list of ids. They are bound one by one, since SQLite knows no arrays.

use sqlx::{Database, Encode, QueryBuilder, Type};

/// Most ids in one statement: SQLite takes 32,766 parameters.
pub(super) const IDS_AT_ONCE: usize = 10_000;

/// `head (id, id, …) tail`; of an empty list nothing is found.
pub(super) fn of_ids<DB: Database>(head: &str, ids: &[impl ToString], tail: &str) -> QueryBuilder<DB>
where
    String: Type<DB> + for<'q> Encode<'q, DB>,
{
    let mut query = QueryBuilder::new(head);
    query.push(" (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.to_string());
    }
    query.push(") ").push(tail);
    query
}
