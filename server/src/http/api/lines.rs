//! The lines of a timeline as machines read them: what a board shows, and what runs over it, in the order of time.

use chrono::{DateTime, SecondsFormat, Utc};
use playlists::geometry::Geometry;
use playlists::id::{AssetId, CampaignId};
use playlists::schedule::{Running, Showing, Shows, Stretch, TickerStretch, What};
use serde::Serialize;

use crate::app::course::{Names, Told};
use crate::app::safe_item;
use crate::media::slides::document::band_height;

/// Where running text lies: over the board's lowest rows. What lies on the whole board names no zone.
pub(super) const BOTTOM: &str = "bottom";

/// Something that lasts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    pub(super) from: String,
    pub(super) until: String,
    /// `campaign`, `default`, `safe-item`, `notice`, `dark`, `unknown`, of spans `loop` in place of the first two; `ticker` runs over it.
    pub(super) shows: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) campaigns: Vec<Named>,
    /// Those with plays per hour.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) per_hour: Vec<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asset: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<String>,
    /// When it was due, of a campaign with plays per hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notice: Option<String>,
    /// Of a ticker: where it lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) zone: Option<&'static str>,
    /// Of a crossing: width and height of the strip in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strip: Option<String>,
    /// Of a crossing: pixels a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) speed: Option<u32>,
}

/// An id with the name that people know it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

impl Named {
    fn campaign(id: &CampaignId, names: &Names) -> Self {
        Self { id: id.to_string(), name: names.campaign(id).to_owned() }
    }

    /// An asset; the safe item by one name, whichever shape it has on the board.
    fn asset(id: &AssetId, names: &Names) -> Self {
        if safe_item::is(id) {
            return Self { id: safe_item::NAME.to_owned(), name: safe_item::NAME.to_owned() };
        }
        Self { id: id.to_string(), name: names.asset(id).to_owned() }
    }
}

/// An instant as the API writes it: UTC, to the millisecond.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn line(from: DateTime<Utc>, until: DateTime<Utc>, shows: &'static str) -> Line {
    Line { from: stamp(from), until: stamp(until), shows, ..Line::default() }
}

/// What is on the whole board for a while.
pub(super) fn entry(told: &Told<Showing>, names: &Names) -> Line {
    let showing = match told {
        Told::Known(showing) => showing,
        Told::Unknown(from, until) => return line(*from, *until, "unknown"),
    };
    let of = |shows| line(showing.since, showing.until, shows);
    match &showing.what {
        What::Dark => of("dark"),
        What::Notice { notice, item } => Line { notice: Some(notice.to_string()), item: Some(item.to_string()), ..of("notice") },
        What::Entry(slot) => {
            let shows = match (&slot.campaign, &slot.asset) {
                (Some(_), _) => "campaign",
                (None, Some(_)) => "default",
                (None, None) => "safe-item",
            };
            Line {
                campaigns: slot.campaign.iter().map(|id| Named::campaign(id, names)).collect(),
                asset: slot.asset.as_ref().map(|id| Named::asset(id, names)),
                language: Some(slot.language.to_string()),
                item: Some(slot.item.to_string()),
                due: slot.due.map(stamp),
                ..of(shows)
            }
        }
    }
}

/// One crossing of the board by running text.
pub(super) fn crossing(running: &Running, names: &Names, geometry: Geometry) -> Line {
    let line = Line { zone: Some(BOTTOM), ..line(running.since, running.until, "ticker") };
    let Some(crossing) = &running.what else { return line };
    let shown = names.strips.get(&crossing.ticker.item);
    Line {
        campaigns: crossing.campaign.iter().map(|id| Named::campaign(id, names)).collect(),
        asset: shown.map(|(asset, _)| Named::asset(asset, names)),
        language: shown.map(|(_, language)| language.to_string()),
        item: Some(crossing.ticker.item.to_string()),
        notice: crossing.notice.as_ref().map(ToString::to_string),
        strip: Some(format!("{}x{}", crossing.ticker.width, band_height(geometry))),
        speed: Some(crossing.ticker.speed),
        ..line
    }
}

