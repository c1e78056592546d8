//! Calls that run beside the loop, one of a kind at a time, and what becomes of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use playlists::id::{Digest, Revision};
use playlists::wire::messages::{Stream, Token};
use playlists::wire::topics::Up;

use super::trouble::Trouble;
use super::{Agent, blocking, chain, log};
use crate::api::ApiError;
use crate::cache::CacheError;
use crate::download::DownloadError;
use crate::poll::{self, Answer, PollError, Question};
use crate::queue::Range;
use crate::token;

/// First pause after a refused or failed request for a token.
const TOKEN_PAUSE: Duration = Duration::from_secs(1);
/// Shortest time between two tokens: one that the board's clock takes for old must not be asked for in a loop.
const TOKENS_APART: Duration = Duration::from_secs(60);
/// Pause before a snapshot that failed is tried again.
const SNAPSHOT_PAUSE: Duration = Duration::from_secs(15);
/// Longest whole poll.
const DEADLINE: Duration = Duration::from_secs(120);

/// What ended.
pub(super) enum Done {
    Token(Result<Token, ApiError>),
    Polled { result: Result<Answer, PollError>, asked: Duration },
    PolledTooLong,
    Downloaded { item: Digest, size: u64, result: Result<(), DownloadError> },
    Posted { up: Up, batch: Option<Range>, result: Result<Bytes, ApiError> },
    Snapshot { limit: usize, result: Result<(), ApiError> },
    Evicted(Result<(), CacheError>),
}

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Busy {
    token: bool,
    polling: bool,
    pub(super) posting: bool,
    pub(super) snapshot: bool,
    pub(super) snapshot_of: Option<Revision>,
    pub(super) snapshot_again: Duration,
    token_failures: u32,
}

impl Agent {
    /// Asks for a token where there is none, it ends, or it was refused.
    pub(super) fn renew_token(&mut self) {
        let is_due = self.parts.token.as_ref().is_none_or(|held| held.is_due(self.belief().now));
        if self.busy.token || !is_due || self.now() < self.due.token {
            return;
        }
        self.busy.token = true;
        let (api, identity) = (self.parts.api.clone(), Arc::clone(&self.parts.identity));
        self.jobs.spawn(async move { Done::Token(Box::pin(token::renew(&api, &identity.board, &identity.key)).await) });
    }

    /// Asks what is newest, always, whatever MQTT says.
    pub(super) fn poll(&mut self) {
        let now = self.now();
        if self.busy.polling || self.parts.token.is_none() || now < self.due.poll {
            return;
        }
        let mut nonce = [0; 18];
        if getrandom::fill(&mut nonce).is_err() {
            tracing::error!("the system gives no random bytes");
            return;
        }
        self.busy.polling = true;
        self.due.poll = now + self.parts.cadence.poll.mul_f64(0.9 + fastrand::f64() / 5.0);
        let question = Question {
            board: self.parts.identity.board.clone(),
            root: self.parts.root.clone(),
            nonce: BASE64URL_NOPAD.encode(&nonce),
            rev: self.newest_rev(),
            etag: self.etag.clone(),
            insist: self.insist,
        };
        let api = self.parts.api.clone();
        self.jobs.spawn(async move {
            let polled = tokio::time::timeout(DEADLINE, Box::pin(poll::poll(&api, &question))).await;
            polled.map_or(Done::PolledTooLong, |result| Done::Polled { result, asked: now })
        });
    }

