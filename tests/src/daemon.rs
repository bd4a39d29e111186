//! The real daemon as a process, and a small HTTP client for it that can also be rude.
//!
//! [`Process`] is any `wane serve` in a directory of its own; [`Daemon`] is the one that `--dev` starts with the stock rules.
//! What an area needs beyond that, it builds on these.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that can not have its daemon fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::binary;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// `wane serve` in a directory. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// The lines that it prints; it ends with the process.
    said: Receiver<String>,
    /// Where its own messages are, those of earlier ones in this directory included.
    log: PathBuf,
}

impl Process {
    /// Starts `wane` with these arguments in that directory; its messages go to the file `stderr` there, all of them.
    ///
    /// # Panics
    /// When the program can not be started at all.
    #[must_use]
    pub fn spawn(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary::path());
        command.args(arguments);
        Self::launch(directory, command)
    }

    /// The same, by a command that becomes `wane`, such as one with another environment.
    ///
    /// # Panics
    /// When it can not be started at all.
    #[must_use]
    pub fn launch(directory: &Path, mut command: Command) -> Self {
        let log = directory.join("stderr");
        let messages = File::options().create(true).append(true).open(&log).expect("a file");
        command.current_dir(directory).env("NO_COLOR", "1").env("RUST_LOG", "trace");
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(messages).spawn();
        let mut child = child.expect("the daemon can be started");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let (say, said) = channel();
        // Whoever writes to a closed pipe fails, so somebody reads to the end.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(say.send(line))));
        Self { child, said, log }
    }

    /// Returns when it can be reached: `host:port`.
    ///
    /// # Errors
    /// How it ended, when it ended before.
    ///
    /// # Panics
    /// When it neither listens nor ends.
    pub fn address(&mut self) -> Result<String, ExitStatus> {
        match self.said.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line.split("://").nth(1).expect("an address in its first line").to_owned()),
            Err(_) => Err(self.child.wait().expect("its status")),
        }
    }

    /// The same, for a daemon that must start.
    ///
    /// # Panics
    /// With its last messages, when it does not.
    pub fn ready(&mut self) -> String {
        let address = self.address();
        address.unwrap_or_else(|status| panic!("it does not start, {status}: {}", last(&self.log(), 30)))
    }

    /// The next line that it prints, if one comes within that time; `None` at once when it has ended.
    #[must_use]
    pub fn line_within(&self, time: Duration) -> Option<String> {
        self.said.recv_timeout(time).ok()
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All messages so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends a signal by its name, such as `TERM` or `HUP`.
    ///
    /// # Panics
    /// When there is nobody to send it to.
    pub fn signal(&self, name: &str) {
        let told = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
        assert!(told.expect("`kill` runs").success(), "no process for {name}");
    }

    /// Kills it on the spot, as `kill -9` does.
    pub fn kill(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end.
    pub fn wait(&mut self) -> ExitStatus {
        // Its standard output ends when it does.
        while self.said.recv_timeout(PATIENCE).is_ok() {}
        self.child.wait().expect("its status")
    }

    /// Tells it to stop, and waits.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The last lines of a text.
#[must_use]
pub fn last(text: &str, count: usize) -> String {
    let skip = text.lines().count().saturating_sub(count);
    text.lines().skip(skip).collect::<Vec<_>>().join("\n")
}

/// The tokens that `--dev` made, by scope; each run has its own.
#[must_use]
pub fn dev_tokens(data: &Path) -> BTreeMap<String, String> {
    let tokens = fs::read(data.join("dev-tokens.json")).unwrap_or_default();
    serde_json::from_slice(&tokens).unwrap_or_default()
}

/// `wane serve --dev`.
#[derive(Debug)]
pub struct Daemon {
    /// It.
    pub process: Process,
    /// `host:port`.
    pub address: String,
    /// What it printed for whoever tries it.
    pub said: Vec<String>,
    tokens: BTreeMap<String, String>,
}

impl Daemon {
    /// With the stock rules, unless others are given, on a free port, with its data in `data`; more arguments as given.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(data: &Path, more: &[&str]) -> Self {
        let rules = binary::repository().join("rules");
        let directory = data.parent().expect("a directory around the data");
        let mut arguments = vec!["serve", "--dev", "--listen", "127.0.0.1:0", "--data"];
        arguments.push(data.to_str().expect("UTF-8"));
        if !more.contains(&"--rules") {
            arguments.extend(["--rules", rules.to_str().expect("UTF-8")]);
        }
        arguments.extend(more);
        let mut process = Process::spawn(directory, &arguments);
        let address = process.ready();
        // The rest of what it says comes at once.
        let mut said = Vec::new();
        while let Some(line) = process.line_within(Duration::from_millis(300)) {
            said.push(line);
        }
        Self { process, address, said, tokens: dev_tokens(data) }
    }

    /// The field that says who asks.
    ///
    /// # Panics
    /// When there is no token of that scope.
    #[must_use]
    pub fn bearer(&self, scope: &str) -> String {
        bearer(self.tokens.get(scope).expect("a token of that scope"))
    }

    /// `GET` with the token of a scope.
    #[must_use]
    pub fn get(&self, scope: &str, path: &str) -> Answer {
        ask(&self.address, "GET", path, &self.bearer(scope), b"")
    }

    /// `POST` of JSON with the token of a scope.
    #[must_use]
    pub fn post(&self, scope: &str, path: &str, body: &Value) -> Answer {
        let fields = format!("{}Content-Type: application/json\r\n", self.bearer(scope));
        ask(&self.address, "POST", path, &fields, body.to_string().as_bytes())
    }
}

/// The field for a token.
#[must_use]
pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// An answer over HTTP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The status; 0 when the other end closed without one.
    pub status: u16,
    /// The head, as it came.
    pub head: String,
    /// The body as text.
    pub text: String,
    /// The body as JSON; `null` when it is none.
    pub json: Value,
    /// Whether all of it came.
    pub whole: bool,
}

impl Answer {
    /// The last part of a problem's type.
    #[must_use]
    pub fn problem(&self) -> &str {
        let kind = self.json.get("type").and_then(Value::as_str);
        kind.and_then(|kind| kind.strip_prefix("/problems/")).unwrap_or_default()
    }

    /// A field of the head.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The bytes of a request with these fields, each with its line's end, and that body.
#[must_use]
pub fn request(method: &str, path: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: wane\r\n{fields}");
    if !body.is_empty() || method == "POST" || method == "PATCH" {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// One request on a connection of its own.
#[must_use]
pub fn ask(address: &str, method: &str, path: &str, fields: &str, body: &[u8]) -> Answer {
    let Ok(mut stream) = TcpStream::connect(address) else { return Answer::default() };
    patient(&stream);
    // A refusal may come before everything is sent.
    let _ = stream.write_all(&request(method, path, fields, body));
    read(&mut stream, method == "HEAD")
}

/// Nothing on this connection waits for ever.
pub fn patient(stream: &TcpStream) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
}

/// Reads one answer.
#[must_use]
pub fn read(stream: &mut TcpStream, no_body: bool) -> Answer {
    let mut lines = BufReader::new(stream);
    let head = head(&mut lines);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; if no_body { 0 } else { length.unwrap_or(0) }];
    let whole = lines.read_exact(&mut body).is_ok() && status != 0;
    let text = String::from_utf8_lossy(&body).into_owned();
    Answer { status, head, json: serde_json::from_str(&text).unwrap_or(Value::Null), text, whole }
}

/// Reads the head of an answer, with the empty line behind it.
pub fn head(lines: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).is_ok_and(|count| count > 0) {}
    head
}
