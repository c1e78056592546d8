//! The plan's document, field by field as it is written.

mod assets;
mod boards;
mod campaigns;
mod overrules;
mod playlists;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use assets::{Asset, File, Picture, Slide, Ticker};
pub use boards::{Board, Exception, Hours, Lanes, Overlay, Spot, Unit, Weekly};
pub use campaigns::{Campaign, LunarDate, Shape, Targets, Weeks, Window};
pub use overrules::{Blackout, Notice, Recalled, StandDown};
pub use playlists::Entry;
pub use playlists::Playlist;

use super::schema::{Id, Zone};
use crate::id::UnitId;

/// Version of the form of plans.
pub const VERSION: u32 = 1;

/// A plan: who has which boards, what is shown on them, and when. Every list may be absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Plan {
    /// Version of the form of this document: 1.
    #[schemars(range(min = 1, max = 1))]
    pub bangtin: u32,
    /// The plan's name, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// IANA zone of its local dates and times, and of boards that name none; Asia/Ho_Chi_Minh, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::values::zone")]
    #[schemars(with = "Option<Zone>")]
    pub time_zone: Option<Tz>,
    /// The unit that owns what names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub unit: Option<UnitId>,
    /// Who owns boards and content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Unit>,
    /// The boards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boards: Vec<Board>,
    /// Pictures, clips, slides and running texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Asset>,
    /// What plays in which order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub playlists: Vec<Playlist>,
    /// What plays where and when, and how much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<Campaign>,
    /// Themes held back for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand_downs: Vec<StandDown>,
    /// What is never shown (rule 1). Only for timelines: an import takes none.
    #[serde(default, skip_serializing_if = "Recalled::is_empty")]
    pub recalled: Recalled,
    /// Boards taken off the air (rule 1). Only for timelines: an import takes none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
    /// Emergency messages that take screens over (rule 2). Only for timelines: an import takes none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// A time zone alone, to be read by its name.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct ZoneField(#[serde(with = "super::values::zone")] pub(super) Option<Tz>);

impl Plan {
    /// The zone of its local times.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.time_zone.unwrap_or(chrono_tz::Asia::Ho_Chi_Minh)
    }
}

/// Whether a field holds what it would if it were absent.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
