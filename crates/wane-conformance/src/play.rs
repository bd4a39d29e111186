//! Plays the steps of a case against a plugin, through the host as the service does.

mod heard;
mod load;
mod stopwatch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use wane_core::time::Timestamp;
use wane_plugin_host::call::{CallError, Input, InputKind};
use wane_plugin_host::{Channel, Manifest};

use heard::Heard;
use load::{given, kind, laid_over, load, secrets, settings};
pub(crate) use load::{inspect, usual};
use stopwatch::Stopwatch;

use crate::around::Made;
use crate::case::{Act, Case, Expect, Message, Profile, SignScheme, Signer, Step};
use crate::matching::Captures;
use crate::mutate::mutants;
use crate::raw::Call;
use crate::sign::{self, Signed};
use crate::wire;

/// A step that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Miss {
    /// The step's line in the file.
    pub(crate) line: usize,
    /// What differs, in lines.
    pub(crate) lines: Vec<String>,
}

/// Where the plugin is and where its copy may lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) plugin: &'a Path,
    pub(crate) store: &'a Path,
}

/// A case being played.
pub(crate) struct Stage<'a> {
    place: Place<'a>,
    profile: &'a Profile,
    case: &'a Case,
    manifest: Manifest,
    channel: Arc<Channel>,
    clock: i64,
    captures: Captures,
    /// The config that instances are made of, secrets for the plugin included.
    config: String,
    /// The copy that is loaded.
    file: PathBuf,
    /// What was called, in order.
    calls: Vec<Call>,
}

/// A request as it goes to the plugin.
#[derive(Clone, Debug)]
struct Ready {
    kind: InputKind,
    now_ms: i64,
    account: String,
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl<'a> Stage<'a> {
    /// Loads the plugin with the case's config.
    pub(crate) fn new(place: Place<'a>, profile: &'a Profile, case: &'a Case) -> Result<Self, String> {
        let inspected = inspect(place)?;
        let manifest = inspected.manifest;
        let config = laid_over(&profile.config, &case.config);
        let channel = load(place, &manifest, settings(&manifest, &config, &secrets(profile, case)))?;
        let given = given(&manifest, &config, &secrets(profile, case));
        let clock = case.now_ms.unwrap_or(profile.now_ms);
        let (captures, calls) = (Captures::new(), Vec::new());
        let file = place.store.canonicalize().map_err(|error| error.to_string())?;
        let file = file.join(format!("{}.so", inspected.hash));
        Ok(Self { place, profile, case, manifest, channel, clock, captures, config: given, file, calls })
    }

    /// What was called so far, to be called again.
    pub(crate) fn made(&self) -> Made<'_> {
        Made { file: &self.file, config: &self.config, calls: &self.calls }
    }

    /// The secrets of the case.
    pub(crate) fn secrets(&self) -> Vec<String> {
        secrets(self.profile, self.case).into_values().collect()
    }

    /// Plays all steps; stops at the first that came out otherwise.
    pub(crate) fn play(&mut self) -> Result<(), Miss> {
        let case = self.case;
        case.steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), Miss> {
        let sampled;
        let mut step = step;
        if let Act::Sample { name, with } = &step.act {
            sampled = self.sample(step, name, with.as_deref()).map_err(|what| miss(step.line, what))?;
            step = &sampled;
        }
        let mut taken = Vec::new();
        for turn in 1..=step.repeat {
            let watch = Stopwatch::start();
            let done = self.act(step);
            taken.push(watch.micros());
            done.map_err(|mut lines| {
                if step.repeat > 1 {
                    lines.insert(0, format!("turn {turn} of {}", step.repeat));
                }
                Miss { line: step.line, lines }
            })?;
        }
        slow(step, taken).map_or(Ok(()), |what| Err(miss(step.line, what)))
    }

    /// The sample's step, with what this step says otherwise.
    fn sample(&self, step: &Step, name: &str, with: Option<&Message>) -> Result<Step, String> {
        let sample = self.profile.samples.get(name);
        let mut sample = sample.cloned().ok_or_else(|| format!("the profile has no sample `{name}`"))?;
        if let (Act::Translate(message), Some(with)) = (&mut sample.act, with) {
            message.clone_from(&Box::new(with.clone()));
        }
        if !step.expect.is_empty() {
            let reply = std::mem::replace(&mut sample.expect, step.expect.clone()).reply;
            // What is said of the events says nothing of the answer to the provider.
            let events = sample.expect.events.is_some();
            sample.expect.reply = sample.expect.reply.or(reply.filter(|_| events));
        }
        Ok(Step {
            repeat: step.repeat,
            mutate: step.mutate.clone(),
            line: step.line,
            within_us: step.within_us,
            ..sample
        })
    }

