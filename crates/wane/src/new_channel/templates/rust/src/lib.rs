//! The pager channel as a Wane plugin: what comes in becomes events, what Wane has to tell becomes requests.
//!
//! It works as it is, for a provider that is made up: a webhook is a JSON object with a list of `events`. Replace the wire's
//! types and [`event_of`] by what your provider sends, and [`Codec::render`] by what it wants to get.

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Event, Input, Kind, Outcome, Refusal, Request, Sink};

/// What the operator configures. Its schema is `config` in the manifest, below.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// The account to send from.
    account: String,
}

/// A webhook. Fields that nobody asks for are passed over, so that the provider can add some.
#[derive(Deserialize)]
struct Webhook {
    events: Vec<Incoming>,
}

/// One thing that happened.
#[derive(Deserialize)]
struct Incoming {
    /// The provider's key: the same when it sends again.
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// Who the customer is.
    from: String,
    /// When it happened, in milliseconds since 1970 UTC.
    at_ms: i64,
    text: Option<String>,
    /// Of a receipt: the message.
    message: Option<String>,
}

/// The host takes no more events of one input.
const MOST_EVENTS: usize = 1000;
/// The longest text that is passed on, in bytes, and the longest that the provider sends out, in characters.
const LONGEST_TEXT: usize = 10_000;

/// The codec. It remembers nothing: what has to be known later belongs into events.
#[derive(Debug)]
pub struct Codec {
    config: Config,
}

impl Channel for Codec {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        Ok(Self { config })
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        if input.kind != Kind::Webhook {
            // Only webhooks are signed, so nothing else may become an event.
            return Err(Refusal::Unsupported("there are only webhooks".to_owned()));
        }
        // The host has checked the signature, as the manifest says. JSON of another shape is refused as malformed.
        let webhook: Webhook = input.json()?;
        if webhook.events.len() > MOST_EVENTS {
            return Err(malformed("more than 1000 events"));
        }
        // All or nothing: when one is refused, those before it do not count either.
        webhook.events.into_iter().try_for_each(|incoming| sink.event(&event_of(incoming)?))
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        if effect.to.is_empty() {
            return Err(malformed("there is nobody to send to"));
        }
        let Some(text) = effect.text.as_deref().filter(|text| !text.is_empty()) else {
            return sink.suppress("there is no text to send");
        };
        if text.chars().count() > LONGEST_TEXT {
            return sink.suppress("the text is longer than the provider takes");
        }
        let body = serde_json::json!({ "account": self.config.account, "to": effect.to, "text": text });
        sink.request(&Request::post("https://api.pager.example/messages").bearer("token").json(&body)?)
    }
}

/// What happened, in Wane's words. What counts as the customer's activity is said each time: receipts never do.
fn event_of(incoming: Incoming) -> Result<Event, Refusal> {
    let Incoming { id, kind, from, at_ms, text, message } = incoming;
    if id.is_empty() || !(1..=64).contains(&kind.len()) {
        return Err(malformed("an `id` or `type` that is empty or too long"));
    }
    let event = |name: &str| Event::new(name, from.as_str()).id(id.as_str()).at_ms(at_ms);
    let event = match kind.as_str() {
        "text" => {
            let text = text.filter(|text| text.len() <= LONGEST_TEXT);
            let text = text.ok_or_else(|| malformed("a text that is not there or too long"))?;
            event("message").role("customer").kind("text").activity(true).with("text", text)
        }
        "delivered" | "read" => {
            let message = message.filter(|message| message.len() <= LONGEST_TEXT);
            let message = message.ok_or_else(|| malformed("a receipt of no `message`"))?;
            event("receipt").role("customer").kind(kind).activity(false).with("target", message)
        }
        "typing" => event("typing").role("customer").kind("started").activity(false),
        // What the provider adds one day must not stop the rest.
        _ => event("ignored").kind(kind).activity(false),
    };
    // Names and instants have bounds, and nothing beyond them is taken by the host.
    event.check()?;
    Ok(event)
}

fn malformed(what: &str) -> Refusal {
    Refusal::Malformed(what.to_owned())
}

wane_plugin::export!(
    Codec,
    manifest = r#"{
        "channel": "pager",
        "about": "The pager channel: webhooks in, texts out",
        "capabilities": { "receipts": true, "typing": true, "message_limit": 10000 },
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": { "account": { "type": "string", "minLength": 1, "maxLength": 100 } },
            "required": ["account"]
        },
        "secrets": [
            { "name": "signing_secret", "about": "checks the signature of every webhook" },
            { "name": "token", "about": "for sending", "optional": true }
        ],
        "signature": {
            "scheme": "hmac-sha256",
            "header": "x-pager-signature",
            "prefix": "sha256=",
            "encoding": "hex",
            "secret": "signing_secret"
        }
    }"#
);
