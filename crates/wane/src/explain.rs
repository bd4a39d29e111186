//! `wane explain`: which row gives a timer its duration, why the others do not, and what a lapse will do (R6).
//!
//! Here the question is worked out; the words of the answer are in [`words`], facts given by hand in [`given`].

mod given;
mod words;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use wane_core::diagnostic::did_you_mean;
use wane_core::engine::Engine;
use wane_core::facts::Facts;
use wane_core::ruleset::Ruleset;
use wane_core::scenario::{self, Scenario, Step, World};
use wane_core::session::Conversation;
use wane_core::time::{Span, Timestamp};
use wane_core::timer::{Phase, TimerId, TimerState};

use crate::Verdict;
use crate::cli::ExplainArgs;
use crate::diagnostics::{self, Counts, Source};
use crate::disk;
use crate::out::{Out, Style};
use crate::rulesets;
use crate::simulate::because::instant;
use crate::trouble::Trouble;
use words::Words;

/// Runs the command.
///
/// # Errors
/// [`Trouble`] when rules or scenario can not be read, or name what is not there.
pub(crate) fn run(args: &ExplainArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    match (&args.scenario, &args.timer) {
        (Some(scenario), _) => of_scenario(args, scenario, out),
        (None, Some(timer)) => by_hand(args, timer, out),
        (None, None) => Err(Trouble::usage("explain what?", "give `--timer NAME` or `--scenario FILE`")),
    }
}

fn find_timer(rules: &Ruleset, name: &str) -> Result<TimerId, Trouble> {
    rules.find_timer(name).ok_or_else(|| {
        let known: Vec<&str> = rules.timers.iter().map(|timer| &*timer.name).collect();
        let help = did_you_mean(name, known.iter().copied())
            .map_or_else(|| format!("the timers are {}", known.join(", ")), |meant| format!("did you mean `{meant}`?"));
        Trouble::usage(format!("there is no timer `{name}`"), help)
    })
}

fn by_hand(args: &ExplainArgs, timer: &str, out: &mut Out) -> Result<Verdict, Trouble> {
    let rules = rulesets::load(&args.rules, out)?;
    let timer = find_timer(&rules, timer)?;
    let (facts, named) = given::read(&rules, &args.fact)?;
    let words = Words { rules: &rules, dir: &args.rules, facts: &facts };
    let lines = [words.head(timer), words.given(timer, &named), words.choice(timer, None), words.lapse(timer)];
    show(&lines, out)
}

fn show(parts: &[Vec<String>], out: &mut Out) -> Result<Verdict, Trouble> {
    for (index, part) in parts.iter().enumerate() {
        for (row, line) in part.iter().enumerate() {
            let head = index == 0 && row == 0;
            let line = if head { out.paint(Style::Strong, line) } else { line.clone() };
            writeln!(out, "{}{line}", if head { "" } else { "  " })?;
        }
    }
    Ok(Verdict::Well)
}

fn of_scenario(args: &ExplainArgs, spec: &str, out: &mut Out) -> Result<Verdict, Trouble> {
    let (file, name) = split(spec);
    let scenario = find_scenario(file, name, out)?;
    let (dir, rules) = rules_of(&scenario, args, out)?;
    let only = args.timer.as_deref().map(|name| find_timer(&rules, name)).transpose()?;
    let engine = Engine::new(rules);
    let mut world = World::new(&scenario, &engine);
    let steps = steps(&scenario, args.step)?;
    for step in steps {
        world.play(step);
    }
    let at = steps.last().map_or(scenario.start, |step| step.at);
    let title = format!("`{}`, after step {} at {}", scenario.name, steps.len(), Span(at.millis_since(scenario.start)));
    writeln!(out, "{title}")?;
    for (name, conversation) in world.conversations() {
        let status = conversation.status().name();
        writeln!(out, "conversation `{name}`: session {status}, handled by {}\n", conversation.handler().name())?;
        let told = Told { engine: &engine, dir: &dir, at, start: scenario.start, only };
        told.conversation(conversation, out)?;
    }
    Ok(Verdict::Well)
}

/// `file#name`, where a file may have a `#` in its own name.
fn split(spec: &str) -> (&Path, Option<&str>) {
    match spec.rsplit_once('#') {
        Some((file, name)) if !Path::new(spec).exists() => (Path::new(file), Some(name)),
        Some(_) | None => (Path::new(spec), None),
    }
}

