//! What is given to a plugin, and what it gives back, after the host has checked it.

use serde::{Deserialize, Serialize};
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
