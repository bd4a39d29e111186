//! `docs/write-a-channel.md` is true: its files are written, its changes made and its commands run, in the order of the page,
//! and what they print stands below them. With `BLESS=1` in the environment outputs that are empty on the page are put in.
//!
//! Blocks: `rust`, `toml` and `diff` name their file in the first line; `sh` is run; a `text` behind a `sh` is what its last
//! line printed, with `[...]` for what is left out. `json` and `console` are for reading; what the `console` blocks of the last
//! part show is done by hand here.

#![expect(clippy::expect_used, reason = "a test that can not be set up fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wane_tests::binary::{self, repository};
use wane_tests::daemon::{Process, ask};

const PAGE: &str = "docs/write-a-channel.md";
/// Stands in an output for lines that are not shown.
const LEFT_OUT: &str = "[...]\n";

/// A fenced block: its language, and the text between the fences.
#[derive(Debug)]
struct Block {
    language: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut parts = page.split("\n```");
    let _ = parts.next();
    while let (Some(open), Some(_)) = (parts.next(), parts.next()) {
        let (language, text) = open.split_once('\n').unwrap_or((open, ""));
        let text = if text.is_empty() { String::new() } else { format!("{text}\n") };
        blocks.push(Block { language: language.to_owned(), text });
    }
    blocks
}

/// The desk of a reader who follows along.
struct Desk {
    place: tempfile::TempDir,
    /// Where the commands run: `cd` moves it.
    here: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let here = place.path().to_path_buf();
        Self { place, here }
    }

    /// Runs the lines as a shell does; what the last one printed, whatever it thought of it.
    fn run(&mut self, lines: &str) -> String {
        let mut said = String::new();
        for line in lines.lines() {
            if let Some(to) = line.strip_prefix("cd ") {
                self.here.push(to);
                self.settle();
                continue;
            }
            // The reader is in a checkout; we are beside it.
            let line =
                line.replace("new-channel ferry", &format!("new-channel ferry --sdk {}", repository().display()));
            said = self.line(&line);
        }
        said
    }

    /// As after a first build: our versions, and a directory that knows what was built before.
    fn settle(&self) {
        fs::copy(repository().join("Cargo.lock"), self.here.join("Cargo.lock")).expect("our versions");
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial-built");
        fs::create_dir_all(&built).expect("made");
        std::os::unix::fs::symlink(built, self.here.join("target")).expect("linked");
    }

    fn line(&self, line: &str) -> String {
        let programs = binary::path().parent().expect("a directory");
        let cargo = Path::new(env!("CARGO")).parent().expect("a directory");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{}:{path}", programs.display(), cargo.display());
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(&self.here).env("PATH", path);
        shell.env("NO_COLOR", "1").env("CARGO_NET_OFFLINE", "true").env_remove("CARGO_TARGET_DIR");
        let output = shell.output().expect("a shell");
        let (said, told) = (binary::stdout(&output), binary::stderr(&output));
        let judged = line.starts_with("wane conformance") && output.status.code() == Some(1);
        assert!(output.status.success() || judged, "`{line}` printed\n{said}\n{told}");
        said
    }

    /// The file that the first line names, and what comes after that line.
    fn named<'a>(&self, text: &'a str) -> (PathBuf, &'a str) {
        let (first, rest) = text.split_once('\n').expect("a first line");
        let name = first.trim_start_matches(['/', '#']).trim();
        assert!(Path::new(name).extension().is_some(), "no file is named by `{first}`");
        (self.here.join(name), rest)
    }

    fn write(&self, text: &str) {
        let (path, rest) = self.named(text);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, rest).expect("written");
    }

    fn change(&self, text: &str) {
        let (path, rest) = self.named(text);
        let side = |without: char| -> String {
            let lines = rest.split_inclusive('\n').filter(|line| !line.starts_with(without));
            lines.map(|line| line.get(1..).unwrap_or_default()).collect()
        };
        let (before, after) = (side('+'), side('-'));
        let file = fs::read_to_string(&path).expect("the file to be changed");
        assert_eq!(file.matches(&before).count(), 1, "{} has once\n{before}", path.display());
        fs::write(path, file.replace(&before, &after)).expect("written");
    }
}

/// Whether the shown lines are the printed ones, but for those that are left out.
fn shows(shown: &str, printed: &str) -> bool {
    let mut rest = printed;
    let parts: Vec<&str> = shown.split(LEFT_OUT).collect();
    let ends = parts.first().is_some_and(|part| printed.starts_with(part));
    let ends = ends && parts.last().is_some_and(|part| printed.ends_with(part));
    let found = parts.iter().all(|part| {
        let at = rest.find(part);
        rest = at.and_then(|at| rest.get(at + part.len()..)).unwrap_or_default();
        at.is_some()
    });
    ends && found
}

#[test]
fn who_follows_the_page_gets_what_it_shows() {
    let path = repository().join(PAGE);
    let page = fs::read_to_string(&path).expect("the page");
    let mut fresh = page.clone();
    let (mut desk, mut said, mut shown) = (Desk::new(), String::new(), 0);
    for Block { language, text } in blocks(&page) {
        match language.as_str() {
            "sh" => said = desk.run(&text),
            "rust" | "toml" => desk.write(&text),
            "diff" => desk.change(&text),
            "text" if text.is_empty() => fresh = fresh.replacen("```text\n```", &format!("```text\n{said}```"), 1),
            "text" => {
                assert!(shows(&text, &said), "the page shows\n{text}\nbut printed is\n{said}");
                shown += 1;
            }
            "json" | "console" => {}
            other => panic!("nobody knows what to do with a block of `{other}`"),
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &fresh).expect("written");
    }
    assert!(fresh == page, "some outputs are empty on the page: BLESS=1 puts them in");
    assert_eq!(shown, 4, "outputs are shown");
    serve(&desk, &page);
}

/// What the last part of the page says: the service takes what is signed, and nothing else.
fn serve(desk: &Desk, page: &str) {
    let body = page.split("$ BODY='").nth(1).and_then(|rest| rest.split('\'').next()).expect("a body");
    fs::write(desk.here.join("secret"), "a-made-up-signing-secret").expect("written");
    let config = fs::read_to_string(desk.here.join("wane.toml")).expect("the configuration");
    // The environment of a test is shared by all of them, so here the secret stands in a file.
    fs::write(desk.here.join("wane.toml"), config.replace("env:FERRY_SECRET", "file:secret")).expect("written");
    desk.line("chmod 600 secret");
    let mut daemon = Process::spawn(&desk.here, &["serve", "--config", "wane.toml"]);
    let address = daemon.ready();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a-made-up-signing-secret").expect("any key");
    mac.update(body.as_bytes());
    let signature = format!("x-ferry-signature: {}\r\n", STANDARD.encode(mac.finalize().into_bytes()));
    let send = |body: &str| ask(&address, "POST", "/v1/channels/ferry/webhook", &signature, body.as_bytes()).status;
    assert_eq!(send(body), 200);
    assert_eq!(send(&body.replace("When", "Then")), 401);
    assert!(desk.place.path().join("ferry/wane-data").is_dir(), "it ran beside the channel");
    daemon.stop();
}
