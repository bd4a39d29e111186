//! Strict reading of case and profile files: a key that nobody knows is an error, and every error names its line.

mod case;
mod message;
mod profile;
mod section;
mod step;
mod value;

pub(crate) use case::case;
pub(crate) use profile::profile;

use std::ops::Range;

use thiserror::Error;
use toml::de::DeTable;

/// What is wrong with a file of cases.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}: {message}")]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right; may be empty.
    pub help: String,
}

/// A file that is being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'t> {
    /// Its name, for messages.
    pub(crate) name: &'t str,
    /// Its text.
    pub(crate) text: &'t str,
}

impl<'t> File<'t> {
    pub(crate) fn line(self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|&&byte| byte == b'\n').count() + 1
    }

    pub(crate) fn fault(self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Fault {
        let line = self.line(span.start);
        Fault { file: self.name.to_owned(), line, message: message.into(), help: help.into() }
    }

    fn parse(self) -> Result<toml::Spanned<DeTable<'t>>, Fault> {
        DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            self.fault(&span, format!("not TOML: {}", error.message()), "")
        })
    }
}

/// Words in backticks, with commas.
fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
