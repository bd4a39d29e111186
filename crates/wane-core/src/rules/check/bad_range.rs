//! E0304: a range that nothing fits.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::schema::timer::Range;

/// E0304.
pub(crate) static CHECK: Check = Check { code: Code("E0304"), name: "bad-range", summary: "a range that nothing fits" };

/// Whether nothing fits it.
pub(crate) fn is_empty(range: &Range) -> bool {
    let bounds = range.min.as_ref().zip(range.max.as_ref());
    bounds.is_some_and(|(min, max)| min.value > max.value)
}

pub(crate) fn check(range: &Range, out: &mut Findings) {
    if let (Some(min), Some(max)) = (&range.min, &range.max)
        && min.value > max.value
    {
        out.push(
            Finding::new(&CHECK, format!("nothing lies between `{}` and `{}`", **min, **max))
                .at(min.at, "the shortest is longer")
                .at(max.at, "than the longest")
                .help("exchange the two"),
        );
    }
}
