//! What is wrong with an event: which field, where in the text, and what would be right.

use std::fmt;

/// An event that can not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventError {
    /// The field, such as `at` or `customer.tier`; empty when the text is no JSON object.
    pub field: String,
    /// What is wrong: lower-case start, no final stop.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// Where in the text, in bytes from 0; the start of the field's value, where that is known.
    pub offset: usize,
}

impl EventError {
    /// Something wrong with a field.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), help: None, offset: 0 }
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EventError {}
