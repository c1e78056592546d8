//! Documents that reach the board: the wanted manifest, roots, commands, and what becomes of them.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use playlists::id::{Digest, Revision};
use playlists::schedule::{Reader, Schedule};
use playlists::trust::accept::{Accepted, Held, Refusal, Standing, Verdict, accept};
use playlists::trust::manifest::{MAX_ENVELOPE_BYTES, Manifest};
use playlists::wire::messages::{CommandKind, Desired, ServerEpoch};
use playlists::wire::pack;
use playlists::wire::topics::{self, Down};

use super::trouble::Trouble;
use super::{Active, Agent, blocking, chain};
use crate::clock::Heard;
use crate::link::LinkEvent;
use crate::playback;
use crate::poll::{self, Answer};
use crate::snapshot;

/// How often the same refused manifest is looked at again.
const SAME_REFUSED: Duration = Duration::from_secs(60);
/// Pause before a manifest whose bank could not be written takes over after all.
const BANK_AGAIN: TimeDelta = TimeDelta::seconds(5);
/// Longest window that is believed, in seconds.
const LONGEST_WINDOW_S: u32 = 3600;

/// An accepted manifest that waits for its content and its moment.
pub(super) struct Candidate {
    pub(super) accepted: Accepted,
    envelope: Arc<[u8]>,
    pub(super) reader: Reader,
    /// When it takes over; none until its content is complete.
    takes_over: Option<DateTime<Utc>>,
}

