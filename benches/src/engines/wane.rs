//! Wane: the chooser of one timer, from texts, and with the facts held as a session holds them.

use wane_core::facts::{FactId, FactTable, Facts};
use wane_core::rules;
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;

use super::Engine;
use crate::workload::{Context, WANE, Workload, wane_rows, wane_timer};

/// How many rows go into one file.
const FILE: usize = 1_000;

/// The rules as a directory of rule files.
#[must_use]
pub fn files(workload: &Workload) -> Files {
    let mut files = Files::default();
    files.insert("timers.toml", wane_timer());
    for (number, rules) in workload.rules.chunks(FILE).enumerate() {
        files.insert(format!("rows-{number:03}.toml"), wane_rows(rules, number * FILE, workload.rules.len()));
    }
    files
}

/// Reads, checks and compiles them.
///
/// # Panics
/// When Wane refuses them.
#[must_use]
pub fn ruleset(files: &Files) -> Ruleset {
    let (ruleset, diagnostics) = rules::load(files);
    ruleset.unwrap_or_else(|| panic!("Wane refuses the rules: {:#?}", diagnostics.first()))
}

/// The facts of the workload by number.
#[derive(Clone, Debug)]
struct Ids {
    texts: [FactId; 5],
    numbers: [FactId; 3],
}

impl Ids {
    fn new(table: &FactTable) -> Self {
        let id = |name: &str| table.find(name).unwrap_or_else(|| panic!("Wane has no fact `{name}`"));
        Self {
            texts: [WANE.channel, WANE.handler, WANE.tier, WANE.locale, "queue"].map(id),
            numbers: [WANE.messages, WANE.idle, WANE.authenticated].map(id),
        }
    }

    /// Looks five texts up and puts eight numbers in their slots.
    fn fill(&self, table: &FactTable, facts: &mut Facts, context: &Context) {
        let texts = [context.channel, context.handler, context.tier, context.locale, &context.queue];
        for (id, text) in self.texts.iter().zip(texts) {
            facts.set_number(table, *id, table.symbols().get(text));
        }
        let numbers = [context.messages, context.idle, i64::from(context.authenticated)];
        for (id, number) in self.numbers.iter().zip(numbers) {
            facts.set_number(table, *id, number);
        }
    }
}

/// Every fact comes as text or number with each decision.
#[derive(Debug)]
pub struct FromTexts<'a> {
    ruleset: &'a Ruleset,
    ids: Ids,
    facts: Facts,
    contexts: &'a [Context],
}

impl<'a> FromTexts<'a> {
    /// For these contexts.
    #[must_use]
    pub fn new(ruleset: &'a Ruleset, workload: &'a Workload) -> Self {
        let ids = Ids::new(&ruleset.facts);
        Self { ruleset, ids, facts: Facts::new(&ruleset.facts), contexts: &workload.contexts }
    }
}

impl Engine for FromTexts<'_> {
    fn name(&self) -> &'static str {
        "Wane, from texts"
    }

    fn decide(&mut self, context: usize) -> usize {
        self.ids.fill(&self.ruleset.facts, &mut self.facts, &self.contexts[context]);
        choose(self.ruleset, &self.facts)
    }
}

/// The session holds its facts as numbers already.
#[derive(Debug)]
pub struct Held<'a> {
    ruleset: &'a Ruleset,
    sessions: Vec<Facts>,
}

impl<'a> Held<'a> {
    /// For these contexts.
    #[must_use]
    pub fn new(ruleset: &'a Ruleset, workload: &Workload) -> Self {
        let ids = Ids::new(&ruleset.facts);
        let hold = |context: &Context| {
            let mut facts = Facts::new(&ruleset.facts);
            ids.fill(&ruleset.facts, &mut facts, context);
            facts
        };
        Self { ruleset, sessions: workload.contexts.iter().map(hold).collect() }
    }

    /// Explains a decision in full: every row with its verdict. The number of rows, to have used them.
    #[must_use]
    pub fn explain(&self, context: usize) -> usize {
        let chooser = &self.ruleset.choosers[0];
        chooser.explain(&self.ruleset.facts, &self.sessions[context]).len()
    }
}

impl Engine for Held<'_> {
    fn name(&self) -> &'static str {
        "Wane, facts held"
    }

    fn decide(&mut self, context: usize) -> usize {
        choose(self.ruleset, &self.sessions[context])
    }
}

fn choose(ruleset: &Ruleset, facts: &Facts) -> usize {
    let choice = ruleset.choosers[0].choose(&ruleset.facts, facts);
    choice.row.map(|row| row.0 as usize).expect("the last rule fits always")
}
