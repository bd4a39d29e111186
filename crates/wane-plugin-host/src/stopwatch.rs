//! How long a call took: the only file of the crate that reads clocks. Nothing about a session depends on it; a plugin that
//! takes too long is a fault of the plugin.

use std::cell::Cell;
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::settings::Budget;

/// A running stopwatch.
#[derive(Debug)]
pub(crate) struct Stopwatch(Duration);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(now(ClockId::Monotonic))
    }

    /// As the caller waited.
    pub(crate) fn wall(&self) -> Duration {
        now(ClockId::Monotonic).saturating_sub(self.0)
    }
}

/// How long the machine has been up, for what is counted within a time.
pub(crate) fn uptime() -> Duration {
    now(ClockId::Monotonic)
}

/// A running watch over a call in this thread.
#[derive(Debug)]
pub(crate) struct Here {
    wall: Stopwatch,
    busy: Duration,
}

/// A reading of the thread's clock may be so old: asking for it takes longer than the rest of a call's book-keeping.
const STALE: Duration = Duration::from_millis(5);

thread_local! {
    /// The last reading of this thread's clock, and when that was.
    static READING: Cell<Option<(Duration, Duration)>> = const { Cell::new(None) };
}

impl Here {
    pub(crate) fn start() -> Self {
        let wall = Stopwatch::start();
        let fresh = || {
            let busy = now(ClockId::ThreadCPUTime);
            READING.set(Some((busy, wall.0)));
            (busy, wall.0)
        };
        let (busy, at) = READING.get().filter(|(_, at)| wall.0.saturating_sub(*at) <= STALE).unwrap_or_else(fresh);
        // Busier than it had time to be the thread was not: in doubt the call took less.
        let busy = busy + wall.0.saturating_sub(at);
        Self { wall, busy }
    }

    /// Why the call is a fault, if it took too long.
    pub(crate) fn fault(&self, budget: &Budget) -> Option<String> {
        let wall = self.wall.wall();
        // Nobody is on a processor for longer than others wait.
        if wall <= budget.hard {
            return None;
        }
        Taken { wall, busy: now(ClockId::ThreadCPUTime).saturating_sub(self.busy) }.fault(budget)
    }
}

/// The clock of another process: the time that it was on a processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessClock(libc::clockid_t);

#[expect(unsafe_code, reason = "the clock of another process has no other name")]
impl ProcessClock {
    /// Of a child that was not waited for.
    pub(crate) fn of(child: u32) -> Option<Self> {
        let mut clock = 0;
        // SAFETY: the place is valid during the call.
        let known = unsafe { libc::clock_getcpuclockid(libc::pid_t::try_from(child).ok()?, &raw mut clock) };
        (known == 0).then_some(Self(clock))
    }

    /// What it shows; nothing once the process is gone.
    fn now(self) -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the place is valid during the call.
        let shown = unsafe { libc::clock_gettime(self.0, &raw mut time) };
        let time = Timespec { tv_sec: time.tv_sec, tv_nsec: time.tv_nsec };
        if shown == 0 { Duration::try_from(time).unwrap_or_default() } else { Duration::ZERO }
    }
}

/// A running watch over a call in another process.
#[derive(Debug)]
pub(crate) struct Apart {
    wall: Stopwatch,
    clock: ProcessClock,
    busy: Duration,
}

impl Apart {
    pub(crate) fn start(clock: ProcessClock) -> Self {
        Self { wall: Stopwatch::start(), clock, busy: clock.now() }
    }

    /// Whether the hard budget is spent, as [`Here::fault`] would say of a call in process.
    pub(crate) fn spent(&self, budget: &Budget) -> Result<(), String> {
        let wall = self.wall.wall();
        if wall <= budget.hard {
            return Ok(());
        }
        let taken = Taken { wall, busy: self.clock.now().saturating_sub(self.busy) };
        taken.fault(budget).map_or(Ok(()), Err)
    }
}

/// What a watch showed.
#[derive(Clone, Copy, Debug)]
struct Taken {
    /// As the caller waited.
    wall: Duration,
    /// On a processor: a busy machine is not the plugin's fault.
    busy: Duration,
}

impl Taken {
    /// Why it is a fault to take so long, if it is.
    fn fault(&self, budget: &Budget) -> Option<String> {
        let hard = budget.hard;
        if self.busy > hard {
            return Some(format!(
                "took {} ms of the processor, at most {} are allowed",
                self.busy.as_millis(),
                hard.as_millis()
            ));
        }
        (self.wall > budget.longest())
            .then(|| format!("waited for {} ms, a plugin must not wait", self.wall.as_millis()))
    }
}

fn now(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}
