//! A healthy channel that is called all the time, and what is called beside it, turn by turn.
//!
//! What else the machine and its disk do differs from minute to minute by more than is looked for. So the turns are short, and
//! alternate for as long as a plugin rests that failed.

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::place::{micros, percentile};
use crate::reload::pause;
use crate::{Targets, Verdict};

/// Requests a second to each healthy channel.
pub(crate) const RATE: u64 = 1_000;
/// How often each other channel is called in its turns.
const GAP: Duration = Duration::from_millis(50);
/// The first calls find neither warm code nor enough processes: so long they are not timed, and nothing fails.
const WARM_UP: Duration = Duration::from_secs(5);
/// How many faulty channels are told by name.
const NAMED: usize = 6;
/// How often rounds are drawn again.
const RESAMPLES: usize = 200;
/// What all of a plugin's faults fall into once: so long it rests after them.
const REST: Duration = Duration::from_mins(5);

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
    /// All of them in the warm-up: they rest in all rounds.
    Before,
}

/// Rounds of turns.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The turns of a round. What the faulty ones leave behind does not fall on those that they are compared with.
    kinds: &'static [Turn],
    warm_up: Duration,
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
        let kinds = &[Turn::Faulty, Turn::Sound, Turn::Alone];
        Self { kinds, warm_up: WARM_UP, turn, unsettled, rounds, begin }
    }

    /// A round for each faulty channel, in which it begins.
    pub(crate) fn each(quick: bool) -> Self {
        let turn = Duration::from_millis(if quick { 400 } else { 1200 });
        let (kinds, rounds) = (&[Turn::Faulty, Turn::Alone], foils().count() as u32);
        Self { kinds, warm_up: WARM_UP, turn, unsettled: turn / 6, rounds, begin: Begin::InTurn }
    }

    /// Rounds in which all of them rest, for as long as they do.
    pub(crate) fn rest(quick: bool) -> Self {
        let each = Self::each(quick);
        let warm_up = WARM_UP * 2;
        let rounds = if quick { 2 } else { ((REST - warm_up).as_nanos() / each.round().as_nanos()) as u32 };
        Self { warm_up, rounds, begin: Begin::Before, ..each }
    }

    pub(crate) fn length(self) -> Duration {
        self.warm_up + self.round() * self.rounds
    }

    /// Which turn of a round is of this kind.
    fn place(self, kind: Turn) -> usize {
        self.kinds.iter().position(|turn| *turn == kind).unwrap_or_default()
    }

    /// When the turns of the first kind have lasted so long.
    fn turn_time(self, lasted: Duration) -> Duration {
        let rounds = lasted.as_nanos() / self.turn.as_nanos();
        lasted + (self.round() - self.turn) * rounds as u32
    }

    fn round(self) -> Duration {
        self.turn * self.kinds.len() as u32
    }

    /// A place for times.
    pub(crate) fn times(self) -> Times {
        Times { plan: self, turns: vec![Vec::new(); self.kinds.len() * self.rounds as usize] }
    }

    /// Those beside the healthy one: the name of a channel, its plugin, what it is told, and when.
    pub(crate) fn others(self) -> impl Iterator<Item = Other> {
        (0..).zip(foils()).flat_map(move |(number, (plugin, word))| {
            let share = |whole: Duration| whole * number / foils().count() as u32;
            // Within the turns of its kind, which are counted whole.
            let late = match self.begin {
                Begin::InTurn => self.warm_up + self.turn_time(share(self.turn * self.rounds)),
                Begin::AtOnce => self.warm_up,
                Begin::Before => Duration::ZERO,
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
                    late: self.warm_up,
                    phase,
                },
            ]
            .into_iter()
            .filter(move |other| self.kinds.contains(&other.turn))
        })
    }

    /// The number of the turn that this instant counts for, if it does.
    fn counted(self, at: Duration) -> Option<usize> {
        let since = at.checked_sub(self.warm_up)?.as_nanos();
        let turn = self.turn.as_nanos();
        let number = (since / turn) as usize;
        let is_faulty = self.kinds.get(number % self.kinds.len()) == Some(&Turn::Faulty);
        (is_faulty || since % turn >= self.unsettled.as_nanos()).then_some(number)
    }

    /// How long to wait until there is a turn of this kind; nothing during one.
    fn wait(self, kind: Turn, at: Duration) -> Duration {
        let first = self.turn * self.place(kind) as u32;
        let Some(since) = at.checked_sub(self.warm_up) else {
            return if self.begin == Begin::Before { Duration::ZERO } else { self.warm_up + first - at };
        };
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
    /// When it begins.
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
        pause(self.late);
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

    /// Adds those of further rounds.
    pub(crate) fn append(&mut self, others: Self) {
        self.turns.extend(others.turns);
    }

    /// Adds those of others in the same turns.
    pub(crate) fn add(&mut self, others: Self) {
        self.turns.iter_mut().zip(others.turns).for_each(|(times, others)| times.extend(others));
    }

    /// Prints them, with what is missing, and says what was reached.
    pub(crate) fn report(&self, name: &str, lost: u64) -> Result<Targets, Box<dyn Error>> {
        let mut out = io::stdout().lock();
        let (begin, short) = match self.plan.begin {
            Begin::InTurn => ("faults begin ", "one after another"),
            Begin::AtOnce => ("faults begin ", "all at once"),
            Begin::Before => ("faulty channels ", "at rest"),
        };
        let title = format!("{name}, {RATE}/s; {begin}{short}");
        writeln!(out, "  {title:<62} p50      p90      p99    p99.9  p99 of the middle turn")?;
        let rounds = self.rounds();
        for (place, turn) in self.plan.kinds.iter().enumerate().rev() {
            let pooled = pooled(&rounds, place);
            let [p50, p90, p99, p999] = [50.0, 90.0, 99.0, 99.9].map(|percent| micros(percentile(&pooled, percent)));
            let middle = middle(&rounds, place);
            writeln!(out, "  {:<57} {p50:8.1} {p90:8.1} {p99:8.1} {p999:8.1} {middle:23.1}", turn.name())?;
        }
        writeln!(out)?;
        let timed: usize = self.turns.iter().map(Vec::len).sum();
        let target = format!("{name}, {short}: none lost, {timed} timed");
        let mut targets = vec![(target, lost.to_string(), (lost == 0).into())];
        for (of, figure) in [("", all as Figure), (" of the middle turn", middle as Figure)] {
            targets.push(self.moved(figure).target(format!("{name}, {short}: p99{of} moves by less than 10 %")));
        }
        Ok(targets)
    }

    /// Prints by faulty channel how many calls were slow while it began, and says by how much the p99 of the five minutes moves in
    /// which all of them begin once: by their beginning, and with what they cost when they rest.
    pub(crate) fn begun(&self, name: &str, at_rest: &Self) -> Result<Targets, Box<dyn Error>> {
        let mut out = io::stdout().lock();
        let rounds = self.rounds();
        let [faulty, alone] = self.ends();
        let above = percentile(&pooled(&rounds, alone), 99.0);
        writeln!(out, "  {name}, {RATE}/s: of each 1000, longer than alone's p99 of {:.1} us", micros(above))?;
        writeln!(out, "  in the turns in which this one begins              beside it     alone")?;
        let mut by_foil: Vec<(f64, String, Vec<Round<'_>>)> = (0..)
            .zip(foils())
            .map(|(number, (plugin, word))| {
                let its: Vec<_> = rounds.iter().skip(number).step_by(foils().count()).copied().collect();
                (share(&its, faulty, above), format!("{plugin} {word}"), its)
            })
            .collect();
        by_foil.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
        let named = by_foil.into_iter().take(NAMED).map(|(_, name, its)| (name, its));
        for (name, its) in named.chain([(String::from("all of them"), rounds)]) {
            let [faulty, alone] = [faulty, alone].map(|place| share(&its, place, above) * 1000.0);
            writeln!(out, "  {name:<50} {faulty:9.1} {alone:9.1}")?;
        }
        writeln!(out)?;
        let (begins, rests) = (self.thinned(), at_rest.moved(middle));
        let both = begins.and(&rests);
        let target = |what: &str| format!("{name}: p99 of five minutes{what} moves by less than 10 %");
        Ok(vec![begins.target(target(" by those that begin")), both.target(target(", with those at rest,"))])
    }

    /// By how much what the faulty ones add to the calls above the p99 alone while they begin, thinned to the five minutes in which
    /// all of them begin once, moves the p99 of these.
    fn thinned(&self) -> Moved {
        let [faulty, alone] = self.ends();
        let thinned = self.plan.turn.as_secs_f64() * foils().count() as f64 / REST.as_secs_f64();
        Moved::of(&self.rounds(), |rounds| {
            let times = pooled(rounds, alone);
            let above = percentile(&times, 99.0);
            let more = (share(rounds, faulty, above) - share(rounds, alone, above)) * thinned;
            micros(percentile(&times, 99.0 + 100.0 * more)) / micros(above) - 1.0
        })
    }

    /// By how much this figure is above that of the turns alone beside the faulty ones.
    fn moved(&self, figure: Figure) -> Moved {
        let [faulty, alone] = self.ends();
        Moved::of(&self.rounds(), |rounds| figure(rounds, faulty) / figure(rounds, alone) - 1.0)
    }

    /// Which turns of a round are beside the faulty ones, and alone.
    fn ends(&self) -> [usize; 2] {
        [Turn::Faulty, Turn::Alone].map(|kind| self.plan.place(kind))
    }

    fn rounds(&self) -> Vec<Round<'_>> {
        self.turns.chunks(self.plan.kinds.len()).collect()
    }
}

