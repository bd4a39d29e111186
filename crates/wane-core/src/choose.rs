//! Choosing the duration of a timer: facts in, the winning row out (R1 to R4). Pure.
//!
//! [`code`] holds the conditions of the rows, flat; [`index`] finds the few rows that can match at all, so that choosing
//! costs about the same for ten rows and for ten thousand. The index only ever says "not this one"; what it leaves is
//! verified.

pub mod analysis;
mod code;
mod index;
mod ranges;
mod regions;

use crate::facts::{FactId, FactTable, Facts};
use crate::rules::predicate::Predicate;
use crate::rules::predicate::ir::Given;
use crate::time::Period;
use crate::timer::RowId;
use code::{Check, Code};
use index::Index;

/// A rule row as the chooser needs it.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Its number.
    pub row: RowId,
    /// The channels it is for, by name; `None` is all.
    pub channels: Option<Vec<&'a str>>,
    /// What must hold: the timer's own `when`, then the row's.
    pub when: Vec<&'a Predicate>,
    /// For `after = { fact = … }`: the duration fact must lie in this range.
    pub within: Option<(FactId, Period, Period)>,
}

/// The rows of one timer, compiled for choosing.
#[derive(Clone, Debug, Default)]
pub struct Chooser {
    code: Code,
    index: Index,
}

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The first row that matches; `None` when none does.
    pub row: Option<RowId>,
    /// How many predicates failed at run time on the way (R4). Rows that the index rules out are not evaluated, so a
    /// failure in a row that could not have matched anyway does not count.
    pub failures: u32,
}

/// Why a row did not win, or that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It matches, and no row before it does.
    Wins,
    /// It matches, but a row before it does too.
    Outranked,
    /// It is for other channels.
    OtherChannel,
    /// This part of a predicate does not hold: which of [`Candidate::when`], and the bytes of its text.
    Condition {
        /// The position in [`Candidate::when`].
        predicate: usize,
        /// The part that does not hold.
        span: std::ops::Range<usize>,
    },
    /// This predicate failed at run time and counts as false (R4).
    Failed {
        /// The position in [`Candidate::when`].
        predicate: usize,
        /// The part that failed.
        span: std::ops::Range<usize>,
        /// What went wrong.
        failure: Failure,
    },
    /// The duration fact is not set or outside its range.
    Outside,
}

/// How a predicate can fail at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A number left the range of 64 bits.
    Overflow,
    /// A division by zero.
    DivisionByZero,
    /// The interpreter stopped: too many operations, or too long a text.
    Limit,
}

impl Chooser {
    /// Compiles rows that are given best first (R1). Gives every fact they read a slot.
    #[must_use]
    pub fn new(candidates: &[Candidate<'_>], table: &mut FactTable) -> Self {
        let code = Code::new(candidates, table);
        let index = Index::new(&code, table);
        Self { code, index }
    }

    /// The first row that matches these facts, which were made with this table: that of the ruleset.
    ///
    /// ```
    /// use wane_core::facts::{Facts, Value};
    /// # let mut files = wane_core::rules::files::Files::default();
    /// # files.insert("quiet.toml", r#"
    /// #     [timers.quiet]
    /// #     restart_on = ["message:customer"]
    /// #     on_lapse   = ["end-session"]
    /// #     [[rules]]
    /// #     id = "long"
    /// #     timer = "quiet"
    /// #     when = "authenticated"
    /// #     after = "1h"
    /// #     [[rules]]
    /// #     id = "short"
    /// #     timer = "quiet"
    /// #     after = "15m"
    /// # "#);
    /// # let rules = wane_core::rules::load(&files).0.expect("valid rules");
    /// let timer = rules.find_timer("quiet").expect("declared");
    /// let chooser = &rules.choosers[usize::from(timer.0)];
    /// let id = |row| rules.row(row).map(|row| &*row.id);
    ///
    /// let mut facts = Facts::new(&rules.facts);
    /// assert_eq!(chooser.choose(&rules.facts, &facts).row.and_then(id), Some("short"));
    /// let authenticated = rules.facts.find("authenticated").expect("built in");
    /// facts.set(&rules.facts, authenticated, Value::Bool(true));
    /// assert_eq!(chooser.choose(&rules.facts, &facts).row.and_then(id), Some("long"));
    /// ```
    #[must_use]
    pub fn choose(&self, table: &FactTable, facts: &Facts) -> Choice {
        let given = Given { table, facts };
        let mut failures = 0;
        let mut verify = |row: u32| match self.code.check(row as usize, given) {
            Check::Matches => true,
            Check::Fails { failed, .. } => {
                failures += u32::from(failed.is_some());
                false
            }
        };
        let row = self.index.find(facts, u32::MAX, &mut verify);
        Choice { row: row.and_then(|row| self.code.id(row as usize)), failures }
    }

    /// Every row with its verdict, best first. Evaluates all of them: for people, not for deciding.
    ///
    /// ```
    /// use wane_core::choose::Verdict;
    /// use wane_core::facts::Facts;
    /// # let mut files = wane_core::rules::files::Files::default();
    /// # files.insert("quiet.toml", r#"
    /// #     [timers.quiet]
    /// #     restart_on = ["message:customer"]
    /// #     on_lapse   = ["end-session"]
    /// #     [[rules]]
    /// #     id = "long"
    /// #     timer = "quiet"
    /// #     when = "authenticated"
    /// #     after = "1h"
    /// #     [[rules]]
    /// #     id = "short"
    /// #     timer = "quiet"
    /// #     after = "15m"
    /// # "#);
    /// # let rules = wane_core::rules::load(&files).0.expect("valid rules");
    /// let timer = rules.find_timer("quiet").expect("declared");
    /// let verdicts = rules.choosers[usize::from(timer.0)].explain(&rules.facts, &Facts::new(&rules.facts));
    /// assert_eq!(verdicts[0].1, Verdict::Condition { predicate: 0, span: 0..13 }); // `authenticated`
    /// assert_eq!(verdicts[1].1, Verdict::Wins);
    /// ```
    #[must_use]
    pub fn explain(&self, table: &FactTable, facts: &Facts) -> Vec<(RowId, Verdict)> {
        let given = Given { table, facts };
        let mut won = false;
        let mut verdicts = Vec::with_capacity(self.code.len());
        for row in 0..self.code.len() {
            let verdict = match self.code.check(row, given) {
                Check::Matches if won => Verdict::Outranked,
                Check::Matches => {
                    won = true;
                    Verdict::Wins
                }
                Check::Fails { test, failed } => self.code.verdict(test, failed),
            };
            verdicts.extend(self.code.id(row).map(|id| (id, verdict)));
        }
        verdicts
    }
}
