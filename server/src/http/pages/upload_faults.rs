//! Why an upload is not taken, in words of the visitor's language.

use crate::app::assets::AddAssetError;
use crate::http::words::Tr;
use crate::media::clips::ClipFault;
use crate::media::intake::MediaError;

/// In words, with what to do.
pub(super) fn words(t: Tr, error: &AddAssetError) -> String {
    match error {
        AddAssetError::Name => t.s("upload-fault-name"),
        AddAssetError::Media(fault) => match fault {
            MediaError::Empty => t.s("upload-fault-empty"),
            MediaError::TooLarge(_) => t.s("upload-fault-large"),
            MediaError::Unknown => t.s("upload-fault-unknown"),
            MediaError::TooManyPixels { width, height } => {
                t.args("upload-fault-pixels", &[("width", width.to_string()), ("height", height.to_string())])
            }
            MediaError::Damaged { .. } => t.s("upload-fault-damaged"),
            MediaError::Unsafe(_) => t.s("upload-fault-unsafe"),
            MediaError::Clip(fault) => clip(t, fault),
            MediaError::Size(_) | MediaError::Encode(_) => t.s("upload-fault-picture"),
        },
        AddAssetError::Kind { .. } => t.s("upload-fault-kind"),
        AddAssetError::Unknown(_) => t.s("error-asset-unknown"),
        AddAssetError::Blob(_) | AddAssetError::Random(_) | AddAssetError::Store(_) => t.s("upload-fault-server"),
    }
}

fn clip(t: Tr, fault: &ClipFault) -> String {
    match fault {
        ClipFault::NotInstalled { .. } => t.s("upload-fault-no-ffmpeg"),
        ClipFault::Damaged(_) => t.s("upload-fault-clip-damaged"),
        ClipFault::NoPicture => t.s("upload-fault-clip-sound"),
        ClipFault::NoFrames => t.s("upload-fault-clip-empty"),
        ClipFault::TooManyPixels { width, height } => {
            t.args("upload-fault-clip-pixels", &[("width", width.to_string()), ("height", height.to_string())])
        }
        ClipFault::TooLong(_) => t.s("upload-fault-clip-long"),
        ClipFault::TooSlow(_) => t.s("upload-fault-clip-slow"),
        ClipFault::Geometry(_) | ClipFault::Ffmpeg(_) | ClipFault::Differs(_) => t.s("upload-fault-clip"),
        ClipFault::Io(_) => t.s("upload-fault-server"),
    }
}
