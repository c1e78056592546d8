//! From a tree to values, by serde: every fault is told with its place, an unknown field with the one that was probably meant.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::tree::{Kind, Node};
use crate::plan::fault::{Fault, Place, hint};

/// The document's own map: fields and lists are taken from it one by one, so that a fault in one does not hide those of others.
pub(in crate::plan) struct Root<'a> {
    node: &'a Node,
    known: Vec<&'static str>,
    faults: &'a RefCell<Vec<Fault>>,
}

impl<'a> Root<'a> {
    /// Of a document; what is wrong in it is added to `faults`.
    pub(in crate::plan) fn of(node: &'a Node, faults: &'a RefCell<Vec<Fault>>) -> Self {
        if !matches!(node.kind, Kind::Map(_)) {
            let what = "a plan is a map of fields such as name, boards and campaigns".to_owned();
            faults.borrow_mut().push(Fault { place: node.place, path: String::new(), what });
        }
        Self { node, known: Vec::new(), faults }
    }

    /// A field; none when it is absent or wrong.
    pub(in crate::plan) fn field<T: Deserialize<'a>>(&mut self, name: &'static str) -> Option<T> {
        self.known.push(name);
        let node = self.node.get(name).filter(|node| !node.is_nothing())?;
        self.read(node, name.to_owned())
    }

    /// A list; its items that are wrong are left out, each with its fault.
    pub(in crate::plan) fn list<T: Deserialize<'a>>(&mut self, name: &'static str) -> Vec<T> {
        self.known.push(name);
        let Some(node) = self.node.get(name).filter(|node| !node.is_nothing()) else { return Vec::new() };
        let Kind::List(nodes) = &node.kind else {
            self.tell(node.place, name, "a list is expected here; begin each item with - on a line of its own");
            return Vec::new();
        };
        (0..).zip(nodes).filter_map(|(number, node)| self.read(node, item(name, number))).collect()
    }

    /// Tells the fields that were not asked for.
    pub(in crate::plan) fn end(self) {
        let Kind::Map(pairs) = &self.node.kind else { return };
        for (place, key, _) in pairs.iter().filter(|(_, key, _)| !self.known.contains(&key.as_str())) {
            let hint = hint(key, self.known.iter().copied());
            self.tell(*place, "", &format!("a plan has no field {key}{hint}"));
        }
    }

    fn read<T: Deserialize<'a>>(&self, node: &'a Node, path: String) -> Option<T> {
        let read = T::deserialize(Reader { node, path: path.clone(), faults: self.faults });
        read.map_err(|unread| self.faults.borrow_mut().push(unread.at(node.place, &path).fault())).ok()
    }

    fn tell(&self, place: Place, path: &str, what: &str) {
        self.faults.borrow_mut().push(Fault { place, path: path.to_owned(), what: what.to_owned() });
    }
}

fn item(path: &str, number: usize) -> String {
    format!("{path}[{number}]")
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Why a value could not be read.
#[derive(Debug)]
pub(in crate::plan) struct Unread {
    at: Option<(Place, String)>,
    what: String,
}

impl Unread {
    fn fault(self) -> Fault {
        let (place, path) = self.at.unwrap_or((Place::START, String::new()));
        Fault { place, path, what: self.what }
    }
    /// The innermost place counts.
    fn at(self, place: Place, path: &str) -> Self {
        Self { at: self.at.or_else(|| Some((place, path.to_owned()))), ..self }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
impl std::error::Error for Unread {}

impl de::Error for Unread {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { at: None, what: message.to_string() }
    }
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("{variant:?} is not known here{}", hint(variant, expected.iter().copied())))
    }
    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("{field} is missing; add it"))
    }
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("this is {}; write {expected}", Plainly(unexpected)))
    }
    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("{} does not fit; write {expected}", Plainly(unexpected)))
    }
}

