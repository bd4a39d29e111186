//! E0214: a name that can not be used.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::{Finding, Findings};
use crate::rules::source::Sp;
use crate::signal::EventType;

/// E0214.
pub(crate) static CHECK: Check =
    Check { code: Code("E0214"), name: "bad-name", summary: "a name that can not be used" };

/// Group names stand where events stand, and must not look like them.
pub(crate) fn check_group(name: &Sp<Name>, out: &mut Findings) {
    if name.contains(['.', ':']) || name.is_empty() {
        out.push(
            Finding::new(&CHECK, format!("a group can not be called `{}`", **name))
                .at(name.at, "")
                .help("names with `.` or `:` are events; use letters, digits and `-`"),
        );
    } else if EventType::parse(name).is_some() {
        out.push(
            Finding::new(&CHECK, format!("a group can not be called `{}`", **name))
                .at(name.at, "")
                .help("an event is called so: where it is named, the group would be meant"),
        );
    }
}

/// Fact names are written in predicates.
pub(crate) fn check_fact(name: &Sp<Name>, out: &mut Findings) {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(fits) || name.starts_with(|c: char| c.is_ascii_digit()) {
        out.push(
            Finding::new(&CHECK, format!("a fact can not be called `{}`", **name))
                .at(name.at, "")
                .help("predicates write this name: use letters, digits and `_`, and begin with a letter"),
        );
    }
}

/// Names that predicates write in quotes, and people in tables.
pub(crate) fn check_plain(what: &str, name: &Sp<Name>, out: &mut Findings) {
    if name.is_empty() || name.chars().any(|c| c == '"' || c == '\\' || c == '`' || c.is_control()) {
        out.push(
            Finding::new(&CHECK, format!("a {what} can not be called `{}`", name.escape_debug()))
                .at(name.at, "")
                .help("use letters, digits and `-`"),
        );
    }
}

/// An organisation's own event is `x.` and something.
pub(crate) fn own_event(name: &Sp<Name>) -> Finding {
    Finding::new(&CHECK, format!("an event of your own can not be called `{}`", **name))
        .at(name.at, "")
        .help("begin it with `x.`, and use letters, digits, `.`, `-` and `_`, for example `x.gone-quiet`")
}
