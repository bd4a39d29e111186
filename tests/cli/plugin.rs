//! `wane plugin`: what the channels' plugins say of themselves, and what they make of requests and effects by hand.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use wane_tests::binary::{stdout, wane};
use wane_tests::plugins::{self, line_signature, whatsapp_signature};

use super::*;

/// The plugins, in a place that only we can change.
struct Plugins(tempfile::TempDir);

impl Plugins {
    #[expect(clippy::expect_used, reason = "a test that has no place fails")]
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        plugins::put(&place.path().join("plugins"));
        Self(place)
    }

    fn file(&self, channel: &str) -> String {
        self.0.path().join(format!("plugins/libwane_channel_{channel}.so")).display().to_string()
    }

    fn call(&self, command: &str, channel: &str, dir: &Path) -> Output {
        wane(dir, &["plugin", command, &self.file(channel), "."])
    }
}

/// One object on one line, with that exit status.
fn object(output: &Output, status: i32) -> Value {
    expect(output, status, &[], &[]);
    let said = stdout(output);
    assert_eq!(said.lines().count(), 1, "{said}");
    serde_json::from_str(&said).unwrap_or_default()
}

const AT: i64 = 1_700_000_000_000;

fn asked(method: &str, url: &str) -> String {
    json!({ "method": method, "url": url, "now_ms": AT + 900 }).to_string()
}

fn on_whatsapp() -> String {
    let message = json!({ "from": "4915112345678", "id": "wamid.T1", "timestamp": "1700000000", "type": "text",
        "text": { "body": "Grüße" } });
    let value = json!({ "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "4930901820", "phone_number_id": "77000111" },
        "contacts": [{ "wa_id": "4915112345678", "profile": { "name": "N" } }], "messages": [message] });
    let changes = json!([{ "field": "messages", "value": value }]);
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "5", "changes": changes }] }).to_string()
}

/// All that the operator configures, secrets too, in one object.
const WHATSAPP: &str = r#"{"scheme":"meta-x-hub-signature-256","app_secret":"k","verify_token":"v w","waba_id":"5"}"#;

fn whatsapp(test: &str, body: &str, signature: &str) -> PathBuf {
    let headers = format!("Content-Type: application/json\r\nX-Hub-Signature-256:  {signature}\r\n\r\n");
    let request = asked("POST", "https://hooks.example/wa?a=b");
    let files =
        [("request.json", &*request), ("headers.txt", &*headers), ("body.bin", body), ("secret.json", WHATSAPP)];
    directory(test, &files)
}

#[test]
fn inspect_shows_the_manifest_and_who_could_change_the_file() {
    let plugins = Plugins::new();
    for (channel, words) in [
        ("whatsapp", ["wane-channel-whatsapp ", "x-hub-signature-256", "`app_secret`"]),
        ("line", ["wane-channel-line ", "x-line-signature", "`channel_secret`"]),
        ("web", ["wane-channel-web ", "es_developer_name", "\"token\":true"]),
    ] {
        let file = plugins.file(channel);
        let output = here(&["plugin", "inspect", &file]);
        expect(&output, 0, &words, &[]);
        let line = format!("channel   {channel}\n");
        expect(&output, 0, &[&line, "exports   wane_plugin_entry\n", "trusted   yes: "], &[]);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o757)).expect("changed");
        expect(&here(&["plugin", "inspect", &file]), 1, &[words[0], "trusted   no: ", "all users may write to"], &[]);
    }
}

#[test]
fn what_is_no_plugin_is_told() {
    let dir = directory("plugin-none", &[("text.so", "no object"), ("request.json", &asked("GET", "/"))]);
    for arguments in [&["plugin", "inspect", "text.so"][..], &["plugin", "translate", "text.so", "."]] {
        expect(&wane(&dir, arguments), 2, &[], &["no shared object", "docs/plugins.md"]);
    }
    expect(&wane(&dir, &["plugin", "inspect", "nowhere.so"]), 2, &[], &["`nowhere.so`"]);
    expect(&wane(&dir, &["plugin", "transalte", "text.so", "."]), 2, &[], &["translate"]);
}

