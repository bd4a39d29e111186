//! Predicates: what is understood, what is complained about, and each trap of rhai that must not come through.

use std::sync::Arc;

use super::*;
use crate::facts::{BuiltIn, ClockFact, FactDef, FactSource, FactType, Value};

fn closed(values: &[&str]) -> FactType {
    FactType::Text(Some(values.iter().map(|value| Name::from(*value)).collect()))
}

/// The built-in facts in their order, and a few of an organisation's own.
fn table() -> FactTable {
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
        stored("attributes.limit", FactType::Duration),
        clock("in_hours(\"support\")", FactType::Bool, ClockFact::InHours(0)),
        stored("timer(\"alert\")", closed(&["running", "stopped", "lapsed"])),
    ])
}

fn faults(text: &str) -> Vec<(&'static str, String)> {
    let faults = Predicate::compile(text, &mut table()).expect_err(text);
    faults.iter().map(|fault| (fault.code.0, text[fault.span.clone()].to_owned())).collect()
}

fn fault(text: &str) -> Fault {
    let faults = Predicate::compile(text, &mut table()).expect_err(text);
    assert_eq!(faults.len(), 1, "{text}: {faults:?}");
    faults.into_iter().next().expect("one fault")
}

/// Whether the predicate holds for these facts, given as (name, value).
fn holds(text: &str, given: &[(&str, Value)]) -> Result<bool, Failure> {
    let mut table = table();
    let predicate = Predicate::compile(text, &mut table).expect(text);
    let mut facts = Facts::new(&table);
    for (name, value) in given {
        facts.set(&table, table.find(name).expect("fact"), value.clone());
    }
    predicate.holds(&table, &facts)
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

#[test]
fn what_the_documents_show_is_understood() {
    let vip = [("customer.tier", text("vip")), ("session.messages", Value::Int(21))];
    assert_eq!(holds("authenticated", &[]), Ok(false));
    assert_eq!(holds("authenticated", &[("authenticated", Value::Bool(true))]), Ok(true));
    assert_eq!(holds(r#"customer.tier == "vip" && session.messages > 20"#, &vip), Ok(true));
    assert_eq!(holds(r#"customer.tier != "vip" || !(session.messages > 20)"#, &vip), Ok(false));
    assert_eq!(holds("session.idle >= hours(2) - minutes(5)", &[("session.idle", Value::Int(6_900_000))]), Ok(true));
    assert_eq!(holds(r#"queue in ["sales", "support"]"#, &[("queue", text("support"))]), Ok(true));
    assert_eq!(holds(r#"queue !in ["sales", "support"]"#, &[("queue", text("support"))]), Ok(false));
    assert_eq!(holds(r#""ConfigureInactivityTimeout" in org.permissions"#, &[]), Ok(true));
    assert_eq!(holds(r#"in_hours("support") && timer("alert") == "lapsed""#, &[]), Ok(false));
    assert_eq!(holds(r#"time.date >= "2026-12-24""#, &[("time.date", Value::Int(20_811))]), Ok(true));
    assert_eq!(holds(r#"time.date >= "2026-12-25""#, &[("time.date", Value::Int(20_811))]), Ok(false));
    assert_eq!(holds("!org.status_based_capacity", &[]), Ok(true));
    assert_eq!(holds(r#"queue == """#, &[]), Ok(true), "a fact never set is empty");
}

#[test]
fn functions_of_texts_stay_with_rhai() {
    let german = [("queue", text("de-Verkauf")), ("language", text("de"))];
    assert_eq!(holds(r#"queue.starts_with("de")"#, &german), Ok(true));
    assert_eq!(holds("queue.starts_with(language)", &german), Ok(true));
    assert_eq!(holds(r#"!queue.ends_with("kauf") || queue.contains("x")"#, &german), Ok(false));
    assert_eq!(holds(r#""Ver" in queue"#, &german), Ok(true));
    assert_eq!(holds("queue.len() == 10", &german), Ok(true));
    assert_eq!(holds("queue == language", &german), Ok(false));
    assert_eq!(holds(r#"language + "-Verkauf" == queue"#, &german), Ok(true));
    assert_eq!(holds(r#"language < "en""#, &german), Ok(true));
}
