//! Units: who owns boards and content, a tree of two tiers.

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
