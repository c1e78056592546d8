//! The promise that nothing we ship asks more than to keep a notice, and that banned crates stay out: `.deny.toml`, held against
//! `cargo metadata`. (Known vulnerabilities need a network and are not looked for here.)

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use bangtin_tests::process::run;
use serde::Deserialize;

#[derive(Deserialize)]
struct Policy {
    licenses: Licences,
    bans: Bans,
}
#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}
#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}
#[derive(Deserialize)]
struct Ban {
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn every_crate_has_a_licence_that_we_allow() {
    let policy = policy();
    let refused: Vec<_> = packages()
        .into_iter()
        .filter(|package| !package.license.as_deref().is_some_and(|text| allows(&policy.licenses.allow, text)))
        .map(|package| format!("{} {}: {}", package.name, package.version, package.license.unwrap_or_default()))
        .collect();
    assert!(refused.is_empty(), "not allowed by .deny.toml: {refused:#?}");
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    let names: BTreeSet<_> = packages().into_iter().map(|package| package.name).collect();
    for ban in policy().bans.deny {
        assert!(!names.contains(&ban.name), "{} is in the tree; {}", ban.name, ban.reason);
    }
}

#[test]
fn every_crate_comes_from_the_registry() {
    for package in packages() {
        let source = package.source.as_deref();
        assert!(source.is_none() || source == Some(REGISTRY), "{} comes from {source:?}", package.name);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

fn policy() -> Policy {
    let text = std::fs::read_to_string(root().join(".deny.toml")).expect(".deny.toml is there");
    toml::from_str(&text).expect(".deny.toml has the fields that are read here")
}

/// The packages that Linux needs: what we ship.
fn packages() -> Vec<Package> {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &platform]).current_dir(root());
    let metadata: Metadata = serde_json::from_str(&run(&mut cargo)).expect("cargo writes JSON");
    assert!(metadata.packages.len() > 100, "the tree has more packages than that");
    metadata.packages
}

/// Whether allowed licences satisfy an SPDX expression.
fn allows(allowed: &BTreeSet<String>, expression: &str) -> bool {
    // An old way to write OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(allowed, &mut words) == Some(true) && words.next().is_none()
}

type Words<'a, 'b> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'b>>;

/// None where the expression is not one.
fn any_of(allowed: &BTreeSet<String>, words: Words<'_, '_>) -> Option<bool> {
    let mut verdict = all_of(allowed, words)?;
    while words.next_if_eq(&"OR").is_some() {
        verdict |= all_of(allowed, words)?;
    }
    Some(verdict)
}

fn all_of(allowed: &BTreeSet<String>, words: Words<'_, '_>) -> Option<bool> {
    let mut verdict = one(allowed, words)?;
    while words.next_if_eq(&"AND").is_some() {
        verdict &= one(allowed, words)?;
    }
    Some(verdict)
}

fn one(allowed: &BTreeSet<String>, words: Words<'_, '_>) -> Option<bool> {
    if words.next_if_eq(&"(").is_some() {
        let verdict = any_of(allowed, words)?;
        return words.next_if_eq(&")").map(|_| verdict);
    }
    let licence = words.next()?;
    if words.next_if_eq(&"WITH").is_none() {
        return Some(allowed.contains(licence));
    }
    Some(allowed.contains(&format!("{licence} WITH {}", words.next()?)))
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for good in
        ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "MIT AND ISC", "(GPL-3.0 OR MIT) AND ISC", "Apache-2.0 WITH LLVM-exception"]
    {
        assert!(allows(&allowed, good), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT OR", "(MIT", "MIT ISC", "Apache-2.0", "GPL-3.0 OR ISC AND GPL-2.0"] {
        assert!(!allows(&allowed, bad), "{bad}");
    }
}
