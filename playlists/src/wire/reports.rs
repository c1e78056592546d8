//! Reports from boards. `plays` and `event` travel in envelopes signed by the board's key; the others as plain JSON.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::geometry::Geometry;
use crate::id::{AssetId, BoardId, BootId, CampaignId, Digest, QueueEpoch, Revision, Sequence, Session, Version};

/// Most rows of one batch of plays.
pub const MOST_ROWS: usize = 500;
/// Most events of one batch.
pub const MOST_EVENTS: usize = 100;

/// What a player is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Starting, no manifest yet.
    Boot,
    /// Playing by the rules.
    Play,
    /// No authenticated contact for `fresh_s`: plays on, what has no end only if evergreen.
    Stale,
    /// No authenticated contact for `max_offline_s`: the safe item.
    Safe,
    /// Nothing can be shown as it should be.
    Fault,
}

impl Mode {
    /// The word used on the wire and in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Play => "play",
            Self::Stale => "stale",
            Self::Safe => "safe",
            Self::Fault => "fault",
        }
    }
}

/// Where a board's belief about the time comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockQuality {
    /// The server's signature over the board's nonce.
    Signed,
    /// The system's clock, kept by NTP.
    Ntp,
    /// The system's clock, above the floor.
    Rtc,
    /// The highest time ever accepted: it may be later than that.
    Floor,
}

/// A board's clock as it reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The board's time.
    pub t: DateTime<Utc>,
    /// Where it comes from.
    pub quality: ClockQuality,
    /// Version of the IANA data the player computes with.
    pub tz_data: String,
}

/// A board's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// Bytes free for content.
    pub free: u64,
    /// Bytes of content held.
    pub used: u64,
    /// Rows queued and not acknowledged.
    pub queued: u64,
}

/// `hello`: after each connect, the whole reported state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// 1.
    pub v: u32,
    /// This connection.
    pub sess: Session,
    /// This run of the machine.
    pub boot: BootId,
    /// The player's version.
    pub player: String,
    /// Version of the root held.
    pub root: Version,
    /// Revision in force; 0 when there is none.
    pub rev: Revision,
    /// Version of the recall document held.
    pub recall: Version,
    /// Version of the notice list held.
    pub notices: Version,
    /// Its clock.
    pub clock: Clock,
    /// Its disk.
    pub store: Store,
    /// The pixels it drives.
    pub geometry: Geometry,
    /// What it is doing.
    pub mode: Mode,
}

/// `bye`: the will, and a clean stop; counts only for the current `sess`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// 1.
    pub v: u32,
    /// Which connection ended.
    pub sess: Session,
    /// Why.
    pub why: ByeReason,
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByeReason {
    /// The broker says so: the connection broke.
    Will,
    /// The player was stopped.
    Stop,
}

/// `state`: status, on change and every 300 s ± 10 %. A change of `mode`, `rev` or `errors` goes out at once, three in a row at most,
/// of which one comes back every 10 s; any other change keeps 10 s apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// 1.
    pub v: u32,
    /// This connection.
    pub sess: Session,
    /// Rising within it.
    pub seq: Sequence,
    /// What it is doing.
    pub mode: Mode,
    /// Revision in force; 0 when there is none.
    pub rev: Revision,
    /// Item on the screen; none when dark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Digest>,
    /// Since when it is on the screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Frames presented per second, over the last minute.
    pub presented_fps: f64,
    /// Milliseconds in which nothing was presented although something should have been, since the last report.
    pub black_ms: u64,
    /// Degrees Celsius, where the machine tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temp: Option<f64>,
    /// Resident memory in bytes.
    pub rss: u64,
    /// Its disk.
    pub disk: Store,
    /// Its clock.
    pub clock: Clock,
    /// What is wrong now, as codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// A point that ties the monotonic clock of a boot to the time of day: `[monotonic ms, unix ms, quality]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor(pub u64, pub i64, pub ClockQuality);

/// What was presented: item, by whom it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlayedItem {
    /// The item.
    pub sha256: Digest,
    /// The asset it is a rendition of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// The campaign; none for the default playlist and the safe item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
}

/// One play: `[index into items, monotonic start ms within boot, shown ms, flags]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row(pub u32, pub u64, pub u64, pub u32);

/// Flag of a [`Row`]: it was ended before its time (a new manifest, a stop).
pub const INTERRUPTED: u32 = 1;
/// Flag of a [`Row`]: frames were dropped.
pub const DROPPED_FRAMES: u32 = 2;
/// Flag of a [`Row`]: it is a crossing of running text, over the loop, beside what else was on.
pub const OVER_LOOP: u32 = 4;

/// `plays`: proof of play. Row `i` is number `first + i` of its epoch; each number is stored once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plays {
    /// 1.
    pub v: u32,
    /// The board.
    pub board: BoardId,
    /// Which numbering of this stream: a new file, or rows that left unstored, begin a new one.
    pub epoch: QueueEpoch,
    /// Number of the first row.
    pub first: u64,
    /// Which run of the machine the monotonic times belong to.
    pub boot: BootId,
    /// What ties them to the time of day, oldest first; at least one.
    pub anchors: Vec<Anchor>,
    /// What the rows name by index.
    pub items: Vec<PlayedItem>,
    /// At most [`MOST_ROWS`].
    pub rows: Vec<Row>,
    /// The manifest in force.
    pub rev: Revision,
}

/// `event`: what happened, each number stored once, like plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// 1.
    pub v: u32,
    /// The board.
    pub board: BoardId,
    /// Which numbering of this stream: a new file, or rows that left unstored, begin a new one.
    pub epoch: QueueEpoch,
    /// Number of the first event.
    pub first: u64,
    /// At most [`MOST_EVENTS`].
    pub events: Vec<Event>,
}

/// One thing that happened on a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the board's clock.
    pub t: DateTime<Utc>,
    /// What, as a code that stays the same, such as `download-failed`.
    pub code: String,
    /// In words, English, at most 500 characters.
    pub detail: String,
    /// Further facts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}
