//! The configuration: `wane.toml`, overlaid by the command line. Unknown keys are errors.
//!
//! The sections are in [`sections`] and [`channels`], reading is in [`read`], how values are written in [`values`].
//! Every key and its default stands in `docs/config.md`; a test compares. Relative paths in the file are relative to
//! the directory the daemon was started in.

pub mod channels;
mod check;
pub mod read;
pub mod secret;
pub mod sections;
pub mod values;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

pub use channels::Channel;
pub use read::ConfigError;
pub use secret::{Secret, SecretError, SecretRef};
pub use sections::{Client, Delivery, Limits, Retention, Store, Sync, Telemetry, Tls, Trust};

use crate::tokens::Token;

/// Everything that is configured. Whoever builds one starts from [`Config::default`] or [`Config::read`].
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The organisation whose conversations these are; part of every decision's key.
    pub org: String,
    /// The directory of rules.
    pub rules: PathBuf,
    /// The directory of plugins.
    pub plugins: Option<PathBuf>,
    /// The directory of data.
    pub data: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Loopback only; tokens are made and printed. Command line only.
    pub dev: bool,
    /// Time moves only when told. Command line only.
    pub manual_clock: bool,
    /// Rules are watched for changes.
    pub watch: bool,
    /// What the file said about watching, if it did: `--dev` turns it on only when it did not.
    pub watch_said: Option<bool>,
    /// How many shards a new data directory gets.
    pub shards: u16,
    /// The log and the snapshots.
    pub store: Store,
    /// How long things are kept.
    pub retention: Retention,
    /// What requests may cost.
    pub limits: Limits,
    /// Certificate and key; without them the listener speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// The channels that have a plugin, by name.
    pub channels: BTreeMap<String, Channel>,
    /// Whose plugins are trusted.
    pub trust: Trust,
    /// Effects out.
    pub delivery: Delivery,
    /// The web and in-app API.
    pub client: Client,
    /// Tokens given by their hashes, besides those in the data directory.
    pub tokens: Vec<Token>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            org: "default".to_owned(),
            rules: PathBuf::from("rules"),
            plugins: None,
            data: PathBuf::from("wane-data"),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7600),
            dev: false,
            manual_clock: false,
            watch: false,
            watch_said: None,
            shards: 2,
            store: Store::default(),
            retention: Retention::default(),
            limits: Limits::default(),
            tls: None,
            telemetry: Telemetry::default(),
            channels: BTreeMap::new(),
            trust: Trust::default(),
            delivery: Delivery::default(),
            client: Client::default(),
            tokens: Vec::new(),
        }
    }
}

impl Config {
    /// The same for `--dev`: rules are watched, unless the file says otherwise.
    #[must_use]
    pub fn for_dev(mut self) -> Self {
        self.dev = true;
        self.watch = self.watch_said.unwrap_or(true);
        self
    }

    /// What forbids this configuration as a whole, once the command line is laid over it.
    ///
    /// # Errors
    /// [`ConfigError`] for `--dev` and a manual clock on an address that others can reach, for a directory of plugins that is
    /// not there, and for values that can not be meant.
    pub fn check(&self) -> Result<(), ConfigError> {
        let public = !self.listen.ip().is_loopback();
        let refuse = |what: &str| {
            let message = format!("{what} is not for `{}`, which others can reach", self.listen);
            Err(ConfigError::rule(message, "listen on 127.0.0.1 or [::1]"))
        };
        if self.dev && public {
            return refuse("`--dev`");
        }
        if self.manual_clock && public {
            return refuse("`--clock manual`");
        }
        check::values(self).map_err(|(key, what, right)| ConfigError::rule(format!("`{key}`: {what}"), right))?;
        if let Some(plugins) = self.plugins.as_ref().filter(|plugins| !plugins.is_dir()) {
            let message = format!("`plugins`: `{}` is no directory", plugins.display());
            return Err(ConfigError::rule(message, "the directory with the shared objects of the channels"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
