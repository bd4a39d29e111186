//! Conversations under an engine, and the clock that a scenario moves.

use std::collections::BTreeMap;

use super::fields::{Context, Field, fields};
use super::tally::Tally;
use super::{Scenario, Step};
use crate::effect::{Answer, Effect, Outcome};
use crate::engine::Engine;
use crate::event::Event;
use crate::facts::Name;
use crate::ruleset::Ruleset;
use crate::session::Conversation;
use crate::time::Timestamp;

/// The conversations of a scenario as they are after some of its steps.
#[derive(Debug)]
pub struct World<'a> {
    scenario: &'a Scenario,
    engine: &'a Engine,
    conversations: BTreeMap<Name, Option<Conversation>>,
    tally: Tally,
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Played {
    /// Every effect with the name of its conversation, in order of time.
    pub effects: Vec<(Name, Effect)>,
    /// What became of the event.
    pub answer: Option<Outcome>,
}

impl<'a> World<'a> {
    /// The scenario before its first step.
    #[must_use]
    pub const fn new(scenario: &'a Scenario, engine: &'a Engine) -> Self {
        Self { scenario, engine, conversations: BTreeMap::new(), tally: Tally::new() }
    }

    /// Plays one step.
    pub fn play(&mut self, step: &Step) -> Played {
        let mut effects = Vec::new();
        for (name, slot) in &mut self.conversations {
            let Some(conversation) = slot else { continue };
            let came = look(self.engine, conversation, step);
            self.tally.after(name, conversation, &came);
            effects.extend(came.into_iter().map(|effect| (name.clone(), effect)));
        }
        // Stable: at one instant, the order of the conversations' names, and each one's own order.
        effects.sort_by_key(|(_, effect)| effect.at);
        let answer = step.event.as_ref().map(|event| self.apply(step.at, event));
        let Some(answer) = answer else { return Played { effects, answer: None } };
        // A repeat brings back the first answer's effects; they did not happen again.
        if answer.outcome != Outcome::Duplicate
            && let Some(event) = &step.event
        {
            effects.extend(answer.effects.into_iter().map(|effect| (event.conversation.clone(), effect)));
        }
        Played { effects, answer: Some(answer.outcome) }
    }

    fn apply(&mut self, now: Timestamp, event: &Event) -> Answer {
        let slot = self.conversations.entry(event.conversation.clone()).or_insert(None);
        let mut event = event.clone();
        if slot.is_none() && event.channel.is_none() {
            event.channel.clone_from(&self.scenario.channel);
        }
        let answer = self.engine.step(slot, now, &event);
        if let Some(conversation) = slot {
            self.tally.after(&event.conversation, conversation, &answer.effects);
        }
        answer
    }

    /// The rules that decide.
    #[must_use]
    pub fn rules(&self) -> &'a Ruleset {
        self.engine.rules()
    }

    /// A conversation, if it was ever heard of.
    #[must_use]
    pub fn conversation(&self, name: &str) -> Option<&Conversation> {
        self.conversations.get(name)?.as_ref()
    }

    /// All conversations, by name.
    pub fn conversations(&self) -> impl Iterator<Item = (&Name, &Conversation)> {
        self.conversations.iter().filter_map(|(name, slot)| Some((name, slot.as_ref()?)))
    }

    /// The fields of an effect of this world.
    #[must_use]
    pub fn fields(&self, conversation: &str, effect: &Effect) -> Vec<(&'static str, Field)> {
        let rules = self.engine.rules();
        let channel = self.conversation(conversation).and_then(|held| rules.channel(held.channel()));
        let channel = channel.map_or("", |channel| &*channel.name);
        fields(effect, Context { conversation, channel, rules })
    }

    /// Which rows and timers were used so far.
    #[must_use]
    pub fn into_tally(self) -> Tally {
        self.tally
    }
}

/// One look at the clock; an outage ends with it.
fn look(engine: &Engine, conversation: &mut Conversation, step: &Step) -> Vec<Effect> {
    let Some(outage) = step.outage else { return engine.advance(conversation, step.at) };
    let from = step.at.plus_millis(-outage).max(conversation.latest());
    let mut effects = engine.advance(conversation, from);
    effects.extend(engine.resume(conversation, from, step.at));
    effects
}
