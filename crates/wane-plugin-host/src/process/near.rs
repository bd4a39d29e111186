//! Has a child work on the core of whoever waits for its answer.
//!
//! The caller sleeps until the answer is there, so its core is free for just as long. Left alone, the system wakes the child on
//! another core that has nothing to do, and the caller from there: two cores that sleep have to be woken, which takes longer
//! than the call, above all in a virtual machine (45 us in place of 10 for the way there and back, measured by `benches`).
//!
//! Others may want this core too, and wait while the child works. So a child has to have answered soon before it is kept
//! there; until then, and again once it does not, it may go anywhere and whoever else wakes up goes first ([`mod@slice`]).

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

use super::slice;

/// A child, and where it may run.
#[derive(Debug)]
pub(crate) struct Near {
    child: Pid,
    /// Where it might when it was started: the operator may have chosen.
    anywhere: CpuSet,
    /// The core that it is kept on.
    core: Option<usize>,
    /// Whether it answered the last call soon.
    is_quick: bool,
}

impl Near {
    /// A child that is just started, by a thread that has the longest slice. None if the system does not tell where it runs:
    /// then it runs where it will.
    pub(crate) fn of(child: u32) -> Option<Self> {
        let child = Pid::from_raw(i32::try_from(child).ok()?)?;
        let anywhere = sched_getaffinity(Some(child)).ok()?;
        Some(Self { child, anywhere, core: None, is_quick: false })
    }

    /// It is about to be called by this thread, and may be kept on its core.
    pub(crate) fn come(&mut self) {
        let core = sched_getcpu();
        if !self.is_quick || self.core == Some(core) || core >= CpuSet::MAX_CPU || !self.anywhere.is_set(core) {
            return;
        }
        let mut here = CpuSet::new();
        here.set(core);
        // A kindness to the caller: without it an answer is there a little later.
        self.core = sched_setaffinity(Some(self.child), &here).is_ok().then_some(core);
    }

    /// It answered soon.
    pub(crate) fn answered(&mut self) {
        if !std::mem::replace(&mut self.is_quick, true) {
            slice::usual(self.child);
        }
    }

    /// It does not answer soon.
    pub(crate) fn go(&mut self) {
        if std::mem::take(&mut self.is_quick) {
            slice::longest(Some(self.child));
        }
        if self.core.take().is_some() {
            // A child that is gone has nowhere to go.
            let _ = sched_setaffinity(Some(self.child), &self.anywhere);
        }
    }
}
