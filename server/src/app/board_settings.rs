//! A board's settings: what its owner decides about light, loop, default playlist and overlays. Published at once; the day's past stays.

use std::collections::{BTreeMap, BTreeSet};

use ::playlists::asset::Language;
use ::playlists::campaign::Level;
use ::playlists::hours::changed_at;
use ::playlists::id::{BoardId, CampaignId, PlaylistId};
use ::playlists::trust::manifest::Lanes;
use chrono::DateTime;

use super::hours::HoursDraft;
use super::overlay_draft::OverlayDraft;
use super::{App, FieldError, checked_name, demand, overlay_draft};
use crate::live::Change;
use crate::store::board_changes::EndedHours;
use crate::store::board_defaults::EndedDefault;
use crate::store::boards::{Board, LoopRules, Settings};
use crate::store::campaigns::StoredCampaign;
use crate::store::{
    StoreError, Tx, board_changes, board_defaults, boards, campaigns, manifests, playlists as stored_playlists, publish_wanted,
};

/// Largest weight of a lane or a language, and last rank.
const LARGEST: u32 = 1000;
/// Most campaigns that are looked through.
const MOST_CAMPAIGNS: u32 = 20_000;
/// Hours count from a whole minute on: manifests tell them in minutes.
const MINUTE_MS: i64 = 60_000;

/// A board's settings as a form gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsDraft {
    /// Its name.
    pub name: String,
    /// When it is lit.
    pub hours: HoursDraft,
    /// Per cent, 0–100.
    pub brightness: String,
    /// What plays when nothing else does; empty: the safe item.
    pub default_playlist: String,
    /// What lies over its loop, corner by corner.
    pub overlays: Vec<OverlayDraft>,
    /// Weight of the province's lane, 0–1,000; empty: 3.
    pub lane_province: String,
    /// Weight of the commune's lane, 0–1,000; empty: 2.
    pub lane_commune: String,
    /// Languages as BCP 47 tags, each with its weight of 1 to 1,000; an empty weight or 0: not shown. None: any language.
    pub languages: Vec<(String, String)>,
    /// Ids of `priority` campaigns, each with its rank of 1 to 1,000; an empty rank: not ranked.
    pub ranks: Vec<(String, String)>,
}

impl SettingsDraft {
    /// The form of a board as it is set up.
    #[must_use]
    pub fn of(board: &Board) -> Self {
        let pairs = |(name, number): (String, &u32)| (name, number.to_string());
        Self {
            name: board.name.clone(),
            hours: HoursDraft::of(board.hours.as_ref()),
            brightness: board.brightness.to_string(),
            default_playlist: board.default_playlist.as_ref().map(ToString::to_string).unwrap_or_default(),
            overlays: OverlayDraft::of(&board.overlays),
            lane_province: board.rules.lanes.province.to_string(),
            lane_commune: board.rules.lanes.commune.to_string(),
            languages: board.rules.languages.iter().map(|(tag, weight)| pairs((tag.to_string(), weight))).collect(),
            ranks: board.rules.ranks.iter().map(|(id, rank)| pairs((id.to_string(), rank))).collect(),
        }
    }
}

/// Saves a board's settings and publishes them. Fields are named as in [`SettingsDraft`], those of languages and ranks `languages.TAG`
/// and `ranks.ID`, those of hours as [`HoursDraft::check`] says, those of overlays `overlays.CORNER` and `overlay-sizes.CORNER`.
///
/// # Errors
/// The outer one when the database fails, the inner one with all that is wrong in the form.
pub async fn save(app: &App, id: &BoardId, draft: &SettingsDraft) -> Result<Result<(), Vec<FieldError>>, StoreError> {
    let Some(old) = boards::get(&app.db, id).await? else {
        return Ok(Err(vec![FieldError::new("board", "error-board-unknown").with("board", id.as_str())]));
    };
    let mut errors = Vec::new();
    let name = checked_name(&draft.name, &mut errors);
    let hours = draft.hours.check(&mut errors);
    let brightness = draft.brightness.trim().parse().ok().filter(|b| *b <= 100).unwrap_or_else(|| {
        errors.push(FieldError::new("brightness", "error-brightness-range"));
        100
    });
    let default_playlist = known_playlist(app, &draft.default_playlist, &mut errors).await?;
    let overlays = overlay_draft::check(app, &draft.overlays, &mut errors).await?;
    let rules = check_rules(draft, &mut errors);
    let Some(hours) = hours.filter(|_| errors.is_empty()) else { return Ok(Err(errors)) };
    let settings = Settings { name, hours, brightness, default_playlist, overlays, rules };
    if settings.default_playlist != old.default_playlist {
        let supposed = Board { default_playlist: settings.default_playlist.clone(), ..old.clone() };
        let errors = demand::default_errors(app, supposed).await?;
        if !errors.is_empty() {
            return Ok(Err(errors));
        }
    }
    if settings.hours != old.hours {
        let supposed = Board { hours: settings.hours.clone(), ..old.clone() };
        let errors = demand::hours_errors(app, old.clone(), supposed).await?;
        if !errors.is_empty() {
            return Ok(Err(errors));
        }
    }
    let now_ms = app.clock.now_ms();
    // Before its first manifest a board showed nothing, so there is no past to keep.
    let has_past = manifests::newest_revision(&app.db, id).await?.is_some();
    let mut tx = app.db.write().await?;
    if has_past {
        keep_past(&mut tx, &old, &settings, now_ms).await?;
    }
    boards::save_settings(&mut tx, id, &settings).await?;
    publish_wanted::mark(&mut tx, std::slice::from_ref(id), now_ms).await?;
    tx.commit().await?;
    app.live.tell(Change::Board(id.clone()));
    app.live.publish.notify_one();
    Ok(Ok(()))
}

