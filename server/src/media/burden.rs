//! What a drawing (SVG) would take to draw, told before anything is drawn: a few hundred bytes that name one another can stand for
//! billions of shapes. Pure.

use std::collections::{HashMap, HashSet};

use resvg::usvg::roxmltree::{Document, Node, NodeId};

/// Most nodes of XML in a file: elements, texts, comments.
pub(super) const MOST_NODES: u32 = 200_000;
/// Deepest nesting of elements: what draws them calls itself once for each.
const DEEPEST: usize = 200;
/// Most elements that are drawn, each counted as often as it is used.
const MOST_DRAWN: u64 = 200_000;
/// Most filters, each counted as often as it is used: one may work on every pixel of the picture several times.
const MOST_FILTERED: u64 = 100;
/// Most octaves of a turbulence, and cells of a side of a convolution's matrix.
const MOST_ROUNDS: f64 = 16.0;

/// Why a drawing is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Burden {
    /// Elements within elements within elements.
    #[error("its elements are nested more than {DEEPEST} deep")]
    Deep,
    /// Too many, with those that are used many times.
    #[error("more than {MOST_DRAWN} elements would have to be drawn")]
    Many,
    /// Too many filters, with those that are used many times.
    #[error("more than {MOST_FILTERED} filters would have to be applied")]
    Filters,
    /// A filter that works too hard on each pixel.
    #[error("a filter of it works too hard on each pixel")]
    Filter,
    /// An element that stands within itself.
    #[error("an element of it uses itself")]
    Circle,
}

/// What an element takes, with all that is within it and all that it names.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    drawn: u64,
    filtered: u64,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.drawn = self.drawn.saturating_add(other.drawn);
        self.filtered = self.filtered.saturating_add(other.filtered);
    }
}

/// Whether a drawing is within what is drawn here.
///
/// # Errors
/// When it is not.
pub(super) fn check(document: &Document<'_>) -> Result<(), Burden> {
    let deepest = document.root().descendants().filter(Node::is_element).map(|node| node.ancestors().take(DEEPEST + 2).count());
    if deepest.max().unwrap_or_default() > DEEPEST {
        return Err(Burden::Deep);
    }
    if document.root().descendants().any(|node| works_too_hard(&node)) {
        return Err(Burden::Filter);
    }
    let mut count = Count::of(document);
    let cost = count.cost(document.root_element(), 0)?;
    match cost {
        Cost { filtered, .. } if filtered > MOST_FILTERED => Err(Burden::Filters),
        Cost { drawn, .. } if drawn > MOST_DRAWN => Err(Burden::Many),
        Cost { .. } => Ok(()),
    }
}

fn works_too_hard(node: &Node<'_, '_>) -> bool {
    let beyond = |attribute, most: f64| {
        let numbers = node.attribute(attribute).unwrap_or_default().split([' ', ',', '\t', '\n', '\r']);
        numbers.filter_map(|number| number.parse::<f64>().ok()).any(|number| number > most)
    };
    match node.tag_name().name() {
        "feTurbulence" => beyond("numOctaves", MOST_ROUNDS),
        "feConvolveMatrix" => beyond("order", MOST_ROUNDS),
        "feMorphology" => beyond("radius", 10_000.0),
        _ => false,
    }
}

/// Counts each element once, however often it is named.
struct Count<'a, 'input> {
    by_id: HashMap<&'a str, Node<'a, 'input>>,
    /// What style sheets name: any element may be the one that they mean.
    styled: Vec<&'a str>,
    known: HashMap<NodeId, Cost>,
    under_way: HashSet<NodeId>,
}

impl<'a, 'input> Count<'a, 'input> {
    fn of(document: &'a Document<'input>) -> Self {
        let mut by_id = HashMap::new();
        let mut styled = Vec::new();
        for node in document.root().descendants() {
            if let Some(id) = node.attribute("id") {
                by_id.entry(id).or_insert(node);
            }
            if node.tag_name().name() == "style" {
                styled.extend(node.descendants().filter_map(|text| text.text()).flat_map(named_in));
            }
        }
        styled.sort_unstable();
        styled.dedup();
        Self { by_id, styled, known: HashMap::new(), under_way: HashSet::new() }
    }

    fn cost(&mut self, node: Node<'a, 'input>, depth: usize) -> Result<Cost, Burden> {
        if let Some(known) = self.known.get(&node.id()) {
            return Ok(*known);
        }
        // What names what names what is a depth, too.
        if depth > 2 * DEEPEST {
            return Err(Burden::Deep);
        }
        if !self.under_way.insert(node.id()) {
            return Err(Burden::Circle);
        }
        let mut cost = Cost { drawn: 1, filtered: u64::from(node.tag_name().name() == "filter") };
        for child in node.children().filter(Node::is_element) {
            // What only defines is drawn where it is named.
            if !matches!(child.tag_name().name(), "defs" | "symbol" | "style") {
                cost.add(self.cost(child, depth + 1)?);
            }
        }
        for id in self.names(node) {
            if let Some(named) = self.by_id.get(id).copied() {
                // A style sheet may name a pattern's own parts; a circle there is broken by whoever draws it.
                cost.add(self.cost(named, depth + 1)?);
            }
        }
        self.under_way.remove(&node.id());
        self.known.insert(node.id(), cost);
        Ok(cost)
    }

