//! W0710: an `afterwards` row that is never reached.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;
use crate::signal::{RoleMask, Selector};
use crate::timer::{Afterwards, Belongs};

/// W0710.
pub(crate) static CHECK: Check =
    Check { code: Code("W0710"), name: "unreachable-afterwards", summary: "an `afterwards` row that is never reached" };

/// Each row is compared with those before it; so many are the work of a program.
const MOST_ROWS: usize = 256;

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in model.timers.iter().filter(|timer| timer.def.afterwards.len() <= MOST_ROWS) {
        for (index, (row, raw)) in timer.def.afterwards.iter().zip(&timer.raw.afterwards).enumerate() {
            let before = timer.def.afterwards.iter().zip(&timer.raw.afterwards).take(index);
            let Some((_, first)) = before.into_iter().find(|(earlier, _)| covers(earlier, row)) else { continue };
            out.push(
                Finding::new(&CHECK, "this row is never reached: an earlier one takes every event it waits for")
                    .at(raw.at, "")
                    .at(first.at, "comes first")
                    .help("put the narrower row first"),
            );
        }
    }
}

fn covers(earlier: &Afterwards, later: &Afterwards) -> bool {
    let wide = earlier.belongs == Belongs::default() || earlier.belongs == later.belongs;
    let takes = |on: &Selector| {
        earlier.on.iter().any(|by| by.kind == on.kind && (by.roles == on.roles || by.roles == RoleMask::ANY))
    };
    wide && !later.on.is_empty() && later.on.iter().all(takes)
}
