//! What a GIF or WebP file says of its movement, read from its blocks without decoding a frame. Pure.

use std::time::Duration;

use super::clips::LONGEST;

/// Most frames.
const MOST_FRAMES: u32 = 5_000;
/// Most pixels of all frames together: each is decoded once for every board's size.
const MOST_PIXELS: u64 = 2_000_000_000;
/// What a frame lasts that says it lasts less than 20 ms: as browsers do it, and ffmpeg.
const DEFAULT: Duration = Duration::from_millis(100);
/// The shortest that a frame may last.
const SHORTEST: Duration = Duration::from_millis(20);

/// How a file moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Animation {
    /// Width of its canvas in pixels.
    pub width: u32,
    /// Height likewise.
    pub height: u32,
    /// How many frames.
    pub frames: u32,
    /// How long it lasts, once through.
    pub length: Duration,
}

/// Why an animation is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnimationFault {
    /// Too many frames.
    #[error("it has more than {MOST_FRAMES} frames")]
    Frames,
    /// Too many pixels, all frames together.
    #[error("its frames have more than {MOST_PIXELS} pixels together")]
    Pixels,
    /// Too long.
    #[error("it lasts longer than an hour")]
    Long,
}

impl Animation {
    /// Whether it is within what is taken.
    pub(super) fn check(&self) -> Result<(), AnimationFault> {
        if self.frames > MOST_FRAMES {
            return Err(AnimationFault::Frames);
        }
        if u64::from(self.width) * u64::from(self.height) * u64::from(self.frames) > MOST_PIXELS {
            return Err(AnimationFault::Pixels);
        }
        if self.length > LONGEST { Err(AnimationFault::Long) } else { Ok(()) }
    }

    /// Of a GIF (GIF89a): as many frames as it has image blocks. None when its blocks cannot be followed from the start; where they
    /// end too early, what came before counts, and decoding says what is wrong.
    pub(super) fn of_gif(bytes: &[u8]) -> Option<Self> {
        let mut rest = Reader(bytes.get(6..)?);
        let (width, height) = (rest.little(2)?, rest.little(2)?);
        let flags = rest.byte()?;
        rest.skip(2)?;
        rest.skip(colours(flags))?;
        let mut found = Self { width, height, frames: 0, length: Duration::ZERO };
        let mut delay = DEFAULT;
        while found.read_gif_block(&mut rest, &mut delay).is_some() && found.frames <= MOST_FRAMES {}
        Some(found)
    }

    /// Reads one block; none at the end.
    fn read_gif_block(&mut self, rest: &mut Reader<'_>, delay: &mut Duration) -> Option<()> {
        match rest.byte()? {
            0x21 => {
                // An extension; the graphic control holds the next frame's delay.
                if rest.byte()? == 0xf9 && rest.0.first() == Some(&4) {
                    let hundredths = u64::from(*rest.0.get(2)?) | u64::from(*rest.0.get(3)?) << 8;
                    *delay = lasting(Duration::from_millis(hundredths * 10));
                }
                rest.skip_sub_blocks()
            }
            0x2c => {
                rest.skip(8)?;
                let flags = rest.byte()?;
                rest.skip(colours(flags))?;
                rest.skip(1)?;
                self.frames += 1;
                self.length += std::mem::replace(delay, DEFAULT);
                rest.skip_sub_blocks()
            }
            _ => None,
        }
    }

    /// Of a WebP: as many frames as it has `ANMF` chunks.
    pub(super) fn of_webp(bytes: &[u8]) -> Option<Self> {
        let mut rest = Reader(bytes.get(12..)?);
        let mut found: Option<Self> = None;
        while let Some((name, chunk)) = rest.chunk() {
            match (name, &mut found) {
                (b"VP8X", None) => {
                    let mut head = Reader(chunk.get(4..)?);
                    let (width, height) = (head.little(3)? + 1, head.little(3)? + 1);
                    found = Some(Self { width, height, frames: 0, length: Duration::ZERO });
                }
                (b"ANMF", Some(found)) if found.frames <= MOST_FRAMES => {
                    let milliseconds = Reader(chunk.get(12..)?).little(3)?;
                    found.frames += 1;
                    found.length += lasting(Duration::from_millis(u64::from(milliseconds)));
                }
                _ => {}
            }
        }
        found
    }
}

