//! The engine: the only place that changes a conversation. [`Engine::step`] takes an event and returns effects.
//!
//! How one event is applied, in this order: the clock (`clock`), the `afterwards` rows of lapsed timers (`actions`), the
//! event's own meaning (`meaning`, `life`), then the timers (`timers`), which also listen to the effects. What predicates
//! see of the state is kept up to date in `mirror`; which events count at all is decided in `admit`.

mod actions;
mod admit;
mod clock;
mod life;
mod meaning;
mod memory;
mod mirror;
mod reload;
#[cfg(test)]
mod tests;
mod timers;
mod view;
mod work;

use std::sync::Arc;

use crate::effect::{Answer, Decided, Effect, Moved, Outcome, Refusal};
use crate::event::Event;
use crate::ruleset::Ruleset;
use crate::session::Conversation;
use crate::signal::SignalKind;
use crate::time::Timestamp;
use crate::timer::ChannelId;
use mirror::Mirror;
use work::Work;

/// A ruleset in force. Holds no state of conversations; the same one serves all of them.
#[derive(Clone, Debug)]
pub struct Engine {
    rules: Arc<Ruleset>,
    mirror: Mirror,
}

impl Engine {
    /// An engine that decides by these rules.
    #[must_use]
    pub fn new(rules: Arc<Ruleset>) -> Self {
        let mirror = Mirror::new(&rules);
        Self { rules, mirror }
    }

    /// The rules it decides by.
    #[must_use]
    pub const fn rules(&self) -> &Arc<Ruleset> {
        &self.rules
    }

    /// Applies one event that came at the instant `now`. `None` as the conversation is one that was never heard of; it is
    /// filled in when the event opens it.
    ///
    /// The clock goes first (C2): what is due at or before the event's instant lapses before the event applies, and is at
    /// the front of the answer's effects. A repeated event changes nothing, not even the clock; the effects of its answer
    /// are those that it had itself the first time, and must not be carried out again.
    ///
    /// The conversation is the caller's to find: the event's `conversation` is not compared with it. It must be one that
    /// these rules decided from its start or since [`Engine::adopt`]. There are no errors: an event that can not apply is
    /// refused, as [`Answer::outcome`] says, with what lapsed before it and perhaps a `client.refused` among its effects.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use wane_core::{engine::Engine, event::Event, participant::Role, rules, signal::EventType, time::Timestamp};
    /// use wane_core::effect::{Outcome, Refusal};
    /// # let mut files = wane_core::rules::files::Files::default();
    /// # files.insert("quiet.toml", r#"
    /// #     [timers.quiet]
    /// #     restart_on = ["message:customer"]
    /// #     on_lapse   = ["end-session"]
    /// #     [[rules]]
    /// #     id = "quiet"
    /// #     timer = "quiet"
    /// #     after = "15m"
    /// # "#);
    /// # let engine = Engine::new(Arc::new(rules::load(&files).0.expect("valid rules")));
    /// # let nine = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
    /// let mut conversation = None;
    /// let message = Event::new("c1", EventType::Message).by(Role::Customer);
    /// let answer = engine.step(&mut conversation, nine, &message);
    /// assert_eq!(answer.outcome, Outcome::Refused(Refusal::NoChannel), "the first event names its channel");
    ///
    /// let answer = engine.step(&mut conversation, nine, &message.on("web"));
    /// assert_eq!(answer.outcome, Outcome::Applied);
    /// assert_eq!(answer.effects[0].body.type_name(), "session.opened");
    /// assert!(conversation.is_some());
    /// ```
    pub fn step(&self, conversation: &mut Option<Conversation>, now: Timestamp, event: &Event) -> Answer {
        if let Some(answer) = conversation.as_ref().and_then(|known| memory::first_answer(known, event)) {
            return answer;
        }
        match self.apply(conversation, now, event) {
            Ok(decided) => {
                if let Some(state) = conversation {
                    memory::remember(state, event, now, &decided);
                }
                decided.answer
            }
            Err(refusal) => refused(refusal),
        }
    }

