//! The in-app chat channel as a Wane plugin: web chat on a phone.
//!
//! Apps speak the same API as pages, so what their frames mean is told by the same source, `plugins/web/src/frame.rs`. What
//! differs is the phone: an app that sleeps or was killed says no goodbye and hears no stream. So what is due while no
//! stream is open goes to a push gateway of the operator's ([`push`]); it knows the phones' makers and their keys.

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Input, Kind, Outcome, Refusal, Sink};

// The source itself, for a library that links another plugin would have two entries.
#[path = "../../web/src/frame.rs"]
mod frame;
mod push;

/// What the operator configures; that of the API's own is the host's.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Where pushes go, an `https` address. Without it nothing is pushed.
    #[serde(default)]
    pub push_url: Option<String>,
    /// Whether the gateway is shown a token; which one, only the host writes.
    #[serde(default, deserialize_with = "is_there")]
    pub push_token: bool,
}

/// That there is one is all that is kept of it.
fn is_there<'de, D: serde::Deserializer<'de>>(given: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(given).map(|_| true)
}

/// The codec.
#[derive(Debug)]
pub struct InApp {
    config: Config,
}

impl Channel for InApp {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        Ok(Self { config })
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        if input.kind != Kind::ClientFrame {
            return Err(Refusal::Unsupported("in-app chat has clients, and no provider with webhooks".to_owned()));
        }
        sink.events(&frame::events(input)?)
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        push::render(&self.config, effect, sink)
    }
}

wane_plugin::export!(
    InApp,
    manifest = concat!(
        r#"{
        "channel": "in-app",
        "about": "in-app chat: clients of the Messaging for In-App and Web API v2, and a push when none listens",
        "capabilities": { "receipts": true, "typing": true, "token": true, "push": true },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "push_url": { "type": "string", "pattern": "^https?://[^ ]+$" },
                "#,
        frame::config!(),
        r#"
            }
        },
        "secrets": [{ "name": "push_token", "about": "what the push gateway knows us by", "to_plugin": true, "optional": true }]
    }"#
    )
);
