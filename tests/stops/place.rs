//! A directory with rules, configuration and data, the daemon in it, and the log's files behind its back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use wane_tests::binary;
use wane_tests::daemon::{Answer, Process, ask, bearer, dev_tokens, last};

const RULES: &str = "[timers.quiet]\nrestart_on = [\"message:customer\"]\non_lapse = [\"end-session\"]\n\n\
    [[rules]]\nid = \"quiet\"\ntimer = \"quiet\"\nafter = \"15m\"\n";

/// What every block begins with, and what it begins at a multiple of.
const BLOCK: &[u8] = b"WBlk";
const SECTOR: usize = 512;

/// The directory.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a directory"));
        fs::create_dir(place.at("rules")).expect("made");
        fs::write(place.at("rules/rules.toml"), RULES).expect("written");
        // The smallest segments: reading them is most of what a start under test costs.
        fs::write(place.at("wane.toml"), "[store]\nsegment_bytes = 2097152\nspare_segments = 1\n").expect("written");
        place
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(binary::path());
        command.args(["serve", "--dev", "--clock", "manual"]).args(more);
        for (name, value) in [("--listen", "127.0.0.1:0"), ("--data", "data")] {
            if !more.contains(&name) {
                command.args([name, value]);
            }
        }
        command.current_dir(self.0.path());
        command
    }

    /// Starts a daemon that must start.
    pub(crate) fn start(&self) -> Daemon {
        self.started(&[], &[])
    }

    /// The same, with more arguments and environment.
    pub(crate) fn started(&self, more: &[&str], environment: &[(&str, &Path)]) -> Daemon {
        let mut command = self.command(more);
        command.envs(environment.iter().copied());
        let mut process = Process::launch(self.0.path(), command);
        let address = process.ready();
        let bearer = bearer(&dev_tokens(&self.at("data"))["events:write"]);
        Daemon { process, address, bearer }
    }

    /// Starts a daemon that must not start: its exit code, and the last lines that it said.
    pub(crate) fn refused(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = self.command(more).env("NO_COLOR", "1").output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "it says nothing to whoever reads its address");
        (output.status.code(), last(&String::from_utf8_lossy(&output.stderr), 3))
    }

    /// What `wane store verify` says, and its exit code.
    pub(crate) fn verified(&self) -> (Option<i32>, String) {
        let output = binary::wane(self.0.path(), &["store", "verify", "data"]);
        (output.status.code(), binary::stdout(&output))
    }

    /// All bytes of the log's files, by name.
    pub(crate) fn log(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(self.at("data/log")).expect("a log");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files.into_iter().map(|path| (path.clone(), fs::read(&path).expect("readable"))).collect()
    }

    /// Where the blocks lie, in order: file, offset, and the offset of what follows. The log is a fresh one, so that its
    /// segments are in use in the order of their names.
    pub(crate) fn blocks(&self) -> Vec<(PathBuf, usize, usize)> {
        let mut blocks = Vec::new();
        for (path, bytes) in self.log() {
            for (sector, at) in bytes.chunks(SECTOR).zip((0..).step_by(SECTOR)) {
                if sector.starts_with(BLOCK) && path.to_string_lossy().contains("segment-") {
                    let length = u32::from_le_bytes(sector[4..8].try_into().expect("four bytes")) as usize;
                    blocks.push((path.clone(), at, (at + 32 + length).next_multiple_of(SECTOR)));
                }
            }
        }
        blocks
    }

    /// Changes bytes of a file from an offset on.
    pub(crate) fn change(path: &Path, at: usize, change: impl FnOnce(&mut [u8])) {
        let mut bytes = fs::read(path).expect("readable");
        change(&mut bytes[at..]);
        fs::write(path, bytes).expect("written");
    }
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    pub(crate) process: Process,
    address: String,
    bearer: String,
}

impl Daemon {
    /// A customer's message in a conversation of its own.
    pub(crate) fn message(&self, number: u32) -> Answer {
        let fields = format!("{}Content-Type: application/json\r\n", self.bearer);
        let event = serde_json::json!({
            "id": format!("e{number}"), "type": "message", "role": "customer", "conversation": format!("c{number}"),
            "channel": "web",
        });
        ask(&self.address, "POST", "/v1/events", &fields, event.to_string().as_bytes())
    }

    /// Messages that are applied, one after another, so that each is in a block of its own.
    pub(crate) fn applied(&self, numbers: impl IntoIterator<Item = u32>) {
        for number in numbers {
            let answer = self.message(number);
            assert_eq!((answer.status, &answer.json["outcome"]), (200, &"applied".into()), "{}", answer.text);
        }
    }

    /// Each is in the log as it was answered.
    pub(crate) fn kept(&self, numbers: impl IntoIterator<Item = u32>) {
        for number in numbers {
            let path = format!("/v1/events/e{number}?conversation=c{number}");
            let answer = ask(&self.address, "GET", &path, &self.bearer, b"");
            assert_eq!(
                (answer.status, &answer.json["outcome"]),
                (200, &"applied".into()),
                "e{number}: {}",
                answer.text
            );
            assert_eq!(self.message(number).json["outcome"], "duplicate", "e{number}");
        }
    }
}
