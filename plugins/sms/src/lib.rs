//! SMS and MMS as a Wane plugin, through Twilio, Vonage or MessageBird; the config says which.
//!
//! Each provider signs in a way of its own, so the plugin checks: [`twilio`], [`vonage`] and [`messagebird`] read what a
//! provider sends and nothing before its signature fits. [`words`] makes events of it, [`outbound`] makes requests of notices.
//! Media are not fetched, texts are handed on and not kept.

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Event, Input, Kind, Outcome, Refusal, Sink};

mod fields;
mod messagebird;
mod outbound;
mod twilio;
mod url;
mod vonage;
mod words;

/// Whose service it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Provider {
    /// Twilio Programmable Messaging.
    #[default]
    #[serde(rename = "twilio")]
    Twilio,
    /// Vonage, with signed webhooks.
    #[serde(rename = "vonage-signed-webhook")]
    Vonage,
    /// MessageBird, by now Bird.
    #[serde(rename = "messagebird-jwt")]
    MessageBird,
}

/// What the operator configures.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The provider, Twilio if none is named.
    pub scheme: Option<Provider>,
    /// The number to send from when a conversation does not tell its own.
    pub number: Option<String>,
    /// Twilio: the account.
    pub account_sid: Option<String>,
    /// Twilio: the API key that `token` is the secret of; without it `token` is the account's auth token. Vonage: the API key.
    pub api_key: Option<String>,
    /// Twilio: the service to send by when there is no number.
    pub messaging_service_sid: Option<String>,
    /// Twilio: where receipts are to be sent, normally the webhook's own address.
    pub status_callback: Option<String>,
    /// Twilio: the auth token, with which webhooks are signed.
    pub auth_token: Option<String>,
    /// Twilio: the secret of the shared key, for webhooks that are signed with one.
    pub shared_key: Option<String>,
    /// Vonage: the signature secret.
    pub signature_secret: Option<String>,
    /// MessageBird: the signing key.
    pub signing_key: Option<String>,
}

/// Debug shows no secret.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// The codec.
#[derive(Debug)]
pub struct Sms {
    config: Config,
}

impl Channel for Sms {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        let (named, needed) = match config.scheme {
            None => (true, ""),
            Some(Provider::Twilio) => (config.auth_token.is_some() || config.shared_key.is_some(), "auth_token"),
            Some(Provider::Vonage) => (config.signature_secret.is_some(), "signature_secret"),
            Some(Provider::MessageBird) => (config.signing_key.is_some(), "signing_key"),
        };
        if named {
            Ok(Self { config })
        } else {
            Err(Refusal::Malformed(format!("the scheme needs the secret `{needed}`")))
        }
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        if input.kind == Kind::ClientFrame {
            return Err(Refusal::Unsupported("there are no clients of our own".to_owned()));
        }
        sink.events(&self.events(input)?)?;
        match self.provider() {
            // An answer without a word to the customer.
            Provider::Twilio => sink.reply(200, &[("content-type", "text/xml")], b"<Response/>"),
            Provider::Vonage | Provider::MessageBird => Ok(()),
        }
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        outbound::render(&self.config, self.provider(), effect, sink)
    }
}

impl Sms {
    fn provider(&self) -> Provider {
        self.config.scheme.unwrap_or_default()
    }

    fn events(&self, input: &Input<'_>) -> Result<Vec<Event>, Refusal> {
        match self.provider() {
            Provider::Twilio => twilio::events(&self.config, input),
            Provider::Vonage => vonage::events(&self.config, input),
            Provider::MessageBird => messagebird::events(&self.config, input),
        }
    }
}

/// The value of a header that is there once: of two, nobody can say which one was signed.
fn only<'a>(input: &Input<'a>, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = input.headers().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some((_, value)), None) => std::str::from_utf8(value).map(Some).map_err(|_| Refusal::BadSignature),
        (Some(_), Some(_)) => Err(Refusal::BadSignature),
    }
}

wane_plugin::export!(
    Sms,
    manifest = r#"{
        "channel": "sms",
        "about": "SMS and MMS by Twilio, Vonage or MessageBird: webhooks in, messages out",
        "capabilities": { "receipts": true, "typing": false, "opt_out": true, "message_limit": 1600 },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "scheme": { "enum": ["twilio", "vonage-signed-webhook", "messagebird-jwt"] },
                "number": { "type": "string", "pattern": "^\\+?[0-9A-Za-z ]{1,16}$" },
                "account_sid": { "type": "string", "pattern": "^AC[0-9a-f]{32}$" },
                "api_key": { "type": "string", "pattern": "^[0-9A-Za-z]{1,64}$" },
                "messaging_service_sid": { "type": "string", "pattern": "^MG[0-9a-f]{32}$" },
                "status_callback": { "type": "string", "pattern": "^https?://" }
            }
        },
        "secrets": [
            { "name": "auth_token", "about": "Twilio: the auth token, checks signatures", "to_plugin": true, "optional": true },
            { "name": "shared_key", "about": "Twilio: secret of the shared key, checks signatures", "to_plugin": true, "optional": true },
            { "name": "signature_secret", "about": "Vonage: checks signatures", "to_plugin": true, "optional": true },
            { "name": "signing_key", "about": "MessageBird: checks signatures", "to_plugin": true, "optional": true },
            { "name": "token", "about": "to send with: Twilio's auth token or an API key's secret, Vonage's API secret, MessageBird's access key", "optional": true }
        ]
    }"#
);
