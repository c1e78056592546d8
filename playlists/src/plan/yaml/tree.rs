//! From text to a tree of values, each with its place; everything that is refused is refused here with what to do.

use std::collections::BTreeSet;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use crate::plan::fault::{Fault, Place};

/// Largest plan, in bytes.
pub(in crate::plan) const MOST_BYTES: usize = 8 << 20;
/// Most values in it.
pub(in crate::plan) const MOST_VALUES: usize = 500_000;
/// Deepest nesting.
pub(in crate::plan) const DEEPEST: usize = 24;

const ALIAS: &str = "aliases (*) are not used in plans; write the value out, or quote the text";

const EMPTY: &str =
    "nothing is written here; write a value or leave the field out (what follows a # is a comment: quote such a text)";

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::plan) struct Node {
    pub(in crate::plan) place: Place,
    pub(in crate::plan) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::plan) enum Kind {
    /// A text; a plain one may be a number, a truth or nothing as well.
    Scalar { text: String, plain: bool },
    /// Values in order.
    List(Vec<Node>),
    /// Values by key, in the order of the text.
    Map(Vec<(Place, String, Node)>),
}

impl Node {
    /// Whether it is said that there is nothing: `~` or `null`.
    pub(in crate::plan) fn is_nothing(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "~" | "null" | "Null" | "NULL"))
    }

    /// The value of a key.
    pub(in crate::plan) fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(pairs) => pairs.iter().find(|(_, name, _)| name == key).map(|(_, _, node)| node),
            Kind::Scalar { .. } | Kind::List(_) => None,
        }
    }

    /// The place of a path such as `campaigns[3].weight`; where it leads nowhere, of the last value on its way.
    pub(in crate::plan) fn place_of(&self, path: &str) -> Place {
        let mut node = self;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let next = match (step.strip_suffix(']').map(str::parse::<usize>), &node.kind) {
                (Some(Ok(number)), Kind::List(nodes)) => nodes.get(number),
                _ => node.get(step),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.place
    }
}

/// A list or map that is still being read.
struct Open {
    place: Place,
    holds: Holds,
}

enum Holds {
    List(Vec<Node>),
    /// The pairs read, their keys, and the key whose value comes next.
    Map(Vec<(Place, String, Node)>, BTreeSet<String>, Option<(Place, String)>),
}

/// Reads a text as one document.
///
/// # Errors
/// The first thing in it that is no YAML, or that plans do not use.
pub(in crate::plan) fn tree(text: &str) -> Result<Node, Fault> {
    if text.len() > MOST_BYTES {
        return Err(at(Place::START, format!("{} bytes are too many; a plan has at most {MOST_BYTES}: split it", text.len())));
    }
    // A mark that some editors put before UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    let mut values = 0_usize;
    while let Some((event, place)) = next(&mut parser)? {
        let done = match event {
            Event::DocumentStart(_) if whole.is_some() => {
                return Err(at(
                    place,
                    "a second document begins here; a plan is one document: write it into a file of its own".into(),
                ));
            }
            Event::Alias(_) => return Err(at(place, ALIAS.into())),
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) if anchor > 0 => {
                return Err(at(place, "anchors (&) are not used in plans; write the value out, or quote the text".into()));
            }
            Event::Scalar(.., Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                return Err(at(place, "tags (!) are not used in plans; leave it out, or quote the text".into()));
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() => return Err(at(place, EMPTY.into())),
            Event::Scalar(text, style, ..) => {
                Some(Node { place, kind: Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain } })
            }
            Event::SequenceStart(..) => {
                open.push(Open { place, holds: Holds::List(Vec::new()) });
                None
            }
            Event::MappingStart(..) => {
                open.push(Open { place, holds: Holds::Map(Vec::new(), BTreeSet::new(), None) });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|closed| Node {
                place: closed.place,
                kind: match closed.holds {
                    Holds::List(nodes) => Kind::List(nodes),
                    Holds::Map(pairs, ..) => Kind::Map(pairs),
                },
            }),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => None,
        };
        if open.len() > DEEPEST {
            return Err(at(place, format!("values lie more than {DEEPEST} deep; no plan does")));
        }
        let Some(node) = done else { continue };
        values += 1;
        if values > MOST_VALUES {
            return Err(at(node.place, format!("more than {MOST_VALUES} values; split the plan")));
        }
        match open.last_mut() {
            Some(outer) => put(outer, node)?,
            None => whole = Some(node),
        }
    }
    whole.ok_or_else(|| at(Place::START, "there is nothing in it; a plan begins with bangtin: 1".into()))
}

