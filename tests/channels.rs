//! The plugins of the channels, loaded as the daemon loads them, each by the cases under `tests/channels/<channel>`: what
//! comes in as which events, what goes out as which requests, and what is refused with which words.
//!
//! A case is a directory named by what it is about. Coming in: `body.json` as it is on the wire, and `request.json` with
//! `method`, `path` and `query` where they matter; the test signs it. Going out: `effect.json`. In both, `expected.json` is
//! all that the plugin says, to the letter: `events`, `reply`, `refused`, `requests`, `suppressed`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use wane_core::time::Timestamp;
use wane_plugin_host::call::{CallError, Input, InputKind, Rendered, Request, Translated};
use wane_plugin_host::{Channel, ChannelSettings, Host, Secret, Settings, Trust};

const KEY: &str = "a key of nobody";

/// A signed body's header.
type Sign = fn(&[u8]) -> Option<(&'static str, String)>;

fn mac(body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("a key of any length");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn as_whatsapp(body: &[u8]) -> Option<(&'static str, String)> {
    let hex: String = mac(body).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(("x-hub-signature-256", format!("sha256={hex}")))
}

fn as_line(body: &[u8]) -> Option<(&'static str, String)> {
    Some(("x-line-signature", STANDARD.encode(mac(body))))
}

fn unsigned(_: &[u8]) -> Option<(&'static str, String)> {
    None
}

/// A channel's plugin, as it was built for this test.
struct Loaded {
    plugin: Arc<Channel>,
    sign: Sign,
    client: bool,
    _store: tempfile::TempDir,
}

fn load(channel: &str, config: Value, sign: Sign) -> Result<Loaded, String> {
    let beside = std::env::current_exe().expect("the test's own path");
    let directory = beside.parent().expect("a directory").to_path_buf();
    let store = tempfile::tempdir().expect("a directory");
    let mut settings = Settings::new(vec![directory], store.path().join("plugins"));
    settings.trust = Trust { own_group_may_write: true, ..Trust::default() };
    let secret = |name: &str, text: &str| (name.to_owned(), Secret::from(text));
    let secrets = match channel {
        "whatsapp" => vec![secret("app_secret", KEY), secret("verify_token", "knock twice & wait"), secret("token", "t")],
        "line" => vec![secret("channel_secret", KEY), secret("token", "t")],
        _ => Vec::new(),
    };
    let plugin = Some(format!("wane-channel-{channel}"));
    let own = ChannelSettings { plugin, config, secrets: secrets.into_iter().collect(), ..ChannelSettings::default() };
    settings.channels = BTreeMap::from([(channel.to_owned(), own)]);
    let host = Host::load(&settings).map_err(|error| error.to_string())?;
    Ok(Loaded { plugin: host.channel(channel).expect("it was loaded"), sign, client: channel == "web", _store: store })
}

impl Loaded {
    fn translate(&self, request: &Value, body: &[u8], signature: Option<&[u8]>) -> Result<Translated, CallError> {
        let text = |name: &str, otherwise: &'static str| request[name].as_str().map_or(otherwise.to_owned(), str::to_owned);
        let (method, path, query) = (text("method", "POST"), text("path", "/"), text("query", ""));
        let own = (self.sign)(body);
        let value = |own: &'_ (&'static str, String)| signature.map_or_else(|| own.1.clone().into_bytes(), <[u8]>::to_vec);
        let headers: Vec<(&str, Vec<u8>)> = own.iter().map(|own| (own.0, value(own))).collect();
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let kind = match method.as_str() {
            _ if self.client => InputKind::ClientFrame,
            "GET" => InputKind::Handshake,
            _ => InputKind::Webhook,
        };
        let received_at = Timestamp::from_millis(1_772_355_600_000).expect("in range");
        let (account, headers) = ("", headers.as_slice());
        let (method, path, query) = (method.as_str(), path.as_str(), query.as_str());
        self.plugin.translate(&Input { kind, received_at, account, method, path, query, headers, body })
    }
}

fn cases(channel: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("channels").join(channel);
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

fn translated(loaded: &Loaded, case: &Path) -> Value {
    let request = read(&case.join("request.json")).unwrap_or_default();
    let body = fs::read(case.join("body.json")).unwrap_or_default();
    match loaded.translate(&request, &body, None) {
        Err(error) => json!({ "refused": error.to_string() }),
        Ok(said) => {
            let events: Vec<Value> = said.events.iter().map(|event| bare(&json!(event))).collect();
            let mut json = Map::from_iter([("events".to_owned(), events.into())]);
            if let Some(reply) = said.reply {
                let body = String::from_utf8(reply.body).expect("a reply of text");
                json.insert("reply".to_owned(), json!({ "status": reply.status, "body": body }));
            }
            Value::Object(json)
        }
    }
}

/// Without what was left out.
fn bare(event: &Value) -> Value {
    let fields = event.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

fn rendered(loaded: &Loaded, effect: &Value) -> Value {
    match loaded.plugin.render(effect) {
        Err(error) => json!({ "refused": error.to_string() }),
        Ok(Rendered::Suppress(why)) => json!({ "suppressed": why }),
        Ok(Rendered::Send(requests)) => json!({ "requests": requests.iter().map(shown).collect::<Vec<_>>() }),
    }
}

/// A request with its body as JSON, so that cases can be read.
fn shown(request: &Request) -> Value {
    let body: Value = serde_json::from_str(&request.body).expect("a body of JSON");
    let headers: Map<String, Value> =
        request.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({ "method": request.method, "url": request.url, "headers": headers, "json": body })
}

fn check(channel: &str, config: Value, sign: Sign) {
    let loaded = load(channel, config, sign).expect("the plugin is loaded");
    let (mut wrong, cases) = (Vec::new(), cases(channel));
    for case in &cases {
        let said = match read(&case.join("effect.json")) {
            Some(effect) => rendered(&loaded, &effect),
            None => translated(&loaded, case),
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

fn whatsapp_config() -> Value {
    let templates = json!({ "still-there": { "name": "are_you_there", "language": "de" } });
    json!({ "scheme": "meta-x-hub-signature-256", "phone_number_id": "77000111", "templates": templates })
}

#[test]
fn whatsapp() {
    check("whatsapp", whatsapp_config(), as_whatsapp);
}

#[test]
fn line() {
    check("line", json!({ "destination": "U0123456789abcdef0123456789abcdef" }), as_line);
}

#[test]
fn web() {
    check("web", json!({ "scheme": "miaw", "org_id": "00D000000000123" }), unsigned);
}

/// Every bit of body and signature counts; so does that there is a signature at all.
#[test]
fn one_changed_bit_is_refused() {
    let whatsapp = (load("whatsapp", whatsapp_config(), as_whatsapp), r#"{"object":"whatsapp_business_account","entry":[]}"#);
    let line = (load("line", json!({}), as_line), r#"{"destination":"U1","events":[]}"#);
    for (loaded, body) in [whatsapp, line] {
        let (loaded, body) = (loaded.expect("the plugin is loaded"), body.as_bytes());
        let signature = (loaded.sign)(body).expect("a signed channel").1.into_bytes();
        let verdict = |body: &[u8], signature: &[u8]| loaded.translate(&Value::Null, body, Some(signature));
        assert_eq!(verdict(body, &signature), Ok(Translated::default()));
        assert_eq!(verdict(body, b""), Err(CallError::BadSignature));
        for bit in 0..body.len() * 8 {
            let mut body = body.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(verdict(&body, &signature), Err(CallError::BadSignature), "bit {bit} of the body");
        }
        for index in 0..signature.len() {
            let mut signature = signature.clone();
            signature[index] ^= 1;
            assert_eq!(verdict(body, &signature), Err(CallError::BadSignature), "byte {index} of the signature");
        }
    }
}

#[test]
fn a_key_of_the_config_that_nobody_knows_is_refused() {
    for (channel, sign) in [("whatsapp", as_whatsapp as Sign), ("line", as_line), ("web", unsigned)] {
        let refused = load(channel, json!({ "shceme": "x" }), sign).err().unwrap_or_default();
        assert!(refused.contains("`shceme`"), "{channel}: {refused}");
    }
}
