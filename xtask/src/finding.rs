//! One thing that is not as it should be.

use std::fmt;

/// Where, what, and what would be right. Shown on one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
    right: String,
}

impl Finding {
    /// A finding at a line, counted from 1.
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>, right: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), right: right.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.right)
    }
}
