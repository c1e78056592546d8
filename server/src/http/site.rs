//! What every page handler works with: the use cases, the limits of sign-in, the counters.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use playlists::id::BoardId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Attempts to sign in, a minute and address.
const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(20).expect("20 is not 0");
/// Attempts to sign in, a minute and login.
const PER_LOGIN: NonZeroU32 = NonZeroU32::new(6).expect("6 is not 0");
/// Least time between two pictures that an open page asks of one board.
const BETWEEN_PICTURES: Duration = Duration::from_secs(3);
/// Keys that a limiter remembers before those at rest are forgotten.
const MOST_KEYS: usize = 10_000;

/// The labels of a counted request; no ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// `2xx` to `5xx`.
    pub class: &'static str,
}

/// The state of the router.
#[derive(Clone)]
pub struct Site(Arc<Inside>);

/// What [`Site`] shares.
pub struct Inside {
    /// The use cases' world.
    pub app: Arc<App>,
    /// Cancelled when the server is to stop: streams end then.
    pub stop: CancellationToken,
    /// Requests since the start.
    pub requests: Family<RequestLabels, Counter>,
    by_address: DefaultKeyedRateLimiter<String>,
    by_login: DefaultKeyedRateLimiter<String>,
    pictures: DefaultKeyedRateLimiter<BoardId>,
}

impl Deref for Site {
    type Target = Inside;
    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl Site {
    /// The state of a new router.
    #[must_use]
    pub fn new(app: Arc<App>, stop: CancellationToken) -> Self {
        Self(Arc::new(Inside {
            app,
            stop,
            requests: Family::default(),
            by_address: RateLimiter::keyed(Quota::per_minute(PER_ADDRESS)),
            by_login: RateLimiter::keyed(Quota::per_minute(PER_LOGIN)),
            pictures: RateLimiter::keyed(Quota::with_period(BETWEEN_PICTURES).expect("three seconds are not 0")),
        }))
    }

    /// Whether an open page may ask this board for a picture now: pages refresh often, boards answer seldom.
    #[must_use]
    pub fn may_ask_picture(&self, board: &BoardId) -> bool {
        if self.pictures.len() > MOST_KEYS {
            self.pictures.retain_recent();
        }
        self.pictures.check_key(board).is_ok()
    }

    /// Whether one more attempt to sign in is within the limits of the address and of the login.
    #[must_use]
    pub fn may_try(&self, address: &str, login: &str) -> bool {
        for limiter in [&self.by_address, &self.by_login] {
            if limiter.len() > MOST_KEYS {
                limiter.retain_recent();
            }
        }
        let login: String = login.chars().take(64).collect();
        self.by_address.check_key(&address.to_owned()).is_ok() && self.by_login.check_key(&login).is_ok()
    }
}
