//! What administrators did: who, when, what, from which ruleset to which. Records of the log, never changed.

pub(super) mod list;

use serde_json::{Map, Value};
use wane_core::facts::Name;
use wane_wire::record::{Address, Record};

use crate::app::App;
use crate::node::NodeError;
use crate::tokens::Token;

/// The kind of an [`Record::Admin`] that is an entry of the audit.
pub const KIND: &str = "audit";

/// Records that somebody did something, durably. `who` is the name of a token, or what the daemon did it for (`signal`,
/// `watch`); never a token itself. `what` is a word such as `rules.activate`; `details` is an object with the particulars,
/// without secrets.
///
/// # Errors
/// [`NodeError`]; then it is not recorded.
pub async fn audit(app: &App, who: &str, what: &str, details: Value) -> Result<Address, NodeError> {
    let now = app.node.now();
    app.node.record(Record::Admin { now, kind: KIND.into(), json: entry(who, what, details) }).await
}

/// What a token is called in the audit: by its name, else by its id.
#[must_use]
pub fn who(token: &Token) -> Name {
    if token.name.is_empty() { token.id.as_str().into() } else { token.name.as_str().into() }
}

fn entry(who: &str, what: &str, details: Value) -> Vec<u8> {
    let mut entry = Map::new();
    entry.insert("who".to_owned(), who.into());
    entry.insert("what".to_owned(), what.into());
    if let Value::Object(details) = details {
        entry.extend(details.into_iter().filter(|(name, _)| name != "who" && name != "what"));
    } else if !details.is_null() {
        entry.insert("details".to_owned(), details);
    }
    Value::Object(entry).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).expect("JSON")
    }

    #[test]
    fn an_entry_says_who_and_what_whatever_the_details_are() {
        assert_eq!(
            read(&entry("ana", "clock.set", json!({"who": "eve", "to": 7}))),
            json!({"who": "ana", "what": "clock.set", "to": 7})
        );
        assert_eq!(read(&entry("ana", "stop", Value::Null)), json!({"who": "ana", "what": "stop"}));
        assert_eq!(read(&entry("ana", "stop", json!([1]))), json!({"who": "ana", "what": "stop", "details": [1]}));
    }
}
