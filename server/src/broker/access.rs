//! Who may log in at the embedded broker, and who may use which topic there.
//!
//! A board's client id, user name and board id are one; its password is its token. Tokens are random, so SHA-256 and a constant
//! time comparison are enough, and thousands of boards can log in at once. A login that must ask the database costs one of a
//! few attempts of that board at that address; logins from the cache cost none. So wrong passwords are slowed down, without
//! locking out the other boards behind the same address.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota};
use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::broker::events::{BrokerEventHandler, ClientPublishEvent, PublishAction};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::types::ReasonCode;
use playlists::geometry::Geometry;
use playlists::id::{BoardId, Digest};
use playlists::wire::topics::{PREFIX, may_publish, may_subscribe};
use subtle::ConstantTimeEq;

use super::credentials::Credentials;
use super::{SERVER_ID, TESTER_ID};
use crate::app::App;
use crate::store::tokens::Grant;
use crate::store::{StoreError, status, tokens};
use crate::telemetry::chain;

/// Attempts that a board has at once at one address, and that it gets back in a minute.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
/// Longest wait for the database at a login.
const PATIENCE: Duration = Duration::from_secs(5);

/// The rules, and what they need to know.
pub(super) struct Access {
    app: Arc<App>,
    server: Digest,
    probe: Mutex<Option<(BoardId, Digest)>>,
    /// Boards are let in once the server hears them.
    open: AtomicBool,
    known: Mutex<HashMap<BoardId, Known>>,
    attempts: DefaultKeyedRateLimiter<(BoardId, IpAddr)>,
}

/// What is known of a board that logged in; never more entries than boards.
#[derive(Debug, Clone)]
struct Known {
    geometry: Geometry,
    /// As the database had them; emptied to make the next login ask again.
    grants: Vec<Grant>,
    /// The token of its last login.
    used: Digest,
}

/// Who speaks.
enum Who {
    Server,
    Board(BoardId),
}

impl Access {
    pub(super) fn new(app: Arc<App>, credentials: &Credentials) -> Self {
        let probe = credentials.probe.user.parse().ok().map(|board| (board, Digest::of(credentials.probe.password.as_bytes())));
        Self {
            app,
            server: Digest::of(credentials.server.password.as_bytes()),
            probe: Mutex::new(probe),
            open: AtomicBool::new(false),
            known: Mutex::default(),
            attempts: DefaultKeyedRateLimiter::keyed(Quota::per_minute(ATTEMPTS)),
        }
    }

    /// Lets boards in.
    pub(super) fn open(&self) {
        self.open.store(true, Ordering::Release);
    }

