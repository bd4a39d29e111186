//! A plugin that is wrong on purpose: the body of a webhook says how. For the tests of the host; not for use.
//!
//! The C foils beside the tests are wrong in ways that the SDK does not let an author be.

use serde::Deserialize;
use wane_plugin::{Channel, Effect, Event, Input, Outcome, Refusal, Request, Sink};

/// How it is configured.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// Stands in every event, so that a test sees which config is in force.
    account: String,
    /// Refuses to be made with this account.
    #[serde(default)]
    refuse: bool,
}

/// The plugin.
#[derive(Debug)]
pub struct Foil {
    config: Config,
    calls: u64,
}

impl Channel for Foil {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        if config.refuse { Err(Refusal::Malformed("told to refuse".to_owned())) } else { Ok(Self { config, calls: 0 }) }
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        self.calls += 1;
        let event = Event::new("message", "u1").role("customer").kind("text").account(&self.config.account);
        let event = event.with("calls", self.calls).at_ms(input.received_at_ms);
        match input.text()? {
            "one" => sink.event(&event),
            "reply" => sink.reply(202, &[("x-foil", "yes")], input.header("X-Echo").unwrap_or("none").as_bytes()),
            "query" => sink.reply_text(&input.query("hub.challenge").unwrap_or_default()),
            "panic" => {
                sink.event(&event)?;
                #[expect(clippy::panic, reason = "what a foil is for")]
                {
                    panic!("a customer's words: MARKER")
                }
            }
            "flood" => (0..).try_for_each(|_| sink.event(&event)),
            "deaf" => {
                // Goes on although the host takes no more, and says that all was well.
                (0..2_000).for_each(|_| drop(sink.event(&event)));
                Ok(())
            }
            "long" => sink.event(&event.with("text", "x".repeat(300_000))),
            "busy" => {
                let mut sum = 0_u64;
                (0..200_000_000_u64).for_each(|n| sum = std::hint::black_box(sum ^ n));
                sink.event(&event.with("sum", sum))
            }
            "render" => sink.request(&Request::post("https://foil.example/")),
            "twice" => sink.reply_text("a").and_then(|()| sink.reply_text("b")),
            "status" => sink.reply(99, &[], b""),
            "split" => sink.reply(200, &[("x-a", "b\r\nx-evil: 1")], b""),
            "ignored" => Err(Refusal::Ignored),
            "duplicate" => Err(Refusal::Duplicate),
            "signature" => Err(Refusal::BadSignature),
            "unsupported" => Err(Refusal::Unsupported("no such thing".to_owned())),
            "later" => Err(Refusal::RetryLater("full".to_owned())),
            "fault" => Err(Refusal::Fault("lost its way".to_owned())),
            _ => Err(Refusal::Malformed("none of the words".to_owned())),
        }
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        let request = Request::post("https://foil.example/send").bearer("token");
        match effect.effect.as_str() {
            "send" => sink.request(&request.json(&serde_json::json!({ "to": effect.to, "text": effect.text }))?),
            "suppress" => sink.suppress("nothing to say"),
            "window" => Err(Refusal::OutsideWindow("closed at noon".to_owned())),
            "both" => sink.request(&request).and_then(|()| sink.suppress("and yet")),
            "event" => sink.event(&Event::new("message", "u1")),
            "body" => sink.request(&request.body(Request::secret("token"))),
            "stranger" => sink.request(&request.header("x-key", Request::secret("other"))),
            "file" => sink.request(&Request::new("GET", "file:///etc/passwd")),
            _ => Ok(()),
        }
    }
}

wane_plugin::export!(
    Foil,
    manifest = r#"{
    "channel": "foil",
    "about": "wrong on purpose, for tests",
    "config": {
        "type": "object",
        "properties": { "account": { "type": "string" }, "refuse": { "type": "boolean" } },
        "required": ["account"]
    },
    "secrets": [{ "name": "token", "about": "for sending" }]
}"#
);
