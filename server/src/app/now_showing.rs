//! What plays on a board now, by the rules of its newest manifest.

use playlists::id::BoardId;
use playlists::schedule::{self, Showing};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::manifest::Manifest;
use playlists::trust::roles::Role;

use super::App;
use crate::store::StoreError;
use crate::store::overview::newest_manifest;

/// What the board should be showing now; none while it has no manifest.
///
/// # Errors
/// When the database fails, or holds a manifest that this server did not sign.
pub async fn now_showing(app: &App, board: &BoardId) -> Result<Option<Showing>, StoreError> {
    let Some(envelope) = newest_manifest(&app.db, board.as_str()).await? else { return Ok(None) };
    let (root, now) = (app.keys.root.clone(), app.clock.now());
    let work = tokio::task::spawn_blocking(move || {
        let envelope = Envelope::parse(&envelope).map_err(|error| error.to_string())?;
        let payload = root.open(Role::Publish, DocumentType::Manifest, &envelope).map_err(|error| error.to_string())?;
        let manifest: Manifest = serde_json::from_slice(&payload).map_err(|error| error.to_string())?;
        schedule::resolve(&manifest, now).map_err(|error| error.to_string())
    });
    let resolved = work.await.map_err(|error| error.to_string()).and_then(|resolved| resolved);
    resolved.map(Some).map_err(|reason| StoreError::Unreadable { what: "manifest.envelope", reason })
}
