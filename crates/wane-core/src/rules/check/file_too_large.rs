//! E0102: the rule files are too large.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0102.
pub(crate) static CHECK: Check =
    Check { code: Code("E0102"), name: "file-too-large", summary: "the rule files are too large" };

/// The largest file that is read (house decision: ten thousand rules are below 2 MiB).
pub(crate) const LARGEST_FILE: usize = 8 << 20;
/// The largest directory that is read.
pub(crate) const LARGEST_DIRECTORY: usize = 64 << 20;

pub(crate) fn file(at: At, size: usize) -> Finding {
    let message = format!("the file has {} MiB; a rule file can have {} MiB", mib(size), LARGEST_FILE >> 20);
    Finding::new(&CHECK, message).at(at, "").help("is it a rule file at all? If so, split it")
}

pub(crate) fn directory(size: usize) -> Finding {
    let most = LARGEST_DIRECTORY >> 20;
    Finding::new(&CHECK, format!("the rule files have {} MiB together; they can have {most} MiB", mib(size)))
}

/// Rounded up, so that a byte too many does not look like just enough.
const fn mib(size: usize) -> usize {
    size.div_ceil(1 << 20)
}
