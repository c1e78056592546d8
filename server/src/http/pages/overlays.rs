//! What lies over a board's loop: the part of the settings' form, and in words.

use playlists::asset::AssetKind;
use playlists::overlay::{Clock, Corner, Shows};

use super::fields::{Errors, Fields};
use crate::app::assets::{self, Search};
use crate::app::overlay_draft::OverlayDraft;
use crate::app::overlays::can_lie_over;
use crate::http::site::Site;
use crate::http::words::Tr;
use crate::store::StoreError;
use crate::store::assets::Asset;
use crate::store::boards::Board;

/// Pictures offered in the form, the newest of the library.
const OFFERED: u32 = 500;

/// One corner in the form.
pub(super) struct CornerLine {
    pub(super) corner: &'static str,
    pub(super) name: String,
    pub(super) clocks: Vec<Offer>,
    pub(super) pictures: Vec<Offer>,
    pub(super) size: String,
    pub(super) fault: String,
    pub(super) size_fault: String,
}

/// What can be chosen.
#[derive(Clone)]
pub(super) struct Offer {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

fn corner_name(t: Tr, corner: Corner) -> String {
    match corner {
        Corner::TopLeft => t.s("corner-top-left"),
        Corner::TopRight => t.s("corner-top-right"),
        Corner::BottomLeft => t.s("corner-bottom-left"),
        Corner::BottomRight => t.s("corner-bottom-right"),
    }
}

fn clock_name(t: Tr, clock: Clock) -> String {
    match clock {
        Clock::Time => t.s("overlay-time"),
        Clock::TimeAndDate => t.s("overlay-time-and-date"),
    }
}

/// The corners as a form sent them.
pub(super) fn drafts(fields: &Fields) -> Vec<OverlayDraft> {
    let draft = |corner: Corner| OverlayDraft {
        corner,
        shows: fields.one(&format!("overlay-{corner}")),
        size: fields.one(&format!("overlay-size-{corner}")),
    };
    Corner::ALL.into_iter().map(draft).collect()
}

/// The corners as the form shows them.
pub(super) async fn lines(site: &Site, t: Tr, drafts: &[OverlayDraft], errors: &Errors) -> Result<Vec<CornerLine>, StoreError> {
    let stills = Search { kind: Some(AssetKind::Still), ..Search::default() };
    let mut pictures = assets::find(&site.app, &stills, None, OFFERED).await?;
    pictures.retain(can_lie_over);
    let line = |draft: &OverlayDraft| CornerLine {
        corner: draft.corner.as_str(),
        name: corner_name(t, draft.corner),
        clocks: [("time", Clock::Time), ("time-and-date", Clock::TimeAndDate)]
            .map(|(value, clock)| Offer { value: value.to_owned(), name: clock_name(t, clock), chosen: draft.shows == value })
            .into(),
        pictures: pictures.iter().map(|picture| offer(picture, draft)).collect(),
        size: draft.size.clone(),
        fault: errors.at(&format!("overlays.{}", draft.corner)).to_owned(),
        size_fault: errors.at(&format!("overlay-sizes.{}", draft.corner)).to_owned(),
    };
    let mut lines: Vec<CornerLine> = drafts.iter().map(line).collect();
    for (line, draft) in lines.iter_mut().zip(drafts) {
        let is_offered = draft.shows.is_empty() || line.clocks.iter().chain(&line.pictures).any(|offer| offer.chosen);
        if let (false, Some(chosen)) = (is_offered, old_choice(site, draft).await?) {
            line.pictures.push(chosen);
        }
    }
    Ok(lines)
}

fn offer(picture: &Asset, draft: &OverlayDraft) -> Offer {
    let value = OverlayDraft::choice(&picture.id);
    Offer { chosen: draft.shows == value, name: picture.name.clone(), value }
}

/// A chosen picture that is not among the newest: it stays chosen.
async fn old_choice(site: &Site, draft: &OverlayDraft) -> Result<Option<Offer>, StoreError> {
    let Some(id) = draft.picture() else { return Ok(None) };
    Ok(assets::get(&site.app, &id).await?.map(|picture| offer(&picture, draft)))
}

/// What lies over a board's loop, in words.
pub(super) async fn in_words(site: &Site, t: Tr, board: &Board) -> Result<String, StoreError> {
    let mut told = Vec::new();
    for overlay in &board.overlays {
        let what = match &overlay.shows {
            Shows::Clock(clock) => clock_name(t, *clock),
            Shows::Picture(asset) => assets::get(&site.app, asset).await?.map_or_else(|| asset.to_string(), |asset| asset.name),
        };
        told.push(format!("{}: {what}", corner_name(t, overlay.corner)));
    }
    Ok(if told.is_empty() { t.s("overlays-none") } else { told.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corner_is_read_from_the_form_as_one_reads() {
        let field = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let sent = [("overlay-bottom-right", "picture:a-1"), ("overlay-size-bottom-right", "20"), ("overlay-top-left", "time")];
        let drafts = drafts(&Fields(sent.map(field).into()));
        let told: Vec<_> = drafts.iter().map(|draft| (draft.corner, draft.shows.as_str(), draft.size.as_str())).collect();
        assert_eq!(
            told,
            [
                (Corner::TopLeft, "time", ""),
                (Corner::TopRight, "", ""),
                (Corner::BottomLeft, "", ""),
                (Corner::BottomRight, "picture:a-1", "20"),
            ]
        );
    }
}
