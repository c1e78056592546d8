//! A manifest's envelope within a `desired` message: gzip, then base64, and unpacked only up to a limit.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Largest packed manifest that travels within `desired`, in bytes of gzip; larger ones are fetched over HTTPS.
pub const MAX_PACKED_BYTES: usize = 32 * 1024;

/// Why a packed document cannot be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// Not base64, or not gzip.
    #[error("the packed document is not gzip in base64")]
    Form,
    /// It would grow beyond the limit.
    #[error("the packed document unpacks to more than {0} bytes")]
    Bomb(usize),
}

/// Packs these bytes, or none when they stay above [`MAX_PACKED_BYTES`].
#[must_use]
pub fn pack(bytes: &[u8]) -> Option<String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() <= MAX_PACKED_BYTES).then(|| STANDARD.encode(packed))
}

/// Unpacks what [`pack`] made, up to `max` bytes.
///
/// # Errors
/// When it is not gzip in base64, or unpacks to more than `max` bytes.
pub fn unpack(text: &str, max: usize) -> Result<Vec<u8>, PackError> {
    let packed = STANDARD.decode(text).map_err(|_| PackError::Form)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    GzDecoder::new(packed.as_slice()).take(limit).read_to_end(&mut bytes).map_err(|_| PackError::Form)?;
    if bytes.len() > max {
        return Err(PackError::Bomb(max));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_unpacks_to_the_same_bytes() {
        let bytes = br#"{"v":1}"#.repeat(100);
        let packed = pack(&bytes).expect("small enough");
        assert_eq!(unpack(&packed, bytes.len()), Ok(bytes));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let packed = pack(&vec![0; 10_000_000]).expect("zeros pack well");
        assert_eq!(unpack(&packed, 1 << 20), Err(PackError::Bomb(1 << 20)));
        assert_eq!(unpack("***", 10), Err(PackError::Form));
        assert_eq!(unpack("AAAA", 10), Err(PackError::Form));
    }
}
