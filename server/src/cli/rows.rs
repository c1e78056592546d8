//! The rows of a timeline: what a board shows, and what runs over it, in the order of time; as lines of JSON or as CSV.

use std::io::Write;

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, Utc};
use playlists::id::{BoardId, CampaignId, NoticeId};
use playlists::plan::Plan;
use playlists::schedule::{Running, Showing, Shows, Stretch, TickerStretch, What};
use serde::Serialize;
use serde_json::Value;

use crate::media::slides::document::band_height;

/// Where running text lies: over the board's lowest rows. What lies on the whole board names no zone.
const BOTTOM: &str = "bottom";

/// A form of rows.
pub trait Row: Serialize {
    /// Its columns.
    const COLUMNS: &'static [&'static str];
}

/// What is on for a while, or crosses the board once.
#[derive(Default, Serialize)]
pub struct Entry {
    from: String,
    until: String,
    /// `campaign`, `default`, `safe-item`, `notice`, `dark`; `ticker` runs over it.
    shows: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// Of a ticker: where it lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'static str>,
    /// Of a ticker: width and height of its strip in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    strip: Option<String>,
    /// Of a ticker: pixels a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<u32>,
}

impl Row for Entry {
    const COLUMNS: &'static [&'static str] =
        &["from", "until", "shows", "campaign", "asset", "language", "due", "notice", "zone", "strip", "speed"];
}

impl Entry {
    /// Of what is on the whole board.
    #[must_use]
    pub fn of(showing: &Showing, plan: &Plan) -> Self {
        let line = Self { from: stamp(showing.since), until: stamp(showing.until), ..Self::default() };
        match &showing.what {
            What::Dark => Self { shows: "dark", ..line },
            What::Notice { notice, .. } => {
                let written = plan.notices.iter().find(|written| written.id == *notice);
                Self {
                    shows: "notice",
                    notice: Some(notice.to_string()),
                    asset: written.map(|notice| notice.takeover.to_string()),
                    ..line
                }
            }
            What::Entry(slot) => {
                let shows = match (&slot.campaign, &slot.asset) {
                    (Some(_), _) => "campaign",
                    (None, Some(_)) => "default",
                    (None, None) => "safe-item",
                };
                Self {
                    shows,
                    campaign: slot.campaign.as_ref().map(ToString::to_string),
                    asset: slot.asset.as_ref().map(ToString::to_string),
                    language: slot.asset.as_ref().map(|_| slot.language.to_string()),
                    due: slot.due.map(stamp),
                    ..line
                }
            }
        }
    }

    /// Of what runs over it.
    #[must_use]
    pub fn crossing(running: &Running, plan: &Plan, board: &BoardId) -> Self {
        let crossing = running.what.as_ref();
        let campaign = crossing.and_then(|crossing| crossing.campaign.as_ref());
        let asset = plan.campaigns.iter().find(|known| Some(&known.id) == campaign).and_then(|known| known.ticker.as_ref());
        let strip = crossing.map(|crossing| crossing.ticker);
        let height = plan.boards.iter().find(|known| known.id == *board).map(|board| band_height(board.geometry));
        Self {
            from: stamp(running.since),
            until: stamp(running.until),
            shows: "ticker",
            campaign: campaign.map(ToString::to_string),
            asset: asset.map(ToString::to_string),
            language: asset.zip(strip).and_then(|(asset, strip)| plan.strip_language(asset, &strip.item)).map(|l| l.to_string()),
            notice: crossing.and_then(|crossing| crossing.notice.as_ref()).map(ToString::to_string),
            zone: Some(BOTTOM),
            strip: strip.zip(height).map(|(strip, height)| format!("{}x{height}", strip.width)),
            speed: strip.map(|strip| strip.speed),
            ..Self::default()
        }
    }
}

/// Who shares the board for a while, or takes turns over it.
#[derive(Default, Serialize)]
pub struct Span {
    from: String,
    until: String,
    /// `loop`, `safe-item`, `notice`, `dark`; `ticker` runs over it.
    shows: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    campaigns: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    per_hour: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<String>,
    /// Of tickers: where they lie.
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<&'static str>,
}

impl Row for Span {
    const COLUMNS: &'static [&'static str] = &["from", "until", "shows", "campaigns", "per_hour", "notices", "zone"];
}

impl Span {
    /// Of what is on the whole board.
    #[must_use]
    pub fn of(stretch: &Stretch) -> Self {
        let line = Self { from: stamp(stretch.since), until: stamp(stretch.until), ..Self::default() };
        match &stretch.shows {
            Shows::Dark => Self { shows: "dark", ..line },
            Shows::SafeItem => Self { shows: "safe-item", ..line },
            Shows::Notices(notices) => {
                Self { shows: "notice", notices: notices.iter().map(NoticeId::to_string).collect(), ..line }
            }
            Shows::Loop { weighted, per_hour } => {
                Self { shows: "loop", campaigns: ids(weighted), per_hour: ids(per_hour), ..line }
            }
        }
    }

    /// Of what runs over it.
    #[must_use]
    pub fn tickers(stretch: &TickerStretch) -> Self {
        Self {
            from: stamp(stretch.since),
            until: stamp(stretch.until),
            shows: "ticker",
            campaigns: ids(&stretch.campaigns),
            notices: stretch.notices.iter().map(NoticeId::to_string).collect(),
            zone: Some(BOTTOM),
            ..Self::default()
        }
    }
}

fn ids(ids: &[CampaignId]) -> Vec<String> {
    ids.iter().map(CampaignId::to_string).collect()
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Two lists, each in the order of time, as one; of what begins at once the first list's comes first.
pub fn in_order<T>(
    shown: impl Iterator<Item = (DateTime<Utc>, T)>,
    over_it: impl Iterator<Item = (DateTime<Utc>, T)>,
) -> impl Iterator<Item = T> {
    let (mut shown, mut over_it) = (shown.peekable(), over_it.peekable());
    std::iter::from_fn(move || {
        let first = match (shown.peek(), over_it.peek()) {
            (Some((one, _)), Some((other, _))) => one <= other,
            (one, _) => one.is_some(),
        };
        if first { shown.next() } else { over_it.next() }.map(|(_, row)| row)
    })
}

/// Writes rows: a JSON object a line, or CSV with a head.
///
/// # Errors
/// When they cannot be written.
pub fn write<R: Row>(mut out: impl Write, csv: bool, rows: impl Iterator<Item = R>) -> anyhow::Result<()> {
    if csv {
        writeln!(out, "{}", R::COLUMNS.join(","))?;
    }
    for row in rows {
        if csv {
            let row = serde_json::to_value(&row).context("a row is JSON")?;
            let fields: Vec<String> = R::COLUMNS.iter().map(|column| field(row.get(column))).collect();
            writeln!(out, "{}", fields.join(","))?;
        } else {
            writeln!(out, "{}", serde_json::to_string(&row).context("a row is JSON")?)?;
        }
    }
    Ok(out.flush()?)
}

/// Ids, instants, numbers and words: none of them holds a comma or a quote.
fn field(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        Some(other) => other.to_string(),
    }
}
