//! The rules that were in force, by number: records can only be read with the rules that made them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_wire::record::Ordinal;

/// At least the present ones. Rules that come back, by a rollback for example, are in memory once, under all their numbers.
pub(super) struct Rulesets {
    pub(super) current: Ordinal,
    pub(super) rules: Arc<Ruleset>,
    pub(super) known: BTreeMap<Ordinal, Arc<Ruleset>>,
}

impl Rulesets {
    /// These rules come into force; gives them as they are in memory from now on.
    pub(super) fn add(&mut self, ordinal: Ordinal, rules: Arc<Ruleset>) -> Arc<Ruleset> {
        let rules = same(&self.known, rules.hash).unwrap_or(rules);
        self.current = ordinal;
        self.rules = Arc::clone(&rules);
        self.known.insert(ordinal, Arc::clone(&rules));
        rules
    }

    /// No others are needed.
    pub(super) fn keep(&mut self, needed: &BTreeSet<Ordinal>) {
        self.known.retain(|ordinal, _| needed.contains(ordinal));
    }
}

/// The rules of that hash, when they are known.
pub(super) fn same(known: &BTreeMap<Ordinal, Arc<Ruleset>>, hash: RulesetHash) -> Option<Arc<Ruleset>> {
    known.values().rev().find(|rules| rules.hash == hash).cloned()
}

#[cfg(test)]
mod tests {
    use wane_core::rules::files::Files;

    use super::*;

    fn rules(after: &str) -> Arc<Ruleset> {
        let mut files = Files::default();
        let text = format!(
            "timers.quiet = {{ restart_on = ['message:customer'], on_lapse = ['end-session'] }}\n\
             rules = [{{ id = 'quiet', timer = 'quiet', after = '{after}' }}]"
        );
        files.insert("quiet.toml", &*text);
        Arc::new(wane_core::rules::load(&files).0.expect("valid rules"))
    }

    #[test]
    fn rules_that_come_back_are_in_memory_once() {
        let first = rules("15m");
        let known = BTreeMap::from([(Ordinal(1), Arc::clone(&first))]);
        let mut all = Rulesets { current: Ordinal(1), rules: Arc::clone(&first), known };
        for ordinal in 2..=100 {
            all.add(Ordinal(ordinal), rules(if ordinal % 2 == 0 { "20m" } else { "15m" }));
        }
        assert_eq!(Arc::strong_count(&first), 1 + 1 + 49, "here, as number 1, and as each odd one");
        assert_eq!((all.current, all.rules.hash), (Ordinal(100), rules("20m").hash));
        assert!(Arc::ptr_eq(&all.rules, &all.known[&Ordinal(2)]));
        assert!(same(&all.known, rules("30m").hash).is_none());
        all.keep(&BTreeSet::from([Ordinal(99), Ordinal(100)]));
        assert_eq!(all.known.keys().collect::<Vec<_>>(), [&Ordinal(99), &Ordinal(100)]);
    }
}
