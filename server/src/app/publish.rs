//! Publishing: boards that wait get a new manifest, if what they show has changed; the rest is the outbox's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use playlists::geometry::Geometry;
use playlists::id::{AssetId, BoardId, Digest, Revision, Version};
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::manifest::{MAX_BYTES, Manifest, ManifestFault};
use playlists::wire::messages::{Desired, V};
use playlists::wire::pack;

use super::compose::{Head, Ready, Sources, compose};
use super::{App, safe_item};
use crate::live::Change;
use crate::store::boards::Board;
use crate::store::manifests::Signed;
use crate::store::publish_wanted::Wanted;
use crate::store::renditions::{Key, State};
use crate::store::{
    StoreError, Tx, assets, boards, campaign_versions, manifests, playlists as stored_playlists, publish_wanted, renditions,
};

/// Boards published in one go; more wait for the next.
const BATCH: u32 = 256;
/// Most versions of campaigns in force at once.
const MOST_CAMPAIGNS: u32 = 20_000;
/// Most versions of playlists in use at once.
const MOST_PLAYLISTS: u32 = 20_000;
/// A broadcast day is at most this long, wherever its board stands.
const LONGEST_DAY: TimeDelta = TimeDelta::hours(26);
/// Seconds over which boards spread their fetching of one change.
const WINDOW_S: u32 = 2;

/// Publishes one batch of the boards that wait, longest first; answers how many waited and how many got a new manifest.
///
/// # Errors
/// When the database fails; then nothing of the batch is lost, it waits on.
pub async fn run_once(app: &App) -> Result<Published, StoreError> {
    let wanted = publish_wanted::list(&app.db, BATCH).await?;
    if wanted.is_empty() {
        return Ok(Published::default());
    }
    let now = app.clock.now();
    let ids: Vec<BoardId> = wanted.iter().map(|wanted| wanted.board.clone()).collect();
    let boards = boards::many(&app.db, &ids).await?;
    let mut sources = load(app, now).await?;
    let missing = load_renditions(app, &boards, &mut sources, now).await?;

    let mut outcomes = Vec::with_capacity(boards.len());
    for board in &boards {
        let outcome = decide(app, board, &sources, now).await?;
        outcomes.push((board, outcome));
        // Signing takes a moment; others may work between two boards.
        tokio::task::yield_now().await;
    }
    let mut tx = app.db.write().await?;
    renditions::want(&mut tx, &missing, now.timestamp_millis()).await?;
    let published = save(&mut tx, &wanted, &outcomes, now.timestamp_millis()).await?;
    tx.commit().await?;
    tell(app, &outcomes, !missing.is_empty());
    Ok(published)
}

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// Boards that waited and were looked at.
    pub looked_at: usize,
    /// Boards that got a new manifest.
    pub signed: usize,
    /// Boards for which none could be made now; they wait behind the others.
    pub postponed: usize,
}

enum Outcome {
    New(Signed),
    Unchanged,
    /// The safe item is not made yet: the board is marked again when it is.
    Waiting,
    Faulty(ManifestFault),
}

fn tell(app: &App, outcomes: &[(&Board, Outcome)], renditions: bool) {
    if renditions {
        app.live.renditions.notify_one();
    }
    let mut announced = false;
    for (board, outcome) in outcomes {
        match outcome {
            Outcome::New(signed) => {
                announced = true;
                tracing::info!(board.id = %board.id, manifest.revision = signed.rev.0, "published a manifest");
                app.live.tell(Change::Desired(board.id.clone()));
            }
            Outcome::Faulty(fault) => {
                tracing::error!(board.id = %board.id, error = %fault, "the manifest composed does not hold; the last one stays")
            }
            Outcome::Unchanged | Outcome::Waiting => {}
        }
    }
    if announced {
        app.live.outbox.notify_one();
    }
}

async fn save(tx: &mut Tx, wanted: &[Wanted], outcomes: &[(&Board, Outcome)], now_ms: i64) -> Result<Published, StoreError> {
    let by_id: BTreeMap<&BoardId, &Outcome> = outcomes.iter().map(|(board, outcome)| (&board.id, outcome)).collect();
    let mut published = Published { looked_at: wanted.len(), ..Published::default() };
    for wish in wanted {
        match by_id.get(&wish.board) {
            Some(Outcome::New(signed)) => {
                manifests::add(tx, signed, now_ms).await?;
                manifests::announce(tx, &signed.board, signed.rev, now_ms).await?;
                publish_wanted::fulfil(tx, wish).await?;
                published.signed += 1;
            }
            Some(Outcome::Faulty(_)) => {
                publish_wanted::postpone(tx, wish, now_ms).await?;
                published.postponed += 1;
            }
            Some(Outcome::Unchanged | Outcome::Waiting) | None => publish_wanted::fulfil(tx, wish).await?,
        }
    }
    Ok(published)
}

async fn load(app: &App, now: DateTime<Utc>) -> Result<Sources, StoreError> {
    let since_ms = (now - LONGEST_DAY).timestamp_millis();
    let campaigns = campaign_versions::live_since(&app.db, since_ms, MOST_CAMPAIGNS).await?;
    let in_use = stored_playlists::in_use(&app.db, since_ms, MOST_PLAYLISTS).await?;
    let shown: BTreeSet<AssetId> =
        in_use.iter().flat_map(|version| version.entries.iter().map(|entry| entry.asset_id.clone())).collect();
    let shown: Vec<AssetId> = shown.into_iter().collect();
    let fits = assets::many(&app.db, &shown).await?.into_iter().map(|asset| (asset.id, asset.fit)).collect();
    let playlists = in_use.into_iter().map(|version| ((version.id, version.version), version.entries)).collect();
    Ok(Sources { campaigns, playlists, fits, renditions: BTreeMap::new() })
}

