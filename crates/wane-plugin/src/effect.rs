//! What is to be told to a customer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An effect to be rendered. Fields that the host adds later are in [`more`](Self::more).
///
/// Missing fields are empty: an effect without a text has none to send.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Effect {
    /// What kind: `inactivity_warning`, …
    pub effect: String,
    /// The text to send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The customer on this channel, the `address` of the events.
    pub to: String,
    /// Now, in milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// What the plugin's events told for later (`reply_token`, …), and what the host knows of the channel.
    pub channel_state: Map<String, Value>,
    /// Everything else: `id` (the key that stays the same over every retry), `conversation`, `session`, `timer`, …
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Effect {
    /// A text of what the channel needs to answer.
    #[must_use]
    pub fn state_text(&self, name: &str) -> Option<&str> {
        self.channel_state.get(name)?.as_str()
    }

    /// A whole number of it, such as an instant.
    #[must_use]
    pub fn state_number(&self, name: &str) -> Option<i64> {
        self.channel_state.get(name)?.as_i64()
    }

    /// A truth of it; false when it is not there.
    #[must_use]
    pub fn state_truth(&self, name: &str) -> bool {
        self.channel_state.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A text of the other fields.
    #[must_use]
    pub fn more_text(&self, name: &str) -> Option<&str> {
        self.more.get(name)?.as_str()
    }
}
