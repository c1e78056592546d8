//! `h` of the rules: eight bytes of a SHA-256 over words, so that every machine draws the same lots.

use std::fmt::{Display, Write as _};

use sha2::{Digest as _, Sha256};

/// The first eight bytes, big-endian, of the SHA-256 of these words joined by `|`.
pub(super) fn h(words: &[&dyn Display]) -> u64 {
    let mut text = String::with_capacity(96);
    for (number, word) in words.iter().enumerate() {
        let bar = if number == 0 { "" } else { "|" };
        // Writing into a string cannot fail.
        let _ = write!(text, "{bar}{word}");
    }
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The credit that `id` starts the day with, in units of 2⁻³²: `h("credit", id, day) >> 32`.
pub(super) fn first_credit(id: &dyn Display, day: &str) -> i64 {
    i64::from((h(&[&"credit", id, &day]) >> 32) as u32)
}

/// Which of `count` entries (1 or more) the playlist of `id` starts the day at: π(d mod E), π the Fisher–Yates shuffle of the block
/// of E days that day number `day` lies in.
///
/// Step `i` of the shuffle puts its final value into place `i`, so the steps below the place asked for are left out.
pub(super) fn first_entry(id: &dyn Display, count: usize, day: i64) -> usize {
    let count = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    let (block, place) = (day.div_euclid(count), day.rem_euclid(count));
    let mut order: Vec<i64> = (0..count).collect();
    let mut step = count - 1;
    while step >= 1 && step >= place {
        let drawn = h(&[&"shuffle", id, &block, &step]) % (step.unsigned_abs() + 1);
        if let (Ok(here), Ok(there)) = (usize::try_from(step), usize::try_from(drawn)) {
            order.swap(here, there);
        }
        step -= 1;
    }
    let entry = usize::try_from(place).ok().and_then(|place| order.get(place).copied());
    entry.and_then(|entry| usize::try_from(entry).ok()).unwrap_or(0)
}
