//! How long a child keeps its core when somebody else wakes up who needs it.
//!
//! Who works keeps its core until its slice of time is over, even when somebody wakes up who has waited longer, unless that one
//! has a shorter slice. A plugin that does not end its call would so hold up each thread of the service that wakes up on its
//! core, until a tick of the system (4 ms, and again and again). With the longest slice that there is, it gets no less of the
//! core than with another, but nobody waits for it. Linux has slices of one's own from 6.12 on; before that nothing changes.

use rustix::process::Pid;

/// The longest slice that the system takes, in nanoseconds (`sched_setattr(2)`).
const LONGEST: u64 = 100_000_000;
/// What stands for the system's own.
const USUAL: u64 = 0;

/// Gives a child, or this thread and all that it starts, the longest slice.
pub(crate) fn longest(child: Option<Pid>) {
    set(child, LONGEST);
}

/// Gives a child a slice as everybody else has it.
pub(crate) fn usual(child: Pid) {
    set(Some(child), USUAL);
}

/// It is a kindness to others, and no part of the lock: one that could not be done changes nothing else.
#[expect(unsafe_code, reason = "asks the system")]
fn set(child: Option<Pid>, slice: u64) {
    let mut attributes = libc::sched_attr {
        size: 0,
        sched_policy: 0,
        sched_flags: 0,
        sched_nice: 0,
        sched_priority: 0,
        sched_runtime: 0,
        sched_deadline: 0,
        sched_period: 0,
    };
    let (child, size) = (Pid::as_raw(child), size_of_val(&attributes));
    // SAFETY: the system writes at most so many bytes to what is there during the call; zero is this thread.
    if unsafe { libc::syscall(libc::SYS_sched_getattr, child, &raw mut attributes, size, 0) } != 0 {
        return;
    }
    // All else stays as the operator may have set it.
    attributes.sched_runtime = slice;
    // SAFETY: reads what is there during the call, as many bytes as it says of itself.
    unsafe { libc::syscall(libc::SYS_sched_setattr, child, &raw const attributes, 0) };
}
