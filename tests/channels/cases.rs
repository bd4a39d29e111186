//! Runs the cases of a channel under `tests/channels/<channel>` of the repository: what comes in as which events, what goes
//! out as which requests, and what is refused with which words. Included by the tests of each plugin.
//!
//! A case is a directory named by what it is about. Coming in: `body.json` or `body.form` as it is on the wire, and
//! `request.json` with `method`, `path` and `query`, or with the whole address as `url`, `headers` and `now_ms`, where they
//! matter. A channel's `headers.json` has the headers of every request; a case may name others, or by `null` none. Going out:
//! `effect.json`. `config.json` is there where the config is another than that of the channel's other cases.
//! `expected.json` is all that the plugin says, to the letter: `events`, `reply`, `refused`, `requests`, `suppressed`.

use serde_json::{Value, json};
use wane_plugin::testing::{FakeHost, FakeInput};
use wane_plugin::{Channel, Kind, Refusal};

mod case;

use case::Case;

fn refused(refusal: &Refusal) -> Value {
    json!({ "refused": refusal.to_string() })
}

fn translated<C: Channel>(host: &mut FakeHost<C>, channel: &str, case: &Case) -> Value {
    let request = &case.request;
    let mut input = FakeInput::webhook(case.body());
    input.method = request["method"].as_str().unwrap_or(&input.method).to_owned();
    input.kind = match input.method.as_str() {
        _ if request["path"].is_string() => Kind::ClientFrame,
        "GET" => Kind::Handshake,
        _ => Kind::Webhook,
    };
    (input.path, input.query) = case::address(request);
    input.received_at_ms = request["now_ms"].as_i64().unwrap_or(input.received_at_ms);
    for (name, value) in case::headers(channel, request) {
        input = input.header(&name, value);
    }
    match host.translate(&input) {
        Err(refusal) => refused(&refusal),
        Ok(said) => {
            let events = said.events.iter().map(|event| json!(event)).collect();
            let reply = said.reply.map(|reply| (reply.status, reply.body));
            case::translated(said.refusal.map(|refusal| refusal.to_string()), events, reply)
        }
    }
}

fn rendered<C: Channel>(host: &mut FakeHost<C>, effect: Value) -> Value {
    match host.render(effect) {
        Err(refusal) => refused(&refusal),
        Ok(said) => match said.suppressed {
            Some(why) => json!({ "suppressed": why }),
            None => json!({ "requests": said.requests.iter().map(shown).collect::<Vec<_>>() }),
        },
    }
}

fn shown(request: &wane_plugin::Request) -> Value {
    case::shown(&request.method, &request.url, &request.headers, &request.body)
}

/// Every case of the channel, with a plugin of this config.
pub(crate) fn check<C: Channel>(channel: &str, config: &Value) {
    case::every(channel, |case| {
        let config = case.read("config.json").unwrap_or_else(|| config.clone());
        let mut host = FakeHost::<C>::new(config).expect("the config fits");
        match case.read("effect.json") {
            Some(effect) => rendered(&mut host, effect),
            None => translated(&mut host, channel, case),
        }
    });
}
