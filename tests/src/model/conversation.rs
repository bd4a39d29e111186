//! One conversation of the model: the statements of `docs/semantics.md`, one after the other.

use std::collections::BTreeMap;

use wane_core::event::{Event, EventKind};
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};

use super::Settings;
use super::clock::{Clock, Which, window};
use super::view::{Line, Reply, View};

/// The channels that have a token, and those on which customer inactivity can be switched on (T9).
const OWN_CLIENT: [&str; 3] = ["web", "in-app", "byoc"];
const REFUSED: &str = "client.refused new-conversation-required";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Waiting,
    Active,
    Inactive,
}

#[derive(Clone, Debug)]
struct Session {
    status: Status,
    /// Role and name of everybody present but the customer.
    present: Vec<(Role, Option<String>)>,
    bot_session: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Conversation {
    settings: Settings,
    channel: String,
    ended: bool,
    authenticated: bool,
    latest: i64,
    sessions: u32,
    session: Option<Session>,
    clocks: BTreeMap<Which, Clock>,
    first_replies: BTreeMap<String, Reply>,
    /// What happened since the last call.
    effects: Vec<Line>,
}

/// Whether the event makes a conversation of nothing, or a session where none is open (L1, L7, L14).
pub(super) fn opens(event: &Event) -> bool {
    is(event, EventType::SessionStarted) || is_customer_activity(event)
}

fn is(event: &Event, kind: EventType) -> bool {
    event.kind == EventKind::BuiltIn(kind)
}

fn role(event: &Event) -> Option<Role> {
    match event.role? {
        SignalRole::Customer => Some(Role::Customer),
        SignalRole::Rep => Some(Role::Rep),
        SignalRole::Bot => Some(Role::Bot),
        SignalRole::Agent => Some(Role::Agent),
        SignalRole::Business | SignalRole::None | SignalRole::Everyone => None,
    }
}

fn is_customer_activity(event: &Event) -> bool {
    let said = is(event, EventType::Message) || is(event, EventType::Postback);
    said && role(event) == Some(Role::Customer)
}

/// Section 1, "contact".
fn is_contact(event: &Event) -> bool {
    let of_client = [EventType::ClientConnected, EventType::TokenIssued];
    let of_customer = [
        EventType::Message,
        EventType::Postback,
        EventType::Reaction,
        EventType::Edit,
        EventType::Unsend,
        EventType::Typing,
        EventType::Receipt,
    ];
    of_client.into_iter().any(|kind| is(event, kind))
        || (role(event) == Some(Role::Customer) && of_customer.into_iter().any(|kind| is(event, kind)))
}

/// The contacts that the stock rules hold against a lapsed token (group `client-contact`).
fn uses_the_token(event: &Event) -> bool {
    let beside = [EventType::Reaction, EventType::Edit, EventType::Unsend];
    is_contact(event) && !beside.into_iter().any(|kind| is(event, kind))
}

/// What is about the conversation, and counts without an open session (L7).
fn is_about_the_conversation(event: &Event) -> bool {
    [
        EventType::AttributesChanged,
        EventType::IdentityChanged,
        EventType::OptOut,
        EventType::OptIn,
        EventType::TokenRevoked,
    ]
    .into_iter()
    .any(|kind| is(event, kind))
}

impl Session {
    fn has(&self, role: Role) -> bool {
        self.present.iter().any(|(present, _)| *present == role)
    }

