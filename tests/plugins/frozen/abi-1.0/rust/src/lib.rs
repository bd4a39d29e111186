//! A plugin of the SDK 0.1, kept as it was built: it uses everything that ABI 1.0 has. The first word of a webhook, or the
//! effect's name, says what it does.

use wane_plugin::{Channel, Effect, Event, Input, Kind, Outcome, Refusal, Request, Sink};

#[derive(serde::Deserialize)]
struct Config {
    account: String,
}

struct Pager {
    config: Config,
    calls: u64,
}

impl Channel for Pager {
    type Config = Config;

    fn create(config: Config) -> Result<Self, Refusal> {
        Ok(Self { config, calls: 0 })
    }

    fn translate(&mut self, input: &Input<'_>, sink: &mut Sink<'_>) -> Outcome {
        self.calls += 1;
        if input.kind == Kind::Handshake {
            return sink.reply_text(&input.query("challenge").unwrap_or_default());
        }
        match input.text()? {
            "" => Err(Refusal::Ignored),
            "reply" => sink.reply(202, &[("x-pager", "heard")], input.header("X-Echo").unwrap_or("none").as_bytes()),
            "unsigned" => Err(Refusal::BadSignature),
            "later" => Err(Refusal::RetryLater("the pager rests".to_owned())),
            "panic" => panic!("told to"),
            text => {
                let (id, from) = text.split_once(' ').ok_or_else(|| Refusal::Malformed("not `<id> <from>`".to_owned()))?;
                let event = Event::new("message", from).role("customer").kind("text").id(id).at_ms(input.received_at_ms);
                sink.event(&event.account(&self.config.account).activity(true).with("calls", self.calls))
            }
        }
    }

    fn render(&mut self, effect: &Effect, sink: &mut Sink<'_>) -> Outcome {
        match (effect.effect.as_str(), &effect.text) {
            ("closed", _) => Err(Refusal::OutsideWindow("the pager is off".to_owned())),
            (_, None) => sink.suppress("no text"),
            (_, Some(text)) => {
                let body = serde_json::json!({ "to": effect.to, "text": text });
                sink.request(&Request::post("https://pager.example/send").bearer("token").json(&body)?)
            }
        }
    }
}

wane_plugin::export!(
    Pager,
    manifest = r#"{
        "channel": "pager",
        "config": {
            "type": "object",
            "additionalProperties": false,
            "properties": { "account": { "type": "string" } },
            "required": ["account"]
        },
        "secrets": [{ "name": "token", "about": "for sending" }]
    }"#
);
