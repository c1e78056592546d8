//! `bangtin timeline`: what a board of a plan plays, to the millisecond, without a server.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use playlists::id::{BoardId, CampaignId};
use playlists::plan::{Plan, When};
use playlists::schedule::{Overrides, Schedule, Showing, Shows, Stretch, What};
use serde::Serialize;

use super::plan::{self, piped};

/// Longest that is told at once.
const LONGEST: TimeDelta = TimeDelta::days(3660);

/// What is to be told.
#[derive(Debug, PartialEq, Eq, clap::Args)]
pub struct Arguments {
    /// The plan, a file of YAML or JSON.
    #[arg(long, value_name = "FILE")]
    pub plan: PathBuf,
    /// The board.
    #[arg(long, value_name = "ID")]
    pub board: BoardId,
    /// The first instant: `2026-02-16T17:00:00Z`, or a date or time local to the board.
    #[arg(long, value_name = "WHEN")]
    pub from: When,
    /// The first instant after it; a date is included.
    #[arg(long, value_name = "WHEN")]
    pub to: When,
    /// Entry by entry, or in spans in which the same campaigns share the board.
    #[arg(long, default_value = "entry", value_parser = ["entry", "span"])]
    pub step: String,
    /// A JSON object a line, or CSV.
    #[arg(long, default_value = "json", value_parser = ["json", "csv"])]
    pub format: String,
}

/// Tells it.
///
/// # Errors
/// When the plan cannot be read or does not hold, or the interval is none.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plan = plan::read(&arguments.plan)?.plan;
    let board = &arguments.board;
    let manifest = plan.manifest(board)?;
    let overrides = plan.overrides(board)?;
    let (from, until) = (arguments.from.begins(manifest.time_zone), arguments.to.ends(manifest.time_zone));
    ensure!(from < until, "--to must lie after --from");
    ensure!(until - from <= LONGEST, "at most {} days are told at once", LONGEST.num_days());
    let schedule = Schedule::new(&manifest)?;
    tell_what_is_left_out(&plan, board);
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    let csv = arguments.format == "csv";
    piped(match arguments.step.as_str() {
        "span" => spans(out, csv, &schedule, &overrides, from, until),
        _ => entries(out, csv, &plan, &schedule, &overrides, from, until),
    })
}

/// Who wonders why nothing plays reads this.
fn tell_what_is_left_out(plan: &Plan, id: &BoardId) {
    let Some(board) = plan.boards.iter().find(|board| board.id == *id) else { return };
    let meant = plan.campaigns.iter().filter(|campaign| campaign.targets.mean(id, &board.commune, board.geometry));
    let held: Vec<&str> =
        meant.filter(|campaign| !campaign.approved || campaign.paused).map(|campaign| campaign.id.as_str()).collect();
    if !held.is_empty() {
        eprintln!("bangtin: not approved or paused, so left out: {}", held.join(", "));
    }
}

/// What is on for a while.
#[derive(Default, Serialize)]
struct Entry<'a> {
    from: String,
    until: String,
    /// `campaign`, `default`, `safe-item`, `notice`, `dark`.
    shows: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn of(showing: &'a Showing, plan: &'a Plan) -> Self {
        let line = Self { from: stamp(showing.since), until: stamp(showing.until), ..Self::default() };
        match &showing.what {
            What::Dark => Self { shows: "dark", ..line },
            What::Notice { notice, .. } => {
                let written = plan.notices.iter().find(|written| written.id == *notice);
                Self {
                    shows: "notice",
                    notice: Some(notice.as_str()),
                    asset: written.map(|notice| notice.takeover.as_str()),
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
                    campaign: slot.campaign.as_ref().map(CampaignId::as_str),
                    asset: slot.asset.as_ref().map(playlists::id::AssetId::as_str),
                    language: slot.asset.as_ref().map(|_| slot.language.as_str()),
                    due: slot.due.map(stamp),
                    ..line
                }
            }
        }
    }
}

/// Who shares the board for a while.
#[derive(Default, Serialize)]
struct Span<'a> {
    from: String,
    until: String,
    /// `loop`, `safe-item`, `notice`, `dark`.
    shows: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    campaigns: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    per_hour: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<&'a str>,
}

impl<'a> Span<'a> {
    fn of(stretch: &'a Stretch) -> Self {
        let ids = |ids: &'a [CampaignId]| ids.iter().map(CampaignId::as_str).collect();
        let line = Self { from: stamp(stretch.since), until: stamp(stretch.until), ..Self::default() };
        match &stretch.shows {
            Shows::Dark => Self { shows: "dark", ..line },
            Shows::SafeItem => Self { shows: "safe-item", ..line },
            Shows::Notices(notices) => {
                Self { shows: "notice", notices: notices.iter().map(playlists::id::NoticeId::as_str).collect(), ..line }
            }
            Shows::Loop { weighted, per_hour } => {
                Self { shows: "loop", campaigns: ids(weighted), per_hour: ids(per_hour), ..line }
            }
        }
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn entries(
    mut out: impl Write,
    csv: bool,
    plan: &Plan,
    schedule: &Schedule,
    overrides: &Overrides,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> anyhow::Result<()> {
    if csv {
        writeln!(out, "from,until,shows,campaign,asset,language,due,notice")?;
    }
    for showing in schedule.timeline(overrides, from, until) {
        let line = Entry::of(&showing, plan);
        if csv {
            let due = line.due.as_deref().unwrap_or_default();
            let [campaign, asset, language, notice] =
                [line.campaign, line.asset, line.language, line.notice].map(Option::unwrap_or_default);
            // Ids, instants and words: none of them holds a comma or a quote.
            writeln!(out, "{},{},{},{campaign},{asset},{language},{due},{notice}", line.from, line.until, line.shows)?;
        } else {
            json(&mut out, &line)?;
        }
    }
    Ok(out.flush()?)
}

fn spans(
    mut out: impl Write,
    csv: bool,
    schedule: &Schedule,
    overrides: &Overrides,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> anyhow::Result<()> {
    if csv {
        writeln!(out, "from,until,shows,campaigns,per_hour,notices")?;
    }
    for stretch in schedule.stretches(overrides, from, until) {
        let line = Span::of(&stretch);
        if csv {
            let [campaigns, per_hour, notices] = [&line.campaigns, &line.per_hour, &line.notices].map(|ids| ids.join(" "));
            writeln!(out, "{},{},{},{campaigns},{per_hour},{notices}", line.from, line.until, line.shows)?;
        } else {
            json(&mut out, &line)?;
        }
    }
    Ok(out.flush()?)
}

fn json(out: &mut impl Write, line: &impl Serialize) -> anyhow::Result<()> {
    let line = serde_json::to_string(line).context("a line is JSON")?;
    Ok(writeln!(out, "{line}")?)
}
