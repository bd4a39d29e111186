//! The plugin of one channel, ready to be called.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value;
use wane_core::time::Timestamp;

use crate::call::{CallError, Input, Rendered, Request, Translated};
use crate::generation::Generation;
use crate::instance::Ask;
use crate::jwt;
use crate::manifest::Manifest;
use crate::output::Output;
use crate::rest::Faults;
use crate::secret;
use crate::settings::{Budget, Rest};
use crate::signature;
use crate::status::{Counts, PluginStatus, add, read};
use crate::stopwatch::Stopwatch;
use crate::worker::{Lost, Worker};

/// The plugin of one channel. Calls of several threads run side by side, each with an instance of its own.
#[derive(Debug)]
pub struct Channel {
    name: String,
    current: RwLock<Arc<Generation>>,
    limits: RwLock<(Budget, Rest)>,
    faults: Mutex<Faults>,
    last_fault: Mutex<Option<String>>,
    counts: Counts,
    /// The id of the last call.
    asked: AtomicU64,
}

impl Channel {
    pub(crate) fn new(name: String, generation: Generation, budget: Budget, rest: Rest) -> Self {
        Self {
            name,
            current: RwLock::new(Arc::new(generation)),
            limits: RwLock::new((budget, rest)),
            faults: Mutex::default(),
            last_fault: Mutex::default(),
            counts: Counts::default(),
            asked: AtomicU64::new(0),
        }
    }

    /// Makes events of a request. Blocks for as long as the plugin takes: in a process of its own that is bounded by the
    /// budget, in this one by nothing, see the head of the crate. So few calls are at work at once that a plugin that hangs
    /// leaves threads to others; beyond that a call is refused.
    ///
    /// # Errors
    /// [`CallError`]: a refusal, or a fault. Neither has any events. A refusal that the plugin answers itself is in
    /// [`Translated::refusal`].
    pub fn translate(&self, input: &Input<'_>) -> Result<Translated, CallError> {
        let generation = self.generation();
        if let Some(scheme) = &generation.manifest.signature {
            // A secret that the manifest names and the settings lack: nothing can be checked, so nothing fits.
            let fits =
                generation.given.secrets.get(&scheme.secret).is_some_and(|key| signature::fits(scheme, key, input));
            if !fits {
                add(&self.counts.refused, 1);
                return Err(CallError::BadSignature);
            }
        }
        let ask = Ask::Translate(input);
        let translated = self.call(&generation, input.received_at, &ask, |code, output| output.translated(code))?;
        if translated.refusal.is_some() {
            add(&self.counts.refused, 1);
        }
        Ok(translated)
    }

    /// Makes requests of an effect: one JSON object with the effect's fields, `text`, `to`, `now_ms`, `channel_state`.
    /// Secrets are still placeholders in them: [`expand`](Self::expand).
    ///
    /// # Errors
    /// [`CallError`].
    pub fn render(&self, effect: &Value) -> Result<Rendered, CallError> {
        let now = effect.get("now_ms").and_then(Value::as_i64).and_then(|millis| Timestamp::from_millis(millis).ok());
        let Some(now) = now else {
            return Err(CallError::Malformed("an effect to be rendered has `now_ms`".to_owned()));
        };
        let mut effect = effect.clone();
        secret::disarm(&mut effect);
        let (effect, generation) = (effect.to_string(), self.generation());
        self.call(&generation, now, &Ask::Render(&effect), |code, output| {
            output.rendered(code, |request| secret::check(request, &generation.manifest, &generation.given.secrets))
        })
    }

    /// The request with its secrets in it, to be sent at once and kept nowhere. `now` is when tokens that are made for it
    /// were issued. A placeholder of a secret that is not configured any more stays as it is; the provider will refuse it.
    #[must_use]
    pub fn expand(&self, request: &Request, now: Timestamp) -> Request {
        let generation = self.generation();
        secret::expand(request, &jwt::with_tokens(&generation.manifest, &generation.given, now))
    }

    /// What the plugin says of itself.
    #[must_use]
    pub fn manifest(&self) -> Arc<Manifest> {
        Arc::clone(&self.generation().manifest)
    }

    /// Why it is left alone at that instant, if it is: a call would only be told the same. The error of such a call.
    #[must_use]
    pub fn resting(&self, now: Timestamp) -> Option<CallError> {
        let mut faults = locked(&self.faults);
        faults.resting(now).map(|rest| CallError::Quarantined(format!("until {}, after {}", rest.until, rest.why)))
    }

