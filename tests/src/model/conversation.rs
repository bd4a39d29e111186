//! One conversation of the model: the statements of `docs/semantics.md`, one after the other.

use std::collections::BTreeMap;

use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};

use super::Settings;
use super::clock::{Clock, Which, window};
use super::kinds::{is, is_about_the_conversation, is_contact, is_customer_activity, opens, role, uses_the_token};
use super::view::{Line, Reply, View};

/// The channels that have a token, and those on which customer inactivity can be switched on (T9).
const OWN_CLIENT: [&str; 3] = ["web", "in-app", "byoc"];
const REFUSED: &str = "client.refused new-conversation-required";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Waiting,
    Active,
    Inactive,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) status: Status,
    /// Role and name of everybody present but the customer.
    pub(super) present: Vec<(Role, Option<String>)>,
    pub(super) bot_session: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Conversation {
    pub(super) settings: Settings,
    pub(super) channel: String,
    pub(super) ended: bool,
    pub(super) authenticated: bool,
    pub(super) latest: i64,
    pub(super) sessions: u32,
    pub(super) session: Option<Session>,
    pub(super) clocks: BTreeMap<Which, Clock>,
    pub(super) first_replies: BTreeMap<String, Reply>,
    /// What happened since the last call.
    pub(super) effects: Vec<Line>,
}

impl Session {
    pub(super) fn has(&self, role: Role) -> bool {
        self.present.iter().any(|(present, _)| *present == role)
    }

    /// Section 1, "handler".
    pub(super) fn handler(&self) -> Option<Role> {
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
        let called = is(event, EventType::ClientConnected);
        let opens = spoke || (reacted && self.channel == "messenger") || (called && self.channel == "whatsapp");
        if let Some(window) = window(&self.channel).filter(|_| opens) {
            self.start(Which::Window, at, window);
        }
        if is(event, EventType::SessionClosed) && role(event) == Some(Role::Customer) && self.channel == "apple" {
            self.forget(Which::Window);
        }
        if spoke {
            self.forget(Which::Inactivity);
            self.forget(Which::Unanswered);
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

    pub(super) fn handler(&self) -> Option<Role> {
        self.session.as_ref().and_then(Session::handler)
    }

    fn clock(&self, which: Which) -> Clock {
        self.clocks.get(&which).copied().unwrap_or_default()
    }

    pub(super) fn start(&mut self, which: Which, anchor: i64, length: i64) {
        self.clocks.insert(which, Clock::Running { anchor, deadline: anchor + length });
    }

    /// A clock is told to stop, whether it runs or has lapsed.
    fn forget(&mut self, which: Which) {
        self.clocks.insert(which, Clock::Stopped);
    }

    /// A clock that runs stops; one that has lapsed stays lapsed: of the token the next contact is still to hear (T14).
    pub(super) fn stop(&mut self, which: Which) {
        if matches!(self.clock(which), Clock::Running { .. }) {
            self.clocks.insert(which, Clock::Stopped);
        }
    }

    pub(super) fn emit(&mut self, at: i64, what: &str, why: Option<Which>) {
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
