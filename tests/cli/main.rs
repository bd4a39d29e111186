//! The real `wane` binary over good and bad input: what it prints, where, and with which exit status.

mod activate;
mod check;
mod diff;
mod explain;
mod new_channel;
mod plugin;
mod scenarios;
mod simulate;
mod store;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, io};

use wane_tests::binary::{repository, stderr, stdout, wane};

/// A directory of its own for one test, with these files.
fn directory(test: &str, files: &[(&str, &str)]) -> PathBuf {
    write(test, files).unwrap_or_else(|why| unreachable!("the files of a test can not be written: {why}"))
}

fn write(test: &str, files: &[(&str, &str)]) -> io::Result<PathBuf> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    if path.exists() {
        fs::remove_dir_all(&path)?;
    }
    fs::create_dir_all(&path)?;
    for (name, text) in files {
        let file = path.join(name);
        fs::create_dir_all(file.parent().unwrap_or(&path))?;
        fs::write(file, text)?;
    }
    Ok(path)
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

/// Runs it while nobody reads what it prints; gives the exit status.
fn unread(dir: &Path, arguments: &[&str]) -> io::Result<Option<i32>> {
    let mut command = Command::new(wane_tests::binary::path());
    let mut child = command.args(arguments).current_dir(dir).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    drop(child.stdout.take());
    drop(child.stderr.take());
    Ok(child.wait()?.code())
}

#[test]
fn a_reader_who_leaves_early_does_not_change_the_exit_status() {
    let dir = directory("unread", &[("good/a.toml", QUIET), ("broken/a.toml", "x =")]);
    assert_eq!(unread(&dir, &["check", "good"]).expect("it runs"), Some(0));
    assert_eq!(unread(&dir, &["check", "broken"]).expect("it runs"), Some(1));
    assert_eq!(unread(&dir, &["check", "nowhere"]).expect("it runs"), Some(2));
    assert_eq!(unread(&dir, &["diff", "good", "broken"]).expect("it runs"), Some(1));
}

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
    let schema = here(&["schema"]);
    expect(&schema, 0, &["json-schema.org"], &[]);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    assert!(schema["properties"]["timers"].is_object(), "{schema}");
    expect(&here(&["man"]), 0, &[".TH", "wane simulate", "OUT.svg"], &[]);
}
