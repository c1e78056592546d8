//! Half-open spans of time in whole milliseconds since 1970, UTC.

/// From an instant (included) to another (not included), in milliseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Span {
    pub(crate) const ALWAYS: Self = Self { from: i64::MIN, until: i64::MAX };

    pub(crate) const fn contains(self, at: i64) -> bool {
        self.from <= at && at < self.until
    }
    pub(crate) const fn is_empty(self) -> bool {
        self.from >= self.until
    }
    /// What both have in common; it may be empty.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

/// The union of some spans: sorted, apart from one another, none empty.
pub(crate) fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| !span.is_empty());
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => merged.push(span),
        }
    }
    merged
}

/// What two unions have in common: sorted and apart.
pub(crate) fn common(one: &[Span], other: &[Span]) -> Vec<Span> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut found = Vec::new();
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let both = a.and(**b);
        if !both.is_empty() {
            found.push(both);
        }
        if a.until <= b.until {
            one.next()
        } else {
            other.next()
        };
    }
    found
}

/// What is left of a union without another: sorted and apart.
pub(crate) fn without(spans: Vec<Span>, holes: &[Span]) -> Vec<Span> {
    if holes.is_empty() {
        return spans;
    }
    let mut gaps = Vec::with_capacity(holes.len() + 1);
    let mut from = i64::MIN;
    for hole in holes {
        gaps.push(Span { from, until: hole.from });
        from = hole.until;
    }
    gaps.push(Span { from, until: i64::MAX });
    gaps.retain(|gap| !gap.is_empty());
    common(&spans, &gaps)
}