/// The share of the times of the turns with this place in their rounds that are above this one.
fn share(rounds: &Rounds<'_>, place: usize, above: Duration) -> f64 {
    let times = pooled(rounds, place);
    times.iter().filter(|time| **time > above).count() as f64 / times.len().max(1) as f64
}

/// By which share a figure is above another.
struct Moved {
    by: f64,
    /// The same of rounds that are drawn from those there are, as often as they are: how much of it is chance.
    drawn: Vec<f64>,
}

impl Moved {
    fn of(rounds: &Rounds<'_>, by: impl Fn(&Rounds<'_>) -> f64) -> Self {
        // A generator of numbers that are the same each time.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            rounds.get((state % rounds.len().max(1) as u64) as usize).copied().unwrap_or_default()
        };
        let drawn = (0..RESAMPLES).map(|_| by(&rounds.iter().map(|_| draw()).collect::<Vec<_>>())).collect();
        Self { by: by(rounds), drawn }
    }

    /// By both, one upon the other.
    fn and(&self, other: &Self) -> Self {
        let both = |one: f64, other: f64| (1.0 + one) * (1.0 + other) - 1.0;
        let drawn = self.drawn.iter().zip(&other.drawn).map(|(one, other)| both(*one, *other)).collect();
        Self { by: both(self.by, other.by), drawn }
    }

    /// A target: what it says, by how much it moves, how much of that is chance, and whether it is less than a tenth.
    fn target(mut self, what: String) -> (String, String, Verdict) {
        self.drawn.sort_by(f64::total_cmp);
        let drawn = |percent| self.drawn.get(self.drawn.len() * percent / 100).copied().unwrap_or_default() * 100.0;
        let (low, high) = (drawn(5), drawn(95));
        let reached = format!("{:+.1} % (9 of 10 resamples: {low:+.1} to {high:+.1} %)", self.by * 100.0);
        let verdict = if low < 10.0 && high >= 10.0 { Verdict::Open } else { Verdict::from(self.by < 0.1) };
        (what, reached, verdict)
    }
}

/// All times of the turns with this place in their rounds, sorted.
fn pooled(rounds: &Rounds<'_>, place: usize) -> Vec<Duration> {
    let mut all: Vec<Duration> = rounds.iter().filter_map(|round| round.get(place)).flatten().copied().collect();
    all.sort_unstable();
    all
}

/// The turns of a round.
type Round<'a> = &'a [Vec<Duration>];
/// Turns, round by round.
type Rounds<'a> = [Round<'a>];
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
