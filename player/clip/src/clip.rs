//! What a clip's container says: its size, when each frame is seen, and where its bytes lie.

use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use re_mp4::{Mp4, StsdBoxContent, Track, TrackKind};

use crate::{ClipError, MOST_FRAMES, MOST_SIDE, boxes};

/// Most bytes of one frame, compressed.
const MOST_FRAME_BYTES: u64 = 16 << 20;

/// A clip's index: everything but the frames themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    width: u32,
    height: u32,
    length: Duration,
    /// When each frame begins to be seen, in the order they are seen; the first at zero.
    starts: Vec<Duration>,
    /// The frames as they are stored: in the order they are decoded.
    pub(crate) stored: Vec<Stored>,
    /// Parameter sets, with start codes, as they go before a frame that stands alone.
    pub(crate) parameters: Vec<u8>,
    /// Bytes of the length before each part of a stored frame, 1 to 4.
    pub(crate) length_bytes: usize,
}

/// One frame as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its number in the order they are seen.
    pub(crate) frame: usize,
    /// Where its bytes begin.
    pub(crate) offset: u64,
    /// How many they are.
    pub(crate) size: usize,
    /// Whether it stands alone, and so do those after it.
    pub(crate) is_key: bool,
}

impl Clip {
    /// Reads the index of a clip of `size` bytes.
    ///
    /// # Errors
    /// When the bytes cannot be read, are no MP4, or hold anything but one picture track within the limits.
    pub fn open(mut bytes: impl Read + Seek, size: u64) -> Result<Self, ClipError> {
        boxes::check(&mut bytes, size)?;
        // The reader of the container may run out of its tables in a damaged file: that is the file's fault, not the program's.
        let read = catch_unwind(AssertUnwindSafe(|| Mp4::read(bytes, size)));
        let mp4 = match read {
            Ok(Ok(mp4)) => mp4,
            Ok(Err(re_mp4::Error::Io(error))) => return Err(ClipError::Read(error)),
            Ok(Err(error)) => return Err(ClipError::Container(error.to_string())),
            Err(_) => return Err(ClipError::Container("its tables contradict each other".to_owned())),
        };
        let mut tracks = mp4.tracks().values().filter(|track| track.kind == Some(TrackKind::Video));
        let (Some(track), None) = (tracks.next(), tracks.next()) else {
            return Err(ClipError::Form("must hold exactly one picture track".to_owned()));
        };
        Self::of_track(&mp4, track, size)
    }

    fn of_track(mp4: &Mp4, track: &Track, size: u64) -> Result<Self, ClipError> {
        let form = |what: String| Err(ClipError::Form(what));
        let (parameters, length_bytes, width, height) = match &track.trak(mp4).mdia.minf.stbl.stsd.contents {
            StsdBoxContent::Avc1(avc) => {
                let sets = avc.avcc.sequence_parameter_sets.iter().chain(&avc.avcc.picture_parameter_sets);
                let parameters = sets.flat_map(|set| [0, 0, 0, 1].iter().chain(&set.bytes).copied()).collect();
                (parameters, usize::from(avc.avcc.length_size_minus_one) + 1, u32::from(avc.width), u32::from(avc.height))
            }
            _ => return form("must be H.264".to_owned()),
        };
        if width == 0 || height == 0 || width > MOST_SIDE || height > MOST_SIDE {
            return form(format!("has {width}x{height} pixels; a side has 1 to {MOST_SIDE}"));
        }
        let frames = track.samples.len();
        if frames == 0 || frames > MOST_FRAMES || track.timescale == 0 {
            return form(format!("has {frames} frames; there are 1 to {MOST_FRAMES}"));
        }
        if !track.samples.first().is_some_and(|first| first.is_sync) {
            return form("must begin with a frame that stands alone".to_owned());
        }
        let mut seen: Vec<usize> = (0..frames).collect();
        seen.sort_by_key(|stored| track.samples.get(*stored).map_or(0, |sample| sample.composition_timestamp));
        let time = |ticks: i64| ticks_to_time(u64::try_from(ticks).unwrap_or(0), track.timescale);
        let samples = || seen.iter().filter_map(|stored| track.samples.get(*stored));
        let first = samples().next().map_or(0, |sample| sample.composition_timestamp);
        let starts: Vec<Duration> = samples().map(|sample| time(sample.composition_timestamp - first)).collect();
        if starts.iter().zip(starts.iter().skip(1)).any(|(one, next)| one >= next) {
            return form("has two frames at the same time".to_owned());
        }
        let ticks: u64 = track.samples.iter().fold(0, |sum, sample| sum.saturating_add(sample.duration));
        let length = ticks_to_time(ticks, track.timescale);
        if starts.last().is_none_or(|last| *last >= length) {
            return form("ends before its last frame".to_owned());
        }
        let mut number = vec![0; frames];
        for (frame, stored) in seen.iter().enumerate() {
            if let Some(place) = number.get_mut(*stored) {
                *place = frame;
            }
        }
        let mut stored = Vec::with_capacity(frames);
        for (sample, frame) in track.samples.iter().zip(number) {
            let within = sample.offset.checked_add(sample.size).is_some_and(|end| end <= size);
            if !within || sample.size == 0 || sample.size > MOST_FRAME_BYTES {
                return form(format!("has frame {frame} at byte {}, {} bytes long, of {size}", sample.offset, sample.size));
            }
            let size = usize::try_from(sample.size).unwrap_or(0);
            stored.push(Stored { frame, offset: sample.offset, size, is_key: sample.is_sync });
        }
        Ok(Self { width, height, length, starts, stored, parameters, length_bytes })
    }

    /// Pixels of a row, as stored: even, so one more than the board's where that is odd.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }
    /// Rows, likewise.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }
    /// How long it plays.
    #[must_use]
    pub const fn length(&self) -> Duration {
        self.length
    }
    /// How many frames it has, at least one.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.starts.len()
    }
    /// When this frame begins to be seen, from the clip's start; its length for a frame that it has not.
    #[must_use]
    pub fn start(&self, frame: usize) -> Duration {
        self.starts.get(frame).copied().unwrap_or(self.length)
    }
    /// The frame seen at `position` from the clip's start; after its end the last one.
    #[must_use]
    pub fn frame_at(&self, position: Duration) -> usize {
        self.starts.partition_point(|start| *start <= position).saturating_sub(1)
    }
    /// Where to begin decoding so that `frame` can be seen: the last frame before it that stands alone, as stored.
    pub(crate) fn entry(&self, frame: usize) -> usize {
        self.stored.iter().rposition(|stored| stored.is_key && stored.frame <= frame).unwrap_or(0)
    }
}

/// Ticks of a timescale as time, to the nanosecond.
fn ticks_to_time(ticks: u64, timescale: u64) -> Duration {
    let nanos = u128::from(ticks) * 1_000_000_000 / u128::from(timescale.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
