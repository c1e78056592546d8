//! Slides while they are filled in: how one looks on boards of some pixels, and what is wrong with it, for each field.

mod faults;
mod pictures;

use std::sync::Arc;
use std::time::Duration;

use ::playlists::geometry::Geometry;
use chrono::NaiveDate;
use tokio::sync::Semaphore;

pub use self::faults::{SlideFault, code, of_content};
pub use self::pictures::{Decoding, decoded, offered, picture_of, small};
use super::campaign_draft::OPERATORS_ZONE;
use super::{App, boards};
use crate::media::intake::MediaError;
use crate::media::slides::content::Content;
use crate::media::slides::document::SlideDocument;
use crate::media::slides::error::SlideError;
use crate::media::slides::language::Language;
use crate::media::slides::library::{self, Loaded};
use crate::media::slides::{self, Pictures, Proof};
use crate::media::{at_the_bench, stills};
use crate::store::StoreError;

/// Most pixels that a slide is looked at: a board of 3840 × 1080, or of 2048 × 2048.
pub const MOST_PIXELS: u64 = 1 << 22;
/// Slides painted at once for those who fill them in; jobs have hands of their own, so that neither waits for the other.
static EASELS: Semaphore = Semaphore::const_new(2);
/// Longest that anybody waits for an easel.
const PATIENCE: Duration = Duration::from_secs(5);
/// Days that a sample's countdown still has to run.
const SAMPLE_DAYS_LEFT: u64 = 30;
/// Most pictures that one check makes: four languages at twelve sizes.
pub const MOST_CHECKED: usize = 48;

/// A slide to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The template's name.
    pub template: String,
    /// What it is filled with, checked; the `file` of a picture is its SHA-256.
    pub content: Content,
}

/// How a slide looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// A PNG of exactly the board's pixels; what is wrong is framed.
    pub png: Vec<u8>,
    /// What is wrong.
    pub faults: Vec<SlideFault>,
}

/// Why a slide cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Nothing has this name.
    #[error("there is no template {0:?}")]
    Template(String),
    /// Larger than [`MOST_PIXELS`].
    #[error("{0} has too many pixels to look at while a slide is filled in; at most {MOST_PIXELS} are painted")]
    Large(Geometry),
    /// More than [`MOST_CHECKED`].
    #[error("{0} pictures are too many for one check; at most {MOST_CHECKED} are made")]
    Many(usize),
    /// Others are looking.
    #[error("too many slides are being painted")]
    Busy,
    /// The picture cannot be encoded.
    #[error("the picture cannot be encoded")]
    Encode(#[source] MediaError),
}

/// A slide of a language on boards of these pixels, as it is being filled in.
///
/// # Errors
/// When it cannot be painted at all, or too many others wait.
pub async fn look(app: &App, draft: &Draft, language: Language, geometry: Geometry) -> Result<Look, LookError> {
    let easel = Easel::of(app, draft, geometry).await?;
    easel.paint(language, geometry, |proof| stills::quick(&proof.pixels)).await.and_then(|(png, faults)| {
        let png = png.transpose().map_err(LookError::Encode)?.unwrap_or_default();
        Ok(Look { png, faults })
    })
}

/// Everything that is wrong with a slide in these languages on boards of these pixels, each thing once.
///
/// # Errors
/// As [`look`], or when too much is asked for at once.
pub async fn check(
    app: &App,
    draft: &Draft,
    languages: &[Language],
    geometries: &[Geometry],
) -> Result<Vec<SlideFault>, LookError> {
    let many = languages.len() * geometries.len();
    if many > MOST_CHECKED {
        return Err(LookError::Many(many));
    }
    let mut all: Vec<SlideFault> = Vec::new();
    for &geometry in geometries {
        let easel = Easel::of(app, draft, geometry).await?;
        for &language in languages {
            let (_, faults) = easel.paint(language, geometry, |_| ()).await?;
            all.extend(faults.into_iter().filter(|fault| !all.contains(fault)).collect::<Vec<_>>());
        }
    }
    Ok(all)
}

