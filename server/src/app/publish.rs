//! Publishing: boards that wait get a new manifest, if what they show has changed; the rest is the outbox's.
//!
//! To a board that has a manifest a campaign comes when all its renditions are made or have failed, so that it changes once; until then
//! it plays as it was, ten minutes at most, and holds nothing else up. A board that has no manifest gets what there is at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use playlists::id::{BoardId, Digest, Revision, Version};
use playlists::overlay::Overlay;
use playlists::trust::accept::MAX_AHEAD;
use playlists::trust::envelope::{DocumentType, Envelope};
use playlists::trust::manifest::{MAX_BYTES, Manifest, ManifestFault};
use playlists::wire::messages::{Desired, V};
use playlists::wire::pack;

use super::compose::{Head, compose};
use super::shown::Sources;
use super::{App, join, safe_item, sources};
use crate::failpoint::failpoint;
use crate::live::Change;
use crate::store::boards::Board;
use crate::store::manifests::{Heads, Signed};
use crate::store::publish_wanted::Wanted;
use crate::store::{StoreError, Tx, boards, manifests, presented, publish_wanted, renditions, tokens};

/// Boards published in one go; more wait for the next.
const BATCH: u32 = 256;
/// How long a board that has a manifest waits for the renditions of its next one: a slow picture must not hold back the others.
pub const PATIENCE_MS: i64 = 10 * 60 * 1000;
/// Seconds over which boards spread their fetching of one change.
const WINDOW_S: u32 = 2;

/// Publishes one batch of the boards that wait, longest first; answers how many waited and how many got a new manifest.
///
/// # Errors
/// When the database fails; then nothing of the batch is lost, it waits on.
pub async fn run_once(app: &App) -> Result<Published, StoreError> {
    let now = app.clock.now();
    let wanted = publish_wanted::list(&app.db, now.timestamp_millis(), BATCH).await?;
    if wanted.is_empty() {
        return Ok(Published::default());
    }
    let ids: Vec<BoardId> = wanted.iter().map(|wanted| wanted.board.clone()).collect();
    let mut boards = boards::many(&app.db, &ids).await?;
    // Nothing is signed for a board whose key was taken away; its wish is taken off the list.
    let revoked = tokens::revoked(&app.db).await?;
    boards.retain(|board| !revoked.contains(&board.id));
    let mut sources = sources::load(app, now).await?;
    let missing = sources::load_renditions(app, &boards, &mut sources, now).await?;
    let patience: BTreeMap<&BoardId, Option<i64>> = wanted.iter().map(|wish| (&wish.board, wish.wait_until_ms)).collect();

    let heads = manifests::newest_heads(&app.db, &ids).await?;
    let mut outcomes = Vec::with_capacity(boards.len());
    for board in &boards {
        let wait_until_ms = patience.get(&board.id).copied().flatten();
        outcomes
            .push((board, decide(app, board, &sources, heads.get(&board.id).copied().unwrap_or_default(), wait_until_ms, now)?));
        // Signing takes a moment; others may work between two boards.
        tokio::task::yield_now().await;
    }
    failpoint!("publish-composed");
    let wants_more = !missing.is_empty();
    let missing = sources::by_urgency(missing, &boards, &sources, now);
    let mut tx = app.db.write().await?;
    // The newest are made first, so what can wait is as if it had been asked for a moment earlier.
    for (keys, earlier_ms) in missing.iter().zip(0..) {
        renditions::want(&mut tx, keys, now.timestamp_millis() - earlier_ms).await?;
    }
    let published = save(&mut tx, &wanted, &outcomes, now.timestamp_millis()).await?;
    failpoint!("publish-before-commit");
    tx.commit().await?;
    failpoint!("publish-committed");
    tell(app, &outcomes, wants_more);
    Ok(published)
}

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// Boards that waited and were looked at.
    pub looked_at: usize,
    /// Boards that got a new manifest.
    pub signed: usize,
    /// Boards that wait for renditions.
    pub waiting: usize,
    /// Boards for which none could be made now; they wait behind the others.
    pub postponed: usize,
}

enum Outcome {
    /// A manifest, complete or without what waits for renditions.
    New {
        signed: Signed,
        rest: Rest,
        /// What lies over the loop by it.
        over: Vec<Digest>,
    },
    Unchanged {
        rest: Rest,
    },
    /// For renditions, until then; or (none) for the safe item, without which there is no manifest.
    Waiting {
        until_ms: Option<i64>,
    },
    Faulty(ManifestFault),
}

/// When a board that was looked at is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// When something changes.
    Complete,
    /// When a rendition is made.
    Woken,
    /// When a rendition is made, or its patience ends: then, UTC milliseconds.
    Until(i64),
}

