//! The real `wane` binary over good and bad input: what it prints, where, and with which exit status.

mod check;
mod explain;
mod scenarios;
mod simulate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use wane_tests::binary::{repository, stderr, stdout, wane};

/// A directory of its own for one test, with these files.
fn directory(test: &str, files: &[(&str, &str)]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a directory for the test");
    for (name, text) in files {
        let file = path.join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a directory for the file");
        fs::write(file, text).expect("a file for the test");
    }
    path
}

/// Runs it in the repository.
fn here(arguments: &[&str]) -> Output {
    wane(&repository(), arguments)
}

/// Checks exit status and that the words are in what was printed.
fn expect(output: &Output, status: i32, out: &[&str], err: &[&str]) {
    let (said, told) = (stdout(output), stderr(output));
    assert_eq!(output.status.code(), Some(status), "stdout: {said}\nstderr: {told}");
    for words in out {
        assert!(said.contains(words), "no {words:?} in stdout: {said}");
    }
    for words in err {
        assert!(told.contains(words), "no {words:?} in stderr: {told}");
    }
    assert!(!told.contains("panicked"), "{told}");
    assert!(!said.contains('\x1b'), "colours without a terminal: {said:?}");
}

/// One timer that ends a quiet session after ten minutes.
const QUIET: &str = r#"
[timers.quiet]
title    = "Customer has gone quiet"
handler  = ["rep"]
start_on = ["message:rep"]
stop_on  = ["message:customer"]
on_lapse = ["end-session"]

[[rules]]
id    = "quiet"
timer = "quiet"
after = "10m"
"#;

#[test]
fn usage_is_exit_status_2() {
    expect(&here(&["chek"]), 2, &[], &["check"]);
    expect(&here(&[]), 2, &[], &["Usage"]);
    expect(&here(&["test"]), 2, &[], &["<FILES>"]);
}

#[test]
fn the_program_tells_about_itself() {
    expect(&here(&["--version"]), 0, &["wane "], &[]);
    expect(&here(&["--help"]), 0, &["simulate", "explain", "Exit status"], &[]);
    expect(&here(&["completions", "bash"]), 0, &["simulate"], &[]);
    expect(&here(&["man"]), 0, &[".TH"], &[]);
}
