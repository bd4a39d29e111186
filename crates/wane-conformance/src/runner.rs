//! Runs cases, each in a process of its own, several at a time.

mod process;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;
use wane_plugin_host::{Inspected, Manifest};

use crate::around::{CHECKS, Seen};
use crate::case::{ADVISORY, Act, Case, NEEDS, Profile};
use crate::catalog::{CORE, Catalog, Listed, Set};
use crate::child::{Done, Given, Job};
use crate::play::{Place, inspect, usual};
use crate::report::{Around, Outcome, Report, Verdict};
use process::Ended;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The plugin's file.
    pub plugin: PathBuf,
    /// The program that does a case when it is started with [`Plan::words`]: `wane` itself.
    pub program: PathBuf,
    /// Its arguments.
    pub words: Vec<String>,
    /// Cases of this level and below.
    pub level: u8,
    /// Only cases with one of these ids; empty for all.
    pub only: Vec<String>,
    /// How long a case may take of the processor, in whole seconds. By the clock it may take [`PATIENCE`] times as long.
    pub timeout: Duration,
    /// The words that repeat the run, for one case: its id is put behind them.
    pub again: String,
}

/// A busy machine is not the plugin's fault, but a plugin may also wait for ever without doing anything.
pub const PATIENCE: u32 = 6;

/// Why nothing was run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// What is asked for makes no sense.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What would be right.
        help: String,
    },
    /// The plugin does not load.
    #[error("the plugin does not load: {0}")]
    NotLoaded(String),
    /// The kit failed.
    #[error("the kit failed: {0}")]
    Kit(String),
}

impl Refused {
    fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: help.into() }
    }
}

/// Runs the cases of `core` and those of the set against a plugin.
///
/// # Errors
/// [`Refused`] when nothing can be run.
pub fn run(plan: &Plan, catalog: &Catalog, set: &Set) -> Result<Report, Refused> {
    let store = Store::new()?;
    let place = Place { plugin: &plan.plugin, store: &store.0 };
    let inspected = inspect(place).map_err(Refused::NotLoaded)?;
    fits(&inspected, &set.profile)?;
    let cases = chosen(plan, catalog, set)?;
    samples(&cases, &set.profile)?;
    loads(plan, place, set)?;
    let (outcomes, seen) = all(plan, place, (set, &inspected.manifest), &cases)?;
    let around = if plan.only.is_empty() { around(&seen) } else { seen_only(around(&seen)) };
    Ok(Report::new(&inspected, set, (plan.level, !plan.only.is_empty()), outcomes, around))
}

fn fits(inspected: &Inspected, profile: &Profile) -> Result<(), Refused> {
    let channel = &inspected.manifest.channel;
    if profile.channel.is_empty() || profile.channel == *channel {
        return Ok(());
    }
    let message = format!("the plugin speaks for the channel `{channel}`, the profile is for `{}`", profile.channel);
    Err(Refused::usage(message, format!("`--profile {channel}`, or a profile of your own by `--cases`")))
}

/// The cases of the level, or those that were named.
fn chosen<'a>(plan: &Plan, catalog: &'a Catalog, set: &'a Set) -> Result<Vec<&'a Listed>, Refused> {
    let core = catalog.sets.get(CORE).filter(|core| core.profile.name != set.profile.name);
    let all: Vec<&Listed> = core.into_iter().chain([set]).flat_map(|set| &set.cases).collect();
    if let Some(unknown) = plan.only.iter().find(|id| !all.iter().any(|listed| listed.case.id == **id)) {
        let ids = all.iter().map(|listed| listed.case.id.as_str());
        let help = wane_core::diagnostic::did_you_mean(unknown, ids)
            .map_or_else(|| "`wane conformance list` shows all".to_owned(), |meant| format!("did you mean `{meant}`?"));
        return Err(Refused::usage(format!("there is no case `{unknown}`"), help));
    }
    let wanted = |case: &Case| {
        if plan.only.is_empty() { case.level <= plan.level } else { plan.only.contains(&case.id) }
    };
    Ok(all.into_iter().filter(|listed| wanted(&listed.case)).collect())
}

