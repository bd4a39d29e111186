//! Durable events a second through a node, which decides about each, and of a raw file, Wane's log and other stores, which
//! only keep the same bytes; in turns.
//!
//! `cargo run --release -p wane-bench-node --features rocksdb,redis --bin durable -- [--quick] [DIRECTORY]`

mod node;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use node::Commits;
use wane_bench_store::{Fault, Peer, Store};
use wane_server::node::Node;
use wane_store::file::FileLog;
use wane_store::log::Log as _;

const RULES: &str = r#"
[timers.quiet]
restart_on = ["message:customer"]
on_lapse   = ["end-session"]
[[rules]]
id = "quiet"
timer = "quiet"
after = "24h"
"#;

/// Batches that are on their way at the same time, from senders of their own.
const SENDERS: [usize; 2] = [1, 8];
const CONVERSATIONS: u64 = 100_000;

/// Events a second by turn, and how long each commit took.
struct Figures {
    rates: Vec<f64>,
    commits: Vec<Duration>,
}

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let place = arguments.iter().find(|argument| !argument.starts_with("--")).map_or_else(|| ".".into(), PathBuf::from);
    let (rounds, turn) = if quick { (2, 50) } else { (11, 500) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for batch in [64, 1_024] {
        for senders in SENDERS {
            let directory = tempfile::TempDir::new_in(&place)?;
            runtime.block_on(compare(directory.path(), (batch, senders), (rounds, Duration::from_millis(turn))))?;
        }
    }
    Ok(())
}

async fn compare(
    place: &std::path::Path,
    (batch, senders): (usize, usize),
    (rounds, turn): (usize, Duration),
) -> Result<(), Fault> {
    let commits = Arc::new(Commits::default());
    let (started, log) = node::start(&place.join("node"), &[("rules.toml".into(), RULES.into())], &commits)?;
    let mut peers = wane_bench_store::open(place)?;
    let (mut of_node, mut of_peers) = (Figures::new(), peers.iter().map(|_| Figures::new()).collect::<Vec<_>>());
    let (mut number, mut blocks) = (0, Vec::new());
    for round in 0..=rounds {
        let rate = through(&started.node, &log, (batch, senders), turn, &mut number).await?;
        let own = commits.take();
        // The peers get blocks as large as the node's, record by record as long as the node's are on average.
        let bytes = own.iter().map(|(bytes, _)| bytes).sum::<usize>();
        let events = (rate * turn.as_secs_f64()) as usize;
        let record = (bytes / events.max(1)).max(1);
        let block = bytes / own.len().max(1);
        for (peer, figures) in peers.iter_mut().zip(&mut of_peers) {
            let turned = turns(peer.store.as_mut(), (block, record), turn)?;
            // The first turn is to warm up.
            if round > 0 {
                figures.add(turned);
            }
        }
        if round > 0 {
            blocks.push((block, record));
            of_node.add((rate, own.into_iter().map(|(_, took)| took).collect()));
        }
    }
    started.node.stop();
    blocks.sort_unstable();
    let (block, record) = blocks[blocks.len() / 2];
    line(&format!(
        "\n{senders} senders of batches of {batch} events; {record} bytes of log an event, {} events a commit\n",
        block / record
    ));
    report(of_node, of_peers, &peers);
    Ok(())
}

/// The raw file is the first of the peers.
fn report(of_node: Figures, of_peers: Vec<Figures>, peers: &[Peer]) {
    let mut of_peers = of_peers.into_iter().zip(peers).map(|(figures, peer)| (figures, peer.name));
    let Some((figures, name)) = of_peers.next() else { return };
    let raw = figures.told(name, None);
    let own = of_node.told("Wane's node: decides, too", Some(raw));
    for (figures, name) in of_peers {
        figures.told(name, Some(raw));
    }
    line(&format!("  p99 of a commit, of the raw file's: {:.2}", own.1.as_secs_f64() / raw.1.as_secs_f64()));
}

/// Sends batches for that long; the rate of events that were answered.
async fn through(
    node: &Node,
    log: &FileLog,
    (batch, senders): (usize, usize),
    turn: Duration,
    number: &mut u64,
) -> Result<f64, Fault> {
    let set = tokio::task::LocalSet::new();
    let begun = now();
    let first = *number;
    let each = 1 << 32;
    let tasks: Vec<_> = (0..senders as u64)
        .map(|sender| {
            let (node, log) = (node.clone(), log.clone());
            set.spawn_local(async move {
                let mut id = first + sender * each;
                let mut sent = 0;
                while begun.elapsed() < turn {
                    let events = (0..batch as u64).map(|more| {
                        let id = id + more;
                        node::message("web", id.wrapping_mul(0x9e37_79b9_7f4a_7c15) % CONVERSATIONS, id)
                    });
                    let answers = node.submit(events.collect()).await.map_err(|error| error.to_string())?;
                    id += batch as u64;
                    sent += answers.len();
                    if sender == 0 {
                        log.prepare().map_err(|error| error.to_string())?;
                    }
                }
                Ok::<_, String>(sent)
            })
        })
        .collect();
    set.await;
    let took = begun.elapsed();
    let mut sent = 0;
    for task in tasks {
        sent += task.await??;
    }
    *number += senders as u64 * each;
    Ok(sent as f64 / took.as_secs_f64())
}

/// Commits blocks of those bytes for that long: records a second, and the commits.
fn turns(
    store: &mut dyn Store,
    (block, record): (usize, usize),
    turn: Duration,
) -> Result<(f64, Vec<Duration>), Fault> {
    let bytes: Vec<u8> = (0..block).map(|place| (place as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let (mut commits, mut spent) = (Vec::new(), Duration::ZERO);
    while spent < turn {
        let begun = now();
        store.commit(&bytes, record)?;
        commits.push(begun.elapsed());
        spent += begun.elapsed();
        store.between()?;
    }
    Ok(((commits.len() * (block / record)) as f64 / spent.as_secs_f64(), commits))
}

impl Figures {
    const fn new() -> Self {
        Self { rates: Vec::new(), commits: Vec::new() }
    }

    fn add(&mut self, (rate, commits): (f64, Vec<Duration>)) {
        self.rates.push(rate);
        self.commits.extend(commits);
    }

    /// Prints the medians; gives the rate and the 99th percentile of the commits.
    fn told(mut self, name: &str, raw: Option<(f64, Duration)>) -> (f64, Duration) {
        self.rates.sort_by(f64::total_cmp);
        self.commits.sort();
        let (rate, p50, p99) = (
            self.rates[self.rates.len() / 2],
            self.commits[self.commits.len() / 2],
            self.commits[self.commits.len() * 99 / 100],
        );
        let ratio = raw.map_or(1.0, |(raw, _)| rate / raw);
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        line(&format!(
            "  {name:<35} {rate:>9.0} events/s {ratio:>6.2}x   commit p50 {:>6.0} us, p99 {:>6.0} us",
            micros(p50),
            micros(p99)
        ));
        (rate, p99)
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark")]
fn now() -> Instant {
    Instant::now()
}

/// Prints a line; one that nobody reads is no fault.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
