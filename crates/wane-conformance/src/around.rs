//! What is looked at around every case, whatever the case is about.

use serde::{Deserialize, Serialize};

/// The checks around every case: id, what must be so, and what goes wrong where it is not so.
pub const CHECKS: [(&str, &str, &str); 2] = [
    (
        "no-thread-left",
        "no thread is left",
        "a plugin is a codec: a thread of its own outlives a reload and dies in unmapped code",
    ),
    (
        "no-descriptor-left",
        "no file descriptor is left",
        "a plugin opens nothing; one descriptor a request takes the service down within a day",
    ),
];

/// Something that was seen around a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which of [`CHECKS`].
    pub check: String,
    /// What was seen.
    pub what: String,
}

/// What a process has open and running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Household {
    threads: usize,
    descriptors: usize,
}

impl Household {
    pub(crate) fn now() -> Self {
        let count = |path: &str| std::fs::read_dir(path).map_or(0, Iterator::count);
        Self { threads: count("/proc/self/task"), descriptors: count("/proc/self/fd") }
    }

    /// What is there now that was not there before.
    pub(crate) fn left(self) -> Vec<Seen> {
        let now = Self::now();
        let seen = |check: &str, before: usize, now: usize| {
            (now > before).then(|| Seen {
                check: check.to_owned(),
                what: format!("{} more than before it was loaded", now - before),
            })
        };
        let threads = seen("no-thread-left", self.threads, now.threads);
        threads.into_iter().chain(seen("no-descriptor-left", self.descriptors, now.descriptors)).collect()
    }
}
