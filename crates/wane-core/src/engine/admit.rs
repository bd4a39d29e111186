//! Which events are well-formed for a ruleset: channel, role, facts. Looks at no clock and changes nothing.

use crate::diagnostic::did_you_mean;
use crate::effect::Refusal;
use crate::event::{Event, EventFacts, EventKind};
use crate::facts::{BuiltIn, FactId, FactType, Name, Value};
use crate::participant::Role;
use crate::ruleset::Ruleset;
use crate::session::Conversation;
use crate::signal::{EventType, Signal, SignalKind, SignalRole};
use crate::timer::ChannelId;

/// An event that is fit to be applied.
pub(super) struct Admitted {
    pub(super) channel: ChannelId,
    /// The built-in type; `None` for an organisation's own.
    pub(super) kind: Option<EventType>,
    /// The participant's role behind it.
    pub(super) role: Option<Role>,
    pub(super) signal: Signal,
    pub(super) facts: Vec<(FactId, Value)>,
}

impl Admitted {
    /// Whether the customer's client is behind it, waiting for an answer.
    pub(super) fn is_contact(&self) -> bool {
        self.kind.is_some_and(|kind| kind.is_contact(self.role))
    }

    /// Whether it is the customer's message or postback.
    pub(super) fn is_customer_activity(&self) -> bool {
        matches!(self.kind, Some(EventType::Message | EventType::Postback)) && self.role == Some(Role::Customer)
    }
}

/// A kind that no selector names: an own event that the rules do not know moves nothing.
const UNHEARD: SignalKind = SignalKind::custom(u16::MAX - SignalKind::BUILT_IN);

pub(super) fn admit(rules: &Ruleset, known: Option<&Conversation>, event: &Event) -> Result<Admitted, Refusal> {
    let channel = channel(rules, known, event)?;
    let (kind, signal) = match &event.kind {
        EventKind::BuiltIn(kind) => {
            (Some(*kind), Signal { kind: SignalKind::event(*kind), role: role(*kind, event.role)? })
        }
        EventKind::Custom(name) => {
            (None, Signal { kind: rules.find_custom(name).unwrap_or(UNHEARD), role: event.role })
        }
    };
    let facts = facts(rules, &event.facts)?;
    Ok(Admitted { channel, kind, role: signal.role.and_then(participant), signal, facts })
}

fn channel(rules: &Ruleset, known: Option<&Conversation>, event: &Event) -> Result<ChannelId, Refusal> {
    let Some(name) = &event.channel else {
        return match known {
            Some(known) => Ok(known.channel()),
            None if can_open(event) => Err(Refusal::NoChannel),
            None => Err(Refusal::UnknownConversation),
        };
    };
    let Some(id) = rules.find_channel(name) else {
        let names = rules.channels.iter().map(|channel| &*channel.name);
        return Err(Refusal::UnknownChannel {
            channel: name.clone(),
            meant: did_you_mean(name, names).map(Name::from),
        });
    };
    if rules.channel(id).is_none_or(|channel| !channel.governed) {
        return Err(Refusal::NotGoverned(name.clone()));
    }
    match known.map(Conversation::channel) {
        Some(held) if held != id => {
            let held = rules.channel(held).map_or_else(|| Name::from("?"), |channel| channel.name.clone());
            Err(Refusal::OtherChannel { held, named: name.clone() })
        }
        _ => Ok(id),
    }
}

fn can_open(event: &Event) -> bool {
    match &event.kind {
        EventKind::BuiltIn(EventType::SessionStarted) => true,
        EventKind::BuiltIn(EventType::Message | EventType::Postback) => event.role == Some(SignalRole::Customer),
        EventKind::BuiltIn(_) | EventKind::Custom(_) => false,
    }
}

/// The role as it counts for that type.
fn role(kind: EventType, given: Option<SignalRole>) -> Result<Option<SignalRole>, Refusal> {
    let allowed = kind.roles();
    let optional = matches!(kind, EventType::SessionClosed | EventType::SessionParked);
    match given {
        _ if allowed.is_empty() => Ok(None),
        None if kind == EventType::SessionStarted => Ok(Some(SignalRole::Customer)),
        None if optional => Ok(None),
        Some(role) if allowed.contains(&role) => Ok(Some(role)),
        _ => {
            let names: Vec<String> = allowed.iter().map(|role| format!("`{}`", role.name())).collect();
            let field = if kind == EventType::SessionStarted { "by" } else { "role" };
            Err(Refusal::WrongRole { kind: kind.name().into(), field, allowed: names.join(", ").into() })
        }
    }
}

const fn participant(role: SignalRole) -> Option<Role> {
    match role {
        SignalRole::Customer => Some(Role::Customer),
        SignalRole::Rep => Some(Role::Rep),
        SignalRole::Bot => Some(Role::Bot),
        SignalRole::Agent => Some(Role::Agent),
        SignalRole::Business | SignalRole::None | SignalRole::Everyone => None,
    }
}

fn facts(rules: &Ruleset, given: &EventFacts) -> Result<Vec<(FactId, Value)>, Refusal> {
    let mut facts = Vec::new();
    if let Some(flag) = given.authenticated {
        facts.push((BuiltIn::Authenticated.id(), Value::Bool(flag)));
    }
    for (fact, text) in [(BuiltIn::Queue, &given.queue), (BuiltIn::Language, &given.language)] {
        facts.extend(text.iter().map(|text| (fact.id(), Value::Text(text.clone()))));
    }
    for (prefix, values) in [("customer", &given.customer), ("attributes", &given.attributes)] {
        for (name, value) in values {
            facts.push(declared(rules, &format!("{prefix}.{name}"), value)?);
        }
    }
    Ok(facts)
}

fn declared(rules: &Ruleset, name: &str, value: &Value) -> Result<(FactId, Value), Refusal> {
    let Some(fact) = rules.facts.find(name) else {
        let prefix = name.split_once('.').map_or("", |(prefix, _)| prefix);
        let known = rules.facts.defs().iter().map(|def| &*def.name).filter(|known| known.starts_with(prefix));
        let meant = did_you_mean(name, known).map(Name::from);
        return Err(Refusal::UnknownFact { name: name.into(), meant });
    };
    let ty = rules.facts.get(fact).map(|def| &def.ty);
    match ty.map_or(Err(String::new()), |ty| fitting(ty, value)) {
        Ok(value) => Ok((fact, value)),
        Err(expected) => Err(Refusal::WrongFact { name: name.into(), expected: expected.into() }),
    }
}

/// The value as that type, or what it should have been.
fn fitting(ty: &FactType, value: &Value) -> Result<Value, String> {
    match (ty, value) {
        (FactType::Text(Some(values)), Value::Text(text)) if !values.contains(text) => {
            let names: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            Err(format!("one of {}", names.join(", ")))
        }
        (FactType::Text(_), Value::Text(_))
        | (FactType::Bool, Value::Bool(_))
        | (FactType::Int | FactType::Duration, Value::Int(_)) => Ok(value.clone()),
        (FactType::Duration, Value::Text(text)) => crate::time::Period::parse(text)
            .map(|period| Value::Int(period.millis()))
            .map_err(|error| format!("a duration; {error}")),
        (FactType::Text(_), _) => Err("a text".to_owned()),
        (FactType::Bool, _) => Err("true or false".to_owned()),
        (FactType::Int, _) => Err("a whole number".to_owned()),
        (FactType::Duration, _) => Err("a duration, such as `\"5m\"`, or milliseconds".to_owned()),
        (FactType::Date | FactType::TextList, _) => Err("left to the engine".to_owned()),
    }
}
