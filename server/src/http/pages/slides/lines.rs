//! The fields of a template as the editor's form shows them, with what they are filled with and what is wrong beside them.

use super::form;
use super::look::FaultInWords;
use super::pictures::Offer;
use super::{language_name, page_words};
use crate::http::error::PageError;
use crate::http::pages::fields::Errors;
use crate::http::site::Site;
use crate::http::words::Tr;
use crate::media::slides::content::Content;
use crate::media::slides::language::Language;
use crate::media::slides::library::Loaded;
use crate::media::slides::template::FieldKind;

/// One language of a text.
pub(super) struct Cell {
    pub(super) name: String,
    pub(super) language: &'static str,
    pub(super) language_name: String,
    pub(super) value: String,
    pub(super) example: String,
    pub(super) fault: String,
}

/// A field, and how it is filled in.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) optional: bool,
    pub(super) value: String,
    pub(super) fault: String,
    pub(super) example: String,
    pub(super) of: Of,
}

/// Kinds of lines.
pub(super) enum Of {
    Texts(Vec<Cell>),
    Date,
    Address,
    Level,
    Picture { field: String, offer: Offer, x: String, y: String },
}

/// The template's fields in their order, with what they are filled with.
pub(super) async fn lines(
    site: &Site,
    t: Tr,
    loaded: &Loaded,
    content: &Content,
    errors: &Errors,
    faults: &[FaultInWords],
) -> Result<Vec<Line>, PageError> {
    let values = form::write(content);
    let value = |name: &str| values.get(name).cloned().unwrap_or_default();
    let examples = loaded.sample_content().map(|sample| form::write(&sample)).unwrap_or_default();
    let example = |name: &str| examples.get(name).cloned().unwrap_or_default();
    let fault = |name: &str| {
        let painted = faults.iter().filter(|fault| fault.field == name).map(|fault| match fault.at.as_str() {
            "" => fault.text.clone(),
            at => format!("{at}: {}", fault.text),
        });
        let all: Vec<String> =
            Some(errors.at(name).to_owned()).into_iter().filter(|text| !text.is_empty()).chain(painted).collect();
        all.join(" ")
    };
    let mut lines = Vec::new();
    for (field, about) in loaded.template.in_order() {
        let cell = |language: Language| {
            let name = format!("texts.{language}.{field}");
            Cell {
                value: value(&name),
                example: example(&name),
                fault: fault(&name),
                language: language.code(),
                language_name: language_name(t, language),
                name,
            }
        };
        let (name, of) = match about.kind {
            FieldKind::Text => (format!("texts.{field}"), Of::Texts(Language::ALL.map(cell).into())),
            FieldKind::Date => (format!("dates.{field}"), Of::Date),
            FieldKind::Address => (format!("addresses.{field}"), Of::Address),
            FieldKind::Level => (format!("levels.{field}"), Of::Level),
            FieldKind::Picture => {
                let name = format!("pictures.{field}");
                let share = |axis: &str| Some(value(&format!("focus.{field}.{axis}"))).filter(|share| !share.is_empty());
                let offer = Offer::of(site, t, field, "", &value(&name)).await?;
                let (x, y) = (share("x").unwrap_or_else(|| "50".to_owned()), share("y").unwrap_or_else(|| "50".to_owned()));
                (name, Of::Picture { field: field.to_owned(), offer, x, y })
            }
        };
        lines.push(Line {
            label: page_words(t, &about.name),
            optional: about.optional,
            value: value(&name),
            fault: fault(&name),
            example: example(&name),
            name,
            of,
        });
    }
    Ok(lines)
}