    /// Section 1, "handler".
    fn handler(&self) -> Option<Role> {
        [Role::Rep, Role::Agent, Role::Bot].into_iter().find(|role| self.has(*role))
    }
}

impl Conversation {
    pub(super) fn new(settings: Settings, channel: &str, now: i64) -> Self {
        Self {
            settings,
            channel: channel.to_owned(),
            ended: false,
            authenticated: false,
            latest: now,
            sessions: 0,
            session: None,
            clocks: BTreeMap::new(),
            first_replies: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    pub(super) fn tick(&mut self, now: i64) -> Vec<Line> {
        while let Some((deadline, which)) = self.next_due() {
            if deadline > now {
                break;
            }
            self.lapse(which, deadline);
        }
        std::mem::take(&mut self.effects)
    }

    pub(super) fn next_deadline(&self) -> Option<i64> {
        self.next_due().map(|(deadline, _)| deadline)
    }

    /// C3: the earliest deadline, and of equal ones that of the clock declared first.
    fn next_due(&self) -> Option<(i64, Which)> {
        let mut due: Vec<(i64, Which)> =
            self.clocks.iter().filter_map(|(which, clock)| Some((clock.deadline()?, *which))).collect();
        due.sort();
        due.first().copied()
    }

    pub(super) fn event(&mut self, now: i64, event: &Event) -> Reply {
        if event.channel.as_deref().is_some_and(|channel| channel != self.channel) {
            return Reply::refused("other channel");
        }
        // C5
        if let Some(first) = event.id.as_deref().and_then(|id| self.first_replies.get(id)) {
            return Reply { outcome: "duplicate", ..first.clone() };
        }
        let mut reply = self.new_event(now, event);
        // An event that was sent long ago may start what is over by now.
        reply.effects.extend(self.tick(now.max(self.latest)));
        let counted = ["applied", "new conversation required"].contains(&reply.outcome);
        if let Some(id) = event.id.as_deref().filter(|_| counted) {
            self.first_replies.insert(id.to_owned(), reply.clone());
        }
        reply
    }

    fn new_event(&mut self, now: i64, event: &Event) -> Reply {
        // C2
        let mut effects = self.tick(now);
        // C4
        let sent = event.at.map_or(now, |at| at.millis()).min(now);
        let at = sent.max(self.latest);
        let outcome = self.apply(at, event);
        if outcome == "applied" || !self.effects.is_empty() {
            self.latest = at;
        }
        effects.append(&mut self.effects);
        Reply { outcome, late_by: at - sent, effects }
    }

    fn apply(&mut self, at: i64, event: &Event) -> &'static str {
        if self.ended {
            return self.after_the_end(at, event);
        }
        if self.clock(Which::Token) == Clock::Lapsed && uses_the_token(event) {
            return self.contact_without_token(at);
        }
        if self.session.is_none() && !is_contact(event) && !opens(event) && !is_about_the_conversation(event) {
            return "no open session";
        }
        self.learn(at, event);
        let handler_before = self.handler();
        let opened_before = self.sessions;
        self.mean(at, event);
        self.stop_what_does_not_belong();
        self.move_clocks(at, event, self.sessions > opened_before);
        self.greet_new_handler(at, handler_before);
        "applied"
    }

    /// L7, L8.
    fn after_the_end(&mut self, at: i64, event: &Event) -> &'static str {
        if is_contact(event) || is(event, EventType::SessionStarted) {
            self.emit(at, REFUSED, None);
            return "new conversation required";
        }
        "no open session"
    }

    /// T2 for a bot; T3 and T4 for everybody else.
    fn contact_without_token(&mut self, at: i64) -> &'static str {
        if self.handler() == Some(Role::Bot) {
            self.end_session(at, Some(Which::Token));
            self.end_conversation(at, Some(Which::Token));
        }
        self.emit(at, REFUSED, Some(Which::Token));
        "new conversation required"
    }

    /// The facts that an event carries. Of those only `authenticated` matters to a stock rule: a token that runs gets its
    /// other length, counted from where it counted (R2).
    fn learn(&mut self, at: i64, event: &Event) {
        let Some(authenticated) = event.facts.authenticated else { return };
        if authenticated == self.authenticated {
            return;
        }
        self.authenticated = authenticated;
        if let Clock::Running { anchor, .. } = self.clock(Which::Token) {
            let deadline = (anchor + self.token_length()).max(at);
            self.clocks.insert(Which::Token, Clock::Running { anchor, deadline });
        }
    }

