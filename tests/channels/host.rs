//! The shared objects, loaded as the daemon loads them, each by the cases under `tests/channels/<channel>`, which `cases.rs`
//! describes; and the signatures, bit by bit.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use wane_core::time::Timestamp;
use wane_plugin_host::call::{CallError, Input, InputKind, Rendered, Request, Translated};
use wane_plugin_host::{Channel, ChannelSettings, Host, Secret, Settings};
use wane_tests::plugins;

use crate::case::{self, Case};

const KEY: &str = "a key of nobody";
/// Signs the token of `apple/headers.json`.
const APPLE_KEY: &str = "YSBrZXkgb2Ygbm9ib2R5";
const WHATSAPP: &str = "x-hub-signature-256";
const LINE: &str = "x-line-signature";

/// A channel's plugin in the host.
struct Loaded {
    channel: Arc<Channel>,
    name: &'static str,
    _place: tempfile::TempDir,
}

/// A header.
type Header = (&'static str, Vec<u8>);

fn load(name: &'static str, config: Value) -> Result<Loaded, String> {
    let place = tempfile::tempdir().expect("a directory");
    plugins::put(&place.path().join("plugins"));
    let mut settings = Settings::new(vec![place.path().join("plugins")], place.path().join("store"));
    // A machine that is busy with other tests is no reason for a fault here.
    settings.budget.hard = Duration::from_secs(5);
    let secrets: &[(&str, &str)] = match name {
        "whatsapp" | "messenger" => &[("app_secret", KEY), ("verify_token", "knock twice & wait"), ("token", "t")],
        "line" => &[("channel_secret", KEY), ("token", "t")],
        "in-app" => &[("push_token", "t")],
        "byoc" => &[("access_token", "Ours7 theirs"), ("events_token", "t")],
        "apple" => &[("msp_secret_base64", APPLE_KEY)],
        "sms" => &[("token", "t")],
        _ => &[],
    };
    let secrets = secrets.iter().map(|(name, text)| ((*name).to_owned(), Secret::from(*text))).collect();
    let plugin = Some(format!("wane-channel-{name}"));
    settings
        .channels
        .insert(name.to_owned(), ChannelSettings { plugin, config, secrets, ..ChannelSettings::default() });
    let host = Host::load(&settings).map_err(|error| error.to_string())?;
    Ok(Loaded { channel: host.channel(name).expect("it was loaded"), name, _place: place })
}

impl Loaded {
    /// As its provider signs, where the host checks that; nobody signs for web chat, and requests by SMS bring theirs.
    fn signed(&self, body: &[u8]) -> Option<Header> {
        match self.name {
            "whatsapp" | "messenger" => Some((WHATSAPP, plugins::whatsapp_signature(KEY, body).into_bytes())),
            "line" => Some((LINE, plugins::line_signature(KEY, body).into_bytes())),
            _ => None,
        }
    }

    fn translate(&self, request: &Value, body: &[u8], signature: Option<&Header>) -> Result<Translated, CallError> {
        let own = case::headers(self.name, request);
        let own = own.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let headers: Vec<(&str, &[u8])> =
            own.chain(signature.iter().map(|header| (header.0, header.1.as_slice()))).collect();
        self.asked(request, body, &headers)
    }

    fn asked(&self, request: &Value, body: &[u8], headers: &[(&str, &[u8])]) -> Result<Translated, CallError> {
        let method = request["method"].as_str().unwrap_or("POST").to_owned();
        let (path, query) = case::address(request);
        let now = request["now_ms"].as_i64().unwrap_or(1_772_355_600_000);
        let kind = match method.as_str() {
            _ if matches!(self.name, "web" | "in-app") => InputKind::ClientFrame,
            "GET" => InputKind::Handshake,
            _ => InputKind::Webhook,
        };
        self.channel.translate(&Input {
            kind,
            received_at: Timestamp::from_millis(now).expect("in range"),
            account: "",
            method: &method,
            path: &path,
            query: &query,
            headers,
            body,
        })
    }

    fn translated(&self, case: &Case) -> Value {
        let body = case.body();
        match self.translate(&case.request, &body, self.signed(&body).as_ref()) {
            Err(error) => refused(&error),
            Ok(said) => {
                let events = said.events.iter().map(|event| bare(&json!(event))).collect();
                let reply = said.reply.map(|reply| (reply.status, reply.body));
                case::translated(said.refusal.map(|refusal| refusal.to_string()), events, reply)
            }
        }
    }

    fn rendered(&self, effect: &Value) -> Value {
        match self.channel.render(effect) {
            Err(error) => refused(&error),
            Ok(Rendered::Suppress(why)) => json!({ "suppressed": why }),
            Ok(Rendered::Send(requests)) => json!({ "requests": requests.iter().map(shown).collect::<Vec<_>>() }),
        }
    }
}

fn refused(error: &CallError) -> Value {
    json!({ "refused": error.to_string() })
}

/// Without what was left out.
fn bare(event: &Value) -> Value {
    let fields = event.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

fn shown(request: &Request) -> Value {
    case::shown(&request.method, &request.url, &request.headers, &request.body)
}

fn check(channel: &'static str, config: Value) {
    let usual = load(channel, config).expect("the plugin is loaded");
    case::every(channel, |case| {
        let own = case.read("config.json").map(|own| load(channel, own).expect("the plugin takes its config"));
        let loaded = own.as_ref().unwrap_or(&usual);
        match case.read("effect.json") {
            Some(effect) => loaded.rendered(&effect),
            None => loaded.translated(case),
        }
    });
}

fn whatsapp_config() -> Value {
    let templates = json!({ "still-there": { "name": "are_you_there", "language": "de" } });
    json!({ "scheme": "meta-x-hub-signature-256", "phone_number_id": "77000111", "templates": templates })
}

#[test]
fn whatsapp() {
    check("whatsapp", whatsapp_config());
}

#[test]
fn line() {
    check("line", json!({ "destination": "U0123456789abcdef0123456789abcdef" }));
}

#[test]
fn messenger() {
    check("messenger", json!({ "scheme": "meta-x-hub-signature-256", "page_id": "88000111", "app_id": "5150" }));
}

#[test]
fn sms() {
    check("sms", sms_config());
}

fn sms_config() -> Value {
    json!({ "scheme": "twilio", "auth_token": "a token of nobody", "account_sid": "AC00000000000000000000000000000001" })
}

#[test]
fn web() {
    check("web", json!({ "scheme": "miaw", "org_id": "00D000000000123" }));
}

#[test]
fn in_app() {
    check("in-app", json!({ "scheme": "miaw", "push_url": "https://push.example/send" }));
}

#[test]
fn byoc() {
    check("byoc", byoc_config());
}

fn byoc_config() -> Value {
    let accepted = json!([{ "token": "scopeless", "scope": ["api"] }]);
    let partner: Value = serde_json::from_str(include_str!("partner.json")).expect("JSON");
    json!({ "org_id": "00D000000000123", "authorization_context": "shop", "channel_address_identifier": "chan-1",
        "accepted_access_tokens": accepted, "events_url": "https://partner.example/events",
        "oauth_clients": [partner["client"]] })
}

#[test]
fn apple() {
    // The token of the cases is older than one may be, unless that is said.
    check("apple", json!({ "msp_id": "msp-1", "business_id": "biz-1", "token_age_s": 99_999_999 }));
}

/// Every bit of body and signature counts; so does that there is a signature at all, and one only.
#[test]
fn one_changed_bit_is_refused() {
    for (name, body) in [
        ("whatsapp", r#"{"object":"whatsapp_business_account","entry":[]}"#),
        ("messenger", r#"{"object":"page","entry":[]}"#),
        ("line", r#"{"destination":"U1","events":[]}"#),
    ] {
        let (loaded, body) = (load(name, json!({})).expect("the plugin is loaded"), body.as_bytes());
        let good = loaded.signed(body).expect("a signed channel");
        let verdict = |body: &[u8], signature: &[u8]| {
            loaded.translate(&Value::Null, body, Some(&(good.0, signature.to_vec()))).map(|said| said.events.len())
        };
        assert_eq!(verdict(body, &good.1), Ok(0));
        assert_eq!(loaded.translate(&Value::Null, body, None), Err(CallError::BadSignature), "{name}: none");
        assert_eq!(verdict(body, b""), Err(CallError::BadSignature), "{name}: an empty one");
        for bit in 0..body.len() * 8 {
            let changed = flipped(body, bit);
            assert_eq!(verdict(&changed, &good.1), Err(CallError::BadSignature), "{name}: bit {bit} of the body");
        }
        for bit in 0..good.1.len() * 8 {
            let changed = flipped(&good.1, bit);
            // Meta's hexadecimal digits mean the same in both cases, so there that bit makes no difference.
            if name == "line" || !changed.eq_ignore_ascii_case(&good.1) {
                let verdict = verdict(body, &changed);
                assert_eq!(verdict, Err(CallError::BadSignature), "{name}: bit {bit} of the signature");
            }
        }
    }
}

/// A signature stands there once, in its own encoding, whole, and behind its own prefix.
#[test]
fn a_signature_in_another_form_is_refused() {
    for (name, body) in [
        ("whatsapp", r#"{"object":"whatsapp_business_account","entry":[]}"#),
        ("messenger", r#"{"object":"page","entry":[]}"#),
        ("line", r#"{"destination":"U1","events":[]}"#),
    ] {
        let loaded = load(name, json!({})).expect("the plugin is loaded");
        let (header, good) = loaded.signed(body.as_bytes()).expect("a signed channel");
        let good = String::from_utf8(good).expect("text");
        let other = if name == "line" { plugins::whatsapp_signature } else { plugins::line_signature };
        let digest = other(KEY, body.as_bytes());
        let (upper, lower) = (good.to_ascii_uppercase(), good.to_ascii_lowercase());
        let mut wrong = vec![
            digest.clone(),
            format!("sha256={digest}"),
            upper,
            format!(" {good}"),
            format!("{good}="),
            format!("{good}{good}"),
        ];
        wrong.extend((0..good.len()).map(|at| good[..at].to_owned()));
        wrong.extend(good.strip_prefix("sha256=").map(str::to_owned));
        wrong.extend(good.strip_prefix("sha256=").map(|digest| format!("sha1={digest}")));
        wrong.extend((name == "line").then_some(lower));
        let asked = |headers: &[&str]| {
            let headers: Vec<(&str, &[u8])> = headers.iter().map(|value| (header, value.as_bytes())).collect();
            loaded.asked(&Value::Null, body.as_bytes(), &headers).map(|said| said.events.len())
        };
        assert_eq!(asked(&[&good]), Ok(0), "{name}");
        for wrong in &wrong {
            assert_eq!(asked(&[wrong]), Err(CallError::BadSignature), "{name}: {wrong}");
        }
        for several in [[&good, &good], [&good, &wrong[0]], [&wrong[0], &good]] {
            assert_eq!(asked(&several.map(String::as_str)), Err(CallError::BadSignature), "{name}: {several:?}");
        }
    }
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

#[test]
fn a_key_of_the_config_that_nobody_knows_is_refused() {
    for channel in ["whatsapp", "messenger", "sms", "line", "web", "in-app", "byoc", "apple"] {
        let refused = load(channel, json!({ "shceme": "x" })).err().unwrap_or_default();
        assert!(refused.contains("`shceme`"), "{channel}: {refused}");
    }
}
