//! The editor's form and what a slide is filled with, each made of the other; only fields that the template has are read.

use std::collections::BTreeMap;

use crate::app::FieldError;
use crate::app::slides::of_content;
use crate::http::pages::fields::Fields;
use crate::media::slides::content::{Content, PictureFile};
use crate::media::slides::language::Language;
use crate::media::slides::library::Loaded;
use crate::media::slides::template::FieldKind;

/// A form as it was sent: what it says, and what in it says nothing.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// What the slide is filled with.
    pub(super) content: Content,
    /// What cannot be read.
    pub(super) errors: Vec<FieldError>,
    /// Whether the content is within its bounds and may be painted.
    pub(super) is_sound: bool,
}

/// Reads a form.
pub(super) fn read(loaded: &Loaded, fields: &Fields) -> Filled {
    let (mut content, mut errors) = (Content::default(), Vec::new());
    for (name, field) in &loaded.template.fields {
        match field.kind {
            FieldKind::Text => {
                for language in Language::ALL {
                    let text = fields.one(&format!("texts.{language}.{name}"));
                    if !text.is_empty() {
                        content.texts.entry(language).or_default().insert(name.clone(), text);
                    }
                }
            }
            FieldKind::Date => {
                let place = format!("dates.{name}");
                match fields.one(&place).as_str() {
                    "" => {}
                    text => match text.parse() {
                        Ok(day) => drop(content.dates.insert(name.clone(), day)),
                        Err(_) => errors.push(FieldError::new(place, "error-slide-date")),
                    },
                }
            }
            FieldKind::Address => {
                let address = fields.one(&format!("addresses.{name}"));
                if !address.is_empty() {
                    content.addresses.insert(name.clone(), address);
                }
            }
            FieldKind::Level => {
                let place = format!("levels.{name}");
                match fields.one(&place).as_str() {
                    "" => {}
                    text => match text.parse() {
                        Ok(level) => drop(content.levels.insert(name.clone(), level)),
                        Err(_) => errors.push(FieldError::new(place, "error-slide-level")),
                    },
                }
            }
            FieldKind::Picture => {
                let file = fields.one(&format!("pictures.{name}"));
                if !file.is_empty() {
                    content.pictures.insert(name.clone(), PictureFile { file, focus: focus(name, fields) });
                }
            }
        }
    }
    let checked = content.clone().checked();
    let is_sound = checked.is_ok();
    match checked {
        Ok(checked) => content = checked,
        Err(fault) => errors.push(of_content(&fault)),
    }
    Filled { content, errors, is_sound }
}

/// What stays in sight; the middle is the template's to choose.
fn focus(name: &str, fields: &Fields) -> Option<[f32; 2]> {
    let share = |axis: &str| fields.one(&format!("focus.{name}.{axis}")).parse::<u8>().ok().filter(|share| *share <= 100);
    match (share("x")?, share("y")?) {
        (50, 50) => None,
        (x, y) => Some([f32::from(x) / 100.0, f32::from(y) / 100.0]),
    }
}

/// Names and values of the form of this content.
pub(super) fn write(content: &Content) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (language, texts) in &content.texts {
        values.extend(texts.iter().map(|(name, text)| (format!("texts.{language}.{name}"), text.clone())));
    }
    values.extend(content.dates.iter().map(|(name, day)| (format!("dates.{name}"), day.to_string())));
    values.extend(content.addresses.iter().map(|(name, address)| (format!("addresses.{name}"), address.clone())));
    values.extend(content.levels.iter().map(|(name, level)| (format!("levels.{name}"), level.to_string())));
    for (name, picture) in &content.pictures {
        values.insert(format!("pictures.{name}"), picture.file.clone());
        for (axis, share) in ["x", "y"].into_iter().zip(picture.focus.unwrap_or([0.5, 0.5])) {
            values.insert(format!("focus.{name}.{axis}"), format!("{:.0}", share * 100.0));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::slides::library::shipped;

    fn fields(of: &BTreeMap<String, String>) -> Fields {
        Fields(of.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    #[test]
    fn what_a_form_says_is_what_it_was_made_of() {
        for id in crate::media::slides::library::ids() {
            let loaded = shipped(&id).expect("it is shipped");
            let (content, _) = loaded.sample().expect("a sample");
            let read = read(&loaded, &fields(&write(&content)));
            assert_eq!((read.content, read.errors), (content, Vec::new()), "{id}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_of_its_field_and_the_rest_stays() {
        let loaded = shipped("event").expect("it is shipped");
        let sent = [("texts.vi.title", " Hội xuân "), ("dates.day", "2026-02-30"), ("texts.vi.nothing", "x"), ("q", "chè")];
        let sent = sent.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let read = read(&loaded, &Fields(sent.to_vec()));
        assert_eq!(read.errors, [FieldError::new("dates.day", "error-slide-date")]);
        assert_eq!(read.content.texts[&Language::Vi], BTreeMap::from([("title".to_owned(), "Hội xuân".to_owned())]));
    }
}
