//! Durable records a second: Wane's log, a raw file in which the same bytes are written, and other stores, in turns.
//!
//! `cargo run --release -p wane-bench-store --features rocksdb,redis -- [--quick] [DIRECTORY]`. The directory should be on the
//! disk that is meant; files are made in it and removed.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use wane_bench_store::{Fault, Peer, Store, open};

/// Bytes of a record.
const RECORD: usize = 60;

/// How much is measured: turns of each store, and how long a turn is.
#[derive(Clone, Copy)]
struct Plan {
    rounds: usize,
    turn: Duration,
}

/// What became of one store.
struct Figures {
    name: &'static str,
    /// As in [`Peer::goal`].
    goal: Option<f64>,
    /// Records a second, by turn.
    rates: Vec<f64>,
    /// How long each commit took.
    commits: Vec<Duration>,
}

impl Figures {
    fn of(peer: &Peer) -> Self {
        Self { name: peer.name, goal: peer.goal, rates: Vec::new(), commits: Vec::new() }
    }
}

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let place = arguments.iter().find(|argument| !argument.starts_with("--")).map_or_else(|| ".".into(), PathBuf::from);
    let plan = if quick {
        Plan { rounds: 2, turn: Duration::from_millis(50) }
    } else {
        Plan { rounds: 15, turn: Duration::from_millis(500) }
    };
    let mut met = Vec::new();
    for batch in [64, 1024] {
        let figures = measure(&place, batch, plan)?;
        met.extend(report(batch, &figures)?);
    }
    let mut out = io::stdout().lock();
    writeln!(out)?;
    for (target, reached, met) in met {
        writeln!(out, "  {}  {target:<88} {reached:.2}", if met { "pass" } else { "MISS" })?;
    }
    if quick {
        writeln!(out, "\nA quick run: the figures above mean nothing.")?;
    }
    Ok(())
}

fn measure(place: &PathBuf, batch: usize, plan: Plan) -> Result<Vec<Figures>, Fault> {
    let directory = tempfile::TempDir::new_in(place)?;
    let mut peers = open(directory.path())?;
    let mut figures: Vec<Figures> = peers.iter().map(Figures::of).collect();
    let mut numbers = Numbers(42);
    for round in 0..=plan.rounds {
        for (peer, figures) in peers.iter_mut().zip(&mut figures) {
            let (rate, commits) = turn(peer.store.as_mut(), batch, plan.turn, &mut numbers)?;
            // The first turn is to warm up.
            if round > 0 {
                figures.rates.push(rate);
                figures.commits.extend(commits);
            }
        }
    }
    Ok(figures)
}

/// Commits batches, one after another, for that long.
fn turn(
    store: &mut dyn Store,
    batch: usize,
    length: Duration,
    numbers: &mut Numbers,
) -> Result<(f64, Vec<Duration>), Fault> {
    let mut records = vec![0; batch * RECORD];
    let (mut commits, mut spent) = (Vec::new(), Duration::ZERO);
    while spent < length {
        numbers.fill(&mut records);
        #[expect(clippy::disallowed_methods, reason = "a benchmark")]
        let begun = Instant::now();
        store.commit(&records, RECORD)?;
        let took = begun.elapsed();
        spent += took;
        commits.push(took);
        store.between()?;
    }
    Ok(((commits.len() * batch) as f64 / spent.as_secs_f64(), commits))
}

/// Bytes that do not compress: a generator of no other merit.
struct Numbers(u64);

impl Numbers {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A target, what was reached, whether that is enough.
type Target = (String, f64, bool);

fn report(batch: usize, figures: &[Figures]) -> io::Result<Vec<Target>> {
    let mut out = io::stdout().lock();
    writeln!(out, "\nbatches of {batch} records of {RECORD} bytes, each durable before the next\n")?;
    writeln!(out, "  {:<36} {:>12} {:>9} {:>9} {:>10} {:>10}", "", "records/s", "to raw", "Wane to", "p50", "p99")?;
    let summed: Vec<(f64, Duration, Duration)> = figures.iter().map(summed).collect();
    let (raw, wane) = (summed[0], summed[1]);
    let mut targets = Vec::new();
    for (figures, (rate, p50, p99)) in figures.iter().zip(&summed) {
        let (to_raw, to_wane) = (rate / raw.0, wane.0 / rate);
        let (p50, p99) = (micros(*p50), micros(*p99));
        writeln!(out, "  {:<36} {rate:>12.0} {to_raw:>8.2}x {to_wane:>8.1}x {p50:>10} {p99:>10}", figures.name)?;
        if let Some(goal) = figures.goal {
            let what = format!("{batch}: Wane's log, of the records/s of {}: at least {goal}", figures.name);
            targets.push((what, to_wane, to_wane >= goal));
        }
    }
    let slow = wane.2.as_secs_f64() / raw.2.as_secs_f64();
    targets.push((format!("{batch}: p99 of a commit, of the raw file's: at most 2"), slow, slow <= 2.0));
    Ok(targets)
}

/// The median rate, and the median and 99th percentile of the commits.
fn summed(figures: &Figures) -> (f64, Duration, Duration) {
    let mut rates = figures.rates.clone();
    rates.sort_by(f64::total_cmp);
    let mut commits = figures.commits.clone();
    commits.sort();
    (rates[rates.len() / 2], commits[commits.len() / 2], commits[commits.len() * 99 / 100])
}

fn micros(time: Duration) -> String {
    format!("{:.0} us", time.as_secs_f64() * 1e6)
}
