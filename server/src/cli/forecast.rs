//! `bangtin forecast`: what each campaign gets of a board over an interval, on this server, or by a plan without one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use playlists::id::BoardId;
use playlists::plan::When;
use playlists::schedule::Schedule;

use super::block_on;
use super::plan::{interval, read};
use super::say::say;
use crate::app::board_forecast::{BoardForecast, board_forecast};
use crate::app::course::LONGEST;
use crate::app::{boards, plans};
use crate::config::Config;
use crate::lifecycle;
use crate::ports::SystemClock;

/// What is to be counted.
#[derive(Debug, PartialEq, Eq, clap::Args)]
pub struct Arguments {
    /// A plan, a file of YAML or JSON; without it, what this server has published.
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// The board.
    #[arg(long, value_name = "ID")]
    pub board: BoardId,
    /// The first instant: `2026-02-16T17:00:00Z`, or a date or time local to the board.
    #[arg(long, value_name = "WHEN")]
    pub from: When,
    /// The first instant after it; a date is included.
    #[arg(long, value_name = "WHEN")]
    pub to: When,
}

/// Counts.
///
/// # Errors
/// When there is no such board, the plan does not hold, the interval is none, or the database fails.
pub fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<()> {
    let forecast = match &arguments.plan {
        Some(file) => by_plan(file, arguments)?,
        None => by_server(config, arguments)?,
    };
    say!("shows\tcampaign\tname\tplays\tplays_per_hour\tshown_s\tshare\tlapses");
    for share in forecast.shares() {
        say!(
            "{}\t{}\t{}\t{}\t{:.2}\t{:.3}\t{:.4}\t{}",
            share.shows,
            share.campaign.map_or("-", |id| id.as_str()),
            share.name.unwrap_or("-"),
            share.plays,
            share.plays_per_hour,
            share.shown_ms as f64 / 1000.0,
            share.share,
            share.lapses
        );
    }
    Ok(())
}

fn by_plan(file: &Path, arguments: &Arguments) -> anyhow::Result<BoardForecast> {
    let plan = read(file)?.plan;
    let drawn = plans::drawn(&plan, &arguments.board);
    let manifest = plan.manifest(&arguments.board, &drawn)?;
    let overrides = plan.overrides(&arguments.board, &drawn)?;
    let (from, until) = interval(&arguments.from, &arguments.to, manifest.time_zone, LONGEST)?;
    let mut forecast = BoardForecast::by_manifest(&manifest, &Schedule::new(&manifest)?, &overrides, from, until);
    forecast.names.campaigns = plan.campaigns.into_iter().map(|campaign| (campaign.id, campaign.name)).collect();
    Ok(forecast)
}

fn by_server(config: &Config, arguments: &Arguments) -> anyhow::Result<BoardForecast> {
    block_on(async {
        let app = lifecycle::open(config, Arc::new(SystemClock)).await?;
        let unknown = || format!("there is no board {}; see: bangtin board list", arguments.board);
        let board = boards::get(&app, &arguments.board).await?.with_context(unknown)?;
        let (from, until) = interval(&arguments.from, &arguments.to, board.time_zone, LONGEST)?;
        let forecast = board_forecast(&app, &arguments.board, from, until).await?.with_context(unknown)?;
        app.db.close().await;
        Ok(forecast)
    })
}
