//! `wane simulate`: a recorded log played to rules.
//!
//! [`play`] moves events and clock; who shows what came of it is in the other modules. The log is read once, line by line.

mod against;
pub(crate) mod because;
mod faults;
mod json;
mod lines;
mod outcomes;
mod play;
mod progress;
mod timeline;

use std::fs;
use std::io::Write;

use wane_core::event::Event;
use wane_core::time::Timestamp;

use crate::Verdict;
use crate::cli::{SimulateArgs, SimulateFormat};
use crate::out::Out;
use crate::rulesets;
use crate::trouble::Trouble;
use faults::Faults;
use lines::Log;
use outcomes::Outcomes;
use play::{Moment, Play};
use progress::Progress;
use timeline::Timeline;

/// Runs the command.
///
/// # Errors
/// [`Trouble`] when rules or log can not be read; a broken line of the log ends it.
pub(crate) fn run(args: &SimulateArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    let until = until(args)?;
    let rules = rulesets::load(&args.rules, out)?;
    if let Some(other) = &args.against {
        return against::run(args, (rules, rulesets::load(other, out)?), until, out);
    }
    let mut show = Show::new(args, rules.hash.to_string(), out);
    let mut play = Play::new(rules);
    let done = each_event(args, until, |told| match told {
        Told::Event { at, event, line } => {
            let answer = play.event(at, event, &mut |moment| show.moment(&moment))?;
            show.outcomes.answer(&answer, line);
            show.faults.answer(&answer, line);
            Ok(())
        }
        Told::LeftOut => {
            show.outcomes.left_out();
            Ok(())
        }
        Told::End(until) => play.advance(until.unwrap_or(play.now), &mut |moment| show.moment(&moment)),
    });
    match done {
        Ok(()) => show.end(&play)?,
        Err(trouble) => return Err(show.broken_off(trouble)),
    }
    Ok(show.faults.verdict())
}

fn until(args: &SimulateArgs) -> Result<Option<Timestamp>, Trouble> {
    let Some(text) = &args.until else { return Ok(None) };
    let wrong = |error| Trouble::usage(format!("`--until {text}` is {error}"), "for example `2026-03-01T09:00:00Z`");
    Timestamp::parse(text).map(Some).map_err(wrong)
}

/// What the log tells.
enum Told<'a> {
    /// An event that was sent at an instant, in that line.
    Event { at: Timestamp, event: &'a Event, line: u64 },
    /// One that lies after the end of the time that was asked for.
    LeftOut,
    /// The log is over; the clock goes on until then, or stops at the latest event.
    End(Option<Timestamp>),
}

/// Reads the log, event by event; at the end the clock goes on until `until`.
fn each_event(
    args: &SimulateArgs,
    until: Option<Timestamp>,
    mut tell: impl FnMut(Told<'_>) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut log = Log::open(&args.events)?;
    let mut progress = Progress::new(log.size);
    let mut left = args.limit.unwrap_or(u64::MAX);
    let mut any = false;
    while left > 0 {
        let Some((at, event)) = log.next()? else { break };
        any = true;
        left -= 1;
        progress.event(log.read);
        if until.is_some_and(|until| at > until) {
            tell(Told::LeftOut)?;
        } else {
            tell(Told::Event { at, event: &event, line: log.line() })?;
        }
    }
    progress.done();
    if !any {
        return Err(log.empty());
    }
    tell(Told::End(until))
}

/// Everything that is shown of a simulation.
struct Show<'a> {
    args: &'a SimulateArgs,
    ruleset: String,
    out: &'a mut Out,
    outcomes: Outcomes,
    faults: Faults,
    timeline: Option<Timeline>,
    lines: usize,
}

impl<'a> Show<'a> {
    fn new(args: &'a SimulateArgs, ruleset: String, out: &'a mut Out) -> Self {
        let timeline = args.timeline.is_some().then(Timeline::default);
        Self {
            args,
            ruleset,
            out,
            outcomes: Outcomes::default(),
            faults: Faults::new(&args.events),
            timeline,
            lines: 0,
        }
    }

    fn moment(&mut self, moment: &Moment<'_>) -> Result<(), Trouble> {
        if let Some(timeline) = &mut self.timeline {
            timeline.moment(moment);
        }
        match self.args.format {
            SimulateFormat::Json => json::show(moment, &self.ruleset, self.out)?,
            SimulateFormat::Pretty => self.lines(moment)?,
        }
        Ok(())
    }

    fn lines(&mut self, moment: &Moment<'_>) -> Result<(), Trouble> {
        self.outcomes.moment(moment);
        for effect in moment.effects.iter().filter(|effect| because::is_told(effect)) {
            self.lines += 1;
            if self.lines <= self.args.lines.0 {
                writeln!(self.out, "{}", because::line(moment, effect, &self.args.rules))?;
            }
        }
        Ok(())
    }

    fn end(&mut self, play: &Play) -> Result<(), Trouble> {
        if self.args.format == SimulateFormat::Pretty {
            if self.lines > self.args.lines.0 {
                let more = self.lines - self.args.lines.0;
                writeln!(self.out, "... and {more} more (`--lines all` shows them)")?;
            }
            self.outcomes.show(play, self.out)?;
        }
        if let (Some(timeline), Some(path)) = (&mut self.timeline, &self.args.timeline) {
            timeline.end(play);
            let wrong = |source| Trouble::Write { path: path.clone(), source };
            fs::write(path, timeline.svg()).map_err(wrong)?;
        }
        Ok(())
    }

    /// What was shown so far must not be taken for the whole.
    fn broken_off(&mut self, trouble: Trouble) -> Trouble {
        let begun = self.outcomes.begun();
        let unreadable = begun && matches!(trouble, Trouble::Read { .. });
        if !unreadable && !matches!(trouble, Trouble::Input { .. }) {
            return trouble;
        }
        let told = match self.args.format {
            SimulateFormat::Json => json::not_whole(&trouble, self.out),
            SimulateFormat::Pretty if self.lines > 0 => writeln!(self.out, "... broken off: the log is not whole"),
            SimulateFormat::Pretty => Ok(()),
        };
        if let Err(error) = told {
            return Trouble::Output(error);
        }
        if let Trouble::Input { message, help } = trouble {
            let note = if begun { "\n  = note: broken off here; what is shown is not the whole" } else { "" };
            return Trouble::Input { message: format!("{message}{note}"), help };
        }
        trouble
    }
}
