//! `wane serve --dev` and `wane demo` as the README tells: what is printed can be pasted, and works.

#![expect(clippy::expect_used, reason = "a test that can not be set up fails")]

use serde_json::Value;
use wane_tests::binary;
use wane_tests::daemon::{Answer, Daemon, ask};

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
    let (mut url, mut fields, mut body) = ("", String::new(), None);
    while let Some(word) = words.next() {
        match word {
            "-s" | "-i" | "-sN" => {}
            "-H" => fields.push_str(&format!("{}\r\n", words.next().expect("a field"))),
            "-d" => body = words.next(),
            word => url = word,
        }
    }
    let path = url.strip_prefix(&format!("http://{}", daemon.address)).expect("this daemon's address");
    let method = if body.is_some() { "POST" } else { "GET" };
    ask(&daemon.address, method, path, &fields, body.unwrap_or_default().as_bytes())
}

#[test]
fn the_lines_that_dev_prints_work_when_they_are_pasted() {
    build_plugins();
    let place = tempfile::tempdir().expect("a directory");
    let mut daemon = Daemon::start(&place.path().join("data"), &[]);
    let lines: Vec<String> =
        daemon.said.iter().map(|line| line.trim().to_owned()).filter(|line| line.starts_with("curl")).collect();
    let [watch, event, webhook] = lines.as_slice() else { panic!("three lines to paste, not {:?}", daemon.said) };

    let answer = paste(&daemon, event);
    assert_eq!((answer.status, &answer.json["outcome"]), (200, &Value::from("applied")), "{}", answer.text);
    assert_eq!(paste(&daemon, event).json["outcome"], "duplicate");
    assert_eq!(paste(&daemon, webhook).status, 200);
    let changed = webhook.replace("Hello", "hello");
    assert_eq!(paste(&daemon, &changed).status, 401, "the signature is over the body");

    // A stream has no end, so the same address is asked for a page.
    let page = paste(&daemon, &watch.replace("-H 'accept: text/event-stream'", ""));
    let effects = page.json["effects"].as_array().cloned().unwrap_or_default();
    let channels: Vec<&str> = effects.iter().filter_map(|effect| effect["channel"].as_str()).collect();
    assert_eq!(channels, ["web", "whatsapp"], "{}", page.text);

    let (status, log) = (daemon.process.stop(), daemon.process.log());
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

/// A rule file with one timer of that length.
fn rules(after: &str) -> String {
    format!(
        "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_lapse = [\"end-session\"]\n\n\
         [[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"{after}\"\n"
    )
}

#[test]
fn a_start_leaves_the_rules_that_were_put_in_force() {
    let place = tempfile::tempdir().expect("a directory");
    let (data, directory) = (place.path().join("data"), place.path().join("rules"));
    std::fs::create_dir(&directory).expect("made");
    std::fs::write(directory.join("a.toml"), rules("15m")).expect("written");
    std::fs::write(place.path().join("wane.toml"), "[rules]\nwatch = false\n").expect("written");
    let arguments = ["--rules", directory.to_str().expect("UTF-8")];
    let active = |daemon: &Daemon| daemon.get("rules:read", "/v1/rules").json["hash"].clone();

    let mut daemon = Daemon::start(&data, &arguments);
    let first = active(&daemon);
    let body = serde_json::json!({ "files": { "a.toml": rules("30m") } });
    let answer = daemon.post("rules:write", "/v1/rules/activate", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let second = active(&daemon);
    assert_ne!(first, second);
    daemon.process.kill();

    let mut daemon = Daemon::start(&data, &arguments);
    assert_eq!(active(&daemon), second, "a crash activates nothing");
    daemon.process.stop();
    assert!(daemon.process.log().contains("the rules in force are not those of the directory"));

    let daemon = Daemon::start(&data, &[&arguments[..], &["--watch"]].concat());
    let began = wane_server::clock::Stopwatch::start();
    while active(&daemon) != first {
        assert!(began.elapsed() < wane_tests::daemon::PATIENCE, "what is watched is put in force");
        std::thread::yield_now();
    }
}

#[test]
fn a_first_start_with_wrong_rules_makes_no_log() {
    let place = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(place.path().join("rules")).expect("made");
    for (text, told) in [(None, "rules"), (Some("[timers.quiet]\nafterr = \"1m\"\n"), "afterr")] {
        if let Some(text) = text {
            std::fs::write(place.path().join("rules/a.toml"), text).expect("written");
        }
        let output = binary::wane(place.path(), &["serve", "--dev", "--data", "data", "--listen", "127.0.0.1:0"]);
        assert!(!output.status.success());
        assert!(binary::stderr(&output).contains(told), "{}", binary::stderr(&output));
        assert!(!place.path().join("data/log").exists(), "there is a log of a start that was refused");
    }
}
