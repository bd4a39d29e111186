//! Webhooks over the real daemon, with secrets from files: what is signed is applied, once; what is not changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wane_tests::daemon::{Answer, Daemon, ask};
use wane_tests::plugins;

const APP: &str = "the secret of an app";
const LINE: &str = "the secret of a line";
const SMS: &str = "the secret of a shared key";
const TEXT: &str = "nobody but the two of us reads this";

const RULES: &str = "timers.quiet = { restart_on = ['message:customer'], on_lapse = ['end-session'] }
rules = [{ id = 'quiet', timer = 'quiet', after = '15m' }]";

/// A daemon with both channels, and its directories.
struct Service {
    daemon: Daemon,
    place: tempfile::TempDir,
}

fn secret(path: &Path, text: &str) {
    fs::write(path, format!("{text}\n")).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("private");
}

fn configure(place: &Path) {
    plugins::put(&place.join("plugins"));
    fs::create_dir(place.join("rules")).expect("a directory");
    fs::write(place.join("rules/rules.toml"), RULES).expect("written");
    secret(&place.join("app"), APP);
    secret(&place.join("verify"), "knock twice & wait");
    secret(&place.join("line"), LINE);
    secret(&place.join("sms"), SMS);
    let here = place.display();
    let config = format!(
        "plugins = \"{here}/plugins\"
        [channels.whatsapp]
        plugin = \"wane-channel-whatsapp\"
        config = {{ phone_number_id = \"77000111\" }}
        secrets = {{ app_secret = \"file:{here}/app\", verify_token = \"file:{here}/verify\" }}
        [channels.line]
        plugin = \"wane-channel-line\"
        secrets = {{ channel_secret = \"file:{here}/line\" }}
        [channels.sms]
        plugin = \"wane-channel-sms\"
        url = \"https://hooks.example/sms\"
        secrets = {{ shared_key = \"file:{here}/sms\" }}"
    );
    fs::write(place.join("wane.toml"), config).expect("written");
}

impl Service {
    fn start() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        configure(place.path());
        Self { daemon: daemon(place.path()), place }
    }

    /// Killed without a warning, and started again.
    fn restart(mut self) -> Self {
        self.daemon.process.kill();
        Self { daemon: daemon(self.place.path()), place: self.place }
    }

    fn send(&self, channel: &str, signature: &str, body: &[u8]) -> Answer {
        let path = format!("/v1/channels/{channel}/webhook");
        let fields = format!("Content-Type: application/json\r\n{signature}\r\n");
        ask(&self.daemon.address, "POST", &path, &fields, body)
    }

    fn whatsapp(&self, body: &str) -> Answer {
        self.send("whatsapp", &signed("whatsapp", body.as_bytes()), body.as_bytes())
    }

    fn line(&self, body: &str) -> Answer {
        self.send("line", &signed("line", body.as_bytes()), body.as_bytes())
    }

    /// As Twilio sends and signs what it was told to send to that address.
    fn sms(&self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let signed: String = fields.iter().flat_map(|(name, value)| [*name, *value]).collect();
        let signature = plugins::line_signature(SMS, format!("{address}{signed}").as_bytes());
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", value.replace('+', "%2B"))).collect();
        let fields = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature}\r\n\
             X-Twilio-Webhooks-Signature-Settings: key=k,algorithm=HMAC_SHA256\r\n"
        );
        ask(&self.daemon.address, "POST", "/v1/channels/sms/webhook", &fields, body.join("&").as_bytes())
    }

    fn knock(&self, query: &str) -> Answer {
        let path = format!("/v1/channels/whatsapp/webhook?{query}");
        ask(&self.daemon.address, "GET", &path, "", b"")
    }

    /// The conversations with their status.
    fn sessions(&self) -> Vec<(String, String)> {
        let list = self.daemon.get("sessions:read", "/v1/sessions").json;
        let text = |session: &Value, name: &str| session[name].as_str().expect("a text").to_owned();
        let sessions = list["sessions"].as_array().expect("a list").iter();
        let mut sessions: Vec<_> =
            sessions.map(|session| (text(session, "conversation"), text(session, "status"))).collect();
        sessions.sort();
        sessions
    }

    /// The effects as `type channel at`.
    fn effects(&self) -> Vec<String> {
        let page = self.daemon.get("effects:read", "/v1/effects").json;
        let text = |effect: &Value, name: &str| effect[name].as_str().unwrap_or("-").to_owned();
        let effects = page["effects"].as_array().expect("a list").iter();
        effects.map(|one| format!("{} {} {}", text(one, "type"), text(one, "channel"), text(one, "at"))).collect()
    }
}

fn daemon(place: &Path) -> Daemon {
    let (config, rules) = (place.join("wane.toml"), place.join("rules"));
    let path = |path: &PathBuf| path.to_str().expect("UTF-8").to_owned();
    let (config, rules) = (path(&config), path(&rules));
    // By the machine's clock, conversations of 2023 would be forgotten as soon as they are found to be so old.
    let arguments = ["--config", &config, "--rules", &rules, "--clock", "manual"];
    Daemon::start(&place.join("data"), &arguments)
}

fn signed(channel: &str, body: &[u8]) -> String {
    match channel {
        "whatsapp" => format!("x-hub-signature-256: {}", plugins::whatsapp_signature(APP, body)),
        _ => format!("x-line-signature: {}", plugins::line_signature(LINE, body)),
    }
}

/// Late on a day in November 2023, so that the rule's quarter of an hour is long over.
fn on_whatsapp() -> String {
    let message = json!({ "from": "4915112345678", "id": "wamid.T1", "timestamp": "1700000000", "type": "text",
        "text": { "body": TEXT } });
    let value = json!({ "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "4930901820", "phone_number_id": "77000111" },
        "contacts": [{ "wa_id": "4915112345678", "profile": { "name": "N" } }], "messages": [message] });
    let changes = json!([{ "field": "messages", "value": value }]);
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "5", "changes": changes }] }).to_string()
}

fn on_line(redelivered: bool) -> String {
    let event = json!({ "type": "message", "mode": "active", "timestamp": 1_700_000_000_250_i64,
        "webhookEventId": "01KJZ0000000000000000000A1", "deliveryContext": { "isRedelivery": redelivered },
        "source": { "type": "user", "userId": "U7e" }, "replyToken": "r1",
        "message": { "id": "7", "type": "text", "text": TEXT, "quoteToken": "q" } });
    json!({ "destination": "U0b", "events": [event] }).to_string()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(left, right)| ((*left).to_owned(), (*right).to_owned())).collect()
}

