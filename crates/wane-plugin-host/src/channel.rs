//! The plugin of one channel, ready to be called.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value;
use wane_core::time::Timestamp;

use crate::call::{CallError, Input, Rendered, Request, Translated};
use crate::generation::Generation;
use crate::instance::Instance;
use crate::manifest::Manifest;
use crate::rest::Faults;
use crate::secret;
use crate::settings::{Budget, Rest};
use crate::signature;
use crate::status::{Counts, PluginStatus, add, read};
use crate::stopwatch::Stopwatch;

/// The plugin of one channel. Calls of several threads run side by side, each with an instance of its own.
#[derive(Debug)]
pub struct Channel {
    name: String,
    current: RwLock<Arc<Generation>>,
    limits: RwLock<(Budget, Rest)>,
    faults: Mutex<Faults>,
    last_fault: Mutex<Option<String>>,
    counts: Counts,
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
        }
    }

    /// Makes events of a request. Blocks for as long as the plugin takes; that is bounded only after the fact, see the
    /// head of the crate.
    ///
    /// # Errors
    /// [`CallError`]: a refusal, or a fault. Neither has any events.
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
        self.call(&generation, input.received_at, |instance| {
            let (code, output) = instance.translate(input);
            output.translated(code)
        })
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
        self.call(&generation, now, |instance| {
            let (code, output) = instance.render(&effect);
            output.rendered(code, |request| secret::check(request, &generation.manifest, &generation.given.secrets))
        })
    }

    /// The request with its secrets in it, to be sent at once and kept nowhere. A placeholder of a secret that is not
    /// configured any more stays as it is; the provider will refuse it.
    #[must_use]
    pub fn expand(&self, request: &Request) -> Request {
        secret::expand(request, &self.generation().given.secrets)
    }

    /// What the plugin says of itself.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        self.generation().manifest.clone()
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
        call: impl FnOnce(&mut Instance) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        if let Some(rest) = locked(&self.faults).resting(now) {
            return Err(CallError::Quarantined(format!("until {}, after {}", rest.until, rest.why)));
        }
        let (budget, rest) = *self.limits.read().unwrap_or_else(PoisonError::into_inner);
        let result = self.measured(generation, &budget, call);
        match &result {
            Ok(_) => {}
            Err(CallError::Fault(what)) => self.fault(now, what, &rest),
            Err(_) => add(&self.counts.refused, 1),
        }
        result
    }

    /// Calls with an instance, which is given back only after a call without a fault.
    fn measured<T>(
        &self,
        generation: &Generation,
        budget: &Budget,
        call: impl FnOnce(&mut Instance) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let mut instance = generation.take().map_err(CallError::Fault)?;
        let watch = Stopwatch::start();
        let result = call(&mut instance);
        let taken = watch.stop();
        add(&self.counts.calls, 1);
        add(&self.counts.micros, u64::try_from(taken.wall.as_micros()).unwrap_or(u64::MAX));
        if taken.wall > budget.soft {
            add(&self.counts.slow, 1);
        }
        if let Some(what) = taken.fault(budget) {
            return Err(CallError::Fault(what));
        }
        if !matches!(result, Err(CallError::Fault(_))) {
            generation.give(instance);
        }
        result
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
