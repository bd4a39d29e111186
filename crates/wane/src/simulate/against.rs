//! The same log played to two rulesets: which sessions end or go inactive at another time, or for another reason.
//!
//! Only what differs, or has not happened on both sides yet, is kept.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use wane_core::effect::{Answer, Effect, EffectBody};
use wane_core::ruleset::Ruleset;
use wane_core::time::{Span, Timestamp};

use super::because::{because, instant, is_told};
use super::faults::Faults;
use super::play::{Moment, Play};
use super::{Told, each_event};
use crate::Verdict;
use crate::cli::SimulateArgs;
use crate::diagnostics::plural;
use crate::out::{Out, Style, plain};
use crate::trouble::Trouble;

/// Conversation, session, whether it ended (or went inactive), and for the how-manieth time.
type Key = (usize, u32, bool, u32);

/// An end or an inactivation.
#[derive(Debug)]
struct End {
    session: String,
    at: Timestamp,
    because: String,
}

/// How a session differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Earlier,
    Later,
    OnlyBefore,
    OnlyAfter,
    OtherReason,
}

/// One side of the comparison.
struct Side<'a> {
    dir: &'a Path,
    play: Play,
    /// How often a session went inactive.
    inactive: BTreeMap<(usize, u32), u32>,
}

/// What is compared.
struct Comparison<'a> {
    names: [&'a Path; 2],
    pending: [BTreeMap<Key, End>; 2],
    same: u64,
    counts: BTreeMap<Kind, u64>,
    examples: Vec<String>,
    most: usize,
}

/// Runs the comparison.
///
/// # Errors
/// [`Trouble`] when the log can not be read.
pub(super) fn run(
    args: &SimulateArgs,
    (left, right): (Arc<Ruleset>, Arc<Ruleset>),
    until: Option<Timestamp>,
    out: &mut Out,
) -> Result<Verdict, Trouble> {
    let other = args.against.as_deref().unwrap_or(Path::new(""));
    let mut sides = [(left, &*args.rules), (right, other)].map(|(rules, dir)| Side {
        dir,
        play: Play::new(rules),
        inactive: BTreeMap::new(),
    });
    let mut comparison = Comparison {
        names: [&args.rules, other],
        pending: [BTreeMap::new(), BTreeMap::new()],
        same: 0,
        counts: BTreeMap::new(),
        examples: Vec::new(),
        most: args.lines.0,
    };
    let mut faults = Faults::new(&args.events);
    each_event(args, until, |told| {
        let mut wrong = false;
        for (which, side) in sides.iter_mut().enumerate() {
            let answer = side.told(&told, &mut |key, end| comparison.add(which, key, end))?;
            // A line that is wrong by both rules is told once.
            if let (Told::Event { line, .. }, Some(answer), false) = (&told, answer, wrong) {
                wrong = faults.answer(&answer, *line);
            }
        }
        Ok(())
    })?;
    comparison.rest();
    comparison.show(out)?;
    Ok(faults.verdict())
}

impl Side<'_> {
    fn told(&mut self, told: &Told<'_>, found: &mut impl FnMut(Key, End)) -> Result<Option<Answer>, Trouble> {
        let Self { dir, play, inactive } = self;
        let mut watch = |moment: Moment<'_>| {
            for effect in moment.effects.iter().filter(|effect| is_told(effect)) {
                found(key(inactive, &moment, effect), end(&moment, effect, dir));
            }
            Ok(())
        };
        match told {
            Told::Event { at, event, .. } => play.event(*at, event, &mut watch).map(Some),
            Told::LeftOut => Ok(None),
            Told::End(until) => play.advance(until.unwrap_or(play.now), &mut watch).map(|()| None),
        }
    }
}

fn key(inactive: &mut BTreeMap<(usize, u32), u32>, moment: &Moment<'_>, effect: &Effect) -> Key {
    let session = (moment.index, effect.session);
    if effect.body == EffectBody::SessionEnded {
        inactive.remove(&session);
        return (session.0, session.1, true, 0);
    }
    let count = inactive.entry(session).or_default();
    *count += 1;
    (session.0, session.1, false, *count)
}

