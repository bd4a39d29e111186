//! The stock cases as a whole: enough of them, each requirement shown both ways, and the page about them.

use wane_tests::binary::{stderr, stdout};

use crate::place::{conformance, here};

#[test]
fn the_page_is_as_the_cases_are_and_has_no_gap() {
    let output = conformance(&["requirements", "--stock", "tests/conformance"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = std::fs::read_to_string(here("docs/requirements.md")).expect("the page");
    let hint = "make it anew: `wane conformance requirements > docs/requirements.md`";
    assert!(page == stdout(&output), "docs/requirements.md is not as the cases are; {hint}");
}

#[test]
fn there_are_enough_cases_and_half_of_them_are_negative() {
    let output = conformance(&["list", "--stock", "tests/conformance"]);
    let list = stdout(&output);
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    let mut profiles: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    profiles.dedup();
    for profile in profiles {
        let cases = rows.iter().filter(|row| row[0] == profile);
        let negative = cases.clone().filter(|row| row[2] != "valid").count();
        let (all, least) = (cases.count(), if profile == "core" { 25 } else { 15 });
        assert!(all >= least, "{profile} has {all} cases");
        assert!(negative * 5 >= all * 2, "{profile} has {negative} negative cases of {all}");
    }
}

#[test]
fn every_channel_has_a_profile() {
    let plugins = std::fs::read_dir(here("plugins")).expect("the plugins");
    let plugins = plugins.map(|entry| entry.expect("an entry").path()).filter(|path| path.join("Cargo.toml").exists());
    let names: Vec<_> =
        plugins.filter_map(|path| Some(path.file_name()?.to_owned())).filter(|name| name != "foil").collect();
    assert!(names.len() >= 8, "channels are gone");
    for name in names {
        let profile = here("tests/conformance").join(&name).join("profile.toml");
        assert!(profile.exists(), "{} does not exist", profile.display());
    }
}

#[test]
fn the_program_has_the_cases_in_it() {
    let (inside, beside) = (conformance(&["list"]), conformance(&["list", "--stock", "tests/conformance"]));
    assert_eq!(stdout(&inside), stdout(&beside));
}
