//! What came of a run, and how it is shown.

mod json;
mod junit;
mod tap;
mod text;

use wane_plugin_host::Inspected;

use crate::case::{ADVISORY, Case, LEVELS, Way};
use crate::catalog::Set;

pub use json::json;
pub use junit::{escape_xml, junit};
pub use tap::tap;
pub use text::text;

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Pass,
    /// Otherwise; the lines say how.
    Fail(Vec<String>),
    /// The process died, in these words.
    Crash(String),
    /// It took more than so many seconds of the processor, or waited for longer.
    Timeout(u64),
    /// It says nothing about this plugin, and why.
    Skip(String),
    /// Otherwise, but it only advises.
    Warn(Vec<String>),
}

impl Verdict {
    /// In a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::Crash(_) => "crash",
            Self::Timeout(_) => "timeout",
            Self::Skip(_) => "skip",
            Self::Warn(_) => "warn",
        }
    }

    /// Whether it keeps the plugin from its claim.
    #[must_use]
    pub const fn bad(&self) -> bool {
        matches!(self, Self::Fail(_) | Self::Crash(_) | Self::Timeout(_))
    }

    /// What is to be said about it, in lines.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Pass => Vec::new(),
            Self::Fail(lines) | Self::Warn(lines) => lines.clone(),
            Self::Crash(how) => vec![how.clone()],
            Self::Timeout(seconds) => {
                vec![format!("it took more than {seconds} s of the processor, or waited, and was killed")]
            }
            Self::Skip(why) => vec![why.clone()],
        }
    }

    pub(crate) fn advised(self) -> Self {
        if self.bad() { Self::Warn(self.lines()) } else { self }
    }
}

/// A case and what came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case's id.
    pub id: String,
    /// Its profile.
    pub profile: String,
    /// Which way it tests.
    pub way: Way,
    /// Its level.
    pub level: u8,
    /// What must be so.
    pub title: String,
    /// What goes wrong where it is not so.
    pub why: String,
    /// The requirements that it shows.
    pub requirements: Vec<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// File and line.
    pub place: String,
    /// The command that repeats it.
    pub again: String,
}

impl Outcome {
    pub(crate) fn new(case: &Case, verdict: Verdict, place: String, again: String) -> Self {
        Self {
            id: case.id.clone(),
            profile: case.profile.clone(),
            way: case.way,
            level: case.level,
            title: case.title.clone(),
            why: case.why.clone(),
            requirements: case.requirements.clone(),
            verdict,
            place,
            again,
        }
    }
}

/// A check around all cases, and where it failed.
#[derive(Clone, Debug)]
pub struct Around {
    /// Its id.
    pub id: String,
    /// What must be so.
    pub title: String,
    /// What goes wrong where it is not so.
    pub why: String,
    /// The cases in which it was not so, and what was seen.
    pub seen: Vec<(String, String)>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The plugin's name.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// Its channel.
    pub channel: String,
    /// The SHA-256 of its file.
    pub hash: String,
    /// The profile.
    pub profile: String,
    /// What the profile is about.
    pub title: String,
    /// The level that was asked for.
    pub level: u8,
    /// Whether only cases that were named were played: such a run proves nothing.
    pub partial: bool,
    /// What came of each case.
    pub outcomes: Vec<Outcome>,
    /// What came of the checks around them.
    pub around: Vec<Around>,
}

/// How many cases came out which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub all: usize,
    /// As expected.
    pub passed: usize,
    /// Failed, crashed, took too long.
    pub bad: usize,
    /// Skipped.
    pub skipped: usize,
    /// Only advised against.
    pub warned: usize,
}

impl Report {
    pub(crate) fn new(
        inspected: &Inspected,
        set: &Set,
        (level, partial): (u8, bool),
        outcomes: Vec<Outcome>,
        around: Vec<Around>,
    ) -> Self {
        let manifest = &inspected.manifest;
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            channel: manifest.channel.clone(),
            hash: inspected.hash.clone(),
            profile: set.profile.name.clone(),
            title: set.profile.title.clone(),
            level,
            partial,
            outcomes,
            around,
        }
    }

    /// Whether nothing keeps the plugin from its claim.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.outcomes.iter().all(|outcome| !outcome.verdict.bad())
            && self.around.iter().all(|check| check.seen.is_empty())
    }

    /// The ids of what failed: cases, and checks around them.
    #[must_use]
    pub fn failed(&self) -> Vec<&str> {
        let cases = self.outcomes.iter().filter(|outcome| outcome.verdict.bad()).map(|outcome| outcome.id.as_str());
        let checks = self.around.iter().filter(|check| !check.seen.is_empty()).map(|check| check.id.as_str());
        cases.chain(checks).collect()
    }

    /// The level that it reaches: all cases up to it came out well. None if it does not even load as it should, or only
    /// named cases were played, or none.
    #[must_use]
    pub fn reached(&self) -> Option<u8> {
        // What is seen around cases is a matter of robustness.
        let robust = self.around.iter().all(|check| check.seen.is_empty());
        let well = |level: u8| {
            let mut cases = self.outcomes.iter().filter(|outcome| outcome.level == level);
            let advised = |outcome: &Outcome| !matches!(outcome.verdict, Verdict::Warn(_));
            cases.all(|outcome| !outcome.verdict.bad() && advised(outcome)) && (robust || level < 3)
        };
        (0..=self.level.min(ADVISORY))
            .take_while(|level| !self.partial && !self.outcomes.is_empty() && well(*level))
            .last()
    }

    /// How many came out which way.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { all: self.outcomes.len(), ..Counts::default() };
        for outcome in &self.outcomes {
            match &outcome.verdict {
                Verdict::Pass => counts.passed += 1,
                Verdict::Fail(_) | Verdict::Crash(_) | Verdict::Timeout(_) => counts.bad += 1,
                Verdict::Skip(_) => counts.skipped += 1,
                Verdict::Warn(_) => counts.warned += 1,
            }
        }
        counts
    }
}

/// `L3 robust`
fn level_name(level: u8) -> String {
    format!("L{level} {}", LEVELS.get(usize::from(level)).copied().unwrap_or("unknown"))
}

/// The version of the kit.
#[must_use]
pub const fn kit() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// A text on one line, without what a terminal would obey.
fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { written.extend(c.escape_default()) } else { written.push(c) }
    }
    written
}
