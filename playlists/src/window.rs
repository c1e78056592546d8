//! Windows: recurring dayparts, by five-field cron in local time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a text is not a five-field cron expression, or a duration not a window's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not five fields.
    #[error("{0:?} must have five fields: minute, hour, day of month, month, day of week")]
    Fields(String),
    /// A field that cannot be read.
    #[error("{text:?}: {reason}")]
    Expression {
        /// The expression given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Outside one minute to 31 days.
    #[error("a window lasts one minute to 31 days, not {0:?}")]
    Duration(Duration),
}

/// A five-field cron expression, read on the local wall clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cron {
    text: String,
}

impl Cron {
    /// The expression as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl FromStr for Cron {
    type Err = WindowError;
    fn from_str(text: &str) -> Result<Self, WindowError> {
        if text.split_whitespace().count() != 5 {
            return Err(WindowError::Fields(text.chars().take(80).collect()));
        }
        Ok(Self { text: text.split_whitespace().collect::<Vec<_>>().join(" ") })
    }
}
impl TryFrom<String> for Cron {
    type Error = WindowError;
    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}
impl From<Cron> for String {
    fn from(cron: Cron) -> Self {
        cron.text
    }
}

/// A recurring daypart: it starts at each local instant that `cron` matches and lasts `duration` of elapsed time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its starts.
    pub cron: Cron,
    /// How long it lasts: one minute to 31 days.
    #[serde(rename = "duration_ms", with = "crate::millis::duration")]
    pub duration: Duration,
}
