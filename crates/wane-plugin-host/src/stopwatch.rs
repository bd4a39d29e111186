//! How long a call took: the only file of the crate that reads clocks. Nothing about a session depends on it; a plugin that
//! takes too long is a fault of the plugin.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::settings::Budget;

/// A call kept its caller waiting this many times the hard budget: it sleeps or waits, which it may not.
const WAITING: u32 = 20;

/// A running stopwatch.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    wall: Duration,
    busy: Duration,
}

/// What it showed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    /// As the caller waited.
    pub(crate) wall: Duration,
    /// As the thread was on a processor: a busy machine is not the plugin's fault.
    pub(crate) busy: Duration,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { wall: now(ClockId::Monotonic), busy: now(ClockId::ThreadCPUTime) }
    }

    pub(crate) fn stop(&self) -> Taken {
        Taken {
            wall: now(ClockId::Monotonic).saturating_sub(self.wall),
            busy: now(ClockId::ThreadCPUTime).saturating_sub(self.busy),
        }
    }
}

impl Taken {
    /// Why it is a fault to take so long, if it is.
    pub(crate) fn fault(&self, budget: &Budget) -> Option<String> {
        let hard = budget.hard;
        if self.busy > hard {
            return Some(format!(
                "took {} ms of the processor, at most {} are allowed",
                self.busy.as_millis(),
                hard.as_millis()
            ));
        }
        (self.wall > hard.saturating_mul(WAITING))
            .then(|| format!("waited for {} ms, a plugin must not wait", self.wall.as_millis()))
    }
}

fn now(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}
