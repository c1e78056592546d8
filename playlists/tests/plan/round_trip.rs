//! A plan is written in one form, and what is written is what is read.

use std::path::Path;

use playlists::plan::{json, read, schema, write};
use proptest::prelude::*;

use crate::WHOLE;
use crate::generate::plan;

#[test]
fn the_canonical_form_is_the_one_that_is_documented() {
    let document = read(WHOLE).expect("it holds");
    pretty(&write(&document.plan), WHOLE);
}

#[test]
fn json_is_the_same_plan() {
    let document = read(WHOLE).expect("it holds");
    let again = read(&json(&document.plan)).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(again.plan, document.plan);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test is told by the environment to accept what is new")]
fn the_schema_is_the_committed_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/plan.schema.json");
    if std::env::var_os("BANGTIN_ACCEPT").is_some() {
        std::fs::write(&file, schema()).expect("the schema is written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == schema(),
        "samples/plan.schema.json is not what the code says; accept it by BANGTIN_ACCEPT=1 cargo test -p playlists --test plan"
    );
}

fn pretty(one: &str, other: &str) {
    for (number, (one, other)) in one.lines().zip(other.lines()).enumerate() {
        assert_eq!(one, other, "line {}", number + 1);
    }
    assert_eq!(one.lines().count(), other.lines().count());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_is_written_is_read_as_the_same_and_written_alike(plan in plan()) {
        let text = write(&plan);
        let document = read(&text).map_err(|faults| TestCaseError::fail(format!("{faults:#?}\n{text}")))?;
        prop_assert_eq!(&document.plan, &plan, "{}", text);
        prop_assert_eq!(write(&document.plan), text);
        let of_json = read(&json(&plan)).map_err(|faults| TestCaseError::fail(format!("{faults:#?}")))?;
        prop_assert_eq!(of_json.plan, plan);
    }

    #[test]
    fn any_text_gives_a_plan_or_faults(text in "\\PC{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn a_plan_cut_or_garbled_anywhere_gives_a_plan_or_faults_in_it(at in 0_usize..4000, put in "[ -~\n]{0,3}", cut in 0_usize..30) {
        let chars: Vec<char> = WHOLE.chars().collect();
        let at = at % chars.len();
        let text: String = chars[..at].iter().copied().chain(put.chars()).chain(chars.iter().copied().skip(at + cut)).collect();
        if let Err(faults) = read(&text) {
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| fault.place.line <= text.lines().count() + 1 && fault.place.column >= 1));
        }
    }
}
