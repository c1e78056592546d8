//! Why a file is not taken, as a code that pages have words for.

use crate::app::assets::AddAssetError;
use crate::media::clips::ClipFault;
use crate::media::intake::MediaError;
pub use crate::store::uploads::UploadFault;

/// A fault without arguments.
pub(super) fn plain(code: &str) -> UploadFault {
    UploadFault { code: code.to_owned(), args: Vec::new() }
}

/// The fault of a file that cannot be added.
#[must_use]
pub fn of(error: &AddAssetError) -> UploadFault {
    match error {
        AddAssetError::Name => plain("upload-fault-name"),
        AddAssetError::Media(fault) => of_media(fault),
        AddAssetError::Kind { .. } => plain("upload-fault-kind"),
        AddAssetError::Unknown(_) => plain("error-asset-unknown"),
        AddAssetError::Blob(_) | AddAssetError::Random(_) | AddAssetError::Store(_) => plain("upload-fault-server"),
    }
}

fn of_media(fault: &MediaError) -> UploadFault {
    match fault {
        MediaError::Empty => plain("upload-fault-empty"),
        MediaError::TooLarge(_) => plain("upload-fault-large"),
        MediaError::Unknown => plain("upload-fault-unknown"),
        MediaError::TooManyPixels { width, height } => sized("upload-fault-pixels", *width, *height),
        MediaError::Damaged { .. } => plain("upload-fault-damaged"),
        MediaError::Unsafe(_) => plain("upload-fault-unsafe"),
        MediaError::Clip(fault) => of_clip(fault),
        MediaError::Burden(_) | MediaError::TooSlow => plain("upload-fault-burden"),
        MediaError::Animation(_) => plain("upload-fault-animation"),
        MediaError::Photograph(_) => plain("upload-fault-photograph"),
        MediaError::Size(_) | MediaError::Encode(_) => plain("upload-fault-picture"),
    }
}

fn of_clip(fault: &ClipFault) -> UploadFault {
    match fault {
        ClipFault::NotInstalled { .. } => plain("upload-fault-no-ffmpeg"),
        ClipFault::Damaged(_) => plain("upload-fault-clip-damaged"),
        ClipFault::NoPicture => plain("upload-fault-clip-sound"),
        ClipFault::NoFrames => plain("upload-fault-clip-empty"),
        ClipFault::TooManyPixels { width, height } => sized("upload-fault-clip-pixels", *width, *height),
        ClipFault::TooLong(_) => plain("upload-fault-clip-long"),
        ClipFault::TooSlow(_) => plain("upload-fault-clip-slow"),
        ClipFault::Geometry(_) | ClipFault::Ffmpeg(_) | ClipFault::Differs(_) => plain("upload-fault-clip"),
        ClipFault::Io(_) => plain("upload-fault-server"),
    }
}

fn sized(code: &str, width: u32, height: u32) -> UploadFault {
    let args = [("width", width), ("height", height)].map(|(name, side)| (name.to_owned(), side.to_string()));
    UploadFault { code: code.to_owned(), args: args.to_vec() }
}
