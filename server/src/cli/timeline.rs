//! `bangtin timeline`: what a board of a plan plays, to the millisecond, without a server.

use std::path::PathBuf;

use chrono::TimeDelta;
use playlists::id::BoardId;
use playlists::plan::{Campaign, Drawn, Plan, When};
use playlists::schedule::Schedule;

use super::plan::{self, piped};
use super::rows::{self, Entry, Span, in_order};
use crate::app::plans;

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
    let drawn = plans::drawn(&plan, board);
    let manifest = plan.manifest(board, &drawn)?;
    let overrides = plan.overrides(board, &drawn)?;
    let (from, until) = plan::interval(&arguments.from, &arguments.to, manifest.time_zone, LONGEST)?;
    let schedule = Schedule::new(&manifest)?;
    tell_what_is_left_out(&plan, board, &drawn);
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    let csv = arguments.format == "csv";
    piped(match arguments.step.as_str() {
        "span" => {
            let shown = schedule.stretches(&overrides, from, until).into_iter().map(|of| (of.since, Span::of(&of)));
            let over_it = schedule.ticker_stretches(&overrides, from, until).into_iter().map(|of| (of.since, Span::tickers(&of)));
            rows::write(out, csv, in_order(shown, over_it))
        }
        _ => {
            let shown = schedule.timeline(&overrides, from, until).map(|of| (of.since, Entry::of(&of, &plan)));
            let over_it = schedule.crossings(&overrides, from, until).map(|of| (of.since, Entry::crossing(&of, &plan, board)));
            rows::write(out, csv, in_order(shown, over_it))
        }
    })
}

/// Who wonders why nothing plays reads this.
fn tell_what_is_left_out(plan: &Plan, id: &BoardId, drawn: &Drawn) {
    let Some(board) = plan.boards.iter().find(|board| board.id == *id) else { return };
    let meant = || plan.campaigns.iter().filter(|campaign| campaign.targets.mean(id, &board.commune, board.geometry));
    let tell = |why: &str, left_out: Vec<&Campaign>| {
        let ids: Vec<&str> = left_out.iter().map(|campaign| campaign.id.as_str()).collect();
        if !ids.is_empty() {
            eprintln!("bangtin: {why}, so left out: {}", ids.join(", "));
        }
    };
    let is_on = |campaign: &&Campaign| campaign.approved && !campaign.paused;
    tell("not approved or paused", meant().filter(|campaign| !is_on(campaign)).collect());
    let no_strip = |campaign: &&Campaign| {
        campaign.ticker.as_ref().is_some_and(|ticker| !drawn.strips.keys().any(|(asset, _)| asset == ticker))
    };
    tell("no running text can be made for these pixels", meant().filter(is_on).filter(no_strip).collect());
}
