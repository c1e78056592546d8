//! Reads a template and tells everything that is wrong with it, and where.

use std::collections::BTreeSet;

use super::colour::Colour;
use super::content::read_json;
use super::language::Language;
use super::template::{Area, Block, FieldKind, Part, Say, Template, Words};

/// Why a template is none.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file has another form.
    #[error("line {line}, column {column}, at {path}: {reason}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Where in the document.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The parts do not fit together: every fault, one a line.
    #[error("{}", .0.join("\n"))]
    Faults(Vec<String>),
}

/// Reads a template; `has_art` says whether a drawing lies beside it.
///
/// # Errors
/// With every fault that was found.
pub fn read(text: &str, has_art: impl Fn(&str) -> bool) -> Result<Template, TemplateError> {
    let template: Template =
        read_json(text).map_err(|(line, column, path, reason)| TemplateError::Form { line, column, path, reason })?;
    let mut check = Check { template: &template, faults: Vec::new(), used: BTreeSet::new() };
    check.whole(&has_art);
    if check.faults.is_empty() { Ok(template) } else { Err(TemplateError::Faults(check.faults)) }
}

struct Check<'a> {
    template: &'a Template,
    faults: Vec<String>,
    used: BTreeSet<String>,
}

impl Check<'_> {
    fn fault(&mut self, place: &str, what: &str) {
        self.faults.push(format!("{place}: {what}"));
    }

    fn whole(&mut self, has_art: &impl Fn(&str) -> bool) {
        let template = self.template;
        self.named("name", &template.name);
        self.named("about", &template.about);
        for (name, field) in &template.fields {
            self.named(&format!("fields.{name}.name"), &field.name);
        }
        self.levels();
        match template.variants.split_last() {
            None => self.fault("variants", "there is none; give at least one, without conditions"),
            Some((last, others)) => {
                if last.when != super::template::When::default() {
                    self.fault("variants", "the last has conditions, so that some boards have none; take its `when` away");
                }
                if let Some(other) = others.iter().find(|other| other.when == super::template::When::default()) {
                    self.fault("variants", &format!("{} has no conditions, so that none after it is ever taken", other.name));
                }
            }
        }
        for variant in &template.variants {
            if variant.blocks.is_empty() {
                self.fault(&format!("variants.{}", variant.name), "it has no blocks");
            }
            for (number, block) in variant.blocks.iter().enumerate() {
                self.block(&format!("variants.{}.blocks[{number}]", variant.name), block, has_art);
            }
        }
        let unused: Vec<_> = template.fields.keys().filter(|name| !self.used.contains(*name)).cloned().collect();
        for name in unused {
            self.fault(&format!("fields.{name}"), "no variant shows it; show it or take it away");
        }
    }

    /// What operators read has words in the languages of the pages.
    fn named(&mut self, place: &str, words: &Words) {
        for language in [Language::Vi, Language::En] {
            if !words.contains_key(&language) {
                self.fault(place, &format!("has no words in {language}"));
            }
        }
    }

    fn levels(&mut self) {
        let Some(levels) = &self.template.levels else { return };
        self.field("levels.field", &levels.field, FieldKind::Level);
        for level in 1..=5 {
            match levels.colours.get(&level) {
                None => self.fault("levels.colours", &format!("level {level} has no colours")),
                Some(colours) => {
                    let unknown: Vec<_> = colours.keys().filter(|name| !self.template.colours.contains_key(*name)).collect();
                    for name in unknown {
                        self.fault(&format!("levels.colours.{level}"), &format!("{name} is not among `colours`"));
                    }
                }
            }
        }
    }

    fn block(&mut self, place: &str, block: &Block, has_art: &impl Fn(&str) -> bool) {
        match block {
            Block::Fill(fill) => {
                self.area(place, fill.at);
                self.ink(place, &fill.colour);
                fill.to.iter().for_each(|ink| self.ink(place, ink));
                fill.with.iter().for_each(|field| self.any_field(place, field));
                if [fill.opacity, fill.to_opacity].into_iter().flatten().any(|share| share > 100) {
                    self.fault(place, "an opacity is above 100 per cent");
                }
                if fill.radius.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                    self.fault(place, "its radius is not a share from 0 to 1");
                }
            }
            Block::Art(art) => {
                self.area(place, art.at);
                art.colour.iter().for_each(|ink| self.ink(place, ink));
                art.with.iter().chain(&art.without).for_each(|field| self.any_field(place, field));
                self.focus(place, art.focus);
                if !has_art(&art.file) {
                    self.fault(place, &format!("there is no drawing {} beside the template", art.file));
                }
            }
            Block::Picture(picture) => {
                self.area(place, picture.at);
                self.focus(place, picture.focus);
                self.field(place, &picture.field, FieldKind::Picture);
            }
            Block::Logo(logo) => {
                self.area(place, logo.at);
                logo.plate.iter().for_each(|ink| self.ink(place, ink));
                self.focus(place, logo.focus);
                self.field(place, &logo.field, FieldKind::Picture);
            }
            Block::Qr(qr) => {
                self.area(place, qr.at);
                self.field(place, &qr.field, FieldKind::Address);
            }
            Block::Text(text) => {
                self.area(place, text.at);
                text.with.iter().chain(&text.without).for_each(|field| self.any_field(place, field));
                if text.parts.is_empty() {
                    self.fault(place, "it has no parts");
                }
                for (number, part) in text.parts.iter().enumerate() {
                    self.part(&format!("{place}.parts[{number}]"), part);
                }
            }
        }
    }

    fn part(&mut self, place: &str, part: &Part) {
        self.ink(place, &part.colour);
        let [least, greatest] = part.size;
        if !(least > 0.0 && least <= greatest && greatest <= 2.0) {
            self.fault(place, "its sizes do not go from a least to a greatest above 0 and up to 2");
        }
        if part.gap.is_some_and(|gap| !(0.0..=4.0).contains(&gap)) {
            self.fault(place, "its gap does not go from 0 to 4 em");
        }
        if part.lines == Some(0) {
            self.fault(place, "it may take no lines");
        }
        match &part.say {
            Say::Field(field) => self.field(place, field, FieldKind::Text),
            Say::Date(date) => self.field(place, &date.field, FieldKind::Date),
            Say::DaysLeft(field) | Say::DaysLeftWords(field) => self.field(place, field, FieldKind::Date),
            Say::Level(field) => self.field(place, field, FieldKind::Level),
            Say::Words(words) => {
                for language in Language::ALL {
                    if !words.contains_key(&language) {
                        self.fault(place, &format!("its words are missing in {language}"));
                    }
                }
            }
        }
    }

    fn area(&mut self, place: &str, [left, top, width, height]: Area) {
        let inside = left >= 0.0 && top >= 0.0 && width > 0.0 && height > 0.0 && left + width <= 1.0001 && top + height <= 1.0001;
        if !inside {
            self.fault(place, "its area does not lie within the board; left, top, width and height are shares from 0 to 1");
        }
    }

    fn focus(&mut self, place: &str, focus: Option<[f32; 2]>) {
        if focus.is_some_and(|shares| shares.iter().any(|share| !(0.0..=1.0).contains(share))) {
            self.fault(place, "its focus lies outside; its two shares go from 0 to 1");
        }
    }

    fn ink(&mut self, place: &str, ink: &str) {
        if !self.template.colours.contains_key(ink) && ink.parse::<Colour>().is_err() {
            self.fault(place, &format!("{ink:?} is neither among `colours` nor written as #rrggbb"));
        }
    }

    fn any_field(&mut self, place: &str, name: &str) {
        if self.template.fields.contains_key(name) {
            self.used.insert(name.to_owned());
        } else {
            self.fault(place, &format!("there is no field {name}"));
        }
    }

    fn field(&mut self, place: &str, name: &str, kind: FieldKind) {
        match self.template.fields.get(name) {
            Some(field) if field.kind == kind => {
                self.used.insert(name.to_owned());
            }
            Some(field) => self.fault(place, &format!("{name} is a field of kind {:?}; a {kind:?} is needed here", field.kind)),
            None => self.fault(place, &format!("there is no field {name}")),
        }
    }
}
