//! What lies over a board's loop, as a form gives it.

use ::playlists::id::AssetId;
use ::playlists::overlay::{Clock, Corner, Overlay, OverlaySize, Shows};

use super::overlays::can_lie_over;
use super::{App, FieldError};
use crate::store::{StoreError, assets};

/// How the choice of a picture begins; its id follows.
const PICTURE: &str = "picture:";

/// What lies in one corner, as a form gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayDraft {
    /// Where.
    pub corner: Corner,
    /// `time`, `time-and-date`, or `picture:` and the id of an asset; empty: nothing.
    pub shows: String,
    /// Per cent of the board's height, 5 to 40; empty: 12.
    pub size: String,
}

impl OverlayDraft {
    /// The forms of all corners of a board, as one reads.
    #[must_use]
    pub fn of(overlays: &[Overlay<AssetId>]) -> Vec<Self> {
        let draft = |corner: Corner| {
            let overlay = overlays.iter().find(|overlay| overlay.corner == corner);
            let shows = overlay.map_or_else(String::new, |overlay| match &overlay.shows {
                Shows::Clock(Clock::Time) => "time".to_owned(),
                Shows::Clock(Clock::TimeAndDate) => "time-and-date".to_owned(),
                Shows::Picture(asset) => format!("{PICTURE}{asset}"),
            });
            let size = overlay.map(|overlay| overlay.size).unwrap_or_default();
            Self { corner, shows, size: size.get().to_string() }
        };
        Corner::ALL.into_iter().map(draft).collect()
    }

    /// Its size; none where it is outside its range.
    #[must_use]
    pub fn size(&self) -> Option<OverlaySize> {
        match self.size.trim() {
            "" => Some(OverlaySize::default()),
            text => text.parse().ok().and_then(|per_cent| OverlaySize::new(per_cent).ok()),
        }
    }

    /// The picture that is chosen, if it can be one.
    #[must_use]
    pub fn picture(&self) -> Option<AssetId> {
        self.shows.trim().strip_prefix(PICTURE)?.parse().ok()
    }

    /// The choice of a picture, as `shows` has it.
    #[must_use]
    pub fn choice(asset: &AssetId) -> String {
        format!("{PICTURE}{asset}")
    }
}

/// What these forms ask for; what is wrong is the field `overlays.CORNER` or `overlay-sizes.CORNER`.
///
/// # Errors
/// When the database fails.
pub(super) async fn check(
    app: &App,
    drafts: &[OverlayDraft],
    errors: &mut Vec<FieldError>,
) -> Result<Vec<Overlay<AssetId>>, StoreError> {
    let mut overlays: Vec<Overlay<AssetId>> = Vec::new();
    for draft in drafts {
        let corner = &draft.corner;
        if draft.shows.trim().is_empty() {
            continue;
        }
        let size = draft.size();
        if size.is_none() {
            errors.push(FieldError::new(format!("overlay-sizes.{corner}"), "error-overlay-size"));
        }
        let shows = shown(app, draft).await?;
        if shows.is_none() {
            errors.push(FieldError::new(format!("overlays.{corner}"), "error-overlay-unknown"));
        }
        if let (Some(size), Some(shows)) = (size, shows)
            && !overlays.iter().any(|overlay| overlay.corner == *corner)
        {
            overlays.push(Overlay { corner: *corner, size, shows });
        }
    }
    overlays.sort();
    Ok(overlays)
}

async fn shown(app: &App, draft: &OverlayDraft) -> Result<Option<Shows<AssetId>>, StoreError> {
    match draft.shows.trim() {
        "time" => return Ok(Some(Shows::Clock(Clock::Time))),
        "time-and-date" => return Ok(Some(Shows::Clock(Clock::TimeAndDate))),
        _ => {}
    }
    let Some(id) = draft.picture() else { return Ok(None) };
    let asset = assets::get(&app.db, &id).await?.filter(can_lie_over);
    Ok(asset.map(|asset| Shows::Picture(asset.id)))
}