/// Whether any file below the directory has these bytes in it.
fn holds(directory: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(directory).expect("readable").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, bytes);
        }
        fs::read(&path).expect("readable").windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn signed_webhooks_are_applied_once_even_after_a_crash() {
    let service = Service::start();
    let sessions = [("line:U0b:U7e", "ended"), ("whatsapp:77000111:4915112345678", "ended")];
    // The provider's instants count: the rule's quarter of an hour is over since then.
    let effects = [
        "session.opened whatsapp 2023-11-14T22:13:20.000Z",
        "session.ended whatsapp 2023-11-14T22:28:20.000Z",
        "session.opened line 2023-11-14T22:13:20.250Z",
        "session.ended line 2023-11-14T22:28:20.250Z",
    ];
    for _ in 0..2 {
        assert_eq!(service.whatsapp(&on_whatsapp()).status, 200);
        assert_eq!(service.line(&on_line(false)).status, 200);
        assert_eq!(service.sessions(), owned(&sessions));
        assert_eq!(service.effects(), effects);
    }
    let mut service = service.restart();
    assert_eq!(service.whatsapp(&on_whatsapp()).status, 200);
    assert_eq!(service.line(&on_line(true)).status, 200, "as LINE marks what it sends again");
    assert_eq!(service.effects(), effects);
    let history = service.daemon.get("sessions:read", "/v1/sessions/line:U0b:U7e/history").json;
    assert_eq!(history["records"].as_array().map(Vec::len), Some(1), "{history}");
    let (status, log) = (service.daemon.process.stop(), service.daemon.process.log());
    assert!(status.success(), "{log}");
    // Nobody moves files about any more.
    assert!(holds(&service.place.path().join("data/log"), b"wamid.T1"), "the event is in the log");
    assert!(!holds(&service.place.path().join("data"), TEXT.as_bytes()), "its text is nowhere");
    for private in [TEXT, APP, LINE, "4915112345678", "U7e", "r1\""] {
        assert!(!log.contains(private), "{private} is in the log: {log}");
    }
}

