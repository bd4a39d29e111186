//! The life of sessions and conversations: opening, joining and leaving, waking, ending. What each does and in which
//! order its effects come is section 3 of the semantics.

use super::work::Work;
use crate::effect::{EffectBody, RefusedWhy};
use crate::facts::{Facts, Name};
use crate::participant::{Handler, Role};
use crate::ruleset::{Ruleset, Wake};
use crate::session::{Conversation, Participant, Seen, Session, Status, WaitingOn};
use crate::time::Timestamp;
use crate::timer::{ChannelId, Scope};

impl Conversation {
    pub(super) fn new(rules: &Ruleset, channel: ChannelId, at: Timestamp) -> Self {
        Self {
            channel,
            ended: false,
            opted_out: false,
            latest: at,
            sessions: 0,
            session: None,
            facts: Facts::new(&rules.facts),
            timers: Vec::new(),
            generations: 0,
            effects: 0,
            failures: 0,
            seen: Seen::default(),
        }
    }
}

impl Work<'_> {
    /// Opens the next session with these participants (L1, L14).
    pub(super) fn open_session(&mut self, roles: &[Role]) {
        let engine = self.engine;
        let before = self.state.handler();
        // What the last session's own timers came to ends with its successor's start.
        let own = |state: &crate::timer::TimerState| {
            engine.rules.timer(state.timer).is_some_and(|def| def.scope == Scope::Session)
        };
        let over: Vec<_> = self.state.timers.iter().filter(|state| own(state)).map(|state| state.timer).collect();
        over.into_iter().for_each(|timer| self.stop(timer));
        self.state.sessions += 1;
        let participants: Vec<Participant> = roles.iter().map(|role| Participant { role: *role, id: None }).collect();
        self.state.session = Some(Session {
            number: self.state.sessions,
            status: if participants.is_empty() { Status::Waiting } else { Status::Active },
            started: self.at,
            customer_was: None,
            bot_session: roles.contains(&Role::Bot),
            participants,
            messages: 0,
            customer_messages: 0,
            last_message_by: None,
            waiting_on: WaitingOn::Nobody,
            held: false,
        });
        self.handler_was(before);
    }

    /// A handler comes (L2).
    pub(super) fn join(&mut self, role: Role, id: Option<Name>) {
        let before = self.state.handler();
        self.seat(role, id);
        self.handler_was(before);
        self.activate();
    }

    fn seat(&mut self, role: Role, id: Option<Name>) {
        let Some(session) = &mut self.state.session else { return };
        session.bot_session |= role == Role::Bot;
        if !session.participants.iter().any(|present| present.role == role && present.id == id) {
            session.participants.push(Participant { role, id });
        }
    }

    /// Makes a waiting or inactive session active.
    pub(super) fn activate(&mut self) {
        let Some(session) = &mut self.state.session else { return };
        if session.status != Status::Active {
            session.status = Status::Active;
            self.emit(EffectBody::SessionActivated);
        }
    }

    /// Everyone of a role goes, or the one of that id.
    pub(super) fn leave(&mut self, role: Role, id: Option<&Name>) {
        let before = self.state.handler();
        let Some(session) = &mut self.state.session else { return };
        let count = session.participants.len();
        session.participants.retain(|present| present.role != role || (id.is_some() && present.id.as_ref() != id));
        if session.participants.len() != count {
            self.left(role, before);
        }
    }

    /// What follows when the last of a role is gone (L2, L13).
    pub(super) fn left(&mut self, role: Role, before: Handler) {
        self.handler_was(before);
        let Some(session) = &mut self.state.session else { return };
        if !session.participants.is_empty() {
            return;
        }
        let was_active = session.status == Status::Active;
        if was_active {
            session.status = Status::Waiting;
        }
        if role == Role::Bot {
            self.end_bot_session();
        }
        if was_active {
            self.emit(EffectBody::SessionRequeued);
        }
    }

    /// Removes everyone of a role, and says so.
    pub(super) fn remove(&mut self, role: Role) {
        let before = self.state.handler();
        if self.take_out(role) {
            self.left(role, before);
        }
    }

    /// Takes everyone of a role out of the session, without what follows from it.
    fn take_out(&mut self, role: Role) -> bool {
        let Some(session) = &mut self.state.session else { return false };
        let removed: Vec<Participant> = session.participants.extract_if(.., |present| present.role == role).collect();
        let any = !removed.is_empty();
        for participant in removed {
            self.emit(EffectBody::ParticipantRemoved { role, participant: participant.id });
        }
        any
    }

    /// The session passes from its handler to another; the bot session stays open (L13, T13).
    pub(super) fn hand_over(&mut self, to: Role, id: Option<Name>) {
        let before = self.state.handler();
        if let Some(session) = &mut self.state.session {
            session.participants.retain(|present| Handler::of(present.role) != before);
        }
        self.seat(to, id);
        self.handler_was(before);
        self.activate();
    }

    pub(super) fn end_bot_session(&mut self) {
        let Some(session) = &mut self.state.session else { return };
        if std::mem::take(&mut session.bot_session) {
            self.emit(EffectBody::BotSessionEnded);
        }
    }

    pub(super) fn mark_inactive(&mut self) {
        let Some(session) = &mut self.state.session else { return };
        if session.status != Status::Inactive {
            session.status = Status::Inactive;
            self.emit(EffectBody::SessionInactivated);
        }
    }

    /// Puts the session back in the queue and releases its reps.
    pub(super) fn requeue(&mut self) {
        let before = self.state.handler();
        let Some(session) = &mut self.state.session else { return };
        if session.status == Status::Waiting {
            return;
        }
        session.status = Status::Waiting;
        self.emit(EffectBody::SessionRequeued);
        self.take_out(Role::Rep);
        self.handler_was(before);
    }

    /// The customer writes to an inactive session (L4, T15). It can only go straight back to somebody who is there.
    pub(super) fn wake(&mut self) {
        let handled = self.state.handler() != Handler::None;
        match self.engine.rules.wake {
            Wake::Active if handled => self.activate(),
            Wake::Active | Wake::Waiting => self.requeue(),
        }
    }

    /// Ends the session; its own timers stop as they no longer belong (L9).
    pub(super) fn end_session(&mut self) {
        if self.state.session.is_none() {
            return;
        }
        let before = self.state.handler();
        // A hold ends with its session: the conversation's timers count on (X3).
        self.hold(false);
        self.emit(EffectBody::SessionEnded);
        self.end_bot_session();
        for role in Role::HANDLERS {
            self.take_out(role);
        }
        self.state.session = None;
        self.handler_was(before);
    }

    pub(super) fn end_conversation(&mut self) {
        self.end_session();
        if !std::mem::replace(&mut self.state.ended, true) {
            self.emit(EffectBody::ConversationEnded);
        }
    }

    pub(super) fn refuse_client(&mut self) {
        self.emit(EffectBody::ClientRefused { why: RefusedWhy::NewConversationRequired });
    }
}
