//! The engine and the model side by side: the same events to both, and the first difference in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use wane_core::effect::{Effect, EffectBody, Outcome, Refusal};
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::ruleset::Ruleset;
use wane_core::session::Conversation;
use wane_core::time::Timestamp;
use wane_core::timer::Phase;

use super::clock::Which;
use super::{Line, Model, Reply, Settings, View};

/// Both.
#[derive(Debug)]
pub struct Pair {
    engine: Engine,
    model: Model,
    held: BTreeMap<String, Option<Conversation>>,
    /// How many calls were compared.
    pub compared: u64,
    /// By effect, how often it came: a comparison that never saw an end proves little.
    pub seen: BTreeMap<String, u64>,
}

impl Pair {
    /// An engine with these rules, and a model with the settings that the rules should amount to.
    #[must_use]
    pub fn new(rules: Arc<Ruleset>, settings: Settings) -> Self {
        Self {
            engine: Engine::new(rules),
            model: Model::new(settings),
            held: BTreeMap::new(),
            compared: 0,
            seen: BTreeMap::new(),
        }
    }

    /// The next instant at which the model has something to do in a conversation.
    #[must_use]
    pub fn next_deadline(&self, conversation: &str) -> Option<i64> {
        self.model.next_deadline(conversation)
    }

    /// Moves the clock of both.
    ///
    /// # Errors
    /// The first difference.
    pub fn tick(&mut self, conversation: &str, now: i64) -> Result<(), String> {
        self.clock(conversation, now)?;
        self.compare_views(conversation)
    }

    fn clock(&mut self, conversation: &str, now: i64) -> Result<(), String> {
        let Some(Some(held)) = self.held.get_mut(conversation) else { return Ok(()) };
        let engine = self.engine.advance(held, instant(now)?);
        let engine = self.lines(&engine);
        let model = self.model.tick(conversation, now);
        self.count(&engine);
        differ("effects of the clock", &engine, &model)
    }

    /// Gives an event to both: the clock before, the event, the clock after.
    ///
    /// # Errors
    /// The first difference.
    pub fn event(&mut self, now: i64, event: &Event) -> Result<(), String> {
        let conversation = event.conversation.to_string();
        self.clock(&conversation, now)?;
        let held = self.held.entry(conversation.clone()).or_default();
        let answer = self.engine.step(held, instant(now)?, event);
        let engine =
            Reply { outcome: outcome(&answer.outcome), late_by: answer.late_by, effects: self.lines(&answer.effects) };
        let model = self.model.event(now, event);
        if answer.outcome != Outcome::Duplicate {
            self.count(&engine.effects);
        }
        differ("answer", &engine, &model)?;
        self.tick(&conversation, now)
    }

    fn compare_views(&mut self, conversation: &str) -> Result<(), String> {
        self.compared += 1;
        let engine = self.held.get(conversation).and_then(Option::as_ref).map(|held| self.view(held));
        differ("state", &engine, &self.model.view(conversation))
    }

    fn count(&mut self, lines: &[Line]) {
        for line in lines {
            *self.seen.entry(line.what.clone()).or_default() += 1;
        }
    }

    fn lines(&self, effects: &[Effect]) -> Vec<Line> {
        effects.iter().map(|effect| Line { at: effect.at.millis(), what: self.what(effect) }).collect()
    }

    fn what(&self, effect: &Effect) -> String {
        let mut what = effect.body.type_name().to_owned();
        if let EffectBody::ParticipantRemoved { role, .. } = &effect.body {
            what = format!("{what} {}", role.name());
        }
        if let EffectBody::ClientRefused { why } = &effect.body {
            what = format!("{what} {}", why.name());
        }
        match effect.cause.timer().and_then(|cause| self.engine.rules().timer(cause.timer)) {
            Some(timer) => format!("{what} <- {}", timer.name),
            None => what,
        }
    }

    fn view(&self, held: &Conversation) -> View {
        let mut present: Vec<&'static str> = Vec::new();
        present.extend(held.session().iter().flat_map(|session| session.participants()).map(|who| who.role.name()));
        present.sort_unstable();
        View {
            ended: held.ended(),
            sessions: held.sessions(),
            status: held.status().name(),
            handler: held.handler().name(),
            present,
            bot_session: held.session().is_some_and(wane_core::session::Session::bot_session),
            timers: Which::NAMED.into_iter().map(|(_, name)| (name, self.timer(held, name))).collect(),
            latest: held.latest().millis(),
        }
    }

    fn timer(&self, held: &Conversation, name: &str) -> String {
        let timer = self.engine.rules().find_timer(name);
        let state = held.timers().iter().find(|state| Some(state.timer) == timer);
        match state.map(|state| &state.phase) {
            Some(Phase::Running(running)) => running.deadline.map_or("paused".to_owned(), |at| at.millis().to_string()),
            Some(Phase::Lapsed { .. }) => "lapsed".to_owned(),
            Some(Phase::Unset { .. }) | None => "stopped".to_owned(),
        }
    }
}

fn instant(millis: i64) -> Result<Timestamp, String> {
    Timestamp::from_millis(millis).map_err(|error| error.to_string())
}

fn differ<T: PartialEq + std::fmt::Debug>(what: &str, engine: &T, model: &T) -> Result<(), String> {
    if engine == model { Ok(()) } else { Err(format!("{what}\n  engine: {engine:?}\n  model:  {model:?}")) }
}

const fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Applied => "applied",
        Outcome::Duplicate => "duplicate",
        Outcome::Refused(refusal) => match refusal {
            Refusal::NewConversationRequired => "new conversation required",
            Refusal::NoOpenSession => "no open session",
            Refusal::UnknownConversation => "unknown conversation",
            Refusal::NotGoverned(_) => "not governed",
            Refusal::UnknownChannel { .. } => "unknown channel",
            Refusal::NoChannel => "no channel",
            Refusal::OtherChannel { .. } => "other channel",
            Refusal::UnknownFact { .. } | Refusal::WrongFact { .. } | Refusal::WrongRole { .. } => "unfit",
        },
    }
}
