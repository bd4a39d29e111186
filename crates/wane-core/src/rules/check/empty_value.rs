//! E0307: a text or a list with nothing in it.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::{Finding, Findings};
use crate::rules::source::{At, Sp};

/// E0307.
pub(crate) static CHECK: Check =
    Check { code: Code("E0307"), name: "empty-value", summary: "a text or a list with nothing in it" };

pub(crate) fn check_text(text: &Sp<Name>, key: &str, out: &mut Findings) {
    if text.trim().is_empty() {
        out.push(
            Finding::new(&CHECK, format!("`{key}` is empty"))
                .at(text.at, "")
                .help(format!("fill it in, or leave `{key}` out")),
        );
    }
}

/// An empty list of where something belongs would mean nowhere: nobody means that.
pub(crate) fn check_list(list: &Sp<Vec<Sp<Name>>>, key: &str, out: &mut Findings) {
    if list.is_empty() {
        out.push(self::list(list.at, key));
    }
}

pub(crate) fn list(at: At, key: &str) -> Finding {
    Finding::new(&CHECK, format!("`{key}` is an empty list"))
        .at(at, "")
        .help(format!("name something, or leave `{key}` out"))
}
