//! What is shown, in each format, and the exit status.

use serde_json::Value;
use wane_tests::binary::{stderr, stdout};

use crate::place::{Place, conformance, here, text};

const OWN: [&str; 2] = ["--cases", "plugins/foils/profile"];

fn run(file: &str, more: &[&str]) -> std::process::Output {
    let arguments: Vec<&str> = [file].iter().chain(&OWN).chain(more).copied().collect();
    conformance(&arguments)
}

#[test]
fn a_failure_says_why_what_differs_and_how_to_see_it_again() {
    let place = Place::new();
    let file = place.pager("seconds", Some("FOIL_SECONDS"));
    let only = ["--only", "a-call-keeps-its-instant"];
    let output = run(text(&file), &only);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "fail a-call-keeps-its-instant: A missed call has its instant in milliseconds\n",
        "  why    In seconds it would be a call of January 1970",
        "  at     plugins/foils/profile/valid/a-call-keeps-its-instant.toml:",
        "         events[0].at_ms: expected 1772441000000, got 1772441000\n",
        "--cases plugins/foils/profile --only a-call-keeps-its-instant\n",
        "verdict   DOES NOT CONFORM",
    ] {
        assert!(shown.contains(part), "`{part}` is not in\n{shown}");
    }
    let again = shown.lines().find_map(|line| line.strip_prefix("  again  wane ")).expect("the command");
    let words: Vec<&str> = again.split_whitespace().skip(1).collect();
    assert_eq!(stdout(&conformance(&words)), shown, "the command repeats it");
}

/// `wane new-channel` puts the profile beside the plugin.
#[test]
fn core_alone_takes_the_samples_of_the_plugins_profile_and_none_of_its_cases() {
    let place = Place::new();
    let file = place.pager("whole", None);
    let alone = ["--profile", "core", "--level", "1"];
    let without = conformance(&[&[text(&file)], &alone[..]].concat());
    assert_eq!(without.status.code(), Some(2));
    assert!(stderr(&without).contains("no profile is for the plugin's channel `pager`"), "{}", stderr(&without));
    std::os::unix::fs::symlink(here("plugins/foils/profile"), place.path("conformance")).expect("linked");
    let played = |more: &[&str]| {
        let output = conformance(&[&[text(&file)], more, &["--format", "tap"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let (core, all) = (played(&alone), played(&["--level", "1"]));
    let own = "a-handshake-is-answered";
    assert!(core.contains("ok 1 - ") && !core.contains(own), "{core}");
    assert!(all.contains(own) && all.lines().count() > core.lines().count(), "{all}");
    let report = stdout(&conformance(&[&[text(&file)], &alone[..]].concat()));
    assert!(report.contains("profile   core: what every channel must do, with the samples of"), "{report}");
}

#[test]
fn tap_json_and_junit_tell_the_same() {
    let place = Place::new();
    let file = place.pager("any-pin", Some("FOIL_ANY_PIN"));
    let junit = place.path("junit.xml");
    let only = ["--only", "a-handshake-with-another-pin", "--only", "a-handshake-is-answered"];
    let with = |format: &str| {
        let more: Vec<&str> = only.iter().copied().chain(["--format", format, "--junit", text(&junit)]).collect();
        run(text(&file), &more)
    };
    let tap = stdout(&with("tap"));
    assert!(tap.starts_with("TAP version 14\n1..2\n"), "{tap}");
    assert!(
        tap.contains("ok 1 - a-handshake-is-answered: ") && tap.contains("not ok 2 - a-handshake-with-another-pin: ")
    );
    assert!(tap.contains("  ---\n  verdict: \"fail\"\n") && tap.contains("\n  ...\n"), "{tap}");
    let json: Value = serde_json::from_str(&stdout(&with("json"))).expect("JSON");
    assert_eq!((&json["conforms"], &json["counts"]["failed"]), (&Value::Bool(false), &Value::from(1)));
    let xml = std::fs::read_to_string(&junit).expect("the file");
    assert_eq!(stdout(&with("junit")), xml);
    assert!(xml.contains("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""), "{xml}");
}

#[test]
fn what_is_slow_is_warned_of_and_conforms() {
    let place = Place::new();
    let file = place.pager("slow", Some("FOIL_SLOW"));
    let output = run(text(&file), &["--only", "a-text-within-a-millisecond", "--timeout", "60"]);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.starts_with("warn a-text-within-a-millisecond: "), "{shown}");
    assert!(shown.contains("the median of 200 turns is ") && shown.contains("NO CLAIM: only some cases"), "{shown}");
}

#[test]
fn a_captured_request_becomes_a_case_that_can_be_played() {
    let place = Place::new();
    let own = place.path("own");
    std::fs::create_dir_all(own.join("valid")).expect("a directory");
    std::fs::copy(here("plugins/foils/profile/profile.toml"), own.join("profile.toml")).expect("copied");
    let captured = "POST /pager HTTP/1.1\r\nX-Pager-Signature: 00ff\r\n\r\nmsg m1 +1555 1772441999 it is Anna\n";
    std::fs::write(place.path("request.http"), captured).expect("written");
    let output = conformance(&["new-case", "--from", text(&place.path("request.http"))]);
    let case = stdout(&output).replace("an-id-of-the-profile", "pager-text");
    assert!(!case.contains("Anna") && !case.contains("00ff") && case.contains("sign = true"), "{case}");
    std::fs::write(own.join("valid/captured.toml"), case).expect("written");
    let file = place.pager("pager", None);
    let output = conformance(&[text(&file), "--cases", text(&own), "--only", "captured"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let none = conformance(&["new-case", "--from", text(&own.join("profile.toml"))]);
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("is no HTTP request: it does not start with"), "{}", stderr(&none));
}

#[test]
fn what_can_not_be_run_is_told_with_its_exit_status() {
    let place = Place::new();
    let file = place.pager("pager", None);
    let file = text(&file);
    std::fs::write(place.path("none.so"), "no plugin").expect("written");
    for (arguments, status, words) in [
        (vec![file], 2, "no profile is for the plugin's channel `pager`"),
        (vec![file, "--profile", "lime"], 2, "there is no profile `lime`"),
        (vec![file, "--profile", "line"], 2, "speaks for the channel `pager`, the profile is for `line`"),
        (vec![file, OWN[0], OWN[1], "--only", "a-close-is-told-onec"], 2, "did you mean `a-close-is-told-once`?"),
        (vec![file, "--cases", "/nowhere"], 2, "can not read `/nowhere`"),
        (vec!["/nowhere.so"], 2, "can not read `/nowhere.so`"),
        (vec![text(&place.path("none.so")), OWN[0], OWN[1]], 3, "the plugin does not load"),
    ] {
        let output = conformance(&arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
    }
}