    fn act(&mut self, step: &Step) -> Result<(), Vec<String>> {
        match &step.act {
            Act::Translate(message) => self.translate(step, message),
            Act::Render(effect) => self.render(step, effect),
            Act::Advance(millis) => {
                self.clock = self.clock.saturating_add(*millis);
                Ok(())
            }
            Act::Recreate => self.recreate(),
            Act::Reorder(names) => self.reorder(names),
            Act::Create { config, without } => self.create(step, config, without),
            Act::Inspect => self.inspect(step),
            Act::Sample { .. } => Ok(()),
        }
    }

    fn recreate(&mut self) -> Result<(), Vec<String>> {
        let config = laid_over(&self.profile.config, &self.case.config);
        let settings = settings(&self.manifest, &config, &secrets(self.profile, self.case));
        self.channel = load(self.place, &self.manifest, settings).map_err(|why| vec![why])?;
        Ok(())
    }

    fn create(&mut self, step: &Step, config: &Map<String, Value>, without: &[String]) -> Result<(), Vec<String>> {
        let mut config = laid_over(&laid_over(&self.profile.config, &self.case.config), config);
        let mut secrets = secrets(self.profile, self.case);
        for name in without {
            if name == "$secrets" {
                secrets.clear();
            }
            config.remove(name);
            secrets.remove(name);
        }
        let made = load(self.place, &self.manifest, settings(&self.manifest, &config, &secrets));
        let heard = match made {
            Ok(_) => Heard::default(),
            Err(why) => Heard { refusal: Some(("config".to_owned(), why)), ..Heard::default() },
        };
        self.judge(&step.expect, &heard)
    }

    fn inspect(&mut self, step: &Step) -> Result<(), Vec<String>> {
        let inspected = inspect(self.place).map_err(|why| vec![why])?;
        let manifest = &inspected.manifest;
        let said = json!({
            "exports": inspected.exports, "name": manifest.name, "version": manifest.version,
            "channel": manifest.channel, "abi": manifest.abi, "about": manifest.about,
        });
        self.judge(&step.expect, &Heard { inspect: Some(said), ..Heard::default() })
    }

    /// Every order of the named steps.
    fn reorder(&mut self, names: &[String]) -> Result<(), Vec<String>> {
        let case = self.case;
        let named = |name: &String| case.steps.iter().find(|step| step.name.as_ref() == Some(name));
        let steps: Vec<&Step> = names.iter().filter_map(named).collect();
        for order in orders(steps.len()) {
            self.recreate()?;
            let shown: Vec<&str> = order.iter().filter_map(|&at| names.get(at)).map(String::as_str).collect();
            for step in order.iter().filter_map(|&at| steps.get(at)) {
                self.step(step).map_err(|miss| {
                    let first = format!("in the order {}, the step in line {}", shown.join(", "), miss.line);
                    std::iter::once(first).chain(miss.lines).collect::<Vec<_>>()
                })?;
            }
        }
        Ok(())
    }

    fn translate(&mut self, step: &Step, message: &Message) -> Result<(), Vec<String>> {
        self.clock = message.now_ms.unwrap_or(self.clock);
        let body = self.filled(&message.body);
        let Some(mutate) = &step.mutate else {
            let ready = self.ready(message, &body, &body).map_err(|why| vec![why])?;
            return self.hand_in(&step.expect, &ready);
        };
        let mutants = mutants(mutate, &body);
        if mutants.is_empty() {
            return Err(vec![format!("the body has nothing that `{}` could change", mutate.kind)]);
        }
        for mutant in mutants {
            let signed = if mutate.resign { &mutant.body } else { &body };
            let ready = self.ready(message, &mutant.body, signed).map_err(|why| vec![why])?;
            self.hand_in(&step.expect, &ready).map_err(|mut lines| {
                lines.insert(0, format!("with the body {}", mutant.what));
                lines
            })?;
        }
        Ok(())
    }

