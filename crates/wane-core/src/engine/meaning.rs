//! What an event means by itself, before any timer looks at it (section 3 of the semantics).

use super::admit::Admitted;
use super::timers;
use super::work::Work;
use crate::effect::{EffectBody, Refusal};
use crate::event::Event;
use crate::participant::Role;
use crate::session::{Conversation, Status, WaitingOn};
use crate::signal::{EventType, Signal, SignalKind};

/// Whether an event may be the first of its conversation (L1, L14).
pub(super) fn opens(admitted: &Admitted) -> bool {
    admitted.kind == Some(EventType::SessionStarted) || admitted.is_customer_activity()
}

/// Whether the conversation takes the event at all (L1, L7).
pub(super) fn takes(state: &Conversation, admitted: &Admitted) -> Result<(), Refusal> {
    let starts = admitted.kind == Some(EventType::SessionStarted);
    if state.ended {
        let answered = starts || admitted.is_contact();
        return Err(if answered { Refusal::NewConversationRequired } else { Refusal::NoOpenSession });
    }
    let conversation_wide = matches!(
        admitted.kind,
        Some(
            EventType::TokenRevoked
                | EventType::AttributesChanged
                | EventType::IdentityChanged
                | EventType::OptOut
                | EventType::OptIn
        )
    );
    if state.session.is_some() || starts || admitted.is_contact() || conversation_wide {
        Ok(())
    } else {
        Err(Refusal::NoOpenSession)
    }
}

impl Work<'_> {
    /// Applies the event's own meaning; timers hear of it, and of what came of it.
    pub(super) fn mean(&mut self, event: &Event, admitted: &Admitted) {
        self.learn(admitted);
        match admitted.kind {
            Some(EventType::SessionStarted) => self.started(event, admitted.signal),
            Some(EventType::Message) => self.message(event, admitted),
            kind => {
                self.signals.push(admitted.signal);
                self.plain(kind, event, admitted);
            }
        }
    }

    /// Keeps the facts that the event carries.
    fn learn(&mut self, admitted: &Admitted) {
        let table = &self.engine.rules.facts;
        for (fact, value) in &admitted.facts {
            if let Some(slot) = self.state.facts.set(table, *fact, value.clone()) {
                self.changed.insert(slot);
            }
        }
    }

    fn started(&mut self, event: &Event, signal: Signal) {
        if self.state.session.is_none() {
            self.signals.push(signal);
            let handlers: Vec<Role> =
                event.facts.participants.iter().copied().filter(|role| *role != Role::Customer).collect();
            self.open_session(&handlers);
        }
    }

    fn plain(&mut self, kind: Option<EventType>, event: &Event, admitted: &Admitted) {
        let handler = admitted.role.filter(|role| *role != Role::Customer);
        match (kind, handler) {
            (Some(EventType::Postback), None) => self.customer_active(),
            (Some(EventType::SessionClosed), _) => self.end_session(),
            (Some(EventType::SessionParked), _) => self.mark_inactive(),
            (Some(EventType::ParticipantJoined), Some(role)) => self.join(role, event.participant.clone()),
            (Some(EventType::ParticipantLeft), Some(role)) => self.leave(role, event.participant.as_ref()),
            (Some(EventType::Handover), Some(role)) => self.hand_over(role, event.participant.clone()),
            (Some(EventType::HoldStarted), _) => self.hold(true),
            (Some(EventType::HoldEnded), _) => self.hold(false),
            (Some(EventType::OptOut), _) => {
                self.state.opted_out = true;
                self.end_session();
            }
            (Some(EventType::OptIn), _) => self.state.opted_out = false,
            _ => {}
        }
    }

    fn message(&mut self, event: &Event, admitted: &Admitted) {
        let Some(role) = admitted.role else { return };
        if role != Role::Customer && !self.is_present(role, event) {
            // Feeds leave joins out (L12).
            let kind = SignalKind::event(EventType::ParticipantJoined);
            self.signals.push(Signal { kind, role: Some(role.into()) });
            self.join(role, event.participant.clone());
        }
        self.signals.push(admitted.signal);
        if role == Role::Customer {
            self.customer_active();
        }
        if let Some(session) = &mut self.state.session {
            session.messages = session.messages.saturating_add(1);
            session.customer_messages = session.customer_messages.saturating_add(u32::from(role == Role::Customer));
            session.last_message_by = Some(role);
            session.waiting_on = if role == Role::Customer { WaitingOn::Business } else { WaitingOn::Customer };
        }
    }

    /// Whether the writer is present: by id where there are ids, otherwise by role.
    fn is_present(&self, role: Role, event: &Event) -> bool {
        let Some(session) = &self.state.session else { return false };
        let mut present = session.participants.iter().filter(|present| present.role == role).peekable();
        match &event.participant {
            Some(id) => present.any(|present| present.id.is_none() || present.id.as_ref() == Some(id)),
            None => present.peek().is_some(),
        }
    }

    /// The customer wrote or pressed a button: opens the next session (L7, L14), or wakes an inactive one (L4).
    fn customer_active(&mut self) {
        if self.state.session.is_none() {
            self.open_session(&[]);
            self.emit(EffectBody::SessionOpened);
        } else if self.state.status() == Status::Inactive {
            self.wake();
        }
        let at = self.at;
        if let Some(session) = &mut self.state.session {
            session.customer_was = Some(at);
            session.waiting_on = WaitingOn::Business;
        }
    }

    /// Puts the session on hold, or takes it off: timers that pause then do (X3).
    pub(super) fn hold(&mut self, held: bool) {
        let engine = self.engine;
        let at = self.at;
        let Some(session) = &mut self.state.session else { return };
        if std::mem::replace(&mut session.held, held) == held {
            return;
        }
        for state in &mut self.state.timers {
            let Some(def) = engine.rules.timer(state.timer).filter(|def| def.pauses_on_hold) else { continue };
            timers::hold(&engine.rules, def, &mut state.phase, (held, at));
        }
    }
}
