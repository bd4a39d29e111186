//! The Apple Messages for Business channel as a Wane plugin, for a messaging service provider (MSP).
//!
//! [`inbound`] makes an event of what Apple's gateway posts, after it has checked the token: Apple signs no body. [`outbound`]
//! makes messages of notices. Payloads that are too large for a request (`interactiveDataRef`) are not fetched, texts are
//! handed on and not kept.

use serde::Deserialize;
use wane_plugin::verify::from_base64;
use wane_plugin::{Channel, Effect, Input, Kind, Outcome, Refusal, Sink};

mod inbound;
mod outbound;

/// What the operator configures.
#[derive(Clone, Deserialize)]
pub struct Config {
    /// The id that Apple gave to the MSP: whom its tokens are for, and who makes ours.
    pub msp_id: String,
    /// A secret: the key of the tokens, in base64 as Apple shows it.
    pub msp_secret_base64: String,
    /// The business's id. Messages to another one are only marked; without it all are taken.
    #[serde(default)]
    pub business_id: Option<String>,
    /// How old a token may be, in seconds; a week by default.
    #[serde(default = "token_age_s")]
    pub token_age_s: i64,
}

const fn token_age_s() -> i64 {
    // Apple does not say how long a token counts, so this only keeps one that was found in an old log from counting for ever.
    7 * 24 * 3_600
}

/// The codec.
pub struct Apple {
    config: Config,
    key: Vec<u8>,
}

/// The key is not shown.
impl std::fmt::Debug for Apple {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Apple").field("msp_id", &self.config.msp_id).finish_non_exhaustive()
    }
}

impl Channel for Apple {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        let key = from_base64(&config.msp_secret_base64).filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Refusal::Malformed("`msp_secret_base64` is not base64".to_owned()))?;
        Ok(Self { config, key })
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        if input.kind != Kind::Webhook {
            return Err(Refusal::Unsupported("Apple posts and asks for no handshake".to_owned()));
        }
        if !self.is_apple(input) {
            // What Apple's own sample answers to a token that does not check.
            sink.reply(403, &[], b"")?;
            return Err(Refusal::BadSignature);
        }
        sink.event(&inbound::event(&self.config, input)?)
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        outbound::render(&self.config, effect, sink)
    }
}

wane_plugin::export!(
    Apple,
    manifest = r#"{
        "channel": "apple",
        "about": "Apple Messages for Business: messages in, text messages out",
        "capabilities": { "receipts": false, "typing": true, "closed_by_customer": true },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "required": ["msp_id"],
            "properties": {
                "scheme": { "const": "apple-msp-jwt" },
                "msp_id": { "type": "string", "minLength": 1 },
                "business_id": { "type": "string", "pattern": "^[^:]{1,128}$" },
                "token_age_s": { "type": "integer", "minimum": 1 }
            }
        },
        "secrets": [
            { "name": "msp_secret_base64", "about": "the key of Apple's tokens and of ours, in base64", "to_plugin": true },
            {
                "name": "bearer",
                "about": "what Apple's gateway is shown",
                "jwt": {
                    "algorithm": "HS256",
                    "key": "msp_secret_base64",
                    "key_encoding": "base64",
                    "claims": { "iss": "msp_id" }
                }
            }
        ]
    }"#
);
