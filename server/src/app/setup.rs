//! Set-up: the one-time link makes the first administrator and, where there is none yet, the unit for which everything is done.

use super::sign_in::{self, SignInError};
use super::units::{self, UnitDraft};
use super::{App, FieldError};
use crate::store::{self, accounts};

/// What the set-up form sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetupDraft {
    /// The first administrator's login.
    pub login: String,
    /// And password.
    pub password: String,
    /// The first unit; not looked at where there is one already.
    pub unit: UnitDraft,
}

/// Makes the first administrator and the first unit, both or neither, and spends the one-time link; false when it does not hold.
///
/// # Errors
/// [`SignInError::Fields`] with all that is wrong in the form; else when the machine fails.
pub async fn create(app: &App, link: &str, draft: &SetupDraft) -> Result<bool, SignInError> {
    if !sign_in::setup_link_holds(app, link).await? {
        return Ok(false); // before the expensive hash
    }
    let mut errors = Vec::new();
    let unit = match units::own(app).await? {
        Some(_) => None,
        None => units::checked(&draft.unit, &mut errors),
    };
    errors.extend(sign_in::faults(&draft.login, &draft.password));
    if !errors.is_empty() {
        return Err(SignInError::Fields(errors));
    }
    let account = sign_in::new_account(app, &draft.login, &draft.password).await?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.db.write().await?;
    if !accounts::spend_setup_link(&mut tx, &sign_in::digest(link), now_ms).await? {
        return Ok(false);
    }
    accounts::add(&mut tx, &account).await?;
    if let Some(unit) = &unit
        && !store::units::insert(&mut tx, unit, now_ms).await?
    {
        return Err(SignInError::Fields(vec![FieldError::new("unit_name", "error-unit-taken").with("id", unit.id.as_str())]));
    }
    tx.commit().await?;
    Ok(true)
}
