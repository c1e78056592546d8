//! Why something cannot be taken or made, so that pages can say it in the operator's language.

use serde::{Deserialize, Serialize};

/// A fault as a code that pages have words for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Key of the message in the locales, such as `upload-fault-empty`.
    pub code: String,
    /// What the message names.
    #[serde(default)]
    pub args: Vec<(String, String)>,
}

impl Fault {
    /// A fault whose message names nothing.
    #[must_use]
    pub fn plain(code: &str) -> Self {
        Self { code: code.to_owned(), args: Vec::new() }
    }

    /// The same, naming one thing more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }
}
