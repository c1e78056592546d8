//! Boards: added with a key of their own, listed, set up.

use chrono_tz::Tz;
use playlists::geometry::Geometry;
use playlists::id::{BoardId, UnitId};
use playlists::trust::envelope::{Envelope, EnvelopeError};
use playlists::trust::key::SecretKey;
use playlists::wire::messages::{Identity, V};

pub use super::board_settings::{SettingsDraft, save};
use super::campaign_draft::OPERATORS_ZONE;
use super::{App, checked_name};
use crate::live::Change;
use crate::store::boards::{Board, LoopRules};
use crate::store::{StoreError, board_changes, boards, manifests, publish_wanted};

/// A board to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBoard {
    /// Its id.
    pub id: BoardId,
    /// Its name as people read it.
    pub name: String,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Five digits of the statistics office.
    pub commune_code: String,
    /// Latitude and longitude, WGS 84.
    pub place: Option<(f64, f64)>,
    /// Its pixels.
    pub geometry: Geometry,
    /// Its IANA zone.
    pub time_zone: Tz,
}

impl NewBoard {
    /// A board whose place nobody has said yet, in the operators' zone.
    #[must_use]
    pub const fn simple(id: BoardId, name: String, unit: UnitId, commune_code: String, geometry: Geometry) -> Self {
        Self { id, name, unit, commune_code, place: None, geometry, time_zone: OPERATORS_ZONE }
    }
}

/// Why a board cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum AddBoardError {
    /// There is a board of this id.
    #[error("there is a board {0} already")]
    Taken(BoardId),
    /// There is no such unit.
    #[error("there is no unit {0}")]
    NoUnit(UnitId),
    /// It needs a name.
    #[error("a board needs a name of 1 to 200 characters")]
    Name,
    /// The system gives no random bytes for its key.
    #[error("the system gives no random bytes for the board's key")]
    Random(#[source] getrandom::Error),
    /// The server's root cannot be put into the identity.
    #[error("the root cannot be read")]
    Root(#[source] EnvelopeError),
    /// The database failed.
    #[error("the board {board} cannot be stored")]
    Store {
        /// Which board.
        board: BoardId,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Adds a board. Its key is drawn here and given out once, in the identity; the server keeps the public half only.
///
/// # Errors
/// When the id is taken, the unit does not exist, or the database fails.
pub async fn add(app: &App, new: NewBoard) -> Result<(BoardId, Identity), AddBoardError> {
    let (board, identity) = draw(app, new)?;
    store_all(app, std::slice::from_ref(&board)).await.map_err(|source| match source {
        source if source.is_taken() => AddBoardError::Taken(board.id.clone()),
        source if source.is_dangling() => AddBoardError::NoUnit(board.unit.clone()),
        source => AddBoardError::Store { board: board.id.clone(), source },
    })?;
    app.live.publish.notify_one();
    Ok((board.id, identity))
}

/// A board with a key drawn for it, and the identity that holds the private half. Nothing is stored.
pub(super) fn draw(app: &App, new: NewBoard) -> Result<(Board, Identity), AddBoardError> {
    let mut faults = Vec::new();
    let name = checked_name(&new.name, &mut faults);
    if !faults.is_empty() {
        return Err(AddBoardError::Name);
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(AddBoardError::Random)?;
    let key = SecretKey::from_seed(&seed);
    let identity = Identity {
        v: V,
        board: new.id.clone(),
        secret_key: key.to_hex(),
        geometry: new.geometry,
        server: app.public_url.clone(),
        mqtt: app.public_mqtt.clone(),
        tls_ca: app.edge.pinned.clone(),
        issued: Some(app.clock.now()),
        root_sha256: app.keys.root_sha256(),
        root: Envelope::parse(&app.keys.root_envelope).map_err(AddBoardError::Root)?,
    };
    let board = Board {
        id: new.id,
        name,
        unit: new.unit,
        commune_code: new.commune_code,
        place: new.place,
        geometry: new.geometry,
        time_zone: new.time_zone,
        hours: None,
        brightness: 100,
        default_playlist: None,
        overlays: Vec::new(),
        rules: LoopRules::default(),
        public_key: key.public(),
    };
    Ok((board, identity))
}

/// Stores new boards, all or none; each waits for its first manifest from then on.
pub(super) async fn store_all(app: &App, new: &[Board]) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    let ids: Vec<BoardId> = new.iter().map(|board| board.id.clone()).collect();
    let mut tx = app.db.write().await?;
    boards::add(&mut tx, new, now_ms).await?;
    publish_wanted::mark(&mut tx, &ids, now_ms).await?;
    tx.commit().await
}

/// Gives a board other pixels, as when its modules were set up anew; whether it exists. What it shows is made at these pixels, unless it
/// is there for other boards, and published at once. Its player is told by its identity file, which the server does not keep.
///
/// # Errors
/// When the database fails.
pub async fn resize(app: &App, id: &BoardId, geometry: Geometry) -> Result<bool, StoreError> {
    let Some(board) = boards::get(&app.db, id).await? else { return Ok(false) };
    if board.geometry == geometry {
        return Ok(true);
    }
    let (now_ms, has_past) = (app.clock.now_ms(), manifests::newest_revision(&app.db, id).await?.is_some());
    let mut tx = app.db.write().await?;
    boards::resize(&mut tx, id, geometry).await?;
    if has_past {
        // Running text takes another time to cross, so the day's list is another one from now on.
        board_changes::relist(&mut tx, id, now_ms).await?;
    }
    publish_wanted::mark(&mut tx, std::slice::from_ref(id), now_ms).await?;
    tx.commit().await?;
    tracing::info!(board.id = %id, "the board has {geometry} pixels now");
    app.live.tell(Change::Board(id.clone()));
    app.live.publish.notify_one();
    Ok(true)
}

/// Boards whose name contains `search` (tone marks do not matter), by name, after this one, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, search: &str, after: Option<&BoardId>, limit: u32) -> Result<Vec<Board>, StoreError> {
    boards::list(&app.db, search, after, limit).await
}

/// The board of this id.
///
/// # Errors
/// When the database fails.
pub async fn get(app: &App, id: &BoardId) -> Result<Option<Board>, StoreError> {
    boards::get(&app.db, id).await
}

/// The first boards in the order of their ids, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn first(app: &App, limit: u32) -> Result<Vec<Board>, StoreError> {
    boards::list_by_id(&app.db, None, limit).await
}

/// The sizes of boards, those that most boards have first, at most `most`, and how many boards have each.
///
/// # Errors
/// When the database fails.
pub async fn sizes(app: &App, most: u32) -> Result<Vec<(Geometry, u64)>, StoreError> {
    boards::sizes(&app.db, most).await
}
