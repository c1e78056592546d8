//! How long nothing was presented although something should have been. Pure.

use std::time::Duration;

/// Time on the monotonic clock, added up while the screen lacks its picture.
#[derive(Debug, Default)]
pub(crate) struct Blank {
    since: Option<Duration>,
}

impl Blank {
    /// How much of the time up to `now` was blank and not yet told; `goes_on` says whether what follows is.
    pub(crate) fn until(&mut self, now: Duration, goes_on: bool) -> Duration {
        let since = std::mem::replace(&mut self.since, goes_on.then_some(now));
        since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}
