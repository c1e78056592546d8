//! How playlists lie within one another: circles, depth, and what a change reaches. Pure.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::id::PlaylistId;
use ::playlists::playlist::DEEPEST_PLANNED;

/// Why playlists may not lie within one another so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NestingFault {
    /// A playlist would lie within itself: from it to itself.
    Circle(Vec<PlaylistId>),
    /// More than [`DEEPEST_PLANNED`] levels: from the outermost to the innermost.
    Deep(Vec<PlaylistId>),
}

/// Which playlists lie directly within which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nesting(pub BTreeMap<PlaylistId, BTreeSet<PlaylistId>>);

impl Nesting {
    fn within(&self, id: &PlaylistId) -> impl Iterator<Item = &PlaylistId> {
        self.0.get(id).into_iter().flatten()
    }

    /// These and all playlists around them, each after those within it.
    #[must_use]
    pub fn around(&self, start: &BTreeSet<PlaylistId>) -> Vec<PlaylistId> {
        let mut reached = start.clone();
        loop {
            let outer = self.0.iter().filter(|(outer, inner)| !reached.contains(*outer) && !reached.is_disjoint(inner));
            let outer: Vec<_> = outer.map(|(outer, _)| outer.clone()).collect();
            if outer.is_empty() {
                break;
            }
            reached.extend(outer);
        }
        let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
        for id in &reached {
            self.visit(id, &reached, &mut seen, &mut order);
        }
        order
    }

    fn visit(&self, id: &PlaylistId, of: &BTreeSet<PlaylistId>, seen: &mut BTreeSet<PlaylistId>, order: &mut Vec<PlaylistId>) {
        if !seen.insert(id.clone()) {
            return;
        }
        for inner in self.within(id).filter(|inner| of.contains(*inner)) {
            self.visit(inner, of, seen, order);
        }
        order.push(id.clone());
    }

    /// These and all playlists within them.
    #[must_use]
    pub fn inside(&self, start: impl IntoIterator<Item = PlaylistId>) -> BTreeSet<PlaylistId> {
        let (mut found, mut open) = (BTreeSet::new(), start.into_iter().collect::<Vec<_>>());
        while let Some(id) = open.pop() {
            open.extend(self.within(&id).filter(|inner| !found.contains(*inner)).cloned());
            found.insert(id);
        }
        found
    }

    /// What is wrong with a playlist's place, where all others are well.
    #[must_use]
    pub fn fault(&self, id: &PlaylistId) -> Option<NestingFault> {
        if let Some(path) = self.circle(id) {
            return Some(NestingFault::Circle(path));
        }
        let mut outer: BTreeMap<PlaylistId, BTreeSet<PlaylistId>> = BTreeMap::new();
        for (holder, held) in &self.0 {
            for inner in held {
                outer.entry(inner.clone()).or_default().insert(holder.clone());
            }
        }
        let mut path = longest(&outer, id, &mut BTreeMap::new());
        path.reverse();
        path.pop();
        path.extend(longest(&self.0, id, &mut BTreeMap::new()));
        (path.len() > DEEPEST_PLANNED + 1).then_some(NestingFault::Deep(path))
    }

    /// A way from a playlist back to itself.
    fn circle(&self, id: &PlaylistId) -> Option<Vec<PlaylistId>> {
        let mut from: BTreeMap<&PlaylistId, &PlaylistId> = BTreeMap::new();
        let mut open = vec![id];
        while let Some(at) = open.pop() {
            for inner in self.within(at) {
                if inner == id {
                    let mut path = vec![id.clone()];
                    let mut step = at;
                    while step != id {
                        path.push(step.clone());
                        step = from.get(step)?;
                    }
                    path.push(id.clone());
                    path.reverse();
                    return Some(path);
                }
                if !from.contains_key(inner) {
                    from.insert(inner, at);
                    open.push(inner);
                }
            }
        }
        None
    }
}

/// The longest way from a playlist along these steps, which go in no circle; it begins with the playlist.
fn longest(
    steps: &BTreeMap<PlaylistId, BTreeSet<PlaylistId>>,
    id: &PlaylistId,
    known: &mut BTreeMap<PlaylistId, Vec<PlaylistId>>,
) -> Vec<PlaylistId> {
    if let Some(path) = known.get(id) {
        return path.clone();
    }
    let onward = steps.get(id).into_iter().flatten().map(|next| longest(steps, next, known)).max_by_key(Vec::len);
    let path: Vec<_> = std::iter::once(id.clone()).chain(onward.unwrap_or_default()).collect();
    known.insert(id.clone(), path.clone());
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PlaylistId {
        text.parse().expect("an id")
    }

    fn nesting(pairs: &[(&str, &str)]) -> Nesting {
        let mut nesting = Nesting::default();
        for (outer, inner) in pairs {
            nesting.0.entry(id(outer)).or_default().insert(id(inner));
        }
        nesting
    }

    fn path(texts: &[&str]) -> Vec<PlaylistId> {
        texts.iter().map(|text| id(text)).collect()
    }

    #[test]
    fn a_circle_is_told_with_its_way() {
        let circle = nesting(&[("a", "b"), ("b", "c"), ("c", "a"), ("b", "d")]);
        assert_eq!(circle.fault(&id("a")), Some(NestingFault::Circle(path(&["a", "b", "c", "a"]))));
        assert_eq!(nesting(&[("a", "a")]).fault(&id("a")), Some(NestingFault::Circle(path(&["a", "a"]))));
        assert_eq!(nesting(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]).fault(&id("a")), None);
    }

    #[test]
    fn what_lies_too_deep_is_told_from_the_outermost_to_the_innermost() {
        let names: Vec<String> = (0..=DEEPEST_PLANNED + 1).map(|n| format!("p-{n}")).collect();
        let pairs: Vec<_> = names.iter().zip(names.iter().skip(1)).map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let all: Vec<_> = names.iter().map(|name| id(name)).collect();
        // Whichever of them is saved last.
        for name in &all {
            assert_eq!(nesting(&pairs).fault(name), Some(NestingFault::Deep(all.clone())));
        }
        assert_eq!(nesting(&pairs[1..]).fault(&all[1]), None);
    }

    #[test]
    fn what_lies_around_comes_after_what_lies_within() {
        let nesting = nesting(&[("a", "c"), ("c", "b"), ("a", "b"), ("d", "a"), ("x", "y")]);
        assert_eq!(nesting.around(&BTreeSet::from([id("b")])), path(&["b", "c", "a", "d"]));
        assert_eq!(nesting.around(&BTreeSet::from([id("y"), id("d")])), path(&["d", "y", "x"]));
        assert_eq!(nesting.inside([id("a")]), path(&["a", "b", "c"]).into_iter().collect());
    }
}
