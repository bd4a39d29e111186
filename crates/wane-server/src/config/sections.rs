//! The sections of `wane.toml` with their defaults.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::secret::SecretRef;
use super::values::{length, networks};

/// When a block counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Sync {
    /// When the disk has it: an answered event survives a loss of power.
    #[default]
    Always,
    /// When the system has it; the disk gets it at least this often. A crash of the process loses nothing.
    Interval(Duration),
    /// When the system has it; the disk gets it when the system likes.
    Off,
}

impl Sync {
    /// How every answer names it; `None` for [`Sync::Always`].
    #[must_use]
    pub fn weaker(self) -> Option<String> {
        (self != Self::Always).then(|| self.to_string())
    }
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Interval(every) => write!(f, "interval:{}", length::show(*every)),
            Self::Off => f.write_str("off"),
        }
    }
}

impl From<Sync> for String {
    fn from(sync: Sync) -> Self {
        sync.to_string()
    }
}

impl TryFrom<String> for Sync {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let every = text.strip_prefix("interval:").and_then(length::parse);
        match (text.as_str(), every) {
            ("always", _) => Ok(Self::Always),
            ("off", _) => Ok(Self::Off),
            (_, Some(every)) => Ok(Self::Interval(every)),
            _ => Err(format!("`{text}` is not `always`, `interval:10ms` or `off`")),
        }
    }
}

/// `[store]`: the log and the snapshots. For `wane-store` and `node`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// When an answer may leave. Default `always`.
    pub sync: Sync,
    /// The size of a segment of the log, in bytes. Default 64 MiB.
    pub segment_bytes: u64,
    /// How many emptied segments are kept to be written again. Default 4.
    pub spare_segments: u32,
    /// A snapshot is begun when the log has grown by this many bytes since the last one. Default 64 MiB.
    pub snapshot_bytes: u64,
    /// A snapshot is begun at least this often while anything happens. Default `10m`.
    #[serde(with = "length")]
    pub snapshot_every: Duration,
    /// How many overdue deadlines are decided a second after a stop. Default 5 000.
    pub overdue_per_second: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            sync: Sync::Always,
            segment_bytes: 64 << 20,
            spare_segments: 4,
            snapshot_bytes: 64 << 20,
            snapshot_every: Duration::from_secs(600),
            overdue_per_second: 5_000,
        }
    }
}

/// `[retention]`: how long things are kept. For `node`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Ids of events, against repeats. Default `8d`.
    #[serde(with = "length")]
    pub ids: Duration,
    /// Conversations that ended. Default `30d`.
    #[serde(with = "length")]
    pub ended: Duration,
    /// Conversations without an open session and a running timer. Default `90d`.
    #[serde(with = "length")]
    pub idle: Duration,
    /// The log: history, effects and decisions. Default `30d`; never shorter than `ids`.
    #[serde(with = "length")]
    pub log: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 24 * 3_600);
        Self { ids: days(8), ended: days(30), idle: days(90), log: days(30) }
    }
}

/// How often somebody may ask: a bucket that fills at `rate` a second and holds `burst`. A `rate` of 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second.
    pub rate: u32,
    /// Requests at once.
    pub burst: u32,
}

/// `[limits]`: what requests may cost. For `http`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Open connections. Default 10 000; the next ones wait to be accepted.
    pub connections: u32,
    /// Open connections from one address. Default 64; loopback addresses and `proxies` have no such limit.
    pub connections_per_address: u32,
    /// How long the head of a request may take, which is also how long a connection may wait for its next request.
    /// Default `5s`.
    #[serde(with = "length")]
    pub head_within: Duration,
    /// How long the body of a request may take. Default `10s`.
    #[serde(with = "length")]
    pub body_within: Duration,
    /// A connection on which nothing moves for so long is closed. Default `75s`; longer than the longest poll.
    #[serde(with = "length")]
    pub idle: Duration,
    /// How long requests in progress have when the daemon stops. Default `10s`.
    #[serde(with = "length")]
    pub drain: Duration,
    /// The largest body of a webhook, in bytes. Default 256 KiB.
    pub webhook_bytes: usize,
    /// The largest body of anything else, in bytes. Default 1 MiB.
    pub body_bytes: usize,
    /// Requests with one token. Default 5 000 a second, 10 000 at once.
    pub token: Rate,
    /// Requests without a token from one address (an IPv6 address counts by its /64). Default 50 a second, 200 at once.
    pub address: Rate,
    /// Webhooks from one address. Default 1 000 a second, 2 000 at once; beyond it the answer is 503, so that the
    /// provider sends again.
    pub webhook: Rate,
    /// Networks of proxies whose `X-Forwarded-For` is believed. Default none.
    #[serde(with = "networks")]
    pub proxies: Vec<IpNet>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 64,
            head_within: Duration::from_secs(5),
            body_within: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            drain: Duration::from_secs(10),
            webhook_bytes: 256 << 10,
            body_bytes: 1 << 20,
            token: Rate { rate: 5_000, burst: 10_000 },
            address: Rate { rate: 50, burst: 200 },
            webhook: Rate { rate: 1_000, burst: 2_000 },
            proxies: Vec::new(),
        }
    }
}

