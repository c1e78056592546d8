//! What is wrong with a slide, told of the field that is to be corrected, as codes that pages have words for.

use chrono::NaiveDate;
use playlists::geometry::Geometry;

use crate::app::FieldError;
use crate::media::slides::content::{ContentError, MOST_ADDRESS, MOST_CHARACTERS};
use crate::media::slides::date::MOST_DAYS;
use crate::media::slides::error::SlideError;
use crate::media::slides::language::Language;
use crate::media::slides::template::{FieldKind, Template};

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlideFault {
    /// The field, named as in the form (`texts.vi.title`, `dates.day`, `pictures.photo`; `template` where no field can help), and what is
    /// wrong with it.
    pub error: FieldError,
    /// On boards of which pixels; none where it is so on all.
    pub at: Option<Geometry>,
}

impl SlideFault {
    /// One that is there at every size.
    pub(super) const fn everywhere(error: FieldError) -> Self {
        Self { error, at: None }
    }
    /// Whether this field's picture cannot be had.
    pub(super) fn is_of_picture(&self, field: &str) -> bool {
        self.error.field.strip_prefix("pictures.") == Some(field)
    }
    /// Whether the field is only not filled in yet.
    #[must_use]
    pub fn is_of_empty_field(&self) -> bool {
        self.error.code == "error-field-empty"
    }
}

/// Adds what is wrong to `faults`, for each field that has a part in it; what is there already is not said twice.
pub(super) fn tell(
    template: &Template,
    fault: &SlideError,
    language: Language,
    geometry: Geometry,
    today: NaiveDate,
    faults: &mut Vec<SlideFault>,
) {
    let (code, args) = code(fault, today);
    let is_here_only = matches!(fault, SlideError::Overflow { .. } | SlideError::Contrast { .. } | SlideError::QrTooLarge { .. });
    let of = fault.language().unwrap_or(language);
    let mut fields: Vec<String> = fault.fields().iter().map(|field| place(template, field, of)).collect();
    if fields.is_empty() {
        fields.push("template".to_owned());
    }
    for field in fields {
        let fault = SlideFault { error: FieldError { field, code, args: args.clone() }, at: is_here_only.then_some(geometry) };
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
}

/// What is wrong, and what the words for it name.
#[must_use]
pub fn code(fault: &SlideError, today: NaiveDate) -> (&'static str, Vec<(&'static str, String)>) {
    match fault {
        SlideError::NoText { .. } | SlideError::NoValue(_) => ("error-field-empty", Vec::new()),
        SlideError::UnknownField(_) => ("error-field-unknown", Vec::new()),
        SlideError::Overflow { .. } => ("error-slide-overflow", Vec::new()),
        SlideError::NoGlyph { character, .. } => {
            let shown = if character.is_control() { String::from("�") } else { character.to_string() };
            let number = format!("U+{:04X}", u32::from(*character));
            ("error-slide-glyph", vec![("character", shown), ("number", number)])
        }
        SlideError::Contrast { ratio, .. } => ("error-slide-contrast", vec![("ratio", format!("{ratio:.1}"))]),
        SlideError::QrTooLarge { needed, room, .. } => {
            ("error-slide-code-room", vec![("needed", needed.to_string()), ("room", room.to_string())])
        }
        SlideError::Qr { .. } => ("error-slide-code", Vec::new()),
        SlideError::Countdown { date, .. } if *date < today => ("error-countdown-past", Vec::new()),
        SlideError::Countdown { .. } => ("error-countdown-far", vec![("most", MOST_DAYS.to_string())]),
        SlideError::Picture { .. } => ("error-picture-unseen", Vec::new()),
        SlideError::Art { .. } | SlideError::Pixels(_) => ("error-slide-template", Vec::new()),
    }
}

/// A field of a template as the form names it.
fn place(template: &Template, field: &str, language: Language) -> String {
    match template.fields.get(field).map(|field| field.kind) {
        Some(FieldKind::Text) | None => format!("texts.{language}.{field}"),
        Some(FieldKind::Date) => format!("dates.{field}"),
        Some(FieldKind::Address) => format!("addresses.{field}"),
        Some(FieldKind::Picture) => format!("pictures.{field}"),
        Some(FieldKind::Level) => format!("levels.{field}"),
    }
}

/// What is wrong with what was sent, before anything is painted.
#[must_use]
pub fn of_content(fault: &ContentError) -> FieldError {
    match fault {
        ContentError::Form { path, reason, .. } => {
            let field = path.strip_prefix("content.").unwrap_or(path);
            FieldError::new(field, "error-slide-form").with("reason", reason.clone())
        }
        ContentError::LongText { field, language, .. } => {
            FieldError::new(format!("texts.{language}.{field}"), "error-text-long").with("most", MOST_CHARACTERS.to_string())
        }
        ContentError::Address(field) => {
            FieldError::new(format!("addresses.{field}"), "error-slide-address").with("most", MOST_ADDRESS.to_string())
        }
        ContentError::Level { field, .. } => FieldError::new(format!("levels.{field}"), "error-slide-level"),
        ContentError::Focus(field) => FieldError::new(format!("pictures.{field}"), "error-slide-focus"),
    }
}
