//! Tokens: what each allows, endpoint by endpoint as the OpenAPI document has it, and `wane token`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use wane_tests::binary::{stderr, stdout};

use crate::daemon::{Daemon, until};

const SCOPES: [&str; 6] = ["events:write", "sessions:read", "effects:read", "rules:read", "rules:write", "admin"];

/// Method, path with its variables filled in, scope, and the statuses that are described.
fn operations(document: &Value) -> Vec<(String, String, Option<String>, Vec<u16>)> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let real = path.replace("{version}", "1").replace("{channel}", "web").replace(['{', '}'], "");
        for (method, operation) in methods.as_object().expect("methods") {
            let statuses = operation["responses"].as_object().expect("responses").keys();
            let statuses = statuses.filter_map(|status| status.parse().ok()).collect();
            let scope = operation["x-scope"].as_str().map(str::to_owned);
            found.push((method.to_uppercase(), real.clone(), scope, statuses));
        }
    }
    found
}

#[test]
fn each_endpoint_takes_its_scope_and_no_other() {
    let daemon = Daemon::manual();
    let document = daemon.get("/openapi.json", "").json;
    let operations = operations(&document);
    assert!(operations.iter().filter(|(_, _, scope, _)| scope.is_some()).count() > 20);
    let body = |method: &str| if method == "GET" || method == "DELETE" { "" } else { "{}" };
    for (method, path, needed, statuses) in &operations {
        let Some(needed) = needed else { continue };
        for scope in SCOPES {
            let fields = format!("{}Content-Type: application/json\r\n", daemon.bearer(scope));
            let answer = daemon.ask(method, path, &fields, body(method).as_bytes());
            // Who may put rules in force may look at them.
            if scope == needed || (scope, needed.as_str()) == ("rules:write", "rules:read") {
                assert!(statuses.contains(&answer.status), "{method} {path}: {} is not described", answer.status);
                assert!(![401, 403].contains(&answer.status), "{method} {path} {scope}: {}", answer.text);
            } else {
                assert_eq!((answer.status, answer.problem()), (403, "forbidden"), "{method} {path} {scope}");
            }
        }
        let nobody = daemon.ask(method, path, "Content-Type: application/json\r\n", body(method).as_bytes());
        assert_eq!((nobody.status, nobody.problem()), (401, "unauthorized"), "{method} {path}");
    }
}

#[test]
fn a_token_is_made_listed_and_revoked_while_the_daemon_runs() {
    let daemon = Daemon::manual();
    let made = daemon.wane(&[
        "token",
        "new",
        "sessions:read,effects:read",
        "events:write",
        "--name",
        "shop",
        "--data",
        "data",
    ]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let secret = stdout(&made);
    let secret = secret.strip_suffix('\n').expect("a line");
    assert!(secret.starts_with("wane_") && !secret.contains(char::is_whitespace), "{secret}");
    assert!(!stderr(&made).contains(secret) && stderr(&made).contains("events:write,sessions:read,effects:read"));
    let file = daemon.path().join("data/tokens.json");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(&file).expect("readable").contains(secret));

    let asks = || daemon.ask("GET", "/v1/sessions", &format!("Authorization: Bearer {secret}\r\n"), b"").status;
    until("the new token counts", || asks() == 200);
    let list = stdout(&daemon.wane(&["token", "list", "--data", "data"]));
    let line = list.lines().find(|line| line.ends_with("  shop")).expect("in the list");
    assert!(line.contains("events:write,sessions:read,effects:read") && !list.contains(secret), "{list}");
    assert_eq!(list.lines().count(), 7, "{list}");
    let id = line.split_whitespace().next().expect("an id");
    let gone = daemon.wane(&["token", "revoke", id, "--data", "data"]);
    assert_eq!(gone.status.code(), Some(0), "{}", stderr(&gone));
    until("the revoked token counts no longer", || asks() == 401);
    assert!(!daemon.log().contains(secret));
}

#[test]
fn what_can_not_be_is_said_and_changes_nothing() {
    let daemon = Daemon::manual();
    let before = fs::read(daemon.path().join("data/tokens.json")).expect("readable");
    let long = "x".repeat(200);
    for (arguments, words) in [
        (&["token", "new", "--data", "data"][..], "SCOPE"),
        (&["token", "new", "event:write", "--data", "data"], "did you mean `events:write`?"),
        (&["token", "new", "events:write,all", "--data", "data"], "there are events:write, sessions:read"),
        (&["token", "new", "admin", "--name", "a\nb", "--data", "data"], "control character"),
        (&["token", "new", "admin", "--name", &long, "--data", "data"], "at most 100"),
        (&["token", "revoke", "t000000000000", "--data", "data"], "there is no token `t000000000000`"),
        (&["token", "revoke", "t0", "--data", "nowhere"], "can not read `nowhere`"),
        (&["token", "list", "--data", "nowhere"], "can not read `nowhere`"),
    ] {
        let output = daemon.wane(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
    assert!(!daemon.path().join("nowhere").exists());
    assert_eq!(fs::read(daemon.path().join("data/tokens.json")).expect("readable"), before);
}
