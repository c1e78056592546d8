//! Why a file is no picture or clip, and why a picture cannot be made, as codes that pages have words for.

use chrono::NaiveDate;

use super::draw::DrawError;
use super::slides;
use crate::media::blobs::BlobError;
use crate::media::clips::ClipFault;
use crate::media::intake::MediaError;
use crate::media::slides::document::DocumentError;
use crate::media::slides::error::SlideError;
use crate::media::slides::ticker::TickerError;
use crate::store::faults::Fault;

/// The fault of a picture or clip.
#[must_use]
pub fn of_media(fault: &MediaError) -> Fault {
    match fault {
        MediaError::Empty => Fault::plain("upload-fault-empty"),
        MediaError::TooLarge(_) => Fault::plain("upload-fault-large"),
        MediaError::Unknown => Fault::plain("upload-fault-unknown"),
        MediaError::TooManyPixels { width, height } => sized("upload-fault-pixels", *width, *height),
        MediaError::Damaged { .. } => Fault::plain("upload-fault-damaged"),
        MediaError::Unsafe(_) => Fault::plain("upload-fault-unsafe"),
        MediaError::Clip(fault) => of_clip(fault),
        MediaError::Burden(_) | MediaError::TooSlow => Fault::plain("upload-fault-burden"),
        MediaError::Animation(_) => Fault::plain("upload-fault-animation"),
        MediaError::Photograph(_) => Fault::plain("upload-fault-photograph"),
        MediaError::Size(_) | MediaError::Encode(_) => Fault::plain("upload-fault-picture"),
    }
}

fn of_clip(fault: &ClipFault) -> Fault {
    match fault {
        ClipFault::NotInstalled { .. } => Fault::plain("upload-fault-no-ffmpeg"),
        ClipFault::Damaged(_) => Fault::plain("upload-fault-clip-damaged"),
        ClipFault::NoPicture => Fault::plain("upload-fault-clip-sound"),
        ClipFault::NoFrames => Fault::plain("upload-fault-clip-empty"),
        ClipFault::TooManyPixels { width, height } => sized("upload-fault-clip-pixels", *width, *height),
        ClipFault::TooLong(_) => Fault::plain("upload-fault-clip-long"),
        ClipFault::TooSlow(_) => Fault::plain("upload-fault-clip-slow"),
        ClipFault::Geometry(_) | ClipFault::Ffmpeg(_) => Fault::plain("upload-fault-clip"),
        ClipFault::Differs(_) => Fault::plain("rendition-fault-differs"),
        ClipFault::Io(_) => Fault::plain("upload-fault-server"),
    }
}

fn sized(code: &str, width: u32, height: u32) -> Fault {
    Fault::plain(code).with("width", width).with("height", height)
}

/// The fault of the file that something is made of.
#[must_use]
pub fn of_blob(fault: &BlobError) -> Fault {
    match fault {
        BlobError::Missing(_) | BlobError::Damaged(_) => Fault::plain("rendition-fault-original"),
        BlobError::Read { .. } | BlobError::Write { .. } => Fault::plain("upload-fault-server"),
    }
}

/// The fault of a picture that cannot be drawn on this day.
#[must_use]
pub fn of_draw(fault: &DrawError, today: NaiveDate) -> Fault {
    match fault {
        DrawError::Media(fault) => of_media(fault),
        DrawError::Blob(fault) => of_blob(fault),
        DrawError::Document(fault) => of_document(fault),
        DrawError::Template(_) => Fault::plain("error-template-unknown"),
        DrawError::Slide(fault) => of_slide(fault, today),
        DrawError::Ticker(fault) => of_ticker(fault),
        DrawError::Clip => Fault::plain("upload-fault-clip"),
    }
}

fn of_document(fault: &DocumentError) -> Fault {
    match fault {
        DocumentError::Content(fault) => {
            let error = slides::of_content(fault);
            error.args.into_iter().fold(Fault::plain(error.code), |fault, (name, value)| fault.with(name, value))
        }
        DocumentError::Large(_)
        | DocumentError::Text
        | DocumentError::Form { .. }
        | DocumentError::Picture(_)
        | DocumentError::Length(_)
        | DocumentError::Speed(_) => Fault::plain("rendition-fault-original"),
    }
}

/// The fault of a slide.
#[must_use]
pub fn of_slide(fault: &SlideError, today: NaiveDate) -> Fault {
    let (code, args) = slides::code(fault, today);
    args.into_iter().fold(Fault::plain(code), |fault, (name, value)| fault.with(name, value))
}

/// The fault of running text.
#[must_use]
pub fn of_ticker(fault: &TickerError) -> Fault {
    match fault {
        TickerError::Height(_) => Fault::plain("ticker-fault-height"),
        TickerError::Empty => Fault::plain("error-texts-none"),
        TickerError::Long { .. } | TickerError::Large { .. } => Fault::plain("ticker-fault-long"),
        TickerError::Draw(SlideError::NoGlyph { character, .. }) => {
            Fault::plain("ticker-fault-glyph").with("character", character)
        }
        TickerError::Draw(_) => Fault::plain("upload-fault-picture"),
    }
}
