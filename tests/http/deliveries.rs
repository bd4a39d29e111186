//! A history tells what became of the effects on their way out.

use serde_json::{Value, json};
use wane_tests::receiver::Receiver;

use crate::daemon::{Daemon, until};

#[test]
fn a_history_has_the_fate_of_each_effect() {
    let receiver = Receiver::start();
    let config = "[rules]\nwatch = false\n[delivery]\nallow = [\"127.0.0.0/8\"]\n";
    let daemon = Daemon::start(&["--dev", "--clock", "manual"], config);
    let endpoint = |port: u16| {
        let url = format!("http://127.0.0.1:{port}/");
        let made = daemon.post("/v1/endpoints", "admin", &json!({ "url": url }).to_string());
        assert_eq!(made.status, 201, "{}", made.text);
        made.json["id"].clone()
    };
    let heard = endpoint(receiver.port);
    // A port that nobody listens at: it was free a moment ago, and there it is refused.
    let deaf =
        endpoint(std::net::TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port").port());
    let _ = daemon.message("e1", "c1");
    let _ = daemon.message("e1", "other");
    let marks = || {
        let history = daemon.get("/v1/sessions/c1/history", "sessions:read").json;
        history["records"][0]["deliveries"].as_array().cloned().unwrap_or_default()
    };
    until("both fates are told", || marks().len() == 2);
    let marks = marks();
    let of = |endpoint: &Value| marks.iter().find(|mark| mark["endpoint"] == *endpoint).expect("its fate");
    assert_eq!(of(&heard)["mark"], "delivered", "{marks:?}");
    assert_eq!((&of(&deaf)["mark"], &of(&deaf)["attempt"]), (&json!("failed"), &json!(1)), "{marks:?}");
    let record = &daemon.get("/v1/sessions/c1/history", "sessions:read").json["records"][0];
    assert!(
        marks.iter().all(|mark| mark["effect"]["record"] == record["address"]),
        "the other conversation's are not there"
    );
}
