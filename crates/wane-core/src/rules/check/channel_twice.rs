//! E0505: a rule says twice, and differently, which channels it is for.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0505.
pub(crate) static CHECK: Check = Check {
    code: Code("E0505"),
    name: "channel-twice",
    summary: "a rule says twice, and differently, which channels it is for",
};

pub(crate) fn both_keys(one: At, several: At) -> Finding {
    Finding::new(&CHECK, "a rule with both `channel` and `channels`")
        .at(several, "here")
        .at(one, "and here")
        .help("keep one of the two")
}

pub(crate) fn other_than_file(row: At, file: At, channel: &str) -> Finding {
    Finding::new(&CHECK, format!("the file is for channel `{channel}` only, this rule names others"))
        .at(row, "")
        .at(file, "holds for every rule of the file")
        .help("leave the channel out here, or move the rule to another file")
}
