//! `wane store replay DIR`: every decision made again, and compared with the log.
//!
//! The digest is the SHA-256 of all decisions in the order of the log, each as its JSON object and a line feed; the
//! organisation counts as `default`. It is the same on any machine, as often as it is worked out.

use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};
use wane_core::effect::Lapse;
use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_core::time::Timestamp;
use wane_server::node::replay;
use wane_wire::decision::{Context, DecisionJson};
use wane_wire::record::{Record, Sequence};

use crate::Verdict;
use crate::out::Out;
use crate::trouble::{Trouble, warn};

pub(super) fn run(data: &Path, out: &mut Out) -> Result<Verdict, Trouble> {
    let log = super::open(data)?;
    let rulesets = super::rulesets(data)?;
    let mut tally = Tally::default();
    let replayed = replay(&log, log.manifest().key, &rulesets, &mut |_, record, rules| tally.see(record, rules))?;
    if replayed.first > Sequence(1) {
        let (first, from) = (replayed.first.0, replayed.checked_from.0);
        warn(&format!("the log begins at block {first}; decisions before block {from} could not be made again"));
    }
    writeln!(out, "records     {:>12}  in {} blocks", replayed.records, replayed.blocks)?;
    writeln!(out, "events      {:>12}", tally.events)?;
    writeln!(out, "decisions   {:>12}", tally.decisions)?;
    writeln!(out, "effects     {:>12}", tally.effects)?;
    writeln!(out, "kept now    {:>12}  conversations", replayed.conversations)?;
    writeln!(out, "digest      {}", tally.digest())?;
    Ok(Verdict::Well)
}

/// What went by.
#[derive(Default)]
struct Tally {
    events: u64,
    decisions: u64,
    effects: u64,
    hash: Sha256,
    /// The name of the last rules as text; nearly all decisions are by the same ones.
    rules: Option<(RulesetHash, String)>,
}

impl Tally {
    fn see(&mut self, record: &Record, rules: Option<&Ruleset>) {
        let Some(decided) = record.decided() else { return };
        self.events += u64::from(matches!(record, Record::Event(_)));
        self.effects += decided.effects.len() as u64;
        if let Some(rules) = rules {
            self.decided(decided.conversation, decided.now, decided.lapses, rules);
        }
    }

    fn decided(&mut self, conversation: &str, now: Timestamp, lapses: &[Lapse], rules: &Ruleset) {
        if lapses.is_empty() {
            return;
        }
        if self.rules.as_ref().is_none_or(|(hash, _)| *hash != rules.hash) {
            self.rules = Some((rules.hash, rules.hash.to_string()));
        }
        let ruleset = self.rules.as_ref().map_or("", |(_, text)| text);
        let context = Context { org: "default", conversation, rules, ruleset, now };
        for lapse in lapses {
            self.decisions += 1;
            // Texts and numbers only: nothing in it can fail to be written.
            let line = serde_json::to_vec(&DecisionJson::new(lapse, context)).unwrap_or_default();
            self.hash.update(&line);
            self.hash.update(b"\n");
        }
    }

    fn digest(self) -> RulesetHash {
        // The digest of anything reads as that of rules does.
        RulesetHash(self.hash.finalize().into())
    }
}
