//! The bodies of requests, as far as they are looked at. What is missing is told apart from what is wrong, so nearly
//! everything may be missing here.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) type Text<'a> = Cow<'a, str>;

#[derive(Deserialize)]
pub(crate) struct Interactions<'a> {
    #[serde(borrow)]
    pub(crate) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) interactions: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Interaction<'a> {
    #[serde(borrow)]
    pub(crate) interaction_type: Text<'a>,
    pub(crate) timestamp: Option<Value>,
    #[serde(borrow)]
    pub(crate) payload: Option<Entry<'a>>,
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a>>,
    pub(crate) attachment_index: Option<usize>,
    pub(crate) content_length: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) entry_type: Text<'a>,
    #[serde(borrow)]
    pub(crate) abstract_message: Option<Message<'a>>,
    #[serde(borrow)]
    pub(crate) failed_conversation_entry_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) error_code: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) message_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) static_content: Option<Content<'a>>,
    #[serde(borrow)]
    pub(crate) choices_response: Option<Choices<'a>>,
    pub(crate) form_response: Option<Form>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content<'a> {
    #[serde(borrow)]
    pub(crate) format_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Choices<'a> {
    #[serde(borrow, default)]
    pub(crate) selected_options: Vec<Selected<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Selected<'a> {
    #[serde(borrow)]
    pub(crate) option_identifier: Text<'a>,
}

/// What was filled in is not looked at.
#[derive(Deserialize)]
pub(crate) struct Form {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Acknowledged<'a> {
    #[serde(borrow)]
    pub(crate) conversation_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) sender: Option<Participant<'a>>,
    #[serde(borrow)]
    pub(crate) acknowledgements: Option<Vec<Acknowledgement<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Participant<'a> {
    #[serde(borrow)]
    pub(crate) app_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) subject: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) role: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Acknowledgement<'a> {
    pub(crate) acknowledgement_timestamp: Option<Value>,
    #[serde(borrow)]
    pub(crate) acknowledgement_type: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) acknowledged_conversation_entry_identifier: Option<Text<'a>>,
    // The provider's own spelling.
    #[serde(borrow)]
    pub(crate) acknowledgment_created_conversation_entry_identifier: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Consent<'a> {
    #[serde(borrow)]
    pub(crate) end_user_client_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) channel_address_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) consent_status: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session<'a> {
    #[serde(borrow)]
    pub(crate) channel_address_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) end_user_client_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) conversation_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) session_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) operation: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) operation_by: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Established<'a> {
    #[serde(borrow)]
    pub(crate) channel_address_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) participants: Option<Vec<Participant<'a>>>,
}
