//! The bodies of requests, as far as they are looked at. What is missing is told apart from what is wrong, so nearly
//! everything may be missing here.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use wane_plugin::{Object, Text};

#[derive(Deserialize)]
pub(crate) struct Interactions<'a> {
    #[serde(borrow)]
    pub(crate) to: Option<Text<'a>>,
    pub(crate) from: Option<Text<'a>>,
    pub(crate) interactions: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Interaction<'a> {
    #[serde(borrow)]
    pub(crate) interaction_type: Text<'a>,
    pub(crate) timestamp: Option<Value>,
    pub(crate) payload: Option<Object<Entry<'a>>>,
    pub(crate) id: Option<Text<'a>>,
    pub(crate) text: Option<Text<'a>>,
    pub(crate) attachment_index: Option<usize>,
    pub(crate) content_length: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    pub(crate) entry_type: Text<'a>,
    pub(crate) abstract_message: Option<Object<Message<'a>>>,
    pub(crate) failed_conversation_entry_identifier: Option<Text<'a>>,
    pub(crate) error_code: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    pub(crate) message_type: Option<Text<'a>>,
    pub(crate) static_content: Option<Object<Content<'a>>>,
    pub(crate) choices_response: Option<Object<Choices<'a>>>,
    /// What was filled in is not looked at.
    pub(crate) form_response: Option<Object<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content<'a> {
    #[serde(borrow)]
    pub(crate) format_type: Option<Text<'a>>,
    pub(crate) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Choices<'a> {
    #[serde(borrow, default)]
    pub(crate) selected_options: Vec<Object<Selected<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Selected<'a> {
    #[serde(borrow)]
    pub(crate) option_identifier: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Acknowledged<'a> {
    #[serde(borrow)]
    pub(crate) conversation_identifier: Option<Text<'a>>,
    pub(crate) sender: Option<Object<Participant<'a>>>,
    pub(crate) acknowledgements: Option<Vec<Object<Acknowledgement<'a>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Participant<'a> {
    #[serde(borrow)]
    pub(crate) app_type: Option<Text<'a>>,
    pub(crate) subject: Option<Text<'a>>,
    pub(crate) role: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Acknowledgement<'a> {
    pub(crate) acknowledgement_timestamp: Option<Value>,
    #[serde(borrow)]
    pub(crate) acknowledgement_type: Option<Text<'a>>,
    pub(crate) acknowledged_conversation_entry_identifier: Option<Text<'a>>,
    // The provider's own spelling.
    pub(crate) acknowledgment_created_conversation_entry_identifier: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Consent<'a> {
    #[serde(borrow)]
    pub(crate) end_user_client_id: Option<Text<'a>>,
    pub(crate) channel_address_identifier: Option<Text<'a>>,
    pub(crate) consent_status: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session<'a> {
    #[serde(borrow)]
    pub(crate) channel_address_identifier: Option<Text<'a>>,
    pub(crate) end_user_client_id: Option<Text<'a>>,
    pub(crate) conversation_identifier: Option<Text<'a>>,
    pub(crate) session_id: Option<Text<'a>>,
    pub(crate) operation: Option<Text<'a>>,
    pub(crate) operation_by: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Established<'a> {
    #[serde(borrow)]
    pub(crate) channel_address_identifier: Option<Text<'a>>,
    pub(crate) participants: Option<Vec<Object<Participant<'a>>>>,
}
