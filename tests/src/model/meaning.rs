//! What events mean by themselves: section 3 of `docs/semantics.md`.

use wane_core::event::{Event, EventKind};
use wane_core::participant::Role;
use wane_core::signal::EventType;

use super::clock::{Clock, Which};
use super::conversation::{Conversation, Session, Status};
use super::kinds::{name_of, role};

impl Conversation {
    /// What the event itself means for status and participants (section 3).
    pub(super) fn mean(&mut self, at: i64, event: &Event) {
        let EventKind::BuiltIn(kind) = event.kind else { return };
        match kind {
            EventType::SessionStarted => self.started(event),
            EventType::Message | EventType::Postback if role(event) == Some(Role::Customer) => self.customer_spoke(at),
            EventType::Message => self.somebody_wrote(at, event),
            EventType::ParticipantJoined => self.joined(at, event),
            EventType::ParticipantLeft => self.left(at, event),
            EventType::Handover => self.handed_over(at, event),
            EventType::SessionParked => self.make_inactive(at, None),
            EventType::SessionClosed | EventType::OptOut => self.end_session(at, None),
            EventType::Postback
            | EventType::TokenIssued
            | EventType::TokenRevoked
            | EventType::ClientConnected
            | EventType::Reaction
            | EventType::Edit
            | EventType::Unsend
            | EventType::Typing
            | EventType::Receipt
            | EventType::AttributesChanged
            | EventType::HoldStarted
            | EventType::HoldEnded
            | EventType::OptIn
            | EventType::IdentityChanged => {}
        }
    }

    /// L1.
    fn started(&mut self, event: &Event) {
        if self.session.is_some() {
            return;
        }
        self.new_session();
        let Some(session) = &mut self.session else { return };
        for role in event.facts.participants.iter().filter(|role| **role != Role::Customer) {
            session.present.push((*role, None));
            session.bot_session |= *role == Role::Bot;
        }
        if !session.present.is_empty() {
            session.status = Status::Active;
        }
    }

    fn new_session(&mut self) {
        self.sessions += 1;
        self.session = Some(Session { status: Status::Waiting, present: Vec::new(), bot_session: false });
        for which in Which::OF_SESSION {
            self.clocks.insert(which, Clock::Stopped);
        }
    }

    /// L4, L7, L14.
    fn customer_spoke(&mut self, at: i64) {
        let Some(session) = &self.session else {
            self.new_session();
            self.emit(at, "session.opened", None);
            return;
        };
        if session.status == Status::Inactive {
            self.wake(at);
        }
    }

    fn wake(&mut self, at: i64) {
        let straight = self.settings.wake_to_active || self.settings.status_based_capacity;
        let Some(session) = &mut self.session else { return };
        // Nobody to go back to: it has to be routed like any other.
        if straight && session.handler().is_some() {
            session.status = Status::Active;
            self.emit(at, "session.activated", None);
            return;
        }
        session.status = Status::Waiting;
        let reps = session.present.iter().filter(|(role, _)| *role == Role::Rep).count();
        session.present.retain(|(role, _)| *role != Role::Rep);
        self.emit(at, "session.requeued", None);
        for _ in 0..reps {
            self.emit(at, "participant.removed rep", None);
        }
    }

    /// L12.
    fn somebody_wrote(&mut self, at: i64, event: &Event) {
        let Some(session) = &self.session else { return };
        let Some(role) = role(event) else { return };
        let here = match name_of(event) {
            Some(name) => session.present.contains(&(role, Some(name))),
            None => session.has(role),
        };
        if !here {
            self.joined(at, event);
        }
    }

    /// L2, L13.
    fn joined(&mut self, at: i64, event: &Event) {
        let Some(role) = role(event).filter(|role| *role != Role::Customer) else { return };
        let Some(session) = &mut self.session else { return };
        let newcomer = (role, name_of(event));
        let known = match &newcomer.1 {
            Some(_) => session.present.contains(&newcomer),
            None => session.has(role),
        };
        if !known {
            session.present.push(newcomer);
        }
        session.bot_session |= role == Role::Bot;
        if session.status != Status::Active {
            session.status = Status::Active;
            self.emit(at, "session.activated", None);
        }
    }

    /// L2, L13.
    fn left(&mut self, at: i64, event: &Event) {
        let Some(role) = role(event).filter(|role| *role != Role::Customer) else { return };
        let name = name_of(event);
        let Some(session) = &mut self.session else { return };
        let before = session.present.len();
        session.present.retain(|(present, named)| *present != role || (name.is_some() && *named != name));
        if session.present.len() == before || !session.present.is_empty() {
            return;
        }
        let bot_session_over = session.bot_session && role == Role::Bot;
        let requeued = session.status == Status::Active;
        if bot_session_over {
            session.bot_session = false;
        }
        if requeued {
            session.status = Status::Waiting;
        }
        if bot_session_over {
            self.emit(at, "bot_session.ended", None);
        }
        if requeued {
            self.emit(at, "session.requeued", None);
        }
    }

    /// The new handler joins and everybody of the old handler's kind goes; nobody is asked to route, and the bot session
    /// stays open (L13, T13).
    fn handed_over(&mut self, at: i64, event: &Event) {
        let old = self.handler();
        self.joined(at, event);
        let Some(session) = &mut self.session else { return };
        let (Some(old), Some(new)) = (old, role(event)) else { return };
        let name = name_of(event);
        if old != new {
            session.present.retain(|(role, _)| *role != old);
        } else if name.is_some() {
            session.present.retain(|(role, named)| *role != old || *named == name);
        }
    }

    pub(super) fn make_inactive(&mut self, at: i64, why: Option<Which>) {
        let Some(session) = &mut self.session else { return };
        if session.status == Status::Inactive {
            return;
        }
        session.status = Status::Inactive;
        self.emit(at, "session.inactivated", why);
        self.start(Which::InactiveEnd, at, self.settings.lengths.inactive_end);
    }

    /// L9.
    pub(super) fn end_session(&mut self, at: i64, why: Option<Which>) {
        let Some(session) = self.session.take() else { return };
        self.emit(at, "session.ended", why);
        if session.bot_session {
            self.emit(at, "bot_session.ended", why);
        }
        for role in [Role::Rep, Role::Agent, Role::Bot] {
            for _ in session.present.iter().filter(|(present, _)| *present == role) {
                self.emit(at, &format!("participant.removed {}", role.name()), why);
            }
        }
        for which in Which::OF_SESSION {
            self.stop(which);
        }
    }

    pub(super) fn end_conversation(&mut self, at: i64, why: Option<Which>) {
        self.ended = true;
        self.emit(at, "conversation.ended", why);
        for which in [Which::Token, Which::Window] {
            self.stop(which);
        }
    }
}
