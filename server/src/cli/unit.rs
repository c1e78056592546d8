//! `bangtin unit`: the units that own boards and content.

use std::sync::Arc;

use anyhow::Context as _;
use playlists::id::UnitId;
use playlists::unit::Tier;

use super::block_on;
use super::say::say;
use crate::app::{App, units};
use crate::config::Config;
use crate::lifecycle;
use crate::ports::SystemClock;
use crate::store::units::Unit;

/// Units listed in one go.
const PAGE: u32 = 500;
/// Most units that an error names.
const NAMED: u32 = 12;

/// What can be done with units.
#[derive(Debug, PartialEq, Eq, clap::Subcommand)]
pub enum Command {
    /// Add a unit.
    Add {
        /// Its id: 1 to 64 of a-z, 0-9 and -.
        #[arg(long)]
        id: UnitId,
        /// Its name, as people read it.
        #[arg(long)]
        name: String,
        /// Its tier.
        #[arg(long, value_name = "province|commune")]
        tier: Tier,
        /// The unit above it: a province.
        #[arg(long, value_name = "UNIT")]
        parent: Option<UnitId>,
    },
    /// List the units.
    List,
}

/// Carries the command out.
///
/// # Errors
/// When the unit cannot be added, or the database fails.
pub fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    block_on(async {
        let app = lifecycle::open(config, Arc::new(SystemClock)).await?;
        match command {
            Command::Add { id, name, tier, parent } => {
                let unit = Unit { id: id.clone(), name, tier, parent };
                units::create(&app, unit).await.context("the unit cannot be added")?;
                say!("Added {id}.");
            }
            Command::List => list(&app).await?,
        }
        app.db.close().await;
        Ok(())
    })
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut after: Option<UnitId> = None;
    loop {
        let page = units::list(app, after.as_ref(), PAGE).await?;
        for unit in &page {
            let parent = unit.parent.as_ref().map_or("-", UnitId::as_str);
            say!("{}\t{}\t{parent}\t{}", unit.id, unit.tier.as_str(), unit.name);
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some(last.id.clone()),
            _ => return Ok(()),
        }
    }
}

/// A sentence for whoever named a unit that does not exist: which there are, and how one is added.
///
/// # Errors
/// When the database fails.
pub async fn which_there_are(app: &App) -> anyhow::Result<String> {
    const ADD: &str = "bangtin unit add --id ID --name NAME --tier province|commune";
    let page = units::list(app, None, NAMED + 1).await?;
    let named: Vec<&str> = page.iter().take(NAMED as usize).map(|unit| unit.id.as_str()).collect();
    Ok(match (named.len(), page.len() > named.len()) {
        (0, _) => format!("there is none yet; add one with: {ADD}"),
        (_, false) => format!("there are: {}; add another with: {ADD}", named.join(", ")),
        (_, true) => format!("there are: {} and more (bangtin unit list); add another with: {ADD}", named.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::{Cli, Command as Any};
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        match Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?.command {
            Any::Unit(command) => Ok(command),
            _ => Err("another command".to_owned()),
        }
    }

    #[test]
    fn a_unit_is_added_with_id_name_tier_and_perhaps_the_unit_above() {
        let id = |text: &str| text.parse::<UnitId>().expect("an id");
        let add = |id, tier, parent| Command::Add { id, name: "Tỉnh".to_owned(), tier, parent };
        assert_eq!(parsed("bangtin unit add --id tn --name Tỉnh --tier province"), Ok(add(id("tn"), Tier::Province, None)));
        assert_eq!(
            parsed("bangtin unit add --id xa-05443 --name Tỉnh --tier commune --parent tn"),
            Ok(add(id("xa-05443"), Tier::Commune, Some(id("tn"))))
        );
        assert_eq!(parsed("bangtin unit list"), Ok(Command::List));
    }

    #[test]
    fn what_names_no_unit_is_refused_with_the_reason() {
        let says = |line: &str| parsed(line).expect_err("refused");
        assert!(says("bangtin unit add --id tn --name Tỉnh --tier district").contains("there are province and commune"));
        assert!(says("bangtin unit add --id Tỉnh --name Tỉnh --tier province").contains("may only contain a-z, 0-9 and -"));
        assert!(says("bangtin unit add --id tn --name Tỉnh").contains("--tier"));
    }
}
