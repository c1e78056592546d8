//! How many files and sockets a fleet needs, and whether this process may have them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Most boards of one process: each has a socket of its own, and there are 28,000 ports towards one address.
pub const MOST_BOARDS: usize = 19_000;
/// Files of a board at work: its queue, its connection to the broker; a call over HTTP or a file being hashed now and then.
const A_BOARD: u64 = 3;
/// Files that the process needs besides.
const BESIDES: u64 = 128;

/// Why a fleet of this size cannot run here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LimitError {
    /// Too many for one process.
    #[error("{0} boards are more than the {MOST_BOARDS} that one process can connect; start several")]
    Boards(usize),
    /// Too few files may be open.
    #[error(
        "{boards} boards need {needed} open files, but this process may have {most}; raise it with `ulimit -n {needed}` (as root: LimitNOFILE=), or drive fewer boards"
    )]
    Files {
        /// How many boards.
        boards: usize,
        /// How many files they need.
        needed: u64,
        /// How many are allowed.
        most: u64,
    },
    /// The limit cannot be raised.
    #[error("the limit of open files cannot be raised to {0}")]
    Raise(u64),
}

/// How many files so many boards need.
fn needed(boards: usize) -> u64 {
    A_BOARD.saturating_mul(boards as u64).saturating_add(BESIDES)
}

/// Whether so many boards may run where so many files may be open at most (none: no limit). Pure.
fn check(boards: usize, most: Option<u64>) -> Result<u64, LimitError> {
    if boards > MOST_BOARDS {
        return Err(LimitError::Boards(boards));
    }
    let needed = needed(boards);
    match most {
        Some(most) if most < needed => Err(LimitError::Files { boards, needed, most }),
        _ => Ok(needed),
    }
}

/// Raises this process's limit of open files as far as `boards` need it.
///
/// # Errors
/// When it is not allowed as many.
pub(super) fn raise(boards: usize) -> Result<(), LimitError> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = check(boards, maximum)?;
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).map_err(|_| LimitError::Raise(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_files_are_told_with_the_figure() {
        assert_eq!(check(1000, Some(4096)), Ok(3128));
        assert_eq!(check(1000, None), Ok(3128));
        let error = check(1000, Some(1024)).expect_err("too few");
        assert!(error.to_string().contains("need 3128 open files, but this process may have 1024"), "{error}");
        assert_eq!(check(19_001, None), Err(LimitError::Boards(19_001)));
    }
}