    /// The probe's login ends.
    pub(super) fn end_self_test(&self) {
        *self.probe.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The board's next login asks the database.
    pub(super) fn forget(&self, board: &BoardId) {
        self.known().remove(board);
    }

    /// The boards whose last login's token no longer holds. All logins ask the database again afterwards.
    pub(super) async fn lapsed(&self) -> Result<Vec<BoardId>, StoreError> {
        let used: Vec<(BoardId, Digest)> = {
            let mut known = self.known();
            known.values_mut().for_each(|known| known.grants.clear());
            known.iter().map(|(board, known)| (board.clone(), known.used)).collect()
        };
        self.attempts.retain_recent();
        if used.is_empty() {
            return Ok(Vec::new());
        }
        let tokens: Vec<Digest> = used.iter().map(|(_, token)| *token).collect();
        let holding = tokens::holding(&self.app.db, &tokens, self.app.clock.now_ms()).await?;
        Ok(used.into_iter().filter(|(_, token)| !holding.contains(token)).map(|(board, _)| board).collect())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<BoardId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn probe(&self) -> Option<(BoardId, Digest)> {
        self.probe.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn log_in(&self, connect: &ConnectPacket, from: IpAddr) -> Result<(), ReasonCode> {
        let wrong = Err(ReasonCode::BadUsernameOrPassword);
        let (Some(user), Some(password)) = (&connect.username, &connect.password) else { return wrong };
        let password = Digest::of(password);
        if connect.client_id == SERVER_ID || connect.client_id == TESTER_ID {
            return if user == SERVER_ID && same(&password, &self.server) { Ok(()) } else { wrong };
        }
        let Ok(board) = connect.client_id.parse::<BoardId>() else { return wrong };
        if user != board.as_str() {
            return wrong;
        }
        let probe = self.probe().filter(|(probe, _)| *probe == board);
        match probe {
            Some((_, expected)) if !same(&password, &expected) => return wrong,
            Some(_) => {}
            None => self.admit(&board, password, from).await?,
        }
        match &connect.will {
            Some(will) if will.retain || !may_publish(&board, &will.topic) => Err(ReasonCode::NotAuthorized),
            _ => Ok(()),
        }
    }

    async fn admit(&self, board: &BoardId, password: Digest, from: IpAddr) -> Result<(), ReasonCode> {
        if !self.open.load(Ordering::Acquire) {
            return Err(ReasonCode::ServerUnavailable);
        }
        let now_ms = self.app.clock.now_ms();
        if let Some(known) = self.known().get_mut(board)
            && holds(&known.grants, &password, now_ms)
        {
            known.used = password;
            return Ok(());
        }
        if self.attempts.check_key(&(board.clone(), from)).is_err() {
            return Err(ReasonCode::ConnectionRateExceeded);
        }
        let asked = tokio::time::timeout(PATIENCE, self.ask(board, now_ms)).await;
        let (geometry, grants) = match asked {
            Ok(Ok(Some(found))) => found,
            Ok(Ok(None)) => return Err(ReasonCode::BadUsernameOrPassword),
            Ok(Err(error)) => {
                tracing::warn!(board.id = %board, error = %chain(&error), "a login could not be checked");
                return Err(ReasonCode::ServerUnavailable);
            }
            Err(_) => return Err(ReasonCode::ServerUnavailable),
        };
        if !holds(&grants, &password, now_ms) {
            return Err(ReasonCode::BadUsernameOrPassword);
        }
        self.known().insert(board.clone(), Known { geometry, grants, used: password });
        Ok(())
    }

    async fn ask(&self, board: &BoardId, now_ms: i64) -> Result<Option<(Geometry, Vec<Grant>)>, StoreError> {
        let Some(found) = status::board_key(&self.app.db, board).await? else { return Ok(None) };
        Ok(Some((found.geometry, tokens::of_board(&self.app.db, board, now_ms).await?)))
    }

    fn who(user: Option<&str>) -> Option<Who> {
        let user = user?;
        if user == SERVER_ID { Some(Who::Server) } else { user.parse().ok().map(Who::Board) }
    }

    fn may_publish(&self, user: Option<&str>, topic: &str) -> bool {
        match Self::who(user) {
            Some(Who::Server) => is_ours(topic),
            Some(Who::Board(board)) => may_publish(&board, topic),
            None => false,
        }
    }

    fn may_subscribe(&self, user: Option<&str>, filter: &str) -> bool {
        match Self::who(user) {
            Some(Who::Server) => is_ours(filter),
            Some(Who::Board(board)) => self.geometry(&board).is_some_and(|geometry| may_subscribe(&board, geometry, filter)),
            None => false,
        }
    }

    fn geometry(&self, board: &BoardId) -> Option<Geometry> {
        if self.probe().is_some_and(|(probe, _)| probe == *board) {
            return Geometry::new(1, 1).ok();
        }
        self.known().get(board).map(|known| known.geometry)
    }
}

fn is_ours(topic: &str) -> bool {
    topic.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with('/'))
}

fn same(a: &Digest, b: &Digest) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Whether one of the grants is this token and holds; each is compared, whichever fits.
fn holds(grants: &[Grant], token: &Digest, now_ms: i64) -> bool {
    grants.iter().fold(false, |found, grant| found | (same(&grant.token, token) && grant.until_ms > now_ms))
}

impl AuthProvider for Access {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        client_addr: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = mqtt5::Result<AuthResult>> + Send + 'a>> {
        Box::pin(async move {
            Ok(match self.log_in(connect, self.app.edge.origins.of(client_addr)).await {
                Ok(()) => AuthResult::success_with_user(connect.username.as_deref().unwrap_or_default()),
                Err(reason) => AuthResult::fail(reason),
            })
        })
    }

    fn authorize_publish<'a>(
        &'a self,
        _: &str,
        user: Option<&'a str>,
        topic: &'a str,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(ready(self.may_publish(user, topic)))
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _: &str,
        user: Option<&'a str>,
        filter: &'a str,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(ready(self.may_subscribe(user, filter)))
    }
}

/// Boards retain nothing: what they ask to be kept is acknowledged and dropped.
pub(super) struct NothingRetained;

impl BrokerEventHandler for NothingRetained {
    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Pin<Box<dyn Future<Output = PublishAction> + Send + 'a>> {
        let refused = event.retain && event.user_id.as_deref() != Some(SERVER_ID);
        if refused {
            tracing::warn!(board.id = %event.client_id, mqtt.topic = %event.topic, "a board's retained message was dropped");
        }
        Box::pin(ready(if refused { PublishAction::Handled } else { PublishAction::Continue }))
    }
}
