//! Rules of a running daemon: put in force, refused, taken back; and what `wane activate` says to its user.

use std::fs;

use serde_json::{Value, json};
use wane_tests::binary::{stderr, stdout};

use crate::daemon::{Daemon, rules, until};

fn files(text: &str) -> Value {
    json!({"files": {"rules.toml": text}})
}

fn ready(daemon: &Daemon) -> Value {
    daemon.get("/readyz", "").json
}

fn failures(daemon: &Daemon) -> u64 {
    let text = daemon.get("/metrics", "").text;
    let line = text.lines().find(|line| line.starts_with("wane_reloads_total{result=\"failed\"}"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
}

fn deadline(daemon: &Daemon, conversation: &str) -> Value {
    daemon.get(&format!("/v1/sessions/{conversation}"), "sessions:read").json["next_deadline"].clone()
}

/// Conversations with a message each, a minute apart.
fn conversations(daemon: &Daemon, count: usize) {
    for number in 0..count {
        daemon.message("e1", &format!("c{number}"));
        pass(daemon, 60);
    }
}

fn now(daemon: &Daemon) -> String {
    daemon.message("now", "clock");
    let state = daemon.get("/v1/sessions/clock", "sessions:read").json;
    state["latest"].as_str().expect("an instant").to_owned()
}

/// Moves the clock on by so many seconds.
fn pass(daemon: &Daemon, seconds: i64) {
    let now = wane_core::time::Timestamp::parse(&clock(daemon)).expect("an instant");
    let body = json!({"now": now.plus_millis(seconds * 1_000).to_string()});
    let answer = daemon.post("/v1/clock", "admin", &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// What the clock shows: a step back is refused with it.
fn clock(daemon: &Daemon) -> String {
    let answer = daemon.post("/v1/clock", "admin", r#"{"now":"1970-01-01T00:00:00Z"}"#);
    let detail = answer.json["detail"].as_str().expect("a detail");
    detail.split_whitespace().nth(3).expect("an instant").trim_end_matches(',').to_owned()
}

#[test]
fn the_preview_is_what_the_activation_then_does_to_live_sessions() {
    let daemon = Daemon::manual();
    conversations(&daemon, 10);
    let before: Vec<Value> = (0..10).map(|number| deadline(&daemon, &format!("c{number}"))).collect();
    // Of ten messages, one to ten minutes old, six are older than four and a half minutes.
    let body = files(&rules("270s"));
    let preview = daemon.post("/v1/rules/preview", "rules:read", &body.to_string()).json;
    assert_eq!(
        (&preview["conversations"], &preview["lapse_now"], &preview["earlier"]),
        (&json!(10), &json!(6), &json!(4)),
        "{preview}"
    );
    assert!(preview.get("examples").is_none(), "names are for `sessions:read`: {preview}");
    let done = daemon.post("/v1/rules/activate", "rules:write", &body.to_string());
    assert_eq!((done.status, &done.json["changed"]), (200, &json!(true)), "{}", done.text);
    let ended = || {
        let list = daemon.get("/v1/sessions?status=ended", "sessions:read").json;
        list["sessions"].as_array().map_or(0, Vec::len)
    };
    until("what is overdue by the new rules lapses, though the clock stands still", || ended() == 6);
    for (number, was) in before.iter().enumerate().skip(6) {
        let (was, is) = (was.as_str().expect("one"), deadline(&daemon, &format!("c{number}")));
        let parse = |text: &str| wane_core::time::Timestamp::parse(text).expect("an instant");
        let moved = parse(was).millis_since(parse(is.as_str().expect("one")));
        assert_eq!(moved, (900 - 270) * 1_000, "c{number}: {was} {is}");
    }
    let decisions = daemon.get("/v1/decisions", "sessions:read").json;
    assert_eq!(decisions["decisions"].as_array().map(Vec::len), Some(6));
}

#[test]
fn a_signal_with_bad_rules_is_told_everywhere_and_good_ones_make_up_for_it() {
    let daemon = Daemon::manual();
    daemon.message("e1", "c1");
    let (good, was) = (ready(&daemon), deadline(&daemon, "c1"));
    assert_eq!(good["last_reload_failed"], Value::Null);
    let whole = rules("20m");
    // A file cut short in the middle of a word, an empty one, and none at all.
    for broken in [&whole[..whole.len() - 10], "", "[timers.quiet]\nrestart_onn = []\n"] {
        let count = failures(&daemon);
        fs::write(daemon.rules_file(), broken).expect("written");
        daemon.signal("HUP");
        until("the failure is counted", || failures(&daemon) == count + 1);
        let now = ready(&daemon);
        assert!(now["last_reload_failed"].is_string() && now["ready"] == true, "{now}");
        assert_eq!((&now["ruleset"], &now["ordinal"]), (&good["ruleset"], &good["ordinal"]));
        assert_eq!(deadline(&daemon, "c1"), was);
        let tried = daemon.get("/v1/rules", "rules:read").json["last_attempt"].clone();
        assert_eq!((&tried["ok"], &tried["by"]), (&json!(false), &json!("signal")), "{tried}");
    }
    assert_eq!(daemon.log().matches("rules were refused").count(), 3);
    fs::write(daemon.rules_file(), &whole).expect("written");
    daemon.signal("HUP");
    until("the good rules are in force", || ready(&daemon)["ordinal"] == json!(2));
    until("the failure is made up for", || ready(&daemon)["last_reload_failed"] == Value::Null);
    until("the deadline follows", || deadline(&daemon, "c1") != was);
    fs::remove_file(daemon.rules_file()).expect("removed");
    daemon.signal("HUP");
    until("an empty directory is refused", || ready(&daemon)["last_reload_failed"].is_string());
    assert_eq!(ready(&daemon)["ordinal"], json!(2));
}

#[test]
fn a_watched_directory_is_taken_when_it_is_quiet_and_whole() {
    let daemon = Daemon::start(&["--dev", "--watch"], "[limits]\naddress = { rate = 0, burst = 0 }\n");
    let dir = daemon.path().join("rules");
    // As an editor does it: a copy aside, the new text under another name, then a rename.
    fs::write(dir.join(".rules.toml.swp"), "x").expect("written");
    fs::write(dir.join("4913"), "").expect("written");
    fs::remove_file(dir.join("4913")).expect("removed");
    fs::rename(daemon.rules_file(), dir.join("rules.toml~")).expect("moved");
    fs::write(dir.join("rules.toml.new"), rules("25m")).expect("written");
    fs::rename(dir.join("rules.toml.new"), daemon.rules_file()).expect("moved");
    fs::remove_file(dir.join("rules.toml~")).expect("removed");
    until("the new rules are in force", || ready(&daemon)["ordinal"] == json!(2));
    // Half of it in a new directory, which takes the place of the old one before it is whole.
    let fresh = daemon.path().join("fresh");
    fs::create_dir(&fresh).expect("made");
    let text = rules("35m");
    fs::write(fresh.join("rules.toml"), &text[..text.len() - 8]).expect("written");
    fs::rename(&dir, daemon.path().join("old")).expect("moved");
    fs::rename(&fresh, &dir).expect("moved");
    until("half of it is refused", || ready(&daemon)["last_reload_failed"].is_string());
    assert_eq!(ready(&daemon)["ordinal"], json!(2));
    fs::write(daemon.rules_file(), &text).expect("written");
    until("the whole is taken", || ready(&daemon)["ordinal"] == json!(3));
    let active = daemon.get("/v1/rules", "rules:read").json;
    assert_eq!(active["by"], "watch");
}

#[test]
fn who_was_slower_loses_nothing_but_the_race() {
    let daemon = Daemon::manual();
    let first = ready(&daemon)["ruleset"].clone();
    let body = |after: &str| {
        let mut body = files(&rules(after));
        body["if_active"] = first.clone();
        body.to_string()
    };
    assert_eq!(daemon.post("/v1/rules/activate", "rules:write", &body("20m")).status, 200);
    let lost = daemon.post("/v1/rules/activate", "rules:write", &body("30m"));
    assert_eq!((lost.status, lost.problem()), (409, "conflict"), "{}", lost.text);
    assert_eq!(ready(&daemon)["ordinal"], json!(2));
    let back = daemon.post("/v1/rules/rollback", "rules:write", "");
    assert_eq!((back.status, &back.json["hash"]), (200, &first), "{}", back.text);
    let by_hash = json!({"hash": &ready(&daemon)["ruleset"].as_str().expect("a hash")[..8]});
    let same = daemon.post("/v1/rules/rollback", "rules:write", &by_hash.to_string());
    assert_eq!((same.status, &same.json["changed"]), (200, &json!(false)), "{}", same.text);
    let versions = daemon.get("/v1/rules/versions", "rules:read").json;
    assert_eq!(versions["versions"].as_array().map(Vec::len), Some(3), "{versions}");
    let audit = daemon.get("/v1/audit", "admin").text;
    assert!(
        audit.contains("rules.activate") && audit.contains("rules.rollback") && audit.contains("refused"),
        "{audit}"
    );
}

#[test]
fn the_commands_do_what_they_say() {
    let mut daemon = Daemon::manual();
    conversations(&daemon, 3);
    let _ = now(&daemon);
    fs::create_dir(daemon.path().join("next")).expect("made");
    fs::write(daemon.path().join("next/rules.toml"), rules("20m")).expect("written");
    fs::write(daemon.path().join("wrong-token"), "wane_nonsense\n").expect("written");
    let check = |daemon: &Daemon, arguments: &[&str], status: i32, words: &str| {
        let output = daemon.wane(arguments);
        let (said, told) = (stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{said}\n{told}");
        assert!(format!("{said}{told}").contains(words), "{arguments:?}: no {words:?} in\n{said}\n{told}");
        assert!(!told.contains("panicked"));
    };
    check(&daemon, &["activate", "next", "--data", "data", "--preview"], 0, "of 4 conversations now");
    check(&daemon, &["activate", "next", "--data", "data", "--yes", "--token-file", "wrong-token"], 1, "not known");
    check(&daemon, &["activate", "next", "--data", "nowhere", "--yes"], 2, "nowhere/address");
    check(&daemon, &["activate", "none", "--data", "data", "--yes"], 2, "can not read `none`");
    assert_eq!(ready(&daemon)["ordinal"], json!(1));
    check(&daemon, &["activate", "next", "--data", "data", "--yes"], 0, "in force as number 2, after number 1");
    check(&daemon, &["activate", "next", "--data", "data", "--yes"], 0, "in force already, as number 2");
    check(&daemon, &["rollback", "--data", "data", "--yes"], 0, "in force as number 3, after number 2");
    check(&daemon, &["rollback", "99", "--data", "data", "--yes"], 1, "there is no version `99`");
    daemon.stop();
    check(&daemon, &["activate", "next", "--data", "data", "--yes"], 2, "can not be reached");
}
