//! The daemon as a process, and talking to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};
use wane_tests::binary;

use crate::rules;

const TOKEN: &str = "wane_of_the_crash_test";
/// How long anything may take that is not meant to end by being killed.
const LONG: Duration = Duration::from_secs(60);

/// A directory with configuration, rules and data.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path).expect("an old directory goes");
        }
        std::fs::create_dir_all(path.join("rules")).expect("a directory");
        std::fs::write(path.join("rules/rules.toml"), rules::text(0)).expect("a file");
        std::fs::write(path.join("wane.toml"), configuration()).expect("a file");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What the daemons said, for the words of a failure.
    pub(crate) fn log(&self) -> String {
        let said = std::fs::read_to_string(self.0.join("log.txt")).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    pub(crate) fn remove(self) {
        std::fs::remove_dir_all(self.0).expect("the directory goes");
    }
}

/// Small segments and snapshots all the time, so that their making is interrupted, too.
fn configuration() -> String {
    let hash: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "listen = \"127.0.0.1:0\"\nshards = 3\n[store]\nsegment_bytes = 2097152\nsnapshot_bytes = 4096\n\
         [limits]\ntoken = {{ rate = 0, burst = 0 }}\n[[tokens]]\nname = \"test\"\nhash = \"{hash}\"\n\
         scopes = [\"events:write\", \"sessions:read\", \"effects:read\", \"rules:read\", \"rules:write\", \"admin\"]\n"
    )
}

/// A running daemon; killed at the latest when this is dropped.
pub(crate) struct Daemon {
    child: Child,
    /// The lines that it prints; it ends with the daemon.
    said: Receiver<String>,
    /// Where its own messages are.
    log: PathBuf,
}

impl Daemon {
    pub(crate) fn spawn(place: &Place) -> Self {
        let log = place.path().join("log.txt");
        let messages = std::fs::File::options().create(true).append(true).open(&log).expect("a file");
        let mut command = Command::new(binary::path());
        command.args(["serve", "--config", "wane.toml"]).current_dir(place.path()).env("NO_COLOR", "1");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(messages).spawn();
        let mut child = child.expect("the daemon can be started");
        let out = child.stdout.take().expect("a pipe");
        let (sender, said) = channel();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Self { child, said, log }
    }

    /// Lets so many milliseconds pass, fewer if the daemon says something.
    pub(crate) fn wait_at_most(&self, millis: u64) {
        // Whatever it says, and whether it says something, changes nothing.
        drop(self.said.recv_timeout(Duration::from_millis(millis)));
    }

    /// Returns when it can be reached.
    pub(crate) fn ready(&mut self) -> Link {
        let line = self.said.recv_timeout(LONG);
        let line = line.unwrap_or_else(|_| panic!("it does not start: {}", self.words()));
        let address = line.strip_prefix("wane listens on http://").expect("its first line").to_owned();
        Link { address }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
    }

    /// `SIGTERM`; its exit status.
    pub(crate) fn stop_in_order(&mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("`kill` runs");
        assert!(told.success());
        // Its standard output ends when it does.
        while self.said.recv_timeout(LONG).is_ok() {}
        let ended = self.child.try_wait().expect("its status");
        ended.map_or_else(|| self.child.wait().expect("its status").code(), |status| status.code())
    }

    fn words(&self) -> String {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        said.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may be dead already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The way to a daemon that may die at any moment.
#[derive(Clone)]
pub(crate) struct Link {
    address: String,
}

impl Link {
    /// Status and body; `None` when the answer did not come whole.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, Value)> {
        self.ask("GET", path, "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.ask("POST", path, &body.to_string())
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(LONG)).ok()?;
        let (address, length) = (&self.address, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        read(&String::from_utf8(answer).ok()?)
    }
}

fn read(answer: &str) -> Option<(u16, Value)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let whole = length.is_some_and(|length: usize| length == body.len());
    if !whole {
        return None;
    }
    Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}