/// Every sample that a case plays is there, or the profile says why it is not.
fn samples(cases: &[&Listed], profile: &Profile) -> Result<(), Refused> {
    for listed in cases {
        for name in sample_names(&listed.case) {
            if !profile.samples.contains_key(name) && !profile.without.contains_key(name) {
                let message =
                    format!("the profile `{}` has no sample `{name}`, which `{}` plays", profile.name, listed.case.id);
                return Err(Refused::usage(
                    message,
                    format!("add `[sample.{name}]`, or say why not under `[without]`"),
                ));
            }
        }
    }
    Ok(())
}

fn sample_names(case: &Case) -> impl Iterator<Item = &str> {
    case.steps.iter().filter_map(|step| match &step.act {
        Act::Sample { name, .. } => Some(name.as_str()),
        Act::Translate(_)
        | Act::Render(_)
        | Act::Advance(_)
        | Act::Recreate
        | Act::Reorder(_)
        | Act::Create { .. }
        | Act::Inspect => None,
    })
}

/// Loads it once by itself: what does not load is not worth a hundred failures.
fn loads(plan: &Plan, place: Place<'_>, set: &Set) -> Result<(), Refused> {
    let job = job(plan, place, set, None);
    match process::run(plan, &job)? {
        Ended::Done(Done { refused: Some(why), .. }) => Err(Refused::NotLoaded(why)),
        Ended::Done(_) => Ok(()),
        Ended::Crash(how) => Err(Refused::NotLoaded(format!("while it was loaded, {how}"))),
        Ended::Timeout => Err(Refused::NotLoaded(format!("loading took more than {} s", plan.timeout.as_secs()))),
    }
}

fn job(plan: &Plan, place: Place<'_>, set: &Set, listed: Option<&Listed>) -> Job {
    let profile = Given { id: set.profile.name.clone(), file: set.text.name.clone(), text: set.text.text.clone() };
    let case = listed.map(|listed| Given {
        id: listed.case.id.clone(),
        file: listed.text.name.clone(),
        text: listed.text.text.clone(),
    });
    let way = listed.map_or("valid", |listed| listed.case.way.name()).to_owned();
    Job {
        plugin: place.plugin.to_owned(),
        store: place.store.to_owned(),
        profile,
        case,
        way,
        digest_only: false,
        seconds: plan.timeout.as_secs(),
    }
}

type Results = (Vec<Outcome>, BTreeMap<String, Vec<(String, Seen)>>);

fn all(plan: &Plan, place: Place<'_>, of: (&Set, &Manifest), cases: &[&Listed]) -> Result<Results, Refused> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(listed) = cases.get(index) else { return };
            let result = one(plan, place, of, listed);
            results.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, NonZero::get).min(cases.len()).max(1);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    let (mut outcomes, mut seen) = (Vec::new(), BTreeMap::new());
    for result in results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
        let (outcome, around): (Outcome, Vec<Seen>) = result?;
        for one in around {
            seen.entry(one.check.clone()).or_insert_with(Vec::new).push((outcome.id.clone(), one));
        }
        outcomes.push(outcome);
    }
    Ok((outcomes, seen))
}

fn one(
    plan: &Plan,
    place: Place<'_>,
    (set, manifest): (&Set, &Manifest),
    listed: &Listed,
) -> Result<(Outcome, Vec<Seen>), Refused> {
    let case = &listed.case;
    let (verdict, line, seen) = match skipped(case, &set.profile, manifest) {
        Some(why) => (Verdict::Skip(why), None, Vec::new()),
        None => played(plan, &job(plan, place, set, Some(listed)))?,
    };
    let verdict = if case.level == ADVISORY { verdict.advised() } else { verdict };
    let place = line.map_or_else(|| listed.text.name.clone(), |line| format!("{}:{line}", listed.text.name));
    Ok((Outcome::new(case, verdict, place, format!("{} --only {}", plan.again, case.id)), seen))
}

fn played(plan: &Plan, job: &Job) -> Result<(Verdict, Option<usize>, Vec<Seen>), Refused> {
    Ok(match process::run(plan, job)? {
        Ended::Timeout => (Verdict::Timeout(plan.timeout.as_secs()), None, Vec::new()),
        Ended::Crash(how) => (Verdict::Crash(how), None, Vec::new()),
        Ended::Done(Done { refused: Some(why), .. }) => {
            (Verdict::Fail(vec![format!("with this case's config it does not load: {why}")]), None, Vec::new())
        }
        Ended::Done(mut done) => {
            done.seen.extend(compared(plan, job, &done.digest)?);
            let verdict = if done.line.is_some() { Verdict::Fail(done.lines) } else { Verdict::Pass };
            (verdict, done.line, done.seen)
        }
    })
}

