//! Places at which a test ends the server as a power cut would. They exist only where the feature `failpoints` and debug assertions
//! are both on: no release build has them, and of the workspace only its tests ask for the feature.
//!
//! The variable `BANGTIN_FAILPOINT` names a file; whoever writes one of `NAMES` into it arms that place. It acts once: the file is
//! removed before the process ends, so that the next one runs through.

/// Does nothing, unless a test has armed this place: then the process ends here and now, and nothing is flushed.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(all(feature = "failpoints", debug_assertions))]
        $crate::failpoint::reach($name);
    };
}
pub(crate) use failpoint;

/// Every place, in the order in which a change, and then a report, comes by them.
#[cfg(all(feature = "failpoints", debug_assertions))]
pub const NAMES: [&str; 20] = [
    "publish-composed",
    "publish-before-commit",
    "publish-committed",
    "desired-before-publish",
    "desired-published",
    "desired-landed",
    "desired-done",
    "hello-before-commit",
    "hello-committed",
    "state-before-commit",
    "state-committed",
    "plays-before-commit",
    "plays-committed",
    "events-before-commit",
    "events-committed",
    "ack-handed-on",
    "report-acknowledged",
    "message-landed",
    "collect-rows-gone",
    "collect-taken-out",
];

/// Ends the process if the file names this place.
#[cfg(all(feature = "failpoints", debug_assertions))]
pub(crate) fn reach(name: &'static str) {
    static FILE: std::sync::OnceLock<Option<std::path::PathBuf>> = std::sync::OnceLock::new();
    #[allow(clippy::disallowed_methods, reason = "a test speaks to the program it starts; no user has this code")]
    let file = FILE.get_or_init(|| std::env::var_os("BANGTIN_FAILPOINT").map(Into::into));
    let Some(file) = file else { return };
    debug_assert!(NAMES.contains(&name), "{name} is not listed");
    if std::fs::read_to_string(file).is_ok_and(|armed| armed == name) && std::fs::remove_file(file).is_ok() {
        tracing::error!("the failpoint {name} ends the server");
        std::process::abort();
    }
}
