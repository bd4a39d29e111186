//! E0609: a calendar with no open hour.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;

/// E0609.
pub(crate) static CHECK: Check =
    Check { code: Code("E0609"), name: "calendar-never-opens", summary: "a calendar with no open hour" };

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for (raw, calendar) in &model.declared.calendars {
        if calendar.never_opens() && !raw.faulty {
            out.push(
                Finding::new(
                    &CHECK,
                    format!("calendar `{}` never opens: a timer that counts by it never lapses", *raw.name),
                )
                .at(raw.hours_at, "")
                .help("write for example `hours = { mon-fri = [\"09:00-17:00\"] }`"),
            );
        }
    }
}
