//! `wane simulate --timeline`: what happened to each conversation, gathered for a picture. The drawing is in `draw`.

mod draw;

use std::collections::BTreeMap;

use wane_core::effect::{Effect, EffectBody};
use wane_core::participant::Handler;
use wane_core::ruleset::Ruleset;
use wane_core::session::{Conversation, Status};
use wane_core::time::Timestamp;

/// How many conversations a picture shows; the rest are counted.
const LANES: usize = 60;

/// The lanes of a picture, in the order in which conversations came.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    lanes: Vec<Lane>,
    places: BTreeMap<String, usize>,
    /// Conversations beyond the last lane.
    left_out: BTreeMap<String, ()>,
}

/// One conversation.
#[derive(Debug)]
struct Lane {
    name: String,
    channel: String,
    start: Timestamp,
    end: Timestamp,
    bars: Vec<Bar>,
    messages: Vec<(Timestamp, Side)>,
    marks: Vec<Mark>,
}

/// A stretch of time in one state.
#[derive(Clone, Copy, Debug)]
struct Bar {
    from: Timestamp,
    state: State,
}

/// What a bar's colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    NoSession,
    Waiting,
    Active(Handler),
    Inactive,
}

/// Whose message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Customer,
    Business,
}

/// Something that happened at an instant.
#[derive(Debug)]
struct Mark {
    at: Timestamp,
    sign: Sign,
    words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Ended,
    Inactivated,
    Refused,
    Notice,
    Other,
}

impl Timeline {
    /// A message was written.
    pub(crate) fn message(&mut self, name: &str, at: Timestamp, side: Side) {
        if let Some(lane) = self.places.get(name).and_then(|place| self.lanes.get_mut(*place)) {
            lane.messages.push((at, side));
            lane.end = lane.end.max(at);
        }
    }

    /// A conversation was stepped or advanced to an instant, with these effects.
    pub(crate) fn look(
        &mut self,
        rules: &Ruleset,
        name: &str,
        (state, at): (&Conversation, Timestamp),
        effects: &[Effect],
    ) {
        let Some(lane) = self.lane(rules, name, state, at) else { return };
        for effect in effects {
            if let Some(state) = state_after(&effect.body, state.handler()) {
                lane.turn(effect.at, state);
            }
            lane.marks.extend(mark(rules, effect));
            lane.end = lane.end.max(effect.at);
        }
        lane.turn(at, state_of(state));
    }

    fn lane(&mut self, rules: &Ruleset, name: &str, state: &Conversation, at: Timestamp) -> Option<&mut Lane> {
        if let Some(place) = self.places.get(name) {
            return self.lanes.get_mut(*place);
        }
        if self.lanes.len() >= LANES {
            if !self.left_out.contains_key(name) {
                self.left_out.insert(name.to_owned(), ());
            }
            return None;
        }
        let channel = rules.channel(state.channel()).map(|channel| channel.name.to_string()).unwrap_or_default();
        self.places.insert(name.to_owned(), self.lanes.len());
        self.lanes.push(Lane {
            name: name.to_owned(),
            channel,
            start: at,
            end: at,
            bars: Vec::new(),
            messages: Vec::new(),
            marks: Vec::new(),
        });
        self.lanes.last_mut()
    }

    /// The picture, as SVG.
    pub(crate) fn render(&self) -> String {
        draw::svg(&self.lanes, self.left_out.len())
    }
}

impl Lane {
    fn turn(&mut self, at: Timestamp, state: State) {
        if self.bars.last().is_none_or(|last| last.state != state) {
            let from = self.bars.last().map_or(at, |last| at.max(last.from));
            self.bars.push(Bar { from, state });
        }
    }
}

fn state_of(state: &Conversation) -> State {
    match state.status() {
        Status::Waiting => State::Waiting,
        Status::Active => State::Active(state.handler()),
        Status::Inactive => State::Inactive,
        Status::Ended => State::NoSession,
    }
}

fn state_after(effect: &EffectBody, handler: Handler) -> Option<State> {
    match effect {
        EffectBody::SessionOpened | EffectBody::SessionRequeued => Some(State::Waiting),
        EffectBody::SessionActivated => Some(State::Active(handler)),
        EffectBody::SessionInactivated => Some(State::Inactive),
        EffectBody::SessionEnded => Some(State::NoSession),
        EffectBody::BotSessionEnded
        | EffectBody::ConversationEnded
        | EffectBody::ParticipantRemoved { .. }
        | EffectBody::ClientRefused { .. }
        | EffectBody::NoticeDue(_)
        | EffectBody::NoticeUndeliverable { .. }
        | EffectBody::TransferRequested { .. }
        | EffectBody::SessionTagged { .. }
        | EffectBody::Custom { .. } => None,
    }
}

fn mark(rules: &Ruleset, effect: &Effect) -> Option<Mark> {
    let sign = match &effect.body {
        EffectBody::SessionEnded => Sign::Ended,
        EffectBody::SessionInactivated => Sign::Inactivated,
        EffectBody::ClientRefused { .. } => Sign::Refused,
        EffectBody::NoticeDue(_) | EffectBody::NoticeUndeliverable { .. } => Sign::Notice,
        EffectBody::TransferRequested { .. } | EffectBody::SessionTagged { .. } | EffectBody::Custom { .. } => {
            Sign::Other
        }
        EffectBody::SessionOpened
        | EffectBody::SessionActivated
        | EffectBody::SessionRequeued
        | EffectBody::BotSessionEnded
        | EffectBody::ConversationEnded
        | EffectBody::ParticipantRemoved { .. } => return None,
    };
    let timer = effect.cause.timer().and_then(|cause| rules.timer(cause.timer));
    let because = timer.map(|timer| format!(", timer {}", timer.name)).unwrap_or_default();
    Some(Mark { at: effect.at, sign, words: format!("{}{because}", effect.body.type_name()) })
}
