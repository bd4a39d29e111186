//! What a programmer would write without a rule engine: a list of closures, asked one by one.

use super::Engine;
use crate::workload::{Condition, Context, Rule, Workload};

type Check = Box<dyn Fn(&Context) -> bool>;

/// The closures.
pub struct Native<'a> {
    checks: Vec<Check>,
    contexts: &'a [Context],
}

impl std::fmt::Debug for Native<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Native({})", self.checks.len())
    }
}

impl<'a> Native<'a> {
    /// A closure for each rule.
    #[must_use]
    pub fn new(workload: &'a Workload) -> Self {
        Self { checks: workload.rules.iter().map(check).collect(), contexts: &workload.contexts }
    }
}

impl Engine for Native<'_> {
    fn name(&self) -> &'static str {
        "native Rust closures, row by row"
    }

    fn decide(&mut self, context: usize) -> usize {
        let context = &self.contexts[context];
        self.checks.iter().position(|check| check(context)).expect("the last rule fits always")
    }
}

fn check(rule: &Rule) -> Check {
    let condition = condition(&rule.condition);
    match (rule.channel, rule.handler) {
        (Some(channel), Some(handler)) => {
            Box::new(move |c| c.channel == channel && c.handler == handler && condition(c))
        }
        (Some(channel), None) => Box::new(move |c| c.channel == channel && condition(c)),
        (None, Some(handler)) => Box::new(move |c| c.handler == handler && condition(c)),
        (None, None) => condition,
    }
}

fn condition(condition: &Condition) -> Check {
    match condition.clone() {
        Condition::Busy { tier, messages, queue } => {
            Box::new(move |c| c.tier == tier && c.messages > messages && c.queue == queue)
        }
        Condition::Quiet { idle, locales, queue } => {
            Box::new(move |c| c.authenticated && c.idle >= idle && locales.contains(&c.locale) && c.queue == queue)
        }
        Condition::Fresh { tiers, messages, queue } => {
            Box::new(move |c| tiers.contains(&c.tier) && !c.authenticated && c.messages < messages && c.queue == queue)
        }
        Condition::Rate { queue, factor } => Box::new(move |c| c.queue == queue && c.messages * factor > c.idle),
        Condition::Band { from, to, locale, tier } => {
            Box::new(move |c| c.idle >= from && c.idle < to && c.locale != locale && c.tier == tier)
        }
        Condition::Always => Box::new(|_| true),
    }
}
