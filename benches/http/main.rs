//! The daemon under load over HTTP: durable events a second in batches, how long single events take, how long a restart
//! takes.
//!
//! `cargo run --release -p wane-bench-http -- [--quick] [--sessions N] [DAEMON [DIRECTORY]]`. DAEMON is a release build,
//! `../target/release/wane` if not given; its data go into a directory of their own in DIRECTORY, which is removed.
//! Nothing of the daemon's configuration is changed but the rate of requests with one token.

mod client;
mod daemon;
mod load;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use daemon::{Daemon, Signal};
use load::Load;

/// Events in a request.
const BATCH: usize = 100;
/// Conversations that the load is about.
const CONVERSATIONS: u64 = 100_000;

type Fault = Box<dyn Error>;

struct Plan {
    quick: bool,
    sessions: u64,
    daemon: PathBuf,
    directory: PathBuf,
}

fn main() -> Result<(), Fault> {
    let plan = plan()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(throughput(&plan))?;
    runtime.block_on(restart(&plan))
}

fn plan() -> Result<Plan, Fault> {
    let mut plan = Plan { quick: false, sessions: 1_000_000, daemon: PathBuf::new(), directory: PathBuf::from(".") };
    let mut places = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => plan.quick = true,
            "--sessions" => plan.sessions = words.next().ok_or("how many sessions?")?.parse()?,
            _ => places.push(PathBuf::from(word)),
        }
    }
    let mut places = places.into_iter();
    plan.daemon = places.next().unwrap_or_else(|| PathBuf::from("../target/release/wane"));
    plan.directory = places.next().unwrap_or(plan.directory);
    if plan.quick {
        plan.sessions = plan.sessions.min(10_000);
    }
    Ok(plan)
}

/// Batches over a few connections, then single events over many.
async fn throughput(plan: &Plan) -> Result<(), Fault> {
    let directory = tempfile::TempDir::new_in(&plan.directory)?;
    let mut daemon = Daemon::start(&plan.daemon, directory.path()).await?;
    let (rounds, turn) = if plan.quick { (2, 200) } else { (5, 1_500) };
    let turn = Duration::from_millis(turn);
    let mut sent = 0;
    for (batch, connections) in [(BATCH, 4), (BATCH, 8), (1, 64)] {
        let load = Load { batch, connections, conversations: CONVERSATIONS };
        let mut runs = Vec::new();
        // The first turn is to warm up.
        for round in 0..=rounds {
            let run = load.run(&daemon, turn).await?;
            sent += run.events;
            if round > 0 {
                runs.push(run);
            }
        }
        line(&load::told(&load, runs));
    }
    let applied = daemon.applied().await?;
    if applied != sent {
        return Err(format!("{sent} events were answered, but the daemon applied {applied}").into());
    }
    daemon.stop(Signal::Term)
}

/// So many live sessions, then a restart after an orderly stop, and one after a kill.
async fn restart(plan: &Plan) -> Result<(), Fault> {
    let directory = tempfile::TempDir::new_in(&plan.directory)?;
    let mut daemon = Daemon::start(&plan.daemon, directory.path()).await?;
    load::open(&daemon, plan.sessions).await?;
    for (signal, word) in [(Signal::Term, "an orderly stop"), (Signal::Kill, "a kill"), (Signal::Kill, "another kill")]
    {
        daemon.stop(signal)?;
        daemon = Daemon::start(&plan.daemon, directory.path()).await?;
        let (took, resident) = (daemon.ready_after.as_secs_f64(), daemon.resident());
        line(&format!(
            "  restart with {} sessions after {word:<16} ready in {took:.2} s, {resident:.2} GiB",
            plan.sessions
        ));
        // What a kill leaves to be read again: the log since the last snapshot.
        let load = Load { batch: BATCH, connections: 4, conversations: plan.sessions };
        load.run(&daemon, Duration::from_secs(if plan.quick { 1 } else { 5 })).await?;
    }
    daemon.stop(Signal::Term)
}

/// Prints a line; one that nobody reads is no fault.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
