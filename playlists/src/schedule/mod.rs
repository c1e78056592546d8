//! What is on a board at an instant: one pure function of manifest and time (the rules: this crate's README).
//!
//! [`resolve`] answers for one instant; a [`Schedule`] is a manifest made ready, its [`DayList`]s are what a player walks through.
//!
//! # Where the rules leave a choice
//! - Instants count in whole milliseconds; what is finer is cut off.
//! - A segment ends where a language version of an entry begins or ends to be valid, too: no item is shown outside its dates.
//! - Two versions of a campaign that agree in lane, level, weight and playlist are one: no segment ends between them. Where the
//!   playlist differs, the place is kept modulo the new one's number of entries.
//! - E of rule 8 counts all entries of a playlist, valid or not. The default playlist and nested ones are shuffled by their own id;
//!   a version of one by the id of which it is a version (`of`).
//! - A nested playlist gives `take` slots each time it is reached; without it as many as it has valid entries then.
//! - Content without words (`und`) weighs 1 where the language mix gives it no weight, and every language does where there is no mix.
//! - Dark answers are whole across days; a board that is never lit (again) is dark from 1900 or until 2200. A slot of the safe item
//!   ends with its segment, so at the latest with the broadcast day.

mod active;
mod day;
mod demand;
mod dues;
mod entries;
mod explain;
mod fair;
mod forecast;
mod hash;
mod overrides;
mod plan;
mod reader;
mod tickers;
mod timeline;
mod valid;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use self::plan::Plan;
use crate::asset::Language;
use crate::id::{AssetId, CampaignId, Digest, NoticeId};
use crate::local::{broadcast_day, instant, moved};
use crate::trust::manifest::{Manifest, ManifestFault};

pub use self::day::DayList;
pub use self::demand::{Demand, LONGEST_BESIDE, TooLong};
pub use self::explain::{Explanation, Reason, Rule, Why, explain};
pub use self::forecast::{Airtime, Displaced, Forecast, Refusal};
pub use self::overrides::{Blackout, Notice, NoticeShows, Overrides, Severity};
pub use self::reader::Reader;
pub use self::tickers::{Crossing, Crossings, Running, TickerList, TickerStretch};
pub use self::timeline::{Shows, Stretch, Timeline};

/// Instants are answered from 1900 on …
const FIRST_MS: i64 = -2_208_988_800_000;
/// … to 2200; those outside are answered as these, so that no arithmetic leaves the calendar.
const LAST_MS: i64 = 7_258_118_400_000;

/// Why a manifest has no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the manifest contradicts itself: {0}")]
pub struct ScheduleError(pub ManifestFault);

/// What a board shows, from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Showing {
    /// What it is.
    pub what: What,
    /// Since when: the first millisecond of this slot, or of the dark stretch.
    pub since: DateTime<Utc>,
    /// Until when: exactly the next answer's `since`.
    pub until: DateTime<Utc>,
}

/// What a board shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Nothing: it is outside its operating hours.
    Dark,
    /// An entry of a playlist, or the safe item.
    Entry(Slot),
    /// A takeover: the notice, alone.
    Notice {
        /// Which one.
        notice: NoticeId,
        /// Its picture.
        item: Digest,
    },
}

/// One turn in the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Whose turn it is; none for the default playlist and the safe item.
    pub campaign: Option<CampaignId>,
    /// The asset; none for the safe item.
    pub asset: Option<AssetId>,
    /// The rendition on the screen.
    pub item: Digest,
    /// Its language; `und` for content without words and for the safe item.
    pub language: Language,
    /// When it was due, where the campaign has plays per hour.
    pub due: Option<DateTime<Utc>>,
}

/// What the board of this manifest shows at `now`. For more than one answer make a [`Schedule`].
///
/// # Errors
/// When the manifest has faults.
pub fn resolve(manifest: &Manifest, now: DateTime<Utc>) -> Result<Showing, ScheduleError> {
    Ok(Schedule::new(manifest)?.resolve(now))
}

