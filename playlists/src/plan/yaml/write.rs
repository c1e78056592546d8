//! The one way a value is written: two spaces of indent, short values deep inside on one line, quotes only where they are needed.

use std::fmt::Write as _;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Error as _;

use super::tree::{Kind, Node};
use crate::plan::fault::Place;

/// Longest line that a list or map is put on as a whole, in characters.
const WIDEST: usize = 118;
/// What lies less deep is always spread over lines: the plan's lists and their items' fields.
const SPREAD: usize = 3;

/// Writes a value.
///
/// # Errors
/// When it cannot be written as JSON either.
pub(in crate::plan) fn write<T: serde::Serialize>(value: &T) -> Result<String, serde_json::Error> {
    // JSON's text keeps the fields' order; its tree would not.
    let node: Node = serde_json::from_str(&serde_json::to_string(value)?)?;
    let mut out = String::new();
    let Kind::Map(pairs) = &node.kind else { return Err(serde_json::Error::custom("a document is a map")) };
    for (number, (_, key, node)) in pairs.iter().enumerate() {
        if number > 0 && !matches!(node.kind, Kind::Scalar { .. }) {
            out.push('\n');
        }
        pair(&mut out, key, node, 0, 1);
    }
    Ok(out)
}

/// `key: value` and the line's end; the line's indent is written already.
fn pair(out: &mut String, key: &str, node: &Node, indent: usize, depth: usize) {
    out.push_str(&scalar(key, false));
    out.push(':');
    match &node.kind {
        Kind::Scalar { text, plain } => {
            out.push(' ');
            match lines(text).filter(|_| !plain) {
                Some(lines) => {
                    out.push_str("|-\n");
                    for line in lines {
                        spaces(out, if line.is_empty() { 0 } else { indent + 2 });
                        out.push_str(line);
                        out.push('\n');
                    }
                    return;
                }
                None => out.push_str(&scalar(text, *plain)),
            }
            out.push('\n');
        }
        Kind::List(_) | Kind::Map(_) => {
            match flow(node, indent + key.chars().count() + 2, depth).filter(|_| holds_no_map(node)) {
                Some(flow) => {
                    let _ = writeln!(out, " {flow}");
                }
                None => {
                    out.push('\n');
                    block(out, node, indent + 2, depth);
                }
            }
        }
    }
}

/// Whether a list or map is easily read on its key's line.
fn holds_no_map(node: &Node) -> bool {
    match &node.kind {
        Kind::List(nodes) => nodes.iter().all(|node| !matches!(node.kind, Kind::Map(_))),
        Kind::Map(pairs) => pairs.iter().all(|(_, _, node)| !matches!(node.kind, Kind::Map(_))),
        Kind::Scalar { .. } => true,
    }
}

/// A list or map over several lines.
fn block(out: &mut String, node: &Node, indent: usize, depth: usize) {
    match &node.kind {
        Kind::Map(pairs) => {
            for (_, key, value) in pairs {
                spaces(out, indent);
                pair(out, key, value, indent, depth + 1);
            }
        }
        Kind::List(nodes) => {
            for (number, item) in nodes.iter().enumerate() {
                if depth == 1 && number > 0 && flow(item, indent + 2, depth + 1).is_none() && matches!(item.kind, Kind::Map(_)) {
                    out.push('\n');
                }
                spaces(out, indent);
                out.push_str("- ");
                match (&item.kind, flow(item, indent + 2, depth + 1)) {
                    (Kind::Scalar { text, plain }, _) => {
                        let _ = writeln!(out, "{}", scalar(text, *plain));
                    }
                    (_, Some(flow)) => {
                        let _ = writeln!(out, "{flow}");
                    }
                    (Kind::Map(pairs), None) => {
                        for (number, (_, key, value)) in pairs.iter().enumerate() {
                            spaces(out, if number > 0 { indent + 2 } else { 0 });
                            pair(out, key, value, indent + 2, depth + 2);
                        }
                    }
                    (Kind::List(_), None) => {
                        out.push('\n');
                        block(out, item, indent + 2, depth + 1);
                    }
                }
            }
        }
        Kind::Scalar { .. } => {}
    }
}

