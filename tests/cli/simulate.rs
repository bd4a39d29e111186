//! `wane simulate`.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::{QUIET, directory, expect};
use wane_tests::binary::{path, stderr, stdout, wane};

const LOG: &str = r#"{"id":"1","type":"message","role":"customer","conversation":"c1","channel":"web","at":"2026-03-01T09:00:00Z"}
{"id":"2","type":"message","role":"rep","conversation":"c1","at":"2026-03-01T09:01:00Z"}
{"id":"3","type":"message","role":"customer","conversation":"c2","channel":"sms","at":"2026-03-01T09:02:00Z"}
{"id":"4","type":"message","role":"rep","conversation":"c2","at":"2026-03-01T09:03:00Z"}
{"id":"4","type":"message","role":"rep","conversation":"c2","at":"2026-03-01T09:03:00Z"}
{"id":"5","type":"message","role":"customer","conversation":"c1","at":"2026-03-01T09:12:00Z"}

{"id":"6","type":"session.closed","role":"rep","conversation":"c2","at":"2026-03-01T09:11:30Z"}
"#;

const PRETTY: &str = "\
c1/1 ended at 2026-03-01T09:11:00Z because 10m passed since the rep's message at 09:01:00: timer quiet, rule quiet (rules/a.toml:9)
c2/1 ended at 2026-03-01T09:11:30Z because the rep closed it

channel  outcome                  sessions
sms      ended at session.closed         1
web      ended by timer quiet            1
web      still waiting                   1

7 events in 2 conversations, until 2026-03-01T09:12:00Z
1 came twice (same id) and changed nothing
";

#[test]
fn ends_with_their_reasons_then_the_outcomes() {
    let dir = directory("simulate-pretty", &[("rules/a.toml", QUIET), ("log.jsonl", LOG)]);
    let output = wane(&dir, &["simulate", "log.jsonl"]);
    expect(&output, 0, &[], &[]);
    assert_eq!(stdout(&output), PRETTY);
    assert_eq!(stderr(&output), "");
    let cut = ["c1/1 ended", "... and 1 more (`--lines all` shows them)"];
    expect(&wane(&dir, &["simulate", "log.jsonl", "--lines", "1"]), 0, &cut, &[]);
    expect(&wane(&dir, &["simulate", "log.jsonl", "--limit", "2"]), 0, &["2 events in 1 conversation"], &[]);
}

#[test]
fn the_clock_stops_where_it_is_told() {
    let dir = directory("simulate-until", &[("rules/a.toml", QUIET), ("log.jsonl", LOG)]);
    let until = |at: &str| wane(&dir, &["simulate", "log.jsonl", "--until", at]);
    expect(&until("2026-03-01T09:05:00Z"), 0, &["2 after `--until` left out", "until 2026-03-01T09:05:00Z"], &[]);
    expect(&until("2026-03-02T00:00:00Z"), 0, &["until 2026-03-02T00:00:00Z"], &[]);
    expect(&until("soon"), 2, &[], &["`--until soon` is not a date and time"]);
}

#[test]
fn what_is_late_in_its_conversation_counts_as_of_then_and_is_a_finding() {
    let log = LOG.replace("09:11:30", "09:02:30");
    let dir = directory("simulate-late", &[("rules/a.toml", QUIET), ("log.jsonl", &log)]);
    let wanted = ["c2/1 ended at 2026-03-01T09:03:00Z because the rep closed it", "1 came late, by up to 30s"];
    expect(&wane(&dir, &["simulate", "log.jsonl"]), 1, &wanted, &["warning: log.jsonl:8: the event is 30s older"]);
}

/// The effects of a conversation, without those of others between them.
fn effects_of(conversation: &str, said: &str) -> Vec<String> {
    let own = format!("\"conversation\":\"{conversation}\"");
    said.lines().filter(|line| line.contains(&own)).map(str::to_owned).collect()
}

#[test]
fn a_log_sorted_by_conversation_gives_each_the_same_effects() {
    let mut lines: Vec<&str> = LOG.lines().filter(|line| !line.is_empty()).collect();
    let at = |line: &str| line.split("\"at\":").nth(1).unwrap_or_default().to_owned();
    lines.sort_by_key(|line| at(line));
    let in_order = lines.join("\n");
    lines.sort_by_key(|line| line.contains("\"c1\""));
    let by_conversation = lines.join("\n");
    let files = [("rules/a.toml", QUIET), ("order.jsonl", in_order.as_str()), ("sorted.jsonl", &by_conversation)];
    let dir = directory("simulate-sorted", &files);
    let played = |log: &str| {
        let output = wane(&dir, &["simulate", log, "--format", "json", "--until", "2026-03-02T00:00:00Z"]);
        expect(&output, 0, &[], &[]);
        stdout(&output)
    };
    let (order, sorted) = (played("order.jsonl"), played("sorted.jsonl"));
    for conversation in ["c1", "c2"] {
        assert!(effects_of(conversation, &order).len() > 3, "{order}");
        assert_eq!(effects_of(conversation, &order), effects_of(conversation, &sorted));
    }
}

