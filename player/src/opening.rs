//! What a player finds on its disk when it starts, with the picture on the screen before anything else is looked at.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use playlists::id::{BootId, Digest, QueueEpoch, Session};
use playlists::schedule::{Reader, Schedule};
use playlists::trust::accept::{Standing, Verdict, accept};
use playlists::trust::roles::Root;
use tokio::sync::mpsc::Receiver;

use crate::agent::{Active, Showing};
use crate::banks::{Bank, Banks};
use crate::cache::{Cache, Index};
use crate::clock::{Reading, Timekeeper};
use crate::fleet::{Common, QUEUE_BYTES, stage::VirtualStage};
use crate::identity::Identity;
use crate::lifecycle::{Cadence, Given, StartError};
use crate::memory::Memory;
use crate::mode;
use crate::playback::Circumstances;
use crate::ports::{Clock, OpenOutput};
use crate::presenter::Presenter;
use crate::queue::{CACHE_BYTES, Queue};
use crate::stage::moving::Decoding;
use crate::stage::transition::Transition;
use crate::stage::{Report, Screen, Stage};
use crate::token;

/// Share of the disk's free space that content may take, in per cent.
const QUOTA_PER_CENT: u64 = 85;

/// Where what a board shows becomes visible.
pub(crate) enum Surface {
    /// On an output, drawn by a stage with threads of its own.
    Output(OpenOutput, Transition, Decoding),
    /// Nowhere: it is hashed, as one of many boards of a process.
    Virtual(Arc<Common>),
}

/// What is opened from disk, with the picture on the screen already.
pub(crate) struct Open {
    pub(crate) identity: Arc<Identity>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) boot: BootId,
    pub(crate) keeper: Timekeeper,
    pub(crate) memory: Arc<Memory>,
    pub(crate) banks: Banks<Bank>,
    pub(crate) bank: Bank,
    pub(crate) root: Root,
    pub(crate) cache: Cache,
    pub(crate) held: Index,
    pub(crate) showing: Showing,
    pub(crate) reports: Receiver<Report>,
    pub(crate) screen: Arc<Screen>,
    pub(crate) queue: Queue,
    pub(crate) token: Option<token::Held>,
    pub(crate) token_path: PathBuf,
    pub(crate) session: Session,
    pub(crate) cadence: Cadence,
    pub(crate) quota: u64,
}

/// Opens everything; blocks. The picture comes first, and nothing that the disk refuses keeps it away.
pub(crate) fn open(given: Given, surface: Surface) -> Result<Open, StartError> {
    let Given { identity, data, cadence, clock } = given;
    let (stage, reports, queue_bytes): (Box<dyn Presenter>, _, _) = match surface {
        Surface::Output(output, transition, decoding) => {
            let (stage, reports) =
                Stage::start(identity.geometry, transition, decoding, Arc::clone(&clock), output).map_err(StartError::Stage)?;
            (Box::new(stage), reports, CACHE_BYTES)
        }
        Surface::Virtual(common) => {
            let (stage, reports) = VirtualStage::start(identity.geometry, Arc::clone(&clock), common);
            (Box::new(stage), reports, QUEUE_BYTES)
        }
    };
    let screen = stage.screen();
    if let Err(error) = std::fs::create_dir_all(&data) {
        tracing::error!(error = &error as &dyn Error, "the folder {} cannot be used", data.display());
    }
    let (cache, held) = Cache::open(data.join("content"));
    let memory = Memory::open(&data);
    let (banks, found) = Banks::<Bank>::open(&data, "bank");
    for path in &found.damaged {
        tracing::error!("the bank {} is damaged; the other one counts", path.display());
    }
    let mut bank = found.held.unwrap_or_default();
    let root = newest_root(&identity.root, &mut bank);
    let active = in_force(&identity, &root, &bank);
    let floor = bank.floor.max(memory.notes().floor);
    let keeper = Timekeeper::new(floor, clock.monotonic());
    let reading = Reading::exact(clock.as_ref());
    let belief = keeper.believe(reading);
    let alone = Duration::from_secs(memory.notes().alone_s);
    let mode = mode::mode(active.as_ref().map(Active::patience), alone);
    let mut showing = Showing::new(stage, cache.clone(), active);
    showing.tie(keeper.origin(reading), reading.monotonic);
    showing.refresh(Circumstances { mode, quality: belief.quality }, belief.now);
    let queue = Queue::open_with(&data.join("queue.redb"), queue_bytes, draw_epoch)
        .map_err(|source| StartError::InUse { path: data.clone(), source })?;
    if let Err(error) = memory.raise_session(belief.now) {
        tracing::error!(error = &error as &dyn Error, "the session could not be kept: no connection is made until it can");
    }
    let token_path = data.join("token.json");
    Ok(Open {
        session: memory.notes().sess,
        boot: drawn("boot").parse().map_err(|_| StartError::Random)?,
        memory: Arc::new(memory),
        identity,
        quota: quota(&cache, &held),
        token: token::read(&token_path),
        clock,
        keeper,
        banks,
        bank,
        root,
        cache,
        held,
        showing,
        reports,
        screen,
        queue,
        token_path,
        cadence,
    })
}

/// Most bytes of content: what is held and most of what is free. Where the disk does not tell, it sets the limit itself.
fn quota(cache: &Cache, held: &Index) -> u64 {
    let used: u64 = held.values().sum();
    cache.free().map_or(u64::MAX, |free| used.saturating_add(free.saturating_mul(QUOTA_PER_CENT) / 100))
}

/// Follows the kept roots from the pinned one; what does not follow is left out.
fn newest_root(pinned: &Root, bank: &mut Bank) -> Root {
    let mut root = pinned.clone();
    let mut good = 0;
    for envelope in &bank.roots {
        match root.succeeded_by(envelope.as_bytes()) {
            Ok(next) => root = next,
            Err(error) => {
                tracing::error!(error = &error as &dyn Error, "a kept root does not follow the one before");
                break;
            }
        }
        good += 1;
    }
    bank.roots.truncate(good);
    root
}

/// The manifest that the bank holds, judged again: a disk is a courier like any other.
fn in_force(identity: &Identity, root: &Root, bank: &Bank) -> Option<Active> {
    let envelope = bank.manifest.as_ref()?;
    let standing =
        Standing { board: &identity.board, board_key: &identity.key.public(), root, held: None, recall: bank.recall, now: None };
    let accepted = match accept(envelope.as_bytes(), &standing) {
        Ok(Verdict::Newer(accepted)) => accepted,
        Ok(Verdict::Same) => return None,
        Err(refusal) => {
            tracing::error!(error = &refusal as &dyn Error, "the kept manifest is refused");
            return None;
        }
    };
    let reader = Reader::new(Schedule::new(&accepted.manifest).ok()?);
    Some(Active { manifest: accepted.manifest, sha256: Digest::of(envelope.as_bytes()), reader })
}

fn draw_epoch() -> QueueEpoch {
    drawn("q").parse().unwrap_or_else(|_| "q-unnamed".parse().expect("a constant that is an epoch's name"))
}

/// A name that nobody else has drawn.
fn drawn(kind: &str) -> String {
    let mut bytes = [0; 12];
    if getrandom::fill(&mut bytes).is_err() {
        bytes.iter_mut().for_each(|byte| *byte = fastrand::u8(..));
    }
    format!("{kind}-{}", data_encoding::HEXLOWER.encode(&bytes))
}