fn end(moment: &Moment<'_>, effect: &Effect, dir: &Path) -> End {
    End {
        session: format!("{}/{}", plain(&moment.talk.name), effect.session),
        at: effect.at,
        because: because(moment, effect, dir),
    }
}

impl Comparison<'_> {
    fn add(&mut self, which: usize, key: Key, end: End) {
        let [left, right] = &mut self.pending;
        let (own, other) = if which == 0 { (left, right) } else { (right, left) };
        let Some(matching) = other.remove(&key) else {
            own.insert(key, end);
            return;
        };
        let (before, after) = if which == 0 { (end, matching) } else { (matching, end) };
        self.both(key, &before, &after);
    }

    fn both(&mut self, key: Key, before: &End, after: &End) {
        let by = after.at.millis_since(before.at);
        // The reasons name files, which differ between directories even where the rule is the same.
        let reason = |end: &End| end.because.split(" (").next().unwrap_or_default().to_owned();
        let kind = match by {
            i64::MIN..=-1 => Kind::Earlier,
            1.. => Kind::Later,
            0 if reason(before) != reason(after) => Kind::OtherReason,
            0 => {
                self.same += 1;
                return;
            }
        };
        let words = match kind {
            Kind::Earlier => format!("{} earlier", Span(-by)),
            Kind::Later => format!("{} later", Span(by)),
            Kind::OnlyBefore | Kind::OnlyAfter | Kind::OtherReason => "at the same time, for another reason".to_owned(),
        };
        let did = did(key);
        let head = format!("{} {did} {words}: at {}, not {}", before.session, instant(after.at), instant(before.at));
        self.differs(kind, || format!("{head}\n  before: {}\n  after:  {}", before.because, after.because));
    }

    fn differs(&mut self, kind: Kind, words: impl FnOnce() -> String) {
        *self.counts.entry(kind).or_default() += 1;
        if self.examples.len() < self.most {
            self.examples.push(words());
        }
    }

    /// What happened on one side only.
    fn rest(&mut self) {
        let [left, right] = std::mem::take(&mut self.pending);
        let [old, new] = self.names.map(|name| name.display().to_string());
        for (kind, side, dir) in [(Kind::OnlyBefore, left, &old), (Kind::OnlyAfter, right, &new)] {
            for (key, end) in side {
                let did = did(key);
                let words = || {
                    format!("{} {did} only with `{dir}`: at {} because {}", end.session, instant(end.at), end.because)
                };
                self.differs(kind, words);
            }
        }
    }

    fn show(&self, out: &mut Out) -> std::io::Result<()> {
        let [old, new] = self.names.map(|name| name.display().to_string());
        writeln!(out, "before: `{old}`, after: `{new}`\n")?;
        for example in &self.examples {
            writeln!(out, "{example}")?;
        }
        let differing: u64 = self.counts.values().sum();
        let shown = u64::try_from(self.examples.len()).unwrap_or_default();
        if differing > shown {
            writeln!(out, "... and {} more (`--lines all` shows them)", differing - shown)?;
        }
        if differing > 0 {
            writeln!(out)?;
        }
        let words = |kind: Kind| match kind {
            Kind::Earlier => "earlier".to_owned(),
            Kind::Later => "later".to_owned(),
            Kind::OnlyBefore => format!("only with `{old}`"),
            Kind::OnlyAfter => format!("only with `{new}`"),
            Kind::OtherReason => "at the same time for another reason".to_owned(),
        };
        for (kind, count) in &self.counts {
            let line = format!("{count:>8}  {}", words(*kind));
            writeln!(out, "{}", out.paint(Style::Changed, &line))?;
        }
        writeln!(out, "{:>8}  the same", self.same)?;
        let total = usize::try_from(differing).unwrap_or(usize::MAX);
        writeln!(out, "{} in ends and inactivations", plural(total, "difference"))
    }
}

const fn did((_, _, ended, _): Key) -> &'static str {
    if ended { "ends" } else { "goes inactive" }
}
