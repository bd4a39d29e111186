//! E0104: the file is not TOML.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0104.
pub(crate) static CHECK: Check = Check { code: Code("E0104"), name: "toml-syntax", summary: "the file is not TOML" };

/// More than these of one file say nothing new.
pub(crate) const SHOWN: usize = 20;

pub(crate) fn found(at: At, message: &str) -> Finding {
    match message {
        "invalid basic string, expected `\"`" | "invalid literal string, expected `'`" => {
            return Finding::new(&CHECK, "a text without its closing quote").at(at, "here at the latest");
        }
        "string values must be quoted, expected literal string" => {
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

pub(crate) fn more(at: At, count: usize) -> Finding {
    Finding::new(&CHECK, format!("{count} more places of this file are not TOML")).at(at, "the next one")
}
