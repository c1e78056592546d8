//! The plan: boards, assets, playlists and campaigns as one file of YAML, which people write and programs check.
//!
//! Pure: text in, a plan or all its faults out, each with its place; a plan in, text out, always the same; and a board's manifest of
//! a plan, by the same rules as any other. Whoever reads files does it elsewhere. The form is told in this crate's README, "The plan
//! file", and as a JSON Schema by [`schema()`].

mod check;
mod document;
mod fault;
mod manifest;
mod schema;
mod values;
mod yaml;

use std::cell::RefCell;

pub use document::*;
pub use fault::{Fault, Place};
pub use manifest::{Drawn, NoManifest};
pub use schema::schema;
pub use values::{Interval, Length, ValueError, When};

/// A plan that was read and holds, with the places of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The plan.
    pub plan: Plan,
    tree: yaml::Node,
}

impl Document {
    /// Something else that is wrong with the value at this path, such as `assets[2].files.vi`: a file that is not there.
    #[must_use]
    pub fn fault(&self, path: &str, what: String) -> Fault {
        Fault { place: self.tree.place_of(path), path: path.to_owned(), what }
    }
}

/// Reads a plan.
///
/// ```
/// use playlists::plan;
/// let text = "bangtin: 1\nunits:\n  - {id: tn, name: Thái Nguyên, tier: provinec}\n";
/// let faults = plan::read(text).expect_err("a slip");
/// assert_eq!(faults[0].to_string(), "3:39: units[0].tier: \"provinec\" is not known here; did you mean province?");
/// ```
///
/// # Errors
/// Everything that is wrong in it, in the order of the text.
pub fn read(text: &str) -> Result<Document, Vec<Fault>> {
    let tree = yaml::tree(text).map_err(|fault| vec![fault])?;
    let faults = RefCell::new(Vec::new());
    let plan = parts(&tree, &faults);
    let mut faults = faults.into_inner();
    // What refers to something that could not be read would only say it again.
    if faults.is_empty() {
        faults = check::check(&plan).into_iter().map(|(path, what)| Fault { place: tree.place_of(&path), path, what }).collect();
    }
    if faults.is_empty() {
        return Ok(Document { plan, tree });
    }
    faults.sort();
    Err(faults)
}

fn parts(tree: &yaml::Node, faults: &RefCell<Vec<Fault>>) -> Plan {
    let mut root = yaml::Root::of(tree, faults);
    let plan = Plan {
        bangtin: root.field("bangtin").unwrap_or_default(),
        name: root.field("name").unwrap_or_default(),
        time_zone: root.field::<document::ZoneField>("time_zone").and_then(|field| field.0),
        unit: root.field("unit"),
        units: root.list("units"),
        boards: root.list("boards"),
        assets: root.list("assets"),
        playlists: root.list("playlists"),
        campaigns: root.list("campaigns"),
        stand_downs: root.list("stand_downs"),
        recalled: root.field("recalled").unwrap_or_default(),
        blackouts: root.list("blackouts"),
        notices: root.list("notices"),
    };
    root.end();
    plan
}

/// Writes a plan in the one form that is canonical: reading it gives the same plan, and writing that the same text.
///
/// # Panics
/// Never: a plan holds nothing that cannot be written.
#[must_use]
pub fn write(plan: &Plan) -> String {
    yaml::write(plan).expect("a plan holds texts, numbers, lists and maps of texts")
}

/// The same as JSON, for other programs: [`read`] takes it too, since JSON is YAML.
///
/// # Panics
/// Never: a plan holds nothing that cannot be written.
#[must_use]
pub fn json(plan: &Plan) -> String {
    serde_json::to_string_pretty(plan).expect("a plan holds texts, numbers, lists and maps of texts")
}