/// What to do about renditions that are still being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Publish with what there is.
    None,
    /// Wait until then, UTC milliseconds.
    Until(i64),
    /// Publish with what there is: it has waited long enough.
    Ended,
}

fn patience(has_manifest: bool, pending: usize, wait_until_ms: Option<i64>, now_ms: i64) -> Patience {
    match wait_until_ms {
        _ if !has_manifest || pending == 0 => Patience::None,
        None => Patience::Until(now_ms.saturating_add(PATIENCE_MS)),
        Some(until_ms) if now_ms < until_ms => Patience::Until(until_ms),
        Some(_) => Patience::Ended,
    }
}

fn tell(app: &App, outcomes: &[(&Board, Outcome)], renditions: bool) {
    if renditions {
        app.live.renditions.notify_one();
        app.live.clips.notify_one();
    }
    let mut announced = false;
    for (board, outcome) in outcomes {
        match outcome {
            Outcome::New { signed, .. } => {
                announced = true;
                tracing::info!(board.id = %board.id, manifest.revision = signed.rev.0, "published a manifest");
                app.live.tell(Change::Desired(board.id.clone()));
            }
            Outcome::Faulty(fault) => {
                tracing::error!(board.id = %board.id, error = %fault, "the manifest composed does not hold; the last one stays")
            }
            Outcome::Unchanged { .. } | Outcome::Waiting { .. } => {}
        }
    }
    if announced {
        app.live.outbox.notify_one();
    }
}

async fn save(tx: &mut Tx, wanted: &[Wanted], outcomes: &[(&Board, Outcome)], now_ms: i64) -> Result<Published, StoreError> {
    let by_id: BTreeMap<&BoardId, &Outcome> = outcomes.iter().map(|(board, outcome)| (&board.id, outcome)).collect();
    let mut published = Published { looked_at: wanted.len(), ..Published::default() };
    let (mut new, mut fulfilled, mut laid_over) = (Vec::new(), Vec::new(), BTreeSet::new());
    for wish in wanted {
        match by_id.get(&wish.board) {
            Some(Outcome::New { signed, rest, over }) => {
                new.push(signed);
                laid_over.extend(over);
                if done(tx, wish, *rest).await? {
                    fulfilled.push(wish);
                }
            }
            Some(Outcome::Waiting { until_ms }) => {
                publish_wanted::rest(tx, wish, *until_ms).await?;
                published.waiting += 1;
            }
            Some(Outcome::Faulty(_)) => {
                publish_wanted::postpone(tx, wish, now_ms).await?;
                published.postponed += 1;
            }
            Some(Outcome::Unchanged { rest }) => {
                if done(tx, wish, *rest).await? {
                    fulfilled.push(wish);
                }
            }
            None => fulfilled.push(wish),
        }
    }
    manifests::add(tx, &new, now_ms).await?;
    manifests::announce(tx, &new, now_ms).await?;
    presented::note_over(tx, &laid_over, now_ms).await?;
    publish_wanted::fulfil(tx, &fulfilled).await?;
    published.signed = new.len();
    Ok(published)
}

/// Whether the board waits no more, as its manifest is complete; any other is put to rest.
async fn done(tx: &mut Tx, wish: &Wanted, rest: Rest) -> Result<bool, StoreError> {
    match rest {
        Rest::Complete => return Ok(true),
        Rest::Woken => publish_wanted::rest(tx, wish, None).await?,
        Rest::Until(until_ms) => publish_wanted::rest(tx, wish, Some(until_ms)).await?,
    }
    Ok(false)
}

