//! The real daemon in a directory of its own, and asking it byte by byte.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;

use tempfile::TempDir;
use wane_server::clock::Stopwatch;
use wane_tests::binary;
use wane_tests::daemon::{self, PATIENCE, Process};

pub(crate) use wane_tests::daemon::Answer;

/// A timer that follows new rules at once.
pub(crate) fn rules(after: &str) -> String {
    format!(
        "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_reload = \"recompute\"\non_lapse = [\"end-session\"]\n\n\
         [[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"{after}\"\n"
    )
}

/// A running daemon; gone when dropped.
pub(crate) struct Daemon {
    process: Process,
    pub(crate) address: String,
    tokens: BTreeMap<String, String>,
    directory: TempDir,
    /// All that it ever answered.
    pub(crate) said: RefCell<String>,
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
        let all = [&["serve", "--listen", "127.0.0.1:0", "--data", "data"], arguments].concat();
        let mut process = Process::spawn(path, &all);
        let address = process.ready();
        let tokens = daemon::dev_tokens(&path.join("data"));
        Self { process, address, tokens, directory, said: RefCell::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn rules_file(&self) -> PathBuf {
        self.path().join("rules/rules.toml")
    }

    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&String, &String)> {
        self.tokens.iter()
    }

    /// The field that says who asks.
    pub(crate) fn bearer(&self, scope: &str) -> String {
        self.tokens.get(scope).map_or_else(String::new, |token| daemon::bearer(token))
    }

    /// Runs `wane` in the daemon's directory.
    pub(crate) fn wane(&self, arguments: &[&str]) -> Output {
        binary::wane(self.path(), arguments)
    }

    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Ends it and waits for that.
    pub(crate) fn stop(&mut self) {
        self.process.stop();
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
        self.raw(&daemon::request(method, path, fields, body), method == "HEAD")
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
        daemon::patient(&stream);
        stream
    }

    /// One answer; status 0 when the connection ends without one.
    pub(crate) fn read(&self, stream: &mut TcpStream, no_body: bool) -> Answer {
        let answer = daemon::read(stream, no_body);
        self.said.borrow_mut().push_str(&format!("{}{}", answer.head, answer.text));
        answer
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
