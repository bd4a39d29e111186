//! The parts of a webhook's body that are read, borrowed from it. What is not named here is skipped.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use wane_plugin::instant::Millis;
use wane_plugin::{Object, Text};

/// What happened on a page. On `standby` another app has the conversation; `changes` are about the page's public side.
#[derive(Deserialize)]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(default)]
    pub(crate) messaging: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) standby: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) changes: Vec<IgnoredAny>,
}

/// One thing that happened: who, when, and one of the others.
#[derive(Deserialize)]
pub(crate) struct Item<'a> {
    #[serde(borrow)]
    pub(crate) sender: Option<Object<Party<'a>>>,
    pub(crate) recipient: Option<Object<Party<'a>>>,
    pub(crate) timestamp: Option<Millis>,
    pub(crate) message: Option<Object<Message<'a>>>,
    pub(crate) postback: Option<Object<Postback<'a>>>,
    pub(crate) read: Option<Object<Watermark>>,
    pub(crate) delivery: Option<Object<Watermark>>,
    pub(crate) reaction: Option<Object<Reaction<'a>>>,
    pub(crate) message_edit: Option<Object<Edit<'a>>>,
    pub(crate) optin: Option<Object<Optin<'a>>>,
    pub(crate) referral: Option<Object<Referral<'a>>>,
    pub(crate) pass_thread_control: Option<Object<Handover<'a>>>,
    pub(crate) take_thread_control: Option<Object<Handover<'a>>>,
    pub(crate) request_thread_control: Option<Object<Handover<'a>>>,
    pub(crate) app_roles: Option<Object<IgnoredAny>>,
}

/// Somebody. Without an id: a visitor of a web page, who only has a reference.
#[derive(Deserialize)]
pub(crate) struct Party<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) mid: Text<'a>,
    pub(crate) text: Option<Text<'a>>,
    #[serde(default)]
    pub(crate) attachments: Vec<Object<Attachment<'a>>>,
    pub(crate) quick_reply: Option<Object<QuickReply<'a>>>,
    pub(crate) referral: Option<Object<Referral<'a>>>,
    #[serde(default)]
    pub(crate) is_echo: bool,
    pub(crate) app_id: Option<AppId<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Attachment<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct QuickReply<'a> {
    #[serde(borrow)]
    pub(crate) payload: Text<'a>,
}

/// On standby the payload is not told.
#[derive(Deserialize)]
pub(crate) struct Postback<'a> {
    #[serde(borrow)]
    pub(crate) mid: Option<Text<'a>>,
    pub(crate) payload: Option<Text<'a>>,
    pub(crate) referral: Option<Object<Referral<'a>>>,
}

/// All messages up to this instant were delivered or read.
#[derive(Deserialize)]
pub(crate) struct Watermark {
    pub(crate) watermark: Millis,
    #[serde(default)]
    pub(crate) mids: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Reaction<'a> {
    #[serde(borrow)]
    pub(crate) mid: Text<'a>,
    pub(crate) action: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Edit<'a> {
    #[serde(borrow)]
    pub(crate) mid: Text<'a>,
    pub(crate) text: Option<Text<'a>>,
    #[serde(default)]
    pub(crate) num_edit: u32,
}

#[derive(Deserialize)]
pub(crate) struct Optin<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<Text<'a>>,
    pub(crate) notification_messages_status: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Referral<'a> {
    #[serde(borrow)]
    pub(crate) source: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Handover<'a> {
    #[serde(borrow)]
    pub(crate) new_owner_app_id: Option<AppId<'a>>,
    pub(crate) previous_owner_app_id: Option<AppId<'a>>,
}

/// The id of an app: a number in some places and a text in others.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum AppId<'a> {
    Number(u64),
    #[serde(borrow)]
    Text(Text<'a>),
}

impl AppId<'_> {
    pub(crate) fn is(&self, app: &str) -> bool {
        match self {
            Self::Number(number) => number.to_string() == app,
            Self::Text(text) => *text == app,
        }
    }
}
