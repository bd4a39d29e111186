//! Has a child work on the core of whoever waits for its answer.
//!
//! The caller sleeps until the answer is there, so its core is free for just as long. Left alone, the system wakes the child on
//! another core that has nothing to do, and the caller from there: two cores that sleep have to be woken, which takes longer
//! than the call, above all in a virtual machine (45 us in place of 10 for the way there and back, measured by `benches`). A
//! child that does not answer soon may go anywhere again: it has work to do, and somebody else may want this core.

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// A child, and where it may run.
#[derive(Debug)]
pub(crate) struct Near {
    child: Pid,
    /// Where it might when it was started: the operator may have chosen.
    anywhere: CpuSet,
    /// The core that it is kept on.
    core: Option<usize>,
}

impl Near {
    /// A child that is just started. None if the system does not tell: then it runs where it will.
    pub(crate) fn of(child: u32) -> Option<Self> {
        let child = Pid::from_raw(i32::try_from(child).ok()?)?;
        let anywhere = sched_getaffinity(Some(child)).ok()?;
        Some(Self { child, anywhere, core: None })
    }

    /// Keeps it on the core of this thread, if it may run there.
    pub(crate) fn come(&mut self) {
        let core = sched_getcpu();
        if self.core == Some(core) || core >= CpuSet::MAX_CPU || !self.anywhere.is_set(core) {
            return;
        }
        let mut here = CpuSet::new();
        here.set(core);
        // A kindness to the caller: without it an answer is there a little later.
        self.core = sched_setaffinity(Some(self.child), &here).is_ok().then_some(core);
    }

    /// Lets it go.
    pub(crate) fn go(&mut self) {
        if self.core.take().is_some() {
            // A child that is gone has nowhere to go.
            let _ = sched_setaffinity(Some(self.child), &self.anywhere);
        }
    }
}
