//! Effects out: to integrators' URLs, signed by Standard Webhooks, and through plugins to the providers of channels.
//!
//! [`Delivery`] holds the schedule (`wane_runtime::outbox`) and the endpoints; [`run`] follows the durable log, starts
//! attempts and logs what came of them. What may be reached is in [`address`] and [`target`], one request in [`sender`],
//! signatures in [`sign`]. Described for people in `docs/delivery.md`.

pub mod address;
mod attempt;
mod body;
mod channel;
mod disk;
mod endpoint;
mod follow;
mod routes;
pub mod sender;
pub mod sign;
pub mod target;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::sync::{Notify, watch};
use wane_runtime::outbox::{Books, Outbox, Policy};
use wane_wire::record::{Address, Sequence};

use crate::config::Config;
use disk::Disk;
use endpoint::{Endpoint, Vault};
use sender::{Sender, SetupError};
use target::Reach;

pub use endpoint::Format;
pub use follow::run;
pub use routes::routes;

/// The deliveries of the daemon.
#[derive(Debug)]
pub struct Delivery {
    state: Mutex<State>,
    sender: Sender,
    disk: Disk,
    vault: Vault,
    /// Something changed that may make an attempt due.
    poke: Notify,
    /// Up to where the log is applied.
    applied: watch::Sender<Address>,
}

#[derive(Debug)]
struct State {
    outbox: Outbox,
    endpoints: BTreeMap<String, Arc<Endpoint>>,
}

/// Why there are no deliveries.
#[derive(Debug, Error)]
pub enum DeliveryError {
    /// TLS.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// What was saved can not be read.
    #[error("{0}; without it the deliveries of the kept log would be made again: move the file away to have that")]
    Saved(String),
}

impl Delivery {
    /// The deliveries of a data directory, as far as they were saved. [`run`] reads the rest from the log.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub fn open(config: &Config) -> Result<Self, DeliveryError> {
        let settings = &config.delivery;
        let policy = Policy {
            concurrency: usize::try_from(settings.concurrency).unwrap_or(usize::MAX).max(1),
            attempts: settings.attempts.max(1),
            ..Policy::default()
        };
        let reach = Reach { allow: settings.allow.clone(), plain_http: settings.plain_http };
        let sender = Sender::new(reach, settings.connect_within, settings.attempt_within)?;
        Self::with(&config.data, policy, sender)
    }

    fn with(data: &Path, policy: Policy, sender: Sender) -> Result<Self, DeliveryError> {
        let disk = Disk::new(data);
        let (endpoints, outbox) = match disk.load(policy).map_err(DeliveryError::Saved)? {
            Some(loaded) => (loaded.endpoints, loaded.outbox),
            None => (Vec::new(), Outbox::new(policy)),
        };
        let endpoints = endpoints.into_iter().map(|endpoint| (endpoint.id.clone(), Arc::new(endpoint))).collect();
        let applied = watch::Sender::new(outbox.applied());
        let state = Mutex::new(State { outbox, endpoints });
        Ok(Self { state, sender, disk, vault: Vault::new(data), poke: Notify::new(), applied })
    }

    /// Whether effects go anywhere at all.
    pub(crate) fn has_endpoints(&self) -> bool {
        !self.state().endpoints.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one call of the outbox, which does not panic in the middle.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The books of all endpoints together; they balance.
    #[must_use]
    pub fn books(&self) -> Books {
        self.state().outbox.books()
    }

    /// The oldest block that deliveries still need: the log has to be kept from there on.
    #[must_use]
    pub fn needs(&self) -> Option<Sequence> {
        self.state().outbox.oldest().map(Address::block)
    }

    fn endpoint(&self, id: &str) -> Option<Arc<Endpoint>> {
        self.state().endpoints.get(id).cloned()
    }

    /// Writes down where it stands, so that a start has less of the log to read.
    fn save(&self) -> std::io::Result<()> {
        let (endpoints, outbox) = {
            let state = self.state();
            (state.endpoints.values().map(|endpoint| (**endpoint).clone()).collect(), state.outbox.snapshot())
        };
        self.disk.save(endpoints, outbox)
    }
}
