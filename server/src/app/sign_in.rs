//! Who may in: accounts, passwords, sessions, and the one-time link to the set-up.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use playlists::id::Digest;

use super::{App, FieldError};
use crate::store::accounts::{self, Account, NewAccount};
use crate::store::{StoreError, sessions};

/// A session ends when it was not used for this long.
pub const IDLE: Duration = Duration::from_secs(12 * 3600);
/// A session ends this long after sign-in, used or not.
pub const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long the one-time link holds.
pub const SETUP_LINK: Duration = Duration::from_secs(24 * 3600);
/// Fewest characters of a password.
pub const SHORTEST_PASSWORD: usize = 10;
/// Most bytes of a password: hashing must not be made expensive from outside.
pub const LONGEST_PASSWORD: usize = 256;
/// A session's use is noted at most this often.
const TOUCH_MS: i64 = 60_000;

/// Why an account or a session was not made.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// The password cannot be hashed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
    /// The hashing thread ended early.
    #[error("the hashing thread ended early")]
    Stopped(#[source] tokio::task::JoinError),
    /// What was typed does not do.
    #[error("login or password does not do: {}", codes(.0))]
    Fields(Vec<FieldError>),
}

fn codes(errors: &[FieldError]) -> String {
    errors.iter().map(|error| error.code).collect::<Vec<_>>().join(", ")
}

/// A session's or link's secret: only its digest is kept.
fn secret() -> Result<String, SignInError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(SignInError::Random)?;
    Ok(data_encoding::BASE64URL_NOPAD.encode(&bytes))
}

/// Under which a secret is kept.
pub(super) fn digest(secret: &str) -> String {
    Digest::of(secret.as_bytes()).to_string()
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The address that makes the first administrator, while there is none; it replaces any earlier one and holds for [`SETUP_LINK`].
///
/// # Errors
/// When the database fails, or the system gives no random bytes.
pub async fn ensure_setup_link(app: &App) -> Result<Option<String>, SignInError> {
    if accounts::count(&app.db).await? > 0 {
        return Ok(None);
    }
    let link = secret()?;
    accounts::set_setup_link(&app.db, &digest(&link), app.clock.now_ms().saturating_add(ms(SETUP_LINK))).await?;
    Ok(Some(format!("{}/setup/{link}", app.public_url.trim_end_matches('/'))))
}

/// Whether a one-time link holds.
///
/// # Errors
/// When the database fails.
pub async fn setup_link_holds(app: &App, link: &str) -> Result<bool, StoreError> {
    accounts::setup_link_holds(&app.db, &digest(link), app.clock.now_ms()).await
}

/// Makes an administrator.
///
/// # Errors
/// [`SignInError::Fields`] when login or password do not do or the login is taken; else when the machine fails.
pub async fn create_account(app: &App, login: &str, password: &str) -> Result<(), SignInError> {
    let new = new_account(app, login, password).await?;
    match accounts::insert(&app.db, &new).await {
        Err(error) if error.is_taken() => Err(SignInError::Fields(vec![FieldError::new("login", "error-login-taken")])),
        other => Ok(other?),
    }
}

/// An account to be stored, its password hashed.
pub(super) async fn new_account(app: &App, login: &str, password: &str) -> Result<NewAccount, SignInError> {
    let errors = faults(login, password);
    if !errors.is_empty() {
        return Err(SignInError::Fields(errors));
    }
    let password = password.to_owned();
    let hashed = tokio::task::spawn_blocking(move || hash(&password)).await.map_err(SignInError::Stopped)?;
    Ok(NewAccount {
        account_id: uuid::Uuid::now_v7().to_string(),
        login: login.to_owned(),
        password_hash: hashed?,
        role: "administrator",
        language: "vi",
        created_ms: app.clock.now_ms(),
    })
}

/// What is wrong with a login and a password.
pub(super) fn faults(login: &str, password: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@".contains(&b);
    if !(3..=64).contains(&login.len()) || !login.bytes().all(plain) {
        errors.push(FieldError::new("login", "error-login-form"));
    }
    if password.chars().count() < SHORTEST_PASSWORD {
        errors.push(FieldError::new("password", "error-password-short").with("n", SHORTEST_PASSWORD.to_string()));
    } else if password.len() > LONGEST_PASSWORD {
        errors.push(FieldError::new("password", "error-password-long"));
    } else if password.to_lowercase().contains(login) && !login.is_empty() {
        errors.push(FieldError::new("password", "error-password-login"));
    }
    errors
}

fn hash(password: &str) -> Result<String, SignInError> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(SignInError::Random)?;
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hashed.map_err(|error| SignInError::Hash(error.to_string()))?.to_string())
}

