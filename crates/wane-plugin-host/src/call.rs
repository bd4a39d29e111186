//! What is given to a plugin, and what it gives back, after the host has checked it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;
use wane_core::time::Timestamp;

/// What kind of input it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// A provider's webhook.
    Webhook,
    /// A provider's question whether the address is ours.
    Handshake,
    /// A frame of a web or in-app client.
    ClientFrame,
}

/// A request as it came, for [`crate::Channel::translate`].
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What kind.
    pub kind: InputKind,
    /// When it came.
    pub received_at: Timestamp,
    /// Whose account it is, where the path or the config tells; otherwise empty.
    pub account: &'a str,
    /// `POST`, `GET`.
    pub method: &'a str,
    /// The whole address as the provider knows it, where a signature covers it; otherwise the path.
    pub path: &'a str,
    /// The query without `?`.
    pub query: &'a str,
    /// Header names in lower case, in their order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The raw body.
    pub body: &'a [u8],
}

/// What the provider is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// One event as a plugin gives it (`plugin ABI`, event JSON), checked for its form.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PluginEvent {
    /// The event's type, as on the wire of Wane.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Whose doing.
    pub role: Option<String>,
    /// What kind of it: `text`, `media`, `delivered`, `read`, …
    pub kind: Option<String>,
    /// The provider's key against repeats.
    pub id: Option<String>,
    /// The customer on this channel.
    pub address: String,
    /// The business's account on this channel, when the payload tells.
    pub account: Option<String>,
    /// The provider's instant, in milliseconds since 1970.
    pub at_ms: Option<i64>,
    /// Whether it counts as the customer's activity; `None` leaves it to the type.
    pub activity: Option<bool>,
    /// What the channel needs later to answer (`reply_token`, …), and what else the plugin wants to tell.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// By hand, since every event of every webhook comes through here: serde's own way of flattening keeps a copy of each
/// field until it has seen all of them.
impl<'de> Deserialize<'de> for PluginEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

/// A key, where it stands if it can.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyText)
    }
}

struct KeyText;

impl<'de> Visitor<'de> for KeyText {
    type Value = Key<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = PluginEvent;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PluginEvent, A::Error> {
        const OWN: [&str; 8] = ["type", "role", "kind", "id", "address", "account", "at_ms", "activity"];
        let (mut event, mut seen) = (PluginEvent::default(), [false; OWN.len()]);
        while let Some(Key(key)) = map.next_key()? {
            let own = OWN.iter().position(|own| *own == key).and_then(|place| seen.get_mut(place));
            if own.is_some_and(|seen| std::mem::replace(seen, true)) {
                return Err(A::Error::custom("a field stands there twice"));
            }
            match &*key {
                "type" => event.event_type = map.next_value()?,
                "role" => event.role = map.next_value()?,
                "kind" => event.kind = map.next_value()?,
                "id" => event.id = map.next_value()?,
                "address" => event.address = map.next_value()?,
                "account" => event.account = map.next_value()?,
                "at_ms" => event.at_ms = map.next_value()?,
                "activity" => event.activity = map.next_value()?,
                _ => drop(event.more.insert(key.into_owned(), map.next_value()?)),
            }
        }
        Ok(event)
    }
}

/// What a plugin made of an input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Translated {
    /// The events, in order.
    pub events: Vec<PluginEvent>,
    /// What the provider expects back; `None` is 200 without a body.
    pub reply: Option<Reply>,
    /// Why the plugin took nothing, when it says in [`reply`](Self::reply) what the provider is answered about that. Then
    /// there are no events.
    pub refusal: Option<CallError>,
}

impl Translated {
    /// For whoever has an answer of its own to a refusal.
    ///
    /// # Errors
    /// The refusal, if there is one; the plugin's reply to it is dropped.
    pub fn taken(self) -> Result<Self, CallError> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(self),
        }
    }
}

/// A request to a provider, secrets still as placeholders (`{{secret:token}}`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `POST`, mostly.
    pub method: String,
    /// The address.
    pub url: String,
    /// Headers.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    pub body: String,
}

/// What a plugin made of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendered {
    /// Send these, in order.
    Send(Vec<Request>),
    /// There is nothing to send, and why.
    Suppress(String),
}

/// An input or an effect that a plugin does not take, or a plugin that failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallError {
    /// The signature is wrong: 401, nothing is stored.
    #[error("the signature does not fit")]
    BadSignature,
    /// Not of the form that the provider documents: 400.
    #[error("malformed: {0}")]
    Malformed(String),
    /// Of a kind that the plugin does not know: 200, nothing happens.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// Come again later: 503.
    #[error("not now: {0}")]
    RetryLater(String),
    /// The plugin failed; the request is not acknowledged: 500.
    #[error("the plugin failed: {0}")]
    Fault(String),
    /// The plugin failed too often and is not called for a while: 503.
    #[error("the plugin is quarantined: {0}")]
    Quarantined(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_as_it_is_written() {
        let text =
            r#"{"type":"message","role":null,"id":"a\u0062","address":"u1","at_ms":5,"ext\u0072a":{"type":1},"z":[1]}"#;
        let event: PluginEvent = serde_json::from_str(text).expect("an event");
        assert_eq!(
            (event.event_type.as_str(), event.role.as_deref(), event.id.as_deref()),
            ("message", None, Some("ab"))
        );
        assert_eq!((event.address.as_str(), event.at_ms, event.activity), ("u1", Some(5), None));
        assert_eq!(serde_json::Value::Object(event.more.clone()).to_string(), r#"{"extra":{"type":1},"z":[1]}"#);
        let again = serde_json::to_string(&event).expect("written");
        assert_eq!(serde_json::from_str::<PluginEvent>(&again).expect("an event"), event);
        assert_eq!(serde_json::from_str::<PluginEvent>("{}").expect("nothing is needed here"), PluginEvent::default());
    }

    #[test]
    fn what_is_no_event_is_none() {
        for text in ["[]", "7", r#"{"type":7}"#, r#"{"at_ms":"5"}"#, r#"{"id":"a","id":"b"}"#, r#"{"address":null}"#] {
            assert!(serde_json::from_str::<PluginEvent>(text).is_err(), "{text}");
        }
    }
}