/// `[tls]`: both are needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// A file with the certificate and those that lead to its root, PEM.
    pub cert: PathBuf,
    /// A file with the private key, PEM; others may not be able to read it.
    pub key: PathBuf,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

/// `[telemetry]`: logs on the standard error stream, traces elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// `pretty` (default) or `json`.
    pub format: LogFormat,
    /// Which lines, in the manner of `RUST_LOG`: `info` (default), `warn,wane_server=debug`.
    pub level: String,
    /// Where traces are sent by OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`. Default: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp: Option<String>,
    /// Which share of requests is traced, in percent. Default 100.
    pub traced_percent: u8,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { format: LogFormat::Pretty, level: "info".to_owned(), otlp: None, traced_percent: 100 }
    }
}

/// `[delivery]`: effects out. For `delivery`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// Receivers in these networks are allowed although they are private, link-local or otherwise not public. Default
    /// none.
    #[serde(with = "networks")]
    pub allow: Vec<IpNet>,
    /// Whether plain `http` is allowed. Default `false`; networks of `allow` may always be reached by it.
    pub plain_http: bool,
    /// How long connecting may take. Default `5s`.
    #[serde(with = "length")]
    pub connect_within: Duration,
    /// How long one attempt may take in all. Default `15s`.
    #[serde(with = "length")]
    pub attempt_within: Duration,
    /// How many attempts are made before an effect is given up. Default 10.
    pub attempts: u32,
    /// How many attempts one endpoint gets at the same time. Default 8.
    pub concurrency: u32,
    /// The texts of notices, by the names of their templates, for channels that have a plugin. Default none.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub templates: std::collections::BTreeMap<String, String>,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            plain_http: false,
            connect_within: Duration::from_secs(5),
            attempt_within: Duration::from_secs(15),
            attempts: 10,
            concurrency: 8,
            templates: std::collections::BTreeMap::new(),
        }
    }
}

/// `[trust]`: whose plugins are trusted. For `plugins`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trust {
    /// Public keys in minisign's format: the line itself, or `file:PATH`. Default none.
    pub keys: Vec<String>,
    /// Whether a plugin must be signed by one of them. Default no.
    pub signed_only: bool,
}

/// `[client]`: the web and in-app API. For `client`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// Whether it is there. Default `true`.
    pub enabled: bool,
    /// Origins whose pages may use it from a browser, such as `https://shop.example`. Default none.
    pub origins: Vec<String>,
    /// The organisation's id that clients send. Default: any is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// The names of deployments that clients may send (`esDeveloperName`), each with the channel that its conversations
    /// are on. Default none, which takes any name as a deployment on the channel `web`.
    pub deployments: std::collections::BTreeMap<String, String>,
    /// A file with the keys (JWKS) that identity tokens of signed-in customers are checked by. Default: guests only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PathBuf>,
    /// The issuer that identity tokens must name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The audience that identity tokens must name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The key that access tokens are signed by: at least 32 bytes. Default: one is made and kept in the data directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SecretRef>,
    /// Access tokens from one address. Default 5 a second, 20 at once.
    pub tokens: Rate,
    /// Open event streams. Default 5 000.
    pub streams: u32,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            enabled: true,
            origins: Vec::new(),
            org_id: None,
            deployments: std::collections::BTreeMap::new(),
            jwks: None,
            issuer: None,
            audience: None,
            signing_key: None,
            tokens: Rate { rate: 5, burst: 20 },
            streams: 5_000,
        }
    }
}
