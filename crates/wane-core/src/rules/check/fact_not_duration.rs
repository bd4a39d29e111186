//! E0506: a length taken from a fact that is no duration.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::{FactType, Name};
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0506.
pub(crate) static CHECK: Check =
    Check { code: Code("E0506"), name: "fact-not-duration", summary: "a length taken from a fact that is no duration" };

pub(crate) fn found(name: &Sp<Name>, ty: &FactType) -> Finding {
    let own = name.starts_with("attributes.") || name.starts_with("customer.");
    let declared = if own { name } else { "attributes.bot_timeout" };
    Finding::new(&CHECK, format!("fact `{}` is of type `{}`, not `duration`", **name, ty.name())).at(name.at, "").help(
        if own {
            format!("declare it under `[facts]` as `{declared} = \"duration\"`")
        } else {
            format!("name a fact that is declared under `[facts]`, for example as `{declared} = \"duration\"`")
        },
    )
}
