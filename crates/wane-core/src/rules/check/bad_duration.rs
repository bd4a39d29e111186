//! E0301: a text that is no duration.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;
use crate::time::TimeError;

/// E0301.
pub(crate) static CHECK: Check =
    Check { code: Code("E0301"), name: "bad-duration", summary: "a text that is no duration" };

pub(crate) fn found(text: &Sp<Name>, error: TimeError, key: &str) -> Finding {
    let message = match error {
        TimeError::NotPositive | TimeError::TooLong => format!("`{}` does not fit: {error}", **text),
        TimeError::NoUnit => format!("`{}` is a number without a unit", **text),
        TimeError::NotADuration | TimeError::NotRfc3339 | TimeError::OutOfRange => {
            format!("`{}` is no duration", **text)
        }
    };
    Finding::new(&CHECK, message).at(text.at, "").help(advice(text, error, key))
}

fn advice(text: &str, error: TimeError, key: &str) -> String {
    let number = text.trim();
    match error {
        TimeError::NoUnit => format!("write `{number}m`, `{number}s` or `{number}h`"),
        TimeError::NotPositive if key == "after" && text.starts_with('0') => {
            "a timer that should not run has `after = \"never\"`".to_owned()
        }
        TimeError::NotADuration if key == "after" && text.eq_ignore_ascii_case("never") => "write `never`".to_owned(),
        TimeError::NotPositive
        | TimeError::TooLong
        | TimeError::NotADuration
        | TimeError::NotRfc3339
        | TimeError::OutOfRange => "write for example `90s`, `1h30m`, `3d` or `PT6H`".to_owned(),
    }
}
