//! What a command answers on its standard output. A reader that has heard enough, such as `head`, ends it in peace.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};

/// Why an answer was not given.
#[derive(Debug, thiserror::Error)]
pub enum Unsaid {
    /// Whoever read has closed the pipe.
    #[error("nobody reads the answer any more")]
    Unheard,
    /// It cannot be written: it goes to a file on a full disk, say.
    #[error("the answer cannot be written")]
    Unwritten(#[source] std::io::Error),
}

/// Writes one line.
///
/// # Errors
/// When nobody reads it, or it cannot be written.
pub fn line(words: Arguments<'_>) -> Result<(), Unsaid> {
    let mut out = std::io::stdout().lock();
    out.write_fmt(format_args!("{words}\n")).map_err(|fault| match fault.kind() {
        ErrorKind::BrokenPipe => Unsaid::Unheard,
        _ => Unsaid::Unwritten(fault),
    })
}

/// Writes one line, formatted as `println!` does, and ends the command where that cannot be done.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::say::line(format_args!($($words)*))? };
}
pub(crate) use say;

/// Tells on the standard output what whoever started a server wants to know; it runs on where nobody reads that.
pub fn announce(words: Arguments<'_>) {
    // The words may hold a secret link: they are not for the log.
    if let Err(unsaid) = line(words) {
        tracing::debug!(error = %crate::telemetry::chain(&unsaid), "what is said at the start was not heard");
    }
}
