//! The parts of a webhook's body that are read, borrowed from it. What is not named here is skipped.
//!
//! Items of lists stay raw until their turn, so that an error names its item, and a change of a field that is not ours is
//! never looked into.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;

pub(crate) type Text<'a> = Cow<'a, str>;

#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) object: Text<'a>,
    #[serde(borrow)]
    pub(crate) entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Change<'a> {
    #[serde(borrow)]
    pub(crate) field: Text<'a>,
    #[serde(borrow)]
    pub(crate) value: &'a RawValue,
}

#[derive(Deserialize)]
pub(crate) struct Value<'a> {
    #[serde(borrow)]
    pub(crate) metadata: Option<Metadata<'a>>,
    #[serde(borrow, default)]
    pub(crate) contacts: Vec<Contact<'a>>,
    #[serde(borrow, default)]
    pub(crate) messages: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) message_echoes: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) statuses: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) user_preferences: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) calls: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) errors: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
pub(crate) struct Metadata<'a> {
    #[serde(borrow)]
    pub(crate) phone_number_id: Option<Text<'a>>,
}

/// Somebody by number, or by the id of those who show no number.
#[derive(Deserialize)]
pub(crate) struct Contact<'a> {
    #[serde(borrow)]
    pub(crate) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) user_id: Option<Text<'a>>,
}

/// What every message has. `to` is of those that the business's own phone sent.
#[derive(Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    pub(crate) timestamp: Seconds,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Text<'a>,
    #[serde(borrow)]
    pub(crate) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) from_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) to_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) group_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct TextMessage<'a> {
    #[serde(borrow)]
    pub(crate) text: Body<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Body<'a> {
    #[serde(borrow)]
    pub(crate) body: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct ButtonMessage<'a> {
    #[serde(borrow)]
    pub(crate) button: Button<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Button<'a> {
    #[serde(borrow)]
    pub(crate) payload: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct InteractiveMessage<'a> {
    #[serde(borrow)]
    pub(crate) interactive: Interactive<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Interactive<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Text<'a>,
    #[serde(borrow)]
    pub(crate) button_reply: Option<Reply<'a>>,
    #[serde(borrow)]
    pub(crate) list_reply: Option<Reply<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Reply<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct ReactionMessage<'a> {
    #[serde(borrow)]
    pub(crate) reaction: Reaction<'a>,
}

/// Without an emoji the reaction was taken back.
#[derive(Deserialize)]
pub(crate) struct Reaction<'a> {
    #[serde(borrow)]
    pub(crate) message_id: Text<'a>,
    #[serde(borrow)]
    pub(crate) emoji: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct EditMessage<'a> {
    #[serde(borrow)]
    pub(crate) edit: Original<'a>,
}

#[derive(Deserialize)]
pub(crate) struct RevokeMessage<'a> {
    #[serde(borrow)]
    pub(crate) revoke: Original<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Original<'a> {
    #[serde(borrow)]
    pub(crate) original_message_id: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct SystemMessage<'a> {
    #[serde(borrow)]
    pub(crate) system: System<'a>,
}

/// Who somebody is now; `customer` is the former number where `from` is not.
#[derive(Deserialize)]
pub(crate) struct System<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) new_wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) customer: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Status<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    pub(crate) status: Text<'a>,
    pub(crate) timestamp: Seconds,
    #[serde(borrow)]
    pub(crate) recipient_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) recipient_user_id: Option<Text<'a>>,
    #[serde(default)]
    pub(crate) errors: Vec<Coded>,
}

/// A call begins or ends.
#[derive(Deserialize)]
pub(crate) struct Call<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    pub(crate) event: Text<'a>,
    pub(crate) timestamp: Seconds,
    #[serde(borrow)]
    pub(crate) direction: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) from_user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) to_user_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Coded {
    pub(crate) code: Option<i64>,
}

#[derive(Deserialize)]
pub(crate) struct Preference<'a> {
    #[serde(borrow)]
    pub(crate) wa_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) category: Text<'a>,
    #[serde(borrow)]
    pub(crate) value: Text<'a>,
    pub(crate) timestamp: Seconds,
}

/// An instant as WhatsApp writes it: whole seconds since 1970, a text in most places and a number in some.
#[derive(Clone, Copy)]
pub(crate) struct Seconds(i64);

/// What an instant must be, in the words of errors.
pub(crate) const SECONDS: &str = "seconds since 1970";

/// The last second of the year 9999. Milliseconds by mistake lie far beyond it.
const LAST: i64 = 253_402_300_799;

impl Seconds {
    pub(crate) const fn millis(self) -> i64 {
        self.0 * 1_000
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Seconds;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(SECONDS)
            }
            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Seconds, E> {
                if (0..=LAST).contains(&seconds) {
                    Ok(Seconds(seconds))
                } else {
                    Err(E::custom(format_args!("not {SECONDS}")))
                }
            }
            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Seconds, E> {
                self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Seconds, E> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let seconds = if digits { text.parse().ok() } else { None };
                self.visit_i64(seconds.unwrap_or(-1))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