/// What was found, in words that are not serde's.
struct Plainly<'a>(Unexpected<'a>);
impl fmt::Display for Plainly<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Unit => f.write_str("empty"),
            Unexpected::Seq => f.write_str("a list"),
            Unexpected::Map => f.write_str("a map"),
            Unexpected::Str(text) => write!(f, "{:?}", text.chars().take(60).collect::<String>()),
            other => write!(f, "{other}"),
        }
    }
}

/// Reads one value.
struct Reader<'a> {
    node: &'a Node,
    path: String,
    faults: &'a RefCell<Vec<Fault>>,
}

impl<'a> Reader<'a> {
    fn in_place<T>(self, read: impl FnOnce(Self) -> Result<T, Unread>) -> Result<T, Unread> {
        let (place, path) = (self.node.place, self.path.clone());
        read(self).map_err(|unread| unread.at(place, &path))
    }
    /// The text of a number or a truth: quotes make it a text.
    fn bare(&self) -> Option<&'a str> {
        match &self.node.kind {
            Kind::Scalar { text, plain: true } => Some(text),
            Kind::Scalar { .. } | Kind::List(_) | Kind::Map(_) => None,
        }
    }
    fn unexpected(&self) -> Unexpected<'a> {
        match &self.node.kind {
            Kind::Scalar { .. } if self.node.is_nothing() => Unexpected::Unit,
            Kind::Scalar { text, .. } => Unexpected::Str(text),
            Kind::List(_) => Unexpected::Seq,
            Kind::Map(_) => Unexpected::Map,
        }
    }
    fn refuse<T>(&self, expected: &dyn Expected) -> Result<T, Unread> {
        Err(de::Error::invalid_type(self.unexpected(), expected))
    }

    fn number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.in_place(|reader| {
            let text = reader.bare().unwrap_or_default();
            match (text.parse::<u64>(), text.parse::<i64>()) {
                (Ok(number), _) => visitor.visit_u64(number),
                (Err(_), Ok(number)) => visitor.visit_i64(number),
                (Err(_), Err(_)) => reader.refuse(&visitor),
            }
        })
    }
    fn decimal<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.in_place(|reader| {
            match reader.bare().and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite()) {
                Some(number) => visitor.visit_f64(number),
                None => reader.refuse(&visitor),
            }
        })
    }
    fn text<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.in_place(|reader| match &reader.node.kind {
            Kind::Scalar { text, .. } if !reader.node.is_nothing() => visitor.visit_borrowed_str(text),
            Kind::Scalar { .. } | Kind::List(_) | Kind::Map(_) => reader.refuse(&visitor),
        })
    }
}