#[test]
fn conversations_of_different_hours_may_be_braided() {
    let line = |conversation: &str, role: &str, at: &str| {
        format!(
            r#"{{"type":"message","role":"{role}","conversation":"{conversation}","channel":"web","at":"2026-03-01T{at}:00Z"}}"#
        )
    };
    let talk = |conversation: &str, hour: &str| {
        [("customer", "00"), ("rep", "01"), ("customer", "05"), ("rep", "06")]
            .map(|(role, minute)| line(conversation, role, &format!("{hour}:{minute}")))
    };
    let (late, early) = (talk("late", "12"), talk("early", "09"));
    let braided: Vec<&str> = late.iter().zip(&early).flat_map(|(late, early)| [late.as_str(), early]).collect();
    let in_order: Vec<&str> = early.iter().chain(&late).map(String::as_str).collect();
    let (braided, in_order) = (braided.join("\n"), in_order.join("\n"));
    let dir = directory(
        "simulate-braided",
        &[("rules/a.toml", QUIET), ("braided.jsonl", &braided), ("order.jsonl", &in_order)],
    );
    let played = |log: &str| {
        let output = wane(&dir, &["simulate", log, "--format", "json", "--until", "2026-03-02T00:00:00Z"]);
        expect(&output, 0, &[], &[]);
        stdout(&output)
    };
    let (order, braided) = (played("order.jsonl"), played("braided.jsonl"));
    for conversation in ["early", "late"] {
        assert!(effects_of(conversation, &order).iter().any(|effect| effect.contains(":16:00")), "{order}");
        assert_eq!(effects_of(conversation, &order), effects_of(conversation, &braided));
    }
}

#[test]
fn json_is_effects_and_nothing_else() {
    let in_order = LOG.replace("09:11:30", "09:12:30");
    let dir = directory("simulate-json", &[("rules/a.toml", QUIET), ("log.jsonl", &in_order)]);
    let output = wane(&dir, &["simulate", "log.jsonl", "--format", "json"]);
    expect(&output, 0, &[], &[]);
    let effects: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ended = effects.iter().find(|effect| effect["type"] == "session.ended").expect("an end");
    assert_eq!(ended["id"], "c1/1-3");
    assert_eq!(ended["at"], "2026-03-01T09:11:00.000Z");
    assert_eq!(ended["session"], "c1/1");
    assert_eq!((&ended["timer"], &ended["rule"]), (&"quiet".into(), &"quiet".into()));
    assert_eq!(ended["anchor"], "2026-03-01T09:01:00.000Z");
    let mut instants: Vec<&str> = effects.iter().filter_map(|effect| effect["at"].as_str()).collect();
    assert_eq!(instants.len(), effects.len());
    let told = instants.clone();
    instants.sort_unstable();
    assert_eq!(told, instants, "lapses of all conversations come in the order of time");
}