/// What a frame really lasts.
pub(super) fn lasting(told: Duration) -> Duration {
    if told < SHORTEST { DEFAULT } else { told }
}

/// Bytes of a colour table by the flags that announce it.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Bytes that are read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
    fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(drop)
    }
    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
    /// A number of so many bytes, the low ones first.
    fn little(&mut self, bytes: usize) -> Option<u32> {
        Some(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }
    fn skip_sub_blocks(&mut self) -> Option<()> {
        loop {
            match self.byte()? {
                0 => return Some(()),
                length => self.skip(usize::from(length))?,
            }
        }
    }
    /// A chunk of RIFF: its name and its bytes.
    fn chunk(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let name = self.take(4)?;
        let length = usize::try_from(self.little(4)?).ok()?;
        let bytes = self.take(length)?;
        // Chunks begin at even places.
        let _ = self.skip(length % 2);
        Some((name, bytes))
    }
}

#[cfg(test)]
mod tests {
    use image::codecs::gif::GifEncoder;
    use image::{Delay, Frame, RgbaImage};

    use super::*;

    fn gif(delays_ms: &[u32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        for (number, delay) in (0..).zip(delays_ms) {
            let picture = RgbaImage::from_fn(8, 6, |x, y| image::Rgba([x as u8 * 30, y as u8 * 30, number, 255]));
            encoder.encode_frame(Frame::from_parts(picture, 0, 0, Delay::from_numer_denom_ms(*delay, 1))).expect("encoded");
        }
        drop(encoder);
        bytes
    }

    /// A WebP's head and as many frames, whose pictures are nothing.
    fn webp(width: u32, height: u32, delays_ms: &[u32]) -> Vec<u8> {
        let little = |number: u32| number.to_le_bytes()[..3].to_vec();
        let chunk = |name: &[u8], bytes: Vec<u8>| [name, &(bytes.len() as u32).to_le_bytes(), &bytes].concat();
        let head = chunk(b"VP8X", [vec![2, 0, 0, 0], little(width - 1), little(height - 1)].concat());
        let frame = |delay: &u32| chunk(b"ANMF", [vec![0; 12], little(*delay), vec![0]].concat());
        [b"RIFF\0\0\0\0WEBP".to_vec(), head, delays_ms.iter().flat_map(frame).collect()].concat()
    }

    #[test]
    fn frames_and_their_length_are_counted_without_decoding() {
        let found = Animation::of_gif(&gif(&[40, 100, 0])).expect("a GIF");
        let length = Duration::from_millis(240);
        assert_eq!(found, Animation { width: 8, height: 6, frames: 3, length });
        assert_eq!(Animation::of_gif(&gif(&[0])).expect("a GIF").frames, 1);
        assert_eq!(
            Animation::of_webp(&webp(300, 200, &[40, 100, 0])),
            Some(Animation { width: 300, height: 200, frames: 3, length })
        );
    }

    #[test]
    fn whatever_the_bytes_are_nothing_is_read_beyond_them() {
        let whole = gif(&[40, 40, 40]);
        for end in 0..whole.len() {
            let frames = Animation::of_gif(&whole[..end]).map_or(0, |found| found.frames);
            assert!(frames <= 3);
        }
        for end in 0..60 {
            Animation::of_webp(&webp(9, 9, &[1, 2, 3])[..end]);
        }
        assert_eq!(Animation::of_gif(b"GIF89a"), None);
        assert_eq!(Animation::of_webp(b"RIFF\0\0\0\0WEBP"), None);
    }

    #[test]
    fn an_animation_is_bounded_in_frames_pixels_and_time() {
        let of = |width, height, frames, delay| {
            Animation::of_webp(&webp(width, height, &vec![delay; frames])).expect("a WebP").check()
        };
        assert_eq!(of(64, 64, 5_000, 40), Ok(()));
        assert_eq!(of(64, 64, 5_001, 40), Err(AnimationFault::Frames));
        assert_eq!(of(16_000, 16_000, 9, 40), Err(AnimationFault::Pixels));
        assert_eq!(of(9, 9, 2, 1_800_001), Err(AnimationFault::Long));
        assert_eq!(of(9, 9, 90_000, 1), Err(AnimationFault::Frames), "counting ends soon, too");
    }
}
