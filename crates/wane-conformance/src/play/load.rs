//! A plugin with the config of a case, in a host of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use wane_plugin_host::call::InputKind;
use wane_plugin_host::{Channel, ChannelSettings, Host, Manifest, Secret, Settings, Trust};

use super::Place;
use crate::case::{Case, Profile, SignScheme};

/// How the channel's provider signs, where profile or manifest say.
pub(crate) fn usual(profile: &Profile, manifest: &Manifest) -> Option<SignScheme> {
    let told = manifest.signature.as_ref().map(|scheme| SignScheme {
        scheme: "hmac-sha256".to_owned(),
        secret: scheme.secret.clone(),
        key: None,
        key_base64: false,
        header: scheme.header.to_ascii_lowercase(),
        prefix: scheme.prefix.clone(),
        base64: scheme.encoding == wane_plugin_host::Encoding::Base64,
        claims: Map::new(),
    });
    profile.sign.clone().or(told)
}

/// As the service takes it: who works with tokens has clients of their own; others have a provider, which sends webhooks by
/// `POST` and asks for a handshake by `GET`.
pub(super) fn kind(manifest: &Manifest, method: &str) -> InputKind {
    match method {
        _ if manifest.has_clients() => InputKind::ClientFrame,
        "GET" => InputKind::Handshake,
        _ => InputKind::Webhook,
    }
}

pub(super) fn laid_over(under: &Map<String, Value>, over: &Map<String, Value>) -> Map<String, Value> {
    let mut map = under.clone();
    map.extend(over.clone());
    map
}

pub(super) fn secrets(profile: &Profile, case: &Case) -> BTreeMap<String, String> {
    let mut secrets = profile.secrets.clone();
    secrets.extend(case.secrets.clone());
    secrets
}

pub(super) fn settings(
    manifest: &Manifest,
    config: &Map<String, Value>,
    secrets: &BTreeMap<String, String>,
) -> ChannelSettings {
    let mut settings = ChannelSettings { config: Value::Object(config.clone()), ..ChannelSettings::default() };
    // What a profile of several plugins has beyond this one's needs is left out.
    let known = secrets.iter().filter(|(name, _)| manifest.secret(name).is_some());
    settings.secrets = known.map(|(name, text)| (name.clone(), Secret::from(text.as_str()))).collect();
    settings
}

/// What the host gives the plugin: the config, and of the secrets those that are its own.
pub(super) fn given(manifest: &Manifest, config: &Map<String, Value>, secrets: &BTreeMap<String, String>) -> String {
    let mut given = config.clone();
    for need in &manifest.secrets {
        given.remove(&need.name);
        let text = secrets.get(&need.name).map(|text| Value::from(text.as_str()));
        if let Some(text) = text.or_else(|| config.get(&need.name).cloned()).filter(|_| need.to_plugin) {
            given.insert(need.name.clone(), text);
        }
    }
    Value::Object(given).to_string()
}

/// Whoever proves a plugin trusts the group that may write to its file.
fn trust() -> Trust {
    Trust { own_group_may_write: true, ..Trust::default() }
}

/// What a file says of itself.
pub(crate) fn inspect(place: Place<'_>) -> Result<wane_plugin_host::Inspected, String> {
    wane_plugin_host::inspect(place.plugin, &trust()).map_err(|error| error.to_string())
}

pub(super) fn load(place: Place<'_>, manifest: &Manifest, channel: ChannelSettings) -> Result<Arc<Channel>, String> {
    let file = place.plugin.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let directory = place.plugin.parent().map(Path::to_owned);
    let mut settings = Settings::new(directory.into_iter().collect(), place.store);
    settings.trust = trust();
    settings.rest.faults = 0;
    // Time is level 4's business and depends on the build; a plugin that hangs is met by the time-out.
    settings.budget.hard = Duration::from_mins(1);
    settings.channels.insert(manifest.channel.clone(), ChannelSettings { plugin: file, ..channel });
    let host = Host::load(&settings).map_err(|error| error.to_string())?;
    host.channel(&manifest.channel).ok_or_else(|| "the host did not load it".to_owned())
}
