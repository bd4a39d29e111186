//! Those whose requests are not signed, over the real daemon: Apple's gateway with its token and packed bodies, and a partner
//! with paths and methods of its own, who is posted what becomes of sessions.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use wane_tests::daemon::{Answer, Daemon, ask};
use wane_tests::plugins;
use wane_tests::receiver::Receiver;

const RULES: &str = "timers.quiet = { restart_on = ['message:customer'], on_lapse = ['end-session'] }
rules = [{ id = 'quiet', timer = 'quiet', after = '15m' }]";
const NOW: &str = "2100-01-01T00:00:00Z";
const NOW_S: i64 = 4_102_444_800;
/// A partner that signs, and an assertion of it.
const SIGNING: &str = include_str!("partner.json");
const API: &str = "/v1/channels/byoc/webhook/api/v1";

fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("private");
}

/// A daemon with both channels; events for the partner go to that port.
fn daemon(place: &Path, port: u16) -> Daemon {
    plugins::put(&place.join("plugins"));
    fs::create_dir(place.join("rules")).expect("a directory");
    fs::write(place.join("rules/rules.toml"), RULES).expect("written");
    // Base64 of `a key of nobody`.
    secret(&place.join("apple"), "YSBrZXkgb2Ygbm9ib2R5");
    secret(&place.join("partner"), "Ours7");
    let here = place.display();
    let signing = signing();
    let (client, jwk) = (&signing["client"], &signing["client"]["jwk"]);
    let client = format!(
        "{{ consumer_key = {}, username = {}, audience = {}, jwk = {{ kty = \"RSA\", e = \"AQAB\", n = {} }} }}",
        client["consumer_key"], client["username"], client["audience"], jwk["n"]
    );
    let config = format!(
        "plugins = \"{here}/plugins\"
        [delivery]
        allow = [\"127.0.0.0/8\"]
        [channels.apple]
        plugin = \"wane-channel-apple\"
        config = {{ msp_id = \"msp-1\", business_id = \"biz-1\" }}
        secrets = {{ msp_secret_base64 = \"file:{here}/apple\" }}
        [channels.byoc]
        plugin = \"wane-channel-byoc\"
        config = {{ channel_address_identifier = \"chan-1\", events_url = \"http://127.0.0.1:{port}/events\", oauth_clients = [{client}] }}
        secrets = {{ access_token = \"file:{here}/partner\", events_token = \"file:{here}/partner\" }}"
    );
    let file = place.join("wane.toml");
    fs::write(&file, config).expect("written");
    let (file, rules) = (file.display().to_string(), place.join("rules").display().to_string());
    let daemon = Daemon::start(&place.join("data"), &["--config", &file, "--rules", &rules, "--clock", "manual"]);
    assert_eq!(daemon.post("admin", "/v1/clock", &json!({ "now": NOW })).status, 200);
    daemon
}

fn signing() -> Value {
    serde_json::from_str(SIGNING).expect("JSON")
}

fn status(daemon: &Daemon, conversation: &str) -> String {
    let list = daemon.get("sessions:read", "/v1/sessions").json;
    let mut sessions = list["sessions"].as_array().expect("a list").iter();
    let found = sessions.find(|session| session["conversation"] == conversation);
    found.map(|session| session["status"].to_string()).unwrap_or_default()
}

fn apple(daemon: &Daemon, audience: &str, encoding: &str, body: &[u8]) -> Answer {
    let coded = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = coded(json!({ "aud": [audience], "iat": NOW_S }));
    let signed = format!("{}.{claims}", coded(json!({ "alg": "HS256", "typ": "JWT" })));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a key of nobody").expect("any length");
    mac.update(signed.as_bytes());
    let token = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    let fields = format!("Authorization: Bearer {signed}.{token}\r\nContent-Type: application/json\r\n{encoding}");
    ask(&daemon.address, "POST", "/v1/channels/apple/webhook/message", &fields, body)
}

fn partner(daemon: &Daemon, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    let fields = format!(
        "Authorization: Bearer {token}\r\nOrgId: 00D000000000123\r\nAuthorizationContext: shop\r\nRequestId: r-1\r\n\
         Content-Type: application/json\r\n"
    );
    ask(&daemon.address, method, &format!("{API}/{path}"), &fields, body.to_string().as_bytes())
}

fn interaction(id: &str) -> Value {
    let message = json!({ "messageType": "StaticContentMessage", "id": id,
        "staticContent": { "formatType": "Text", "text": "is anybody there?" } });
    let payload = json!({ "id": id, "entryType": "Message", "abstractMessage": message });
    let one = json!({ "timestamp": NOW_S * 1_000, "interactionType": "EntryInteraction", "payload": payload });
    json!({ "to": "chan-1", "from": "cust-7", "interactions": [one] })
}

fn packed(body: &Value) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body.to_string().as_bytes()).expect("in memory");
    encoder.finish().expect("in memory")
}

#[test]
fn apples_packed_messages_count_and_forged_tokens_are_403() {
    let place = tempfile::tempdir().expect("a directory");
    let daemon = daemon(place.path(), 1);
    let message = |id: &str, kind: &str| json!({ "v": 1, "id": id, "type": kind, "sourceId": "urn:mbid:A", "destinationId": "biz-1", "body": "hello" });
    let gzip = "Content-Encoding: gzip\r\n";
    let conversation = "apple:biz-1:urn:mbid:A";
    let text = packed(&message("m1", "text"));
    let forged = apple(&daemon, "msp-2", gzip, &text);
    assert_eq!((forged.status, &*forged.text, status(&daemon, conversation)), (403, "", String::new()));
    assert_eq!(apple(&daemon, "msp-1", gzip, &text[..text.len() - 1]).status, 400, "cut off");
    assert_eq!(status(&daemon, conversation), "");
    for _ in 0..2 {
        assert_eq!(apple(&daemon, "msp-1", gzip, &text).status, 200);
        assert_eq!(status(&daemon, conversation), "\"waiting\"");
    }
    let close = message("m2", "close").to_string();
    assert_eq!(apple(&daemon, "msp-1", "", close.as_bytes()).status, 200);
    assert_eq!(status(&daemon, conversation), "\"ended\"");
    let elsewhere =
        ask(&daemon.address, "POST", "/v1/events", &format!("{gzip}Content-Type: application/json\r\n"), &text);
    assert_eq!(elsewhere.status, 415, "only providers may pack");
}

#[test]
fn a_partner_is_answered_in_the_services_words_and_told_of_its_sessions() {
    let place = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::start();
    let daemon = daemon(place.path(), receiver.port);
    let conversation = "byoc:chan-1:cust-7";
    let refused = partner(&daemon, "POST", "interactions", "Theirs", &interaction("m-1"));
    assert_eq!((refused.status, &refused.json["code"]), (401, &json!(10_004)));
    assert_eq!(status(&daemon, conversation), "");
    let mut names = Vec::new();
    for _ in 0..2 {
        let taken = partner(&daemon, "POST", "interactions", "Ours7", &interaction("m-1"));
        assert_eq!((taken.status, &taken.json["success"]), (202, &json!(true)));
        names.push(taken.json["conversationIdentifier"].clone());
    }
    assert_eq!(names[0], names[1]);
    let (head, event) = receiver.next();
    assert!(head.starts_with("post /events ") && head.contains("authorization: bearer ours7"), "{head}");
    let told =
        |event: &Value| event.pointer("/payload/payload/entryPayload/sessionStatus").cloned().unwrap_or_default();
    assert_eq!((told(&event), &event["payload"]["conversationIdentifier"]), (json!("Waiting"), &names[0]));
    assert_eq!(event.pointer("/payload/payload/entryPayload/sessionStartTime"), Some(&json!(NOW_S * 1_000)));

    let consent =
        json!({ "endUserClientId": "cust-7", "channelAddressIdentifier": "chan-1", "consentStatus": "OptedOut" });
    assert_eq!(partner(&daemon, "POST", "consent", "Ours7", &consent).json["code"], 10_089, "it is a `PATCH`");
    assert_eq!(partner(&daemon, "PATCH", "consent", "Ours7", &consent).status, 200);
    assert_eq!(status(&daemon, conversation), "\"ended\"");
    assert_eq!(told(&receiver.next().1), "Ended");
    assert_eq!(partner(&daemon, "DELETE", "route", "Ours7", &json!({})).status, 400);
}

#[test]
fn a_partner_that_signs_is_granted_a_token_for_two_hours() {
    let place = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::start();
    let daemon = daemon(place.path(), receiver.port);
    let granted = |assertion: &str| {
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        let body = format!("grant_type={grant}&assertion={assertion}");
        let fields = "Content-Type: application/x-www-form-urlencoded\r\n";
        ask(&daemon.address, "POST", "/v1/channels/byoc/webhook/services/oauth2/token", fields, body.as_bytes())
    };
    let signing = signing();
    let assertion = signing["assertion"].as_str().expect("a text");
    let refused = granted(&assertion[1..]);
    assert_eq!((refused.status, &refused.json["error"]), (400, &json!("invalid_grant")));
    let answer = granted(assertion);
    assert_eq!((answer.status, &answer.json["expires_in"]), (200, &json!(7_200)), "{}", answer.text);
    let token = answer.json["access_token"].as_str().expect("a token");
    assert_eq!(partner(&daemon, "POST", "interactions", token, &interaction("m-1")).status, 202);
    assert_eq!(status(&daemon, "byoc:chan-1:cust-7"), "\"waiting\"");
    assert_eq!(daemon.post("admin", "/v1/clock", &json!({ "now": "2100-01-01T02:00:00Z" })).status, 200);
    assert_eq!(partner(&daemon, "POST", "interactions", token, &interaction("m-2")).json["code"], 10_004);
}
