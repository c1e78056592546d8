//! A clip's frames, one by one, in the order they are seen.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusty_h264_decoder::Decoder;

use crate::clip::Stored;
use crate::{Clip, ClipError, colour};

/// Most decoded frames that wait for one that is seen before them: the standard's largest picture buffer.
const MOST_WAITING: usize = 16;

/// What gives a clip's bytes.
pub trait Bytes {
    /// Fills `into` with the bytes from `offset` on.
    ///
    /// # Errors
    /// When they cannot be read, or are not what was verified.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()>;
}

impl<T: AsRef<[u8]>> Bytes for T {
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(into.len());
        let bytes = self.as_ref().get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(bytes);
        Ok(())
    }
}

/// One decoded frame: planes of 4:2:0, full rows without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its number in the order they are seen, from 0.
    pub frame: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Luma, `width · height`.
    pub y: Vec<u8>,
    /// Blue difference, half of each side, rounded up.
    pub u: Vec<u8>,
    /// Red difference, likewise.
    pub v: Vec<u8>,
}

impl Picture {
    /// Writes the picture's upper left `width` pixels of each row, as `0x00RRGGBB`, row by row until `out` is full. BT.709 of
    /// limited range; each difference serves its four pixels.
    pub fn write_pixels(&self, width: usize, out: &mut [u32]) {
        Self::write_planes(self.width, (&self.y, &self.u, &self.v), width, out);
    }

    /// The same for planes of whole rows that lie elsewhere; `stored` is the luma's pixels of a row.
    pub fn write_planes(stored: usize, (y, u, v): (&[u8], &[u8], &[u8]), width: usize, out: &mut [u32]) {
        let half = stored.div_ceil(2).max(1);
        let rows = out.chunks_exact_mut(width.max(1)).zip(y.chunks_exact(stored.max(1)));
        for (row, (out, y)) in rows.enumerate() {
            let from = row / 2 * half;
            if let (Some(u), Some(v)) = (u.get(from..from + half), v.get(from..from + half)) {
                colour::write_row(y, u, v, out);
            }
        }
    }
}

/// Walks through a clip's frames as they are stored, in the order they are decoded, for a decoder of one's own.
#[derive(Debug)]
pub struct Units<B> {
    clip: Arc<Clip>,
    bytes: B,
    /// The stored frame that is given next.
    next: usize,
    stored: Vec<u8>,
    unit: Vec<u8>,
}

impl<B: Bytes> Units<B> {
    /// The stored frames of this clip, from the first on.
    pub fn new(clip: Arc<Clip>, bytes: B) -> Self {
        Self { clip, bytes, next: 0, stored: Vec::new(), unit: Vec::new() }
    }

    /// Goes on at the last frame that stands alone and is not seen after `frame`; its number in the order they are seen.
    pub fn seek(&mut self, frame: usize) -> usize {
        self.next = self.clip.entry(frame);
        self.clip.stored.get(self.next).map_or(0, |stored| stored.frame)
    }

    /// The next stored frame, with start codes, and its number in the order they are seen; none after the last.
    ///
    /// # Errors
    /// When its bytes cannot be read or contradict themselves.
    pub fn next_unit(&mut self) -> Result<Option<(usize, &[u8])>, ClipError> {
        let Some(stored) = self.clip.stored.get(self.next).copied() else { return Ok(None) };
        self.next += 1;
        self.read(stored)?;
        Ok(Some((stored.frame, &self.unit)))
    }

    fn read(&mut self, stored: Stored) -> Result<(), ClipError> {
        self.stored.resize(stored.size, 0);
        self.bytes.read_at(stored.offset, &mut self.stored).map_err(ClipError::Read)?;
        self.unit.clear();
        // Whoever begins at a frame that stands alone has not seen the parameter sets.
        if stored.is_key {
            self.unit.extend_from_slice(&self.clip.parameters);
        }
        let whole = with_start_codes(&self.stored, self.clip.length_bytes, &mut self.unit);
        whole.ok_or_else(|| ClipError::Frame { frame: stored.frame, reason: "its parts are longer than it".to_owned() })
    }
}

/// Walks through a clip's frames.
pub struct Frames<B> {
    units: Units<B>,
    decoder: Decoder,
    /// The frame that is given next.
    next_frame: usize,
    /// Decoded, and waiting for one that is seen before.
    waiting: BTreeMap<usize, Picture>,
}

