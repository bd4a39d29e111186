//! The daemon as a process, and talking to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};
use wane_tests::daemon::{self, Process};

use crate::rules;

const TOKEN: &str = "wane_of_the_crash_test";

/// A directory with configuration, rules and data.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(path: PathBuf) -> Self {
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
        daemon::last(&std::fs::read_to_string(self.0.join("stderr")).unwrap_or_default(), 30)
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
pub(crate) struct Daemon(Process);

impl Daemon {
    pub(crate) fn spawn(place: &Place) -> Self {
        Self(Process::spawn(place.path(), &["serve", "--config", "wane.toml"]))
    }

    /// Lets so many milliseconds pass, fewer if the daemon says something.
    pub(crate) fn wait_at_most(&self, millis: u64) {
        // Whatever it says, and whether it says something, changes nothing.
        drop(self.0.line_within(Duration::from_millis(millis)));
    }

    /// Returns when it can be reached.
    pub(crate) fn ready(&mut self) -> Link {
        Link::to(self.0.ready())
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    /// `SIGTERM`; its exit status.
    pub(crate) fn stop_in_order(&mut self) -> Option<i32> {
        self.0.stop().code()
    }
}

/// The way to a daemon that may die at any moment.
#[derive(Clone)]
pub(crate) struct Link {
    address: String,
}

impl Link {
    pub(crate) const fn to(address: String) -> Self {
        Self { address }
    }

    /// Status and body; `None` when the answer did not come whole.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, Value)> {
        self.ask("GET", path, "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.ask("POST", path, &body.to_string())
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let fields = format!("Connection: close\r\nContent-Type: application/json\r\n{}", daemon::bearer(TOKEN));
        let answer = daemon::ask(&self.address, method, path, &fields, body.as_bytes());
        answer.whole.then_some((answer.status, answer.json))
    }
}
