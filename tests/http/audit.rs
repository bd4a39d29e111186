//! The audit: who did what, without what is secret.

use serde_json::Value;

use crate::daemon::Daemon;

#[test]
fn what_is_done_to_endpoints_is_told_without_a_secret() {
    let daemon = Daemon::manual();
    let body = r#"{"url":"https://example.com/hooks/T0P5ECRET","types":["session.*","x.own"]}"#;
    let made = daemon.post("/v1/endpoints", "admin", body);
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/v1/endpoints/{}", made.json["id"].as_str().expect("an id"));
    assert_eq!(daemon.post(&format!("{path}/secret"), "admin", "").status, 201);
    assert_eq!(daemon.post(&format!("{path}/retry-dead"), "admin", "").status, 202);
    let fields = format!("{}Content-Type: application/json\r\n", daemon.bearer("admin"));
    assert_eq!(daemon.ask("PATCH", &path, &fields, br#"{"enabled":false}"#).status, 200);
    assert_eq!(daemon.ask("DELETE", &path, &daemon.bearer("admin"), b"").status, 204);
    let audit = daemon.get("/v1/audit", "admin");
    let entries = audit.json["entries"].as_array().expect("a list");
    let told: Vec<&Value> = entries.iter().map(|entry| &entry["what"]).collect();
    let deeds = ["endpoint.create", "endpoint.secret", "delivery.retry", "endpoint.change", "endpoint.remove"];
    assert_eq!(told, deeds, "{}", audit.text);
    for entry in entries {
        assert_eq!((&entry["endpoint"], &entry["who"]), (&made.json["id"], &"dev admin".into()), "{entry}");
        assert!(entry["at"].is_string(), "{entry}");
    }
    assert!(!audit.text.contains("T0P5ECRET") && !audit.text.contains("whsec_"), "{}", audit.text);
}
