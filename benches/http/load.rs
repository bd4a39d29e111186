//! The load: connections that send events one request after another.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use crate::client::Connection;
use crate::daemon::Daemon;
use crate::{BATCH, Fault};

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Events in a request.
    pub(crate) batch: usize,
    pub(crate) connections: usize,
    /// Over so many conversations, by chance.
    pub(crate) conversations: u64,
}

/// What came of it.
pub(crate) struct Run {
    pub(crate) events: u64,
    took: Duration,
    /// The daemon's processor time.
    daemon: Duration,
    /// How long each request took.
    requests: Vec<Duration>,
}

impl Load {
    /// Sends for that long.
    pub(crate) async fn run(self, daemon: &Daemon, length: Duration) -> Result<Run, Fault> {
        let before = daemon.processor();
        let begun = now();
        let set = LocalSet::new();
        let tasks: Vec<_> = (0..self.connections)
            .map(|_| set.spawn_local(self.connection(daemon.address, daemon.token.clone(), begun + length)))
            .collect();
        set.await;
        let mut run = Run { events: 0, took: begun.elapsed(), daemon: Duration::ZERO, requests: Vec::new() };
        for task in tasks {
            run.requests.extend(task.await?.map_err(|words| -> Fault { words.into() })?);
        }
        run.daemon = daemon.processor() - before;
        run.events = (run.requests.len() * self.batch) as u64;
        Ok(run)
    }

    async fn connection(
        self,
        address: std::net::SocketAddr,
        token: String,
        until: Instant,
    ) -> Result<Vec<Duration>, String> {
        let words = |error: Fault| error.to_string();
        let mut connection = Connection::open(address).await.map_err(words)?;
        let mut request = Request::new(self.batch, &token);
        let mut took = Vec::new();
        loop {
            request.fill(|random| random % self.conversations);
            let begun = now();
            if begun >= until {
                return Ok(took);
            }
            connection.ask(&request.bytes).await.map_err(words)?;
            took.push(begun.elapsed());
        }
    }
}

/// Opens a session in each of so many conversations.
pub(crate) async fn open(daemon: &Daemon, sessions: u64) -> Result<(), Fault> {
    let next = Rc::new(Cell::new(0));
    let set = LocalSet::new();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (next, address, token) = (Rc::clone(&next), daemon.address, daemon.token.clone());
            set.spawn_local(async move {
                let words = |error: Fault| error.to_string();
                let mut connection = Connection::open(address).await.map_err(words)?;
                let mut request = Request::new(BATCH, &token);
                while next.get() < sessions {
                    request.fill(|_| next.replace(next.get() + 1) % sessions);
                    connection.ask(&request.bytes).await.map_err(words)?;
                }
                Ok::<_, String>(())
            })
        })
        .collect();
    set.await;
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// A request that is written over for each sending: ids and conversations have the same length always.
struct Request {
    bytes: Vec<u8>,
    /// Where the ids and the conversations are.
    places: Vec<(usize, usize)>,
    random: u64,
}

thread_local! {
    static SEED: Cell<u64> = const { Cell::new(0) };
}

impl Request {
    fn new(batch: usize, token: &str) -> Self {
        let event = r#"{"id":"0000000000000000-0000000000000000","type":"message","role":"customer","conversation":"conv-0000000000000000","channel":"web"}"#;
        let body = if batch == 1 { event.to_owned() } else { format!("[{}]", vec![event; batch].join(",")) };
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nhost: wane\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let start = head.len() + usize::from(batch > 1);
        let places = (0..batch).map(|number| start + number * (event.len() + 1));
        let places =
            places.map(|at| (at + r#"{"id":""#.len(), at + event.find("conv-").unwrap_or_default() + 5)).collect();
        let seed = SEED.replace(SEED.get() + 1) + 1;
        // Runs of the program send the same, connections do not.
        Self { bytes: (head + &body).into_bytes(), places, random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }

    fn fill(&mut self, mut conversation: impl FnMut(u64) -> u64) {
        for (id, name) in &self.places {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            digits(&mut self.bytes[*id..*id + 16], self.random);
            digits(&mut self.bytes[*id + 17..*id + 33], self.random.rotate_left(32) ^ 0x5555);
            digits(&mut self.bytes[*name..*name + 16], conversation(self.random));
        }
    }
}

fn digits(into: &mut [u8], number: u64) {
    for (place, digit) in into.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize];
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark")]
fn now() -> Instant {
    Instant::now()
}

/// The figures of some runs.
pub(crate) fn told(load: &Load, runs: Vec<Run>) -> String {
    let mut rates: Vec<f64> = runs.iter().map(|run| run.events as f64 / run.took.as_secs_f64()).collect();
    rates.sort_by(f64::total_cmp);
    let mut costs: Vec<f64> = runs.iter().map(|run| run.daemon.as_secs_f64() * 1e6 / run.events as f64).collect();
    costs.sort_by(f64::total_cmp);
    let mut requests: Vec<Duration> = runs.into_iter().flat_map(|run| run.requests).collect();
    requests.sort();
    let millis = |percent: usize| requests[requests.len() * percent / 100].as_secs_f64() * 1e3;
    format!(
        "  {:>3} a request, {:>2} connections: {:>7.0} events/s (turns {:.0} to {:.0}), p50 {:.2} ms, p99 {:.2} ms, {:.2} us of the daemon's processor time an event",
        load.batch,
        load.connections,
        rates[rates.len() / 2],
        rates[0],
        rates[rates.len() - 1],
        millis(50),
        millis(99),
        costs[costs.len() / 2]
    )
}
