//! A template, as its file says it: fields to fill in, colours, and for each shape of board a composition of blocks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::colour::Colour;
use super::language::Language;

/// A template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Where the schema lies, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What operators call it, by language of the pages.
    pub name: Words,
    /// What it is for, in a sentence, by language of the pages.
    pub about: Words,
    /// What is to be filled in, by name.
    pub fields: BTreeMap<String, Field>,
    /// Colours by name.
    pub colours: BTreeMap<String, Colour>,
    /// Colours that change with a level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Levels>,
    /// Compositions; the first whose conditions a board meets is taken, and the last has none.
    pub variants: Vec<Variant>,
}

/// Words in every language.
pub type Words = BTreeMap<Language, String>;

/// What is to be filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What kind of thing.
    pub kind: FieldKind,
    /// What operators call it, by language of the pages.
    pub name: Words,
    /// Whether a slide can do without it; what shows it is then left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Kinds of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// A text in each language.
    Text,
    /// A day, `2026-09-02`, the same in every language.
    Date,
    /// What a QR code leads to.
    Address,
    /// A picture: photograph, drawing or logo.
    Picture,
    /// A level, 1 to 5.
    Level,
}

/// Colours that change with a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    /// The field with the level.
    pub field: String,
    /// For each level from 1 to 5 the colours that it sets.
    pub colours: BTreeMap<u8, BTreeMap<String, Colour>>,
}

/// A composition for boards of some shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name, for messages: tall, wide, small.
    pub name: String,
    /// Which boards it is for; all, where nothing is said.
    #[serde(default)]
    pub when: When,
    /// Painted one over the other, in order.
    pub blocks: Vec<Block>,
}

/// Conditions on a board's pixels; all of them hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Width divided by height is at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wider_than: Option<f32>,
    /// Width divided by height is less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrower_than: Option<f32>,
    /// The shorter side has fewer pixels than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_below: Option<u32>,
}

/// One thing on a slide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// An area of one colour, or of a run from one to another.
    Fill(Fill),
    /// A drawing that belongs to the template.
    Art(Art),
    /// A picture that is filled in.
    Picture(Picture),
    /// A logo or seal that is filled in: whole, never cut, on a plate that it can be seen on.
    Logo(Logo),
    /// Text.
    Text(Text),
    /// A QR code on a white ground with its quiet zone, as large as whole pixels a module allow.
    Qr(Qr),
}

impl Block {
    /// Where it is.
    #[must_use]
    pub const fn area(&self) -> Area {
        match self {
            Self::Fill(fill) => fill.at,
            Self::Art(art) => art.at,
            Self::Picture(picture) => picture.at,
            Self::Logo(logo) => logo.at,
            Self::Text(text) => text.at,
            Self::Qr(qr) => qr.at,
        }
    }
}

/// Left, top, width and height, as shares of the board's width and height.
pub type Area = [f32; 4];

/// A colour by its name in the template, or as `#rrggbb`.
pub type Ink = String;

/// An area of colour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// Where.
    pub at: Area,
    /// Its colour.
    pub colour: Ink,
    /// The colour it runs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Ink>,
    /// Whether it runs sidewards rather than downwards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub across: bool,
    /// How opaque, in per cent; all, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opacity: Option<u8>,
    /// How opaque it is where it ends, in per cent: runs out into what lies under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_opacity: Option<u8>,
    /// Radius of its corners, as a share of the board's shorter side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius: Option<f32>,
    /// Only where this field is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
}

/// How a picture meets its area.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Meet {
    /// Fills the area; what stands over is cut.
    #[default]
    Cover,
    /// Whole within the area.
    Contain,
}

/// A drawing of the template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Art {
    /// Where.
    pub at: Area,
    /// SVG file beside the template; what it draws in `currentColor` takes `colour`.
    pub file: String,
    /// How it meets its area.
    #[serde(default)]
    pub meet: Meet,
    /// What stays in sight when it is cut, and where it stands when there is room: shares of its width and height; the middle, where
    /// nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<[f32; 2]>,
    /// The colour of `currentColor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Ink>,
    /// Only where this field is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// Only where this field is not filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
}

/// A picture that is filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Where.
    pub at: Area,
    /// The field.
    pub field: String,
    /// How it meets its area.
    #[serde(default)]
    pub meet: Meet,
    /// As for drawings; what the slide says of the picture's focus goes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<[f32; 2]>,
}

/// A logo or seal that is filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// Where: its plate, if it has one, lies within.
    pub at: Area,
    /// The picture field.
    pub field: String,
    /// The colour of a plate under it, as large as the logo and a margin: logos are drawn for white paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<Ink>,
    /// Where it stands when there is room: shares of the room; the middle, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<[f32; 2]>,
}

/// Where text stands across its area.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// At the left.
    #[default]
    Left,
    /// In the middle.
    Centre,
    /// At the right.
    Right,
}

/// Where text stands down its area.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stand {
    /// At the top.
    Top,
    /// In the middle.
    #[default]
    Middle,
    /// At the bottom.
    Bottom,
}

/// A block of text: parts one under the other, which grow together until the area is full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Where; no ink leaves it.
    pub at: Area,
    /// Where its lines stand across.
    #[serde(default)]
    pub align: Align,
    /// Where it stands down.
    #[serde(default)]
    pub stand: Stand,
    /// From top to bottom.
    pub parts: Vec<Part>,
    /// Only where this field is filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// Only where this field is not filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
}

/// One part of a block of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it says.
    pub say: Say,
    /// Least and greatest size of the em, as shares of the board's shorter side. Capitals are never lower than nine pixels.
    pub size: [f32; 2],
    /// 400 regular, 600 semibold, 700 bold (Chinese and Korean: 500 up to 599, then 700).
    #[serde(default = "bold")]
    pub weight: u16,
    /// Its colour: at least 7 : 1 against what lies under it.
    pub colour: Ink,
    /// Whether it is set in capitals.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub capitals: bool,
    /// Most lines; any number, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<usize>,
    /// More room above it, in its own em.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<f32>,
}

const fn bold() -> u16 {
    700
}

/// What a part says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    /// A text field.
    Field(String),
    /// Words of the template, in every language.
    Words(Words),
    /// A date field.
    Date(DateSay),
    /// How many days there are until a date field: the number alone.
    DaysLeft(String),
    /// The words that go with that number.
    DaysLeftWords(String),
    /// A level field's number.
    Level(String),
}

impl Say {
    /// The field it says; none where the words are the template's.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field(field) | Self::DaysLeft(field) | Self::DaysLeftWords(field) | Self::Level(field) => Some(field),
            Self::Date(say) => Some(&say.field),
            Self::Words(_) => None,
        }
    }
}

/// A date in words or figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DateSay {
    /// The field.
    pub field: String,
    /// In which form.
    pub form: DateForm,
}

/// Forms of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateForm {
    /// Thứ Tư, 2 tháng 9 năm 2026.
    Full,
    /// 2 tháng 9 năm 2026.
    Long,
    /// 02/9/2026.
    Short,
    /// 02/9.
    DayMonth,
    /// Thứ Tư.
    Weekday,
    /// 2.
    Day,
    /// Tháng 9, Sep: as on a leaf of a calendar.
    Month,
}

/// A QR code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Qr {
    /// Where; the code stands in the middle, quiet zone included.
    pub at: Area,
    /// The address field.
    pub field: String,
}
