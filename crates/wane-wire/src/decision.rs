//! Decisions as JSON: which timer ran out where, by which rule, and when that was decided.
//!
//! | field | meaning |
//! |---|---|
//! | `key` | names the decision for good ([`crate::decision_key`]) |
//! | `conversation`, `session` | where; `session` is `<conversation>/<n>` |
//! | `timer`, `generation` | which timer, and which start of a timer in the conversation |
//! | `rule`, `ruleset` | the row that gave the duration, if it is still there; the hash of the rules that decided |
//! | `deadline`, `decided_at` | when it was due, and when the clock got there |

use serde::Serialize;
use wane_core::effect::Lapse;
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;

use crate::key::decision_key;

/// Where a decision belongs.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The organisation.
    pub org: &'a str,
    /// The conversation's name.
    pub conversation: &'a str,
    /// The rules that decided.
    pub rules: &'a Ruleset,
    /// The hash of those rules as text.
    pub ruleset: &'a str,
    /// When it was decided.
    pub now: Timestamp,
}

/// A decision ready to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the table at the head of the module says what each field is")]
pub struct DecisionJson<'a> {
    pub key: String,
    pub conversation: &'a str,
    pub session: String,
    pub timer: &'a str,
    pub generation: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'a str>,
    pub ruleset: &'a str,
    pub deadline: String,
    pub decided_at: String,
}

impl<'a> DecisionJson<'a> {
    /// The wire form of a decision.
    #[must_use]
    pub fn new(lapse: &Lapse, context: Context<'a>) -> Self {
        let Context { org, conversation, rules, ruleset, now } = context;
        let cause = &lapse.cause;
        let timer = rules.timer(cause.timer).map_or("", |timer| &*timer.name);
        Self {
            key: decision_key(org, conversation, lapse.session, timer, cause.generation),
            conversation,
            session: format!("{conversation}/{}", lapse.session),
            timer,
            generation: cause.generation,
            rule: rules.row(cause.row).map(|row| &*row.id),
            ruleset,
            deadline: cause.deadline.to_string(),
            decided_at: now.to_string(),
        }
    }
}
