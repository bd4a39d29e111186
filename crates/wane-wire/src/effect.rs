//! Effects as JSON. The names of the fields are stable; a field that an effect does not have is left out.
//!
//! | field | meaning |
//! |---|---|
//! | `id` | `<session>-<number>`: the same for the same decision, always |
//! | `type`, `at` | what, and from when it counts |
//! | `conversation`, `session`, `channel` | where; `session` is `<conversation>/<n>` |
//! | `ruleset` | the hash of the rules that decided |
//! | `role`, `participant`, `why`, `template`, `to`, `queue`, `tag`, `window` | as the type needs |
//! | `cause` | `lapse`, `warning`, `afterwards`, or the type of the event that meant it |
//! | `timer`, `rule`, `anchor`, `deadline`, `generation` | the timer behind it, if there is one |

use serde::Serialize;
use wane_core::action::Notice;
use wane_core::effect::{Cause, Effect, EffectBody, UndeliverableWhy};
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;

#[cfg(test)]
mod tests;

/// Where an effect belongs.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The conversation's name.
    pub conversation: &'a str,
    /// Its channel's name.
    pub channel: &'a str,
    /// The rules that decided.
    pub rules: &'a Ruleset,
    /// The hash of those rules as text; made once, for there are many effects.
    pub ruleset: &'a str,
}

/// An effect ready to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the table at the head of the module says what each field is")]
pub struct EffectJson<'a> {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub at: String,
    pub conversation: &'a str,
    pub session: String,
    pub channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<&'a str>,
    pub cause: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    pub ruleset: &'a str,
}

impl<'a> EffectJson<'a> {
    /// The wire form of an effect.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use wane_core::{engine::Engine, event::Event, participant::Role, rules, signal::EventType, time::Timestamp};
    /// use wane_wire::effect::{Context, EffectJson};
    /// # let mut files = rules::files::Files::default();
    /// # files.insert("a.toml", "timers.quiet = { restart_on = ['message:customer'], on_lapse = ['end-session'] }\n\
    /// #     rules = [{ id = 'quiet', timer = 'quiet', after = '15m' }]");
    /// # let engine = Engine::new(Arc::new(rules::load(&files).0.expect("valid rules")));
    /// # let nine = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
    /// # let message = Event::new("c1", EventType::Message).by(Role::Customer).on("web");
    /// let answer = engine.step(&mut None, nine, &message);
    /// let rules = engine.rules();
    /// let hash = rules.hash.to_string();
    /// let context = Context { conversation: "c1", channel: "web", rules, ruleset: &hash };
    /// let json = EffectJson::new(&answer.effects[0], context);
    /// assert_eq!((json.id.as_str(), json.kind), ("c1/1-1", "session.opened"));
    /// assert!(serde_json::to_string(&json).is_ok_and(|line| line.starts_with(r#"{"id":"c1/1-1","type":"session.opened","#)));
    /// ```
    #[must_use]
    pub fn new(effect: &'a Effect, context: Context<'a>) -> Self {
        let session = format!("{}/{}", context.conversation, effect.session);
        let mut json = Self {
            id: format!("{session}-{}", effect.number),
            kind: effect.body.type_name(),
            at: effect.at.to_string(),
            conversation: context.conversation,
            session,
            channel: context.channel,
            ruleset: context.ruleset,
            ..Self::default()
        };
        json.body(&effect.body, context.rules);
        json.cause(&effect.cause, context.rules);
        json
    }

    fn body(&mut self, body: &'a EffectBody, rules: &'a Ruleset) {
        match body {
            EffectBody::ParticipantRemoved { role, participant } => {
                self.role = Some(role.name());
                self.participant = participant.as_deref();
            }
            EffectBody::ClientRefused { why } => self.why = Some(why.name()),
            EffectBody::NoticeDue(notice) => self.notice(notice),
            EffectBody::NoticeUndeliverable { notice, why } => {
                self.notice(notice);
                self.why = Some(why.name());
                if let UndeliverableWhy::WindowClosed(timer) = why {
                    self.window = rules.timer(*timer).map(|timer| &*timer.name);
                }
            }
            EffectBody::TransferRequested { queue } => self.queue = Some(queue),
            EffectBody::SessionTagged { tag } => self.tag = Some(tag),
            EffectBody::SessionOpened
            | EffectBody::SessionActivated
            | EffectBody::SessionRequeued
            | EffectBody::SessionInactivated
            | EffectBody::SessionEnded
            | EffectBody::BotSessionEnded
            | EffectBody::ConversationEnded
            | EffectBody::Custom { .. } => {}
        }
    }

    fn notice(&mut self, notice: &'a Notice) {
        self.template = Some(&notice.template);
        self.to = Some(notice.to.name());
    }

    fn cause(&mut self, cause: &Cause, rules: &'a Ruleset) {
        self.cause = match cause {
            Cause::Event(kind) => rules.signal_name(*kind),
            Cause::Lapse(_) => "lapse",
            Cause::Warning(_) => "warning",
            Cause::Afterwards(..) => "afterwards",
        };
        let Some(behind) = cause.timer() else { return };
        self.timer = rules.timer(behind.timer).map(|timer| &*timer.name);
        self.rule = rules.row(behind.row).map(|row| &*row.id);
        self.anchor = Some(text(behind.anchor));
        self.deadline = Some(text(behind.deadline));
        self.generation = Some(behind.generation);
    }
}

fn text(at: Timestamp) -> String {
    at.to_string()
}
