//! What is to be told to a customer.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

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

    /// A UUID that is this effect's own and the same over every retry, for the provider to know repeats by. An effect without
    /// an `id` is told apart by all that it says.
    ///
    /// ```
    /// use wane_plugin::Effect;
    /// let effect: Effect = serde_json::from_str(r#"{"id":"c1/1-4","text":"?","to":"u1","now_ms":1}"#)?;
    /// let retried = Effect { now_ms: 99_999, ..effect.clone() };
    /// assert_eq!(effect.uuid(), retried.uuid());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn uuid(&self) -> String {
        // A struct of texts, numbers and JSON values always has a JSON form.
        let whole = || serde_json::to_string(self).unwrap_or_default();
        uuid_of(&[&self.more_text("id").map_or_else(whole, str::to_owned)])
    }
}

/// A UUID (version 8, RFC 9562) made of texts: the same texts give the same one, always.
///
/// ```
/// use wane_plugin::uuid_of;
/// assert_eq!(uuid_of(&["channel", "customer"]), uuid_of(&["channel", "customer"]));
/// assert_ne!(uuid_of(&["ab", "c"]), uuid_of(&["a", "bc"]));
/// ```
#[must_use]
pub fn uuid_of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for (index, part) in parts.iter().enumerate() {
        // No text holds this byte, so what belongs to which part is never in doubt.
        hash.update(if index > 0 { &b"\xff"[..] } else { b"" });
        hash.update(part);
    }
    let mut text = String::with_capacity(36);
    for (index, byte) in hash.finalize().iter().take(16).enumerate() {
        let byte = match index {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        let dash = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
        // Writing to a text does not fail.
        let _ = write!(text, "{dash}{byte:02x}");
    }
    text
}
