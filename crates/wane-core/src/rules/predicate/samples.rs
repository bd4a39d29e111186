//! A table of facts for unit tests.

use std::sync::Arc;

use crate::facts::{ClockFact, FactDef, FactSource, FactTable, FactType, Name, Value};

fn closed(values: &[&str]) -> FactType {
    FactType::Text(Some(values.iter().map(|value| Name::from(*value)).collect()))
}

/// The built-in facts in their order, and a few of an organisation's own.
pub(crate) fn table() -> FactTable {
    let open = || FactType::Text(None);
    let permissions: Arc<[Name]> = Arc::from([Name::from("ConfigureInactivityTimeout")]);
    let stored = |name: &str, ty: FactType| FactDef { name: name.into(), ty, source: FactSource::Stored };
    let clock = |name: &str, ty, fact| FactDef { name: name.into(), ty, source: FactSource::Clock(fact) };
    let fixed = |name: &str, ty, value| FactDef { name: name.into(), ty, source: FactSource::Constant(value) };
    FactTable::new(vec![
        stored("channel", closed(&["web", "whatsapp", "sms"])),
        stored("status", closed(&["waiting", "active", "inactive", "ended"])),
        stored("handler", closed(&["none", "bot", "agent", "rep"])),
        stored("authenticated", FactType::Bool),
        stored("session.messages", FactType::Int),
        stored("session.customer_messages", FactType::Int),
        clock("session.age", FactType::Int, ClockFact::SessionAge),
        clock("session.idle", FactType::Int, ClockFact::SessionIdle),
        stored("participants.bot", FactType::Bool),
        stored("participants.agent", FactType::Bool),
        stored("participants.rep", FactType::Bool),
        stored("queue", open()),
        stored("language", open()),
        clock("time.hour", FactType::Int, ClockFact::Hour),
        clock("time.weekday", closed(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), ClockFact::Weekday),
        clock("time.date", FactType::Date, ClockFact::Date),
        stored("last_message_by", closed(&["nobody", "customer", "rep", "bot", "agent"])),
        stored("waiting_on", closed(&["nobody", "customer", "business"])),
        fixed("org.permissions", FactType::TextList, Value::TextList(permissions)),
        fixed("org.status_based_capacity", FactType::Bool, Value::Bool(false)),
        stored("customer.tier", closed(&["vip", "standard"])),
        stored("customer.name", open()),
        stored("customer.default", open()),
        stored("attributes.limit", FactType::Duration),
        clock("in_hours(\"support\")", FactType::Bool, ClockFact::InHours(0)),
        stored("timer(\"alert\")", closed(&["running", "stopped", "lapsed"])),
    ])
}
