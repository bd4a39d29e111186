//! What came of a call, and how it differs from what is expected.

use serde_json::{Map, Value, json};
use wane_plugin_host::call::{CallError, PluginEvent, Rendered, Translated};

use crate::case::Expect;
use crate::matching::{Captures, differences};
use crate::wire;

/// What came of a call, in the words of cases.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) events: Vec<Value>,
    pub(super) reply: Option<Value>,
    pub(super) refusal: Option<(String, String)>,
    pub(super) requests: Vec<Value>,
    pub(super) suppressed: Option<String>,
    pub(super) inspect: Option<Value>,
    pub(super) fault: Option<String>,
}

impl Heard {
    pub(super) fn translated(result: Result<Translated, CallError>) -> Self {
        match result {
            Ok(translated) => Self {
                events: translated.events.iter().map(event).collect(),
                reply: translated.reply.map(|reply| {
                    let headers: Map<String, Value> = reply
                        .headers
                        .iter()
                        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().into()))
                        .collect();
                    let mut shown = json!({ "status": reply.status, "body": String::from_utf8_lossy(&reply.body) });
                    if let Some(shown) = shown.as_object_mut().filter(|_| !headers.is_empty()) {
                        shown.insert("headers".to_owned(), Value::Object(headers));
                    }
                    shown
                }),
                // A refusal that the plugin answers in its own words.
                ..translated.refusal.map(Self::refused).unwrap_or_default()
            },
            Err(error) => Self::refused(error),
        }
    }

    pub(super) fn rendered(result: Result<Rendered, CallError>) -> Self {
        match result {
            Ok(Rendered::Send(requests)) => {
                Self { requests: requests.iter().map(wire::shown).collect(), ..Self::default() }
            }
            Ok(Rendered::Suppress(why)) => Self { suppressed: Some(why), ..Self::default() },
            Err(error) => Self::refused(error),
        }
    }

    fn refused(error: CallError) -> Self {
        let (code, detail) = match error {
            CallError::BadSignature => ("bad-signature", String::new()),
            CallError::Malformed(why) => ("malformed", why),
            CallError::Unsupported(why) => ("unsupported", why),
            CallError::RetryLater(why) => ("retry-later", why),
            CallError::Fault(why) | CallError::Quarantined(why) => {
                return Self { fault: Some(why), ..Self::default() };
            }
        };
        Self { refusal: Some((code.to_owned(), detail)), ..Self::default() }
    }

    /// What differs from what is expected.
    pub(super) fn against(&self, expect: &Expect, captures: &mut Captures) -> Vec<String> {
        if let Some(fault) = &self.fault {
            return vec![format!("the plugin failed: {fault}")];
        }
        if expect.sane {
            return Vec::new();
        }
        if expect.nothing {
            return self.events.iter().map(|event| format!("no event is expected, got {event}")).collect();
        }
        let mut lines = self.refused_as(expect.refusal.as_ref(), captures);
        if self.refusal.is_some() {
            // What it answers in its own words is looked at where a case has words for it.
            let reply = self.reply.clone().unwrap_or_default();
            lines.extend(expect.reply.iter().flat_map(|expected| differences("reply", expected, &reply, captures)));
            return lines;
        }
        if expect.refusal.is_none() {
            lines.extend(self.said_as(expect, captures));
        }
        lines
    }

    fn refused_as(&self, expected: Option<&Value>, captures: &mut Captures) -> Vec<String> {
        match (&self.refusal, expected) {
            (None, None) => Vec::new(),
            (None, Some(expected)) => vec![format!("refusal: expected {expected}, got {}", self.short())],
            (Some((code, detail)), None) => vec![format!("refused as `{code}`, which is not expected: {detail}")],
            (Some((code, _)), Some(Value::String(word))) if word == code || word == "$any" => Vec::new(),
            (Some((code, _)), Some(Value::Array(words))) if words.iter().any(|word| word == code) => Vec::new(),
            (Some((code, detail)), Some(expected @ Value::Object(_))) => {
                differences("refusal", expected, &json!({ "code": code, "detail": detail }), captures)
            }
            (Some((code, detail)), Some(expected)) => {
                vec![format!("refusal: expected {expected}, got \"{code}\" ({detail})")]
            }
        }
    }

    fn said_as(&self, expect: &Expect, captures: &mut Captures) -> Vec<String> {
        let empty = || Value::Array(Vec::new());
        let mut lines = Vec::new();
        let events = Value::Array(self.events.clone());
        lines.extend(differences("events", &expect.events.clone().unwrap_or_else(empty), &events, captures));
        let requests = Value::Array(self.requests.clone());
        lines.extend(differences("requests", &expect.requests.clone().unwrap_or_else(empty), &requests, captures));
        let suppressed = self.suppressed.as_deref().map_or(Value::Null, Value::from);
        for (what, expected, actual) in [
            ("reply", &expect.reply, self.reply.clone().unwrap_or_default()),
            ("suppress", &expect.suppress, suppressed),
            ("inspect", &expect.inspect, self.inspect.clone().unwrap_or_default()),
        ] {
            lines.extend(differences(what, expected.as_ref().unwrap_or(&Value::Null), &actual, captures));
        }
        lines
    }

    fn short(&self) -> String {
        match (self.events.len(), self.requests.len(), &self.suppressed) {
            (0, 0, Some(why)) => format!("nothing to send: {why}"),
            (0, 0, None) => "nothing".to_owned(),
            (0, requests, _) => format!("{requests} requests"),
            (events, _, _) => format!("{events} events"),
        }
    }
}

/// An event without the fields that it does not have.
fn event(event: &PluginEvent) -> Value {
    let mut value = serde_json::to_value(event).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        let known = ["role", "kind", "id", "account", "at_ms", "activity"];
        fields.retain(|key, value| !value.is_null() || !known.contains(&key.as_str()));
    }
    value
}
