//! Campaigns: which playlist, when, and how much, as a manifest carries them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{CampaignId, Digest, PlaylistId, ThemeId, UnitId};
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

/// Plays in every hour: 1 to 3,600, outside lanes and weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PerHour(u32);

/// A number of plays outside 1 to 3,600.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} plays per hour are outside 1 to 3600")]
pub struct PerHourError(pub u32);

impl PerHour {
    /// 1 to 3,600 plays: an entry lasts a second at least.
    ///
    /// # Errors
    /// When it is outside that range.
    pub const fn new(plays: u32) -> Result<Self, PerHourError> {
        if plays == 0 || plays > 3600 { Err(PerHourError(plays)) } else { Ok(Self(plays)) }
    }
    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}
impl TryFrom<u32> for PerHour {
    type Error = PerHourError;
    fn try_from(plays: u32) -> Result<Self, PerHourError> {
        Self::new(plays)
    }
}
impl From<PerHour> for u32 {
    fn from(plays: PerHour) -> Self {
        plays.0
    }
}

/// How much of the loop a campaign gets: one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// A share of its lane, beside the other active campaigns.
    Weight(Weight),
    /// So many plays in every hour, each at its time.
    PerHour(PerHour),
}

/// Running text over the loop: a strip of pixels that crosses the board from right to left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticker {
    /// The strip, an item of the manifest.
    pub item: Digest,
    /// The strip's width in pixels: 1 to [`WIDEST_STRIP`].
    pub width: u32,
    /// Pixels per second: 1 to [`FASTEST_STRIP`].
    pub speed: u32,
}

/// Widest strip, in pixels.
pub const WIDEST_STRIP: u32 = 1 << 20;
/// Fastest strip, in pixels per second.
pub const FASTEST_STRIP: u32 = 10_000;

impl Ticker {
    /// How long one crossing of a board of this width takes, in whole milliseconds, rounded up: from the strip's first pixel at the
    /// right edge to its last pixel gone at the left one.
    ///
    /// ```
    /// use playlists::campaign::Ticker;
    /// let ticker = Ticker { item: playlists::id::Digest::of(b"strip"), width: 1000, speed: 120 };
    /// assert_eq!(ticker.crossing_ms(640), 13_667);
    /// ```
    #[must_use]
    pub fn crossing_ms(&self, board_width: u32) -> u64 {
        let pixels = u64::from(self.width) + u64::from(board_width);
        (pixels * 1000).div_ceil(u64::from(self.speed.max(1))).max(1)
    }
}

/// What a campaign plays: one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plays {
    /// The entries of a playlist, in the loop.
    Playlist(PlaylistId),
    /// A ticker, over the loop.
    Ticker(Ticker),
}

impl Plays {
    /// The playlist, if it is one.
    #[must_use]
    pub const fn playlist(&self) -> Option<&PlaylistId> {
        match self {
            Self::Playlist(playlist) => Some(playlist),
            Self::Ticker(_) => None,
        }
    }
    /// The ticker, if it is one.
    #[must_use]
    pub const fn ticker(&self) -> Option<&Ticker> {
        match self {
            Self::Playlist(_) => None,
            Self::Ticker(ticker) => Some(ticker),
        }
    }
}

/// Themes held back on all boards for a while, as in mourning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandDown {
    /// Campaigns of these themes are not active.
    pub themes: BTreeSet<ThemeId>,
    /// When.
    #[serde(flatten)]
    pub period: Period,
}

/// One version of a campaign as a manifest carries it.
///
/// When a campaign changes during a day its old version stays in the manifest with the instant of the change as `until`, beside
/// the new one with that instant as `from`: both bear the same id, so credits and places go on, and the day's past never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Campaign {
    /// Its id: names its credit, its place and its shuffle.
    pub id: CampaignId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// That unit's tier: the lane it plays in.
    pub tier: Tier,
    /// How it ranks.
    pub level: Level,
    /// What it is about; a stand-down names themes.
    pub theme: Option<ThemeId>,
    /// What it plays.
    pub plays: Plays,
    /// When it may play at all.
    pub period: Period,
    /// Recurring dayparts; none means always.
    pub windows: Vec<Window>,
    /// How much of the loop it gets.
    pub share: Share,
}

/// A campaign on the wire.
#[derive(Serialize, Deserialize)]
struct Fields {
    id: CampaignId,
    unit: UnitId,
    tier: Tier,
    #[serde(default)]
    level: Level,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    theme: Option<ThemeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    playlist: Option<PlaylistId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticker: Option<Ticker>,
    #[serde(flatten)]
    period: Period,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    windows: Vec<Window>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<Weight>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per_hour: Option<PerHour>,
}

/// Why what is read is no campaign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CampaignError {
    /// Both a weight and plays per hour, or neither.
    #[error("campaign {0} must have either weight or per_hour")]
    Share(CampaignId),
    /// Both a playlist and a ticker, or neither.
    #[error("campaign {0} must have either playlist or ticker")]
    Plays(CampaignId),
}

impl TryFrom<Fields> for Campaign {
    type Error = CampaignError;
    fn try_from(fields: Fields) -> Result<Self, CampaignError> {
        let Fields { id, unit, tier, level, theme, playlist, ticker, period, windows, weight, per_hour } = fields;
        let share = match (weight, per_hour) {
            (Some(weight), None) => Share::Weight(weight),
            (None, Some(plays)) => Share::PerHour(plays),
            (Some(_), Some(_)) | (None, None) => return Err(CampaignError::Share(id)),
        };
        let plays = match (playlist, ticker) {
            (Some(playlist), None) => Plays::Playlist(playlist),
            (None, Some(ticker)) => Plays::Ticker(ticker),
            (Some(_), Some(_)) | (None, None) => return Err(CampaignError::Plays(id)),
        };
        Ok(Self { id, unit, tier, level, theme, plays, period, windows, share })
    }
}
impl From<Campaign> for Fields {
    fn from(campaign: Campaign) -> Self {
        let Campaign { id, unit, tier, level, theme, plays, period, windows, share } = campaign;
        let (playlist, ticker) = match plays {
            Plays::Playlist(playlist) => (Some(playlist), None),
            Plays::Ticker(ticker) => (None, Some(ticker)),
        };
        let (weight, per_hour) = match share {
            Share::Weight(weight) => (Some(weight), None),
            Share::PerHour(plays) => (None, Some(plays)),
        };
        Self { id, unit, tier, level, theme, playlist, ticker, period, windows, weight, per_hour }
    }
}