/// What another process sees, in which nothing that goes in can be read after its call.
fn compared(plan: &Plan, job: &Job, digest: &str) -> Result<Option<Seen>, Refused> {
    if digest.is_empty() {
        return Ok(None);
    }
    Ok(match process::run(plan, &Job { digest_only: true, ..job.clone() })? {
        Ended::Crash(how) => Some(Seen::new("no-pointer-kept", format!("with its input taken away {how}"))),
        Ended::Timeout => Some(Seen::new("same-in-another-process", "there it took too long")),
        Ended::Done(other) if other.digest != digest => {
            Some(Seen::new("same-in-another-process", "there it said something else"))
        }
        Ended::Done(_) => None,
    })
}

/// Why a case says nothing about this plugin.
fn skipped(case: &Case, profile: &Profile, manifest: &Manifest) -> Option<String> {
    let lacks = |need: &&String| !has(need, profile, manifest);
    if let Some(need) = case.needs.iter().find(lacks) {
        let known = NEEDS.iter().find(|(name, _)| *name == need.as_str()).map(|(_, why)| (*why).to_owned());
        return Some(known.unwrap_or_else(|| format!("the manifest does not declare `{need}`")));
    }
    let missing = sample_names(case).find_map(|name| profile.without.get(name).map(|why| (name, why)));
    missing
        .filter(|(name, _)| !profile.samples.contains_key(*name))
        .map(|(name, why)| format!("no sample `{name}`: {why}"))
}

fn has(need: &str, profile: &Profile, manifest: &Manifest) -> bool {
    match need {
        "signature" => usual(profile, manifest).is_some(),
        "signed-body" => usual(profile, manifest).is_some_and(|scheme| scheme.covers_body()),
        "required-secret" => manifest.secrets.iter().any(|need| !need.optional),
        "json-text" => profile.samples.get("text").is_some_and(|sample| {
            matches!(&sample.act, Act::Translate(message) if serde_json::from_slice::<Value>(&message.body).is_ok())
        }),
        name => capable(manifest.capabilities.get(name)),
    }
}

fn capable(value: Option<&Value>) -> bool {
    !matches!(value, None | Some(Value::Null | Value::Bool(false)))
}

/// The checks around every case, with where they failed.
fn around(seen: &BTreeMap<String, Vec<(String, Seen)>>) -> Vec<Around> {
    let check = |(id, title, why): &(&str, &str, &str)| Around {
        id: (*id).to_owned(),
        title: (*title).to_owned(),
        why: (*why).to_owned(),
        seen: seen.get(*id).into_iter().flatten().map(|(case, seen)| (case.clone(), seen.what.clone())).collect(),
    };
    CHECKS.iter().map(check).collect()
}

/// Of a few cases, only what was seen is told: the rest says nothing about the plugin.
fn seen_only(around: Vec<Around>) -> Vec<Around> {
    around.into_iter().filter(|check| !check.seen.is_empty()).collect()
}

/// A private directory for the copy that is loaded; it goes when this does.
struct Store(PathBuf);

impl Store {
    fn new() -> Result<Self, Refused> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("wane-conformance-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        make(&path).map_err(|error| Refused::Kit(format!("`{}`: {error}", path.display())))?;
        Ok(Self(path))
    }
}

fn make(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

impl Drop for Store {
    fn drop(&mut self) {
        // Nothing can be done about a directory that does not go.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_declared_is_a_capability() {
        let json = r#"{ "name": "a", "version": "1", "channel": "a",
            "capabilities": { "typing": true, "receipts": false, "limit": 0, "window": null },
            "secrets": [{ "name": "key", "optional": true }] }"#;
        let manifest: Manifest = serde_json::from_str(json).expect("a manifest");
        let file = crate::read::File { name: "profile.toml", text: "title = 't'" };
        let profile = crate::read::profile(file, "a").expect("a profile");
        for (need, expected) in [
            ("typing", true),
            ("limit", true),
            ("receipts", false),
            ("window", false),
            ("templates", false),
            ("signature", false),
            ("signed-body", false),
            ("required-secret", false),
            ("json-text", false),
        ] {
            assert_eq!(has(need, &profile, &manifest), expected, "{need}");
        }
    }
}