    fn hand_in(&mut self, expect: &Expect, ready: &Ready) -> Result<(), Vec<String>> {
        let (path, query) = ready.url.split_once('?').unwrap_or((&ready.url, ""));
        let headers: Vec<(&str, &[u8])> =
            ready.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let input = Input {
            kind: ready.kind,
            received_at: Timestamp::from_millis(ready.now_ms).map_err(|error| vec![error.to_string()])?,
            account: &ready.account,
            method: &ready.method,
            path,
            query,
            headers: &headers,
            body: &ready.body,
        };
        let result = self.channel.translate(&input);
        // What the host itself turned away, the plugin never saw.
        if !matches!(result, Err(CallError::BadSignature)) {
            self.calls.push(Call::translate(&input));
        }
        self.judge(expect, &Heard::translated(result))
    }

    fn render(&mut self, step: &Step, effect: &Map<String, Value>) -> Result<(), Vec<String>> {
        let mut effect = Value::Object(effect.clone());
        if let Some(effect) = effect.as_object_mut() {
            effect.entry("now_ms").or_insert_with(|| self.clock.into());
        }
        let effect = self.filled(effect.to_string().as_bytes());
        let effect: Value = serde_json::from_slice(&effect).map_err(|error| vec![error.to_string()])?;
        let result = self.channel.render(&effect);
        self.calls.push(Call::render(&effect));
        self.judge(&step.expect, &Heard::rendered(result))
    }

    /// `${name}` becomes what was captured under that name.
    fn filled(&self, bytes: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(bytes) else { return bytes.to_vec() };
        let mut text = text.to_owned();
        for (name, value) in &self.captures {
            let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&format!("${{{name}}}"), &plain);
        }
        text.into_bytes()
    }

    /// The request with its signature over `signed`, which is the body unless that was changed afterwards.
    fn ready(&self, message: &Message, body: &[u8], signed: &[u8]) -> Result<Ready, String> {
        let form = message.headers.iter().any(|(name, value)| name == "content-type" && value.contains("form"));
        let (body, signed) =
            if message.gzip { (wire::gzip(body), wire::gzip(signed)) } else { (body.to_vec(), signed.to_vec()) };
        let mut headers = message.headers.clone();
        if message.gzip {
            headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        }
        if let Some((scheme, key)) = self.scheme(&message.sign.scheme)? {
            let signed = Signed { url: &message.url, body: &signed, now_ms: self.clock, form };
            headers.extend(sign::headers(&scheme, &key, signed, message.sign.fault)?);
        }
        Ok(Ready {
            kind: message.kind.unwrap_or_else(|| kind(&self.manifest, &message.method)),
            now_ms: self.clock,
            account: message.account.clone(),
            method: message.method.clone(),
            url: message.url.clone(),
            headers: headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
            body,
        })
    }

    fn scheme(&self, signer: &Signer) -> Result<Option<(SignScheme, String)>, String> {
        let scheme = match signer {
            Signer::Nobody => return Ok(None),
            Signer::Own(scheme) => scheme.clone(),
            Signer::Usual => usual(self.profile, &self.manifest)
                .ok_or("neither the profile nor the manifest says how its provider signs")?,
        };
        let secrets = secrets(self.profile, self.case);
        let config = laid_over(&self.profile.config, &self.case.config);
        let found = || secrets.get(&scheme.secret).map(String::as_str);
        let key = scheme.key.as_deref().or_else(found);
        let key = key.or_else(|| config.get(&scheme.secret).and_then(Value::as_str));
        let key = key.ok_or_else(|| format!("no secret `{}` to sign with", scheme.secret))?.to_owned();
        Ok(Some((scheme, key)))
    }

    fn judge(&mut self, expect: &Expect, heard: &Heard) -> Result<(), Vec<String>> {
        let lines = heard.against(expect, &mut self.captures);
        if lines.is_empty() { Ok(()) } else { Err(lines) }
    }
}

/// Whether the median of a step's turns is over its limit.
fn slow(step: &Step, mut taken: Vec<u64>) -> Option<String> {
    let limit = step.within_us.map(u64::from)?;
    taken.sort_unstable();
    let median = taken.get(taken.len() / 2).copied()?;
    (median > limit)
        .then(|| format!("the median of {} turns is {median} us, at most {limit} are asked for", taken.len()))
}

fn miss(line: usize, what: String) -> Miss {
    Miss { line, lines: vec![what] }
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        let grown = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| {
                let mut longer = order.clone();
                longer.insert(at, next);
                longer
            })
        };
        all = all.iter().flat_map(grown).collect();
    }
    all
}
