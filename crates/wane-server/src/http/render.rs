//! Records as JSON, for lists, histories and first answers.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use wane_core::effect::{Effect, Lapse};
use wane_core::ruleset::Ruleset;
use wane_core::timer::ChannelId;
use wane_runtime::outbox::key::Subject;
use wane_wire::EventJson;
use wane_wire::effect::{Context, EffectJson};
use wane_wire::record::{Address, EventRecord, LapseRecord, Ordinal};

use super::problem::Problem;
use crate::app::App;

/// Where effects of a record belong.
pub(super) fn context<'a>(
    rules: &'a Ruleset,
    hash: &'a str,
    (conversation, channel): (&'a str, u16),
) -> Context<'a> {
    let channel = rules.channel(ChannelId(channel)).map_or("", |channel| &*channel.name);
    Context { conversation, channel, rules, ruleset: hash }
}

/// The rules of a number.
pub(super) fn rules(app: &App, ordinal: Ordinal) -> Result<Arc<Ruleset>, Problem> {
    let unknown = || Problem::internal(&format!("the rules of number {} are not known", ordinal.0));
    app.node.rules_of(ordinal).ok_or_else(unknown)
}

/// An event's record.
pub(super) fn event(app: &App, record: &EventRecord, at: Address) -> Result<Value, Problem> {
    let rules = rules(app, record.rules)?;
    let mut json = Map::new();
    json.insert("record".into(), "event".into());
    json.insert("address".into(), at.to_string().into());
    json.insert("at".into(), record.now.to_string().into());
    json.insert("event".into(), value(&EventJson(&record.event))?);
    json.insert("outcome".into(), if record.applied { "applied" } else { "refused" }.into());
    if record.late_by != 0 {
        json.insert("late_by".into(), record.late_by.into());
    }
    let subject = (&*record.event.conversation, record.channel);
    decided(app, (&rules, subject), (&record.lapses, &record.effects), &mut json)?;
    Ok(Value::Object(json))
}

/// A record of the clock.
pub(super) fn lapse(app: &App, record: &LapseRecord, at: Address) -> Result<Value, Problem> {
    let rules = rules(app, record.rules)?;
    let mut json = Map::new();
    json.insert("record".into(), "clock".into());
    json.insert("address".into(), at.to_string().into());
    json.insert("at".into(), record.now.to_string().into());
    let subject = (&*record.conversation, record.channel);
    decided(app, (&rules, subject), (&record.lapses, &record.effects), &mut json)?;
    Ok(Value::Object(json))
}

fn decided(
    app: &App,
    (rules, subject): (&Ruleset, (&str, u16)),
    (lapses, effects): (&[Lapse], &[Effect]),
    json: &mut Map<String, Value>,
) -> Result<(), Problem> {
    let hash = rules.hash.to_string();
    let context = context(rules, &hash, subject);
    let lapses = lapses.iter().map(|lapse| decision(app, lapse, context)).collect();
    json.insert("decisions".into(), Value::Array(lapses));
    let effects: Result<Vec<Value>, Problem> =
        effects.iter().map(|effect| value(&EffectJson::new(effect, context))).collect();
    json.insert("effects".into(), Value::Array(effects?));
    json.insert("ruleset".into(), hash.into());
    Ok(())
}

/// A lapse that was decided.
pub(super) fn decision(app: &App, lapse: &Lapse, context: Context<'_>) -> Value {
    let (rules, conversation) = (context.rules, context.conversation);
    let cause = &lapse.cause;
    let subject = Subject { org: &app.config.org, conversation, rules };
    json!({
        "key": subject.decision(lapse.session, cause),
        "conversation": conversation,
        "session": format!("{conversation}/{}", lapse.session),
        "channel": context.channel,
        "timer": rules.timer(cause.timer).map(|timer| &*timer.name),
        "rule": rules.row(cause.row).map(|row| &*row.id),
        "generation": cause.generation,
        "anchor": cause.anchor.to_string(),
        "deadline": cause.deadline.to_string(),
        "at": lapse.at.to_string(),
        "ruleset": context.ruleset,
    })
}

/// Anything that can be written as JSON.
pub(super) fn value(of: &impl serde::Serialize) -> Result<Value, Problem> {
    serde_json::to_value(of).map_err(|error| Problem::internal(&error))
}