    /// What an element names: by a reference, in its attributes, and by the style sheets' rules for its classes.
    fn names(&self, node: Node<'a, 'input>) -> Vec<&'a str> {
        let mut named: Vec<&str> = Vec::new();
        for attribute in node.attributes() {
            match attribute.name() {
                "href" => named.extend(attribute.value().strip_prefix('#')),
                _ => named.extend(named_in(attribute.value())),
            }
        }
        if node.has_attribute("class") {
            named.extend(self.styled.iter().filter(|id| !self.is_within(node, id)));
        }
        named
    }

    /// Whether an element stands within the one of this id.
    fn is_within(&self, node: Node<'a, 'input>, id: &str) -> bool {
        self.by_id.get(id).is_some_and(|named| node.ancestors().any(|outer| outer.id() == named.id()))
    }
}

/// The ids in `url(#…)`, with or without quotation marks.
fn named_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("url(").skip(1).filter_map(|rest| {
        let inside = rest.split(')').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        inside.strip_prefix('#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(inner: &str) -> Result<(), Burden> {
        let text = format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inner}</svg>"#);
        check(&Document::parse(&text).expect("XML"))
    }

    /// Each level names the one before it twice: as many as two to the power of the levels.
    fn doubled(levels: usize, level: impl Fn(usize, &str) -> String) -> String {
        let first = r#"<g id="l0"><rect width="1" height="1"/></g>"#.to_owned();
        (1..=levels).fold(first, |text, n| text + &level(n, &format!("l{}", n - 1)))
    }

    #[test]
    fn a_drawing_as_people_make_them_is_within_bounds() {
        let gradient = r##"<defs><linearGradient id="a"/><linearGradient id="b" href="#a"/></defs><rect fill="url(#b)"/>"##;
        let styled = r##"<style>.x{fill:url(#p)}</style><pattern id="p"><rect class="x"/></pattern><rect class="x"/>"##;
        for inner in ["", gradient, styled, &"<rect/>".repeat(50_000), &format!("{}{}", "<g>".repeat(150), "</g>".repeat(150))] {
            assert_eq!(told(inner), Ok(()), "{}", &inner[..inner.len().min(80)]);
        }
    }

    #[test]
    fn what_names_one_another_many_times_is_counted_as_often_as_it_is_drawn() {
        let used = doubled(30, |n, last| format!(r##"<g id="l{n}"><use href="#{last}"/><use href="#{last}"/></g>"##));
        let patterns = doubled(30, |n, last| {
            format!(r##"<pattern id="l{n}"><rect fill="url(#{last})"/><rect style="fill:url('#{last}')"/></pattern>"##)
        }) + r##"<rect fill="url(#l30)"/>"##;
        let masks =
            doubled(30, |n, last| format!(r##"<mask id="l{n}"><g mask="url(#{last})"/><g mask="url( #{last} )"/></mask>"##))
                + r##"<rect mask="url(#l30)"/>"##;
        for bomb in [used, patterns, masks, "<rect/>".repeat(200_001)] {
            assert_eq!(told(&bomb), Err(Burden::Many), "{}", &bomb[..200]);
        }
        let filter = r##"<filter id="f"><feGaussianBlur/></filter>"##.to_owned();
        assert_eq!(told(&(filter.clone() + &r##"<g filter="url(#f)"/>"##.repeat(90))), Ok(()));
        assert_eq!(told(&(filter + &r##"<g filter="url(#f)"/>"##.repeat(110))), Err(Burden::Filters));
    }

    #[test]
    fn what_is_deep_goes_in_circles_or_works_too_hard_is_refused() {
        assert_eq!(told(&format!("{}{}", "<g>".repeat(201), "</g>".repeat(201))), Err(Burden::Deep));
        let chain: String = (1..900).map(|n| format!(r##"<g id="c{n}"><use href="#c{}"/></g>"##, n - 1)).collect();
        let chain = format!(r##"<g id="c0"/><use href="#c899"/>{chain}"##);
        assert_eq!(told(&chain), Err(Burden::Deep));
        assert_eq!(told(r##"<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>"##), Err(Burden::Circle));
        for hard in [r#"numOctaves="99999999""#, r#"numOctaves="1e9""#] {
            assert_eq!(told(&format!("<filter><feTurbulence {hard}/></filter>")), Err(Burden::Filter));
        }
        assert_eq!(told(r#"<filter><feConvolveMatrix order="3, 5000"/></filter>"#), Err(Burden::Filter));
    }
}
