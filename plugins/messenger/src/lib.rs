//! The Facebook Messenger channel as a Wane plugin.
//!
//! [`inbound`] makes events of a webhook's body, [`outbound`] makes requests to the Send API of notices. The signature is
//! declared in the manifest and checked by the host; only the handshake's token is looked at here. [`graph`] is what it shares
//! with WhatsApp. Media are not fetched, texts are handed on and not kept.

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Input, Kind, Outcome, Refusal, Sink};

// The source itself, for a library that links another plugin would have two entries.
#[path = "../../whatsapp/src/graph.rs"]
mod graph;
mod inbound;
mod outbound;
mod payload;

/// What the operator configures.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// The page to send from when a conversation does not tell its own: digits.
    #[serde(default)]
    pub page_id: Option<String>,
    /// The id of the app itself: it tells echoes of what Wane sent from those of other apps, and who has a conversation
    /// after it was handed over.
    #[serde(default)]
    pub app_id: Option<String>,
    /// The version of the Graph API, `v25.0` by default.
    #[serde(default = "graph_version")]
    pub graph_version: String,
    /// What was entered as verify token where the webhook is registered. Without it no handshake is answered.
    #[serde(default)]
    pub verify_token: Option<String>,
}

fn graph_version() -> String {
    "v25.0".to_owned()
}

/// The codec.
#[derive(Debug)]
pub struct Messenger {
    config: Config,
}

impl Channel for Messenger {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        Ok(Self { config })
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        // Only webhooks are signed: nothing else may become an event.
        match input.kind {
            Kind::Webhook => sink.events(&inbound::events(self.config.app_id.as_deref(), input)?),
            Kind::Handshake => graph::handshake(self.config.verify_token.as_deref(), input, sink),
            Kind::ClientFrame => Err(Refusal::Unsupported("there are no clients of our own".to_owned())),
        }
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        outbound::render(&self.config, effect, sink)
    }
}

wane_plugin::export!(
    Messenger,
    manifest = r#"{
        "channel": "messenger",
        "about": "Facebook Messenger: webhooks in, messages by the Send API out",
        "capabilities": { "receipts": true, "typing": false, "window_hours": 24, "message_limit": 2000 },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "scheme": { "const": "meta-x-hub-signature-256" },
                "page_id": { "type": "string", "pattern": "^[0-9]{1,32}$" },
                "app_id": { "type": "string", "pattern": "^[0-9]{1,32}$" },
                "graph_version": { "type": "string", "pattern": "^v[0-9]{1,3}\\.[0-9]{1,3}$" }
            }
        },
        "secrets": [
            { "name": "app_secret", "about": "the app's secret: checks the signature of every webhook" },
            { "name": "verify_token", "about": "answers the handshake", "to_plugin": true, "optional": true },
            { "name": "token", "about": "page access token to send with", "optional": true }
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
