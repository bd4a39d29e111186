//! A million deadlines that fall in one minute while events come in: how late their decisions are durable.
//!
//! `cargo run --release -p wane-bench-node --bin lapses -- [--quick] [DIRECTORY]`. Takes two minutes: sessions are opened
//! over a minute, each with a time-out of a minute.

mod node;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use node::Commits;
use wane_server::clock::Clock;
use wane_server::node::Node;
use wane_store::file::FileLog;
use wane_store::log::Log as _;
use wane_wire::record::{Record, Sequence, decode, peek};

const RULES: &str = r#"
[timers.quiet]
restart_on = ["message:customer"]
on_lapse   = ["end-session"]
[[rules]]
id = "short"
timer = "quiet"
channel = "web"
after = "60s"
[[rules]]
id = "long"
timer = "quiet"
after = "24h"
"#;

/// Events in a batch.
const BATCH: u64 = 100;
/// Events a second in other conversations while the deadlines fall.
const BESIDE: u64 = 10_000;

type Fault = Box<dyn Error>;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let place = arguments.iter().find(|argument| !argument.starts_with("--")).map_or_else(|| ".".into(), PathBuf::from);
    let sessions = if quick { 20_000 } else { 1_000_000 };
    let directory = tempfile::TempDir::new_in(&place)?;
    let commits = Arc::new(Commits::default());
    let (started, log) = node::start(directory.path(), &[("rules.toml".into(), RULES.into())], &commits)?;
    let (node, clock) = (started.node, started.clock);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let from = node.durable().next();
        let follower = tokio::spawn(follow(node.clone(), clock, from, sessions));
        let minute = Duration::from_secs(60);
        paced(&node, &log, ("web", sessions, 0), minute).await?;
        let late = paced(&node, &log, ("sms", BESIDE * 60, 1 << 40), minute).await?;
        let lags = follower.await??;
        told("lag of decisions, durable", lags.into_iter().map(|lag| lag as f64).collect());
        told("batches of events beside, durable", late.iter().map(|took| took.as_secs_f64() * 1e3).collect());
        let commits: Vec<f64> = commits.take().iter().map(|(_, took)| took.as_secs_f64() * 1e3).collect();
        told("commits", commits);
        Ok::<_, Fault>(())
    })?;
    node.stop();
    Ok(())
}

/// Sends events evenly over that time; how long each batch took.
async fn paced(
    node: &Node,
    log: &FileLog,
    (channel, events, ids): (&'static str, u64, u64),
    over: Duration,
) -> Result<Vec<Duration>, Fault> {
    let begun = now();
    let batches = events / BATCH;
    let mut tasks = Vec::new();
    for number in 0..batches {
        let due = over.mul_f64(number as f64 / batches as f64);
        tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        if number % 100 == 0 {
            log.prepare()?;
        }
        let first = number * BATCH;
        let events = (first..first + BATCH).map(|id| node::message(channel, ids + id, ids + id)).collect();
        let node = node.clone();
        tasks.push(tokio::spawn(async move {
            let begun = now();
            node.submit(events).await.map(|_| begun.elapsed())
        }));
    }
    let mut took = Vec::new();
    for task in tasks {
        took.push(task.await??);
    }
    Ok(took)
}

/// Follows the durable log until so many lapses were seen: the milliseconds from each deadline to the follower's look.
async fn follow(node: Node, clock: Clock, mut next: Sequence, lapses: u64) -> Result<Vec<i64>, String> {
    let mut lags = Vec::new();
    while (lags.len() as u64) < lapses {
        node.durable_after(Sequence(next.0 - 1)).await.map_err(|error| error.to_string())?;
        for block in node.blocks(next, 4 << 20).await.map_err(|error| error.to_string())? {
            let (now, mut offset) = (clock.now(), 0);
            while offset < block.records.len() {
                let peeked = peek(&block.records, offset).map_err(|error| error.to_string())?;
                if peeked.has_lapses {
                    let (record, _) = decode(&block.records, offset).map_err(|error| error.to_string())?;
                    if let Record::Lapse(record) = record {
                        lags.extend(record.lapses.iter().map(|lapse| now.millis_since(lapse.cause.deadline)));
                    }
                }
                offset = peeked.next_offset;
            }
            next = block.sequence.next();
        }
    }
    Ok(lags)
}

/// Prints percentiles of milliseconds.
fn told(what: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    let at = |percent: usize| values[(values.len() * percent / 100).min(values.len() - 1)];
    let text =
        format!("  {what:<36} {:>8}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", values.len(), at(50), at(99), at(100));
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

#[expect(clippy::disallowed_methods, reason = "a benchmark")]
fn now() -> Instant {
    Instant::now()
}
