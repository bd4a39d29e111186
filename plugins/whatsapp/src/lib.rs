//! The WhatsApp Cloud API channel as a Wane plugin.
//!
//! [`inbound`] makes events of a webhook's body, [`outbound`] makes requests to the Graph API of notices. The signature is
//! declared in the manifest and checked by the host; only the handshake's token is looked at here. [`graph`] is what it shares
//! with Messenger. Media are not fetched, texts are handed on and not kept.

use std::collections::BTreeMap;

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Input, Kind, Outcome, Refusal, Sink};

mod graph;
mod inbound;
mod outbound;
mod payload;

/// What the operator configures.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// The number to send from when a conversation does not tell its own: the id that the Graph API gives it, digits.
    #[serde(default)]
    pub phone_number_id: Option<String>,
    /// The version of the Graph API, `v23.0` by default.
    #[serde(default = "graph_version")]
    pub graph_version: String,
    /// What was entered as verify token where the webhook is registered. Without it no handshake is answered.
    #[serde(default)]
    pub verify_token: Option<String>,
    /// For notices outside the 24 hours: which approved template stands for which notice.
    #[serde(default)]
    pub templates: BTreeMap<String, Template>,
}

/// A template that Meta approved.
#[derive(Clone, Debug, Deserialize)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// The language it was approved in, such as `en_US`.
    pub language: String,
}

fn graph_version() -> String {
    "v23.0".to_owned()
}

/// The codec.
#[derive(Debug)]
pub struct WhatsApp {
    config: Config,
}

impl Channel for WhatsApp {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        Ok(Self { config })
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        // Only webhooks are signed: nothing else may become an event.
        match input.kind {
            Kind::Webhook => sink.events(&inbound::events(input)?),
            Kind::Handshake => graph::handshake(self.config.verify_token.as_deref(), input, sink),
            Kind::ClientFrame => Err(Refusal::Unsupported("there are no clients of our own".to_owned())),
        }
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        outbound::render(&self.config, effect, sink)
    }
}

wane_plugin::export!(
    WhatsApp,
    manifest = r#"{
        "channel": "whatsapp",
        "about": "WhatsApp Cloud API: webhooks in, messages and templates out",
        "capabilities": { "receipts": true, "typing": false, "window_hours": 24, "templates": true, "message_limit": 4096 },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "scheme": { "const": "meta-x-hub-signature-256" },
                "phone_number_id": { "type": "string", "pattern": "^[0-9]{1,32}$" },
                "waba_id": { "type": "string", "pattern": "^[0-9]{1,32}$" },
                "graph_version": { "type": "string", "pattern": "^v[0-9]{1,3}\\.[0-9]{1,3}$" },
                "templates": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["name", "language"],
                        "properties": { "name": { "type": "string", "minLength": 1 }, "language": { "type": "string", "minLength": 2 } }
                    }
                }
            }
        },
        "secrets": [
            { "name": "app_secret", "about": "the app's secret: checks the signature of every webhook" },
            { "name": "verify_token", "about": "answers the handshake", "to_plugin": true, "optional": true },
            { "name": "token", "about": "access token to send with", "optional": true }
        ],
        "signature": {
            "scheme": "hmac-sha256",
            "header": "x-hub-signature-256",
            "prefix": "sha256=",
            "encoding": "hex",
            "secret": "app_secret"
        }
    }"#
);
