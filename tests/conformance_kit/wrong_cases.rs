//! Files of cases that are wrong: one clear error that names the line.

use std::fs;

use wane_tests::binary::stderr;

use crate::place::{Place, conformance, text};

const HEAD: &str = "title = \"t\"\nwhy = \"w\"\nrequirements = [\"r\"]\nsource = \"s\"\nsince = \"0.1.0\"\nlevel = 1\n";
const PROFILE: &str = "title = \"t\"\nchannel = \"pager\"\n[requirement.r]\nsays = \"s\"\nsource = \"s\"\n";

/// What is said of a directory with this case.
fn said(name: &str, case: &str) -> String {
    let place = Place::new();
    let own = place.path("own");
    fs::create_dir_all(own.join("valid")).expect("a directory");
    fs::write(own.join("profile.toml"), PROFILE).expect("written");
    fs::write(own.join("valid").join(name), case).expect("written");
    let plugin = place.pager("pager", None);
    let output = conformance(&[text(&plugin), "--cases", text(&own)]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output)
}

#[test]
fn each_mistake_is_told_with_its_line() {
    for (steps, words) in [
        (
            "[[step]]\ntranslat.text = \"a\"\n",
            "a.toml:8: a step has no key `translat`\n  = help: did you mean `translate`?",
        ),
        ("[[step]]\ntranslate.txt = \"a\"\n", "a.toml:8: a request has no key `txt`"),
        ("[[step]]\ntranslate.text = \"a\"\n", "a.toml:7: a step that expects nothing can not fail"),
        ("[[step]]\nexpect_events = []\n", "a.toml:7: a step does nothing"),
        ("[[step]]\nadvance = \"1h\"\nrecreate = true\n", "a step does `advance`, `recreate`"),
        ("[[step]]\ntranslate.json = \"{\"\nexpect_nothing = true\n", "`json` is not: EOF"),
        ("[[step]]\ntranslate.text = 1\nexpect_nothing = true\n", "a.toml:8: `text` must be a text in quotes"),
        ("[[step]]\ntranslate.kind = \"webhok\"\nexpect_nothing = true\n", "did you mean `webhook`?"),
        ("[[step]]\nsample = \"text\"\nmutate = { kind = \"bit-flip\" }\n", "did you mean `bit-flips`?"),
        ("[[step]]\nreorder = [\"one\", \"two\"]\n", "`reorder` names the step `one`, which is not there"),
        ("[[step]]\nrender = { a = 1 }\nexpect_events = []\n", "`render` gives requests"),
        ("", "a case without a step shows nothing"),
        ("step = 1\n", "`step` must be a list"),
        ("[[step]\n", "a.toml:7: not TOML"),
    ] {
        let said = said("a.toml", &format!("{HEAD}{steps}"));
        assert!(said.contains(words), "{steps}\n{said}");
    }
}

#[test]
fn the_head_of_a_case_is_whole_and_its_name_an_id() {
    let step = "[[step]]\nsample = \"text\"\n";
    for (name, case, words) in [
        ("A_case.toml", format!("{HEAD}{step}"), "`A_case` is no id"),
        ("a.toml", format!("id = \"b\"\n{HEAD}{step}"), "its id is `b`, its file's name `a`"),
        ("a.toml", HEAD.replace("level = 1", "level = 5") + step, "`level` must be 0 to 4"),
        ("a.toml", HEAD.replace("why = \"w\"\n", "") + step, "a case needs `why`"),
        ("a.toml", HEAD.replace("\"r\"", "\"q\"") + step, "no requirement `q` is declared"),
        ("a.toml", format!("{HEAD}{step}"), "has no sample `text`"),
    ] {
        let said = said(name, &case);
        assert!(said.contains(words), "{case}\n{said}");
    }
}