/// A manifest made ready to be asked. Cloning is cheap.
///
/// ```
/// use playlists::schedule::{Schedule, What};
/// # let manifest: playlists::trust::manifest::Manifest = serde_json::from_value(serde_json::json!({
/// #     "v": 1, "board": "b-05443", "board_key": "00".repeat(32), "key_epoch": 1, "rev": 1, "issued": "2026-11-23T00:00:00Z",
/// #     "fresh_s": 1, "max_offline_s": 2, "recall_min": 0, "time_zone": "Asia/Ho_Chi_Minh", "tz_data": "2026a",
/// #     "geometry": {"width": 64, "height": 256}, "brightness": 100, "lanes": {"province": 3, "commune": 2},
/// #     "hours": {"weekly": [{"days": ["Mon"], "intervals": [{"from": "05:30", "until": "22:00"}]}]},
/// #     "items": [{"sha256": "11".repeat(32), "size": 1, "kind": "still"}], "playlists": [{"id": "p", "entries": []}],
/// #     "campaigns": [], "default_playlist": "p", "safe_item": "11".repeat(32),
/// # }))?;
/// // A board that is lit on Mondays from 05:30 to 22:00, asked on a Monday at 23:00 in Hanoi.
/// let schedule = Schedule::new(&manifest)?;
/// let showing = schedule.resolve("2026-11-23T16:00:00Z".parse()?);
/// assert_eq!(showing.what, What::Dark);
/// assert_eq!(showing.until.to_rfc3339(), "2026-11-29T22:30:00+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Schedule {
    plan: Arc<Plan>,
}

impl Schedule {
    /// Of a manifest without faults.
    ///
    /// # Errors
    /// The manifest's first fault.
    pub fn new(manifest: &Manifest) -> Result<Self, ScheduleError> {
        match manifest.faults().into_iter().next() {
            Some(fault) => Err(ScheduleError(fault)),
            None => Ok(Self { plan: Arc::new(Plan::new(manifest)) }),
        }
    }

    /// The broadcast day that `now` lies in, from 03:00 to 03:00 local time of the board.
    #[must_use]
    pub fn day_of(&self, now: DateTime<Utc>) -> NaiveDate {
        broadcast_day(within(now), self.plan.tz)
    }

    /// The list of a broadcast day. It costs some milliseconds; whoever asks often keeps it, or asks a [`Reader`].
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> DayList {
        DayList::new(&self.plan, date)
    }

    /// What the board shows at `now` (whole milliseconds; instants before 1900 or after 2200 are answered as those ends).
    /// It lists the whole day: a loop asks a [`Reader`].
    #[must_use]
    pub fn resolve(&self, now: DateTime<Utc>) -> Showing {
        self.day(self.day_of(now)).at(within(now)).unwrap_or_else(|| self.never(now))
    }

    /// As [`Schedule::resolve`], under overrides: recall, blackout and notices.
    #[must_use]
    pub fn resolve_under(&self, overrides: &Overrides, now: DateTime<Utc>) -> Showing {
        Reader::new(self.clone()).resolve_under(overrides, now)
    }

    /// The tickers of a broadcast day.
    #[must_use]
    pub fn tickers(&self, date: NaiveDate) -> TickerList {
        TickerList::new(&self.plan, date)
    }

    /// What runs over the loop at `now`.
    #[must_use]
    pub fn ticker_under(&self, overrides: &Overrides, now: DateTime<Utc>) -> Running {
        Reader::new(self.clone()).ticker_under(overrides, now)
    }

    /// All items that the manifest can show, each once: those of the list from `now` to the end of the next broadcast day as they
    /// come, then the safe item and the strips of tickers, then the others in the manifest's order. This is the order to fetch them in.
    #[must_use]
    pub fn items_from(&self, now: DateTime<Utc>) -> Vec<Digest> {
        let now = within(now);
        let today = self.day_of(now);
        let lists = [self.day(today), self.day(moved(today, 1))];
        let coming = lists.iter().flat_map(DayList::items_with_end).filter(|(_, until)| *until > now).map(|(item, _)| item);
        let rest = self.plan.lists.iter().flat_map(|list| &list.lines).flat_map(|line| match line.shows {
            plan::Shows::Asset { first, count, .. } => first..first + count,
            plan::Shows::List { .. } => 0..0,
        });
        let rest = rest.filter_map(|leaf| self.plan.leaf(leaf)).map(|leaf| leaf.item);
        let strips = self.plan.tickers.iter().map(|runs| runs.ticker.item);
        let mut seen = BTreeSet::new();
        coming.chain([self.plan.safe]).chain(strips).chain(rest).filter(|item| seen.insert(*item)).collect()
    }

    /// A day's list covers its day without gap, so this answer is never given; it keeps [`Schedule::resolve`] total.
    fn never(&self, now: DateTime<Utc>) -> Showing {
        let slot = Slot { campaign: None, asset: None, item: self.plan.safe, language: Language::undetermined(), due: None };
        Showing { what: What::Entry(slot), since: now, until: now + chrono::TimeDelta::seconds(1) }
    }
}

/// An instant within what is answered.
fn within(now: DateTime<Utc>) -> DateTime<Utc> {
    now.clamp(instant(FIRST_MS), instant(LAST_MS))
}
