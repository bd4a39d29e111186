//! Instructions per decision, counted by valgrind: figures that a busy machine does not change.
//!
//! `cargo run --release --no-default-features --example instructions` runs itself under `valgrind --tool=callgrind`, once
//! without and once with decisions, and prints the difference per decision. Needs valgrind.

use std::process::Command;
use std::{env, io};

use wane_bench::decide::CONTEXTS;
use wane_bench::engines::Engine;
use wane_bench::engines::wane::{self, FromTexts, Held};
use wane_bench::report::line;
use wane_bench::workload::Workload;

const DECISIONS: usize = 20 * CONTEXTS;

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => report(),
        [form, rules, decisions] => {
            run(form, number(rules)?, number(decisions)?);
            Ok(())
        }
        _ => Err(io::Error::other("usage: instructions [held|texts RULES DECISIONS]")),
    }
}

fn number(word: &str) -> io::Result<usize> {
    word.parse().map_err(|_| io::Error::other(format!("`{word}` is no number")))
}

fn report() -> io::Result<()> {
    line("instructions a decision");
    for rules in [10, 100, 1_000, 10_000] {
        let held = per_decision("held", rules)?;
        let texts = per_decision("texts", rules)?;
        line(&format!("  {rules:>6} rules   facts held {held:>6}   from texts {texts:>6}"));
    }
    Ok(())
}

fn per_decision(form: &str, rules: usize) -> io::Result<usize> {
    let (with, without) = (count(form, rules, DECISIONS)?, count(form, rules, 0)?);
    Ok(with.saturating_sub(without) / DECISIONS)
}

fn count(form: &str, rules: usize, decisions: usize) -> io::Result<usize> {
    let own = env::current_exe()?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(own);
    let output = valgrind.args([form, &rules.to_string(), &decisions.to_string()]).output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(io::Error::other(text.into_owned()));
    }
    let collected = text.lines().find_map(|line| line.split("Collected : ").nth(1));
    collected.map_or_else(|| Err(io::Error::other(text.clone().into_owned())), |count| number(count.trim()))
}

fn run(form: &str, rules: usize, decisions: usize) {
    let workload = Workload::new(rules, CONTEXTS);
    let ruleset = wane::ruleset(&wane::files(&workload));
    let sum = match form {
        "held" => Held::new(&ruleset, &workload).run(0, decisions, CONTEXTS),
        _ => FromTexts::new(&ruleset, &workload).run(0, decisions, CONTEXTS),
    };
    std::hint::black_box(sum);
}
