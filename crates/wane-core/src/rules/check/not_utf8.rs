//! E0103: the file is not UTF-8.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0103.
pub(crate) static CHECK: Check = Check { code: Code("E0103"), name: "not-utf8", summary: "the file is not UTF-8" };

pub(crate) fn found(at: At, offset: usize) -> Finding {
    Finding::new(&CHECK, format!("the file is not UTF-8: the byte at offset {offset} does not fit"))
        .at(at, "before this byte all is well")
        .help("save the file as UTF-8; editors call it an encoding")
}