impl<B: Bytes> Frames<B> {
    /// The frames of this clip, from the first on.
    pub fn new(clip: Arc<Clip>, bytes: B) -> Self {
        Self { units: Units::new(clip, bytes), decoder: Decoder::new(), next_frame: 0, waiting: BTreeMap::new() }
    }

    /// The clip's index.
    #[must_use]
    pub const fn clip(&self) -> &Arc<Clip> {
        &self.units.clip
    }

    /// Goes on at this frame, forwards or back: the frames from the last one that stands alone are decoded again where that is
    /// shorter than going on.
    pub fn seek(&mut self, frame: usize) {
        let entry = self.units.clip.entry(frame);
        if frame < self.next_frame || entry > self.units.next {
            (self.decoder, self.units.next) = (Decoder::new(), entry);
            self.waiting.clear();
        }
        self.next_frame = frame;
        self.waiting.retain(|waiting, _| *waiting >= frame);
    }

    /// The next frame; none after the last.
    ///
    /// # Errors
    /// When its bytes cannot be read or not be decoded. The clip has to be sought anew then.
    pub fn next_picture(&mut self) -> Result<Option<Picture>, ClipError> {
        loop {
            if let Some(picture) = self.waiting.remove(&self.next_frame) {
                self.next_frame += 1;
                return Ok(Some(picture));
            }
            let Some(picture) = self.decode()? else { break };
            if picture.frame >= self.next_frame {
                self.waiting.insert(picture.frame, picture);
            }
            if self.waiting.len() > MOST_WAITING {
                let reason = format!("more than {MOST_WAITING} frames are stored before it");
                return Err(ClipError::Frame { frame: self.next_frame, reason });
            }
        }
        if self.waiting.is_empty() {
            return Ok(None);
        }
        Err(ClipError::Frame { frame: self.next_frame, reason: "it is missing".to_owned() })
    }

    fn decode(&mut self) -> Result<Option<Picture>, ClipError> {
        let said = (self.units.clip.width() as usize, self.units.clip.height() as usize);
        let Some((frame, unit)) = self.units.next_unit()? else { return Ok(None) };
        let fault = |reason: String| ClipError::Frame { frame, reason };
        let decoder = &mut self.decoder;
        // A young decoder may stumble over damaged bytes: that ends the clip, not the player.
        let decoded = catch_unwind(AssertUnwindSafe(|| decoder.decode(unit)));
        let picture = match decoded {
            Ok(Ok(Some(picture))) => picture,
            Ok(Ok(None)) => return Err(fault("it holds no picture".to_owned())),
            Ok(Err(error)) => return Err(fault(error.to_string())),
            Err(_) => {
                self.decoder = Decoder::new();
                return Err(fault("the decoder gave up".to_owned()));
            }
        };
        let (width, height) = (picture.width, picture.height);
        let half = width.div_ceil(2) * height.div_ceil(2);
        if (width, height) != said || picture.y.len() != width * height || picture.u.len() != half || picture.v.len() != half {
            return Err(fault(format!("it has {width}x{height} pixels, the clip {}x{}", said.0, said.1)));
        }
        Ok(Some(Picture { frame, width, height, y: picture.y, u: picture.u, v: picture.v }))
    }
}

/// Turns the length before each part into a start code; none when a part is longer than what is left.
fn with_start_codes(mut stored: &[u8], length_bytes: usize, out: &mut Vec<u8>) -> Option<()> {
    while !stored.is_empty() {
        let (length, rest) = stored.split_at_checked(length_bytes)?;
        let length = length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        let (part, rest) = rest.split_at_checked(length)?;
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(part);
        stored = rest;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_longer_than_its_frame_is_refused() {
        let mut out = Vec::new();
        assert_eq!(with_start_codes(&[0, 0, 0, 2, 9, 8, 0, 0, 0, 1, 7], 4, &mut out), Some(()));
        assert_eq!(out, [0, 0, 0, 1, 9, 8, 0, 0, 0, 1, 7]);
        for cut in [&[0, 0, 0, 2, 9][..], &[0, 0][..], &[0xff, 0xff, 0xff, 0xff, 1][..]] {
            assert_eq!(with_start_codes(cut, 4, &mut Vec::new()), None);
        }
    }
}
