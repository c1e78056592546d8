//! A single byte range, as RFC 9110 section 14 asks; pure.

/// What of a content is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: no range, several ranges, or one that cannot be read (all of which a server may ignore).
    Whole,
    /// From byte `first` to byte `last`, both included.
    Part {
        /// First byte.
        first: u64,
        /// Last byte.
        last: u64,
    },
    /// A range beyond the end.
    Beyond,
}

/// What a `Range` header asks of a content of `size` bytes.
#[must_use]
pub fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(range) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else { return Wanted::Whole };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Whole };
    match (digits(first), digits(last)) {
        (Some(Number::None), Some(Number::Some(suffix))) => {
            if suffix == 0 || size == 0 {
                return Wanted::Beyond;
            }
            Wanted::Part { first: size.saturating_sub(suffix), last: size - 1 }
        }
        (Some(Number::Some(first)), Some(last)) => {
            let last = match last {
                Number::None => u64::MAX,
                Number::Some(last) => last,
            };
            if last < first {
                return Wanted::Whole;
            }
            if first >= size {
                return Wanted::Beyond;
            }
            Wanted::Part { first, last: last.min(size - 1) }
        }
        _ => Wanted::Whole,
    }
}

enum Number {
    None,
    Some(u64),
}

/// Digits only (a sign or blank is no number); one too large for us lies beyond every content.
fn digits(text: &str) -> Option<Number> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Number::None);
    }
    text.bytes().all(|b| b.is_ascii_digit()).then(|| Number::Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_yields_its_bytes_the_whole_or_is_beyond_the_end() {
        let part = |first, last| Wanted::Part { first, last };
        for (header, expected) in [
            (None, Wanted::Whole),
            (Some("bytes=0-9"), part(0, 9)),
            (Some("bytes=0-"), part(0, 99)),
            (Some("bytes=50-"), part(50, 99)),
            (Some("bytes=50-1000"), part(50, 99)),
            (Some("bytes=99-99"), part(99, 99)),
            (Some("bytes=-10"), part(90, 99)),
            (Some("bytes=-1000"), part(0, 99)),
            (Some(" bytes=0-0 "), part(0, 0)),
            (Some("bytes=100-"), Wanted::Beyond),
            (Some("bytes=100-200"), Wanted::Beyond),
            (Some("bytes=-0"), Wanted::Beyond),
            (Some("bytes=99999999999999999999999-"), Wanted::Beyond),
            (Some("bytes=9-0"), Wanted::Whole),
            (Some("bytes=0-1,5-6"), Wanted::Whole),
            (Some("bytes=+1-5"), Wanted::Whole),
            (Some("bytes=a-b"), Wanted::Whole),
            (Some("bytes=-"), Wanted::Whole),
            (Some("bytes=5"), Wanted::Whole),
            (Some("items=0-5"), Wanted::Whole),
            (Some(""), Wanted::Whole),
        ] {
            assert_eq!(wanted(header, 100), expected, "{header:?}");
        }
    }

    #[test]
    fn of_nothing_there_is_no_part() {
        assert_eq!(wanted(Some("bytes=0-0"), 0), Wanted::Beyond);
        assert_eq!(wanted(Some("bytes=-1"), 0), Wanted::Beyond);
        assert_eq!(wanted(None, 0), Wanted::Whole);
    }
}
