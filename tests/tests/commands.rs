//! The promise to whoever types commands: they fit in with the others of the shell.

use std::process::{Command, Stdio};

use bangtin_tests::process::program;

#[test]
fn a_command_whose_reader_has_heard_enough_ends_in_peace() {
    for arguments in [&["slide", "list"][..], &["slide", "schema"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(program("bangtin"));
        let ended = command.args(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{arguments:?}");
        assert!(ended.status.success(), "{arguments:?}: {:?}", ended.status);
    }
}