    /// The same as [`Engine::step`] for whoever knows by other means that the event is no repeat: its id is neither looked
    /// for nor remembered. Also tells which effects the clock had on the way.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use wane_core::{engine::Engine, event::Event, participant::Role, rules, signal::EventType, time::Timestamp};
    /// # let mut files = wane_core::rules::files::Files::default();
    /// # files.insert("quiet.toml", r#"
    /// #     [timers.quiet]
    /// #     restart_on = ["message:customer"]
    /// #     on_lapse   = ["end-session"]
    /// #     [[rules]]
    /// #     id = "quiet"
    /// #     timer = "quiet"
    /// #     after = "15m"
    /// # "#);
    /// # let engine = Engine::new(Arc::new(rules::load(&files).0.expect("valid rules")));
    /// # let nine = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
    /// let mut conversation = None;
    /// let message = Event::new("c1", EventType::Message).by(Role::Customer).on("web");
    /// engine.decide(&mut conversation, nine, &message);
    ///
    /// // The next message comes an hour later: the session has ended by itself, and another one opens.
    /// let decided = engine.decide(&mut conversation, nine.plus_millis(3_600_000), &message);
    /// let types: Vec<&str> = decided.answer.effects.iter().map(|effect| effect.body.type_name()).collect();
    /// assert_eq!(types, ["session.ended", "session.opened"]);
    /// assert_eq!(decided.lapsed_effects, 1);
    /// ```
    pub fn decide(&self, conversation: &mut Option<Conversation>, now: Timestamp, event: &Event) -> Decided {
        let decided = self.apply(conversation, now, event);
        decided.unwrap_or_else(|refusal| Decided { answer: refused(refusal), lapsed_effects: 0 })
    }

    /// `Err` when the event did not even reach the conversation.
    fn apply(
        &self,
        conversation: &mut Option<Conversation>,
        now: Timestamp,
        event: &Event,
    ) -> Result<Decided, Refusal> {
        let admitted = admit::admit(&self.rules, conversation.as_ref(), event)?;
        let sent = event.at.map_or(now, |at| at.min(now));
        if conversation.is_none() && !meaning::opens(&admitted) {
            return Err(Refusal::UnknownConversation);
        }
        let state = conversation.get_or_insert_with(|| self.fresh(admitted.channel, sent));
        let mut work = Work::new(self, state, admitted.signal.kind);
        work.clock(now, Some(sent));
        let lapsed_effects = work.effects.len();
        let at = sent.max(work.state.latest);
        let late_by = at.millis_since(sent);
        let outcome = work.event(at, event, &admitted);
        work.clock(now, Some(at));
        let Moved { lapses, effects } = work.done();
        Ok(Decided { answer: Answer { outcome, late_by, effects, lapses }, lapsed_effects })
    }

    fn fresh(&self, channel: ChannelId, at: Timestamp) -> Conversation {
        let mut state = Conversation::new(&self.rules, channel, at);
        self.mirror_all(&mut state);
        state
    }

    /// Moves the clock: everything that is due at or before `now` lapses, in the order of the deadlines (C3).
    ///
    /// A `now` before the conversation's latest instant does nothing (C6). Call it at [`Engine::next_wake`] for each warning
    /// by itself; several warnings of one timer that are overdue in one call are reduced as its `catch_up` says.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use wane_core::{engine::Engine, event::Event, participant::Role, rules, signal::EventType, time::Timestamp};
    /// # let mut files = wane_core::rules::files::Files::default();
    /// # files.insert("quiet.toml", r#"
    /// #     [timers.quiet]
    /// #     restart_on = ["message:customer"]
    /// #     on_lapse   = ["end-session"]
    /// #     [[rules]]
    /// #     id = "quiet"
    /// #     timer = "quiet"
    /// #     after = "15m"
    /// # "#);
    /// # let engine = Engine::new(Arc::new(rules::load(&files).0.expect("valid rules")));
    /// # let nine = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
    /// # let mut conversation = None;
    /// # engine.step(&mut conversation, nine, &Event::new("c1", EventType::Message).by(Role::Customer).on("web"));
    /// # let mut conversation = conversation.expect("open");
    /// while let Some(wake) = engine.next_wake(&conversation) {
    ///     for effect in engine.advance(&mut conversation, wake) {
    ///         println!("{} {}", effect.at, effect.body.type_name()); // 2026-03-01T09:15:00.000Z session.ended
    ///     }
    /// }
    /// # assert_eq!(conversation.latest().to_string(), "2026-03-01T09:15:00.000Z");
    /// ```
    pub fn advance(&self, conversation: &mut Conversation, now: Timestamp) -> Vec<Effect> {
        self.tick(conversation, now).effects
    }

