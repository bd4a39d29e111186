//! E0104: the file is not TOML.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0104.
pub(crate) static CHECK: Check = Check { code: Code("E0104"), name: "toml-syntax", summary: "the file is not TOML" };

/// More than these of one file say nothing new.
pub(crate) const SHOWN: usize = 20;

/// What the parser says of a text of several lines that is not closed.
pub(crate) const OPEN_LITERAL: &str = "invalid multi-line literal string, expected `\'`";
pub(crate) const OPEN_BASIC: &str = "invalid multi-line basic string, expected `\"`";

pub(crate) fn found(at: At, message: &str) -> Finding {
    match message {
        "invalid basic string, expected `\"`" | "invalid literal string, expected `'`" => {
            return Finding::new(&CHECK, "a text without its closing quote").at(at, "here at the latest");
        }
        OPEN_LITERAL => return Finding::new(&CHECK, "a text without its closing `\'\'\'`").at(at, "begins here"),
        OPEN_BASIC => return Finding::new(&CHECK, "a text without its closing `\"\"\"`").at(at, "begins here"),
        "string values must be quoted, expected literal string"
        | "invalid boolean, expected `true`"
        | "invalid boolean, expected `false`"
        | "invalid float, expected `inf`"
        | "invalid float, expected `nan`" => {
            return Finding::new(&CHECK, "a value is missing, or a text stands without quotes").at(at, "");
        }
        _ => {}
    }
    let (what, wanted) =
        message.split_once(", expected ").map_or((message, None), |(what, wanted)| (what, Some(wanted)));
    let finding = Finding::new(&CHECK, what.to_owned()).at(at, "");
    match wanted {
        Some("nothing") | None => finding,
        Some(wanted) => finding.help(format!("expected {wanted}")),
    }
}

/// A list or inline table that the rest of the file does not close.
pub(crate) fn open_list(at: At) -> Finding {
    Finding::new(&CHECK, "a list or an inline table without its closing bracket")
        .at(at, "here at the latest")
        .help("close it with `]` or `}`")
}

pub(crate) fn more(at: At, count: usize) -> Finding {
    Finding::new(&CHECK, format!("{count} more places of this file are not TOML")).at(at, "the next one")
}
