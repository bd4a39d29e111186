//! An event, as a plugin gives it to the host.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Refusal;

/// The most bytes of a name.
const LONGEST: usize = 512;

/// 9999-12-31T23:59:59.999Z.
const LAST_MILLIS: i64 = 253_402_300_799_999;

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST && !text.chars().any(char::is_control)
}

/// What happened on the channel. The host makes the conversation's name of channel, account and address.
///
/// ```
/// use wane_plugin::Event;
/// let event = Event::new("message", "+1555").role("customer").kind("text").id("wamid.1").at_ms(1_757_900_000_123);
/// assert_eq!(event.to_json(), r#"{"type":"message","role":"customer","kind":"text","id":"wamid.1","address":"+1555","at_ms":1757900000123}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    /// The event's type, as on the wire of Wane: `message`, `receipt`, `typing`, `opt.out`, …
    #[serde(rename = "type")]
    pub event_type: String,
    /// Whose doing: `customer`, `rep`, `bot`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What kind of it: `text`, `media`, `delivered`, `read`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The provider's key against repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The customer on this channel.
    pub address: String,
    /// The business's account on this channel, when the payload tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The provider's instant, in milliseconds since 1970 UTC; none when the payload has none: not the time of arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// Whether it counts as the customer's activity; `None` leaves it to the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<bool>,
    /// What the channel needs later to answer (`reply_token`, …), and what else the plugin wants to tell.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Event {
    /// The address of nobody in particular, of markers.
    pub const NOBODY: &str = "-";

    /// A marker: this kind of thing came, and nothing follows from it. No activity, and of [`NOBODY`](Self::NOBODY) until an
    /// address is set.
    ///
    /// ```
    /// use wane_plugin::Event;
    /// let event = Event::ignored("beacon");
    /// assert_eq!(event.to_json(), r#"{"type":"ignored","kind":"beacon","address":"-","activity":false}"#);
    /// ```
    #[must_use]
    pub fn ignored(kind: impl Into<String>) -> Self {
        Self::new("ignored", Self::NOBODY).kind(kind).activity(false)
    }

    /// Whether it is a marker.
    #[must_use]
    pub fn is_ignored(&self) -> bool {
        self.event_type == "ignored"
    }

    /// An event of this type, of this customer.
    #[must_use]
    pub fn new(event_type: impl Into<String>, address: impl Into<String>) -> Self {
        Self { event_type: event_type.into(), address: address.into(), ..Self::default() }
    }

    /// Sets whose doing it is.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// Sets what kind of its type it is.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Sets the provider's key against repeats.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the business's account.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Sets the provider's instant, in milliseconds since 1970 UTC.
    #[must_use]
    pub const fn at_ms(mut self, at_ms: i64) -> Self {
        self.at_ms = Some(at_ms);
        self
    }

    /// Says whether it counts as the customer's activity.
    #[must_use]
    pub const fn activity(mut self, activity: bool) -> Self {
        self.activity = Some(activity);
        self
    }

    /// Adds a field of the channel's own. A name of another field of this struct is not changed by it, but ignored.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        const OWN: [&str; 8] = ["type", "role", "kind", "id", "address", "account", "at_ms", "activity"];
        if !OWN.contains(&name) {
            self.more.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Whether it is one that the host takes: a customer is named; the names of customer, account and event have at most 512
    /// bytes, and no control characters; the account has no colon; the instant lies in the years 1970 to 9999.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] with the field, since what is wrong with it came from outside.
    pub fn check(&self) -> Result<(), Refusal> {
        let (id, account) = (self.id.as_deref().unwrap_or_default(), self.account.as_deref().unwrap_or_default());
        let wrong = if self.address.is_empty() || !is_name(&self.address) {
            "the name of the customer"
        } else if !is_name(account) || account.contains(':') {
            "the name of the account"
        } else if !is_name(id) {
            "the id of an event"
        } else if self.at_ms.is_some_and(|at| !(0..=LAST_MILLIS).contains(&at)) {
            "the instant of an event"
        } else {
            return Ok(());
        };
        Err(Refusal::Malformed(format!("{wrong} can not be that")))
    }

    /// As it goes to the host.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A struct of texts, numbers and JSON values always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_instants_have_bounds() {
        let good = Event::new("message", "a".repeat(512)).id("i").account("n").at_ms(LAST_MILLIS);
        assert_eq!(good.check(), Ok(()));
        for bad in [
            Event { address: String::new(), ..good.clone() },
            Event { address: "a".repeat(513), ..good.clone() },
            Event { address: "a\nb".to_owned(), ..good.clone() },
            good.clone().account("a:b"),
            good.clone().account("a".repeat(513)),
            good.clone().id("a".repeat(513)),
            good.clone().id("\0"),
            good.clone().at_ms(-1),
            good.clone().at_ms(LAST_MILLIS + 1),
        ] {
            assert!(matches!(bad.check(), Err(Refusal::Malformed(_))), "{bad:?}");
        }
    }
}
