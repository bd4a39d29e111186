//! The daemon as a process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, kill_process};

use crate::Fault;
use crate::client::Connection;

/// How it is ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Term,
    Kill,
}

/// A running daemon.
pub(crate) struct Daemon {
    child: Child,
    /// What it says has to go somewhere.
    _said: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    /// From its start to its first answer.
    pub(crate) ready_after: Duration,
}

impl Daemon {
    /// Starts one with the stock rules; its data are in `directory`.
    pub(crate) async fn start(program: &Path, directory: &Path) -> Result<Self, Fault> {
        let config = directory.join("wane.toml");
        fs::write(&config, "[limits]\ntoken = { rate = 1000000, burst = 1000000 }\n")?;
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
        let mut command = Command::new(program);
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--config"]).arg(&config);
        command.arg("--data").arg(directory.join("data")).arg("--rules").arg(rules);
        #[expect(clippy::disallowed_methods, reason = "a benchmark")]
        let begun = Instant::now();
        let mut child =
            command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let mut said = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut first = String::new();
        said.read_line(&mut first)?;
        let address = first.trim().rsplit('/').next().unwrap_or_default().parse();
        let address = address.map_err(|_| format!("the daemon does not listen: `{first}`"))?;
        let tokens = fs::read_to_string(directory.join("data/dev-tokens.json"))?;
        let tokens: serde_json::Value = serde_json::from_str(&tokens)?;
        let token = tokens["events:write"].as_str().ok_or("no token")?.to_owned();
        let mut daemon = Self { child, _said: said, address, token, ready_after: Duration::ZERO };
        daemon.get("/readyz").await?;
        daemon.ready_after = begun.elapsed();
        Ok(daemon)
    }

    async fn get(&self, path: &str) -> Result<String, Fault> {
        let mut connection = Connection::open(self.address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: wane\r\nauthorization: Bearer {}\r\n\r\n", self.token);
        let body = connection.ask(request.as_bytes()).await?;
        Ok(String::from_utf8(body.to_vec())?)
    }

    /// Events that it says it applied.
    pub(crate) async fn applied(&self) -> Result<u64, Fault> {
        let text = self.get("/metrics").await?;
        let found = text.lines().find_map(|line| line.strip_prefix("wane_events_total{outcome=\"applied\"} "));
        Ok(found.ok_or("no metric of events")?.parse()?)
    }

    /// Its processor time so far.
    pub(crate) fn processor(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// GiB of memory in use.
    pub(crate) fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap_or_default();
        let pages: f64 = status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
        pages * 4_096.0 / f64::from(1 << 30)
    }

    pub(crate) fn stop(&mut self, signal: Signal) -> Result<(), Fault> {
        let pid = Pid::from_child(&self.child);
        kill_process(
            pid,
            if signal == Signal::Kill { rustix::process::Signal::KILL } else { rustix::process::Signal::TERM },
        )?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Nothing is left running when the benchmark fails; one that ended is no fault.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
