//! Durations and instants as whole milliseconds on the wire.

/// Serde form of a [`std::time::Duration`]: whole milliseconds; fields are named `…_ms`.
pub mod duration {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    /// Writes whole milliseconds.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).serialize(serializer)
    }
    /// Reads whole milliseconds.
    ///
    /// # Errors
    /// When it is not a whole number that is 0 or more.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// A duration in whole milliseconds, at most `u64::MAX`.
#[must_use]
pub fn of(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