/// A line, where in it the fault lies, and words about it.
const BROKEN: &[(&str, u32, &[&str])] = &[
    (
        r#"{"type":"mesage","conversation":"c1","at":"2026-03-01T09:00:00Z"}"#,
        9,
        &["`mesage`", "did you mean `message`?"],
    ),
    (r#"{"conversation":"c1","at":"2026-03-01T09:00:00Z"}"#, 1, &["`type` is missing"]),
    (r#"{"type":"message","at":"2026-03-01T09:00:00Z"}"#, 1, &["`conversation` is missing"]),
    (r#"{"type":"message","conversation":"c1"}"#, 1, &["`at` is missing"]),
    (r#"{"type":"message","conversation":"c1","at":"+10000-01-01T00:00:00Z"}"#, 44, &["`at` is"]),
    (r#"{"type":"message","conversation":"c1","at":5}"#, 44, &["`at` must be a text"]),
    (
        r#"{"type":"message","conversation":"c1","at":"2026-03-01T09:00:00Z","role":"robot"}"#,
        74,
        &["`role` can not be `robot`"],
    ),
    (r#"{"type":"message","conversation":"c1","#, 38, &["ends too early"]),
    ("[1]", 1, &["an event is a JSON object, not a list\n"]),
    ("not json", 2, &["not JSON"]),
];

#[test]
fn a_broken_line_ends_it_and_nothing_passes_for_the_whole() {
    for (number, (line, column, words)) in BROKEN.iter().enumerate() {
        let log = format!("{LOG}{line}\n");
        let dir = directory(&format!("simulate-broken-{number}"), &[("rules/a.toml", QUIET), ("log.jsonl", &log)]);
        let output = wane(&dir, &["simulate", "log.jsonl"]);
        let place = format!("log.jsonl:9:{column}: ");
        let mut err = vec![place.as_str(), "not the whole"];
        err.extend_from_slice(words);
        expect(&output, 1, &["broken off"], &err);
        assert!(!stdout(&output).contains("outcome"), "no table: {}", stdout(&output));
        let json = wane(&dir, &["simulate", "log.jsonl", "--format", "json"]);
        expect(&json, 1, &["{\"incomplete\":true,"], &[&place]);
    }
}

#[test]
fn texts_of_a_log_are_harmless_to_a_terminal() {
    let log = LOG.replace("\"c1\"", "\"c\\u001b[31m\\n1\"").replace("\"sms\"", "\"s\\u001bs\"");
    let dir = directory("simulate-terminal", &[("rules/a.toml", QUIET), ("log.jsonl", &log)]);
    let output = wane(&dir, &["simulate", "log.jsonl", "--until", "2026-03-01T12:00:00Z"]);
    expect(&output, 1, &["c\\u{1b}[31m\\n1/1 ended at"], &["unknown channel `s\\u{1b}s`"]);
    assert!(!stderr(&output).contains('\x1b'), "{}", stderr(&output));
    let against = wane(&dir, &["simulate", "log.jsonl", "--against", "rules"]);
    expect(&against, 1, &["0 differences"], &["warning: log.jsonl:3: unknown channel"]);
    assert_eq!(stderr(&against).lines().count(), 1, "told once: {}", stderr(&against));
}

#[test]
fn logs_that_can_not_be_read() {
    let dir = directory("simulate-none", &[("rules/a.toml", QUIET), ("empty.jsonl", "\n\n"), ("broken/a.toml", "x =")]);
    fs::write(dir.join("bytes.jsonl"), b"{\"type\":\"\xff\"}\n").expect("a file");
    fs::write(dir.join("long.jsonl"), format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20))).expect("a file");
    expect(&wane(&dir, &["simulate", "empty.jsonl"]), 1, &[], &["empty.jsonl has no event"]);
    expect(&wane(&dir, &["simulate", "bytes.jsonl"]), 1, &[], &["bytes.jsonl:1:10: the line is not UTF-8"]);
    expect(&wane(&dir, &["simulate", "long.jsonl"]), 1, &[], &["long.jsonl:1:1: the line is longer than 1 MiB"]);
    fs::write(dir.join("cut.jsonl"), format!("a{}", "é".repeat(1 << 20))).expect("a file");
    expect(&wane(&dir, &["simulate", "cut.jsonl"]), 1, &[], &["cut.jsonl:1:1: the line is longer than 1 MiB"]);
    let empty = wane(&dir, &["simulate", "empty.jsonl", "--format", "json"]);
    expect(&empty, 1, &["{\"incomplete\":true,\"error\":\"empty.jsonl has no event\"}\n"], &[]);
    expect(&wane(&dir, &["simulate", "nowhere.jsonl"]), 2, &[], &["can not read `nowhere.jsonl`"]);
    expect(&wane(&dir, &["simulate", "rules"]), 2, &[], &["`rules` is a directory"]);
    expect(&wane(&dir, &["simulate", "empty.jsonl", "--rules", "nowhere"]), 2, &[], &["`nowhere`"]);
    let refused = wane(&dir, &["simulate", "empty.jsonl", "--rules", "broken"]);
    expect(&refused, 1, &["broken/a.toml:1:"], &["the rules under `broken` can not be used"]);
}

#[test]
fn events_that_are_refused_are_counted_by_reason() {
    let log = LOG.replace("\"sms\"", "\"smss\"");
    let log = format!(
        "{log}{}\n",
        r#"{"type":"message","role":"customer","conversation":"c1","at":"2026-03-01T09:13:00Z","txt":"x"}"#
    );
    let dir = directory("simulate-refused", &[("rules/a.toml", QUIET), ("log.jsonl", &log)]);
    let wanted = [
        "1 refused: unknown channel `smss`; did you mean `sms`? (first in line 3)",
        "`attributes.txt` is not declared under `[facts]`",
    ];
    let warned =
        ["warning: log.jsonl:3: unknown channel `smss`", "warning: log.jsonl:9: `attributes.txt` is not declared"];
    expect(&wane(&dir, &["simulate", "log.jsonl"]), 1, &wanted, &warned);
}

#[test]
fn what_is_refused_for_the_life_of_its_conversation_is_no_fault_of_the_log() {
    let early = r#"{"type":"message","role":"rep","conversation":"c9","channel":"web","at":"2026-03-01T08:00:00Z"}"#;
    let dir = directory("simulate-unknown", &[("rules/a.toml", QUIET), ("log.jsonl", &format!("{early}\n{LOG}"))]);
    expect(&wane(&dir, &["simulate", "log.jsonl"]), 0, &["1 refused: unknown conversation (first in line 1)"], &[]);
    let apart = LOG.replace("\"sms\"", "\"standard-sms\"");
    let dir = directory("simulate-not-governed", &[("rules/a.toml", QUIET), ("log.jsonl", &apart)]);
    let output = wane(&dir, &["simulate", "log.jsonl"]);
    expect(&output, 0, &["refused: the channel `standard-sms` is not governed (first in line 3)"], &[]);
    assert_eq!(stderr(&output), "", "its other events name no channel, and need not");
}

#[test]
fn the_standard_input_is_a_log_too() {
    let dir = directory("simulate-stdin", &[("rules/a.toml", QUIET)]);
    let mut child = Command::new(path())
        .args(["simulate", "-"])
        .current_dir(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("a pipe").write_all(LOG.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(stdout(&output), PRETTY);
}

#[test]
fn two_rulesets_side_by_side() {
    let longer = QUIET.replace("\"10m\"", "\"11m\"");
    let dir = directory("simulate-against", &[("rules/a.toml", QUIET), ("new/a.toml", &longer), ("log.jsonl", LOG)]);
    let arguments = ["simulate", "log.jsonl", "--until", "2026-03-01T12:00:00Z", "--against"];
    let with = |other: &str| wane(&dir, &[&arguments[..], &[other]].concat());
    let later = "c1/1 ends 1m later: at 2026-03-01T09:12:00Z, not 2026-03-01T09:11:00Z";
    expect(
        &with("new"),
        0,
        &[later, "(rules/a.toml:9)", "(new/a.toml:9)", "1  later", "1  the same", "1 difference"],
        &[],
    );
    expect(&with("rules"), 0, &["0 differences", "2  the same"], &[]);
}

#[test]
fn a_picture() {
    let dir = directory("simulate-picture", &[("rules/a.toml", QUIET), ("log.jsonl", LOG)]);
    expect(&wane(&dir, &["simulate", "log.jsonl", "--timeline", "out.svg"]), 0, &[], &[]);
    let svg = fs::read_to_string(dir.join("out.svg")).expect("a picture");
    for words in ["<svg ", "c1 (web)", "quiet 10m", "timer that lapsed", "active, handled by rep, for 10m", "</svg>"] {
        assert!(svg.contains(words), "no {words:?}");
    }
    let nowhere = wane(&dir, &["simulate", "log.jsonl", "--timeline", "no/where.svg"]);
    expect(&nowhere, 2, &[], &["can not write `no/where.svg`"]);
}

#[test]
fn a_log_by_conversation_gets_every_warning_too() {
    let rules = "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_lapse = [\"mark-inactive\"]\nwarn = [\n\
                 { before = \"5m\", notify = \"soon\", to = \"customer\" },\n\
                 { before = \"2m\", notify = \"now\", to = \"customer\" },\n]\n\n\
                 [[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"10m\"\n";
    let line = |conversation: &str, clock: &str| {
        format!(
            "{{\"type\":\"message\",\"role\":\"customer\",\"conversation\":\"{conversation}\",\"channel\":\"web\",\
             \"at\":\"2026-03-01T{clock}Z\"}}\n"
        )
    };
    let lines = [("c1", "10:00:00"), ("c2", "09:00:00"), ("c2", "11:00:00")].map(|(name, at)| line(name, at));
    let log = lines.concat();
    let dir = directory("simulate-by-conversation", &[("rules/a.toml", rules), ("log.jsonl", &log)]);
    let output = wane(&dir, &["simulate", "log.jsonl", "--format", "json"]);
    let shown = stdout(&output);
    let sent = |template: &str| shown.matches(&format!("\"template\":\"{template}\"")).count();
    assert_eq!((sent("soon"), sent("now")), (2, 2), "{shown}");
}
