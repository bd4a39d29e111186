//! The codes of what can be wrong with a scenario file: E09xx.

use crate::diagnostic::Code;

/// The file is not UTF-8, or not TOML.
pub(super) const NOT_TOML: Code = Code("E0901");
/// A key that the form does not have.
pub(super) const UNKNOWN_KEY: Code = Code("E0902");
/// A key is missing.
pub(super) const MISSING_KEY: Code = Code("E0903");
/// A value of the wrong type, or one that means nothing here.
pub(super) const WRONG_VALUE: Code = Code("E0904");
/// A step lies before the one above it.
pub(super) const BACKWARDS: Code = Code("E0905");
/// Two scenarios of one file have the same name.
pub(super) const SAME_NAME: Code = Code("E0906");
/// The file has no scenario.
pub(super) const NO_SCENARIO: Code = Code("E0907");

/// Every code of this module, what it means and what to do about it.
pub const CODES: &[(Code, &str, &str)] = &[
    (NOT_TOML, "a scenario file is not TOML", "Everything below the place that is shown was not read."),
    (UNKNOWN_KEY, "unknown key in a scenario", "A key that is misspelt would be an expectation that is never checked."),
    (
        MISSING_KEY,
        "a scenario lacks a key",
        "A scenario needs a `name`, a step its `at`, events and effects their `type`.",
    ),
    (WRONG_VALUE, "wrong value in a scenario", "The value has another type than the key, or means nothing there."),
    (
        BACKWARDS,
        "a scenario's steps run backwards",
        "Sort the steps; for an event that was sent earlier than it came, give the event an `at`.",
    ),
    (SAME_NAME, "two scenarios have one name", "The name is how `--only` and `explain` find a scenario."),
    (NO_SCENARIO, "a scenario file has no scenario", "Each begins with `[[scenario]]`."),
];
