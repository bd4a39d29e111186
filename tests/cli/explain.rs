//! `wane explain`.

use crate::{directory, expect, here};
use wane_tests::binary::wane;

#[test]
fn the_winner_and_the_loser_of_facts_given_by_hand() {
    let wanted = [
        "6h, by rule `token-authenticated` (rules/defaults.toml:",
        "since `authenticated` holds",
        "not 1h, rule `token-unauthenticated` (rules/defaults.toml:",
        "has no condition, and a row with one goes first",
        "at its lapse: nothing at once",
        "handler bot: end-session, end-conversation, refuse-client",
    ];
    let arguments = ["explain", "--timer", "token", "--fact", "channel=web", "--fact", "authenticated=true"];
    expect(&here(&arguments), 0, &wanted, &[]);
    let wanted = ["1h, by rule `token-unauthenticated`", "`authenticated` does not hold (authenticated is false)"];
    expect(&here(&["explain", "--timer", "token"]), 0, &wanted, &[]);
    let elsewhere = ["it does not run on channel `sms`"];
    expect(&here(&["explain", "--timer", "token", "--fact", "channel=sms"]), 0, &elsewhere, &[]);
}

const RULES: &str = r#"
[facts]
customer.tier = ["vip", "standard"]

[timers.quiet]
title    = "Customer has gone quiet"
handler  = ["rep"]
start_on = ["message:rep"]
on_lapse = ["end-session"]

[[rules]]
id    = "vip"
timer = "quiet"
when  = 'customer.tier == "vip" && session.messages > 20'
after = "1h"

[[rules]]
id    = "all"
timer = "quiet"
after = "10m"
"#;

#[test]
fn the_part_of_a_condition_that_does_not_hold() {
    let dir = directory("explain-part", &[("rules/a.toml", RULES)]);
    let arguments = ["explain", "--timer", "quiet", "--fact", "customer.tier=vip", "--fact", "session.messages=7"];
    let wanted =
        ["10m, by rule `all` (rules/a.toml:17)", "`session.messages > 20` does not hold (session.messages is 7)"];
    expect(&wane(&dir, &arguments), 0, &wanted, &[]);
    let gold = ["explain", "--timer", "quiet", "--fact", "customer.tier=gold"];
    expect(&wane(&dir, &gold), 2, &[], &["`customer.tier` can not be `gold`", "one of vip, standard"]);
    let typo = ["explain", "--timer", "quiet", "--fact", "customer.teir=vip"];
    expect(&wane(&dir, &typo), 2, &[], &["did you mean `customer.tier`?"]);
    expect(&wane(&dir, &["explain", "--timer", "quite"]), 2, &[], &["did you mean `quiet`?"]);
    let twice = ["explain", "--timer", "quiet", "--fact", "channel=web", "--fact", "channel=sms"];
    expect(&wane(&dir, &twice), 2, &[], &["`channel` is given twice"]);
    expect(&wane(&dir, &["explain", "--timer", "quiet", "--fact", "x"]), 2, &[], &["no `=`"]);
    expect(&wane(&dir, &["explain"]), 2, &[], &["--timer"]);
}

const SCENARIO: &str = r#"
[[scenario]]
name    = "a vip"
channel = "web"
[[scenario.step]]
at    = "0s"
event = { type = "message", role = "customer", customer = { tier = "vip" } }
[[scenario.step]]
at    = "1m"
event = { type = "message", role = "rep" }
"#;

#[test]
fn a_step_of_a_scenario() {
    let dir = directory("explain-step", &[("rules/a.toml", RULES), ("s.toml", SCENARIO)]);
    let wanted = [
        "after step 2 at 1m",
        "session active, handled by rep",
        "runs from 1m (2026-01-01T00:01:00Z) until 11m (2026-01-01T00:11:00Z)",
        "(session.messages is 2)",
    ];
    expect(&wane(&dir, &["explain", "--scenario", "s.toml#vip"]), 0, &wanted, &[]);
    let first = ["session waiting", "not running: quiet"];
    expect(&wane(&dir, &["explain", "--scenario", "s.toml", "--step", "1"]), 0, &first, &[]);
    let one = ["explain", "--scenario", "s.toml", "--timer", "quiet"];
    expect(&wane(&dir, &one), 0, &["after step 2 at 1m", "timer `quiet`"], &[]);
    expect(&wane(&dir, &["explain", "--timer", "quiet", "--step", "1"]), 2, &[], &["--scenario"]);
    expect(&wane(&dir, &["explain", "--scenario", "s.toml", "--step", "9"]), 2, &[], &["steps 1 to 2"]);
    expect(&wane(&dir, &["explain", "--scenario", "s.toml#zzz"]), 2, &[], &["no such scenario"]);
}
