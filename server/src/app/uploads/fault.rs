//! Why a file is not taken, as a code that pages have words for.

use crate::app::assets::AddAssetError;
use crate::app::faults;
use crate::store::faults::Fault;

/// The fault of a file that cannot be added.
#[must_use]
pub fn of(error: &AddAssetError) -> Fault {
    match error {
        AddAssetError::Name => Fault::plain("upload-fault-name"),
        AddAssetError::Media(fault) => faults::of_media(fault),
        AddAssetError::Kind { .. } => Fault::plain("upload-fault-kind"),
        AddAssetError::Long(fault) => {
            fault.args.iter().fold(Fault::plain(fault.code), |told, (name, value)| told.with(name, value))
        }
        AddAssetError::Unknown(_) => Fault::plain("error-asset-unknown"),
        AddAssetError::Blob(_) | AddAssetError::Random(_) | AddAssetError::Store(_) => Fault::plain("upload-fault-server"),
    }
}