fn next<'a>(parser: &mut Parser<'a, StrInput<'a>>) -> Result<Option<(Event<'a>, Place)>, Fault> {
    match parser.next_event() {
        None => Ok(None),
        Some(Ok((event, span))) => Ok(Some((event, begin(&span)))),
        Some(Err(error)) => {
            let place = Place { line: error.marker().line(), column: error.marker().col() + 1 };
            if ["unknown anchor", "anchor or alias"].iter().any(|words| error.info().contains(words)) {
                return Err(at(place, ALIAS.into()));
            }
            Err(at(
                place,
                format!(
                    "this is no YAML: {}; see that the lines before it are indented with spaces, and quote texts that hold : or #",
                    error.info()
                ),
            ))
        }
    }
}

fn begin(span: &Span) -> Place {
    Place { line: span.start.line(), column: span.start.col() + 1 }
}

fn put(outer: &mut Open, node: Node) -> Result<(), Fault> {
    match &mut outer.holds {
        Holds::List(nodes) => nodes.push(node),
        Holds::Map(pairs, keys, waiting) => match waiting.take() {
            Some((place, key)) => pairs.push((place, key, node)),
            None => {
                let Kind::Scalar { text, .. } = node.kind else {
                    return Err(at(node.place, "a key must be a word".into()));
                };
                if !keys.insert(text.clone()) {
                    return Err(at(node.place, format!("{text} stands here twice; keep one of them")));
                }
                *waiting = Some((node.place, text));
            }
        },
    }
    Ok(())
}

const fn at(place: Place, what: String) -> Fault {
    Fault { place, path: String::new(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place() {
        let node =
            tree("name: Tết\ncampaigns:\n  - id: one\n    windows: [{cron: \"0 7 * * *\"}, {duration: 8s}]\n").expect("a tree");
        let place = |path| node.place_of(path).to_string();
        assert_eq!(place("name"), "1:7");
        assert_eq!(place("campaigns[0].id"), "3:9");
        assert_eq!(place("campaigns[0].windows[1].duration"), "4:47");
        assert_eq!(place("campaigns[0].windows[7].cron"), "4:14", "the last on its way");
    }

    #[test]
    fn what_plans_do_not_use_is_refused_where_it_stands() {
        for (text, place, what) in [
            ("a: &x 1\nb: 2", "1:4", "anchors"),
            ("a: 1\nb: *x", "2:4", "alias"),
            ("a: !!str 1", "1:4", "tags"),
            ("a: 1\n---\nb: 2", "2:1", "second document"),
            ("a: 1\nb: 2\na: 3", "3:1", "twice"),
            ("{[a]: 1}", "1:2", "a key must be a word"),
            ("", "1:1", "nothing in it"),
            ("a: [1, 2", "2:1", "no YAML"),
            ("a: 1\n\tb: 2", "1:4", "no YAML"),
        ] {
            let fault = tree(text).expect_err(text);
            assert!(fault.what.contains(what), "{text:?}: {fault}");
            assert_eq!(fault.place.to_string(), place, "{text:?}: {fault}");
        }
    }

    #[test]
    fn what_is_empty_is_refused_and_a_null_is_not() {
        for text in ["a: #ffffff\nb: 1", "a:\n  -\n  - 1", "a:\nb: ~", "{a: , b: 1}", "a:"] {
            assert_eq!(tree(text).map_err(|fault| fault.what).err().as_deref(), Some(EMPTY), "{text:?}");
        }
        for text in ["a: ~\nb: 1", "[~, null]", "ả: ~", "a: \"\""] {
            assert!(tree(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_small_text_stays_small() {
        let deep = "[".repeat(100_000);
        assert!(tree(&deep).is_err(), "depth");
        assert!(tree(&"x".repeat(MOST_BYTES + 1)).is_err(), "size");
        let wide = format!("[{}]", "1,".repeat(MOST_VALUES + 1));
        assert!(tree(&wide).expect_err("too many").what.contains("values"), "number");
        let laughs = "a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n";
        assert!(tree(laughs).is_err(), "references");
    }
}