    pub(super) async fn on_done(&mut self, done: Done) {
        match done {
            Done::Token(result) => {
                self.busy.token = false;
                self.on_token(result).await;
            }
            Done::Polled { result, asked } => {
                self.busy.polling = false;
                self.on_polled(result, asked).await;
            }
            Done::PolledTooLong => {
                self.busy.polling = false;
                tracing::warn!("the server took too long to answer a poll");
            }
            Done::Downloaded { item, size, result } => self.on_downloaded(item, size, result),
            Done::Posted { up, batch, result } => {
                self.busy.posting = false;
                self.on_posted(up, batch, result).await;
            }
            Done::Snapshot { limit, result } => {
                self.busy.snapshot = false;
                if let Err(error) = result {
                    tracing::warn!(error = %chain(&error), "the snapshot was not taken");
                    self.heed(&error);
                    self.snapshot_wanted = self.snapshot_wanted.or(Some(limit));
                    self.busy.snapshot_again = self.now() + SNAPSHOT_PAUSE;
                }
            }
            Done::Evicted(result) => {
                log(result, "content could not be evicted");
            }
        }
    }

    async fn on_token(&mut self, result: Result<Token, ApiError>) {
        let now = self.now();
        match result {
            Ok(token) => {
                self.busy.token_failures = 0;
                self.parts.api.set_bearer(Some(token.token.clone()));
                self.parts.token_out.send_replace(Some(token.token.clone()));
                let held = token::Held { token, given: self.belief().now };
                self.parts.token = Some(held.clone());
                (self.due.poll, self.due.token) = (now, now + TOKENS_APART);
                self.fetching.look_again();
                self.keep_token(held).await;
            }
            Err(error) => {
                self.busy.token_failures = self.busy.token_failures.saturating_add(1);
                let longest = TOKEN_PAUSE.saturating_mul(1 << self.busy.token_failures.min(6));
                let pause = longest.mul_f64(0.5 + fastrand::f64() / 2.0);
                self.due.token = now + pause.max(error.retry_after().unwrap_or_default());
                if matches!(error, ApiError::Refused { .. }) {
                    self.note("token-refused", &chain(&error), "");
                } else {
                    tracing::info!(error = %chain(&error), "the server gives no token");
                }
            }
        }
    }

    /// Keeps the token on disk.
    pub(super) async fn keep_token(&mut self, held: token::Held) {
        let path = self.parts.token_path.clone();
        let kept = blocking(move || token::keep(&path, &held)).await;
        self.heed_disk(Trouble::Token, kept, "the token could not be kept");
    }

    async fn on_polled(&mut self, result: Result<Answer, PollError>, asked: Duration) {
        match result {
            Ok(answer) => {
                let heard_at = asked + self.now().saturating_sub(asked) / 2;
                self.on_answer(answer, heard_at).await;
            }
            Err(PollError::Api(error)) => {
                tracing::info!(error = %chain(&error), "the server was not heard");
                let pause = error.retry_after().unwrap_or_default();
                self.due.poll = self.due.poll.max(self.now() + pause);
                self.heed(&error);
            }
            Err(error) => self.note("poll-refused", &chain(&error), ""),
        }
    }

    async fn on_posted(&mut self, up: Up, batch: Option<Range>, result: Result<Bytes, ApiError>) {
        let error = match (up, result) {
            (Up::Plays, Ok(ack)) => return self.on_posted_ack(Stream::Plays, &ack).await,
            (Up::Event, Ok(ack)) => return self.on_posted_ack(Stream::Event, &ack).await,
            (Up::Hello | Up::Bye | Up::State, Ok(_)) => return,
            (_, Err(error)) => error,
        };
        tracing::info!(error = %chain(&error), "a report was not taken");
        self.heed(&error);
        match (batch, error.is_for_good()) {
            (Some(batch), Some(reason)) => self.set_aside(batch, reason.to_owned()).await,
            (Some(batch), None) => {
                let (now, asked) = (self.now(), error.retry_after());
                self.outbox(batch.stream).unreachable(now, asked, fastrand::f64());
            }
            (None, _) => (self.reported, self.told) = (None, self.told_before),
        }
    }

    fn heed(&mut self, error: &ApiError) {
        if error.is_unauthorised() {
            self.give_up_token();
        }
    }

    /// The token was refused: a new one is asked for.
    pub(super) fn give_up_token(&mut self) {
        if self.parts.token.take().is_some() {
            self.due.token = self.now();
        }
    }
}
