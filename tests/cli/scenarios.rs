//! `wane test`.

use crate::{QUIET, directory, expect, here};
use wane_tests::binary::{stdout, wane};

const GOOD: &str = r#"
[[scenario]]
name    = "a quiet customer"
covers  = ["T9"]
channel = "web"

[[scenario.step]]
at    = "0s"
event = { type = "message", role = "customer" }

[[scenario.step]]
at    = "1m"
event = { type = "message", role = "rep" }
session = { status = "active", timers = { quiet = "11m" } }

[[scenario.step]]
at      = "1h"
effects = [{ at = "11m", type = "session.ended", timer = "quiet" }, { type = "participant.removed", role = "rep" }]
session = { status = "ended", conversation = "open" }
"#;

#[test]
fn passing_and_failing_scenarios() {
    let bad = GOOD.replace("at = \"11m\", type = \"session.ended\"", "at = \"12m\", type = \"session.ended\"");
    let bad = bad.replace(", { type = \"participant.removed\", role = \"rep\" }", ", { type = \"session.requeued\" }");
    let files = [("rules/a.toml", QUIET), ("good.toml", GOOD), ("bad.toml", bad.as_str())];
    let dir = directory("test-pretty", &files);
    expect(&wane(&dir, &["test", "good.toml"]), 0, &["ok    good.toml: 1 scenario", "1 scenario passed"], &[]);
    let output = wane(&dir, &["test", "good.toml", "bad.toml"]);
    expect(&output, 1, &[BAD, "1 scenario passed, 1 failed"], &[]);
}

const BAD: &str = "
  a quiet customer
  --> bad.toml:2
    step 3 at 1h (bad.toml:16) came out otherwise
    effects (- expected only, + came only, ~ came with other fields):
      ~ 11m session.ended timer=quiet rule=quiet
          at: expected 12m, got 11m
      - session.requeued
      + 11m participant.removed role=rep timer=quiet rule=quiet
";

#[test]
fn the_other_formats() {
    let bad = GOOD.replace("status = \"ended\"", "status = \"active\"").replace("quiet customer", "<quiet> #customer");
    let dir = directory("test-formats", &[("rules/a.toml", QUIET), ("s/good.toml", GOOD), ("s/bad.toml", &bad)]);
    let tap = ["TAP version 14\n1..2\n", "not ok 1 - s/bad.toml: a <quiet> \\#customer", "ok 2 - s/good.toml"];
    expect(&wane(&dir, &["test", "s", "--format", "tap"]), 1, &tap, &[]);
    let junit = ["tests=\"2\" failures=\"1\"", "a &lt;quiet&gt; #customer", "status: expected active, got ended"];
    expect(&wane(&dir, &["test", "s", "--format", "junit"]), 1, &junit, &[]);
    let output = wane(&dir, &["test", "s", "--format", "json", "--coverage"]);
    expect(&output, 1, &["\"passed\":false", "\"covers\":[\"T9\"]"], &[]);
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[2]["failed"], 1);
    assert_eq!(lines[3]["count"], 2, "the row won in both");
}

#[test]
fn a_name_can_not_break_the_formats() {
    let odd = GOOD.replace("a quiet customer", "one\\nnot ok 2 - \\uFFFF\\u001b[31m#");
    let dir = directory("test-names", &[("rules/a.toml", QUIET), ("s/a.toml", &odd)]);
    let tap = stdout(&wane(&dir, &["test", "s", "--format", "tap"]));
    assert_eq!(tap, "TAP version 14\n1..1\nok 1 - s/a.toml: one\\nnot ok 2 - \u{ffff}\\u{1b}[31m\\#\n");
    let junit = stdout(&wane(&dir, &["test", "s", "--format", "junit"]));
    assert!(!junit.contains(['\u{ffff}', '\u{1b}']), "XML can not hold these: {junit:?}");
}

#[test]
fn coverage_names_what_no_scenario_uses() {
    let never = format!("{QUIET}\n[[rules]]\nid = \"sms\"\ntimer = \"quiet\"\nchannel = \"sms\"\nafter = \"5m\"\n");
    let dir = directory("test-coverage", &[("rules/a.toml", &never), ("good.toml", GOOD)]);
    let wanted =
        ["1 of 2 rules won", "1 x  rules/a.toml:9 quiet", "0 x  rules/a.toml:14 sms  (never)", "1 of 1 timer lapsed"];
    expect(&wane(&dir, &["test", "good.toml", "--coverage"]), 0, &wanted, &[]);
}

#[test]
fn what_can_not_be_played_is_told() {
    let typo = GOOD.replace("type = \"message\", role = \"rep\"", "type = \"mesage\", role = \"rep\"");
    let none = "[[scenario]]\nname = \"x\"\nrules = \"nowhere\"\n[[scenario.step]]\nat = \"0s\"\n";
    let files = [
        ("rules/a.toml", QUIET),
        ("typo.toml", typo.as_str()),
        ("empty.toml", ""),
        ("cut.toml", "[[scenario]"),
        ("none.toml", none),
        ("broken/a.toml", "x ="),
        ("good.toml", GOOD),
    ];
    let dir = directory("test-broken", &files);
    let typo = ["E0904", "typo.toml:13:18", "did you mean `message`?", "1 file could not be read"];
    expect(&wane(&dir, &["test", "typo.toml"]), 1, &typo, &[]);
    expect(&wane(&dir, &["test", "empty.toml"]), 1, &["E0907", "no scenario"], &[]);
    expect(&wane(&dir, &["test", "cut.toml"]), 1, &["E0901", "cut.toml:1:"], &[]);
    expect(&wane(&dir, &["test", "none.toml"]), 2, &[], &["can not read `rules/nowhere`"]);
    expect(&wane(&dir, &["test", "nowhere.toml"]), 2, &[], &["can not read `nowhere.toml`"]);
    expect(&wane(&dir, &["test", "good.toml", "--only", "zzz"]), 2, &[], &["no scenario has `zzz`"]);
    let refused = ["its rules are refused", "broken/a.toml:1:"];
    expect(&wane(&dir, &["test", "good.toml", "--rules", "broken"]), 1, &refused, &[]);
}

#[test]
fn a_refusal_that_is_expected() {
    let text =
        "[[scenario]]\nname = \"refused\"\nrefused = [\"did you mean `quiet`\"]\n[scenario.inline]\n\"a.toml\" = '''\n";
    let own = format!("{text}{}'''\n", QUIET.replace("timer = \"quiet\"", "timer = \"quite\""));
    let accepted = format!("{text}{QUIET}'''\n");
    let dir = directory("test-refused", &[("own.toml", &own), ("accepted.toml", &accepted)]);
    expect(&wane(&dir, &["test", "own.toml"]), 0, &["1 scenario passed"], &[]);
    expect(&wane(&dir, &["test", "accepted.toml"]), 1, &["should be refused, but are accepted"], &[]);
}

#[test]
fn a_file_of_the_repository_passes() {
    expect(&here(&["test", "tests/scenarios/bot.toml"]), 0, &["scenarios passed"], &[]);
}
