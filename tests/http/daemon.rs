//! The real daemon in a directory of its own, and asking it byte by byte.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use wane_server::clock::Stopwatch;
use wane_tests::binary;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A timer that follows new rules at once.
pub(crate) fn rules(after: &str) -> String {
    format!(
        "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_reload = \"recompute\"\non_lapse = [\"end-session\"]\n\n\
         [[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"{after}\"\n"
    )
}

/// A running daemon; gone when dropped.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) address: String,
    tokens: BTreeMap<String, String>,
    directory: TempDir,
    /// All that it ever answered.
    pub(crate) said: RefCell<String>,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    /// The slug of a problem.
    pub(crate) fn problem(&self) -> &str {
        self.json["type"].as_str().and_then(|kind| kind.strip_prefix("/problems/")).unwrap_or_default()
    }
}

impl Daemon {
    /// With `--dev` on a clock that stands still.
    pub(crate) fn manual() -> Self {
        Self::start(&["--dev", "--clock", "manual"], "[rules]\nwatch = false\n")
    }

    /// With these arguments and that configuration beside it.
    pub(crate) fn start(arguments: &[&str], config: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        fs::create_dir(path.join("rules")).expect("made");
        fs::write(path.join("rules/rules.toml"), rules("15m")).expect("written");
        fs::write(path.join("wane.toml"), config).expect("written");
        let log = File::create(path.join("stderr")).expect("made");
        let mut child = Command::new(binary::path())
            .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
            .args(arguments)
            .current_dir(path)
            .env("NO_COLOR", "1")
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        let address = first.split("://").nth(1).unwrap_or_default().to_owned();
        assert!(!address.is_empty(), "{first}{}", fs::read_to_string(path.join("stderr")).unwrap_or_default());
        // Whoever writes to a closed pipe fails.
        std::thread::spawn(move || lines.for_each(drop));
        let tokens = fs::read(path.join("data/dev-tokens.json")).unwrap_or_default();
        let tokens = serde_json::from_slice(&tokens).unwrap_or_default();
        Self { child, address, tokens, directory, said: RefCell::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn rules_file(&self) -> PathBuf {
        self.path().join("rules/rules.toml")
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path().join("stderr")).expect("readable")
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&String, &String)> {
        self.tokens.iter()
    }

    /// The field that says who asks.
    pub(crate) fn bearer(&self, scope: &str) -> String {
        self.tokens.get(scope).map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"))
    }

    /// Runs `wane` in the daemon's directory.
    pub(crate) fn wane(&self, arguments: &[&str]) -> Output {
        binary::wane(self.path(), arguments)
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("a signal");
        assert!(sent.success());
    }

    /// Ends it and waits for that.
    pub(crate) fn stop(&mut self) {
        self.signal("-TERM");
        self.child.wait().expect("it ends");
    }

    pub(crate) fn get(&self, path: &str, scope: &str) -> Answer {
        self.ask("GET", path, &self.bearer(scope), b"")
    }

    pub(crate) fn post(&self, path: &str, scope: &str, body: &str) -> Answer {
        let head = format!("{}Content-Type: application/json\r\n", self.bearer(scope));
        self.ask("POST", path, &head, body.as_bytes())
    }

    /// Sends a request with these fields and that body.
    pub(crate) fn ask(&self, method: &str, path: &str, fields: &str, body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: wane\r\n{fields}");
        if !body.is_empty() || method == "POST" || method == "PATCH" {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        let mut bytes = format!("{head}\r\n").into_bytes();
        bytes.extend_from_slice(body);
        self.raw(&bytes, method == "HEAD")
    }

    /// Sends bytes as they are, and reads one answer.
    pub(crate) fn raw(&self, bytes: &[u8], no_body: bool) -> Answer {
        let mut stream = self.connect();
        // A refusal may come before everything is sent.
        let _ = stream.write_all(bytes);
        self.read(&mut stream, no_body)
    }

    /// The same, and says that no more is coming.
    pub(crate) fn half_closed(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(bytes).expect("sent");
        stream.shutdown(Shutdown::Write).expect("half closed");
        self.read(&mut stream, false)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// One answer; status 0 when the connection ends without one.
    pub(crate) fn read(&self, stream: &mut TcpStream, no_body: bool) -> Answer {
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match lines.read_line(&mut head) {
                Ok(count) if count > 0 => {}
                _ => break,
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; if no_body { 0 } else { length.unwrap_or(0) }];
        let _ = lines.read_exact(&mut body);
        let text = String::from_utf8_lossy(&body).into_owned();
        let mut said = self.said.borrow_mut();
        said.push_str(&head);
        said.push_str(&text);
        Answer { status, head, json: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    /// A customer's message that must be applied; gives the next deadline.
    pub(crate) fn message(&self, id: &str, conversation: &str) -> String {
        let event = serde_json::json!({"id": id, "type": "message", "role": "customer", "conversation": conversation, "channel": "web"});
        let answer = self.post("/v1/events", "events:write", &event.to_string());
        assert_eq!((answer.status, &answer.json["outcome"]), (200, &"applied".into()), "{}", answer.text);
        answer.json["next_deadline"].as_str().unwrap_or_default().to_owned()
    }
}

/// Waits until it is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Stopwatch::start();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::yield_now();
    }
}
