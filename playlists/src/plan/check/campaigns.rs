//! Campaigns, and what overrules them.

use super::owners::{check_owner, is_code};
use super::{Faults, Names};
use crate::campaign::MOST_WINDOWS;
use crate::id::ThemeId;
use crate::plan::document::{Campaign, Plan};
use crate::plan::fault::hint;
use crate::theme::THEMES;
use crate::trust::manifest::MOST_STAND_DOWNS;
use crate::window::Window;

pub(super) fn check(plan: &Plan, names: &Names<'_>, faults: &mut Faults) {
    faults.doubles("campaigns", plan.campaigns.iter().map(|campaign| campaign.id.as_str()));
    for (number, campaign) in plan.campaigns.iter().enumerate() {
        let path = format!("campaigns[{number}]");
        faults.name(&path, &campaign.name);
        check_owner(plan, campaign.unit.as_ref(), &path, names, faults);
        check_campaign(plan, campaign, &path, names, faults);
        faults.targets(&path, plan, names, &campaign.targets);
        check_codes(&path, campaign.targets.communes.iter(), faults);
    }
    check_stand_downs(plan, faults);
    for (number, asset) in plan.recalled.assets.iter().enumerate() {
        faults.known(format!("recalled.assets[{number}]"), "asset", asset.as_str(), &names.asset_ids());
    }
    for (number, campaign) in plan.recalled.campaigns.iter().enumerate() {
        faults.known(format!("recalled.campaigns[{number}]"), "campaign", campaign.as_str(), &names.campaigns);
    }
    for (number, blackout) in plan.blackouts.iter().enumerate() {
        let path = format!("blackouts[{number}]");
        faults.period(&path, plan, blackout.from, blackout.until);
        faults.targets(&path, plan, names, &blackout.targets);
    }
    faults.doubles("notices", plan.notices.iter().map(|notice| notice.id.as_str()));
    for (number, notice) in plan.notices.iter().enumerate() {
        let path = format!("notices[{number}]");
        faults.known(format!("{path}.takeover"), "asset", notice.takeover.as_str(), &names.asset_ids());
        if notice.expires.ends(plan.zone()) <= notice.effective.begins(plan.zone()) {
            faults.add(format!("{path}.expires"), "this is not after effective; a date as an end is included");
        }
        faults.targets(&path, plan, names, &notice.targets);
    }
}

fn check_codes<'a>(path: &str, codes: impl Iterator<Item = &'a String>, faults: &mut Faults) {
    for (number, code) in codes.enumerate().filter(|(_, code)| !is_code(code)) {
        faults.add(
            format!("{path}.targets.communes[{number}]"),
            format!("{code:?} is no code of a commune; write its five digits"),
        );
    }
}

fn check_campaign(plan: &Plan, campaign: &Campaign, path: &str, names: &Names<'_>, faults: &mut Faults) {
    match (&campaign.playlist, &campaign.ticker) {
        (Some(playlist), None) => faults.known(format!("{path}.playlist"), "playlist", playlist.as_str(), &names.playlist_ids()),
        (None, Some(ticker)) => {
            faults.known(format!("{path}.ticker"), "asset", ticker.as_str(), &names.asset_ids());
            if names.assets.get(ticker.as_str()).is_some_and(|asset| asset.ticker.is_none()) {
                faults.add(format!("{path}.ticker"), format!("{ticker} is no running text; put it into a playlist"));
            }
        }
        (None, None) => faults.add(path, "a campaign plays something; name a playlist, or a running text as ticker"),
        (Some(_), Some(_)) => faults.add(path, "either playlist or ticker; make two campaigns of it"),
    }
    match (campaign.weight, campaign.per_hour) {
        (Some(_), None) => {}
        (None, Some(_)) if campaign.ticker.is_none() => {}
        (None, Some(_)) => faults.add(format!("{path}.per_hour"), "running texts take turns by weight; write weight instead"),
        (None, None) => faults.add(path, "weight is missing; add it, 1 to 1000 (or per_hour, 1 to 3600 plays)"),
        (Some(_), Some(_)) => faults.add(path, "either weight or per_hour; leave one out"),
    }
    check_theme(&format!("{path}.theme"), campaign.theme.as_ref(), faults);
    faults.period(path, plan, campaign.from, campaign.until);
    if campaign.windows.len() > MOST_WINDOWS {
        faults.add(format!("{path}.windows"), format!("more than {MOST_WINDOWS} windows"));
    }
    for (number, window) in campaign.windows.iter().enumerate() {
        if let Err(fault) = Window::try_from(window) {
            faults.add(format!("{path}.windows[{number}]"), fault.to_string());
        }
    }
}

fn check_theme(path: &str, theme: Option<&ThemeId>, faults: &mut Faults) {
    if let Some(theme) = theme.filter(|theme| !THEMES.contains(&theme.as_str())) {
        faults.add(path, format!("there is no theme {theme}{}", hint(theme.as_str(), THEMES)));
    }
}

fn check_stand_downs(plan: &Plan, faults: &mut Faults) {
    if plan.stand_downs.len() > MOST_STAND_DOWNS {
        faults.add("stand_downs", format!("more than {MOST_STAND_DOWNS}; leave past ones out"));
    }
    faults.doubles("stand_downs", plan.stand_downs.iter().map(|stand_down| stand_down.id.as_str()));
    for (number, stand_down) in plan.stand_downs.iter().enumerate() {
        let path = format!("stand_downs[{number}]");
        faults.name(&path, &stand_down.name);
        if stand_down.id.parse::<ThemeId>().is_err() {
            faults.add(format!("{path}.id"), "an id has 1 to 64 of a-z, 0-9 and -");
        }
        if stand_down.themes.is_empty() {
            faults.add(format!("{path}.themes"), "no theme is named; nothing would be held back");
        }
        for theme in &stand_down.themes {
            check_theme(&format!("{path}.themes"), Some(theme), faults);
        }
        faults.period(&path, plan, Some(stand_down.from), stand_down.until);
    }
}
