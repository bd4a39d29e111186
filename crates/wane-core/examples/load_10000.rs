//! Loads, checks and compiles ten thousand rules, and says how long that took:
//! `cargo run --release -p wane-core --example load_10000`.

use std::fmt::Write as _;

use wane_core::rules::files::Files;
use wane_core::rules::load;

#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program that measures and says so")]
fn main() {
    let mut files = Files::default();
    files.insert("rules.toml", text(10_000));
    for _ in 0..5 {
        let start = std::time::Instant::now();
        let (ruleset, diagnostics) = load(&files);
        let rows = ruleset.map_or(0, |ruleset| ruleset.rows.len());
        println!("{rows} rules, {} findings, {:?}", diagnostics.len(), start.elapsed());
    }
}

/// Rules of which each can win: no two ask for the same queue.
fn text(rules: usize) -> String {
    let mut text = String::from(
        "[timers.bot]\nhandler = [\"bot\"]\nrestart_on = [\"message:customer\"]\non_lapse = [\"end-session\"]\n\n\
         [facts]\ncustomer.tier = [\"vip\", \"standard\", \"gold\"]\n",
    );
    for number in 0..rules {
        let tier = ["vip", "standard", "gold"].get(number % 3).unwrap_or(&"vip");
        let messages = number % 50;
        let written = write!(
            text,
            "\n[[rules]]\nid    = \"rule-{number}\"\ntimer = \"bot\"\n\
             when  = 'customer.tier == \"{tier}\" && session.messages > {messages} && queue == \"q{number}\"'\n\
             after = \"{}m\"\n",
            number % 100 + 1
        );
        debug_assert!(written.is_ok(), "a string takes all");
    }
    text
}
