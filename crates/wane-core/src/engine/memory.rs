//! Repeated events: the ids of the last days and their first answers (C5).

use crate::effect::{Answer, Decided, Outcome};
use crate::event::Event;
use crate::session::{Conversation, Remembered};
use crate::time::Timestamp;

/// Providers deliver again for up to seven days; a day more covers their clocks and ours (house decision).
const REMEMBERED_FOR: i64 = 8 * 24 * 60 * 60 * 1_000;

/// The first answer to an event whose id was seen before.
pub(super) fn first_answer(state: &Conversation, event: &Event) -> Option<Answer> {
    let effects = match state.seen.answers.get(event.id.as_ref()?)? {
        Remembered::Plain => {
            Answer { outcome: Outcome::Duplicate, late_by: 0, effects: Vec::new(), lapses: Vec::new() }
        }
        Remembered::Full(answer) => Answer { outcome: Outcome::Duplicate, ..(**answer).clone() },
    };
    Some(effects)
}

/// Keeps the answer to an event that counted, without the effects that the clock had on the way: those came by
/// themselves, and would have come without it. An event that was refused without any effect did not count, and may come
/// again.
pub(super) fn remember(state: &mut Conversation, event: &Event, now: Timestamp, decided: &Decided) {
    forget(state, now);
    let Some(id) = &event.id else { return };
    let answer = &decided.answer;
    let own = answer.effects.get(decided.lapsed_effects..).unwrap_or_default();
    if answer.outcome != Outcome::Applied && own.is_empty() {
        return;
    }
    let plain = answer.outcome == Outcome::Applied && answer.late_by == 0 && own.is_empty();
    let remembered = if plain {
        Remembered::Plain
    } else {
        let outcome = answer.outcome.clone();
        let first = Answer { outcome, late_by: answer.late_by, effects: own.to_vec(), lapses: Vec::new() };
        Remembered::Full(Box::new(first))
    };
    state.seen.answers.insert(id.clone(), remembered);
    state.seen.order.push_back((now, id.clone()));
}

fn forget(state: &mut Conversation, now: Timestamp) {
    let oldest = now.plus_millis(-REMEMBERED_FOR);
    while state.seen.order.front().is_some_and(|(at, _)| *at < oldest) {
        if let Some((_, id)) = state.seen.order.pop_front() {
            state.seen.answers.remove(&id);
        }
    }
}

impl Conversation {
    /// Forgets the ids of events that are older than a channel would deliver again. The engine does so by itself at every
    /// event; this is for whoever holds many quiet conversations.
    pub fn forget_ids(&mut self, now: Timestamp) {
        forget(self, now);
    }
}
