//! A conversation's state as JSON.

use serde_json::{Map, Value, json};
use wane_core::facts::{FactSource, FactType, Value as Fact};
use wane_core::ruleset::Ruleset;
use wane_core::session::Session;
use wane_core::time::{Span, Timestamp};
use wane_core::timer::{Phase, TimerState};
use wane_runtime::shard::View;

/// The name of its channel.
pub(super) fn channel(view: &View) -> &str {
    view.engine.rules().channel(view.state.channel()).map_or("", |channel| &*channel.name)
}

/// The number of its open session.
pub(super) fn open(view: &View) -> Option<u32> {
    view.state.session().map(Session::number)
}

/// What a list tells. `closed`: the customer closed the conversation, which the rules need not know.
pub(super) fn short(view: &View, closed: bool) -> Value {
    Value::Object(head(view, closed))
}

/// Everything.
pub(super) fn whole(view: &View, closed: bool) -> Value {
    let mut json = head(view, closed);
    let (state, rules) = (&view.state, view.engine.rules());
    json.insert("ruleset".into(), rules.hash.to_string().into());
    json.insert("opted_out".into(), state.opted_out().into());
    json.insert("predicate_failures".into(), state.predicate_failures().into());
    if let Some(session) = state.session() {
        json.insert("session_state".into(), of_session(session));
    }
    json.insert("facts".into(), facts(view));
    let timers = state.timers().iter().map(|timer| self::timer(rules, timer)).collect();
    json.insert("timers".into(), Value::Array(timers));
    Value::Object(json)
}

fn head(view: &View, closed: bool) -> Map<String, Value> {
    let (state, name) = (&view.state, &*view.conversation);
    let mut json = Map::new();
    json.insert("conversation".into(), name.into());
    if let Some(number) = open(view).or(Some(state.sessions()).filter(|sessions| *sessions > 0)) {
        json.insert("session".into(), format!("{name}/{number}").into());
    }
    json.insert("channel".into(), channel(view).into());
    json.insert("status".into(), state.status().name().into());
    json.insert("handler".into(), state.handler().name().into());
    json.insert("conversation_ended".into(), (closed || state.ended()).into());
    json.insert("sessions".into(), state.sessions().into());
    json.insert("latest".into(), state.latest().to_string().into());
    if let Some(next) = view.engine.next_wake(state) {
        json.insert("next_deadline".into(), next.to_string().into());
    }
    json
}

fn of_session(session: &Session) -> Value {
    let participants: Vec<Value> = session
        .participants()
        .iter()
        .map(|one| json!({ "role": one.role.name(), "participant": one.id.as_deref() }))
        .collect();
    json!({
        "started": session.started().to_string(),
        "customer_was": session.customer_was().map(|at| at.to_string()),
        "participants": participants,
        "bot_session": session.bot_session(),
        "held": session.held(),
    })
}

/// The facts that are kept with the conversation.
fn facts(view: &View) -> Value {
    let table = &view.engine.rules().facts;
    let mut json = Map::new();
    for (id, value) in view.state.facts().values() {
        let Some(def) = table.get(*id).filter(|def| def.source == FactSource::Stored) else { continue };
        json.insert(def.name.to_string(), fact(&def.ty, value));
    }
    Value::Object(json)
}

fn fact(ty: &FactType, value: &Fact) -> Value {
    match (ty, value) {
        (FactType::Duration, Fact::Int(millis)) => Span(*millis).to_string().into(),
        (FactType::Date, Fact::Int(days)) => date(*days),
        (_, Fact::Int(number)) => (*number).into(),
        (_, Fact::Text(text)) => (&**text).into(),
        (_, Fact::Bool(flag)) => (*flag).into(),
        (_, Fact::TextList(texts)) => texts.iter().map(|text| Value::from(&**text)).collect(),
    }
}

fn date(days: i64) -> Value {
    let midnight = Timestamp::from_millis(days.saturating_mul(24 * 60 * 60 * 1_000));
    midnight.map_or(Value::Null, |at| at.to_string().get(..10).into())
}

/// How a timer is getting on.
pub(super) fn timer(rules: &Ruleset, state: &TimerState) -> Value {
    let mut json = Map::new();
    let mut put = |key: &str, value: Value| drop(json.insert(key.to_owned(), value));
    let row = |row| rules.row(row).map_or(Value::Null, |row| (&*row.id).into());
    put("timer", rules.timer(state.timer).map_or(Value::Null, |timer| (&*timer.name).into()));
    put("generation", state.generation.into());
    match &state.phase {
        Phase::Running(running) => {
            put("state", if running.deadline.is_some() { "running" } else { "paused" }.into());
            put("anchor", running.anchor.to_string().into());
            put("rule", row(running.row));
            put("after", Span(running.after).to_string().into());
            put("deadline", running.deadline.map(|at| at.to_string()).into());
        }
        Phase::Unset { anchor, .. } => {
            put("state", "unset".into());
            put("anchor", anchor.to_string().into());
        }
        Phase::Lapsed { at, row: by, after, anchor } => {
            put("state", "lapsed".into());
            put("anchor", anchor.to_string().into());
            put("rule", row(*by));
            put("after", Span(*after).to_string().into());
            put("deadline", at.to_string().into());
        }
    }
    Value::Object(json)
}
