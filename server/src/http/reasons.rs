//! Why a campaign is on or not, and which rule decided, in the reader's words: the same on the page, in the API and on the command line.

use chrono::{DateTime, Utc};
use playlists::schedule::{Explanation, Rule, What, Why};

use super::words::Tr;
use crate::app::course::Names;
use crate::app::explain::{Because, Explained};
use crate::app::safe_item;

/// What is on.
#[must_use]
pub fn what(t: Tr, names: &Names, explanation: &Explanation) -> String {
    match &explanation.showing.what {
        What::Dark => t.s("now-dark"),
        What::Notice { .. } => t.s("now-notice"),
        What::Entry(slot) => {
            let asset = slot.asset.as_ref().filter(|asset| !safe_item::is(asset));
            let asset = asset.map_or_else(|| t.s("now-safe"), |asset| names.asset(asset).to_owned());
            match (&slot.campaign, &slot.asset) {
                (Some(campaign), _) => format!("{asset} · {}", names.campaign(campaign)),
                (None, Some(_)) => format!("{asset} · {}", t.s("now-default")),
                (None, None) => asset,
            }
        }
    }
}

/// Which rule decided.
#[must_use]
pub fn rule(t: Tr, rule: Rule) -> String {
    match rule {
        Rule::Blackout => t.s("rule-blackout"),
        Rule::Notice => t.s("rule-notice"),
        Rule::Hours => t.s("rule-hours"),
        Rule::PerHour => t.s("rule-per-hour"),
        Rule::Rank => t.s("rule-rank"),
        Rule::Priority => t.s("rule-priority"),
        Rule::Weight => t.s("rule-weight"),
        Rule::Default => t.s("rule-default"),
        Rule::SafeItem => t.s("rule-safe-item"),
    }
}

/// A word that stays the same, for programs.
#[must_use]
pub const fn code(because: &Because) -> &'static str {
    match because {
        Because::Rule(reason) => reason.why.as_str(),
        Because::NotApproved => "not-approved",
        Because::Paused => "paused",
        Because::Over(_) => "over",
        Because::NotPublished => "not-published",
    }
}

/// When a campaign is on next, if that is known.
#[must_use]
pub const fn next(because: &Because) -> Option<DateTime<Utc>> {
    match because {
        Because::Rule(reason) => reason.next,
        Because::NotApproved | Because::Paused | Because::Over(_) | Because::NotPublished => None,
    }
}

/// Why a campaign is on or not.
#[must_use]
pub fn because(t: Tr, explained: &Explained, because: &Because) -> String {
    let reason = match because {
        Because::Rule(reason) => reason,
        Because::NotApproved => return t.s("why-not-approved"),
        Because::Paused => return t.s("why-paused"),
        Because::Over(at) => return t.a("why-over", "at", t.instant(*at)),
        Because::NotPublished => return t.s("why-not-published"),
    };
    let by = |id| explained.names.campaign(id);
    match &reason.why {
        Why::On => t.s("why-on"),
        Why::NotApproved => t.s("why-not-approved"),
        Why::Recalled => t.s("why-recalled"),
        Why::NotYet(at) => t.a("why-not-yet", "at", t.instant(*at)),
        Why::Over(at) => t.a("why-over", "at", t.instant(*at)),
        Why::StoodDown(Some(at)) => t.a("why-stood-down-until", "at", t.instant(*at)),
        Why::StoodDown(None) => t.s("why-stood-down"),
        Why::OutsideWindows(Some(at)) => t.a("why-outside-windows", "at", t.instant(*at)),
        Why::OutsideWindows(None) => t.s("why-no-more-windows"),
        Why::NoValidEntry => t.s("why-no-valid-entry"),
        Why::Dark(at) => t.a("why-dark", "at", t.instant(*at)),
        Why::Blackout(at) => t.a("why-blackout", "at", t.instant(*at)),
        Why::Notice(_) => t.s("why-notice"),
        Why::Level(id) => t.a("why-level", "by", by(id)),
        Why::Rank(id) => t.a("why-rank", "by", by(id)),
        Why::Waiting => t.s("why-waiting"),
    }
}
