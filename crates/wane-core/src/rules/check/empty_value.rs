//! E0307: a text or a list with nothing in it.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0307.
pub(crate) static CHECK: Check =
    Check { code: Code("E0307"), name: "empty-value", summary: "a text or a list with nothing in it" };

pub(crate) fn text(at: At, key: &str, required: bool) -> Finding {
    let help = if required { "fill it in".to_owned() } else { format!("fill it in, or leave `{key}` out") };
    Finding::new(&CHECK, format!("`{key}` is empty")).at(at, "").help(help)
}

/// An empty list of where something belongs would mean nowhere: nobody means that.
pub(crate) fn list(at: At, key: &str, required: bool) -> Finding {
    let help = if required { "name something".to_owned() } else { format!("name something, or leave `{key}` out") };
    Finding::new(&CHECK, format!("`{key}` is an empty list")).at(at, "").help(help)
}
