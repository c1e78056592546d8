//! Units: who owns boards and content.

use playlists::id::UnitId;
use playlists::unit::Tier;

use super::{App, FieldError, checked_name};
use crate::store::search::fold;
use crate::store::units::Unit;
use crate::store::{StoreError, units};

/// Longest id made of a name, in characters: short enough to be typed.
const LONGEST_ID: usize = 40;

/// A unit as a form gives it; its id is made of its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitDraft {
    /// Its name as people read it.
    pub name: String,
    /// `province` or `commune`.
    pub tier: String,
}

/// Why a unit cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum AddUnitError {
    /// There is a unit of this id.
    #[error("there is a unit {0} already")]
    Taken(UnitId),
    /// The unit above it does not exist.
    #[error("there is no unit {0} that could stand above it")]
    NoParent(UnitId),
    /// A commune has nothing below it.
    #[error("the unit {0} is a commune; only a province has units below it")]
    ParentTier(UnitId),
    /// It needs a name.
    #[error("a unit needs a name of 1 to 200 characters")]
    Name,
    /// The database failed.
    #[error("the unit {unit} cannot be stored")]
    Store {
        /// Which unit.
        unit: UnitId,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Adds a unit; one that is there already stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn add(app: &App, unit: &Unit) -> Result<(), StoreError> {
    units::add(&app.db, unit, app.clock.now_ms()).await
}

/// Adds a unit that must be new.
///
/// # Errors
/// When its id is taken, its name does not do, there is no such unit above it, or the database fails.
pub async fn create(app: &App, mut unit: Unit) -> Result<(), AddUnitError> {
    let mut errors = Vec::new();
    unit.name = checked_name(&unit.name, &mut errors);
    if !errors.is_empty() {
        return Err(AddUnitError::Name);
    }
    let stored = |source| AddUnitError::Store { unit: unit.id.clone(), source };
    if let Some(parent) = &unit.parent {
        match units::get(&app.db, parent).await.map_err(stored)? {
            None => return Err(AddUnitError::NoParent(parent.clone())),
            Some(Unit { tier: Tier::Commune, .. }) => return Err(AddUnitError::ParentTier(parent.clone())),
            Some(Unit { tier: Tier::Province, .. }) => {}
        }
    }
    let mut tx = app.db.write().await.map_err(stored)?;
    if !units::insert(&mut tx, &unit, app.clock.now_ms()).await.map_err(stored)? {
        return Err(AddUnitError::Taken(unit.id));
    }
    tx.commit().await.map_err(stored)
}

/// The unit that a form describes, standing alone; none, and what is wrong, when it describes none.
pub(super) fn checked(draft: &UnitDraft, errors: &mut Vec<FieldError>) -> Option<Unit> {
    let mut faults = Vec::new();
    let name = checked_name(&draft.name, &mut faults);
    let id = id_of(&name);
    if faults.is_empty() && id.is_none() {
        faults.push(FieldError::new("name", "error-unit-name-letters"));
    }
    errors.extend(faults.into_iter().map(|fault| FieldError { field: "unit_name".to_owned(), ..fault }));
    let tier = draft.tier.parse().map_err(|_| errors.push(FieldError::new("unit_tier", "error-tier-unknown"))).ok();
    Some(Unit { id: id?, name, tier: tier?, parent: None })
}

/// The id made of a name: folded, every run of other characters a hyphen. None when nothing is left.
fn id_of(name: &str) -> Option<UnitId> {
    let folded = fold(name);
    let words = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    let short: String = joined.chars().take(LONGEST_ID).collect();
    short.trim_end_matches('-').parse().ok()
}

/// Units in the order of their ids, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, after: Option<&UnitId>, limit: u32) -> Result<Vec<Unit>, StoreError> {
    units::list(&app.db, after, limit).await
}

/// The unit for which an administrator works until people have units of their own: the oldest that has none above it.
///
/// # Errors
/// When the database fails.
pub async fn own(app: &App) -> Result<Option<Unit>, StoreError> {
    units::topmost(&app.db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_id_is_its_name_without_marks() {
        let id = |name: &str| id_of(name).map(|id| id.to_string());
        assert_eq!(id("Tỉnh Thái Nguyên").as_deref(), Some("tinh-thai-nguyen"));
        assert_eq!(id(" Phường  Đức Xuân (mới) ").as_deref(), Some("phuong-duc-xuan-moi"));
        assert_eq!(id(&"Xóm ".repeat(30)).map(|id| id.len()), Some(40 - 1), "cut, and no hyphen at its end");
        assert_eq!(id("太原"), None);
    }

    #[test]
    fn a_form_without_name_and_tier_says_both() {
        let mut errors = Vec::new();
        assert_eq!(checked(&UnitDraft::default(), &mut errors), None);
        let said: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
        assert_eq!(said, [("unit_name", "error-name-empty"), ("unit_tier", "error-tier-unknown")]);
    }
}
