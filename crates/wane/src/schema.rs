//! The JSON Schema of the rule files, from the same description that the reader follows: editors with a TOML language
//! server complete and check rule files with it.

use serde_json::{Map, Value, json};
use wane_core::rules::schema::FILE;
use wane_core::rules::schema::describe::{Key, Kind, Table};
use wane_core::signal::{EffectType, EventType, HANDLER_CHANGED, HANDLER_CHANGED_ROLES, SignalRole};

/// The schema of a rule file.
///
/// Draft 7: what the language servers for TOML understand.
pub(crate) fn schema() -> Value {
    let mut schema = table(&FILE);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        schema.insert("title".to_owned(), json!("Rule file of Wane"));
    }
    schema
}

fn table(table: &Table) -> Value {
    let properties: Map<String, Value> = table.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "type": "object",
        "description": table.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let mut property = kind(key.kind);
    if let Some(property) = property.as_object_mut() {
        property.insert("description".to_owned(), json!(description(key)));
    }
    property
}

fn description(key: &Key) -> String {
    let default = if key.default.is_empty() { String::new() } else { format!(" Default: {}.", key.default) };
    let example = if key.example.is_empty() { String::new() } else { format!(" Example: `{}`.", key.example) };
    format!("{}{default}{example}", key.doc)
}

const DURATION: &str = r"^([0-9]+(ms|s|m|h|d|w))+$|^P([0-9]+[DW])*(T([0-9]+[HMS])+)?$";

fn kind(of: &Kind) -> Value {
    match of {
        Kind::Text(what) => json!({ "type": "string", "description": what }),
        Kind::Words(words) => json!({ "type": "string", "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number => json!({ "type": "integer" }),
        Kind::Duration | Kind::Offset => json!({ "type": "string", "pattern": DURATION }),
        Kind::DurationOrNever => json!({ "type": "string", "pattern": format!("{DURATION}|^never$") }),
        Kind::Predicate => json!({ "type": "string", "description": "an expression over facts" }),
        Kind::Selector => selector(),
        Kind::Date => date(),
        Kind::Hours => json!({ "type": "string", "pattern": "^ *[0-9]{2}:[0-9]{2} *- *[0-9]{2}:[0-9]{2} *$" }),
        Kind::List(item) => json!({ "type": "array", "items": kind(item) }),
        Kind::Table(inner) => table(inner),
        Kind::Map(what, value) => {
            json!({ "type": "object", "description": what, "additionalProperties": kind(value) })
        }
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(kind).collect::<Vec<Value>>() }),
    }
}

/// A date as text, or as TOML writes dates: language servers hand those over as text too.
fn date() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
}

/// Every event with each of its roles, for completion; or the name of a group or of an event of one's own.
fn selector() -> Value {
    json!({
        "anyOf": [
            { "type": "string", "enum": selectors() },
            { "type": "string", "pattern": r"^x\.[A-Za-z0-9._-]+(:(customer|rep|bot|agent))?$" },
            { "type": "string", "pattern": "^[^.:]+$", "description": "the name of a group" },
        ]
    })
}

fn selectors() -> Vec<String> {
    let events = EventType::ALL.iter().map(|kind| (kind.name(), kind.roles()));
    let effects = EffectType::ALL.iter().map(|kind| (kind.name(), kind.roles()));
    let all = events.chain(effects).chain([(HANDLER_CHANGED, HANDLER_CHANGED_ROLES)]);
    all.flat_map(|(name, roles)| spelled(name, roles)).collect()
}

fn spelled(name: &str, roles: &[SignalRole]) -> Vec<String> {
    let with_roles = roles.iter().map(|role| format!("{name}:{}", role.name()));
    std::iter::once(name.to_owned()).chain(with_roles).collect()
}
