//! A form as it was sent: names and values in their order, and the errors that stand beside its fields.

use crate::app::FieldError;
use crate::http::words::Tr;

/// Names and values, in the order sent.
#[derive(Debug, Clone, Default)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of a name, trimmed; empty when it was not sent.
    #[must_use]
    pub fn one(&self, name: &str) -> String {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }
    /// All values of a name.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.trim().to_owned()).collect()
    }
    /// Whether a name was sent: a ticked box.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }
}

/// The errors of a form in words, by field.
#[derive(Debug, Clone, Default)]
pub struct Errors(Vec<(String, String)>);

impl Errors {
    /// In words.
    #[must_use]
    pub fn of(t: Tr, errors: &[FieldError]) -> Self {
        Self(errors.iter().map(|error| (error.field.clone(), t.args(error.code, &error.args))).collect())
    }
    /// What is wrong with a field; empty when nothing is.
    #[must_use]
    pub fn at(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str()).unwrap_or_default()
    }
    /// Everything that is wrong: field and words.
    #[must_use]
    pub fn list(&self) -> &[(String, String)] {
        &self.0
    }
    /// Whether nothing is wrong.
    #[must_use]
    pub fn none(&self) -> bool {
        self.0.is_empty()
    }
}