    /// What the event itself means for status and participants (section 3).
    fn mean(&mut self, at: i64, event: &Event) {
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

    fn make_inactive(&mut self, at: i64, why: Option<Which>) {
        let Some(session) = &mut self.session else { return };
        if session.status == Status::Inactive {
            return;
        }
        session.status = Status::Inactive;
        self.emit(at, "session.inactivated", why);
        self.start(Which::InactiveEnd, at, self.settings.lengths.inactive_end);
    }

    /// L9.
    fn end_session(&mut self, at: i64, why: Option<Which>) {
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

    fn end_conversation(&mut self, at: i64, why: Option<Which>) {
        self.ended = true;
        self.emit(at, "conversation.ended", why);
        for which in [Which::Token, Which::Window] {
            self.stop(which);
        }
    }

    /// Section 4, and what follows each lapse.
    fn lapse(&mut self, which: Which, at: i64) {
        self.clocks.insert(which, Clock::Lapsed);
        self.latest = self.latest.max(at);
        match which {
            Which::Token | Which::Window => {}
            Which::Inactivity => self.make_inactive(at, Some(which)),
            Which::Bot | Which::Agent | Which::InactiveEnd | Which::Unanswered => self.end_session(at, Some(which)),
        }
    }

    /// T13, L5: the clocks of a handler who handles no more, and of a status that is no more.
    fn stop_what_does_not_belong(&mut self) {
        let handler = self.handler();
        let of_handler = [(Which::Bot, Role::Bot), (Which::Agent, Role::Agent), (Which::Inactivity, Role::Rep)];
        for (which, role) in of_handler {
            if handler != Some(role) {
                self.stop(which);
            }
        }
        if self.session.as_ref().is_some_and(|session| session.status != Status::Inactive) {
            self.stop(Which::InactiveEnd);
        }
    }

    /// What starts, restarts and stops each clock.
    fn move_clocks(&mut self, at: i64, event: &Event, new_session: bool) {
        let spoke = is_customer_activity(event);
        let lengths = self.settings.lengths;
        if is(event, EventType::TokenIssued) && OWN_CLIENT.contains(&&*self.channel) {
            self.start(Which::Token, at, self.token_length());
        }
        if is(event, EventType::TokenRevoked) {
            self.stop(Which::Token);
        }
        if spoke && self.handler() == Some(Role::Bot) {
            self.start(Which::Bot, at, lengths.bot);
        }
        let reacted = is(event, EventType::Reaction) && role(event) == Some(Role::Customer);
        if let Some(window) = window(&self.channel).filter(|_| spoke || (reacted && self.channel == "messenger")) {
            self.start(Which::Window, at, window);
        }
        if is(event, EventType::SessionClosed) && role(event) == Some(Role::Customer) && self.channel == "apple" {
            self.stop(Which::Window);
        }
        if spoke {
            self.stop(Which::Inactivity);
            self.stop(Which::Unanswered);
        }
        if is(event, EventType::Message) && role(event) == Some(Role::Rep) {
            self.rep_wrote(at);
        }
        if new_session && event.role == Some(SignalRole::Business) {
            self.start(Which::Unanswered, at, lengths.unanswered);
        }
    }

    /// T9, T11, T15.
    fn rep_wrote(&mut self, at: i64) {
        let runs = matches!(self.clock(Which::Inactivity), Clock::Running { .. });
        let allowed = !self.settings.status_based_capacity && OWN_CLIENT.contains(&&*self.channel);
        if let Some(minutes) = self.settings.inactivity.filter(|_| allowed && !runs) {
            self.start(Which::Inactivity, at, minutes * self.settings.lengths.minute);
        }
    }

    /// T6, T8, T13: a bot's or an agent's clock starts when it becomes the handler.
    fn greet_new_handler(&mut self, at: i64, before: Option<Role>) {
        let now = self.handler();
        if now == before {
            return;
        }
        match now {
            Some(Role::Bot) => self.start(Which::Bot, at, self.settings.lengths.bot),
            Some(Role::Agent) => self.start(Which::Agent, at, self.settings.lengths.agent),
            Some(Role::Rep | Role::Customer) | None => {}
        }
    }

    /// T1.
    const fn token_length(&self) -> i64 {
        let lengths = self.settings.lengths;
        if self.authenticated { lengths.token_authenticated } else { lengths.token_unauthenticated }
    }

    fn handler(&self) -> Option<Role> {
        self.session.as_ref().and_then(Session::handler)
    }

    fn clock(&self, which: Which) -> Clock {
        self.clocks.get(&which).copied().unwrap_or_default()
    }

    fn start(&mut self, which: Which, anchor: i64, length: i64) {
        self.clocks.insert(which, Clock::Running { anchor, deadline: anchor + length });
    }

    /// A clock that runs stops; one that has lapsed stays lapsed (T14).
    fn stop(&mut self, which: Which) {
        if matches!(self.clock(which), Clock::Running { .. }) {
            self.clocks.insert(which, Clock::Stopped);
        }
    }

    fn emit(&mut self, at: i64, what: &str, why: Option<Which>) {
        let what = why.map_or_else(|| what.to_owned(), |which| format!("{what} <- {}", which.name()));
        self.effects.push(Line { at, what });
    }

    pub(super) fn view(&self) -> View {
        let mut present: Vec<&'static str> = Vec::new();
        present.extend(self.session.iter().flat_map(|session| &session.present).map(|(role, _)| role.name()));
        present.sort_unstable();
        View {
            ended: self.ended,
            sessions: self.sessions,
            status: self.session.as_ref().map_or("ended", |session| match session.status {
                Status::Waiting => "waiting",
                Status::Active => "active",
                Status::Inactive => "inactive",
            }),
            handler: self.handler().map_or("none", Role::name),
            present,
            bot_session: self.session.as_ref().is_some_and(|session| session.bot_session),
            timers: Which::NAMED.into_iter().map(|(which, name)| (name, self.timer(which))).collect(),
            latest: self.latest,
        }
    }

    fn timer(&self, which: Which) -> String {
        match self.clock(which) {
            Clock::Stopped => "stopped".to_owned(),
            Clock::Running { deadline, .. } => deadline.to_string(),
            Clock::Lapsed => "lapsed".to_owned(),
        }
    }
}

fn name_of(event: &Event) -> Option<String> {
    event.participant.as_deref().map(str::to_owned)
}
