//! Lines of a log that are well-formed and yet wrong: older than what their conversation had come to, on a channel that does
//! not exist, with facts that are not declared. Each of the first is told with its place; the rest is played.

use std::path::Path;

use wane_core::effect::{Answer, Outcome, Refusal};
use wane_core::time::Span;

use crate::Verdict;
use crate::out::plain;
use crate::trouble;

/// How many of them are told one by one.
const TOLD: u64 = 5;

/// The wrong lines of a log.
#[derive(Debug)]
pub(super) struct Faults {
    log: String,
    count: u64,
}

impl Faults {
    pub(super) fn new(log: &Path) -> Self {
        let standard = log.as_os_str() == "-";
        let log = if standard { "standard input".to_owned() } else { log.display().to_string() };
        Self { log, count: 0 }
    }

    /// Looks at what became of a line; gives whether it is wrong.
    pub(super) fn answer(&mut self, answer: &Answer, line: u64) -> bool {
        let before = self.count;
        if answer.late_by > 0 {
            let by = Span(answer.late_by);
            self.tell(
                line,
                &format!("the event is {by} older than what its conversation had come to; it counts as of then"),
            );
        }
        if let Outcome::Refused(why) = &answer.outcome
            && is_fault(why)
        {
            self.tell(line, &why.to_string());
        }
        self.count > before
    }

    fn tell(&mut self, line: u64, what: &str) {
        self.count += 1;
        let what = plain(what);
        if self.count <= TOLD {
            trouble::warn(&format!("{}:{line}: {what}", self.log));
        } else if self.count == TOLD + 1 {
            trouble::warn(&format!("{}:{line}: and more lines are wrong; the summary counts them", self.log));
        }
    }

    pub(super) const fn verdict(&self) -> Verdict {
        if self.count == 0 { Verdict::Well } else { Verdict::Findings }
    }
}

/// Whether the log is wrong, rather than the event being out of place in the life of its conversation.
const fn is_fault(why: &Refusal) -> bool {
    match why {
        Refusal::UnknownChannel { .. }
        | Refusal::NoChannel
        | Refusal::OtherChannel { .. }
        | Refusal::UnknownFact { .. }
        | Refusal::WrongFact { .. }
        | Refusal::WrongRole { .. } => true,
        Refusal::NewConversationRequired
        | Refusal::NoOpenSession
        | Refusal::UnknownConversation
        | Refusal::NotGoverned(_) => false,
    }
}
