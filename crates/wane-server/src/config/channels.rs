//! `[channels.NAME]`: which plugin speaks for a channel, and what it needs to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wane_plugin_host::minisign::PublicKey;
use wane_plugin_host::{ChannelSettings, Tier};

use super::secret::SecretRef;
use crate::serve::ServeError;

/// A channel that has a plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// The plugin's name: its file in the plugin directory without what the system puts around it.
    pub plugin: String,
    /// Where it runs. None: in the daemon's process if it is signed or `sha256` names it, else in processes of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// The SHA-256 of its file, 64 hexadecimal digits: this file and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The whole address of the webhook as it was entered at the provider, without a query. For providers that sign it; a
    /// proxy in between hides it. None: the plugin knows only the path and the `Host` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the plugin is told, as it documents; no secrets.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub config: toml::Table,
    /// Its secrets by the names that the plugin documents, each by reference: `file:PATH` or `env:NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretRef>,
}

impl Channel {
    /// The plugin's configuration as JSON.
    ///
    /// # Errors
    /// When it has a number that JSON has not.
    pub fn config_json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(&self.config)
    }
}

/// The keys of `[trust]`.
///
/// # Errors
/// [`ServeError`] for one that is none, or whose file can not be read.
pub fn keys(lines: &[String]) -> Result<Vec<PublicKey>, ServeError> {
    let one = |line: &String| {
        let fault = |what: &dyn std::fmt::Display| ServeError::Setup(format!("`trust.keys`: `{line}`: {what}"));
        let text = match line.strip_prefix("file:") {
            Some(path) => std::fs::read_to_string(path).map_err(|error| fault(&error))?,
            None => line.clone(),
        };
        PublicKey::parse(&text).map_err(|what| fault(&what))
    };
    lines.iter().map(one).collect()
}

/// What the plugins' host is told of the channels; secrets are read here.
///
/// # Errors
/// [`ServeError`] for a secret that can not be read, a config that is no JSON, and an address that is none.
pub fn for_host(channels: &BTreeMap<String, Channel>) -> Result<BTreeMap<String, ChannelSettings>, ServeError> {
    let one = |(name, channel): (&String, &Channel)| {
        let fault = |what: &dyn std::fmt::Display| ServeError::Setup(format!("`channels.{name}`: {what}"));
        let known = channel.url.as_deref().map(|url| url.strip_prefix("https://").or(url.strip_prefix("http://")));
        if known.is_some_and(|rest| rest.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', '@', ' ']))) {
            let what = "`url` is no address such as `https://hooks.example/sms`, without a query";
            return Err(fault(&what));
        }
        let config = channel.config_json().map_err(|error| fault(&error))?;
        let mut secrets = BTreeMap::new();
        for (secret, reference) in &channel.secrets {
            let value = reference.load()?;
            let text = std::str::from_utf8(value.reveal()).map_err(|_| fault(&format!("`{secret}` is not UTF-8")))?;
            secrets.insert(secret.clone(), text.into());
        }
        let plugin = Some(channel.plugin.clone());
        let (sha256, tier) = (channel.sha256.clone(), channel.tier);
        Ok((name.clone(), ChannelSettings { plugin, config, secrets, sha256, tier }))
    };
    channels.iter().map(one).collect()
}