#[test]
fn what_is_not_signed_or_not_understood_stores_nothing() {
    let service = Service::start();
    for (channel, body) in [("whatsapp", on_whatsapp()), ("line", on_line(false))] {
        let (body, good) = (body.into_bytes(), signed(channel, on(channel).as_bytes()));
        for at in (0..body.len()).step_by(body.len() / 16) {
            let mut changed = body.clone();
            changed[at] ^= 1;
            let answer = service.send(channel, &good, &changed);
            assert_eq!((answer.status, &answer.json["type"]), (401, &json!("/problems/bad-signature")));
        }
        assert_eq!(service.send(channel, "x-none: 1", &body).status, 401);
        let other = signed(if channel == "line" { "whatsapp" } else { "line" }, &body);
        assert_eq!(service.send(channel, &other, &body).status, 401);
        for bad in ["", "{", "[]", r#"{"object":1,"destination":1,"entry":1,"events":1}"#] {
            let answer = service.send(channel, &signed(channel, bad.as_bytes()), bad.as_bytes());
            assert_eq!((answer.status, &answer.json["type"]), (400, &json!("/problems/bad-body")), "{bad}");
        }
    }
    let answer = service.send("telegraph", &signed("line", b"{}"), b"{}");
    assert_eq!((answer.status, &answer.json["type"]), (404, &json!("/problems/not-found")));
    assert_eq!((service.sessions(), service.effects()), (Vec::new(), Vec::new()));
    // And then it works.
    assert_eq!(service.whatsapp(&on_whatsapp()).status, 200);
    assert_eq!(service.sessions().len(), 1);
}

fn on(channel: &str) -> String {
    if channel == "whatsapp" { on_whatsapp() } else { on_line(false) }
}

#[test]
fn a_handshake_is_answered_with_its_challenge_for_the_right_token_only() {
    let service = Service::start();
    let asked = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    let answer = service.knock(&format!("{asked}knock+twice+%26+wait"));
    assert_eq!((answer.status, answer.text.as_str()), (200, "1158201444"));
    assert!(!answer.head.to_ascii_lowercase().contains("text/html"), "{}", answer.head);
    for wrong in ["", "knock+once", "knock+twice+%26+wai"] {
        let answer = service.knock(&format!("{asked}{wrong}"));
        assert_eq!(answer.status, 401, "{wrong}");
        assert!(!answer.text.contains("1158201444"), "{wrong}");
    }
    let other = service.knock("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=knock+twice+%26+wait");
    assert_eq!(other.status, 401);
    assert_eq!((service.sessions(), service.effects()), (Vec::new(), Vec::new()));
}

#[test]
fn the_address_that_a_provider_signs_is_the_configured_one() {
    let service = Service::start();
    let said = |text: &'static str, id: &'static str| {
        [("Body", text), ("From", "+49151"), ("MessageSid", id), ("To", "+4930")]
    };
    for other in ["https://hooks.example/mms", "http://hooks.example/sms", "https://127.0.0.1/v1/channels/sms/webhook"]
    {
        assert_eq!(service.sms(other, &said(TEXT, "SM1")).status, 401, "{other}");
    }
    assert_eq!(service.sessions(), Vec::new());
    let answer = service.sms("https://hooks.example/sms", &said(TEXT, "SM1"));
    assert_eq!((answer.status, answer.text.as_str()), (200, "<Response/>"));
    let open = service.sessions();
    assert!(matches!(open.as_slice(), [(name, status)] if name == "sms:+4930:+49151" && status != "ended"), "{open:?}");
    assert_eq!(service.sms("https://hooks.example:443/sms", &said("stop", "SM2")).status, 200);
    assert_eq!(service.sessions(), owned(&[("sms:+4930:+49151", "ended")]), "who opted out has no session");
}