impl Agent {
    pub(super) async fn on_link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up(session) => {
                (self.linked, self.parts.session) = (Some(session), session);
                self.seq.0 = 0;
                let now = self.now();
                self.due.hello = Some(now);
                self.plays.linked(now);
                self.events.linked(now);
                // The state follows the hello: what the server holds may be from before.
                self.reported = None;
            }
            LinkEvent::Down => self.linked = None,
            LinkEvent::Refused => {
                self.note("token-refused", "the broker refuses the token", "");
                self.give_up_token();
            }
            LinkEvent::Message { topic, payload } => self.on_message(&topic, &payload).await,
        }
    }

    async fn on_message(&mut self, topic: &str, payload: &[u8]) {
        if topic == topics::ALL_SERVER {
            self.on_server(payload).await;
            return;
        }
        match Down::parse(topic, &self.parts.identity.board) {
            Some(Down::Desired) => self.on_desired(payload).await,
            Some(Down::Cmd) => self.on_command(payload).await,
            Some(Down::Ack) => {
                self.silence.broken();
                self.on_ack(payload).await;
            }
            None => {}
        }
    }

    async fn on_server(&mut self, payload: &[u8]) {
        let Ok(server) = serde_json::from_slice::<ServerEpoch>(payload) else { return };
        self.keep_window(server.window_s).await;
        if self.server_epoch.as_ref().is_some_and(|old| *old != server.epoch) {
            self.due.hello = Some(self.now() + somewhere_in(server.window_s));
        }
        self.server_epoch = Some(server.epoch);
    }

    async fn on_desired(&mut self, payload: &[u8]) {
        let Ok(desired) = serde_json::from_slice::<Desired>(payload) else {
            self.note("desired-form", "a wanted manifest was announced in a form that cannot be read", "");
            return;
        };
        self.keep_window(desired.window_s).await;
        if desired.rev < self.newest_rev() {
            return;
        }
        match desired.manifest.as_deref().map(|packed| pack::unpack(packed, MAX_ENVELOPE_BYTES)) {
            Some(Ok(envelope)) => self.consider(envelope.into(), somewhere_in(desired.window_s)).await,
            Some(Err(error)) => self.note("desired-form", &chain(&error), ""),
            None if desired.rev > self.newest_rev() => {
                self.due.poll = self.due.poll.min(self.now() + somewhere_in(desired.window_s));
            }
            None => {}
        }
    }

    async fn on_command(&mut self, payload: &[u8]) {
        let command = match poll::command(payload, &self.parts.root) {
            Ok(command) => command,
            Err(error) => {
                self.note("command-refused", &chain(&error), "");
                return;
            }
        };
        if command.board != self.parts.identity.board || self.belief().now > command.not_after {
            return;
        }
        let (memory, cmd_id) = (Arc::clone(&self.parts.memory), command.cmd_id);
        let first = blocking(move || memory.first_time(&cmd_id)).await;
        if self.heed_disk(Trouble::Notes, first, "a command could not be noted and is not carried out") != Some(true) {
            return;
        }
        match command.kind {
            CommandKind::Snapshot => self.snapshot_wanted = Some(snapshot::ASKED),
            CommandKind::Resync => {
                (self.insist, self.etag, self.refused) = (true, None, None);
                let now = self.now();
                (self.due.poll, self.due.hello) = (now, Some(now));
                self.fetching.look_again();
            }
        }
    }

    /// What a poll brought; `heard_at` is when its time was true.
    pub(super) async fn on_answer(&mut self, answer: Answer, heard_at: Duration) {
        self.contacted();
        self.insist = false;
        let heard = self.parts.keeper.hear(answer.fresh.t, heard_at);
        self.parts.tls_time.learn(self.parts.keeper);
        match heard {
            Heard::Taken => {}
            Heard::Ahead => self.note("clock-ahead", "signed time is over two days ahead: the floor follows in steps", ""),
            Heard::Behind => self.note("clock-behind", "signed time lies below the floor and was not taken", ""),
        }
        for (envelope, root) in answer.roots {
            tracing::info!(root.version = root.version.0, "a new root is believed");
            self.parts.bank.roots.push(String::from_utf8_lossy(&envelope).into_owned());
            self.parts.root = root;
            self.save_bank().await;
        }
        if let Some((envelope, etag)) = answer.manifest {
            self.etag = etag;
            self.consider(envelope, Duration::ZERO).await;
        }
    }

    /// The newest revision held or accepted.
    pub(super) fn newest_rev(&self) -> Revision {
        self.candidate.as_ref().map_or(self.rev(), |candidate| candidate.accepted.manifest.rev.max(self.rev()))
    }

    /// Judges a manifest by the rule of acceptance; an accepted one becomes the candidate, whose content is fetched after
    /// `spread`; a refused one leaves everything as it is.
    async fn consider(&mut self, envelope: Arc<[u8]>, spread: Duration) {
        let digest = Digest::of(&envelope);
        let now = self.now();
        if self.refused.is_some_and(|(refused, at)| refused == digest && now.saturating_sub(at) < SAME_REFUSED) {
            return;
        }
        let standing = Standing {
            board: &self.parts.identity.board,
            board_key: &self.parts.identity.key.public(),
            root: &self.parts.root,
            held: self.held(),
            recall: self.parts.bank.recall,
            now: self.belief().trusted(),
        };
        match accept(&envelope, &standing) {
            Ok(Verdict::Same) => {}
            Ok(Verdict::Newer(accepted)) => match Schedule::new(&accepted.manifest) {
                Ok(schedule) => {
                    tracing::info!(manifest.revision = accepted.manifest.rev.0, "a new manifest was accepted");
                    let reader = Reader::new(schedule);
                    self.candidate = Some(Candidate { accepted: *accepted, envelope, reader, takes_over: None });
                    self.fetching.not_before(now + spread);
                }
                Err(error) => self.refuse(digest, &Refusal::Fault(error.0)),
            },
            Err(refusal) => self.refuse(digest, &refusal),
        }
    }

    fn refuse(&mut self, digest: Digest, refusal: &Refusal) {
        self.refused = Some((digest, self.now()));
        self.note(refusal.code(), &chain(refusal), &digest.to_string());
    }

    fn held(&self) -> Option<Held> {
        let of = |manifest: &Manifest, sha256| Held { key_epoch: manifest.key_epoch, rev: manifest.rev, sha256 };
        let candidate = self.candidate.as_ref().map(|c| of(&c.accepted.manifest, c.accepted.sha256));
        candidate.or_else(|| self.parts.showing.active().map(|active| of(&active.manifest, active.sha256)))
    }

    /// All content of the candidate is here: it takes over at the entry's end.
    pub(super) fn candidate_complete(&mut self) {
        let now = self.belief().now;
        let on = self.parts.showing.scene();
        if let Some(candidate) = &mut self.candidate
            && candidate.takes_over.is_none()
        {
            candidate.takes_over = Some(playback::takeover(on, &candidate.accepted.manifest, now));
        }
    }

    /// How long until the candidate takes over.
    pub(super) fn candidate_wait(&self, now: DateTime<Utc>) -> Duration {
        let takes_over = self.candidate.as_ref().and_then(|candidate| candidate.takes_over);
        takes_over.map_or(Duration::MAX, |then| playback::wait(now, then))
    }

    /// Puts the candidate in force when its moment has come: on disk first, then on the screen.
    pub(super) async fn activate_when_due(&mut self) {
        let now = self.belief().now;
        if self.candidate_wait(now) > Duration::ZERO {
            return;
        }
        let Some(candidate) = self.candidate.take() else { return };
        let before = self.parts.bank.manifest.replace(String::from_utf8_lossy(&candidate.envelope).into_owned());
        if !self.save_bank().await {
            self.parts.bank.manifest = before;
            self.note("bank-failed", "a new manifest could not be kept; the old one plays on", "");
            self.candidate = Some(Candidate { takes_over: Some(now + BANK_AGAIN), ..candidate });
            return;
        }
        let Accepted { manifest, sha256 } = candidate.accepted;
        tracing::info!(manifest.revision = manifest.rev.0, "a new manifest is in force");
        self.parts.showing.activate(Active { manifest, sha256, reader: candidate.reader });
        self.fetching.look_again();
    }

    /// Writes what the board believes.
    pub(super) async fn save_bank(&mut self) -> bool {
        self.parts.bank.floor = self.parts.keeper.floor(self.now());
        let (banks, bank) = (Arc::clone(&self.parts.banks), self.parts.bank.clone());
        let saved = blocking(move || banks.lock().unwrap_or_else(PoisonError::into_inner).save(&bank)).await;
        self.heed_disk(Trouble::Bank, saved, "the bank could not be kept").is_some()
    }

    async fn keep_window(&mut self, window_s: u32) {
        let memory = Arc::clone(&self.parts.memory);
        let kept = blocking(move || memory.change(|notes| notes.window_s = window_s.min(LONGEST_WINDOW_S))).await;
        self.heed_disk(Trouble::Notes, kept, "the server's window could not be kept");
    }
}

fn somewhere_in(window_s: u32) -> Duration {
    Duration::from_secs(u64::from(window_s.min(LONGEST_WINDOW_S))).mul_f64(fastrand::f64())
}
