//! Units and boards.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::asset::Language;
use crate::geometry::Geometry;
use crate::id::{AssetId, BoardId, CampaignId, PlaylistId, UnitId};
use crate::overlay::{Clock, Corner, OverlaySize, Shows};
use crate::plan::schema::{BoardName, ClockWord, Commune, CornerWord, Date, Day, Id, Pixels, TierWord, Zone};
use crate::plan::values::{Interval, text, zone};
use crate::unit::Tier;
use crate::{hours, overlay, trust::manifest};

/// Who owns boards and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its id: 1 to 64 of a–z, 0–9 and -.
    #[schemars(with = "Id")]
    pub id: UnitId,
    /// Its name, for people.
    pub name: String,
    /// Which lane its campaigns play in.
    #[schemars(with = "TierWord")]
    pub tier: Tier,
    /// The unit above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub parent: Option<UnitId>,
}

/// A public LED board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its id: 4 to 32 of a–z, 0–9 and -.
    #[schemars(with = "BoardName")]
    pub id: BoardId,
    /// Its name, for people.
    pub name: String,
    /// The unit that owns it; the plan's, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub unit: Option<UnitId>,
    /// Five digits of the statistics office.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(with = "Option<Commune>")]
    pub commune: String,
    /// Width and height in pixels, such as 640x320.
    #[serde(with = "text")]
    #[schemars(with = "Pixels")]
    pub geometry: Geometry,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Spot>,
    /// Its IANA zone, in which its hours and all windows are; the plan's, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "zone")]
    #[schemars(with = "Option<Zone>")]
    pub time_zone: Option<Tz>,
    /// When it is lit; always, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Per cent, 0 to 100.
    #[serde(default = "full", skip_serializing_if = "is_full")]
    #[schemars(range(min = 0, max = 100))]
    pub brightness: u8,
    /// What lies over its loop, at most one in each corner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<Overlay>,
    /// Share of the loop by tier, in slots.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lanes: Lanes,
    /// A weight, 1 to 1000, for each language it shows; any language, when absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, u32>")]
    pub languages: BTreeMap<Language, u32>,
    /// Its owner's order of priority campaigns that collide: 1 comes first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, u32>")]
    pub ranks: BTreeMap<CampaignId, u32>,
    /// What plays when nothing else does; the safe item, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub default_playlist: Option<PlaylistId>,
}

const fn full() -> u8 {
    100
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_full(brightness: &u8) -> bool {
    *brightness == full()
}

/// A place on the map, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// Degrees of latitude, -90 to 90.
    pub lat: f64,
    /// Degrees of longitude, -180 to 180.
    pub lon: f64,
}

/// What lies over a board's loop in a corner: a clock or a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// Where.
    #[schemars(with = "CornerWord")]
    pub corner: Corner,
    /// A clock that says this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ClockWord>")]
    pub clock: Option<Clock>,
    /// A still with transparency, such as a logo or a seal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub picture: Option<AssetId>,
    /// How high it is, in per cent of the board's height: 5 to 40; 12, when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(with = "u8", range(min = 5, max = 40))]
    pub size: OverlaySize,
}

impl Overlay {
    /// As boards know it; none where it shows neither a clock nor a picture.
    #[must_use]
    pub fn shown(&self) -> Option<overlay::Overlay<AssetId>> {
        let clock = self.clock.map(Shows::Clock);
        let shows = clock.or_else(|| self.picture.clone().map(Shows::Picture))?;
        Some(overlay::Overlay { corner: self.corner, size: self.size, shows })
    }
}
impl From<overlay::Overlay<AssetId>> for Overlay {
    fn from(overlay: overlay::Overlay<AssetId>) -> Self {
        let (clock, picture) = match overlay.shows {
            Shows::Clock(clock) => (Some(clock), None),
            Shows::Picture(picture) => (None, Some(picture)),
        };
        Self { corner: overlay.corner, clock, picture, size: overlay.size }
    }
}

/// Share of the loop by tier, in slots: 0 to 1000, not both 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lanes {
    /// The province's.
    pub province: u32,
    /// The commune's.
    pub commune: u32,
}

impl Default for Lanes {
    fn default() -> Self {
        manifest::Lanes::default().into()
    }
}
impl From<manifest::Lanes> for Lanes {
    fn from(lanes: manifest::Lanes) -> Self {
        Self { province: lanes.province, commune: lanes.commune }
    }
}
impl From<Lanes> for manifest::Lanes {
    fn from(lanes: Lanes) -> Self {
        Self { province: lanes.province, commune: lanes.commune }
    }
}

/// When a board is lit, in its own local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// By weekday; a weekday named nowhere is dark.
    pub weekly: Vec<Weekly>,
    /// By date, instead of what the weekday says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// The intervals of some weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weekly {
    /// Mon to Sun.
    #[schemars(with = "Vec<Day>")]
    pub days: Vec<Weekday>,
    /// When the board is lit on those days, such as 05:30-22:00; an end at or before its beginning lies on the next day.
    pub intervals: Vec<Interval>,
}

/// The intervals of one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Local date.
    #[schemars(with = "Date")]
    pub date: NaiveDate,
    /// When the board is lit instead; dark, when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Interval>,
    /// Dark from 00:00 to 24:00 of this date whatever began the day before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub whole_day: bool,
}

impl From<Hours> for hours::Hours {
    fn from(hours: Hours) -> Self {
        let all = |intervals: Vec<Interval>| intervals.into_iter().map(Into::into).collect();
        let weekly = hours.weekly.into_iter().map(|line| hours::Weekly { days: line.days, intervals: all(line.intervals) });
        let exception = |e: Exception| hours::Exception { date: e.date, intervals: all(e.intervals), whole_day: e.whole_day };
        Self { weekly: weekly.collect(), exceptions: hours.exceptions.into_iter().map(exception).collect() }
    }
}
impl From<hours::Hours> for Hours {
    fn from(hours: hours::Hours) -> Self {
        let all = |intervals: Vec<hours::Interval>| intervals.into_iter().map(Into::into).collect();
        let weekly = hours.weekly.into_iter().map(|line| Weekly { days: line.days, intervals: all(line.intervals) });
        let exception = |e: hours::Exception| Exception { date: e.date, intervals: all(e.intervals), whole_day: e.whole_day };
        Self { weekly: weekly.collect(), exceptions: hours.exceptions.into_iter().map(exception).collect() }
    }
}