/// Notes what was otherwise until now. A manifest tells earlier defaults and hours of the day; of lanes, languages and ranks it has one
/// value, so the day's list is made anew from now on, and what is before is told by the manifest before.
pub(super) async fn keep_past(tx: &mut Tx, old: &Board, new: &Settings, now_ms: i64) -> Result<(), StoreError> {
    let board = &old.id;
    if old.default_playlist != new.default_playlist {
        let ended = EndedDefault { board: board.clone(), ended_ms: now_ms, playlist: old.default_playlist.clone() };
        board_defaults::add(tx, &ended).await?;
    }
    let mut anew = old.rules != new.rules;
    if old.hours != new.hours {
        let ended_ms = now_ms.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS);
        let at = DateTime::from_timestamp_millis(ended_ms).unwrap_or_default();
        let told = changed_at(old.hours.as_ref(), new.hours.as_ref(), at, old.time_zone).is_some();
        anew |= !told;
        if told {
            board_changes::end_hours(tx, &EndedHours { board: board.clone(), ended_ms, hours: old.hours.clone() }).await?;
        }
    }
    if anew {
        board_changes::relist(tx, board, now_ms).await?;
    }
    Ok(())
}

fn check_rules(draft: &SettingsDraft, errors: &mut Vec<FieldError>) -> LoopRules {
    let shipped = Lanes::default();
    let mut lane = |field: &str, text: &str, empty: u32| match text.trim() {
        "" => empty,
        text => text.parse().ok().filter(|weight| *weight <= LARGEST).unwrap_or_else(|| {
            errors.push(FieldError::new(field, "error-lanes-range"));
            empty
        }),
    };
    let lanes = Lanes {
        province: lane("lane_province", &draft.lane_province, shipped.province),
        commune: lane("lane_commune", &draft.lane_commune, shipped.commune),
    };
    if (lanes.province, lanes.commune) == (0, 0) {
        errors.push(FieldError::new("lane_province", "error-lanes-range"));
    }
    let mut languages = BTreeMap::new();
    for (tag, weight) in &draft.languages {
        if matches!(weight.trim(), "" | "0") {
            continue;
        }
        match (tag.trim().parse::<Language>(), positive(weight)) {
            (Ok(language), Some(weight)) => {
                languages.insert(language, weight);
            }
            (Err(_), _) => errors.push(FieldError::new(format!("languages.{tag}"), "error-language-form").with("tag", tag)),
            (Ok(_), None) => errors.push(FieldError::new(format!("languages.{tag}"), "error-language-range").with("tag", tag)),
        }
    }
    let mut ranks = BTreeMap::new();
    for (id, rank) in draft.ranks.iter().filter(|(_, rank)| !rank.trim().is_empty()) {
        match (id.trim().parse::<CampaignId>(), positive(rank)) {
            (Ok(id), Some(rank)) => {
                ranks.insert(id, rank);
            }
            (Ok(_), None) => errors.push(FieldError::new(format!("ranks.{id}"), "error-rank-range")),
            (Err(_), _) => errors.push(FieldError::new(format!("ranks.{id}"), "error-campaign-unknown")),
        }
    }
    LoopRules { lanes, languages, ranks }
}

fn positive(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|number| (1..=LARGEST).contains(number))
}

async fn known_playlist(app: &App, text: &str, errors: &mut Vec<FieldError>) -> Result<Option<PlaylistId>, StoreError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let found = match text.trim().parse::<PlaylistId>() {
        Ok(id) => stored_playlists::get(&app.db, &id).await?.map(|playlist| playlist.id),
        Err(_) => None,
    };
    if found.is_none() {
        errors.push(FieldError::new("default_playlist", "error-playlist-unknown"));
    }
    Ok(found)
}

/// The `priority` campaigns aimed at a board that are not over, by name: those that its owner may rank, and those ranked already.
///
/// # Errors
/// When the database fails.
pub async fn to_be_ranked(app: &App, board: &Board) -> Result<Vec<StoredCampaign>, StoreError> {
    let now = app.clock.now();
    let ranked: BTreeSet<&CampaignId> = board.rules.ranks.keys().collect();
    let all = campaigns::list(&app.db, "", None, MOST_CAMPAIGNS).await?;
    let concerned = |campaign: &StoredCampaign| {
        let aimed = campaign.all_boards || campaign.boards.contains(&board.id);
        ranked.contains(&campaign.id) || (aimed && campaign.level == Level::Priority && !campaign.is_over(now))
    };
    Ok(all.into_iter().filter(concerned).collect())
}
