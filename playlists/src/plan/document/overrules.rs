//! What overrules campaigns: stand-downs, recall, blackouts, notices.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Targets, is_default};
use crate::id::{AssetId, CampaignId, NoticeId, ThemeId};
use crate::plan::schema::{Id, SeverityWord};
use crate::plan::values::When;
use crate::schedule::Severity;

/// Themes held back on all boards for a while, as in mourning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandDown {
    /// Its id: 1 to 64 of a–z, 0–9 and -.
    #[schemars(with = "Id")]
    pub id: String,
    /// Why, for people.
    pub name: String,
    /// Campaigns of these themes do not play.
    #[schemars(with = "Vec<Id>")]
    pub themes: BTreeSet<ThemeId>,
    /// From when.
    pub from: When,
    /// Until when, a date included; until it is ended, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
}

/// What is never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recalled {
    /// Assets, in all their languages: the next entry of their playlist is shown in their place.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<Id>")]
    pub assets: BTreeSet<AssetId>,
    /// Campaigns: their turns go to the default playlist.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<Id>")]
    pub campaigns: BTreeSet<CampaignId>,
}

impl Recalled {
    pub(super) fn is_empty(&self) -> bool {
        self.assets.is_empty() && self.campaigns.is_empty()
    }
}

/// Boards taken off the air.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blackout {
    /// Which boards.
    pub targets: Targets,
    /// From when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Until when; a date is included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
    /// They show the safe item within their hours instead of nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub safe_item: bool,
}

/// An emergency message that takes screens over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Its id: 1 to 64 of a–z, 0–9 and -.
    #[schemars(with = "Id")]
    pub id: NoticeId,
    /// How grave it is; only the gravest are shown.
    #[schemars(with = "SeverityWord")]
    pub severity: Severity,
    /// Which boards.
    pub targets: Targets,
    /// What is shown: an asset.
    #[schemars(with = "Id")]
    pub takeover: AssetId,
    /// From when.
    pub effective: When,
    /// Until when; a date is included.
    pub expires: When,
    /// Whether it lights boards outside their hours.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lights: bool,
}
