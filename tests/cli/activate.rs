//! `wane activate` and `wane rollback` against a daemon that answers as it is told and keeps what it was asked.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests may fail")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use super::{QUIET, directory, expect};
use wane_tests::binary::wane;

/// What was asked: method and path, token, body.
type Asked = (String, String, Value);

/// Serves these answers, one a connection, in order; gives its address and, in the end, what it was asked.
fn daemon(answers: Vec<(u16, Value)>) -> (String, JoinHandle<Vec<Asked>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let serve = move || answers.iter().map(|answer| serve(&listener, answer)).collect();
    (address, std::thread::spawn(serve))
}

fn serve(listener: &TcpListener, (status, answer): &(u16, Value)) -> Asked {
    let (stream, _) = listener.accept().expect("a client");
    let asked = read(&stream);
    let body = answer.to_string();
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    (&stream).write_all(format!("{head}{body}").as_bytes()).expect("answered");
    asked
}

fn read(stream: &TcpStream) -> Asked {
    let mut lines = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line");
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let field = |name: &str| {
        let fields = head.iter().filter_map(|line| line.split_once(": "));
        fields.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    };
    let length = field("content-length").map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    lines.read_exact(&mut body).expect("the body");
    let request = head[0].trim_end_matches(" HTTP/1.1").to_owned();
    (request, field("authorization").unwrap_or_default(), serde_json::from_slice(&body).unwrap_or_default())
}

fn active() -> (u16, Value) {
    (200, json!({"ordinal": 3, "hash": "aa".repeat(32)}))
}

fn preview() -> (u16, Value) {
    let by_timer = json!([{"timer": "quiet", "lapse_now": 2}]);
    let numbers = json!({"conversations": 10, "unchanged": 5, "lapse_now": 2, "earlier": 2, "later": 1});
    let mut answer = numbers;
    answer["by_timer"] = by_timer;
    answer["examples"] = json!(["c\u{1b}1"]);
    (200, answer)
}

fn activated() -> (u16, Value) {
    (200, json!({"changed": true, "ordinal": 4, "hash": "bb".repeat(32), "previous": {"ordinal": 3, "hash": "aa"}}))
}

#[test]
fn a_directory_is_previewed_then_put_in_force_against_what_the_preview_saw() {
    let (address, asked) = daemon(vec![active(), preview(), activated()]);
    let dir = directory("activate", &[("rules/a.toml", QUIET), ("token", "wane_secret\n")]);
    let output = wane(&dir, &["activate", "rules", "--yes", "--url", &address, "--token-file", "token"]);
    expect(
        &output,
        0,
        &["2 would lapse at once", "2 by `quiet`", "c\\u{1b}1", "5 would stay", "number 4, after number 3"],
        &[],
    );
    let asked = asked.join().expect("it served all");
    let paths: Vec<&str> = asked.iter().map(|(path, ..)| &**path).collect();
    assert_eq!(paths, ["GET /v1/rules", "POST /v1/rules/preview", "POST /v1/rules/activate"]);
    assert!(asked.iter().all(|(_, token, _)| token == "Bearer wane_secret"));
    assert_eq!(asked[2].2, json!({"files": {"a.toml": QUIET}, "if_active": "aa".repeat(32)}));
    assert_eq!(asked[1].2["files"], asked[2].2["files"]);
}

#[test]
fn only_a_preview_changes_nothing_and_the_tokens_and_address_of_a_data_directory_are_found() {
    let (address, asked) = daemon(vec![active(), preview()]);
    let tokens = r#"{"rules:read":"wane_read","rules:write":"wane_write"}"#;
    let files = [("rules/a.toml", QUIET), ("wane-data/address", &address), ("wane-data/dev-tokens.json", tokens)];
    let output = wane(&directory("activate-preview", &files), &["activate", "--preview"]);
    expect(&output, 0, &["of 10 conversations now"], &[]);
    assert!(asked.join().expect("it served all").iter().all(|(_, token, _)| token == "Bearer wane_read"));
}

#[test]
fn broken_rules_are_shown_here_and_never_sent() {
    let dir = directory("activate-broken", &[("rules/a.toml", "[timers.quiet]\non_lapse = [\"explode\"]\n")]);
    let output = wane(&dir, &["activate", "--url", "127.0.0.1:1", "--token", "x", "--yes"]);
    expect(&output, 1, &["explode"], &["can not be used"]);
}

#[test]
fn a_refusal_is_told_with_its_places_and_is_exit_status_1() {
    let error = json!({"field": "a.toml", "line": 3, "message": "E0203: no"});
    let problem = json!({"detail": "the rules have an error", "help": "mend it", "errors": [error]});
    let (address, _) = daemon(vec![active(), preview(), (422, problem)]);
    let dir = directory("activate-refused", &[("rules/a.toml", QUIET)]);
    let output = wane(&dir, &["activate", "--yes", "--url", &address, "--token", "x"]);
    expect(&output, 1, &[], &["the daemon refused: the rules have an error", "a.toml:3: E0203: no", "help: mend it"]);
}

#[test]
fn what_is_missing_is_said_and_is_exit_status_2() {
    let dir = directory("activate-missing", &[("rules/a.toml", QUIET)]);
    expect(&wane(&dir, &["activate", "--yes"]), 2, &[], &["wane-data/address", "--url"]);
    expect(&wane(&dir, &["activate", "--yes", "--url", "127.0.0.1:1"]), 2, &[], &["`rules:read`", "--token-file"]);
    let away = wane(&dir, &["activate", "--yes", "--url", "127.0.0.1:1", "--token", "x"]);
    expect(&away, 2, &[], &["`http://127.0.0.1:1` can not be reached", "is it running?"]);
}

#[test]
fn in_a_script_nobody_is_asked() {
    let dir = directory("activate-script", &[("rules/a.toml", QUIET)]);
    let (address, asked) = daemon(vec![active(), preview(), activated()]);
    expect(&wane(&dir, &["activate", "--url", &address, "--token", "x"]), 0, &["of 10", "in force as number 4"], &[]);
    assert_eq!(asked.join().expect("it served all")[2].0, "POST /v1/rules/activate");
    let (address, asked) = daemon(vec![active(), activated()]);
    expect(&wane(&dir, &["rollback", "--url", &address, "--token", "x"]), 0, &["in force as number 4"], &[]);
    assert_eq!(asked.join().expect("it served all")[1].0, "POST /v1/rules/rollback");
}

#[test]
fn a_rollback_names_what_it_means_and_what_it_saw() {
    let (address, asked) = daemon(vec![active(), activated()]);
    let dir = directory("rollback", &[]);
    let output = wane(&dir, &["rollback", "2", "--yes", "--url", &address, "--token", "x"]);
    expect(&output, 0, &["in force: number 3", "in force as number 4"], &[]);
    let asked = asked.join().expect("it served all");
    assert_eq!(asked[1].0, "POST /v1/rules/rollback");
    assert_eq!(asked[1].2, json!({"to": "2", "if_active": "aa".repeat(32)}));
}
