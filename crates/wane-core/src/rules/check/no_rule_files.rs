//! E0101: there is no rule file.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;

/// E0101.
pub(crate) static CHECK: Check = Check { code: Code("E0101"), name: "no-rule-files", summary: "there is no rule file" };

pub(crate) fn found() -> Finding {
    Finding::new(&CHECK, "there is no rule file")
        .help("a directory of rules holds at least one `*.toml` file with a timer")
}
