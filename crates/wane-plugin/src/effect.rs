//! What is to be told to a customer.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::Refusal;

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
    /// Whether it is a notice, and so has words for the customer. An effect that does not tell its type is taken for one.
    #[must_use]
    pub fn is_notice(&self) -> bool {
        self.more_text("type").is_none_or(|kind| kind == "notice.due")
    }

    /// The words for the customer, where there are any.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| !text.is_empty())
    }

    /// To whom it goes.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when nobody is named.
    pub fn recipient(&self) -> Result<&str, Refusal> {
        let missing = || Refusal::Malformed("the effect has no `to`".to_owned());
        Some(self.to.as_str()).filter(|to| !to.is_empty()).ok_or_else(missing)
    }

    /// The account that the customer wrote to, otherwise the one that the config has under `name`.
    ///
    /// ```
    /// use wane_plugin::Effect;
    /// let effect: Effect = serde_json::from_str(r#"{"account":"page-2"}"#)?;
    /// assert_eq!(effect.account(Some("page-1"), "page_id").ok(), Some("page-2"));
    /// assert_eq!(Effect::default().account(Some("page-1"), "page_id").ok(), Some("page-1"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when there is neither.
    pub fn account<'a>(&'a self, configured: Option<&'a str>, name: &str) -> Result<&'a str, Refusal> {
        let told = [self.more_text("account"), configured].into_iter().flatten().find(|account| !account.is_empty());
        let missing = || Refusal::Malformed(format!("the effect has no `account` and the config no `{name}`"));
        told.ok_or_else(missing)
    }

    /// Whether this instant of [`channel_state`](Self::channel_state) is there and no longer ago than that, in milliseconds:
    /// whether a window of the provider's is open. An instant of the future counts.
    ///
    /// ```
    /// use wane_plugin::Effect;
    /// let effect: Effect = serde_json::from_str(r#"{"now_ms":5000,"channel_state":{"wrote_ms":2000}}"#)?;
    /// assert!(effect.is_within("wrote_ms", 3_000) && !effect.is_within("wrote_ms", 2_999));
    /// assert!(!effect.is_within("read_ms", 3_000), "of what is not known nothing is within");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn is_within(&self, name: &str, window_ms: i64) -> bool {
        self.state_number(name).is_some_and(|then| self.now_ms.saturating_sub(then) <= window_ms)
    }

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
