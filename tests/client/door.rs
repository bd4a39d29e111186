//! Browsers, switches and limits.

use serde_json::{Value, json};

use crate::daemon::{API, Daemon};

const ORIGINS: &str = "origins = [\"https://shop.example\"]";

fn preflight(daemon: &Daemon, path: &str, origin: &str) -> crate::daemon::Answer {
    let asks = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n";
    daemon.ask("OPTIONS", path, &format!("Origin: {origin}\r\n{asks}"), "")
}

#[test]
fn pages_of_listed_origins_may_use_it() {
    let daemon = Daemon::manual(ORIGINS);
    let token = format!("{API}/authorization/unauthenticated/access-token");
    for path in [&*token, "/eventrouter/v1/sse", &format!("{API}/conversation")] {
        let yes = preflight(&daemon, path, "https://shop.example");
        assert_eq!((yes.status, yes.field("access-control-allow-origin")), (204, Some("https://shop.example")));
        let headers = yes.field("access-control-allow-headers").expect("some").to_ascii_lowercase();
        for name in ["authorization", "content-type", "last-event-id", "x-org-id"] {
            assert!(headers.contains(name), "{headers}");
        }
        assert!(yes.field("access-control-allow-methods").is_some_and(|methods| methods.contains("DELETE")));
        for origin in ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"] {
            assert_eq!(preflight(&daemon, path, origin).field("access-control-allow-origin"), None, "{origin}");
        }
    }
    let body = json!({ "orgId": "o", "esDeveloperName": "Chat" }).to_string();
    let answer = daemon.ask("POST", &token, "Origin: https://shop.example\r\n", &body);
    assert_eq!((answer.status, answer.field("access-control-allow-origin")), (200, Some("https://shop.example")));
    assert_eq!(answer.field("vary"), Some("Origin"));
    let refused = daemon.ask("GET", &format!("{API}/conversation/list"), "Origin: https://shop.example\r\n", "");
    let told = refused.field("access-control-allow-origin");
    assert_eq!((refused.status, told), (401, Some("https://shop.example")), "the page may read why");
    let elsewhere = daemon.ask("GET", "/v1/sessions", "Origin: https://shop.example\r\n", "");
    assert_eq!(elsewhere.field("access-control-allow-origin"), None);
}

#[test]
fn it_can_be_switched_off() {
    let daemon = Daemon::manual("enabled = false");
    assert_eq!(daemon.token("unauthenticated", &Value::Null).status, 404);
    assert_eq!(daemon.ask("GET", "/eventrouter/v1/sse", "", "").status, 404);
    assert_eq!(daemon.ask("GET", "/healthz", "", "").status, 200);
}

#[test]
fn an_address_gets_only_so_many_tokens() {
    // One a second: the third within this test's first second is too many, and the clock is the machine's.
    let daemon = Daemon::start("system", "tokens = { rate = 1, burst = 2 }", &[]);
    let answers: Vec<_> = (0..40).map(|_| daemon.token("unauthenticated", &Value::Null)).collect();
    assert_eq!((answers[0].status, answers[1].status), (200, 200));
    let refused = answers.iter().find(|answer| answer.status == 429).expect("one of forty");
    assert!(refused.field("retry-after").is_some(), "{refused:?}");
}

#[test]
fn a_channel_with_clients_has_no_webhook_and_says_where_they_come() {
    let daemon = Daemon::start("manual", "[channels.in-app]\nplugin = \"wane_channel_in_app\"", &[]);
    for channel in ["web", "in-app"] {
        for (method, below) in [("POST", ""), ("GET", ""), ("PUT", "/more")] {
            let refused = daemon.ask(method, &format!("/v1/channels/{channel}/webhook{below}"), "", "{}");
            assert_eq!(
                (refused.status, refused.problem()),
                (404, "not-found"),
                "{method} {channel}{below}: {refused:?}"
            );
            assert!(refused.json["help"].as_str().is_some_and(|help| help.contains(API)), "{}", refused.text);
        }
    }
    assert_eq!(daemon.ask("POST", "/v1/channels/nobody/webhook", "", "{}").json["help"], Value::Null);
}
