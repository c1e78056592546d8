//! Campaigns: which playlist, when, and how much, as a manifest carries them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CampaignId, PlaylistId, UnitId};
use crate::unit::Tier;
use crate::window::Window;

/// Most windows of one campaign.
pub const MOST_WINDOWS: usize = 64;

/// How a campaign ranks against others. `emergency` belongs to notices, not to campaigns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Shares the loop with others.
    #[default]
    Normal,
    /// Displaces normal campaigns while it is active.
    Priority,
}

impl Level {
    /// The word used on the wire and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Priority => "priority",
        }
    }
}

/// A campaign's share of its lane: 1 to 1,000, relative to the other active campaigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Weight(u32);

/// A weight outside 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("weight {0} is outside 1 to 1000")]
pub struct WeightError(pub u32);

impl Weight {
    /// The smallest share.
    pub const ONE: Self = Self(1);

    /// A weight of 1 to 1,000.
    ///
    /// # Errors
    /// When it is outside that range.
    pub const fn new(weight: u32) -> Result<Self, WeightError> {
        if weight == 0 || weight > 1000 { Err(WeightError(weight)) } else { Ok(Self(weight)) }
    }
    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}
impl TryFrom<u32> for Weight {
    type Error = WeightError;
    fn try_from(weight: u32) -> Result<Self, WeightError> {
        Self::new(weight)
    }
}
impl From<Weight> for u32 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

/// From an instant (included) to another (not included); either end may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// First instant after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl Period {
    /// Whether `now` lies in `[from, until)`.
    #[must_use]
    pub fn contains(&self, now: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// One version of a campaign as a manifest carries it.
///
/// When a campaign changes during a day its old version stays in the manifest with the instant of the change as `until`, beside
/// the new one with that instant as `from`: both bear the same id, so credits and places go on, and the day's past never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id: names its credit, its place and its shuffle.
    pub id: CampaignId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// That unit's tier: the lane it plays in.
    pub tier: Tier,
    /// How it ranks.
    #[serde(default)]
    pub level: Level,
    /// What it plays.
    pub playlist: PlaylistId,
    /// When it may play at all.
    #[serde(flatten)]
    pub period: Period,
    /// Recurring dayparts; none means always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// How much of the loop it gets.
    pub weight: Weight,
}