    /// The same as [`Engine::advance`], and tells which timers ran out, those without effects too.
    pub fn tick(&self, conversation: &mut Conversation, now: Timestamp) -> Moved {
        if self.next_wake(conversation).is_none_or(|wake| wake > now) {
            return Moved::default();
        }
        let mut work = Work::new(self, conversation, SignalKind::HANDLER_CHANGED);
        work.clock(now, None);
        work.done()
    }

    /// The same when the service took no messages from `from` until `now`: timers with `outage = "extend"` get that time
    /// back, and warnings whose lapse fell into it too are not sent any more. A `from` after `now` counts as `now`.
    pub fn resume(&self, conversation: &mut Conversation, from: Timestamp, now: Timestamp) -> Vec<Effect> {
        self.catch_up(conversation, from, now).effects
    }

    /// The same as [`Engine::resume`], and tells which timers ran out, those without effects too.
    pub fn catch_up(&self, conversation: &mut Conversation, from: Timestamp, now: Timestamp) -> Moved {
        let from = from.min(now);
        let mut work = Work::new(self, conversation, SignalKind::HANDLER_CHANGED);
        work.clock(from, None);
        work.outage(from, now);
        work.clock(now, None);
        work.done()
    }

    /// The instant at which [`Engine::advance`] next has something to do; `None` while nothing runs.
    #[must_use]
    pub fn next_wake(&self, conversation: &Conversation) -> Option<Timestamp> {
        clock::earliest(&self.rules, conversation).map(|point| point.decided)
    }

    /// Takes over a conversation that another ruleset decided until now (R5): timers are matched by name; they keep
    /// their deadline, or are chosen again with their anchor kept, as their new declaration says.
    ///
    /// What is due by the new rules lapses at the next [`Engine::advance`] or [`Engine::step`]. `before` must be the rules
    /// that decided until now; a conversation does not know them itself. Call it once for each conversation, before
    /// anything else with the new engine.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use wane_core::{engine::Engine, event::Event, participant::Role, rules, signal::EventType, time::Timestamp};
    /// # let mut files = wane_core::rules::files::Files::default();
    /// # files.insert("quiet.toml", r#"
    /// #     [timers.quiet]
    /// #     restart_on = ["message:customer"]
    /// #     on_lapse   = ["end-session"]
    /// #     [[rules]]
    /// #     id = "quiet"
    /// #     timer = "quiet"
    /// #     after = "15m"
    /// # "#);
    /// # let old = Engine::new(Arc::new(rules::load(&files).0.expect("valid rules")));
    /// # let nine = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
    /// # files.insert("quiet.toml", r#"
    /// #     [timers.quiet]
    /// #     restart_on = ["message:customer"]
    /// #     on_lapse   = ["end-session"]
    /// #     on_reload  = "recompute"
    /// #     [[rules]]
    /// #     id = "quiet"
    /// #     timer = "quiet"
    /// #     after = "10m"
    /// # "#);
    /// # let new = Engine::new(Arc::new(rules::load(&files).0.expect("valid rules")));
    /// # let mut conversation = None;
    /// # old.step(&mut conversation, nine, &Event::new("c1", EventType::Message).by(Role::Customer).on("web"));
    /// # let mut conversation = conversation.expect("open");
    /// let wake = |engine: &Engine, conversation: &_| engine.next_wake(conversation).map(|at| at.to_string());
    /// assert_eq!(wake(&old, &conversation).as_deref(), Some("2026-03-01T09:15:00.000Z"));
    ///
    /// // The new rules say 10 minutes, and `on_reload = "recompute"`.
    /// new.adopt(&mut conversation, old.rules(), nine);
    /// assert_eq!(wake(&new, &conversation).as_deref(), Some("2026-03-01T09:10:00.000Z"));
    /// ```
    pub fn adopt(&self, conversation: &mut Conversation, before: &Ruleset, now: Timestamp) {
        reload::adopt(self, conversation, before, now);
    }
}

const fn refused(refusal: Refusal) -> Answer {
    Answer { outcome: Outcome::Refused(refusal), late_by: 0, effects: Vec::new(), lapses: Vec::new() }
}
