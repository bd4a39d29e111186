//! How long a step took on the processor: the only file of the crate that reads a clock. Only level 4 asks for it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A running stopwatch.
#[derive(Debug)]
pub(super) struct Stopwatch(Duration);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(now())
    }

    pub(super) fn micros(&self) -> u64 {
        u64::try_from(now().saturating_sub(self.0).as_micros()).unwrap_or(u64::MAX)
    }
}

/// A busy machine is not the plugin's fault: only time on a processor counts.
fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
