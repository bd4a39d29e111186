//! A healthy channel that is called all the time, and what is called beside it, turn by turn.
//!
//! What else the machine and its disk do differs from minute to minute by more than is looked for. So the turns are short, and
//! alternate for as long as a plugin rests that failed.

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::Targets;
use crate::place::{micros, percentile};
use crate::reload::pause;

/// Requests a second to each healthy channel.
pub(crate) const RATE: u64 = 1_000;
/// How often each other channel is called in its turns.
const GAP: Duration = Duration::from_millis(50);
/// The first calls find neither warm code nor enough processes: so long they are not timed, and nothing fails.
const WARM_UP: Duration = Duration::from_secs(5);
/// How often rounds are drawn again.
const RESAMPLES: usize = 200;

/// A plugin, and the bodies that each make one fault.
const FOILS: [(&str, &[&str]); 3] = [
    ("wane_foil", &["panic", "flood", "deaf", "long", "render", "twice", "status", "split", "fault"]),
    ("foil", &["u", "j", "a", "t", "o", "y", "n", "h", "c", "m", "r", "f"]),
    ("rogue", &["s", "r", "a", "e", "q", "k", "c", "b", "h", "l", "f", "i", "z"]),
];

/// Every fault of the collection: its plugin, and the body that makes it.
pub(crate) fn foils() -> impl Iterator<Item = (&'static str, &'static str)> {
    FOILS.iter().flat_map(|(plugin, words)| words.iter().map(move |word| (*plugin, *word)))
}

/// What is called beside the healthy channels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Faulty ones.
    Faulty,
    /// As many that do nothing wrong.
    Sound,
    /// Nothing.
    Alone,
}

impl Turn {
    /// A round. What the faulty ones leave behind does not fall on those that they are compared with.
    const ALL: [Self; 3] = [Self::Faulty, Self::Sound, Self::Alone];

    const fn name(self) -> &'static str {
        match self {
            Self::Faulty => "beside the faulty ones",
            Self::Sound => "beside as many sound ones",
            Self::Alone => "alone",
        }
    }
}

/// When the faulty channels begin to be called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// One after another over all rounds, as in a service that has been up for long.
    InTurn,
    /// All of them in the first round, as when a service starts with them.
    AtOnce,
}

/// Rounds of turns.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    turn: Duration,
    /// So much of the beginning of a turn without faulty ones is not timed: what those began may still go on.
    unsettled: Duration,
    rounds: u32,
    begin: Begin,
}

impl Plan {
    /// Five minutes of turns: a plugin that failed is called again after that.
    pub(crate) fn new(begin: Begin, quick: bool) -> Self {
        let millis = Duration::from_millis;
        let (turn, unsettled, rounds) =
            if quick { (millis(500), millis(100), 2) } else { (millis(4000), millis(500), 25) };
        Self { turn, unsettled, rounds, begin }
    }

    pub(crate) fn length(self) -> Duration {
        WARM_UP + self.round() * self.rounds
    }

    /// When the turns of the first kind have lasted so long.
    fn turn_time(self, lasted: Duration) -> Duration {
        let rounds = lasted.as_nanos() / self.turn.as_nanos();
        lasted + (self.round() - self.turn) * rounds as u32
    }

    fn round(self) -> Duration {
        self.turn * Turn::ALL.len() as u32
    }

    /// A place for times.
    pub(crate) fn times(self) -> Times {
        Times { plan: self, turns: vec![Vec::new(); Turn::ALL.len() * self.rounds as usize] }
    }

    /// Those beside the healthy one: the name of a channel, its plugin, what it is told, and when.
    pub(crate) fn others(self) -> impl Iterator<Item = Other> {
        (0..).zip(foils()).flat_map(move |(number, (plugin, word))| {
            let share = |whole: Duration| whole * number / foils().count() as u32;
            // Within the turns of its kind, which are counted whole.
            let late = match self.begin {
                Begin::InTurn => self.turn_time(share(self.turn * self.rounds)),
                Begin::AtOnce => Duration::ZERO,
            };
            // Not all in the same instant again and again.
            let (plan, phase) = (self, share(GAP));
            let channel = format!("{plugin}-{word}");
            let sound = format!("sound-{channel}");
            [
                Other { plan, channel, plugin, said: word, turn: Turn::Faulty, late, phase },
                Other {
                    plan,
                    channel: sound,
                    plugin: "wane_foil",
                    said: "one",
                    turn: Turn::Sound,
                    late: Duration::ZERO,
                    phase,
                },
            ]
        })
    }

    /// The number of the turn that this instant counts for, if it does.
    fn counted(self, at: Duration) -> Option<usize> {
        let since = at.checked_sub(WARM_UP)?.as_nanos();
        let turn = self.turn.as_nanos();
        let number = (since / turn) as usize;
        let is_faulty = Turn::ALL.get(number % Turn::ALL.len()) == Some(&Turn::Faulty);
        (is_faulty || since % turn >= self.unsettled.as_nanos()).then_some(number)
    }

    /// How long to wait until there is a turn of this kind; nothing during one.
    fn wait(self, kind: Turn, at: Duration) -> Duration {
        let first = self.turn * Turn::ALL.iter().position(|turn| *turn == kind).unwrap_or_default() as u32;
        let Some(since) = at.checked_sub(WARM_UP) else { return WARM_UP + first - at };
        let into = Duration::from_nanos((since.as_nanos() % self.round().as_nanos()) as u64);
        match into.checked_sub(first) {
            Some(over) if over < self.turn => Duration::ZERO,
            Some(_) => self.round() + first - into,
            None => first - into,
        }
    }
}