/// Who shares the board for a while.
pub(super) fn span(told: &Told<Stretch>, names: &Names) -> Line {
    let stretch = match told {
        Told::Known(stretch) => stretch,
        Told::Unknown(from, until) => return line(*from, *until, "unknown"),
    };
    let of = |shows| line(stretch.since, stretch.until, shows);
    let named = |ids: &[CampaignId]| ids.iter().map(|id| Named::campaign(id, names)).collect::<Vec<_>>();
    match &stretch.shows {
        Shows::Dark => of("dark"),
        Shows::SafeItem => of("safe-item"),
        Shows::Notices(_) => of("notice"),
        Shows::Loop { weighted, per_hour } if weighted.is_empty() => Line { per_hour: named(per_hour), ..of("default") },
        Shows::Loop { weighted, per_hour } => Line { campaigns: named(weighted), per_hour: named(per_hour), ..of("loop") },
    }
}

/// Whose running text takes turns over it for a while.
pub(super) fn tickers(stretch: &TickerStretch, names: &Names) -> Line {
    Line {
        campaigns: stretch.campaigns.iter().map(|id| Named::campaign(id, names)).collect(),
        zone: Some(BOTTOM),
        ..line(stretch.since, stretch.until, "ticker")
    }
}

/// What is on the whole board and what runs over it, each in order, as one list of at most `most` lines; and where it ends before all is
/// told. What begins at once on the board and over it comes in this order. It ends where a line on the board does, if one does, so
/// that only running text is ever told in two parts. Instants are of one form, so their text is in the order of time.
pub(super) fn merged(shown: Vec<Line>, over_it: Vec<Line>, most: usize) -> (Vec<Line>, Option<String>) {
    let mut lines = shown;
    lines.extend(over_it);
    lines.sort_by(|one, other| (&one.from, one.zone).cmp(&(&other.from, other.zone)));
    let Some(next) = lines.get(most).map(|line| line.from.clone()) else { return (lines, None) };
    let first = lines.first().map(|line| line.from.clone()).unwrap_or_default();
    let starts = lines.iter().filter(|line| line.zone.is_none()).map(|line| &line.from);
    let end = starts.filter(|from| first < **from && **from <= next).max().cloned().unwrap_or(next);
    lines.retain(|line| line.from < end);
    for line in &mut lines {
        if line.until > end {
            line.until.clone_from(&end);
        }
    }
    (lines, Some(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: u32, until: u32, zone: Option<&'static str>) -> Line {
        Line { from: format!("{from:03}"), until: format!("{until:03}"), zone, ..Line::default() }
    }

    fn told(lines: &[Line]) -> String {
        let told = lines.iter().map(|line| format!("{}{}-{}", if line.zone.is_some() { "t" } else { "" }, line.from, line.until));
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn running_text_comes_in_its_time_behind_what_begins_with_it() {
        let shown = vec![of(0, 8, None), of(8, 16, None)];
        let over_it = vec![of(0, 5, Some(BOTTOM)), of(5, 11, Some(BOTTOM))];
        let (lines, end) = merged(shown, over_it, 9);
        assert_eq!((told(&lines).as_str(), end), ("000-008 t000-005 t005-011 008-016", None));
    }

    #[test]
    fn a_page_ends_with_a_line_of_the_board_and_cuts_only_what_runs_over_it() {
        let shown = || vec![of(0, 8, None), of(8, 16, None), of(16, 24, None)];
        let over_it = || vec![of(0, 5, Some(BOTTOM)), of(5, 11, Some(BOTTOM)), of(11, 17, Some(BOTTOM))];
        let (lines, end) = merged(shown(), over_it(), 4);
        assert_eq!((told(&lines).as_str(), end.as_deref()), ("000-008 t000-005 t005-008", Some("008")));
        // A long picture, and more crossings than a page has room for.
        let (lines, end) = merged(vec![of(0, 99, None)], over_it(), 2);
        assert_eq!((told(&lines).as_str(), end.as_deref()), ("000-005 t000-005", Some("005")));
        // Told without the pages in between it is the same.
        let (whole, none) = merged(shown(), over_it(), 6);
        assert_eq!((whole.len(), none), (6, None));
    }
}