/// Adds the renditions made for these boards' geometries; answers those that nobody has asked for yet.
async fn load_renditions(app: &App, boards: &[Board], sources: &mut Sources, now: DateTime<Utc>) -> Result<Vec<Key>, StoreError> {
    let mut needed = BTreeMap::<Geometry, BTreeSet<Key>>::new();
    for board in boards {
        let keys = needed.entry(board.geometry).or_default();
        keys.extend(sources.needs(board, now));
        keys.insert(safe_item::of(board.geometry));
    }
    let mut missing = Vec::new();
    for (geometry, mut keys) in needed {
        let of: BTreeSet<AssetId> = keys.iter().map(|key| key.asset.clone()).collect();
        for found in renditions::of_assets(&app.db, geometry, &of.into_iter().collect::<Vec<_>>()).await? {
            keys.remove(&found.key);
            if let State::Ready { sha256, size_bytes } = found.state {
                sources.renditions.insert(found.key, Ready { sha256, size: size_bytes });
            }
        }
        missing.extend(keys);
    }
    Ok(missing)
}

async fn decide(app: &App, board: &Board, sources: &Sources, now: DateTime<Utc>) -> Result<Outcome, StoreError> {
    let safe = safe_item::of(board.geometry);
    let Some(ready) = sources.renditions.get(&safe) else { return Ok(Outcome::Waiting) };
    let newest = manifests::newest_head(&app.db, &board.id).await?;
    let previous = newest.map_or(Revision(0), |(rev, _)| rev);
    let rev = Revision::next(previous, u64::try_from(now.timestamp_millis()).unwrap_or_default());
    let head = Head { key_epoch: app.keys.root.key_epoch, rev, issued: now };
    let manifest = compose(board, sources, (&safe.asset, *ready), head);
    let content_sha256 = content_of(&manifest)?;
    if newest.is_some_and(|(_, content)| content == content_sha256) {
        return Ok(Outcome::Unchanged);
    }
    if let Some(fault) = manifest.faults().into_iter().next() {
        return Ok(Outcome::Faulty(fault));
    }
    let payload = json(&manifest)?;
    if payload.len() > MAX_BYTES {
        let fault = format!("{} bytes are more than {MAX_BYTES}", payload.len());
        return Ok(Outcome::Faulty(ManifestFault { place: "manifest".to_owned(), fault }));
    }
    let envelope = Envelope::sign(DocumentType::Manifest, &payload, &[&app.keys.publish]).to_json();
    Ok(Outcome::New(Signed { board: board.id.clone(), rev, sha256: Digest::of(&envelope), content_sha256, envelope }))
}

/// The digest of everything in a manifest but its revision and time of issue.
fn content_of(manifest: &Manifest) -> Result<Digest, StoreError> {
    let timeless = Manifest { rev: Revision(0), issued: DateTime::UNIX_EPOCH, ..manifest.clone() };
    json(&timeless).map(|bytes| Digest::of(&bytes))
}

fn json(manifest: &Manifest) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(manifest).map_err(|e| StoreError::unreadable("manifest to be signed", e))
}

/// The message that tells a board which manifest is wanted on it; none before its first.
///
/// # Errors
/// When the database fails.
pub async fn desired(app: &App, board: &BoardId) -> Result<Option<Desired>, StoreError> {
    Ok(manifests::newest(&app.db, board, 1).await?.into_iter().next().map(|signed| Desired {
        v: V,
        rev: signed.rev,
        sha256: signed.sha256,
        root: app.keys.root.version,
        recall: Version(0),
        notices: Version(0),
        window_s: WINDOW_S,
        manifest: pack::pack(&signed.envelope),
    }))
}

/// The newest manifest's revision, the digest of its envelope, and the envelope byte for byte.
///
/// # Errors
/// When the database fails.
pub async fn envelope(app: &App, board: &BoardId) -> Result<Option<(Revision, Digest, Vec<u8>)>, StoreError> {
    Ok(manifests::newest(&app.db, board, 1).await?.into_iter().next().map(|signed| (signed.rev, signed.sha256, signed.envelope)))
}

/// Whether one of the board's newest two manifests names this content: a board may still be fetching for the one before.
///
/// # Errors
/// When the database fails.
pub async fn may_fetch(app: &App, board: &BoardId, digest: &Digest) -> Result<bool, StoreError> {
    let newest = manifests::newest(&app.db, board, 2).await?;
    Ok(newest.iter().filter_map(|signed| read(app, &signed.envelope)).any(|manifest| manifest.item(digest).is_some()))
}

/// A manifest that this server signed; none when somebody changed it in the database.
fn read(app: &App, envelope: &[u8]) -> Option<Manifest> {
    let payload = Envelope::parse(envelope).ok()?.open(DocumentType::Manifest, &[app.keys.publish.public()], 1).ok()?;
    serde_json::from_slice(&payload).ok()
}
