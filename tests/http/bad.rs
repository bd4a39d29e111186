//! Requests that are wrong, as a table: each is one problem, changes nothing, and tells nothing.

use std::io::Write;

use serde_json::json;

use crate::daemon::{Answer, Daemon};

/// Stands in what must not be told: attributes of messages.
const MARKER: &str = "marker-7f3a91-nobody-may-see";

const ONE: &str = r#"{"id":"new","type":"message","role":"customer","conversation":"never","channel":"web"}"#;

/// What is expected: status and problem.
type Wanted = (u16, &'static str);

fn wanted(name: &str, answer: &Answer, (status, problem): Wanted) {
    assert_eq!((answer.status, answer.problem()), (status, problem), "{name}: {} {}", answer.head, answer.text);
    assert!(answer.head.to_ascii_lowercase().contains("content-type: application/problem+json"), "{name}");
    assert!(answer.json["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{name}: {}", answer.text);
    assert_eq!(answer.json["status"], status, "{name}");
    assert!(answer.text.len() < 4_096, "{name}: a long answer to a bad question: {}", answer.text.len());
}

/// Everything that a request could have changed.
fn state(daemon: &Daemon) -> (String, String, String) {
    let sessions = daemon.get("/v1/sessions?limit=1000", "sessions:read");
    let effects = daemon.get("/v1/effects?limit=1000", "effects:read");
    let versions = daemon.get("/v1/rules/versions", "rules:read");
    assert_eq!((sessions.status, effects.status, versions.status), (200, 200, 200));
    (sessions.text, effects.json["effects"].to_string(), versions.text)
}

/// Bodies of events that can not be.
fn events() -> Vec<(&'static str, Vec<u8>, Wanted)> {
    let with = |field: &str, value: serde_json::Value| {
        let mut event: serde_json::Value = serde_json::from_str(ONE).expect("JSON");
        event[field] = value;
        event.to_string().into_bytes()
    };
    let body: Wanted = (400, "bad-body");
    let event: Wanted = (400, "bad-event");
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let nested = |levels: usize| {
        format!(r#"{{"id":"n","type":"message","conversation":"c","attributes":{{"a":{}}}}}"#, deep(levels))
            .into_bytes()
    };
    let mut twice = ONE.to_owned();
    twice.insert_str(1, r#""id":"other","#);
    let two_thousand = format!("[{}]", vec![ONE; 2_000].join(","));
    let second_wrong = format!("[{ONE},{{\"type\":\"message\"}}]");
    vec![
        ("empty", Vec::new(), body),
        ("blank", b"  \n ".to_vec(), body),
        ("no JSON", b"nonsense".to_vec(), body),
        ("cut off", b"{\"type\":\"mess".to_vec(), body),
        ("two values", b"{} {}".to_vec(), body),
        ("a number", b"7".to_vec(), body),
        ("a text", b"\"x\"".to_vec(), body),
        ("null", b"null".to_vec(), body),
        ("not UTF-8", b"{\"type\":\"\xff\xfe\"}".to_vec(), body),
        ("NUL bytes", b"\0\0\0\0".to_vec(), body),
        ("very deep", deep(50_000).into_bytes(), (400, "bad-event")),
        ("deep attributes", nested(200), body),
        ("a field twice", twice.into_bytes(), body),
        ("type of a number", with("type", json!(7)), event),
        ("an unknown type", with("type", json!("mesage")), event),
        ("conversation of a list", with("conversation", json!([])), event),
        ("an empty conversation", with("conversation", json!("")), event),
        ("no instant", with("at", json!("yesterday")), event),
        ("a negative instant", with("at", json!(-1)), event),
        ("no role", with("role", json!("robot")), event),
        ("authenticated as a text", with("authenticated", json!("yes")), event),
        ("participants of numbers", with("participants", json!([1, 2])), event),
        ("an id of 300 bytes", with("id", json!("i".repeat(300))), event),
        ("a name of 300 bytes", with("conversation", json!("ü".repeat(150))), event),
        ("2 000 events", two_thousand.into_bytes(), body),
        ("the second is wrong", second_wrong.into_bytes(), event),
        ("larger than an event may be", with("note", json!("x".repeat(70_000))), body),
    ]
}

#[test]
fn a_bad_body_is_one_problem_and_changes_nothing() {
    let daemon = Daemon::manual();
    daemon.message("e1", "c1");
    let before = state(&daemon);
    for (name, body, problem) in events() {
        let fields = format!("{}Content-Type: application/json\r\n", daemon.bearer("events:write"));
        wanted(name, &daemon.ask("POST", "/v1/events", &fields, &body), problem);
    }
    for (kind, problem) in [
        ("text/plain", "unsupported-media-type"),
        ("application/x-www-form-urlencoded", "unsupported-media-type"),
        ("multipart/form-data; boundary=x", "unsupported-media-type"),
        ("application/cloudevents+json", "bad-event"),
    ] {
        let fields = format!("{}Content-Type: {kind}\r\n", daemon.bearer("events:write"));
        let status = if problem == "bad-event" { 400 } else { 415 };
        wanted(kind, &daemon.ask("POST", "/v1/events", &fields, ONE.as_bytes()), (status, problem));
    }
    for encoding in ["gzip", "br", "identity, gzip", "x"] {
        let fields = format!("{}Content-Encoding: {encoding}\r\n", daemon.bearer("events:write"));
        wanted(encoding, &daemon.ask("POST", "/v1/events", &fields, ONE.as_bytes()), (415, "unsupported-media-type"));
    }
    assert_eq!(state(&daemon), before);
}

/// Method, path, scope, body, and what is expected.
const WRONG: &[(&str, &str, &str, &str, Wanted)] = &[
    ("GET", "/v1/nothing", "admin", "", (404, "no-route")),
    ("GET", "/v1/sessions/", "sessions:read", "", (404, "no-route")),
    ("GET", "//v1/sessions", "sessions:read", "", (404, "no-route")),
    ("GET", "/v1/../metrics", "sessions:read", "", (404, "no-route")),
    ("PUT", "/v1/sessions", "sessions:read", "", (405, "wrong-method")),
    ("OPTIONS", "/v1/sessions", "sessions:read", "", (405, "wrong-method")),
    ("QUERY", "/v1/sessions", "sessions:read", "", (405, "wrong-method")),
    ("TRACE", "/", "admin", "", (405, "wrong-method")),
    ("GET", "/v1/sessions/unknown", "sessions:read", "", (404, "not-found")),
    ("GET", "/v1/sessions/c1%2F2", "sessions:read", "", (404, "not-found")),
    ("GET", "/v1/sessions/c1%2F0", "sessions:read", "", (404, "not-found")),
    ("GET", "/v1/sessions/c1%2F-1", "sessions:read", "", (404, "not-found")),
    ("GET", "/v1/sessions/c1%2F4294967297", "sessions:read", "", (404, "not-found")),
    ("GET", "/v1/sessions/%ff%fe", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions/%00", "sessions:read", "", (404, "not-found")),
    ("GET", "/v1/sessions/unknown/history", "sessions:read", "", (404, "not-found")),
    ("GET", "/v1/sessions/unknown/explain", "sessions:read", "", (404, "not-found")),
    ("GET", "/v1/sessions?statsu=active", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions?status=quiet", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions?limit=0", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions?limit=-1", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions?limit=1001", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions?limit=9999999999999999999999", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions?limit=1&limit=2", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions?after=1-1-1", "sessions:read", "", (400, "bad-cursor")),
    ("GET", "/v1/sessions?status=ended&after=0-1", "sessions:read", "", (400, "bad-cursor")),
    ("GET", "/v1/sessions/c1/history?after=1-1", "sessions:read", "", (400, "bad-cursor")),
    ("GET", "/v1/sessions/c1/history?after=99999-0", "sessions:read", "", (400, "bad-cursor")),
    ("GET", "/v1/sessions/c1/history?after=-1-0", "sessions:read", "", (400, "bad-cursor")),
    ("GET", "/v1/effects?after=nonsense", "effects:read", "", (400, "bad-cursor")),
    ("GET", "/v1/effects?after=999999-0-0", "effects:read", "", (400, "bad-cursor")),
    ("GET", "/v1/effects?after=18446744073709551615-0-0", "effects:read", "", (400, "bad-cursor")),
    ("GET", "/v1/effects?wait=61", "effects:read", "", (400, "bad-parameter")),
    ("GET", "/v1/effects?wait=-1", "effects:read", "", (400, "bad-parameter")),
    ("GET", "/v1/decisions?after=1-7-0", "sessions:read", "", (400, "bad-cursor")),
    ("GET", "/v1/events/e1", "events:write", "", (400, "bad-parameter")),
    ("GET", "/v1/events/e1?conversation=", "events:write", "", (400, "bad-parameter")),
    ("GET", "/v1/events/e2?conversation=c1", "events:write", "", (404, "not-found")),
    ("GET", "/v1/events/e1?conversation=c1&x=1", "events:write", "", (400, "bad-parameter")),
    ("GET", "/v1/rules/versions/99", "rules:read", "", (404, "not-found")),
    ("GET", "/v1/rules/versions/..%2F..%2Ftokens.json", "rules:read", "", (404, "not-found")),
    ("GET", "/v1/rules/versions?after=x", "rules:read", "", (400, "bad-cursor")),
    ("POST", "/v1/rules/check", "rules:read", "", (400, "bad-body")),
    ("POST", "/v1/rules/check", "rules:read", "{}", (400, "bad-body")),
    ("POST", "/v1/rules/check", "rules:read", "[]", (400, "bad-body")),
    ("GET", "/v1/rules?x=1", "rules:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions/c1?x=1", "sessions:read", "", (400, "bad-parameter")),
    ("GET", "/v1/sessions/c1/explain?x=1", "sessions:read", "", (400, "bad-parameter")),
    ("POST", "/v1/events?dry=1", "events:write", "{}", (400, "bad-parameter")),
    ("GET", "/v1/sessions?after=65535-0", "sessions:read", "", (400, "bad-cursor")),
    ("POST", "/v1/rules/activate", "rules:write", r#"[{"a.toml":""},null,null]"#, (400, "bad-body")),
    ("POST", "/v1/rules/check", "rules:read", r#"{"flies":{}}"#, (400, "bad-body")),
    ("POST", "/v1/rules/check", "rules:read", r#"{"files":{"../../x.toml":""}}"#, (400, "bad-body")),
    ("POST", "/v1/rules/preview", "rules:read", r#"{"files":{"a.toml":"[timers"}}"#, (422, "bad-rules")),
    ("POST", "/v1/rules/preview", "rules:read", r#"{"hash":"abc"}"#, (400, "bad-body")),
    ("POST", "/v1/rules/activate", "rules:write", r#"{"files":{"a.toml":"[timers"}}"#, (422, "bad-rules")),
    ("POST", "/v1/rules/activate", "rules:write", r#"{"files":{}}"#, (422, "bad-rules")),
    ("POST", "/v1/rules/activate", "rules:write", "7", (400, "bad-body")),
    ("POST", "/v1/rules/rollback", "rules:write", "{}", (404, "not-found")),
    ("POST", "/v1/rules/rollback", "rules:write", r#"{"to":"77"}"#, (404, "not-found")),
    ("POST", "/v1/rules/rollback", "rules:write", r#"{"to":7}"#, (400, "bad-body")),
    ("POST", "/v1/clock", "admin", r#"{"now":"soon"}"#, (400, "bad-body")),
    ("POST", "/v1/clock", "admin", r#"{"now":"1970-01-01T00:00:00Z"}"#, (409, "conflict")),
    ("GET", "/v1/audit?after=x", "admin", "", (400, "bad-cursor")),
    ("GET", "/v1/endpoints/none", "admin", "", (404, "not-found")),
    ("POST", "/v1/endpoints", "admin", "{}", (400, "bad-body")),
    ("POST", "/v1/deliveries/1-0-1/retry", "admin", "", (404, "not-found")),
    ("POST", "/v1/channels/none/webhook", "", "{}", (404, "not-found")),
];

#[test]
fn a_bad_path_query_or_method_is_one_problem_and_changes_nothing() {
    let daemon = Daemon::manual();
    daemon.message("e1", "c1");
    let before = state(&daemon);
    for (method, path, scope, body, problem) in WRONG {
        let fields = format!("{}Content-Type: application/json\r\n", daemon.bearer(scope));
        wanted(&format!("{method} {path} {body}"), &daemon.ask(method, path, &fields, body.as_bytes()), *problem);
    }
    let head = daemon.ask("HEAD", "/v1/sessions", &daemon.bearer("sessions:read"), b"");
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(state(&daemon), before);
}

#[test]
fn who_asks_is_told_by_one_token_in_the_head_and_by_nothing_else() {
    let daemon = Daemon::manual();
    let token = daemon.bearer("sessions:read");
    let plain = token.trim_start_matches("Authorization: Bearer ").trim().to_owned();
    let other = daemon.bearer("admin");
    for fields in [
        String::new(),
        "Authorization: \r\n".to_owned(),
        "Authorization: Bearer\r\n".to_owned(),
        "Authorization: Bearer wane_\r\n".to_owned(),
        format!("Authorization: Basic {plain}\r\n"),
        format!("Authorization: {plain}\r\n"),
        format!("Authorization: Bearer {plain}x\r\n"),
        format!("Cookie: token={plain}\r\n"),
        format!("X-Api-Key: {plain}\r\n"),
        "Authorization: Bearer \u{ff}\u{fe}\r\n".to_owned(),
    ] {
        let answer = daemon.ask("GET", "/v1/sessions", &fields, b"");
        assert_eq!(answer.status, 401, "{fields:?}: {}", answer.text);
        assert!(answer.head.to_ascii_lowercase().contains("www-authenticate: bearer"));
    }
    for fields in [format!("{other}{token}"), format!("{token}{other}"), format!("{token}{token}")] {
        wanted("two tokens", &daemon.ask("GET", "/v1/sessions", &fields, b""), (400, "bad-request"));
    }
    let inside = daemon.ask("GET", &format!("/v1/sessions?token={plain}"), "", b"");
    assert_eq!(inside.status, 401);
}

#[test]
fn framing_that_is_wrong_ends_the_connection_and_nothing_is_done() {
    let daemon =
        Daemon::start(&["--dev", "--clock", "manual"], "[limits]\nhead_within = \"400ms\"\nbody_within = \"400ms\"\n");
    daemon.message("e1", "c1");
    let before = state(&daemon);
    let head = format!("POST /v1/events HTTP/1.1\r\nHost: wane\r\n{}", daemon.bearer("events:write"));
    let length = ONE.len();
    let huge = "x".repeat(20_000);
    let many: String = (0..100).map(|number| format!("X-{number}: 1\r\n")).collect();
    // Each with the statuses that are right; 0 is a connection that ends without an answer.
    let cases: Vec<(&str, String, &[u16])> = vec![
        ("no HTTP", "hello\r\n\r\n".into(), &[400]),
        ("HTTP/3.0", "GET / HTTP/3.0\r\nHost: wane\r\n\r\n".into(), &[400, 0]),
        ("a field of 20 KB", format!("{head}X: {huge}\r\nContent-Length: {length}\r\n\r\n{ONE}"), &[431, 400]),
        ("a path of 20 KB", format!("GET /{huge} HTTP/1.1\r\nHost: wane\r\n\r\n"), &[414, 431, 400]),
        ("100 fields", format!("{head}{many}Content-Length: {length}\r\n\r\n{ONE}"), &[431]),
        ("two lengths", format!("{head}Content-Length: {length}\r\nContent-Length: 5\r\n\r\n{ONE}"), &[400]),
        ("a negative length", format!("{head}Content-Length: -1\r\n\r\n{ONE}"), &[400]),
        ("a length of letters", format!("{head}Content-Length: abc\r\n\r\n{ONE}"), &[400]),
        (
            "length and chunks",
            format!("{head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            &[400],
        ),
        ("an unknown transfer", format!("{head}Transfer-Encoding: gzip\r\n\r\n{ONE}"), &[400]),
        ("a chunk of no size", format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{ONE}\r\n0\r\n\r\n"), &[400]),
        ("a field with NUL", format!("{head}X: a\0b\r\nContent-Length: {length}\r\n\r\n{ONE}"), &[400]),
        ("10 MiB", format!("{head}Content-Length: 10485760\r\n\r\n"), &[413]),
        ("a slow body", format!("{head}Content-Length: {length}\r\n\r\n{{"), &[408]),
        ("a slow head", head.clone(), &[408, 0]),
    ];
    for (name, bytes, statuses) in cases {
        let answer = daemon.raw(bytes.as_bytes(), false);
        assert!(statuses.contains(&answer.status), "{name}: {} {}", answer.head, answer.text);
    }
    let cut = format!("{head}Content-Length: {length}\r\n\r\n{{\"type\":");
    let answer = daemon.half_closed(cut.as_bytes());
    assert!([400, 0].contains(&answer.status), "half closed: {} {}", answer.head, answer.text);
    let mut chunks = daemon.connect();
    let _ = chunks.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    // 1 MiB is the limit; the answer comes as soon as that is passed.
    (0..17).for_each(|_| drop(chunks.write_all(chunk.as_bytes())));
    assert_eq!(daemon.read(&mut chunks, false).status, 413);
    assert_eq!(state(&daemon), before);
}

#[test]
fn names_of_any_letters_are_one_part_of_a_path() {
    let daemon = Daemon::manual();
    for (name, path) in [
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("a+b", "a+b"),
        ("grüße 😀", "gr%C3%BC%C3%9Fe%20%F0%9F%98%80"),
        ("100%", "100%25"),
        ("%2F", "%252F"),
        ("?x=1#y", "%3Fx=1%23y"),
        ("..", "%2E%2E"),
        ("a/1", "a%2F1"),
        ("nul\0", "nul%00"),
        ("line\nfeed", "line%0Afeed"),
    ] {
        daemon.message("e1", name);
        let answer = daemon.get(&format!("/v1/sessions/{path}"), "sessions:read");
        assert_eq!((answer.status, &answer.json["conversation"]), (200, &json!(name)), "{name}: {}", answer.text);
        let history = daemon.get(&format!("/v1/sessions/{path}/history"), "sessions:read");
        assert_eq!(history.json["records"].as_array().map(Vec::len), Some(1), "{name}: {}", history.text);
        let why = daemon.get(&format!("/v1/sessions/{path}/explain"), "sessions:read");
        assert_eq!(why.json["conversation"], name, "{}", why.text);
    }
    let asked = daemon.get("/v1/events/e1?conversation=gr%C3%BC%C3%9Fe+%F0%9F%98%80", "events:write");
    assert_eq!(asked.json["conversation"], "grüße 😀", "{}", asked.text);
}

#[test]
fn no_secret_is_in_an_answer_a_line_of_the_log_or_a_label() {
    let daemon = Daemon::manual();
    let event = json!({"id": "e1", "type": "message", "role": "customer", "conversation": MARKER, "channel": "web", "participant": MARKER, "text": MARKER, "attributes": {"note": MARKER}});
    let answer = daemon.post("/v1/events", "events:write", &event.to_string());
    daemon.said.borrow_mut().clear();
    daemon.post("/v1/events", "events:write", &format!("{{\"{MARKER}\":"));
    daemon.get(&format!("/v1/nothing/{MARKER}"), "admin");
    daemon.get("/v1/sessions/unknown", "sessions:read");
    daemon.get("/metrics", "");
    daemon.get("/readyz", "");
    for (_, token) in daemon.tokens() {
        daemon.get(&format!("/v1/sessions?x={}", &token[5..]), "sessions:read");
    }
    let (said, log) = (daemon.said.borrow().clone(), daemon.log());
    assert!(!said.contains(MARKER), "told back: {said} after {}", answer.text);
    assert!(!log.contains(MARKER), "logged: {}", log.lines().find(|line| line.contains(MARKER)).unwrap_or_default());
    for (scope, token) in daemon.tokens() {
        assert!(!log.contains(token.as_str()), "the token for {scope} is in the log");
        assert!(!said.contains(token.as_str()), "the token for {scope} was told");
    }
}
