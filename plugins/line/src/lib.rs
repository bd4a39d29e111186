//! The LINE Messaging API channel as a Wane plugin.
//!
//! [`inbound`] makes events of a webhook's body, [`outbound`] makes a push or a reply of notices. The signature is declared
//! in the manifest and checked by the host. Contents are not fetched, texts are handed on and not kept.

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Input, Kind, Outcome, Refusal, Sink};

mod inbound;
mod outbound;

/// What the operator configures.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// The bot's own user id. When it is given, events for another bot are not ours and only marked.
    #[serde(default)]
    pub destination: Option<String>,
}

/// The codec.
#[derive(Debug)]
pub struct Line {
    config: Config,
}

impl Channel for Line {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        Ok(Self { config })
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        // Only webhooks are signed: nothing else may become an event.
        if input.kind != Kind::Webhook {
            return Err(Refusal::Unsupported("LINE sends webhooks by `POST` and asks for no handshake".to_owned()));
        }
        sink.events(&inbound::events(self.config.destination.as_deref(), input)?)
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        outbound::render(effect, sink)
    }
}

wane_plugin::export!(
    Line,
    manifest = r#"{
        "channel": "line",
        "about": "LINE Messaging API: webhooks in, push and reply messages out",
        "capabilities": { "receipts": false, "typing": false, "reply_token": true, "message_limit": 5000 },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "scheme": { "const": "line-hmac-sha256-base64" },
                "destination": { "type": "string", "pattern": "^U[0-9a-f]{32}$" }
            }
        },
        "secrets": [
            { "name": "channel_secret", "about": "the channel's secret: checks the signature of every webhook" },
            { "name": "token", "about": "channel access token to send with", "optional": true }
        ],
        "signature": {
            "scheme": "hmac-sha256",
            "header": "x-line-signature",
            "encoding": "base64",
            "secret": "channel_secret"
        }
    }"#
);
