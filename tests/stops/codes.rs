//! Each exit code of the list, and what is said with it.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use wane_tests::binary::repository;
use wane_tests::daemon::last;

use crate::place::Place;

/// Compiles the library that makes calls fail.
fn faulty(place: &Place) -> PathBuf {
    let library = place.at("faulty.so");
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library);
    let done = cc.arg(repository().join("tests/stops/faulty.c")).arg("-ldl").status();
    assert!(done.expect("`cc` runs").success(), "it compiles");
    library
}

/// A daemon whose calls begin to fail while it serves: it ends by itself with that code and those words, and nothing that it
/// answered is lost.
fn fails(kind: &str, code: i32, words: &str) {
    let place = Place::new();
    let library = faulty(&place);
    let mut daemon = place.started(&[], &[("LD_PRELOAD", &library)]);
    daemon.applied(1..=3);
    fs::write(place.at("fault"), kind).expect("written");
    let answer = daemon.message(4);
    assert_eq!((answer.status, answer.problem()), (503, "stopping"), "{}", answer.text);
    assert!(answer.text.contains("send it again"), "{}", answer.text);
    assert!(answer.field("retry-after").is_some(), "{}", answer.head);
    assert_eq!(daemon.process.wait().code(), Some(code));
    let log = daemon.process.log();
    let error = log.lines().last().unwrap_or_default();
    assert!(error.starts_with("error: ") && error.contains(words), "{}", last(&log, 5));

    fs::remove_file(place.at("fault")).expect("removed");
    let mut daemon = place.start();
    daemon.kept(1..=3);
    let again = daemon.message(4);
    assert_eq!(again.status, 200, "{}", again.text);
    daemon.kept(1..=3);
    assert_eq!(daemon.process.stop().code(), Some(0));
    let (code, said) = place.verified();
    assert!(code == Some(0) && said.ends_with("whole\n"), "{said}");
}

#[test]
fn a_fault_of_ours_in_the_thread_that_writes_is_70() {
    fails("L", 70, "internal fault: the thread `log` failed");
}

#[test]
fn a_disk_that_does_not_sync_is_74() {
    fails("E", 74, "the log can not be written: `segment-000001`: Input/output error");
}

#[test]
fn what_is_in_the_way_of_a_start_has_a_code_and_words() {
    let place = Place::new();
    fs::write(place.at("rules/rules.toml"), "[[rules]]\nid = 7\n").expect("written");
    let (code, said) = place.refused(&[]);
    assert!(code == Some(66) && said.contains("rules.toml"), "{code:?} {said}");

    let place = Place::new();
    let mut first = place.start();
    first.applied(1..=1);
    let (code, said) = place.refused(&[]);
    assert!(code == Some(75) && said.contains("data/log"), "{code:?} {said}");
    first.kept(1..=1);
    first.process.stop();

    fs::set_permissions(place.at("data"), Permissions::from_mode(0o777)).expect("set");
    let (code, said) = place.refused(&[]);
    assert!(code == Some(77) && said.contains("chmod go-w"), "{code:?} {said}");
    fs::set_permissions(place.at("data"), Permissions::from_mode(0o700)).expect("set");

    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (code, said) = place.refused(&["--listen", &address]);
    assert!(code == Some(69) && said.contains(&address), "{code:?} {said}");

    fs::write(place.at("no-directory"), "").expect("written");
    for data in ["no-directory/data", "no-directory"] {
        let (code, said) = place.refused(&["--data", data]);
        assert!(code == Some(73) && said.contains(data), "{code:?} {said}");
    }

    place.start().kept(1..=1);
}

#[test]
fn a_first_start_that_is_refused_leaves_no_log() {
    let place = Place::new();
    fs::create_dir(place.at("plugins")).expect("made");
    fs::set_permissions(place.at("plugins"), Permissions::from_mode(0o755)).expect("set");
    let refusals = [
        ("plugins = \"plugins\"\n[channels.x]\nplugin = \"absent\"\n", "absent"),
        ("[tls]\ncert = \"rules/rules.toml\"\nkey = \"no-key.pem\"\n", "tls."),
        ("[client]\nsigning_key = \"file:no-key\"\n", "client.signing_key"),
    ];
    let good = fs::read_to_string(place.at("wane.toml")).expect("readable");
    for (config, words) in refusals {
        fs::write(place.at("wane.toml"), config).expect("written");
        let (code, said) = place.refused(&[]);
        assert!(code == Some(78) && said.contains(words), "{code:?} {said}");
        assert!(!place.at("data/log").exists(), "{words}");
    }
    fs::write(place.at("wane.toml"), good).expect("written");
    place.start().applied(1..=1);
}