fn verifies(password: &str, hashed: &str) -> bool {
    PasswordHash::new(hashed).is_ok_and(|hashed| Argon2::default().verify_password(password.as_bytes(), &hashed).is_ok())
}

/// Compared with when the login is unknown, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody has this password").unwrap_or_default());

/// A new session's secret and its account, when login and password fit; none when they do not.
///
/// # Errors
/// When the database or the machine fails.
pub async fn sign_in(app: &App, login: &str, password: &str) -> Result<Option<(String, Account)>, SignInError> {
    if password.len() > LONGEST_PASSWORD {
        return Ok(None);
    }
    let found = accounts::by_login(&app.db, login).await?;
    let (typed, hashed) = (password.to_owned(), found.as_ref().map(|(_, hashed)| hashed.clone()));
    let fits = tokio::task::spawn_blocking(move || match hashed {
        Some(hashed) => verifies(&typed, &hashed),
        None => {
            verifies(&typed, &NOBODY);
            false
        }
    });
    let fits = fits.await.map_err(SignInError::Stopped)?;
    let Some((account, _)) = found.filter(|_| fits) else { return Ok(None) };
    let (secret, now_ms) = (secret()?, app.clock.now_ms());
    sessions::delete_ended(&app.db, now_ms, now_ms.saturating_sub(ms(IDLE))).await?;
    sessions::insert(&app.db, &digest(&secret), &account.account_id, now_ms, now_ms.saturating_add(ms(LONGEST))).await?;
    Ok(Some((secret, account)))
}

/// The account whose session this secret opens, if it holds.
///
/// # Errors
/// When the database fails.
pub async fn who(app: &App, secret: &str) -> Result<Option<Account>, StoreError> {
    let (key, now_ms) = (digest(secret), app.clock.now_ms());
    let Some(row) = sessions::find(&app.db, &key, now_ms, now_ms.saturating_sub(ms(IDLE))).await? else { return Ok(None) };
    if now_ms.saturating_sub(row.seen_ms) >= TOUCH_MS {
        sessions::touch(&app.db, &key, now_ms).await?;
    }
    Ok(Some(row.account))
}

/// Ends a session.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(app: &App, secret: &str) -> Result<(), StoreError> {
    sessions::delete(&app.db, &digest(secret)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, on_both_databases};

    on_both_databases![a_session_holds_until_it_is_ended_or_idle, a_login_is_given_once,];

    const PASSWORD: &str = "mười chữ cái đây";

    async fn a_session_holds_until_it_is_ended_or_idle(world: World) {
        let app = &world.app;
        create_account(app, "quan.tri", PASSWORD).await.expect("made");
        let (one, account) = sign_in(app, "quan.tri", PASSWORD).await.expect("asked").expect("it fits");
        let (other, _) = sign_in(app, "quan.tri", PASSWORD).await.expect("asked").expect("it fits");
        assert_eq!(who(app, &one).await.expect("asked"), Some(account));
        sign_out(app, &one).await.expect("ended");
        assert_eq!(who(app, &one).await.expect("asked"), None);
        world.clock.pass(IDLE - Duration::from_secs(1));
        assert!(who(app, &other).await.expect("asked").is_some(), "its use is noted");
        world.clock.pass(IDLE - Duration::from_secs(1));
        assert!(who(app, &other).await.expect("asked").is_some());
        world.clock.pass(IDLE);
        assert_eq!(who(app, &other).await.expect("asked"), None);
    }

    async fn a_login_is_given_once(world: World) {
        create_account(&world.app, "quan.tri", PASSWORD).await.expect("made");
        let again = create_account(&world.app, "quan.tri", PASSWORD).await;
        assert!(matches!(again, Err(SignInError::Fields(errors)) if errors[0].code == "error-login-taken"));
    }

    #[test]
    fn a_password_has_ten_characters_and_does_not_hold_the_login() {
        let codes = |login, password| faults(login, password).iter().map(|f| f.code).collect::<Vec<_>>();
        assert!(codes("quan.tri", "mười chữ cái đây").is_empty());
        assert_eq!(codes("quan.tri", "ngắn"), ["error-password-short"]);
        assert_eq!(codes("quan.tri", "Quan.Tri-2026"), ["error-password-login"]);
        assert_eq!(codes("Q", "mười chữ cái đây"), ["error-login-form"]);
    }

    #[test]
    fn a_hash_verifies_its_password_and_no_other() {
        let hashed = hash("mười chữ cái đây").expect("hashed");
        assert!(verifies("mười chữ cái đây", &hashed));
        assert!(!verifies("mười chữ cái đó", &hashed));
        assert!(!verifies("", "not a hash"));
    }
}
