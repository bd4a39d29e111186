//! An effect as it is sent: the same bytes in every attempt.

use serde::Serialize;
use wane_core::effect::Effect;
use wane_core::ruleset::Ruleset;
use wane_runtime::outbox::key::Subject;
use wane_wire::effect::{Context, EffectJson};

use super::endpoint::Format;

/// An effect and what it needs to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'a> {
    pub(super) org: &'a str,
    pub(super) conversation: &'a str,
    pub(super) channel: &'a str,
    pub(super) rules: &'a Ruleset,
    pub(super) effect: &'a Effect,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    effect: EffectJson<'a>,
    /// The key of the decision behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'a str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: &'a str,
    time: String,
    datacontenttype: &'a str,
    data: Body<'a>,
}

impl Sent<'_> {
    /// The name that a receiver knows repeats by.
    pub(super) fn id(&self) -> String {
        self.subject().effect(self.effect)
    }

    fn subject(&self) -> Subject<'_> {
        Subject { org: self.org, conversation: self.conversation, rules: self.rules }
    }

    /// The effect as JSON.
    pub(super) fn value(&self) -> serde_json::Result<serde_json::Value> {
        let hash = self.rules.hash.to_string();
        serde_json::to_value(self.body(&hash))
    }

    fn body<'a>(&'a self, ruleset: &'a str) -> Body<'a> {
        let Self { conversation, channel, rules, .. } = *self;
        let effect = EffectJson::new(self.effect, Context { conversation, channel, rules, ruleset });
        Body { effect, key: self.subject().of(self.effect) }
    }

    /// The body of a request, and its media type.
    pub(super) fn write(&self, format: Format) -> serde_json::Result<(Vec<u8>, &'static str)> {
        let hash = self.rules.hash.to_string();
        let body = self.body(&hash);
        match format {
            Format::Json => Ok((serde_json::to_vec(&body)?, "application/json")),
            Format::CloudEvents => {
                let org: String = url::form_urlencoded::byte_serialize(self.org.as_bytes()).collect();
                let event = CloudEvent {
                    specversion: "1.0",
                    id: &self.id(),
                    source: &format!("/orgs/{org}"),
                    kind: self.effect.body.type_name(),
                    subject: self.conversation,
                    time: self.effect.at.to_string(),
                    datacontenttype: "application/json",
                    data: body,
                };
                Ok((serde_json::to_vec(&event)?, "application/cloudevents+json"))
            }
        }
    }
}
