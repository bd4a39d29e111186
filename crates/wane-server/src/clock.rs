//! The clock: the only file that reads one.
//!
//! The engine's time is the wall clock's at the start, moved on by the boot clock: a wall clock that steps while the
//! daemon is up ends nobody's session early, it is only reported ([`Clock::wall_step`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use rustix::time::{ClockId, clock_gettime};
use wane_core::time::Timestamp;

/// What time it is for the engine. Never goes back.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    System { start: i64, boot: i64 },
    Manual(AtomicI64),
}

impl Clock {
    /// The system's clock; starts at the wall clock, but not before `earliest`, the last instant that the log knows.
    #[must_use]
    pub fn system(earliest: Timestamp) -> Self {
        let start = wall().max(earliest.millis());
        Self(Arc::new(Kind::System { start, boot: boot() }))
    }

    /// A clock that stands still until it is told the time (`--clock manual`).
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Arc::new(Kind::Manual(AtomicI64::new(start.millis()))))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        stamp(match &*self.0 {
            Kind::System { start, boot: then } => start + (boot() - then),
            Kind::Manual(now) => now.load(Ordering::Acquire),
        })
    }

    /// Whether it moves only when told.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        matches!(&*self.0, Kind::Manual(_))
    }

    /// Moves a manual clock forward; gives what it shows then. A system clock, and the past, are left alone.
    #[must_use]
    pub fn set(&self, to: Timestamp) -> Timestamp {
        if let Kind::Manual(now) = &*self.0 {
            now.fetch_max(to.millis(), Ordering::AcqRel);
        }
        self.now()
    }

    /// Moves a manual clock to any instant, for when nothing has happened yet.
    pub(crate) fn begin(&self, at: Timestamp) {
        if let Kind::Manual(now) = &*self.0 {
            now.store(at.millis(), Ordering::Release);
        }
    }

    /// How far the wall clock has gone ahead of this one since the start, in milliseconds; negative when it went back.
    #[must_use]
    pub fn wall_step(&self) -> i64 {
        if self.is_manual() { 0 } else { wall() - self.now().millis() }
    }

    /// The wall clock, for what the outside world dates: logs, signatures, tokens of others.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        if self.is_manual() { self.now() } else { stamp(wall()) }
    }
}

fn stamp(millis: i64) -> Timestamp {
    // A machine that believes to live before year 0 or after 9999 gets the start of 1970.
    Timestamp::from_millis(millis).unwrap_or(Timestamp::EPOCH)
}

fn wall() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Counts while the machine is suspended, too.
fn boot() -> i64 {
    let now = clock_gettime(ClockId::Boottime);
    now.tv_sec.saturating_mul(1_000).saturating_add(now.tv_nsec / 1_000_000)
}

/// Measures how long something took, for metrics; decides nothing.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts.
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
        let now = std::time::Instant::now();
        Self(now)
    }

    /// How long ago it was started.
    #[must_use]
    pub fn elapsed(self) -> std::time::Duration {
        self.0.elapsed()
    }
}
