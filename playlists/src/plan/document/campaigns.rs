//! Campaigns, their windows and targets.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::campaign::{Level, PerHour, Weight};
use crate::geometry::Geometry;
use crate::id::{AssetId, BoardId, CampaignId, PlaylistId, ThemeId, UnitId};
use crate::plan::schema::{BoardName, Commune, CronText, Date, Id, LevelWord, LunarDay, LunarMonth, OfDay};
use crate::plan::values::{Length, When, number_or_word};
use crate::{lunar, window};

/// What plays where and when, and how much. It has exactly one of `playlist` and `ticker`, and one of `weight` and `per_hour`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Its id: 1 to 64 of a–z, 0–9 and -; names its credit, its place and its shuffle.
    #[schemars(with = "Id")]
    pub id: CampaignId,
    /// Its name, for people.
    pub name: String,
    /// The unit that owns it, whose tier is its lane; the plan's, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub unit: Option<UnitId>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub theme: Option<ThemeId>,
    /// How it ranks.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(with = "LevelWord")]
    pub level: Level,
    /// The playlist that it plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub playlist: Option<PlaylistId>,
    /// The running text, an asset, that it lets run over the loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Id>")]
    pub ticker: Option<AssetId>,
    /// Its share beside the others, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 1000))]
    pub weight: Option<Weight>,
    /// Plays in every hour, 1 to 3600, each at its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 3600))]
    pub per_hour: Option<PerHour>,
    /// Where it plays.
    pub targets: Targets,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Not after; a date is included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
    /// Recurring dayparts, in each board's local time; always, when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// Whether it may be shown.
    #[serde(default, skip_serializing_if = "is_default")]
    pub approved: bool,
    /// Whether it is held back until it is resumed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub paused: bool,
}

/// Boards: `all` of them, or those named by id or by commune; `shape` leaves the others of them out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Every board.
    #[serde(default, skip_serializing_if = "is_default")]
    pub all: bool,
    /// Boards by id.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<BoardName>")]
    pub boards: BTreeSet<BoardId>,
    /// All boards of communes, by their five digits.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<Commune>")]
    pub communes: BTreeSet<String>,
    /// Of those only boards of this shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
}

/// A board's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// At least as wide as high.
    Wide,
    /// Higher than wide.
    Tall,
}

impl Targets {
    /// Whether a board is meant.
    #[must_use]
    pub fn mean(&self, id: &BoardId, commune: &str, geometry: Geometry) -> bool {
        let wide = geometry.width() >= geometry.height();
        let shaped = self.shape.is_none_or(|shape| (shape == Shape::Wide) == wide);
        shaped && (self.all || self.boards.contains(id) || self.communes.contains(commune))
    }
}

/// A recurring daypart: either `cron` or `lunar` says when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Starts by five fields: minute, hour, day of month, month, day of week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<CronText>")]
    pub cron: Option<window::Cron>,
    /// Starts on a date of the Vietnamese lunar calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lunar: Option<LunarDate>,
    /// How long it lasts, 1min to 31d of elapsed time.
    pub duration: Length,
    /// Local dates on which it does not start.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<Date>")]
    pub except: BTreeSet<NaiveDate>,
    /// It starts in one of so many weeks only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weeks: Option<Weeks>,
}

/// A date of the Vietnamese lunar calendar; a leap month does not repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LunarDate {
    /// 1 to 12, or `"*"`: every month, leap months too.
    #[serde(with = "number_or_word")]
    #[schemars(with = "LunarMonth")]
    pub month: lunar::Months,
    /// 1 to 30, or `last`.
    #[serde(with = "number_or_word")]
    #[schemars(with = "LunarDay")]
    pub day: lunar::Day,
    /// Local time at which it starts.
    #[serde(with = "crate::hours::hour_minute")]
    #[schemars(with = "OfDay")]
    pub at: chrono::NaiveTime,
}

/// One week, Monday to Sunday, of every so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weeks {
    /// Of how many weeks one counts: 1 to 52.
    #[schemars(range(min = 1, max = 52))]
    pub every: u8,
    /// A date in a week that counts.
    #[schemars(with = "Date")]
    pub of: NaiveDate,
}

impl TryFrom<&Window> for window::Window {
    type Error = window::WindowError;
    fn try_from(written: &Window) -> Result<Self, window::WindowError> {
        let starts = match (&written.cron, &written.lunar) {
            (Some(cron), None) => window::Starts::Cron(cron.clone()),
            (None, Some(date)) => window::Starts::Lunar(lunar::LunarDate { month: date.month, day: date.day, at: date.at }),
            (Some(_), Some(_)) | (None, None) => return Err(window::WindowError::Starts),
        };
        let read = Self::starting(starts, written.duration.0)?.except(written.except.clone())?;
        match written.weeks {
            Some(weeks) => read.in_weeks(window::Weeks { every: weeks.every, of: weeks.of }),
            None => Ok(read),
        }
    }
}
impl From<&window::Window> for Window {
    fn from(window: &window::Window) -> Self {
        let (cron, lunar) = match window.occasion() {
            window::Starts::Cron(cron) => (Some(cron.clone()), None),
            window::Starts::Lunar(date) => (None, Some(LunarDate { month: date.month, day: date.day, at: date.at })),
        };
        let weeks = window.weeks().map(|weeks| Weeks { every: weeks.every, of: weeks.of });
        Self { cron, lunar, duration: Length(window.duration()), except: window.excluded().clone(), weeks }
    }
}
