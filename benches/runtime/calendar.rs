//! The calendar of deadlines and tokio's `DelayQueue`, on the same work in the same run.
//!
//! `cargo run --release -p wane-bench-runtime --bin calendar -- [SESSIONS] [ROUNDS]`
//!
//! Sessions with time-outs of 120 to 300 seconds; an event for each of them every 60 seconds on average moves its deadline
//! to later; what runs out starts anew. Time goes on in ticks of a millisecond. An event's cost is all processor time of
//! moving and ticking, divided by the events; each measurement is a process of its own, and they take turns.

mod measure;

use std::future::poll_fn;
use std::process::Command;
use std::task::Poll;
use std::time::Duration;
use std::{env, io};

use measure::{line, processor, resident};
use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue::Key;
use wane_runtime::calendar::Calendar;

/// Long enough for the far levels of a hierarchical wheel to come round.
const TICKS: i64 = 300_000;
const START: i64 = 1_767_225_600_000;

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let sessions = words.first().and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let second = words.get(1).map(String::as_str);
    match second {
        Some("calendar") => print(&calendar(sessions)),
        Some("delay-queue") => print(&delay_queue(sessions)?),
        _ => report(sessions, second.and_then(|word| word.parse().ok()).unwrap_or(3))?,
    }
    Ok(())
}

/// What one run found.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    nanos: f64,
    worst: f64,
    bytes: f64,
    fired: u64,
}

fn print(found: &Found) {
    line(&format!("{} {} {} {}", found.nanos, found.worst, found.bytes, found.fired));
}

fn report(sessions: u32, rounds: usize) -> io::Result<()> {
    let names = ["calendar", "delay-queue"];
    let mut found = [const { Vec::new() }; 2];
    for _ in 0..rounds.max(1) {
        for (name, found) in names.iter().zip(&mut found) {
            let run = Command::new(env::current_exe()?).args([&sessions.to_string(), *name]).output()?;
            let text = String::from_utf8_lossy(&run.stdout).into_owned();
            let figures: Vec<&str> = text.split_whitespace().collect();
            let [nanos, worst, bytes, fired] = figures[..] else { return Err(io::Error::other(text)) };
            let number = |word: &str| word.parse::<f64>().map_err(io::Error::other);
            let fired = fired.parse().map_err(io::Error::other)?;
            found.push(Found { nanos: number(nanos)?, worst: number(worst)?, bytes: number(bytes)?, fired });
        }
    }
    let all = found.iter().flatten();
    if all.clone().any(|one| one.fired != found[0][0].fired) {
        return Err(io::Error::other("they do not fire the same sessions in the same ticks"));
    }
    line(&format!("{sessions} sessions, {TICKS} ticks, median of {rounds}"));
    for (name, found) in names.iter().zip(&found) {
        let median = |figure: fn(&Found) -> f64| {
            let mut all: Vec<f64> = found.iter().map(figure).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let (nanos, worst, bytes) = (median(|it| it.nanos), median(|it| it.worst), median(|it| it.bytes));
        line(&format!(
            "  {name:<12} {nanos:>8.0} ns an event   worst tick {worst:>9.3} ms   {bytes:>6.1} bytes a session"
        ));
    }
    Ok(())
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        u32::try_from((high * u64::from(limit)) >> 32).unwrap_or_default()
    }

    fn length(&mut self) -> i64 {
        120_000 + i64::from(self.below(180_000))
    }
}

/// The sum over what fired, whatever the order within a tick.
fn noted(tick: i64, id: u32) -> u64 {
    (tick.unsigned_abs() << 32 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// How many events come in a tick: one for each session every 60 seconds.
fn events(sessions: u32, tick: i64) -> u32 {
    let until = |tick: i64| u64::from(sessions) * tick.unsigned_abs() / 60_000;
    u32::try_from(until(tick + 1) - until(tick)).unwrap_or(u32::MAX)
}

fn calendar(sessions: u32) -> Found {
    let before = resident();
    let (mut arms, mut moves) = (Random(1), Random(2));
    let mut calendar = Calendar::default();
    (0..sessions).for_each(|id| calendar.arm(id, Some(START + arms.length())));
    calendar.due(START);
    let (mut spent, mut worst, mut fired, mut count) = (Duration::ZERO, Duration::ZERO, 0_u64, 0_u64);
    for tick in 0..TICKS {
        let now = START + 1 + tick;
        let begun = processor();
        let events = events(sessions, tick);
        for _ in 0..events {
            let id = moves.below(sessions);
            calendar.arm(id, Some(now + moves.length()));
        }
        let moved = processor();
        while let Some(id) = calendar.due(now) {
            fired = fired.wrapping_add(noted(tick, id));
            calendar.arm(id, Some(now + 120_000 + i64::from(id % 180_000)));
        }
        let ended = processor();
        count += u64::from(events);
        spent += ended - begun;
        worst = worst.max(ended - moved);
    }
    found(spent, worst, (resident() - before) / f64::from(sessions), (fired, count))
}

fn found(spent: Duration, worst: Duration, bytes: f64, (fired, count): (u64, u64)) -> Found {
    Found { nanos: spent.as_nanos() as f64 / count as f64, worst: worst.as_secs_f64() * 1e3, bytes, fired }
}

fn delay_queue(sessions: u32) -> io::Result<Found> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(runtime.block_on(async {
        let before = resident();
        let (mut arms, mut moves) = (Random(1), Random(2));
        let mut queue = DelayQueue::new();
        let length = |millis: i64| Duration::from_millis(millis.unsigned_abs());
        let mut keys: Vec<Key> = (0..sessions).map(|id| queue.insert(id, length(arms.length()))).collect();
        let (mut spent, mut worst, mut fired, mut count) = (Duration::ZERO, Duration::ZERO, 0_u64, 0_u64);
        for tick in 0..TICKS {
            tokio::time::advance(Duration::from_millis(1)).await;
            let begun = processor();
            let events = events(sessions, tick);
            for _ in 0..events {
                let id = moves.below(sessions);
                queue.reset(&keys[id as usize], length(moves.length()));
            }
            let moved = processor();
            poll_fn(|cx| {
                while let Poll::Ready(Some(expired)) = queue.poll_expired(cx) {
                    let id = expired.into_inner();
                    fired = fired.wrapping_add(noted(tick, id));
                    keys[id as usize] = queue.insert(id, length(120_000 + i64::from(id % 180_000)));
                }
                Poll::Ready(())
            })
            .await;
            let ended = processor();
            count += u64::from(events);
            spent += ended - begun;
            worst = worst.max(ended - moved);
        }
        found(spent, worst, (resident() - before) / f64::from(sessions), (fired, count))
    }))
}
