//! Names of things: ids, digests and rising numbers, each its own type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why a text is not an id or a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The length is outside the allowed range.
    #[error("{kind} {text:?} must have {min} to {max} characters")]
    Length {
        /// What was to be named.
        kind: &'static str,
        /// The text given.
        text: String,
        /// Fewest characters allowed.
        min: usize,
        /// Most characters allowed.
        max: usize,
    },
    /// A character other than `a`–`z`, `0`–`9` and `-`.
    #[error("{kind} {text:?} may only contain a-z, 0-9 and -")]
    Character {
        /// What was to be named.
        kind: &'static str,
        /// The text given.
        text: String,
    },
    /// Not 64 lower-case hexadecimal digits.
    #[error("{kind} {text:?} must be 64 lower-case hexadecimal digits")]
    Hex {
        /// What was to be named.
        kind: &'static str,
        /// The text given.
        text: String,
    },
}

fn check(kind: &'static str, text: &str, min: usize, max: usize) -> Result<(), IdError> {
    if text.len() < min || text.len() > max {
        return Err(IdError::Length { kind, text: text.chars().take(80).collect(), min, max });
    }
    if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(IdError::Character { kind, text: text.to_owned() });
    }
    Ok(())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $min:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check($kind, text, $min, $max)?;
                Ok(Self(text.to_owned()))
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                check($kind, &text, $min, $max)?;
                Ok(Self(text))
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

text_id!(
    /// A board: also its MQTT client id and user name. 4 to 32 of `a`–`z`, `0`–`9`, `-`.
    BoardId, "board id", 4, 32
);
text_id!(
    /// A unit that owns boards and content.
    UnitId, "unit id", 1, 64
);
text_id!(
    /// An uploaded original.
    AssetId, "asset id", 1, 64
);
text_id!(
    /// A playlist; in a manifest, one version of a playlist.
    PlaylistId, "playlist id", 1, 64
);
text_id!(
    /// A campaign.
    CampaignId, "campaign id", 1, 64
);
text_id!(
    /// What a campaign is about, such as `festival`; a stand-down names themes.
    ThemeId, "theme", 1, 64
);
text_id!(
    /// A stand-down: themes held back on all boards for a while.
    StandDownId, "stand-down id", 1, 64
);
text_id!(
    /// A notice.
    NoticeId, "notice id", 1, 64
);
text_id!(
    /// A new one is drawn whenever a board's queue file is made anew, so that its numbers may restart.
    QueueEpoch, "queue epoch", 4, 64
);
text_id!(
    /// One run of a player's machine: the monotonic clock counts from its start.
    BootId, "boot id", 4, 64
);

/// SHA-256 of some bytes, written as 64 lower-case hexadecimal digits (what `sha256sum` prints).
///
/// ```
/// use playlists::id::Digest;
/// let empty = Digest::of(b"");
/// assert!(empty.to_string().starts_with("e3b0c44298fc1c14"));
/// assert_eq!(empty.to_string().parse::<Digest>(), Ok(empty));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
    /// From the 32 bytes of a finished SHA-256.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}
impl FromStr for Digest {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex32("digest", text).map(Self)
    }
}
impl TryFrom<String> for Digest {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}
impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// Thirty-two bytes written as 64 lower-case hexadecimal digits.
pub(crate) fn parse_hex32(kind: &'static str, text: &str) -> Result<[u8; 32], IdError> {
    data_encoding::HEXLOWER
        .decode(text.as_bytes())
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .ok_or_else(|| IdError::Hex { kind, text: text.chars().take(80).collect() })
}

macro_rules! rising {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl $name {
            /// The number for an SQL `bigint`: numbers stay below 2⁵³, so nothing is lost.
            #[must_use]
            pub fn as_i64(self) -> i64 {
                i64::try_from(self.0).unwrap_or(i64::MAX)
            }
        }
    };
}

rising!(
    /// A manifest's revision: `max(previous + 1, unix milliseconds)`, so it still rises after a restore from an old backup.
    Revision
);
rising!(
    /// One connection of a board: persisted and raised before each CONNECT.
    Session
);
rising!(
    /// Number of a status document within a session.
    Sequence
);
rising!(
    /// Generation of keys: raised by a new root to let revisions start again.
    KeyEpoch
);
rising!(
    /// Version of the root, the recall document or the notice list.
    Version
);

impl Revision {
    /// The revision that follows `previous` at `now_ms` (milliseconds since 1970, UTC).
    ///
    /// ```
    /// use playlists::id::Revision;
    /// assert_eq!(Revision::next(Revision(5), 3), Revision(6));
    /// assert_eq!(Revision::next(Revision(5), 900), Revision(900));
    /// ```
    #[must_use]
    pub fn next(previous: Self, now_ms: u64) -> Self {
        Self(previous.0.saturating_add(1).max(now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_id_is_four_to_thirty_two_of_lower_case_digits_and_hyphen() {
        for good in ["b-05443", "abcd", "0123456789-0123456789-0123456789"] {
            assert!(good.parse::<BoardId>().is_ok(), "{good}");
        }
        for bad in ["", "abc", "B-05443", "b_05443", "b/05443", "b-05443#", "đ-05443", &"a".repeat(33)] {
            assert!(bad.parse::<BoardId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_digest_is_what_sha256sum_prints() {
        assert!("e3b0".parse::<Digest>().is_err());
        assert!("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855".parse::<Digest>().is_err());
        assert_eq!(serde_json::to_string(&Digest::of(b"")).expect("a digest serialises").len(), 66);
    }
}