/// A channel beside the healthy one.
pub(crate) struct Other {
    plan: Plan,
    /// Its name.
    pub(crate) channel: String,
    /// Its plugin.
    pub(crate) plugin: &'static str,
    /// The body of each call.
    pub(crate) said: &'static str,
    turn: Turn,
    /// When it begins, after the warm-up.
    late: Duration,
    /// By how much it calls later than the first of its kind.
    phase: Duration,
}

impl Other {
    /// Whether nothing is wrong with it.
    pub(crate) fn is_sound(&self) -> bool {
        self.turn == Turn::Sound
    }

    /// Calls in its turns; how many calls were taken.
    pub(crate) fn call(&self, begun: Instant, mut one: impl FnMut() -> bool) -> u64 {
        let (plan, mut taken) = (self.plan, 0);
        pause(WARM_UP + self.late);
        while begun.elapsed() < plan.length() {
            let wait = plan.wait(self.turn, begun.elapsed());
            if wait.is_zero() {
                taken += u64::from(one());
                pause(GAP);
            } else {
                pause(wait.min(plan.length().saturating_sub(begun.elapsed())) + self.phase);
            }
        }
        taken
    }
}

/// How long calls of a healthy channel took, turn by turn.
pub(crate) struct Times {
    plan: Plan,
    turns: Vec<Vec<Duration>>,
}

impl Times {
    /// Notes one that was due at that instant.
    pub(crate) fn note(&mut self, due: Duration, took: Duration) {
        if let Some(times) = self.plan.counted(due).and_then(|turn| self.turns.get_mut(turn)) {
            times.push(took);
        }
    }

    pub(crate) fn add(&mut self, others: Self) {
        self.turns.iter_mut().zip(others.turns).for_each(|(times, others)| times.extend(others));
    }

    /// Prints them, with what is missing, and says what was reached.
    pub(crate) fn report(&self, name: &str, lost: u64) -> Result<Targets, Box<dyn Error>> {
        let mut out = io::stdout().lock();
        let short = match self.plan.begin {
            Begin::InTurn => "one after another",
            Begin::AtOnce => "all at once",
        };
        let title = format!("{name}, {RATE}/s; faults begin {short}");
        writeln!(out, "  {title:<62} p50      p90      p99    p99.9  p99 of the middle turn")?;
        let rounds: Vec<&[Vec<Duration>]> = self.turns.chunks(Turn::ALL.len()).collect();
        for (place, turn) in Turn::ALL.iter().enumerate().rev() {
            let pooled = pooled(&rounds, place);
            let [p50, p90, p99, p999] = [50.0, 90.0, 99.0, 99.9].map(|percent| micros(percentile(&pooled, percent)));
            let middle = middle(&rounds, place);
            writeln!(out, "  {:<57} {p50:8.1} {p90:8.1} {p99:8.1} {p999:8.1} {middle:23.1}", turn.name())?;
        }
        writeln!(out)?;
        let timed: usize = self.turns.iter().map(Vec::len).sum();
        let target = format!("{name}, {short}: none lost, {timed} timed");
        let mut targets = vec![(target, lost.to_string(), lost == 0)];
        for (of, figure) in [("", all as Figure), (" of the middle turn", middle as Figure)] {
            let (moved, others) = (moved(&rounds, figure), resampled(&rounds, figure));
            let share = |percent| others.get(others.len() * percent / 100).copied().unwrap_or_default() * 100.0;
            let (low, high) = (share(5), share(95));
            let reached = format!("{:+.1} % (9 of 10 resamples: {low:+.1} to {high:+.1} %)", moved * 100.0);
            targets.push((format!("{name}, {short}: p99{of} moves by less than 10 %"), reached, moved < 0.1));
        }
        Ok(targets)
    }
}

/// All times of the turns with this place in their rounds, sorted.
fn pooled(rounds: &Rounds<'_>, place: usize) -> Vec<Duration> {
    let mut all: Vec<Duration> = rounds.iter().filter_map(|round| round.get(place)).flatten().copied().collect();
    all.sort_unstable();
    all
}

/// Turns, round by round.
type Rounds<'a> = [&'a [Vec<Duration>]];
/// A figure of the turns with this place in their rounds.
type Figure = fn(&Rounds<'_>, usize) -> f64;

/// The p99 of all their times.
fn all(rounds: &Rounds<'_>, place: usize) -> f64 {
    micros(percentile(&pooled(rounds, place), 99.0))
}

/// The median of their p99s: a disk that stands still for once is in one turn only.
fn middle(rounds: &Rounds<'_>, place: usize) -> f64 {
    let mut each: Vec<Duration> = rounds.chunks(1).map(|round| percentile(&pooled(round, place), 99.0)).collect();
    each.sort_unstable();
    micros(percentile(&each, 50.0))
}

/// By which share the figure beside the faulty ones is above that of the healthy channel alone.
fn moved(rounds: &Rounds<'_>, figure: Figure) -> f64 {
    let of = |turn| figure(rounds, Turn::ALL.iter().position(|one| *one == turn).unwrap_or_default());
    of(Turn::Faulty) / of(Turn::Alone) - 1.0
}

/// The same of rounds that are drawn from these, as often as they are, sorted: how much of it is chance.
fn resampled(rounds: &Rounds<'_>, figure: Figure) -> Vec<f64> {
    // A generator of numbers that are the same each time.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        rounds.get((state % rounds.len().max(1) as u64) as usize).copied().unwrap_or_default()
    };
    let mut all: Vec<f64> =
        (0..RESAMPLES).map(|_| moved(&rounds.iter().map(|_| draw()).collect::<Vec<_>>(), figure)).collect();
    all.sort_by(f64::total_cmp);
    all
}
