//! How long a node needs to be ready again after it was killed under load.
//!
//! `cargo run --release -p wane-bench-node --bin restart -- [--quick] [--sessions N] [DIRECTORY]`. A process of its own opens
//! the sessions, takes events at the highest rate for five seconds, and dies in the middle of it; then the same directory
//! is started again and again, each time as the kill left it.

mod node;

use std::cell::Cell;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use node::{Commits, RuleFile};
use wane_server::node::Node;
use wane_store::file::FileLog;
use wane_store::log::Log as _;

/// Events in a batch, and batches on their way at the same time.
const BATCH: u64 = 100;
const SENDERS: u64 = 8;
/// Starts of the same directory.
const ROUNDS: usize = 5;

type Fault = Box<dyn Error>;

struct Plan {
    sessions: u64,
    load: Duration,
    place: PathBuf,
}

fn main() -> Result<(), Fault> {
    let mut plan = Plan { sessions: 1_000_000, load: Duration::from_secs(5), place: ".".into() };
    let (mut fill, mut start) = (false, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--fill" => fill = true,
            "--start" => start = true,
            "--quick" => (plan.sessions, plan.load) = (10_000, Duration::from_millis(200)),
            "--sessions" => plan.sessions = words.next().ok_or("how many sessions?")?.parse()?,
            _ => plan.place = word.into(),
        }
    }
    if fill {
        return fill_and_die(&plan);
    }
    if start {
        return time(&plan.place);
    }
    let directory = tempfile::TempDir::new_in(&plan.place)?;
    let mut child = Command::new(std::env::current_exe()?);
    child.args(std::env::args().skip(1).filter(|word| Path::new(word) != plan.place));
    child.arg("--fill").arg(directory.path()).status()?;
    for _ in 0..ROUNDS {
        let copy = tempfile::TempDir::new_in(&plan.place)?;
        Command::new("cp").args(["-a", "--"]).arg(directory.path().join(".")).arg(copy.path()).status()?;
        time(copy.path())?;
    }
    Ok(())
}

/// Starts a node and tells how long that took; it goes without a farewell.
fn time(place: &Path) -> Result<(), Fault> {
    let files = stock()?;
    let begun = now();
    let (started, _log) = node::start(place, &files, &Arc::default())?;
    let took = begun.elapsed();
    let recovered = &started.recovered;
    line(&format!(
        "  {} conversations, {} blocks after the snapshot: ready in {:.3} s",
        recovered.conversations,
        recovered.blocks,
        took.as_secs_f64()
    ));
    std::mem::forget(started);
    Ok(())
}

/// Opens the sessions, sends events for a while, and is no more.
fn fill_and_die(plan: &Plan) -> Result<(), Fault> {
    let commits = Arc::new(Commits::default());
    let (started, log) = node::start(&plan.place, &stock()?, &commits)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (sessions, load) = (plan.sessions, plan.load);
    let opened = runtime.block_on(send(&started.node, &log, 0, move |id| (id < sessions).then_some(id)))?;
    let begun = now();
    let sent = runtime.block_on(send(&started.node, &log, 1 << 40, move |id| {
        (begun.elapsed() < load).then_some(id.wrapping_mul(0x9e37_79b9_7f4a_7c15) % sessions)
    }))?;
    let rate = sent as f64 / begun.elapsed().as_secs_f64();
    let megabytes = commits.take().iter().map(|(bytes, _)| bytes).sum::<usize>() >> 20;
    line(&format!("{opened} sessions, then {sent} events at {rate:.0} a second: {megabytes} MiB of log"));
    std::process::abort();
}

/// Sends batches while `conversation` names one for the next id; how many events were sent.
async fn send(
    node: &Node,
    log: &FileLog,
    first: u64,
    conversation: impl Fn(u64) -> Option<u64> + Copy + 'static,
) -> Result<u64, Fault> {
    let set = tokio::task::LocalSet::new();
    let taken = Rc::new(Cell::new(first));
    let tasks: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let (node, log, taken) = (node.clone(), log.clone(), Rc::clone(&taken));
            set.spawn_local(async move {
                loop {
                    let from = taken.replace(taken.get() + BATCH);
                    let named = (from..from + BATCH).map_while(|id| Some((id, conversation(id)?)));
                    let events: Vec<_> = named.map(|(id, name)| node::message("web", name, id)).collect();
                    if events.is_empty() {
                        return Ok::<_, String>(from - first);
                    }
                    node.submit(events).await.map_err(|error| error.to_string())?;
                    if sender == 0 {
                        log.prepare().map_err(|error| error.to_string())?;
                    }
                }
            })
        })
        .collect();
    set.await;
    let mut sent = u64::MAX;
    for task in tasks {
        sent = sent.min(task.await??);
    }
    Ok(sent)
}

/// The stock rules.
fn stock() -> Result<Vec<RuleFile>, Fault> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let mut files = Vec::new();
    for place in ["", "channels/"] {
        for entry in std::fs::read_dir(root.join(place))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                files.push((format!("{place}{name}"), std::fs::read(&path)?));
            }
        }
    }
    Ok(files)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark")]
fn now() -> Instant {
    Instant::now()
}

/// Prints a line; one that nobody reads is no fault.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
