//! The wire contract, held: today's code writes exactly the files in `tests/golden/v1`, and still reads those of every version.

#[path = "golden/samples.rs"]
mod samples;

#[path = "fixtures/mod.rs"]
mod fixtures;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use playlists::id::Version;
use playlists::trust::accept::{Standing, Verdict, accept};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::manifest::Manifest;
use playlists::trust::roles::{Role, Root};
use playlists::wire::messages::{Ack, Desired, Identity};
use playlists::wire::pack::unpack;
use samples::Sample;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The folder that today's code writes.
const TODAY: &str = "v1";
/// Objects whose keys are content, not fields.
const MAPS: [&str; 4] = ["facts", "languages", "ranks", "versions"];
const HOW_TO_ACCEPT: &str = "\nIf the change is meant and nothing has been released with the old form, run\n    \
    BANGTIN_ACCEPT=1 cargo test -p playlists --test golden\nand look at the difference before you commit it. A form that boards in the \
    field may have stays: begin a folder `v2`.\n";

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(version)
}

/// Whether the files are being written anew; then only the test that writes them looks at them.
#[allow(clippy::disallowed_methods, reason = "a test asks the one who runs it")]
fn accepts() -> bool {
    std::env::var_os("BANGTIN_ACCEPT").is_some_and(|accept| accept == "1")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The names of the documents in a folder, without `.json`.
fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).expect("the folder of golden files is there");
    let paths = files.map(|file| file.expect("the folder can be read").path());
    let json = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

/// Where two texts part, for a reader.
fn difference(committed: &str, written: &str) -> String {
    let lines = committed.lines().map(Some).chain(std::iter::repeat(None));
    let pairs = (1..).zip(lines.zip(written.lines().map(Some).chain(std::iter::repeat(None))));
    let parted = pairs.take_while(|(_, pair)| *pair != (None, None)).find(|(_, (old, new))| old != new);
    let Some((number, (old, new))) = parted else {
        return "only line ends differ".to_owned();
    };
    let shown = |line: Option<&str>| line.unwrap_or("(no such line)").to_owned();
    format!("line {number}\n  committed: {}\n  written:   {}", shown(old), shown(new))
}

/// The same document with a field that no version knows in every object.
fn with_unknown_fields(document: &mut Value, name: &str) {
    match document {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                with_unknown_fields(value, name);
            }
            if !MAPS.contains(&name) {
                fields.insert("from_a_later_version".to_owned(), json!({ "keys": [], "threshold": "two", "more": [1, null] }));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| with_unknown_fields(value, "")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_is_written_today_is_byte_for_byte_what_is_committed() {
    let folder = folder(TODAY);
    if accepts() {
        for name in names(&folder) {
            fs::remove_file(folder.join(format!("{name}.json"))).expect("a golden file can be removed");
        }
        for sample in samples::all() {
            fs::write(folder.join(format!("{}.json", sample.name)), &sample.written).expect("a golden file can be written");
        }
    }
    let mut changed = Vec::new();
    for Sample { name, written, .. } in samples::all() {
        let committed = read(&folder.join(format!("{name}.json")));
        if committed != written {
            changed.push(format!("{TODAY}/{name}.json: {}", difference(&committed, &written)));
        }
    }
    assert!(changed.is_empty(), "the wire has changed:\n{}\n{HOW_TO_ACCEPT}", changed.join("\n"));
    let expected: BTreeSet<_> = samples::all().into_iter().map(|sample| sample.name.to_owned()).collect();
    assert_eq!(names(&folder), expected, "a file belongs to no message{HOW_TO_ACCEPT}");
}

#[test]
fn what_is_committed_reads_back_as_the_value_it_was_written_from() {
    if accepts() {
        return;
    }
    for sample in samples::all() {
        let committed = read(&folder(TODAY).join(format!("{}.json", sample.name)));
        assert_eq!((sample.is_read)(&committed), Ok(true), "{}{HOW_TO_ACCEPT}", sample.name);
    }
}

#[test]
fn fields_of_a_later_version_are_ignored_at_every_level() {
    for sample in samples::all() {
        let mut document: Value = serde_json::from_str(&sample.written).expect("what is written is JSON");
        with_unknown_fields(&mut document, "");
        let text = document.to_string();
        assert!(text.contains("from_a_later_version"), "{}", sample.name);
        assert_eq!((sample.is_read)(&text), Ok(true), "{}: {text}", sample.name);
    }
}

#[test]
fn files_of_every_version_can_still_be_read() {
    if accepts() {
        return;
    }
    let root = folder("");
    let folders = fs::read_dir(&root).expect("the golden folder is there").map(|entry| entry.expect("it can be read").path());
    let mut versions = 0;
    for folder in folders.filter(|path| path.is_dir()) {
        versions += 1;
        for name in names(&folder) {
            let sample = samples::all().into_iter().find(|sample| sample.name == name);
            let sample = sample.unwrap_or_else(|| panic_for(&folder, &name));
            let outcome = (sample.is_read)(&read(&folder.join(format!("{name}.json"))));
            assert!(outcome.is_ok(), "{}/{name}.json: {outcome:?}{HOW_TO_ACCEPT}", folder.display());
        }
    }
    assert!(versions > 0, "{} holds no version", root.display());
}

/// A committed document of today's version.
fn committed<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&read(&folder(TODAY).join(format!("{name}.json")))).expect("a golden file can be read")
}

#[test]
fn committed_signatures_still_hold() {
    if accepts() {
        return;
    }
    let identity: Identity = committed("identity");
    let root = Root::pinned(&identity.root.to_json(), &identity.root_sha256).expect("the pinned root is believed");
    assert_eq!(root, committed("root"));
    assert_eq!(identity.root, committed("envelope-root"));
    let ack = root.open(Role::Time, DocumentType::Ack, &committed("envelope-ack")).expect("time signed it");
    assert_eq!(serde_json::from_slice::<Ack>(&ack).expect("an acknowledgement"), committed("ack"));

    let manifest: Manifest = committed("manifest");
    let board_key = fixtures::key(fixtures::BOARD_SEED).public();
    assert_eq!(fixtures::key(fixtures::BOARD_SEED).to_hex(), identity.secret_key);
    let standing = Standing {
        board: &identity.board,
        board_key: &board_key,
        root: &root,
        held: None,
        recall: Version(0),
        now: Some(manifest.issued),
    };
    let verdict =
        accept(&committed::<Envelope>("envelope-manifest").to_json(), &standing).expect("publish signed it for this board");
    assert!(matches!(verdict, Verdict::Newer(accepted) if accepted.manifest == manifest));
    assert_eq!(committed::<Manifest>("manifest-smallest").faults(), Vec::new());
}

#[test]
fn the_committed_packed_manifest_unpacks() {
    if accepts() {
        return;
    }
    let packed = committed::<Desired>("desired").manifest.expect("it carries one");
    assert_eq!(unpack(&packed, 2), Ok(b"{}".to_vec()));
}

#[expect(clippy::panic, reason = "a test that says what is missing")]
fn panic_for(folder: &Path, name: &str) -> Sample {
    panic!("nothing reads {}/{name}.json any more: a message of a past version must stay readable", folder.display())
}
