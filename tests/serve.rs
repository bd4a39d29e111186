//! `wane serve --dev` and `wane demo` as the README tells: what is printed can be pasted, and works.

#![expect(clippy::expect_used, reason = "a test that can not be set up fails")]

use serde_json::Value;
use wane_tests::binary;
use wane_tests::daemon::{Answer, Daemon, request};

/// The plugins are built as `cargo build` builds them, beside the program.
fn build_plugins() {
    let mut cargo = binary::cargo();
    cargo.args(["build", "--quiet"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo runs").success(), "the plugins build");
}

/// The address, method, header lines and body of a `curl` command as it is printed: words, some in single quotes.
fn paste(daemon: &Daemon, line: &str) -> Answer {
    let mut words = line.split('\'').enumerate().flat_map(|(index, part)| {
        let quoted = index % 2 == 1;
        if quoted { vec![part] } else { part.split_whitespace().collect() }
    });
    assert_eq!(words.next(), Some("curl"));
    let (mut url, mut head, mut body) = ("", Vec::new(), None);
    while let Some(word) = words.next() {
        match word {
            "-s" | "-i" | "-sN" => {}
            "-H" => head.push(words.next().expect("a header")),
            "-d" => body = words.next(),
            word => url = word,
        }
    }
    let path = url.strip_prefix(&format!("http://{}", daemon.address)).expect("this daemon's address");
    let method = if body.is_some() { "POST" } else { "GET" };
    request(&daemon.address, method, path, &head, body.unwrap_or_default().as_bytes())
}

#[test]
fn the_lines_that_dev_prints_work_when_they_are_pasted() {
    build_plugins();
    let place = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::start(&place.path().join("data"), &[]).expect("it starts");
    let lines: Vec<String> =
        daemon.said.iter().map(|line| line.trim().to_owned()).filter(|line| line.starts_with("curl")).collect();
    let [watch, event, webhook] = lines.as_slice() else { panic!("three lines to paste, not {:?}", daemon.said) };

    let answer = paste(&daemon, event);
    assert_eq!((answer.status, &answer.json()["outcome"]), (200, &Value::from("applied")), "{}", answer.text());
    assert_eq!(paste(&daemon, event).json()["outcome"], "duplicate");
    assert_eq!(paste(&daemon, webhook).status, 200);
    let changed = webhook.replace("Hello", "hello");
    assert_eq!(paste(&daemon, &changed).status, 401, "the signature is over the body");

    // A stream has no end, so the same address is asked for a page.
    let page = paste(&daemon, &watch.replace("-H 'accept: text/event-stream'", ""));
    let effects = page.json()["effects"].as_array().cloned().unwrap_or_default();
    let channels: Vec<&str> = effects.iter().filter_map(|effect| effect["channel"].as_str()).collect();
    assert_eq!(channels, ["web", "whatsapp"], "{}", page.text());

    let (status, log) = daemon.stop();
    assert!(status.success(), "{log}");
    assert!(!log.contains("wane_"), "a token is in the log");
}

#[test]
fn the_demonstration_shows_sessions_going_inactive_and_ending() {
    let output = binary::wane(&binary::repository(), &["demo", "--seconds", "0"]);
    let text = binary::stdout(&output);
    assert!(output.status.success(), "{}", binary::stderr(&output));
    assert!(text.contains("inactive  timer inactivity, rule demo-inactivity"), "{text}");
    assert!(text.contains("ended     timer bot, rule bot"), "{text}");
    assert!(text.contains("a contact came after timer token had run out"), "{text}");
    let again = binary::stdout(&binary::wane(&binary::repository(), &["demo", "--seconds", "0"]));
    let ends =
        |text: &str| text.lines().filter(|line| line.contains("  ended: ")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(ends(&text), ends(&again), "the same chats end the same way");
}
