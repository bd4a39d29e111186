//! The fields of an effect by the names they have on the wire, so that a scenario can ask for any of them.

use std::fmt;

use crate::action::Notice;
use crate::effect::{Cause, Effect, EffectBody, UndeliverableWhy};
use crate::ruleset::Ruleset;
use crate::time::Timestamp;

/// Where an effect belongs.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The conversation's name.
    pub conversation: &'a str,
    /// Its channel's name.
    pub channel: &'a str,
    /// The rules that decided.
    pub rules: &'a Ruleset,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A text.
    Text(String),
    /// An instant.
    At(Timestamp),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::At(at) => at.fmt(f),
        }
    }
}

/// Every field that an effect can have, in the order in which they are shown.
pub(super) const NAMES: &[&str] = &[
    "at",
    "type",
    "role",
    "participant",
    "why",
    "template",
    "to",
    "queue",
    "tag",
    "window",
    "timer",
    "rule",
    "cause",
    "anchor",
    "deadline",
    "session",
    "conversation",
    "channel",
    "ruleset",
    "id",
];

/// The fields of an effect, by name.
#[must_use]
pub fn fields(effect: &Effect, context: Context<'_>) -> Vec<(&'static str, Field)> {
    let mut fields = vec![("at", Field::At(effect.at)), ("type", text(effect.body.type_name()))];
    body(&effect.body, context.rules, &mut fields);
    cause(&effect.cause, context.rules, &mut fields);
    let session = format!("{}/{}", context.conversation, effect.session);
    fields.push(("id", text(format!("{session}-{}", effect.number))));
    fields.push(("session", text(session)));
    fields.push(("conversation", text(context.conversation)));
    fields.push(("channel", text(context.channel)));
    fields.push(("ruleset", text(context.rules.hash.to_string())));
    fields
}

fn text(text: impl Into<String>) -> Field {
    Field::Text(text.into())
}

fn body(body: &EffectBody, rules: &Ruleset, fields: &mut Vec<(&'static str, Field)>) {
    match body {
        EffectBody::ParticipantRemoved { role, participant } => {
            fields.push(("role", text(role.name())));
            fields.extend(participant.as_ref().map(|id| ("participant", text(&**id))));
        }
        EffectBody::ClientRefused { why } => fields.push(("why", text(why.name()))),
        EffectBody::NoticeDue(sent) => notice(sent, fields),
        EffectBody::NoticeUndeliverable { notice: unsent, why } => {
            notice(unsent, fields);
            fields.push(("why", text(why.name())));
            if let UndeliverableWhy::WindowClosed(timer) = why {
                fields.extend(rules.timer(*timer).map(|timer| ("window", text(&*timer.name))));
            }
        }
        EffectBody::TransferRequested { queue } => fields.push(("queue", text(&**queue))),
        EffectBody::SessionTagged { tag } => fields.push(("tag", text(&**tag))),
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

fn notice(notice: &Notice, fields: &mut Vec<(&'static str, Field)>) {
    fields.push(("template", text(&*notice.template)));
    fields.push(("to", text(notice.to.name())));
}

fn cause(cause: &Cause, rules: &Ruleset, fields: &mut Vec<(&'static str, Field)>) {
    let word = match cause {
        Cause::Event(kind) => rules.signal_name(*kind),
        Cause::Lapse(_) => "lapse",
        Cause::Warning(_) => "warning",
        Cause::Afterwards(..) => "afterwards",
    };
    fields.push(("cause", text(word)));
    let Some(behind) = cause.timer() else { return };
    fields.extend(rules.timer(behind.timer).map(|timer| ("timer", text(&*timer.name))));
    fields.extend(rules.row(behind.row).map(|row| ("rule", text(&*row.id))));
    fields.push(("anchor", Field::At(behind.anchor)));
    fields.push(("deadline", Field::At(behind.deadline)));
}
