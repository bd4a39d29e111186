//! What is wrong with a request, in the provider's codes: the partner's software knows them.

use serde_json::json;
use wane_plugin::{Outcome, Refusal, Sink};

/// The header of every answer.
pub(crate) const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// One code of the provider's list, the status that it comes with, and our own words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    status: u16,
    code: u32,
    words: &'static str,
}

/// Not known as somebody who may ask: such a request is forged, for all we know.
const fn strange(status: u16, code: u32, words: &'static str) -> Wrong {
    Wrong { status, code, words }
}

const fn wrong(code: u32, words: &'static str) -> Wrong {
    Wrong { status: 400, code, words }
}

pub(crate) const CONTEXT: Wrong = strange(403, 10_001, "`AuthorizationContext` is not this channel's");
pub(crate) const SCOPE: Wrong = strange(403, 10_003, "the access token lacks the scope");
pub(crate) const TOKEN: Wrong = strange(401, 10_004, "the access token is not valid");
pub(crate) const TOO_LARGE: Wrong = Wrong { status: 413, code: 10_008, words: "the file is larger than 25 MB" };
pub(crate) const EMPTY_FILE: Wrong = wrong(10_009, "the file is empty or missing");
pub(crate) const NO_LENGTH: Wrong = wrong(10_010, "the attachment has no `contentLength`");
pub(crate) const FILES: Wrong = wrong(10_011, "the files are not as many as the attachments");
pub(crate) const HEADER: Wrong = wrong(10_016, "a header is missing, there twice, or not valid");
pub(crate) const NO_CHANNEL: Wrong = wrong(10_017, "there is no such `channelAddressIdentifier`");
pub(crate) const CONVERSATION: Wrong = wrong(10_018, "`conversationIdentifier` is not valid");
pub(crate) const END_USER: Wrong = wrong(10_020, "`endUserClientId` is not valid");
pub(crate) const CONSENT: Wrong = wrong(10_021, "`consentStatus` is none of the known ones");
pub(crate) const CONSENT_OWNER: Wrong = wrong(10_022, "the consent of this channel is not the partner's");
pub(crate) const TO: Wrong = wrong(10_027, "`to` is not valid");
pub(crate) const FROM: Wrong = wrong(10_028, "`from` is not valid");
pub(crate) const INTERACTIONS: Wrong = wrong(10_029, "`interactions` must have exactly one, of the documented form");
pub(crate) const APP_TYPE: Wrong = wrong(10_037, "`appType` must be `custom`");
pub(crate) const ROLE: Wrong = wrong(10_038, "`role` must be `EndUser`");
pub(crate) const ONE_END_USER: Wrong = wrong(10_042, "`participants` must have one end user");
pub(crate) const MORE_END_USERS: Wrong = wrong(10_044, "`participants` must have no more than one");
pub(crate) const MESSAGE: Wrong = wrong(10_045, "the message has not the form of its type");
pub(crate) const INSTANT: Wrong = wrong(10_046, "a timestamp is not milliseconds since 1970");
pub(crate) const FORMAT: Wrong = wrong(10_048, "`formatType` is none of the known ones");
pub(crate) const LENGTH: Wrong = wrong(10_051, "`contentLength` is not the file's size");
pub(crate) const SUBJECT: Wrong = wrong(10_054, "the participant's `subject` is not valid");
pub(crate) const NO_ID: Wrong = wrong(10_059, "an id is missing or empty");
pub(crate) const IDS: Wrong = wrong(10_060, "the ids of entry and message differ");
pub(crate) const MESSAGE_TYPE: Wrong = wrong(10_062, "end users send no messages of this `messageType`");
pub(crate) const FORM: Wrong = wrong(10_089, "the request is not of the documented form");
pub(crate) const NO_BODY: Wrong = wrong(10_100, "the request has no body");
pub(crate) const OPERATION: Wrong = wrong(10_102, "`operation` must be `End` or `Inactivate`");
pub(crate) const OPERATION_BY: Wrong = wrong(10_103, "`operationBy` must be `EndUser` or `System`");
pub(crate) const SESSION: Wrong = wrong(10_106, "`Inactivate` needs a `sessionId`");

impl Wrong {
    /// The answer, in the forms of all paths at once: code and message, and whether it was a success.
    pub(crate) fn told(self, sink: &mut Sink<'_>) -> Outcome {
        let answer = json!({ "success": false, "code": self.code, "message": self.words });
        sink.reply(self.status, JSON, answer.to_string().as_bytes())?;
        Err(match self.status {
            401 | 403 => Refusal::BadSignature,
            _ => Refusal::Malformed(format!("{}: {}", self.code, self.words)),
        })
    }
}
