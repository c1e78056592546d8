//! What the store of pictures is kept in order by: work that nobody wants any more is called off, and what nobody has needed for a
//! month goes, with its bytes. What was ever presented stays as long as its proof.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use playlists::id::{AssetId, BoardId, Digest};

use super::{App, publish, safe_item, sources};
use crate::failpoint::failpoint;
use crate::live::Change;
use crate::media::blobs::BlobError;
use crate::store::renditions::{Key, Known, Rendition, State};
use crate::store::{StoreError, asset_versions, boards, manifests, presented, publish_wanted, renditions, tokens};
use crate::telemetry::chain;

/// How long something is kept that nobody needs.
pub const REST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a rendition is at least wanted: what it is wanted for may be saved just now.
const GRACE: Duration = Duration::from_secs(120);
/// How often it is noted that a rendition is needed.
const NOTED_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Rows worked on in one transaction.
const PAGE: u32 = 500;
/// Manifests of a board that it may still fetch for: see `publish::may_fetch`.
const FETCHED_FOR: u32 = 2;

/// What becomes of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It stays as it is.
    Stays,
    /// It stays, and it is noted that it is needed now.
    Needed,
    /// It goes: nobody wants it made any more, or nobody has needed it for long.
    Goes,
}

/// Decides over a rendition by whether a board's plan needs it now, and whether a manifest or a play names its bytes. Pure.
fn fate(known: &Known, is_needed: bool, is_named: bool, now_ms: i64) -> Fate {
    let unneeded = now_ms.saturating_sub(known.needed_ms);
    match &known.rendition.state {
        _ if is_needed => {
            if unneeded >= millis(NOTED_EVERY) {
                Fate::Needed
            } else {
                Fate::Stays
            }
        }
        State::Wanted if unneeded > millis(GRACE) => Fate::Goes,
        State::Failed { .. } if unneeded > millis(REST) => Fate::Goes,
        State::Ready { .. } if unneeded > millis(REST) && !is_named => Fate::Goes,
        State::Wanted | State::Failed { .. } | State::Ready { .. } => Fate::Stays,
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Calls off what nobody wants made any more, and forgets renditions that nobody has needed for a month: rows only.
///
/// # Errors
/// When the database fails; what was done so far is right, and the rest is done the next time.
pub async fn tend(app: &App) -> Result<usize, StoreError> {
    let (plans, named) = (Plans::load(app).await?, named_by_manifests(app).await?);
    let now_ms = app.clock.now_ms();
    let (mut after, mut gone): (Option<Key>, usize) = (None, 0);
    loop {
        let page = renditions::known(&app.db, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.rendition.key.clone());
        let digests: Vec<Digest> = page.iter().filter_map(|known| known.rendition.digest()).collect();
        let shown = presented::presented_among(&app.db, &digests).await?;
        let is_named = |known: &Known| known.rendition.digest().is_some_and(|made| named.holds(&made) || shown.contains(&made));
        let (mut noted, mut goes) = (Vec::new(), Vec::new());
        for known in &page {
            let key = &known.rendition.key;
            match fate(known, plans.need(&known.rendition), is_named(known), now_ms) {
                Fate::Stays => {}
                Fate::Needed => noted.push(key),
                Fate::Goes => goes.push(known),
            }
        }
        let mut tx = app.db.write().await?;
        renditions::note_needed(&mut tx, &noted, now_ms).await?;
        // Only as it was found: one that was wanted anew or made meanwhile stays.
        gone += renditions::forget(&mut tx, &goes).await?;
        tx.commit().await?;
        tokio::task::yield_now().await;
    }
    failpoint!("collect-rows-gone");
    if gone > 0 {
        tracing::info!("{gone} renditions are needed no more");
        app.live.called_off.notify_waiters();
    }
    Ok(gone)
}

/// What the boards' plans need now.
#[derive(Default)]
struct Plans {
    /// Every rendition that some board's plan names.
    named: BTreeSet<Key>,
    /// Those of them that are worth making.
    wanted: BTreeSet<Key>,
}

impl Plans {
    async fn load(app: &App) -> Result<Self, StoreError> {
        let now = app.clock.now();
        let (sources, revoked) = (sources::load(app, now).await?, tokens::revoked(&app.db).await?);
        let (mut plans, mut after): (Self, Option<BoardId>) = (Self::default(), None);
        loop {
            let page = boards::list_by_id(&app.db, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(plans) };
            after = Some(last.id.clone());
            for board in page.iter().filter(|board| !revoked.contains(&board.id)) {
                plans.named.extend(sources.needs(board, now));
                plans.wanted.extend(sources.wants(board, now));
                for keys in [&mut plans.named, &mut plans.wanted] {
                    keys.insert(safe_item::of(board.geometry));
                }
                tokio::task::yield_now().await;
            }
        }
    }

    /// Whether some board's plan needs this: named is enough for what is made, what waits to be made must be worth it.
    fn need(&self, rendition: &Rendition) -> bool {
        match rendition.state {
            State::Wanted => self.wanted.contains(&rendition.key),
            State::Ready { .. } | State::Failed { .. } => self.named.contains(&rendition.key),
        }
    }
}

/// What manifests name.
enum Named {
    /// One of them cannot be read: it may be anything.
    Anything,
    /// These.
    These(BTreeSet<Digest>),
}

impl Named {
    fn holds(&self, digest: &Digest) -> bool {
        match self {
            Self::Anything => true,
            Self::These(named) => named.contains(digest),
        }
    }
}

/// The content that the boards' manifests name: of those that are in force, on the way, or still fetched for.
async fn named_by_manifests(app: &App) -> Result<Named, StoreError> {
    let (mut named, mut after): (BTreeSet<Digest>, Option<BoardId>) = (BTreeSet::new(), None);
    loop {
        let page = boards::list_by_id(&app.db, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(Named::These(named)) };
        after = Some(last.id.clone());
        let ids: Vec<BoardId> = page.into_iter().map(|board| board.id).collect();
        let heads = manifests::newest_heads(&app.db, &ids).await?;
        for id in &ids {
            let mut envelopes: Vec<Vec<u8>> =
                manifests::newest(&app.db, id, FETCHED_FOR).await?.into_iter().map(|signed| signed.envelope).collect();
            if let Some(heads) = heads.get(id) {
                let reported = manifests::envelopes(&app.db, id, &[heads.reported]).await?;
                envelopes.extend(reported.into_iter().map(|(_, envelope)| envelope));
            }
            for envelope in envelopes {
                let Some(manifest) = publish::read(app, &envelope) else {
                    tracing::warn!(board.id = %id, "a manifest cannot be read: nothing is removed that it may name");
                    return Ok(Named::Anything);
                };
                named.extend(manifest.items.into_iter().map(|item| item.sha256));
            }
        }
    }
}

/// Removes files that nothing names and nobody has put here for a month; answers how many. Only after [`tend`], in the one process
/// that serves.
///
/// # Errors
/// When the database fails, or the folder cannot be read.
pub async fn sweep(app: &App) -> Result<usize, SweepError> {
    let before = SystemTime::from(app.clock.now() - REST);
    // The list first: what comes to be named after it has been put here anew, which its removal sees.
    let resting = app.blobs.resting_since(before).await.map_err(SweepError::Blob)?;
    if resting.is_empty() {
        return Ok(0);
    }
    let by_manifests = named_by_manifests(app).await.map_err(SweepError::Store)?;
    let by_rows = presented::named_among(&app.db, &resting).await.map_err(SweepError::Store)?;
    let by_documents = named_by_documents(app).await?;
    let is_named = |digest: &Digest| by_rows.contains(digest) || by_manifests.holds(digest) || by_documents.contains(digest);
    let mut removed = 0;
    for digest in resting.into_iter().filter(|digest| !is_named(digest)) {
        match app.blobs.discard(&digest, before).await {
            Ok(gone) => removed += usize::from(gone),
            Err(error) => tracing::warn!(error = %chain(&error), "a file that nothing names stays for now"),
        }
    }
    Ok(removed)
}

/// The files that slides name: whatever looks like a digest in their documents.
async fn named_by_documents(app: &App) -> Result<BTreeSet<Digest>, SweepError> {
    let (mut named, mut after): (BTreeSet<Digest>, Option<Digest>) = (BTreeSet::new(), None);
    loop {
        let page = asset_versions::documents(&app.db, after.as_ref(), PAGE).await.map_err(SweepError::Store)?;
        let Some(last) = page.last() else { return Ok(named) };
        after = Some(*last);
        for document in &page {
            match app.blobs.read(document).await {
                Ok(bytes) => named.extend(digests_in(&bytes)),
                // What is not there names nothing; what cannot be read may name anything.
                Err(BlobError::Missing(_)) => {}
                Err(error) => return Err(SweepError::Blob(error)),
            }
        }
    }
}

fn digests_in(document: &[u8]) -> impl Iterator<Item = Digest> {
    let words = document.split(|byte| !byte.is_ascii_hexdigit()).filter(|word| word.len() == 64);
    words.filter_map(|word| std::str::from_utf8(word).ok()?.parse().ok())
}

/// Why files cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The folder cannot be read.
    #[error("the folder of files cannot be read")]
    Blob(#[source] BlobError),
    /// The database failed.
    #[error("what names the files cannot be looked up")]
    Store(#[source] StoreError),
}

/// Whether a rendition waits that may be called off: then [`tend`] is worth its while.
///
/// # Errors
/// When the database fails.
pub async fn has_work(app: &App) -> Result<bool, StoreError> {
    renditions::waits_unneeded(&app.db, app.clock.now_ms().saturating_sub(millis(GRACE))).await
}

/// Has an asset's failed renditions made again, and the boards looked at that may show them; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn retry(app: &App, asset: &AssetId) -> Result<u64, StoreError> {
    let now_ms = app.clock.now_ms();
    let again = renditions::retry(&app.db, asset, now_ms).await?;
    if again == 0 {
        return Ok(0);
    }
    // Boards were published without them: each looks again, and waits for them as for any other.
    let mut tx = app.db.write().await?;
    publish_wanted::mark_all(&mut tx, now_ms).await?;
    tx.commit().await?;
    app.live.renditions.notify_one();
    app.live.clips.notify_one();
    app.live.publish.notify_one();
    app.live.tell(Change::Asset(asset.clone()));
    Ok(again)
}

#[cfg(test)]
mod tests {
    use playlists::asset::Language;

    use super::*;
    use crate::store::asset_versions::VersionId;
    use crate::store::renditions::Variant;

    fn known(state: State, needed_ms: i64) -> Known {
        let of = VersionId { asset: "a-1".parse().expect("an id"), language: Language::undetermined(), version: 1 };
        let key = Key { of, geometry: "64x32".parse().expect("a geometry"), variant: Variant::Whole };
        Known { rendition: Rendition { key, state, attempt: 0, changed_ms: 0 }, needed_ms }
    }

    #[test]
    fn what_is_needed_or_named_stays_and_the_rest_goes_in_its_time() {
        let made = || State::Ready { sha256: Digest::of(b"made"), size_bytes: 4, strip_width: None };
        let failed = || State::Failed { error: "why".to_owned(), fault: None };
        let (moment, day, month) = (millis(GRACE), millis(NOTED_EVERY), millis(REST));
        for (state, unneeded, is_needed, is_named, expected) in [
            (State::Wanted, moment, false, false, Fate::Stays),
            (State::Wanted, moment + 1, false, false, Fate::Goes),
            (State::Wanted, moment + 1, true, false, Fate::Stays),
            (failed(), month, false, false, Fate::Stays),
            (failed(), month + 1, false, false, Fate::Goes),
            (made(), month, false, false, Fate::Stays),
            (made(), month + 1, false, false, Fate::Goes),
            (made(), month + 1, false, true, Fate::Stays),
            (made(), 40 * month, false, true, Fate::Stays),
            (made(), month + 1, true, false, Fate::Needed),
            (made(), day, true, false, Fate::Needed),
            (made(), day - 1, true, false, Fate::Stays),
        ] {
            let found = fate(&known(state.clone(), 7), is_needed, is_named, 7 + unneeded);
            assert_eq!(found, expected, "{state:?}, for {unneeded} ms, needed {is_needed}, named {is_named}");
        }
    }

    #[test]
    fn what_a_document_names_is_found_wherever_it_stands() {
        let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
        let document = format!(r#"{{"pictures":{{"logo":"{one}"}},"texts":{{"vi":"sha256:{other}, abc {one}0"}}}}"#);
        assert_eq!(digests_in(document.as_bytes()).collect::<Vec<_>>(), [one, other]);
    }
}
