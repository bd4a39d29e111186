//! W0702: a rule that can never win.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::compile::ranked;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;
use crate::rules::resolve::{Row, Timer};
use crate::timer::{After, ChannelId};
use std::collections::BTreeMap;

/// W0702.
pub(crate) static CHECK: Check =
    Check { code: Code("W0702"), name: "shadowed-rule", summary: "a rule that can never win" };

/// What rows with one predicate cover so far.
#[derive(Default)]
struct Cover {
    everywhere: Option<usize>,
    channels: BTreeMap<ChannelId, usize>,
}

/// A row is shadowed when rows that come before it, with the same predicate or with none, cover its channels. Defaults
/// are there to be covered by others.
pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in &model.timers {
        let mut covers: BTreeMap<&str, Cover> = BTreeMap::new();
        for index in ranked(timer, &model.rows) {
            let Some(row) = model.rows.get(index) else { continue };
            let own = row.raw.when.as_ref().map_or("", |when| when.value.trim());
            let by = [own, ""].iter().find_map(|text| covers.get(text).and_then(|cover| cover.of(row, timer)));
            match by.and_then(|by| model.rows.get(by)) {
                // Two of one id are an error already.
                Some(by) if row.id.value == by.id.value => {}
                Some(by) if !row.raw.default || by.raw.default => out.push(found(row, by)),
                Some(_) => {}
                None => covers.entry(own).or_default().add(row, index),
            }
        }
    }
}

fn found(row: &Row<'_>, by: &Row<'_>) -> Finding {
    Finding::new(
        &CHECK,
        format!("rule `{}` can never win: rule `{}` comes before it whenever it matches", **row.id, **by.id),
    )
    .at(row.id.at, "")
    .at(by.id.at, "always wins over it")
    .help("give it a higher `priority` or a narrower predicate, or remove it")
}

impl Cover {
    /// A row that is first wherever this one is.
    fn of(&self, row: &Row<'_>, timer: &Timer<'_>) -> Option<usize> {
        if self.everywhere.is_some() {
            return self.everywhere;
        }
        let channels = row.channels.as_deref().or(timer.def.belongs.channels.as_deref())?;
        let mut rows = channels.iter().map(|channel| self.channels.get(channel).copied());
        let first = rows.next()??;
        rows.all(|row| row.is_some()).then_some(first)
    }

    fn add(&mut self, row: &Row<'_>, index: usize) {
        // A row whose length may be missing covers nothing for sure.
        if matches!(row.after, After::Fact { .. }) {
            return;
        }
        match &row.channels {
            None => self.everywhere = self.everywhere.or(Some(index)),
            Some(channels) => {
                for channel in channels {
                    self.channels.entry(*channel).or_insert(index);
                }
            }
        }
    }
}