fn find_scenario(file: &Path, name: Option<&str>, out: &mut Out) -> Result<Scenario, Trouble> {
    let content = fs::read(file).map_err(Trouble::read(file))?;
    let shown = file.display().to_string();
    let (scenarios, found) = scenario::parse(&shown, &content);
    if !found.is_empty() {
        let mut files = wane_core::rules::files::Files::default();
        files.insert(shown.as_str(), content);
        diagnostics::pretty(&found, &Source { dir: Path::new(""), files: &files }, out)?;
        return Err(Trouble::Rules(format!("`{shown}` can not be used: {}", Counts::of(&found).words())));
    }
    let names: Vec<String> = scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let exact = |scenario: &&Scenario| name.is_none_or(|name| scenario.name == name);
    let part = |scenario: &&Scenario| name.is_some_and(|name| scenario.name.contains(name));
    let mut fitting: Vec<&Scenario> = scenarios.iter().filter(exact).collect();
    if fitting.is_empty() {
        fitting = scenarios.iter().filter(part).collect();
    }
    match fitting.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Trouble::usage(format!("`{shown}` has no such scenario"), format!("it has: {}", names.join("; ")))),
        [_, ..] => Err(Trouble::usage(
            format!("`{shown}` has several scenarios"),
            format!("name one: `--scenario '{shown}#{}'`", names.first().map_or("", String::as_str)),
        )),
    }
}

fn rules_of(
    scenario: &Scenario,
    args: &ExplainArgs,
    out: &mut Out,
) -> Result<(std::path::PathBuf, Arc<Ruleset>), Trouble> {
    let dir = scenario.rules.as_ref().map_or_else(|| args.rules.clone(), |name| args.rules.join(name));
    let files = scenario.files(|_| disk::rule_files(&dir))?;
    let dir = if scenario.stands_alone() { Path::new("").to_owned() } else { dir };
    let rules = rulesets::compile(&dir, &files, out)?;
    Ok((dir, rules))
}

fn steps(scenario: &Scenario, wanted: Option<usize>) -> Result<&[Step], Trouble> {
    let count = scenario.steps.len();
    let wanted = wanted.unwrap_or(count);
    scenario.steps.get(..wanted).filter(|steps| !steps.is_empty()).ok_or_else(|| {
        Trouble::usage(format!("there is no step {wanted}"), format!("the scenario has steps 1 to {count}"))
    })
}

/// What is told of a conversation.
struct Told<'a> {
    engine: &'a Engine,
    dir: &'a Path,
    at: Timestamp,
    start: Timestamp,
    only: Option<TimerId>,
}

impl Told<'_> {
    fn conversation(&self, conversation: &Conversation, out: &mut Out) -> Result<(), Trouble> {
        let rules = self.engine.rules();
        let facts = self.engine.facts_at(conversation, self.at);
        let mut stopped = Vec::new();
        for index in 0..rules.timers.len() {
            let timer = TimerId(u16::try_from(index).unwrap_or(u16::MAX));
            let state = conversation.timers().iter().find(|state| state.timer == timer);
            if state.is_none() && self.only != Some(timer) {
                stopped.extend(rules.timer(timer).map(|timer| timer.name.to_string()));
            } else if self.only.is_none_or(|only| only == timer) {
                self.timer((timer, state), &facts, out)?;
            }
        }
        if self.only.is_none() && !stopped.is_empty() {
            writeln!(out, "not running: {}", stopped.join(", "))?;
        }
        Ok(())
    }

    fn timer(
        &self,
        (timer, state): (TimerId, Option<&TimerState>),
        facts: &Facts,
        out: &mut Out,
    ) -> Result<(), Trouble> {
        let words = Words { rules: self.engine.rules(), dir: self.dir, facts };
        let chosen = match state.map(|state| &state.phase) {
            Some(Phase::Running(running)) => Some(running.row),
            Some(Phase::Lapsed { row, .. }) => Some(*row),
            Some(Phase::Unset { .. }) | None => None,
        };
        let phase = vec![self.phase(state)];
        show(&[words.head(timer), phase, words.choice(timer, chosen), words.lapse(timer)], out)?;
        writeln!(out)?;
        Ok(())
    }

    fn phase(&self, state: Option<&TimerState>) -> String {
        match state.map(|state| &state.phase) {
            Some(Phase::Running(running)) => {
                let until =
                    running.deadline.map_or_else(|| "paused".to_owned(), |at| format!("until {}", self.when(at)));
                format!("runs from {} {until}", self.when(running.anchor))
            }
            Some(Phase::Lapsed { at, anchor, .. }) => {
                format!("lapsed at {}, counted from {}", self.when(*at), self.when(*anchor))
            }
            Some(Phase::Unset { anchor, .. }) => {
                format!("started at {}, but no row gives it a duration: it does not run", self.when(*anchor))
            }
            None => "does not run".to_owned(),
        }
    }

    fn when(&self, at: Timestamp) -> String {
        format!("{} ({})", Span(at.millis_since(self.start)), instant(at))
    }
}
