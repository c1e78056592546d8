//! Why an upload is not taken, in words of the visitor's language.

use crate::app::assets::AddAssetError;
use crate::http::words::Tr;
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
            MediaError::Size(_) | MediaError::Encode(_) => t.s("upload-fault-picture"),
        },
        AddAssetError::Blob(_) | AddAssetError::Random(_) | AddAssetError::Store(_) => t.s("upload-fault-server"),
    }
}
