//! What is wanted on a board, as it was last signed.

use playlists::id::{BoardId, Digest, Revision, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::manifest::Manifest;
use playlists::wire::messages::{Desired, V};
use playlists::wire::pack;

use super::App;
use crate::store::{StoreError, manifests};

/// What `bangtin/1/d/B/desired` says of this board; none while it has no manifest.
///
/// # Errors
/// When the database does not answer.
pub async fn desired(app: &App, board: &BoardId) -> Result<Option<Desired>, StoreError> {
    Ok(envelope(app, board).await?.map(|(rev, sha256, envelope)| Desired {
        v: V,
        rev,
        sha256,
        root: app.keys.root.version,
        recall: Version(0),
        notices: Version(0),
        window_s: 0,
        manifest: pack::pack(&envelope),
    }))
}

/// The newest manifest's revision, digest and envelope.
///
/// # Errors
/// When the database does not answer.
pub async fn envelope(app: &App, board: &BoardId) -> Result<Option<(Revision, Digest, Vec<u8>)>, StoreError> {
    Ok(manifests::newest(&app.db, board, 1).await?.into_iter().next().map(|signed| (signed.rev, signed.sha256, signed.envelope)))
}

/// Whether one of the board's newest two manifests names this content.
///
/// # Errors
/// When the database does not answer.
pub async fn may_fetch(app: &App, board: &BoardId, digest: &Digest) -> Result<bool, StoreError> {
    let newest = manifests::newest(&app.db, board, 2).await?;
    Ok(newest.iter().filter_map(|signed| read(app, &signed.envelope)).any(|manifest| manifest.item(digest).is_some()))
}

fn read(app: &App, envelope: &[u8]) -> Option<Manifest> {
    let payload = Envelope::parse(envelope).ok()?.open(DocumentType::Manifest, &[app.keys.publish.public()], 1).ok()?;
    serde_json::from_slice(&payload).ok()
}
