//! One case of a channel: its files, what of a request it names, and the form of what is expected. `cases.rs` says what the
//! files are; it plays them against the codec alone, `host.rs` against the shared object in the real host.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

/// A case, and its `request.json`; null without one.
pub(crate) struct Case {
    directory: PathBuf,
    pub(crate) request: Value,
}

/// Plays every case of a channel; `said` is all that the plugin says, to be the same as `expected.json`.
pub(crate) fn every(channel: &str, mut said: impl FnMut(&Case) -> Value) {
    let (mut wrong, cases) = (Vec::new(), cases(channel));
    for case in &cases {
        let (said, expected) = (said(case), case.read("expected.json").unwrap_or_default());
        if said != expected {
            wrong.push(format!("{}\n   expected {expected}\n   but said {said}", case.directory.display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 20, "the cases of {channel} are gone");
}

/// The directory of a channel's cases, from any package of the repository.
fn root(channel: &str) -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root = above.map(|directory| directory.join("tests/channels")).find(|root| root.is_dir());
    root.expect("a repository with tests").join(channel)
}

fn cases(channel: &str) -> Vec<Case> {
    let entries = fs::read_dir(root(channel)).expect("the directory of the channel");
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    all.retain(|path| path.is_dir());
    all.sort();
    let request = |directory: &Path| read(&directory.join("request.json")).unwrap_or_default();
    all.into_iter().map(|directory| Case { request: request(&directory), directory }).collect()
}

fn read(path: &Path) -> Option<Value> {
    let text = fs::read(path).ok()?;
    Some(serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

impl Case {
    pub(crate) fn read(&self, name: &str) -> Option<Value> {
        read(&self.directory.join(name))
    }

    /// The body as it is on the wire; empty without one.
    pub(crate) fn body(&self) -> Vec<u8> {
        let form = || fs::read(self.directory.join("body.form"));
        fs::read(self.directory.join("body.json")).or_else(|_| form()).unwrap_or_default()
    }
}

/// The headers of every request of a channel, and those of this one; what one is null for, it has not.
pub(crate) fn headers(channel: &str, request: &Value) -> Vec<(String, String)> {
    let common = read(&root(channel).join("headers.json"));
    let mut all = common.and_then(|json| json.as_object().cloned()).unwrap_or_default();
    all.extend(request["headers"].as_object().cloned().unwrap_or_default());
    all.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}

/// Path and query of a request: of its `url`, or as they are named.
pub(crate) fn address(request: &Value) -> (String, String) {
    let text = |name: &str, otherwise: &str| request[name].as_str().unwrap_or(otherwise).to_owned();
    match request["url"].as_str().map(|url| url.split_once('?').unwrap_or((url, ""))) {
        Some((path, query)) => (path.to_owned(), query.to_owned()),
        None => (text("path", "/"), text("query", "")),
    }
}

/// What came of a request, in the form of `expected.json`.
pub(crate) fn translated(refusal: Option<String>, events: Vec<Value>, reply: Option<(u16, Vec<u8>)>) -> Value {
    let mut json = Map::new();
    match refusal {
        Some(refusal) => json.insert("refused".to_owned(), refusal.into()),
        None => json.insert("events".to_owned(), events.into()),
    };
    if let Some((status, body)) = reply {
        let body = String::from_utf8(body).expect("a reply of text");
        json.insert("reply".to_owned(), json!({ "status": status, "body": body }));
    }
    Value::Object(json)
}

/// A request to the provider with its body as JSON, or as the text of a form, so that cases can be read.
pub(crate) fn shown(method: &str, url: &str, headers: &[(String, String)], body: &str) -> Value {
    let headers: Map<String, Value> =
        headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let (form, body) = match serde_json::from_str::<Value>(body) {
        Ok(body) => ("json", body),
        Err(_) => ("form", body.into()),
    };
    json!({ "method": method, "url": url, "headers": headers, form: body })
}
