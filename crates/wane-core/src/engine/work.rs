//! One piece of work on a conversation: where it stands, what came of it so far, and what timers still have to hear.

use super::admit::Admitted;
use super::{Engine, meaning};
use crate::effect::{Cause, Effect, EffectBody, Lapse, Moved, Outcome, Refusal};
use crate::event::Event;
use crate::facts::SlotMask;
use crate::participant::Handler;
use crate::session::Conversation;
use crate::signal::{Signal, SignalKind};
use crate::time::Timestamp;

/// Work on a conversation at one instant; the instant moves forward with the clock.
pub(super) struct Work<'a> {
    pub(super) engine: &'a Engine,
    pub(super) state: &'a mut Conversation,
    /// The instant of what is being done.
    pub(super) at: Timestamp,
    /// Why it is being done.
    pub(super) cause: Cause,
    pub(super) effects: Vec<Effect>,
    pub(super) lapses: Vec<Lapse>,
    /// What timers have not heard yet.
    pub(super) signals: Vec<Signal>,
    /// Stored facts that changed since timers last looked.
    pub(super) changed: SlotMask,
    /// The instant that the clock facts in the slots are of.
    pub(super) clock_facts: Option<Timestamp>,
}

impl<'a> Work<'a> {
    pub(super) fn new(engine: &'a Engine, state: &'a mut Conversation, event: SignalKind) -> Self {
        let at = state.latest;
        Self {
            engine,
            state,
            at,
            cause: Cause::Event(event),
            effects: Vec::new(),
            lapses: Vec::new(),
            signals: Vec::new(),
            changed: SlotMask::EMPTY,
            clock_facts: None,
        }
    }

    /// Applies an event at `at`: afterwards rows, its meaning, the timers.
    pub(super) fn event(&mut self, at: Timestamp, event: &Event, admitted: &Admitted) -> Outcome {
        if let Err(refusal) = meaning::takes(self.state, admitted) {
            return self.turn_away(at, refusal, admitted);
        }
        self.moment(at, Cause::Event(admitted.signal.kind));
        if self.afterwards(admitted.signal) {
            self.settle();
            return Outcome::Refused(Refusal::NewConversationRequired);
        }
        // A row may have ended what the event was for (L7).
        if let Err(refusal) = meaning::takes(self.state, admitted) {
            return self.turn_away(at, refusal, admitted);
        }
        self.cause = Cause::Event(admitted.signal.kind);
        self.mean(event, admitted);
        self.settle();
        Outcome::Applied
    }

    /// An event that does not count; a client is told so (L7).
    fn turn_away(&mut self, at: Timestamp, refusal: Refusal, admitted: &Admitted) -> Outcome {
        if refusal == Refusal::NewConversationRequired {
            self.moment(at, Cause::Event(admitted.signal.kind));
            self.refuse_client();
        }
        self.settle();
        Outcome::Refused(refusal)
    }

    /// Leaves the conversation as it is to be kept; gives what happened.
    pub(super) fn done(mut self) -> Moved {
        self.forget_clock_facts();
        Moved { lapses: self.lapses, effects: self.effects }
    }

    /// Goes to an instant, for a reason. Time does not run backwards (C4).
    pub(super) fn moment(&mut self, at: Timestamp, cause: Cause) {
        self.at = at.max(self.state.latest);
        self.state.latest = self.at;
        self.cause = cause;
    }

    /// Something happened: it becomes an effect, and timers will hear of it.
    pub(super) fn emit(&mut self, body: EffectBody) {
        self.signals.push(body.signal());
        self.state.effects += 1;
        self.effects.push(Effect {
            at: self.at,
            session: self.state.sessions,
            number: self.state.effects,
            body,
            cause: self.cause,
        });
    }

    /// Timers will hear of a new handler, if there is one since `before`.
    pub(super) fn handler_was(&mut self, before: Handler) {
        let now = self.state.handler();
        if now != before {
            self.signals.push(Signal { kind: SignalKind::HANDLER_CHANGED, role: Some(now.into()) });
        }
    }
}
