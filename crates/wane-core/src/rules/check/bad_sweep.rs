//! E0309: a sweep whose offset is not shorter than its interval.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::source::Sp;
use crate::time::{Period, Span};

/// E0309.
pub(crate) static CHECK: Check =
    Check { code: Code("E0309"), name: "bad-sweep", summary: "a sweep whose offset is not shorter than its interval" };

pub(crate) fn check(every: &Sp<Period>, offset: Option<&Sp<i64>>, out: &mut Findings) {
    let Some(offset) = offset.filter(|offset| ***offset >= every.millis()) else { return };
    out.push(
        Finding::new(&CHECK, format!("the offset `{}` is not shorter than the interval `{}`", Span(**offset), **every))
            .at(offset.at, "")
            .at(every.at, "the interval")
            .help(format!("the same grid has `offset = \"{}\"`", Span(**offset % every.millis()))),
    );
}
