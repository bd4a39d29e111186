//! A finding about rule files, as JSON: the lines of `wane check --format json`, and what the service answers.

use serde::Serialize;
use wane_core::diagnostic::{Diagnostic, Label, Severity};
use wane_core::rules::files::Files;

use crate::place::line_column;

/// A diagnostic, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingJson {
    /// Its stable code, such as `E0203`.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where; the first is the fault's own place.
    pub labels: Vec<LabelJson>,
}

/// A place in a rule file, with a word about it. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelJson {
    /// The file.
    pub file: String,
    /// The line that it begins on.
    pub line: usize,
    /// The column that it begins at.
    pub column: usize,
    /// The line that it ends on.
    pub end_line: usize,
    /// The column after its end.
    pub end_column: usize,
    /// What is there; may be empty.
    pub text: String,
}

impl FindingJson {
    /// The finding about these files, as it is written; `path` says how a file of them is called outside.
    #[must_use]
    pub fn new(diagnostic: &Diagnostic, files: &Files, path: &dyn Fn(&str) -> String) -> Self {
        Self {
            code: diagnostic.code.0,
            severity: match diagnostic.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            labels: diagnostic.labels.iter().map(|label| place(label, files, path)).collect(),
        }
    }
}

fn place(label: &Label, files: &Files, path: &dyn Fn(&str) -> String) -> LabelJson {
    let text = files.get(&label.place.file).map(String::from_utf8_lossy).unwrap_or_default();
    let (start, end) = (line_column(&text, label.place.span.start), line_column(&text, label.place.span.end));
    LabelJson {
        file: path(&label.place.file),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        text: label.text.clone(),
    }
}
