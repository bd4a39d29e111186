//! `wane activate` and `wane rollback`: changing the rules of a running daemon.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Write};

use serde::Deserialize;
use serde_json::{Value, json};
use wane_core::rules::files::Files;

use crate::Verdict;
use crate::cli::{ActivateArgs, RollbackArgs};
use crate::daemon::{Daemon, Scope};
use crate::diagnostics::plural;
use crate::out::{Out, Style, plain};
use crate::trouble::Trouble;
use crate::{disk, rulesets};

/// Sends a directory of rules to the daemon and puts it in force.
///
/// # Errors
/// [`Trouble`] when the directory can not be read, its rules have errors, or the daemon refuses.
pub(crate) fn run(args: &ActivateArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    let files = disk::rule_files(&args.dir)?;
    let rules = rulesets::compile(&args.dir, &files, out)?;
    let daemon = Daemon::find(&args.daemon)?;
    let active: Active = daemon.get("/v1/rules")?;
    if active.hash == rules.hash.to_string() {
        writeln!(out, "these rules are in force already, as number {}", active.ordinal)?;
        return Ok(Verdict::Well);
    }
    let body = json!({ "files": texts(&files) });
    let preview: Preview = daemon.post(Scope::Read, "/v1/rules/preview", &body)?;
    preview.show(out)?;
    if args.preview {
        return Ok(Verdict::Well);
    }
    confirm(args.yes, "put these rules in force?", out)?;
    // Whoever changed the rules since the preview made it worthless.
    let body = json!({ "files": texts(&files), "if_active": active.hash });
    daemon.post::<Activated>(Scope::Write, "/v1/rules/activate", &body)?.show(out)
}

/// Puts an earlier version in force again.
///
/// # Errors
/// [`Trouble`] when there is none, or the daemon refuses.
pub(crate) fn rollback(args: &RollbackArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    let daemon = Daemon::find(&args.daemon)?;
    let active: Active = daemon.get("/v1/rules")?;
    writeln!(out, "in force: number {}, ruleset {:.16}", active.ordinal, plain(&active.hash))?;
    let to = args.to.as_ref().map_or_else(|| "the rules before these".to_owned(), |to| format!("version `{to}`"));
    confirm(args.yes, &format!("put {to} in force?"), out)?;
    let body = json!({ "to": args.to, "if_active": active.hash });
    daemon.post::<Activated>(Scope::Write, "/v1/rules/rollback", &body)?.show(out)
}

fn texts(files: &Files) -> BTreeMap<&str, std::borrow::Cow<'_, str>> {
    // They compiled, so they are UTF-8.
    files.iter().map(|(path, content)| (&**path, String::from_utf8_lossy(content))).collect()
}

/// Asks whoever is at the terminal. In a script the command is the act, as it says; `--preview` is there to look first.
fn confirm(yes: bool, question: &str, out: &mut Out) -> Result<(), Trouble> {
    if yes || !io::stdin().is_terminal() {
        return Ok(());
    }
    write!(out, "{question} [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Trouble::usage("nothing was changed", "answer `y`, or give `--yes`"))
}

#[derive(Deserialize)]
struct Active {
    ordinal: u32,
    hash: String,
}

#[derive(Deserialize)]
struct Preview {
    conversations: u64,
    unchanged: u64,
    lapse_now: u64,
    earlier: u64,
    later: u64,
    by_timer: Vec<Timer>,
    #[serde(default)]
    examples: Vec<String>,
}

#[derive(Deserialize)]
struct Timer {
    timer: String,
    lapse_now: u64,
}

impl Preview {
    fn show(&self, out: &mut Out) -> Result<(), Trouble> {
        let conversations = plural(usize::try_from(self.conversations).unwrap_or(usize::MAX), "conversation");
        writeln!(out, "of {conversations} now:")?;
        let lapse = if self.lapse_now > 0 { Style::Changed } else { Style::Good };
        writeln!(out, "  {} would lapse at once", out.paint(lapse, &self.lapse_now.to_string()))?;
        for Timer { timer, lapse_now } in &self.by_timer {
            writeln!(out, "    {lapse_now} by `{}`", plain(timer))?;
        }
        for example in &self.examples {
            writeln!(out, "    such as `{}`", plain(example))?;
        }
        writeln!(out, "  {} would lapse earlier", self.earlier)?;
        writeln!(out, "  {} would lapse later or not at all", self.later)?;
        writeln!(out, "  {} would stay as they are", self.unchanged)?;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Activated {
    changed: bool,
    ordinal: u32,
    hash: String,
    previous: Value,
}

impl Activated {
    fn show(&self, out: &mut Out) -> Result<Verdict, Trouble> {
        let hash = plain(&self.hash);
        if self.changed {
            let before = self.previous.get("ordinal").map(Value::to_string).unwrap_or_default();
            writeln!(out, "in force as number {}, after number {before}: ruleset {hash:.16}", self.ordinal)?;
        } else {
            writeln!(out, "these rules are in force already, as number {}", self.ordinal)?;
        }
        Ok(Verdict::Well)
    }
}