macro_rules! as_numbers {
    ($($name:ident)*) => { $(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
            self.number(visitor)
        }
    )* };
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = Unread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match &self.node.kind {
            Kind::List(_) => self.deserialize_seq(visitor),
            Kind::Map(_) => self.deserialize_map(visitor),
            Kind::Scalar { .. } if self.node.is_nothing() => visitor.visit_unit(),
            Kind::Scalar { text, plain: true } if matches!(text.as_str(), "true" | "false") => self.deserialize_bool(visitor),
            Kind::Scalar { text, plain: true } if text.parse::<i64>().is_ok() => self.number(visitor),
            Kind::Scalar { text, plain: true } if text.parse::<f64>().is_ok_and(f64::is_finite) => self.decimal(visitor),
            Kind::Scalar { .. } => self.text(visitor),
        }
    }
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.in_place(|reader| match reader.bare() {
            Some("true") => visitor.visit_bool(true),
            Some("false") => visitor.visit_bool(false),
            _ => Err(de::Error::invalid_type(reader.unexpected(), &"true or false")),
        })
    }
    as_numbers! { deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 }
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.decimal(visitor)
    }
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.decimal(visitor)
    }
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.text(visitor)
    }
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.text(visitor)
    }
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.text(visitor)
    }
    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.text(visitor)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        if self.node.is_nothing() { visitor.visit_none() } else { self.in_place(|reader| visitor.visit_some(reader)) }
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unread> {
        self.in_place(|reader| visitor.visit_newtype_struct(reader))
    }
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.in_place(|reader| match &reader.node.kind {
            Kind::List(nodes) => {
                visitor.visit_seq(Items { nodes: nodes.iter(), number: 0, path: &reader.path, faults: reader.faults })
            }
            Kind::Scalar { .. } | Kind::Map(_) => {
                reader.refuse(&"a list, in brackets or with each item after a - on a line of its own")
            }
        })
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unread> {
        self.deserialize_seq(visitor)
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Unread> {
        self.deserialize_seq(visitor)
    }
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.in_place(|reader| match &reader.node.kind {
            Kind::Map(pairs) => visitor.visit_map(Pairs::of(pairs.iter().collect(), &reader)),
            Kind::Scalar { .. } | Kind::List(_) => reader.refuse(&visitor),
        })
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.in_place(|reader| {
            let Kind::Map(pairs) = &reader.node.kind else { return reader.refuse(&Fields(fields)) };
            let (known, unknown): (Vec<_>, Vec<_>) = pairs.iter().partition(|(_, key, _)| fields.contains(&key.as_str()));
            for (place, key, _) in unknown {
                let what = format!("there is no field {key} here{}", hint(key, fields.iter().copied()));
                reader.faults.borrow_mut().push(Fault { place: *place, path: reader.path.clone(), what });
            }
            visitor.visit_map(Pairs::of(known, &reader))
        })
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.in_place(|reader| match &reader.node.kind {
            Kind::Scalar { text, .. } if !reader.node.is_nothing() => visitor.visit_enum(text.as_str().into_deserializer()),
            Kind::Scalar { .. } | Kind::List(_) | Kind::Map(_) => reader.refuse(&Fields(variants)),
        })
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        visitor.visit_unit()
    }
    forward_to_deserialize_any! { bytes byte_buf unit unit_struct }
}

struct Fields(&'static [&'static str]);
impl Expected for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "some of {}", self.0.join(", "))
    }
}

struct Items<'a, 'b> {
    nodes: std::slice::Iter<'a, Node>,
    number: usize,
    path: &'b str,
    faults: &'a RefCell<Vec<Fault>>,
}

impl<'de> de::SeqAccess<'de> for Items<'de, '_> {
    type Error = Unread;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unread> {
        let Some(node) = self.nodes.next() else { return Ok(None) };
        let path = item(self.path, self.number);
        self.number += 1;
        let (place, named) = (node.place, path.clone());
        seed.deserialize(Reader { node, path, faults: self.faults }).map(Some).map_err(|unread| unread.at(place, &named))
    }
}

type Pair = (Place, String, Node);

struct Pairs<'a> {
    pairs: std::vec::IntoIter<&'a Pair>,
    value: Option<&'a Pair>,
    path: String,
    faults: &'a RefCell<Vec<Fault>>,
}

impl<'a> Pairs<'a> {
    fn of(pairs: Vec<&'a Pair>, reader: &Reader<'a>) -> Self {
        Self { pairs: pairs.into_iter(), value: None, path: reader.path.clone(), faults: reader.faults }
    }
}

impl<'de> de::MapAccess<'de> for Pairs<'de> {
    type Error = Unread;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unread> {
        let Some(pair) = self.pairs.next() else { return Ok(None) };
        self.value = Some(pair);
        let key: de::value::BorrowedStrDeserializer<'de, Unread> = de::value::BorrowedStrDeserializer::new(&pair.1);
        seed.deserialize(key).map(Some).map_err(|unread| unread.at(pair.0, &self.path))
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unread> {
        let (_, key, node) = self.value.take().ok_or_else(|| <Unread as de::Error>::custom("a value without key"))?;
        let path = below(&self.path, key);
        let (place, named) = (node.place, path.clone());
        seed.deserialize(Reader { node, path, faults: self.faults }).map_err(|unread| unread.at(place, &named))
    }
}
