//! The process of one case. It reads its job from the standard input and writes what came of it as its last line; a plugin
//! that crashes, hangs or ends the process takes only this case with it.

use std::io::{Read, Write};
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::around::{Household, Seen};
use crate::case::{Case, Way};
use crate::catalog::{self, Text};
use crate::play::{Place, Stage};
use crate::read::{self, File};

/// What stands before the result, in case that a plugin writes to the standard output.
pub(crate) const MARK: &str = "\u{1e}wane-conformance ";

/// What a process has to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) plugin: PathBuf,
    pub(crate) store: PathBuf,
    /// The profile under test.
    pub(crate) profile: Given,
    /// The case; without one the plugin is only loaded.
    pub(crate) case: Option<Given>,
    pub(crate) way: String,
    /// Only the digest of what the plugin says is wanted.
    pub(crate) digest_only: bool,
    /// How many seconds of the processor it may take.
    pub(crate) seconds: u64,
}

/// A file's name, its text, and the name of what is in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) id: String,
    pub(crate) file: String,
    pub(crate) text: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    /// The kit could not do the job, and why.
    pub(crate) broken: Option<String>,
    /// It does not load, and why.
    pub(crate) refused: Option<String>,
    /// The step that came out otherwise.
    pub(crate) line: Option<usize>,
    /// What differs.
    pub(crate) lines: Vec<String>,
    /// What was seen around it.
    pub(crate) seen: Vec<Seen>,
    /// A digest of all that the plugin said.
    pub(crate) digest: String,
}

/// Does the job on the standard input. For the hidden command that a [`runner`](crate::runner) starts.
///
/// # Errors
/// When there is no job there, or nobody takes the result.
pub fn child() -> Result<(), String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| error.to_string())?;
    let job: Job = serde_json::from_str(&text).map_err(|error| format!("no job of the kit: {error}"))?;
    let done = limit(job.seconds).and_then(|()| work(&job));
    let done = done.unwrap_or_else(|why| Done { broken: Some(why), ..Done::default() });
    let line = serde_json::to_string(&done).map_err(|error| error.to_string())?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{MARK}{line}").and_then(|()| out.flush()).map_err(|error| error.to_string())
}

/// A plugin that never ends is ended by the system. What crashes leaves no picture of the memory behind.
fn limit(seconds: u64) -> Result<(), String> {
    let limits = [(Resource::Cpu, seconds), (Resource::Core, 0)];
    let set = |(of, most)| setrlimit(of, Rlimit { current: Some(most), maximum: Some(most) });
    limits.into_iter().try_for_each(set).map_err(|error| format!("its limits can not be set: {error}"))
}

fn work(job: &Job) -> Result<Done, String> {
    let profile = File { name: &job.profile.file, text: &job.profile.text };
    let profile = read::profile(profile, &job.profile.id).map_err(|fault| fault.to_string())?;
    let case = match &job.case {
        Some(given) => {
            let way = [Way::Valid, Way::Invalid, Way::Robust].into_iter().find(|way| way.name() == job.way);
            let text = Text { name: given.file.clone(), text: given.text.clone() };
            catalog::case(&text, &profile, (way.unwrap_or(Way::Valid), &given.id)).map_err(|fault| fault.to_string())?
        }
        None => loading(&profile.name),
    };
    let before = Household::now();
    let place = Place { plugin: &job.plugin, store: &job.store };
    let mut stage = match Stage::new(place, &profile, &case) {
        Ok(stage) => stage,
        Err(why) => return Ok(Done { refused: Some(why), ..Done::default() }),
    };
    let mut done = Done::default();
    if let Err(miss) = stage.play() {
        done.line = Some(miss.line);
        done.lines = miss.lines;
    }
    done.seen = before.left();
    // What played once through the host and can not be made again is the plugin's fault, not the kit's.
    if let Err(why) = around(job, &stage, &mut done) {
        done.seen.push(Seen::new("same-again", why));
    }
    Ok(done)
}

/// Makes the calls of the case once more, in this process or as another one.
fn around(job: &Job, stage: &Stage<'_>, done: &mut Done) -> Result<(), String> {
    let made = stage.made();
    if made.calls.is_empty() {
        return Ok(());
    }
    if job.digest_only {
        done.digest = made.guarded()?;
        return Ok(());
    }
    let secrets = stage.secrets();
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let (seen, digest) = made.again(&secrets)?;
    done.seen.extend(seen);
    done.digest = digest;
    Ok(())
}

/// A case without steps.
fn loading(profile: &str) -> Case {
    Case {
        id: String::new(),
        profile: profile.to_owned(),
        way: Way::Valid,
        title: String::new(),
        why: String::new(),
        requirements: Vec::new(),
        source: String::new(),
        since: String::new(),
        level: 0,
        needs: Vec::new(),
        config: serde_json::Map::new(),
        secrets: std::collections::BTreeMap::new(),
        now_ms: None,
        steps: Vec::new(),
    }
}
