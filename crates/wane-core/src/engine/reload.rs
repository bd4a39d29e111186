//! A conversation changes from one ruleset to another (R5). What goes by number in the state is found again by name.

use super::Engine;
use super::timers::belongs;
use super::work::Work;
use crate::facts::{FactTable, Facts};
use crate::ruleset::Ruleset;
use crate::session::Conversation;
use crate::signal::SignalKind;
use crate::time::Timestamp;
use crate::timer::{ChannelId, OnReload, Phase, RowId, TimerState};

pub(super) fn adopt(engine: &Engine, state: &mut Conversation, before: &Ruleset, now: Timestamp) {
    let rules = &engine.rules;
    let channel = before.channel(state.channel).and_then(|channel| rules.find_channel(&channel.name));
    state.channel = channel.unwrap_or(ChannelId(u16::MAX));
    state.facts = facts(&before.facts, &rules.facts, &state.facts);
    let mut timers: Vec<TimerState> = std::mem::take(&mut state.timers);
    timers.retain_mut(|timer| rename(before, rules, timer));
    timers.sort_by_key(|timer| timer.timer);
    state.timers = timers;
    // This is how the new ruleset sees what has been so for long: no reason to choose again.
    engine.mirror_all(state);
    let mut work = Work::new(engine, state, SignalKind::HANDLER_CHANGED);
    work.at = now.max(work.state.latest);
    work.choose_by_new_rules();
    work.done();
}

impl Work<'_> {
    fn choose_by_new_rules(&mut self) {
        let engine = self.engine;
        let mut index = 0;
        while let Some(state) = self.state.timers.get(index) {
            let timer = state.timer;
            let lapsed = matches!(state.phase, Phase::Lapsed { .. });
            let Some(def) = engine.rules.timer(timer) else { break };
            if !lapsed && !belongs(self.state, &def.belongs) {
                self.stop(timer);
                continue;
            }
            if !lapsed && def.on_reload == OnReload::Recompute {
                self.choose_anew(index, def);
            }
            index += 1;
        }
    }
}

fn facts(before: &FactTable, after: &FactTable, held: &Facts) -> Facts {
    let mut facts = Facts::new(after);
    for (fact, value) in held.values() {
        let Some(old) = before.get(*fact) else { continue };
        let same = |id: &crate::facts::FactId| after.get(*id).is_some_and(|new| new.ty.name() == old.ty.name());
        if let Some(id) = after.find(&old.name).filter(same) {
            facts.set(after, id, value.clone());
        }
    }
    facts
}

/// Gives a timer its number in the new ruleset; `false` when it is not declared there any more.
fn rename(before: &Ruleset, after: &Ruleset, state: &mut TimerState) -> bool {
    let Some(timer) = before.timer(state.timer).and_then(|def| after.find_timer(&def.name)) else { return false };
    state.timer = timer;
    let row = |row: RowId| {
        let id = before.row(row).map(|row| row.id.clone());
        let place = after.rows.iter().position(|row| Some(&row.id) == id.as_ref() && row.timer == timer);
        // A row that is gone has no number; the deadline that it gave stays.
        place.and_then(|place| u32::try_from(place).ok()).map_or(RowId(u32::MAX), RowId)
    };
    match &mut state.phase {
        Phase::Running(running) => running.row = row(running.row),
        Phase::Lapsed { row: held, .. } => *held = row(*held),
        Phase::Unset { kept, .. } => *kept = kept.map(|(held, after)| (row(held), after)),
    }
    true
}