#[test]
fn translate_says_what_a_signed_request_is() {
    let plugins = Plugins::new();
    let dir = whatsapp("plugin-signed", &on_whatsapp(), &whatsapp_signature("k", on_whatsapp().as_bytes()));
    let said = object(&plugins.call("translate", "whatsapp", &dir), 0);
    assert_eq!((&said["verify"], &said["status"], &said["reply"]), (&json!("accept"), &json!(200), &Value::Null));
    let event = &said["events"][0];
    assert_eq!(said["events"].as_array().map(Vec::len), Some(1), "{said}");
    for (field, value) in [
        ("type", json!("message")),
        ("role", json!("customer")),
        ("kind", json!("text")),
        ("id", json!("wamid.T1")),
        ("address", json!("4915112345678")),
        ("account", json!("77000111")),
        ("at_ms", json!(AT)),
        ("activity", json!(true)),
        ("text", json!("Grüße")),
    ] {
        assert_eq!(event[field], value, "{field} of {event}");
    }

    let body = r#"{"destination":"U0b","events":[]}"#;
    let headers = format!("x-line-signature: {}\n", line_signature("k", body.as_bytes()));
    let request = asked("POST", "/");
    let files = [("request.json", &*request), ("headers.txt", &*headers), ("body.bin", body)];
    let dir = directory("plugin-line", &[&files[..], &[("secret.json", r#"{"channel_secret":"k"}"#)]].concat());
    let said = object(&plugins.call("translate", "line", &dir), 0);
    assert_eq!(said, json!({ "verify": "accept", "status": 200, "reply": null, "events": [] }));
}

#[test]
fn translate_says_what_is_wrong_with_a_request() {
    let plugins = Plugins::new();
    let good = whatsapp_signature("k", on_whatsapp().as_bytes());
    for (test, body, signature, verify, status, error) in [
        (
            "changed",
            on_whatsapp().replace("Grüße", "Grüsse"),
            good.clone(),
            "reject",
            401,
            "the signature does not fit",
        ),
        ("unsigned", on_whatsapp(), String::new(), "reject", 401, "the signature does not fit"),
        ("malformed", "{".to_owned(), whatsapp_signature("k", b"{"), "accept", 400, "JSON that ends too early"),
    ] {
        let dir = whatsapp(&format!("plugin-{test}"), &body, &signature);
        let said = object(&plugins.call("translate", "whatsapp", &dir), 0);
        assert_eq!((&said["verify"], &said["status"]), (&json!(verify), &json!(status)), "{test}: {said}");
        assert_eq!((&said["events"], &said["reply"]), (&json!([]), &Value::Null), "{test}: {said}");
        assert!(said["error"].as_str().is_some_and(|words| words.contains(error)), "{test}: {said}");
    }
}

#[test]
fn translate_answers_handshakes_and_takes_frames_of_clients() {
    let plugins = Plugins::new();
    let url = |token: &str| format!("/wa?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=4711");
    for (token, verify, status, reply) in [("v+w", "accept", 200, json!("4711")), ("v", "reject", 401, Value::Null)] {
        let request = asked("GET", &url(token));
        let files = [("request.json", &*request), ("secret.json", WHATSAPP)];
        let said = object(&plugins.call("translate", "whatsapp", &directory("plugin-handshake", &files)), 0);
        assert_eq!((&said["verify"], &said["status"], &said["reply"]), (&json!(verify), &json!(status), &reply));
    }

    let url = "https://chat.example/iamessage/api/v2/authorization/unauthenticated/access-token";
    let body = r#"{"orgId":"00D000000000123","esDeveloperName":"Web","capabilitiesVersion":"1","platform":"Web"}"#;
    let config = r#"{"scheme":"miaw","org_id":"00D000000000123"}"#;
    for (kind, events) in [(None, 1), (Some("client-frame"), 1), (Some("webhook"), 0)] {
        let request = json!({ "method": "POST", "url": url, "now_ms": AT, "kind": kind }).to_string();
        let files = [("request.json", &*request), ("body.bin", body), ("secret.json", config)];
        let said = object(&plugins.call("translate", "web", &directory("plugin-frame", &files)), 0);
        let types: Vec<&Value> = said["events"].as_array().into_iter().flatten().map(|one| &one["type"]).collect();
        assert_eq!(types, vec![&json!("client.connected"); events], "{kind:?}: {said}");
    }
    let request = asked("GET", "https://chat.example/iamessage/api/v2/nowhere");
    let said =
        object(&plugins.call("translate", "web", &directory("plugin-nowhere", &[("request.json", &request)])), 0);
    assert_eq!((&said["status"], &said["events"]), (&json!(404), &json!([])), "{said}");
}

/// What the service answers to a client that asks for a token, as the tokens of `tests/client/rsa.json` name theirs.
#[test]
fn translate_answers_who_asks_for_a_token() {
    let plugins = Plugins::new();
    let made: Value = serde_json::from_str(include_str!("../client/rsa.json")).expect("JSON");
    let config = json!({ "scheme": "miaw", "org_id": "00D000000000123", "es_developer_name": "Web",
        "issuer": "https://id.example", "jwks": { "keys": made["keys"] }, "token_ttl_s": { "authenticated": 90 } });
    let (issued, over) = (4_102_444_800_000_i64, 4_102_445_400_000_i64);
    let ask = |kind: &str, now: i64, body: Value| {
        let url = format!("https://chat.example/iamessage/api/v2/authorization/{kind}/access-token");
        let request = json!({ "method": "POST", "url": url, "now_ms": now }).to_string();
        let (config, body) = (config.to_string(), body.to_string());
        let files = [("request.json", &*request), ("body.bin", &*body), ("secret.json", &*config)];
        object(&plugins.call("translate", "web", &directory("plugin-token", &files)), 0)
    };
    let guest = json!({ "orgId": "00D000000000123", "esDeveloperName": "Web" });
    let mut ann = guest.clone();
    ann["authorizationType"] = json!("JWT");
    ann["customerIdentityToken"] = made["RS256"].clone();

    let said = ask("unauthenticated", issued, guest.clone());
    assert_eq!(said["token"], json!({ "kind": "unauthenticated", "lifetime_s": 3600, "bound_sub": null }), "{said}");
    let said = ask("authenticated", over - 1, ann.clone());
    assert_eq!(said["token"], json!({ "kind": "authenticated", "lifetime_s": 90, "bound_sub": "ann" }), "{said}");
    let reply: Value = serde_json::from_str(said["reply"].as_str().unwrap_or_default()).expect("JSON");
    assert_eq!(reply["context"]["endUser"]["subject"], "user:ann");
    assert!(reply["accessToken"].is_string() && reply["lastEventId"].is_string(), "{reply}");
    assert_eq!((&said["verify"], &said["events"][0]["type"]), (&json!("accept"), &json!("client.connected")));

    let mut other = guest.clone();
    other["orgId"] = json!("00D000000000999");
    ann["platform"] = json!("Web");
    let mut unnamed = ann.clone();
    unnamed["customerIdentityToken"] = made["RS512"].clone();
    for (kind, now, body, status) in [
        ("authenticated", over, ann, 401),
        ("authenticated", issued, unnamed, 401),
        ("authenticated", issued, guest, 400),
        ("unauthenticated", issued, other, 400),
    ] {
        let said = ask(kind, now, body);
        assert_eq!((&said["verify"], &said["status"]), (&json!("reject"), &json!(status)), "{said}");
        assert_eq!((&said["events"], said.get("token")), (&json!([]), None), "{said}");
    }
}

#[test]
fn translate_keeps_apart_what_is_only_marked() {
    let plugins = Plugins::new();
    let source = json!({ "type": "user", "userId": "U1" });
    let event = |kind: &str, id: &str| json!({ "type": kind, "mode": "active", "timestamp": AT, "webhookEventId": id, "source": source });
    let body =
        json!({ "destination": "U0b", "events": [event("teleport", "E1"), event("unfollow", "E2")] }).to_string();
    let headers = format!("x-line-signature: {}\n", line_signature("k", body.as_bytes()));
    let request = asked("POST", "/");
    let files = [("request.json", &*request), ("headers.txt", &*headers), ("body.bin", &*body)];
    let dir = directory("plugin-marked", &[&files[..], &[("secret.json", r#"{"channel_secret":"k"}"#)]].concat());
    let said = object(&plugins.call("translate", "line", &dir), 0);
    assert_eq!((&said["events"][0]["id"], said["events"].as_array().map(Vec::len)), (&json!("E2"), Some(1)), "{said}");
    assert_eq!((&said["ignored"][0]["id"], &said["ignored"][0]["kind"]), (&json!("E1"), &json!("teleport")), "{said}");
}

#[test]
fn translate_needs_its_files_to_be_right() {
    let plugins = Plugins::new();
    let request = asked("POST", "/");
    let good = [("request.json", &*request), ("secret.json", WHATSAPP)];
    for (test, name, text, words) in [
        ("request", "request.json", r#"{"method":"POST"}"#, "`./request.json`: missing field `url`"),
        ("instant", "request.json", r#"{"method":"POST","url":"/","now_ms":-1}"#, "`now_ms` lies outside 1970 to 9999"),
        ("kind", "request.json", r#"{"method":"POST","url":"/","now_ms":1,"kind":"x"}"#, "unknown variant `x`"),
        ("headers", "headers.txt", "a: b\nno colon\n", "`./headers.txt` line 2: no `Name: value`"),
        ("key", "secret.json", r#"{"verify_token":"v"}"#, "`secret.json` lacks `app_secret`"),
        (
            "config",
            "secret.json",
            r#"{"app_secret":"k","wabaid":"5"}"#,
            "unknown key `wabaid`; did you mean `waba_id`?",
        ),
        ("secret", "secret.json", r#"{"app_secret":7}"#, "the secret `app_secret` must be a text"),
    ] {
        let files: Vec<(&str, &str)> = good.into_iter().filter(|file| file.0 != name).chain([(name, text)]).collect();
        let dir = directory(&format!("plugin-wrong-{test}"), &files);
        expect(&plugins.call("translate", "whatsapp", &dir), 2, &[], &[words]);
    }
    let dir = directory("plugin-wrong-empty", &[]);
    expect(&plugins.call("translate", "whatsapp", &dir), 2, &[], &["`./request.json`"]);
    expect(&plugins.call("render", "whatsapp", &dir), 2, &[], &["`./effect.json`"]);
}

fn effect(minutes: i64, config: &Value) -> String {
    let channel_state = json!({ "last_customer_message_ms": AT });
    json!({ "effect": "notice", "text": "Still {{secret:token}} there?", "to": "4915112345678", "config": config,
        "now_ms": AT + minutes * 60_000, "channel_state": channel_state })
    .to_string()
}

#[test]
fn render_shows_requests_with_their_secrets_as_placeholders() {
    let plugins = Plugins::new();
    let config = json!({ "phone_number_id": "77000111", "graph_version": "v23.0" });
    let dir = directory("plugin-render", &[("effect.json", &effect(5, &config))]);
    let said = object(&plugins.call("render", "whatsapp", &dir), 0);
    assert_eq!((&said["action"], &said["why"]), (&json!("send"), &Value::Null));
    let request = &said["requests"][0];
    assert_eq!(request["url"], "https://graph.facebook.com/v23.0/77000111/messages");
    assert!(request["headers"].to_string().contains("Bearer {{secret:token}}"), "{request}");
    let body = request["body"].as_str().unwrap_or_default();
    assert!(body.contains("there?") && !body.contains("{{secret:"), "words of an effect reach no secret: {body}");

    let dir = directory("plugin-render-late", &[("effect.json", &effect(24 * 60 + 1, &config))]);
    let said = object(&plugins.call("render", "whatsapp", &dir), 0);
    assert_eq!(said, json!({ "action": "suppress", "why": "customer_service_window_closed", "requests": [] }));
}

#[test]
fn render_tells_what_is_wrong_with_an_effect() {
    let plugins = Plugins::new();
    for (test, config, words) in [
        ("key", json!({ "phone_numbre_id": "1" }), "did you mean `phone_number_id`?"),
        ("value", json!({ "phone_number_id": "+49" }), "`/phone_number_id`"),
        ("form", json!("77000111"), "`config` is no object"),
    ] {
        let dir = directory(&format!("plugin-effect-{test}"), &[("effect.json", &effect(5, &config))]);
        expect(&plugins.call("render", "whatsapp", &dir), 2, &[], &[words]);
    }
}

#[test]
fn what_is_signed_is_verified_and_nothing_is_replaced() {
    let dir = directory("plugin-signing", &[("a.so", "some bytes"), ("b.so", "other bytes")]);
    expect(&wane(&dir, &["plugin", "keygen", "k"]), 0, &["k.pub", "[trust]\nkeys = [\"RW"], &[]);
    expect(&wane(&dir, &["plugin", "keygen", "k"]), 2, &[], &["`k.pub` is there already"]);
    expect(&wane(&dir, &["plugin", "keygen", "other"]), 0, &["other.pub"], &[]);
    expect(&wane(&dir, &["plugin", "verify", "a.so", "--key", "k.pub"]), 2, &[], &["a.so.minisig"]);
    let signed = wane(&dir, &["plugin", "sign", "a.so", "--key", "k", "--comment", "release 7"]);
    expect(&signed, 0, &["a.so.minisig: signed by the key ", ": release 7"], &[]);
    expect(&wane(&dir, &["plugin", "verify", "a.so", "--key", "k.pub"]), 0, &["a.so: signed: release 7"], &[]);
    let line = std::fs::read_to_string(dir.join("k.pub")).expect("there").lines().nth(1).expect("a line").to_owned();
    expect(&wane(&dir, &["plugin", "verify", "a.so", "--key", &line]), 0, &["release 7"], &[]);
    expect(&wane(&dir, &["plugin", "verify", "a.so", "--key", "other.pub"]), 1, &["none of the trusted keys"], &[]);
    std::fs::rename(dir.join("a.so.minisig"), dir.join("b.so.minisig")).expect("moved");
    expect(&wane(&dir, &["plugin", "verify", "b.so", "--key", "k.pub"]), 1, &["has signed these bytes"], &[]);
    expect(&wane(&dir, &["plugin", "sign", "a.so", "--key", "k.pub"]), 2, &[], &["others can read"]);
    std::fs::set_permissions(dir.join("k.pub"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changed");
    expect(&wane(&dir, &["plugin", "sign", "a.so", "--key", "k.pub"]), 2, &[], &["no secret key of minisign"]);
}
