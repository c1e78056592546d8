//! The `bangtin` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    bangtin::cli::run()
}
