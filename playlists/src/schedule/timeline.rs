//! What a board shows over an interval: entry by entry, or in spans that people can read.

use chrono::{DateTime, NaiveDate, Utc};

use super::active::{Plays, Segment, lit, segments};
use super::overrides::Over;
use super::valid::Validity;
use super::{FIRST_MS, LAST_MS, Overrides, Reader, Schedule, Showing, within};
use crate::id::{CampaignId, NoticeId};
use crate::local::{day_start, instant, moved};
use crate::span::Span;

/// Entries of an interval, in order, without gap: the first begins with it, the last ends with it.
#[derive(Debug)]
pub struct Timeline<'a> {
    reader: Reader,
    overrides: &'a Overrides,
    at: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Iterator for Timeline<'_> {
    type Item = Showing;
    fn next(&mut self) -> Option<Showing> {
        if self.at >= self.until {
            return None;
        }
        let mut showing = self.reader.resolve_under(self.overrides, self.at);
        showing.since = self.at;
        showing.until = showing.until.min(self.until);
        self.at = showing.until;
        Some(showing)
    }
}

/// A stretch in which the same share the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Who.
    pub shows: Shows,
    /// First instant.
    pub since: DateTime<Utc>,
    /// First instant after it.
    pub until: DateTime<Utc>,
}

/// Who shares a board for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// Nobody: outside the operating hours, or blacked out.
    Dark,
    /// The safe item.
    SafeItem,
    /// These notices, in turn.
    Notices(Vec<NoticeId>),
    /// Campaigns, in the order of ids; where none has a weight the default playlist plays between those with plays per hour.
    Loop {
        /// Those that share by weight.
        weighted: Vec<CampaignId>,
        /// Those with plays per hour.
        per_hour: Vec<CampaignId>,
    },
}

impl Schedule {
    /// What the board shows from an instant to another, entry by entry, exact to the millisecond. An entry that lies across an end of
    /// the interval is cut there.
    #[must_use]
    pub fn timeline<'a>(&self, overrides: &'a Overrides, from: DateTime<Utc>, until: DateTime<Utc>) -> Timeline<'a> {
        // From whole milliseconds, as all answers are.
        let whole = |at: DateTime<Utc>| instant(within(at).timestamp_millis());
        Timeline { reader: Reader::new(self.clone()), overrides, at: whole(from), until: whole(until) }
    }

    /// Who shares the board from an instant to another, in stretches that people can read: they follow one another without gap.
    #[must_use]
    pub fn stretches(&self, overrides: &Overrides, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Stretch> {
        let range = Span { from: within(from).timestamp_millis(), until: within(until).timestamp_millis() };
        let mut found: Vec<Stretch> = Vec::new();
        for date in self.dates(range) {
            for segment in self.segments(date) {
                let span = segment.span.and(range);
                let mut at = span.from;
                while at < span.until {
                    let lit = segment.plays != Plays::Dark;
                    let piece = Span { from: at, until: overrides.steady(at, lit).until.min(span.until) };
                    let shows = self.shows(&segment, &overrides.over(at, lit));
                    match found.last_mut() {
                        Some(last) if last.shows == shows => last.until = instant(piece.until),
                        _ => found.push(Stretch { shows, since: instant(piece.from), until: instant(piece.until) }),
                    }
                    at = piece.until;
                }
            }
        }
        found
    }

    fn shows(&self, segment: &Segment, over: &Over<'_>) -> Shows {
        let ids = |turns: &[(u32, u32)]| turns.iter().filter_map(|(turn, _)| self.id_of(*turn)).cloned().collect::<Vec<_>>();
        match (over, &segment.plays) {
            (Over::Dark, _) | (Over::Nothing, Plays::Dark) => Shows::Dark,
            (Over::SafeItem, _) => Shows::SafeItem,
            (Over::Takeovers(notices), _) => Shows::Notices(notices.iter().map(|(notice, _)| notice.id.clone()).collect()),
            (Over::Nothing, Plays::Safe) if segment.hourly.is_empty() => Shows::SafeItem,
            (Over::Nothing, Plays::Campaigns(turns)) => Shows::Loop { weighted: ids(turns), per_hour: ids(&segment.hourly) },
            (Over::Nothing, Plays::Default(_) | Plays::Safe) => {
                Shows::Loop { weighted: Vec::new(), per_hour: ids(&segment.hourly) }
            }
        }
    }

    /// The id of a turn's campaign.
    pub(super) fn id_of(&self, turn: u32) -> Option<&CampaignId> {
        self.plan.ids.get(self.plan.turn(turn)?.id as usize)
    }

    /// The broadcast days that an interval touches.
    pub(super) fn dates(&self, range: Span) -> impl Iterator<Item = NaiveDate> + use<> {
        let first = self.day_of(instant(range.from.max(FIRST_MS)));
        let last = self.day_of(instant((range.until - 1).clamp(FIRST_MS, LAST_MS)));
        let dates = std::iter::successors(Some(first), |date| Some(moved(*date, 1)));
        dates.take_while(move |date| *date <= last && !range.is_empty())
    }

    /// A broadcast day's first and first instant after it.
    pub(super) fn span_of(&self, date: NaiveDate) -> Span {
        let ms = |date| day_start(date, self.plan.tz).timestamp_millis();
        Span { from: ms(date), until: ms(moved(date, 1)) }
    }

    /// The segments of a broadcast day.
    pub(super) fn segments(&self, date: NaiveDate) -> Vec<Segment> {
        let day = self.span_of(date);
        let mut validity = Validity::new(&self.plan, day);
        segments(&self.plan, &mut validity, day, &lit(&self.plan, day))
    }
}