    /// How it is doing. A rest that is over by its own reckoning is shown until the next call.
    #[must_use]
    pub fn status(&self) -> PluginStatus {
        let generation = self.generation();
        PluginStatus {
            channel: self.name.clone(),
            name: generation.manifest.name.clone(),
            version: generation.manifest.version.clone(),
            file: generation.file.clone(),
            hash: generation.hash.clone(),
            generation: generation.number,
            tier: generation.tier(),
            processes: generation.processes(),
            lost: read(&self.counts.lost),
            calls: read(&self.counts.calls),
            micros: read(&self.counts.micros),
            slow: read(&self.counts.slow),
            refused: read(&self.counts.refused),
            faults: read(&self.counts.faults),
            last_fault: locked(&self.last_fault).clone(),
            quarantined: locked(&self.faults).resting(Timestamp::EPOCH).cloned(),
        }
    }

    pub(crate) fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a new generation in place. Calls that are going on end with the old one; what is faulty of the old is forgotten.
    pub(crate) fn replace(&self, generation: Generation) {
        let old = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, Arc::new(generation))
        };
        *locked(&self.faults) = Faults::default();
        // Its instances end here, outside of the lock, unless a call still has it.
        drop(old);
    }

    pub(crate) fn set_limits(&self, budget: Budget, rest: Rest) {
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = (budget, rest);
    }

    fn call<T>(
        &self,
        generation: &Generation,
        now: Timestamp,
        ask: &Ask<'_>,
        judge: impl FnOnce(i32, Output) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        if let Some(resting) = self.resting(now) {
            return Err(resting);
        }
        let (budget, rest) = *self.limits.read().unwrap_or_else(PoisonError::into_inner);
        let result = self.seated(generation, &budget, ask, judge);
        match &result {
            Ok(_) => {}
            Err(CallError::Fault(what)) => self.fault(now, what, &rest),
            Err(_) => add(&self.counts.refused, 1),
        }
        result
    }

    /// Asks a worker, which is given back only after a call without a fault.
    fn seated<T>(
        &self,
        generation: &Generation,
        budget: &Budget,
        ask: &Ask<'_>,
        judge: impl FnOnce(i32, Output) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let Some(_seat) = generation.seat(budget.longest()) else {
            return Err(CallError::RetryLater("too many calls of the plugin at once".to_owned()));
        };
        let watch = Stopwatch::start();
        let asked = self.asked(generation, budget, ask);
        self.count(&watch, budget);
        let (worker, code, output) = asked.map_err(CallError::Fault)?;
        let result = judge(code, output);
        match result {
            Err(CallError::Fault(_)) => generation.lost(),
            _ => generation.give(worker),
        }
        result
    }

    /// Asks, and once more with the same id if the process ends that was asked.
    fn asked(&self, generation: &Generation, budget: &Budget, ask: &Ask<'_>) -> Result<(Worker, i32, Output), String> {
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        let mut worker = generation.take()?;
        let first = match worker.ask(id, ask, budget) {
            Ok((code, output)) => return Ok((worker, code, output)),
            Err(Lost::Late(what)) => return Err(what),
            Err(Lost::Gone(what)) => what,
        };
        add(&self.counts.lost, 1);
        generation.lost();
        let mut worker = generation.fresh().map_err(|what| format!("{first}; then {what}"))?;
        match worker.ask(id, ask, budget) {
            Ok((code, output)) => Ok((worker, code, output)),
            Err(Lost::Late(what) | Lost::Gone(what)) if what == first => Err(format!("{what}, twice")),
            Err(Lost::Late(what) | Lost::Gone(what)) => Err(format!("{first}; then {what}")),
        }
    }

    fn count(&self, watch: &Stopwatch, budget: &Budget) {
        let wall = watch.wall();
        add(&self.counts.calls, 1);
        add(&self.counts.micros, u64::try_from(wall.as_micros()).unwrap_or(u64::MAX));
        if wall > budget.soft {
            add(&self.counts.slow, 1);
        }
    }

    fn fault(&self, now: Timestamp, what: &str, limits: &Rest) {
        add(&self.counts.faults, 1);
        *locked(&self.last_fault) = Some(what.to_owned());
        locked(&self.faults).note(now, what, limits);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
