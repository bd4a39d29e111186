//! Runs the cases of a channel under `tests/channels/<channel>` of the repository: what comes in as which events, what goes
//! out as which requests, and what is refused with which words. Included by the tests of each plugin.
//!
//! A case is a directory named by what it is about. Coming in: `body.json` or `body.form` as it is on the wire, and
//! `request.json` with `method`, `path` and `query`, or with the whole address as `url`, `headers` and `now_ms`, where they
//! matter. A channel's `headers.json` has the headers of every request; a case may name others, or by `null` none. Going out:
//! `effect.json`. `config.json` is there where the config is another than that of the channel's other cases.
//! `expected.json` is all that the plugin says, to the letter: `events`, `reply`, `refused`, `requests`, `suppressed`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use wane_plugin::testing::{FakeHost, FakeInput};
use wane_plugin::{Channel, Kind, Refusal};

fn cases(channel: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/channels").join(channel);
    let entries = fs::read_dir(&root).expect("the directory of the channel");
    let mut cases: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

fn read(path: &Path) -> Option<Value> {
    let text = fs::read(path).ok()?;
    Some(serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn refused(refusal: &Refusal) -> Value {
    json!({ "refused": refusal.to_string() })
}

fn headers(case: &Path, request: &Value) -> Vec<(String, String)> {
    let mut all =
        read(&case.with_file_name("headers.json")).and_then(|json| json.as_object().cloned()).unwrap_or_default();
    all.extend(request["headers"].as_object().cloned().unwrap_or_default());
    all.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}

fn translated<C: Channel>(host: &mut FakeHost<C>, case: &Path) -> Value {
    let request = read(&case.join("request.json")).unwrap_or_default();
    let text = |name: &str| request[name].as_str().map(str::to_owned);
    let body = fs::read(case.join("body.json")).or_else(|_| fs::read(case.join("body.form")));
    let mut input = FakeInput::webhook(body.unwrap_or_default());
    input.method = text("method").unwrap_or(input.method);
    input.kind = match input.method.as_str() {
        _ if request["path"].is_string() => Kind::ClientFrame,
        "GET" => Kind::Handshake,
        _ => Kind::Webhook,
    };
    input.path = text("path").unwrap_or(input.path);
    input.query = text("query").unwrap_or(input.query);
    if let Some((path, query)) = request["url"].as_str().map(|url| url.split_once('?').unwrap_or((url, ""))) {
        (input.path, input.query) = (path.to_owned(), query.to_owned());
    }
    input.received_at_ms = request["now_ms"].as_i64().unwrap_or(input.received_at_ms);
    for (name, value) in headers(case, &request) {
        input = input.header(&name, value);
    }
    match host.translate(&input) {
        Err(refusal) => refused(&refusal),
        Ok(said) => {
            let mut json = Map::new();
            match &said.refusal {
                Some(refusal) => json.insert("refused".to_owned(), refusal.to_string().into()),
                None => json.insert("events".to_owned(), json!(said.events)),
            };
            if let Some(reply) = said.reply {
                let body = String::from_utf8(reply.body).expect("a reply of text");
                json.insert("reply".to_owned(), json!({ "status": reply.status, "body": body }));
            }
            Value::Object(json)
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

/// A request with its body as JSON, or as the text of a form, so that cases can be read.
fn shown(request: &wane_plugin::Request) -> Value {
    let headers: Map<String, Value> =
        request.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let (form, body) = match serde_json::from_str::<Value>(&request.body) {
        Ok(body) => ("json", body),
        Err(_) => ("form", request.body.as_str().into()),
    };
    json!({ "method": request.method, "url": request.url, "headers": headers, form: body })
}

/// Every case of the channel, with a plugin of this config.
pub(crate) fn check<C: Channel>(channel: &str, config: &Value) {
    let mut wrong = Vec::new();
    let cases = cases(channel);
    for case in &cases {
        let config = read(&case.join("config.json")).unwrap_or_else(|| config.clone());
        let mut host = FakeHost::<C>::new(config).expect("the config fits");
        let said = match read(&case.join("effect.json")) {
            Some(effect) => rendered(&mut host, effect),
            None => translated(&mut host, case),
        };
        let expected = read(&case.join("expected.json")).unwrap_or_default();
        if said != expected {
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            wrong.push(format!("{channel}/{name}\n   expected {expected}\n   but said {said}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 20, "the cases of {channel} are gone");
}
