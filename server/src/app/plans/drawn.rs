//! What only drawing tells of a plan's assets: how wide running texts are on a board, and which slides change with the day.

use std::collections::BTreeMap;

use ::playlists::id::{AssetId, BoardId};
use ::playlists::plan::{self, Drawn, Plan};
use chrono::NaiveDate;

use crate::app::draw::{language_of, strip_pixels};
use crate::media::slides::colour::Colour;
use crate::media::slides::content::Content;
use crate::media::slides::document::{SlideDocument, TickerDocument};
use crate::media::slides::library;

/// Draws what has to be drawn to tell what a board of a plan plays. A text that cannot be a strip there is left out, as it is on a board;
/// so are the days of a slide whose template is not known here.
#[must_use]
pub fn drawn(plan: &Plan, board: &BoardId) -> Drawn {
    let mut drawn = Drawn::default();
    let Some(board) = plan.boards.iter().find(|known| known.id == *board) else { return drawn };
    for asset in &plan.assets {
        let texts =
            asset.ticker.iter().flat_map(|ticker| ticker.texts.iter().map(move |(language, text)| (ticker, language, text)));
        for (ticker, language, text) in texts.filter(|_| runs(plan, &asset.id)) {
            let Some(document) = document(ticker, text) else { continue };
            if let Ok(strip) = strip_pixels(&document, language_of(language.as_str()), board.geometry) {
                drawn.strips.insert((asset.id.clone(), language.clone()), strip.width());
            }
        }
        if let Some(days) = asset.slide.as_ref().and_then(days) {
            drawn.days.insert(asset.id.clone(), days);
        }
    }
    drawn
}

/// Whether a campaign runs this text: only then its width matters.
fn runs(plan: &Plan, asset: &AssetId) -> bool {
    plan.campaigns.iter().any(|campaign| campaign.ticker.as_ref() == Some(asset))
}

/// A text as it is kept. Its colours make it no wider.
fn document(ticker: &plan::Ticker, text: &str) -> Option<TickerDocument> {
    let ink = Colour([255; 3]);
    let band = ticker.band.as_ref().map(|_| Colour([0; 3]));
    let pixels_a_frame = ticker.speed.unwrap_or(super::contents::SPEED);
    TickerDocument { text: text.to_owned(), ink, band, pixels_a_frame }.checked().ok()
}

/// The days for which a slide has pictures, whenever it was made.
fn days(slide: &plan::Slide) -> Option<(NaiveDate, NaiveDate)> {
    let loaded = library::shipped(&slide.template).ok()?;
    let content = Content { dates: slide.dates.clone(), texts: BTreeMap::new(), ..Content::default() };
    SlideDocument { template: slide.template.clone(), content }.days(&loaded, NaiveDate::MIN).ok()?
}
