//! An endpoint as the log has it: where effects go, which, in what form. Its secrets are elsewhere, by reference.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wane_core::facts::Name;
use wane_core::time::Timestamp;
use wane_runtime::outbox::Filter;
use wane_wire::record::Record;
use zeroize::Zeroizing;

use super::sign::SigningKey;
use crate::config::{SecretError, SecretRef};

/// The kind of the records that define endpoints.
pub(super) const KIND: &str = "endpoint";
/// How long the former secret goes on signing after a new one was made, in milliseconds.
pub(super) const ROTATION: i64 = 24 * 3_600_000;

/// How an effect is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The effect as it is.
    #[default]
    Json,
    /// In a `CloudEvents` 1.0 envelope, structured.
    CloudEvents,
}

/// Where a signing secret is, and until when it signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) reference: SecretRef,
    /// Milliseconds since 1970; `None`: until it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<i64>,
}

/// Where effects go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum To {
    /// To an integrator's URL.
    Url(String),
    /// To the provider of a channel, as its plugin says.
    Channel(String),
}

/// An endpoint. The latest record of its id holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Endpoint {
    pub(super) id: String,
    pub(super) to: To,
    #[serde(flatten)]
    pub(super) filter: Filter,
    #[serde(default)]
    pub(super) format: Format,
    #[serde(default)]
    pub(super) keys: Vec<Key>,
    /// Why it is switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) off: Option<String>,
    /// It is no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) removed: bool,
    /// Whose doing this version is.
    pub(super) by: String,
}

impl Endpoint {
    /// The provider behind a channel's plugin: it gets notices, and what becomes of sessions where it has words
    /// for that.
    pub(super) fn of_channel(channel: &str, sessions: bool) -> Self {
        let types = [Some("notice.due"), sessions.then_some("session.*")];
        let types = types.into_iter().flatten().map(str::to_owned).collect();
        Self {
            id: channel_id(channel),
            to: To::Channel(channel.to_owned()),
            filter: Filter { types, channels: vec![channel.to_owned()] },
            format: Format::Json,
            keys: Vec::new(),
            off: None,
            removed: false,
            by: "wane".to_owned(),
        }
    }

    pub(super) fn record(&self, now: Timestamp) -> Result<Record, serde_json::Error> {
        Ok(Record::Admin { now, kind: KIND.into(), json: serde_json::to_vec(self)? })
    }

    pub(super) fn off(&self) -> Option<Name> {
        self.off.as_deref().map(Name::from)
    }

    /// The secrets that sign at this instant, the newest first.
    pub(super) fn signing_keys(&self, now: Timestamp) -> Result<Vec<SigningKey>, String> {
        let active = self.keys.iter().filter(|key| key.until.is_none_or(|until| now.millis() < until));
        let load = |key: &Key| {
            let secret = key.reference.load().map_err(|error: SecretError| error.to_string())?;
            SigningKey::parse(secret.reveal()).map_err(|error| format!("`{}`: {error}", key.reference))
        };
        active.take(2).map(load).collect()
    }
}

pub(super) fn channel_id(channel: &str) -> String {
    format!("channel-{channel}")
}

/// The directory of the signing secrets that were given or made here.
#[derive(Clone, Debug)]
pub(super) struct Vault(PathBuf);

impl Vault {
    pub(super) fn new(data: &Path) -> Self {
        Self(data.join("secrets"))
    }

    /// Keeps a secret in a new file that only the service's user can read; gives where it is.
    pub(super) fn keep(&self, name: &str, secret: &Zeroizing<String>) -> std::io::Result<SecretRef> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let path = self.0.join(format!("{name}.whsec"));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(secret.as_bytes())?;
        file.sync_all()?;
        fs::File::open(&self.0)?.sync_all()?;
        Ok(SecretRef::File(path))
    }

    /// Removes the secrets of an endpoint that lie here.
    pub(super) fn forget(&self, keys: &[Key]) {
        for key in keys {
            if let SecretRef::File(path) = &key.reference
                && path.starts_with(&self.0)
                && let Err(error) = fs::remove_file(path)
            {
                tracing::warn!(%error, "a signing secret that is no longer needed can not be removed");
            }
        }
    }
}