/// The sample of a template, as a PNG.
///
/// # Errors
/// When it cannot be made, or too many others wait.
pub async fn sample(app: &App, loaded: &Arc<Loaded>, language: Language, geometry: Geometry) -> Result<Vec<u8>, LookError> {
    let of = Arc::clone(loaded);
    let (content, pictures) = at_the_bench(move || of.sample()).await.map_err(|_| LookError::Template(loaded.id.clone()))?;
    // A sample's countdown does not age.
    let last = content.dates.values().min().copied();
    let today = last.and_then(|day| day.checked_sub_days(chrono::Days::new(SAMPLE_DAYS_LEFT)));
    let today = today.unwrap_or_else(|| Easel::today(app));
    let easel =
        Easel { loaded: Arc::clone(loaded), content: Arc::new(content), pictures: Arc::new(pictures), unseen: Vec::new(), today };
    let (png, _) = easel.paint(language, geometry, |proof| stills::quick(&proof.pixels)).await?;
    png.transpose().map_err(LookError::Encode)?.ok_or(LookError::Large(geometry))
}

/// All that a slide is painted with.
struct Easel {
    loaded: Arc<Loaded>,
    content: Arc<Content>,
    pictures: Arc<Pictures>,
    unseen: Vec<SlideFault>,
    today: NaiveDate,
}

impl Easel {
    async fn of(app: &App, draft: &Draft, geometry: Geometry) -> Result<Self, LookError> {
        let loaded = library::shipped(&draft.template).map_err(|_| LookError::Template(draft.template.clone()))?;
        if u64::from(geometry.width()) * u64::from(geometry.height()) > MOST_PIXELS {
            return Err(LookError::Large(geometry));
        }
        let (pictures, unseen) = pictures::of(app, &draft.content).await;
        // A countdown that is still far away is shown as it will be on its first day.
        let today = Self::today(app);
        let document = SlideDocument { template: draft.template.clone(), content: draft.content.clone() };
        let today = document.days(&loaded, today).ok().flatten().map_or(today, |(first, _)| first);
        let content = Arc::new(document.content);
        Ok(Self { loaded, content, pictures: Arc::new(pictures), unseen, today })
    }

    fn today(app: &App) -> NaiveDate {
        app.clock.now().with_timezone(&OPERATORS_ZONE).date_naive()
    }

    async fn paint<T: Send + 'static>(
        &self,
        language: Language,
        geometry: Geometry,
        finish: impl FnOnce(&Proof) -> T + Send + 'static,
    ) -> Result<(Option<T>, Vec<SlideFault>), LookError> {
        let place = tokio::time::timeout(PATIENCE, EASELS.acquire()).await;
        let place = place.map_err(|_| LookError::Busy)?.map_err(|_| LookError::Busy)?;
        let (loaded, content, pictures) = (Arc::clone(&self.loaded), Arc::clone(&self.content), Arc::clone(&self.pictures));
        let today = self.today;
        let work = move || {
            // Held until the work ends, also when nobody waits for it any more.
            let _place = place;
            let proof = slides::proof(&loaded, &content, &pictures, language, geometry, today);
            proof.map(|proof| (finish(&proof), proof.faults))
        };
        let painted = match tokio::task::spawn_blocking(work).await {
            Ok(painted) => painted,
            Err(died) => std::panic::resume_unwind(died.into_panic()),
        };
        let (finished, found) = match painted {
            Ok((finished, found)) => (Some(finished), found),
            Err(fault) => (None, vec![fault]),
        };
        // A picture that cannot be read is missing on the slide for that reason only.
        let unseen = |fault: &SlideError| matches!(fault, SlideError::NoValue(field) if self.unseen.iter().any(|unseen| unseen.is_of_picture(field)));
        let mut faults = self.unseen.clone();
        for fault in found.iter().filter(|fault| !unseen(fault)) {
            faults::tell(&self.loaded.template, fault, language, geometry, self.today, &mut faults);
        }
        Ok((finished, faults))
    }
}

/// The sizes of the fleet's boards, those with most boards first, at most `most`, and how many boards have each.
///
/// # Errors
/// When the database fails.
pub async fn sizes(app: &App, most: u32) -> Result<Vec<(Geometry, u64)>, StoreError> {
    boards::sizes(app, most).await
}
