//! Units: who owns boards and content, a tree of two tiers.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A unit's tier: the district level ended on 1 July 2025, two are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The province and its departments.
    Province,
    /// A commune or ward.
    Commune,
}

impl Tier {
    /// The word used on the wire, in SQL and for hashing.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Commune => "commune",
        }
    }
}

/// A word that names no tier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no tier; there are province and commune")]
pub struct TierError(String);

impl FromStr for Tier {
    type Err = TierError;
    fn from_str(word: &str) -> Result<Self, TierError> {
        match word {
            "province" => Ok(Self::Province),
            "commune" => Ok(Self::Commune),
            other => Err(TierError(other.chars().take(80).collect())),
        }
    }
}
