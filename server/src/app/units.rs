//! Units: who owns boards and content.

use playlists::id::UnitId;

use super::App;
use crate::store::units::Unit;
use crate::store::{StoreError, units};

/// Adds a unit; one that is there already stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn add(app: &App, unit: &Unit) -> Result<(), StoreError> {
    units::add(&app.db, unit, app.clock.now_ms()).await
}

/// Units in the order of their ids, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, after: Option<&UnitId>, limit: u32) -> Result<Vec<Unit>, StoreError> {
    units::list(&app.db, after, limit).await
}

/// The unit for which an administrator works until people have units of their own: the first of the province's tier.
///
/// # Errors
/// When the database fails.
pub async fn own(app: &App) -> Result<Option<Unit>, StoreError> {
    units::first_of_tier(&app.db, playlists::unit::Tier::Province).await
}
