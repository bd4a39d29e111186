//! The parts of a webhook's body that are read, borrowed from it. What is not named here is skipped.
//!
//! Items of lists stay raw until their turn, so that an error names its item, and a change of a field that is not ours is
//! never looked into.

use serde::Deserialize;
use serde_json::value::RawValue;
use wane_plugin::instant::Seconds;
use wane_plugin::{Object, Text};

#[derive(Deserialize)]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) changes: Vec<Object<Change<'a>>>,
}

#[derive(Deserialize)]
pub(crate) struct Change<'a> {
    #[serde(borrow)]
    pub(crate) field: Text<'a>,
    pub(crate) value: &'a RawValue,
}

#[derive(Deserialize)]
pub(crate) struct Value<'a> {
    #[serde(borrow)]
    pub(crate) metadata: Option<Object<Metadata<'a>>>,
    #[serde(default)]
    pub(crate) contacts: Vec<Object<Contact<'a>>>,
    #[serde(default)]
    pub(crate) messages: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) message_echoes: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) statuses: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) user_preferences: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) calls: Vec<&'a RawValue>,
    #[serde(default)]
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
    pub(crate) user_id: Option<Text<'a>>,
}

/// A message: what every one has, and the content of its type. `to` is of those that the business's own phone sent.
#[derive(Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    pub(crate) timestamp: Seconds,
    #[serde(rename = "type")]
    pub(crate) kind: Text<'a>,
    pub(crate) from: Option<Text<'a>>,
    pub(crate) from_user_id: Option<Text<'a>>,
    pub(crate) to: Option<Text<'a>>,
    pub(crate) to_user_id: Option<Text<'a>>,
    pub(crate) group_id: Option<Text<'a>>,
    pub(crate) text: Option<&'a RawValue>,
    pub(crate) button: Option<&'a RawValue>,
    pub(crate) interactive: Option<&'a RawValue>,
    pub(crate) reaction: Option<&'a RawValue>,
    pub(crate) edit: Option<&'a RawValue>,
    pub(crate) revoke: Option<&'a RawValue>,
    pub(crate) system: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(crate) struct Body<'a> {
    #[serde(borrow)]
    pub(crate) body: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Button<'a> {
    #[serde(borrow)]
    pub(crate) payload: Option<Text<'a>>,
    pub(crate) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Interactive<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Text<'a>,
    pub(crate) button_reply: Option<Object<Reply<'a>>>,
    pub(crate) list_reply: Option<Object<Reply<'a>>>,
}

#[derive(Deserialize)]
pub(crate) struct Reply<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
}

/// Without an emoji the reaction was taken back.
#[derive(Deserialize)]
pub(crate) struct Reaction<'a> {
    #[serde(borrow)]
    pub(crate) message_id: Text<'a>,
    pub(crate) emoji: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Original<'a> {
    #[serde(borrow)]
    pub(crate) original_message_id: Text<'a>,
}

/// Who somebody is now; `customer` is the former number where `from` is not.
#[derive(Deserialize)]
pub(crate) struct System<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<Text<'a>>,
    pub(crate) wa_id: Option<Text<'a>>,
    pub(crate) new_wa_id: Option<Text<'a>>,
    pub(crate) user_id: Option<Text<'a>>,
    pub(crate) customer: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Status<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    pub(crate) status: Text<'a>,
    pub(crate) timestamp: Seconds,
    pub(crate) recipient_id: Option<Text<'a>>,
    pub(crate) recipient_user_id: Option<Text<'a>>,
    #[serde(default)]
    pub(crate) errors: Vec<Object<Coded>>,
}

/// A call begins or ends.
#[derive(Deserialize)]
pub(crate) struct Call<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    pub(crate) event: Text<'a>,
    pub(crate) timestamp: Seconds,
    pub(crate) direction: Option<Text<'a>>,
    pub(crate) from: Option<Text<'a>>,
    pub(crate) from_user_id: Option<Text<'a>>,
    pub(crate) to: Option<Text<'a>>,
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
    pub(crate) user_id: Option<Text<'a>>,
    pub(crate) category: Text<'a>,
    pub(crate) value: Text<'a>,
    pub(crate) timestamp: Seconds,
}
