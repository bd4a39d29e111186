//! The real daemon, started as an operator starts it, on a port and a directory of its own; and a small HTTP client that can
//! also be rude.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::binary;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running daemon. It is killed when this is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    /// `host:port`.
    pub address: String,
    /// Its data directory.
    pub data: PathBuf,
    /// What it printed before it could be reached, and the lines that `--dev` adds.
    pub said: Vec<String>,
    log: Option<JoinHandle<String>>,
}

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status; 0 when the other end closed without one.
    pub status: u16,
    /// The header, as it came.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Daemon {
    /// `wane serve --dev` with the stock rules, on a free port, with its data in `data`; more arguments as given.
    ///
    /// # Errors
    /// Its exit code and what it printed on its standard error, when it ends before it can be reached.
    pub fn start(data: &Path, more: &[&str]) -> Result<Self, (ExitStatus, String)> {
        let mut command = Command::new(binary::path());
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(more);
        if !more.contains(&"--rules") {
            command.arg("--rules").arg(binary::repository().join("rules"));
        }
        Self::run(command, data)
    }

    /// Any command line that ends up listening.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    ///
    /// # Panics
    /// When the program can not be started at all.
    #[expect(clippy::expect_used, reason = "a test that can not start its daemon fails")]
    pub fn run(mut command: Command, data: &Path) -> Result<Self, (ExitStatus, String)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("NO_COLOR", "1");
        let mut child = command.spawn().expect("the binary starts");
        let log = collect(child.stderr.take().expect("piped"));
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let first = lines.next();
        let address = first.as_deref().and_then(|line| line.split("://").nth(1)).map(str::to_owned);
        let Some(address) = address else {
            let status = child.wait().expect("it ends");
            return Err((status, log.join().unwrap_or_default()));
        };
        // The rest of what it says comes at once; a reader must stay, or it would write to nobody.
        let (say, hear) = std::sync::mpsc::channel();
        std::thread::spawn(move || lines.for_each(|line| drop(say.send(line))));
        let mut said: Vec<String> = first.into_iter().collect();
        while let Ok(line) = hear.recv_timeout(Duration::from_millis(300)) {
            said.push(line);
        }
        Ok(Self { child, address, data: data.to_owned(), said, log: Some(log) })
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The token that `--dev` made for a scope.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without a token fails")]
    pub fn token(&self, scope: &str) -> String {
        let tokens = std::fs::read(self.data.join("dev-tokens.json")).expect("dev tokens");
        let tokens: Value = serde_json::from_slice(&tokens).expect("JSON");
        tokens.get(scope).and_then(Value::as_str).expect("a token of that scope").to_owned()
    }

    /// `GET` with the token of a scope.
    #[must_use]
    pub fn get(&self, scope: &str, path: &str) -> Answer {
        let authorization = format!("authorization: Bearer {}", self.token(scope));
        request(&self.address, "GET", path, &[&authorization], b"")
    }

    /// `POST` of JSON with the token of a scope.
    #[must_use]
    pub fn post(&self, scope: &str, path: &str, body: &Value) -> Answer {
        let authorization = format!("authorization: Bearer {}", self.token(scope));
        let head = [authorization.as_str(), "content-type: application/json"];
        request(&self.address, "POST", path, &head, body.to_string().as_bytes())
    }

    /// Kills it on the spot, as `kill -9` does; what it logged.
    pub fn kill(mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.log.take().and_then(|log| log.join().ok()).unwrap_or_default()
    }

    /// Sends a signal by its name, such as `TERM` or `HUP`.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
    }

    /// Waits for its end; how it ended and what it logged.
    ///
    /// # Panics
    /// When it can not be waited for.
    #[expect(clippy::expect_used, reason = "a test that loses its daemon fails")]
    pub fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("it ends");
        (status, self.log.take().and_then(|log| log.join().ok()).unwrap_or_default())
    }

    /// Tells it to stop, and waits; how it ended and what it logged.
    pub fn stop(self) -> (ExitStatus, String) {
        self.signal("TERM");
        self.wait()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(stream: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = BufReader::new(stream).read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// One request on a connection of its own; header lines as given. The status is 0 when nothing came back.
#[must_use]
pub fn request(address: &str, method: &str, path: &str, head: &[&str], body: &[u8]) -> Answer {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for line in head {
        text.push_str(line);
        text.push_str("\r\n");
    }
    if method != "GET" || !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    raw(address, &[text.as_bytes(), body].concat())
}

/// Sends bytes as they are and reads until the other end closes.
#[must_use]
pub fn raw(address: &str, bytes: &[u8]) -> Answer {
    let nothing = Answer { status: 0, head: String::new(), body: Vec::new() };
    let Ok(mut stream) = TcpStream::connect(address) else { return nothing };
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.set_write_timeout(Some(PATIENCE));
    // The other end may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    parse(&answer).unwrap_or(nothing)
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(answer.get(..end)?).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let rest = answer.get(end + 4..)?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { chunks(rest) } else { rest.to_vec() };
    Some(Answer { status, head, body })
}

fn chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = rest.get(..end).and_then(|line| std::str::from_utf8(line).ok());
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok()).unwrap_or_default();
        let Some(chunk) = rest.get(end + 2..end + 2 + size).filter(|_| size > 0) else { break };
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    body
}
