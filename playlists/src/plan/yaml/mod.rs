//! YAML as plans use it: a tree in which each value knows its place, and one way to write it.
//!
//! Scanned by `saphyr-parser` (YAML 1.2, no unsafe code, no recursion), within bounds of its size, depth and number of values.
//! What would let a small text become a large one, or mean something else than it says, is refused with what to do: anchors and
//! aliases, tags, several documents, keys that come twice or are no plain words. A value's kind comes from the field it stands in,
//! not from its looks: `commune: 05443` and `name: no` are texts.

mod read;
mod tree;
mod write;

pub(super) use read::Root;
pub(super) use tree::{Node, tree};
pub(super) use write::write;