/// A list or map on one line that begins in column `from`; none where it does not fit, or lies too high.
fn flow(node: &Node, from: usize, depth: usize) -> Option<String> {
    let empty = match &node.kind {
        Kind::Scalar { .. } => return None,
        Kind::List(nodes) => nodes.is_empty(),
        Kind::Map(pairs) => pairs.is_empty(),
    };
    let words = matches!(&node.kind, Kind::List(nodes) if nodes.iter().all(|node| matches!(node.kind, Kind::Scalar { .. })));
    if depth < SPREAD && !empty && !words {
        return None;
    }
    let mut out = String::new();
    on_one_line(&mut out, node)?;
    (from + out.chars().count() <= WIDEST).then_some(out)
}

fn on_one_line(out: &mut String, node: &Node) -> Option<()> {
    match &node.kind {
        Kind::Scalar { text, plain } if *plain || !text.contains('\n') => out.push_str(&scalar(text, *plain)),
        Kind::Scalar { .. } => return None,
        Kind::List(nodes) => {
            out.push('[');
            for (number, node) in nodes.iter().enumerate() {
                out.push_str(if number > 0 { ", " } else { "" });
                on_one_line(out, node)?;
            }
            out.push(']');
        }
        Kind::Map(pairs) => {
            out.push('{');
            for (number, (_, key, node)) in pairs.iter().enumerate() {
                let _ = write!(out, "{}{}: ", if number > 0 { ", " } else { "" }, scalar(key, false));
                on_one_line(out, node)?;
            }
            out.push('}');
        }
    }
    if out.len() > 8 * WIDEST { None } else { Some(()) }
}

fn spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// The lines of a text that can stand as a block: more than one, none of which begins or ends with a space.
fn lines(text: &str) -> Option<std::str::Split<'_, char>> {
    let plain = |line: &str| !line.starts_with([' ', '\t']) && !line.ends_with([' ', '\t']) && line.chars().all(printable);
    let good = text.contains('\n') && !text.starts_with('\n') && !text.ends_with('\n') && text.split('\n').all(plain);
    good.then(|| text.split('\n'))
}

/// Whether a character may stand in YAML as it is, within a line, to every reader.
fn printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A number or truth as it is; a text bare where every reader takes it for one, else in double quotes.
fn scalar(text: &str, plain: bool) -> String {
    if plain || bare(text) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if printable(c) => out.push(c),
            c => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// Whether a text needs no quotes: letters, digits and a few signs, and nothing that some reader takes for a number, a truth or nothing.
fn bare(text: &str) -> bool {
    let first = text.chars().next().is_some_and(char::is_alphanumeric);
    let last = text.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | ')' | '%' | '/'));
    let signs = |c: char| c.is_alphanumeric() || " _-./+%()':".contains(c);
    // A colon is part of a word only between two letters or digits.
    let mut around = text.chars().zip(text.chars().skip(1)).zip(text.chars().skip(2));
    let colons = around.all(|((before, c), after)| c != ':' || (before.is_alphanumeric() && after.is_alphanumeric()));
    let numeral = text.chars().all(|c| c.is_ascii_digit() || "_:.".contains(c));
    let decimal = text.parse::<f64>().is_ok() || text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b");
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let word = words.iter().any(|word| text.eq_ignore_ascii_case(word));
    first && last && text.chars().all(signs) && colons && !text.contains("  ") && !numeral && !decimal && !word
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsTree)
    }
}

/// Takes any value as a tree, its maps in their order.
struct AsTree;

fn bare_node(text: impl ToString) -> Node {
    Node { place: Place::START, kind: Kind::Scalar { text: text.to_string(), plain: true } }
}

impl<'de> Visitor<'de> for AsTree {
    type Value = Node;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(bare_node("null"))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(bare_node(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(bare_node(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(bare_node(value))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(bare_node(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node { place: Place::START, kind: Kind::Scalar { text: value.to_owned(), plain: false } })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Node { place: Place::START, kind: Kind::List(nodes) })
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut pairs = Vec::new();
        while let Some((key, node)) = map.next_entry::<String, Node>()? {
            pairs.push((Place::START, key, node));
        }
        Ok(Node { place: Place::START, kind: Kind::Map(pairs) })
    }
}