fn decide(
    app: &App,
    board: &Board,
    sources: &Sources,
    Heads { newest, reported }: Heads,
    wait_until_ms: Option<i64>,
    now: DateTime<Utc>,
) -> Result<Outcome, StoreError> {
    let safe = safe_item::of(board.geometry);
    let Some(ready) = sources.renditions.get(&safe) else { return Ok(Outcome::Waiting { until_ms: None }) };
    let pending = sources.wants(board, now).intersection(&sources.pending).count();
    let (joined, lasting);
    let made = if pending == 0 { Rest::Complete } else { Rest::Woken };
    let (sources, rest) = match patience(newest.is_some(), pending, wait_until_ms, now.timestamp_millis()) {
        Patience::None => (sources, made),
        Patience::Ended => {
            tracing::warn!(board.id = %board.id, pending, "renditions are not made in time; published without them");
            (sources, made)
        }
        Patience::Until(until_ms) => match join::without_what_waits(sources, board, now) {
            Some(sources) => {
                joined = sources;
                (&joined, Rest::Until(until_ms))
            }
            None => return Ok(Outcome::Waiting { until_ms: Some(until_ms) }),
        },
    };
    let sources = match join::without_what_lapsed(sources, board, now).filter(|_| newest.is_some()) {
        Some(sources) => {
            lasting = sources;
            &lasting
        }
        None => sources,
    };
    let newest_rev = newest.map_or(Revision(0), |(rev, _)| rev);
    let overtaken = is_ahead(reported, newest_rev, now);
    let previous = if overtaken { reported } else { newest_rev };
    let rev = Revision::next(previous, u64::try_from(now.timestamp_millis()).unwrap_or_default());
    let head = Head { key_epoch: app.keys.root.key_epoch, rev, issued: now };
    let manifest = compose(board, sources, (&safe.of.asset, *ready), head);
    let content_sha256 = content_of(&manifest)?;
    if !overtaken && newest.is_some_and(|(_, content)| content == content_sha256) {
        return Ok(if let Rest::Until(until_ms) = rest {
            Outcome::Waiting { until_ms: Some(until_ms) }
        } else {
            Outcome::Unchanged { rest }
        });
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
    let signed = Signed { board: board.id.clone(), rev, sha256: Digest::of(&envelope), content_sha256, envelope };
    Ok(Outcome::New { signed, rest, over: manifest.overlays.iter().filter_map(Overlay::picture).copied().collect() })
}

/// Whether a board holds a manifest that this database does not know: it was put back to an older backup. A revision further in the
/// future than any board accepts is an error of the board, and no reason to count on from there.
fn is_ahead(reported: Revision, newest: Revision, now: DateTime<Utc>) -> bool {
    let latest = (now + MAX_AHEAD).timestamp_millis();
    reported > newest && reported.as_i64() <= latest
}

/// Compares what a board holds with what is wanted on it, and answers the latter; one that holds a newer manifest than any here is
/// to get what is wanted under a number above that.
///
/// # Errors
/// When the database fails.
pub async fn overtake(app: &App, board: &BoardId, reported: Revision) -> Result<Option<Revision>, StoreError> {
    let newest = manifests::newest_revision(&app.db, board).await?;
    let now = app.clock.now();
    if is_ahead(reported, newest.unwrap_or_default(), now) {
        tracing::warn!(board.id = %board, manifest.revision = %reported, "the board holds a manifest that the database does not know, as after a restore; it gets a newer one");
        let mut tx = app.db.write().await?;
        publish_wanted::mark(&mut tx, std::slice::from_ref(board), now.timestamp_millis()).await?;
        tx.commit().await?;
        app.live.publish.notify_one();
    }
    Ok(newest)
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
    Ok(manifests::newest(&app.db, board, 1).await?.into_iter().next().map(|signed| wanted(app, &signed)))
}

/// The messages that tell these boards which manifest is wanted on each; a board without one is missing.
///
/// # Errors
/// When the database fails.
pub async fn desired_of(app: &App, boards: &[BoardId]) -> Result<BTreeMap<BoardId, Desired>, StoreError> {
    let newest = manifests::newest_of_each(&app.db, boards).await?;
    Ok(newest.into_iter().map(|(board, signed)| (board, wanted(app, &signed))).collect())
}

fn wanted(app: &App, signed: &Signed) -> Desired {
    Desired {
        v: V,
        rev: signed.rev,
        sha256: signed.sha256,
        root: app.keys.root.version,
        recall: Version(0),
        notices: Version(0),
        window_s: WINDOW_S,
        manifest: pack::pack(&signed.envelope),
    }
}

/// The revision of the newest manifest; none before the first.
///
/// # Errors
/// When the database fails.
pub async fn revision(app: &App, board: &BoardId) -> Result<Option<Revision>, StoreError> {
    manifests::newest_revision(&app.db, board).await
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
pub(super) fn read(app: &App, envelope: &[u8]) -> Option<Manifest> {
    let payload = Envelope::parse(envelope).ok()?.open(DocumentType::Manifest, &[app.keys.publish.public()], 1).ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_board_that_shows_something_waits_and_only_for_ten_minutes() {
        let later = 7 + PATIENCE_MS;
        for (has_manifest, pending, wait_until_ms, now_ms, expected) in [
            (false, 3, None, 7, Patience::None),
            (true, 0, None, 7, Patience::None),
            (true, 0, Some(5), 7, Patience::None),
            (true, 3, None, 7, Patience::Until(later)),
            (true, 3, Some(later), later - 1, Patience::Until(later)),
            (true, 3, Some(later), later, Patience::Ended),
        ] {
            let found = patience(has_manifest, pending, wait_until_ms, now_ms);
            assert_eq!(found, expected, "{has_manifest} {pending} {wait_until_ms:?} {now_ms}");
        }
    }
}
