//! `wane plugin translate` and `wane plugin render`: one call, from files to one JSON object.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wane_core::time::Timestamp;
use wane_plugin_host::call::{CallError, Input, InputKind, PluginEvent, Rendered, Request, Translated};
use wane_plugin_host::{Channel, ChannelSettings, Host, Manifest, Secret, Settings, Tier, Trust};
use wane_server::client::by_hand::Issued;
use wane_server::http::problem::Problem;

use super::{resolved, unusable};
use crate::Verdict;
use crate::cli::PluginTier;
use crate::out::Out;
use crate::trouble::Trouble;

/// `request.json`.
#[derive(Deserialize)]
struct Asked {
    method: String,
    url: String,
    now_ms: i64,
    #[serde(default)]
    kind: Option<AskedKind>,
}

/// What comes in, where method and plugin do not say it by themselves.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AskedKind {
    Webhook,
    Handshake,
    ClientFrame,
}

impl Asked {
    /// A plugin that works with tokens has clients of its own: what comes is theirs. Others have a provider, which sends
    /// webhooks by `POST` and asks for a handshake by `GET`.
    fn kind(&self, manifest: &Manifest) -> InputKind {
        match self.kind {
            Some(AskedKind::Webhook) => InputKind::Webhook,
            Some(AskedKind::Handshake) => InputKind::Handshake,
            Some(AskedKind::ClientFrame) => InputKind::ClientFrame,
            None if manifest.has_clients() => InputKind::ClientFrame,
            None if self.method == "GET" => InputKind::Handshake,
            None => InputKind::Webhook,
        }
    }
}

/// What `translate` prints.
#[derive(Default, Serialize)]
struct Heard {
    verify: &'static str,
    status: u16,
    reply: Option<String>,
    events: Vec<PluginEvent>,
    /// What was only marked: nothing for a conversation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignored: Vec<PluginEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What `render` prints.
#[derive(Serialize)]
struct Said {
    action: &'static str,
    why: Option<String>,
    requests: Vec<Request>,
}

pub(crate) fn translate(file: &Path, dir: &Path, tier: PluginTier, out: &mut Out) -> Result<Verdict, Trouble> {
    let asked: Asked = json(&dir.join("request.json"))?;
    let headers = headers(&optional(&dir.join("headers.txt"))?, &dir.join("headers.txt"))?;
    let body = optional(&dir.join("body.bin"))?;
    let config = config_file(&dir.join("secret.json"))?;
    let known = config.clone();
    let mut kind = InputKind::Webhook;
    let loaded = Loaded::new(file, tier, |manifest| {
        kind = asked.kind(manifest);
        with_secrets(manifest, config, true)
    })?;
    let (path, query) = asked.url.split_once('?').unwrap_or((&asked.url, ""));
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let result = loaded.channel.translate(&Input {
        kind,
        received_at: instant(asked.now_ms, "request.json")?,
        account: "",
        method: &asked.method,
        path,
        query,
        headers: &headers,
        body: &body,
    });
    let failed = matches!(result, Err(CallError::Fault(_) | CallError::Quarantined(_)));
    let mut said = heard(result);
    if kind == InputKind::ClientFrame && said.status == 200 && said.error.is_some() {
        // Clients are told that there is no such thing; providers would send what they are refused again.
        said.status = 404;
    }
    if kind == InputKind::ClientFrame && said.error.is_none() {
        let now = instant(asked.now_ms, "request.json")?;
        if let Some(answer) = wane_server::client::by_hand::token(&known, (&asked.method, path), &body, now) {
            said = answered(said, answer);
        }
    }
    print(out, &said)?;
    Ok(if failed { Verdict::Findings } else { Verdict::Well })
}

pub(crate) fn render(file: &Path, dir: &Path, tier: PluginTier, out: &mut Out) -> Result<Verdict, Trouble> {
    let path = dir.join("effect.json");
    let mut effect: Map<String, Value> = json(&path)?;
    let config = match effect.remove("config") {
        Some(Value::Object(config)) => config,
        Some(_) => return Err(Trouble::usage(format!("`{}`: `config` is no object", path.display()), FORM)),
        None => config_file(&dir.join("secret.json"))?,
    };
    let loaded = Loaded::new(file, tier, |manifest| with_secrets(manifest, config, false))?;
    let said = match loaded.channel.render(&Value::Object(effect)) {
        Ok(Rendered::Send(requests)) => Said { action: "send", why: None, requests },
        Ok(Rendered::Suppress(why)) => Said { action: "suppress", why: Some(why), requests: Vec::new() },
        Err(error) => return Err(Trouble::Input { message: error.to_string(), help: None }),
    };
    print(out, &said)?;
    Ok(Verdict::Well)
}

const FORM: &str = "docs/plugins.md tells what lies in such a directory";

/// Tokens are the service's business: what it would answer to a request for one.
fn answered(said: Heard, answer: Result<Issued, Problem>) -> Heard {
    match answer {
        Ok(issued) => {
            let token = json!({ "kind": issued.kind, "lifetime_s": issued.lifetime_s, "bound_sub": issued.customer });
            Heard { reply: Some(issued.answer.to_string()), token: Some(token), ..said }
        }
        Err(problem) => Heard {
            verify: "reject",
            status: problem.kind.status(),
            reply: Some(String::from_utf8_lossy(&problem.json()).into_owned()),
            error: Some(problem.detail),
            ..Heard::default()
        },
    }
}

fn heard(result: Result<Translated, CallError>) -> Heard {
    let (verify, status, error) = match result {
        Ok(translated) => {
            let reply = translated.reply.unwrap_or_default();
            let status = if reply.status == 0 { 200 } else { reply.status };
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            let reply = (!body.is_empty()).then_some(body);
            let verify = if translated.refusal == Some(CallError::BadSignature) { "reject" } else { "accept" };
            let error = translated.refusal.map(|refusal| refusal.to_string());
            let (ignored, events) = translated.events.into_iter().partition(|event| event.event_type == "ignored");
            return Heard { verify, status, reply, events, ignored, token: None, error };
        }
        Err(error @ CallError::BadSignature) => ("reject", 401, error),
        Err(error @ CallError::Malformed(_)) => ("accept", 400, error),
        Err(error @ CallError::Unsupported(_)) => ("accept", 200, error),
        Err(error @ (CallError::RetryLater(_) | CallError::Quarantined(_))) => ("accept", 503, error),
        Err(error @ CallError::Fault(_)) => ("accept", 500, error),
    };
    Heard { verify, status, error: Some(error.to_string()), ..Heard::default() }
}

impl From<PluginTier> for Tier {
    fn from(tier: PluginTier) -> Self {
        match tier {
            PluginTier::Process => Self::Process,
            PluginTier::Inproc => Self::Inproc,
        }
    }
}

/// A plugin loaded for one call. The private copy goes when this does.
struct Loaded {
    channel: Arc<Channel>,
    store: PathBuf,
}

impl Loaded {
    fn new(
        file: &Path,
        tier: PluginTier,
        settings: impl FnOnce(&Manifest) -> Result<ChannelSettings, Trouble>,
    ) -> Result<Self, Trouble> {
        let file = resolved(file)?;
        // Whoever runs a file by hand trusts the group that may write to it.
        let trust = Trust { own_group_may_write: true, ..Trust::default() };
        let manifest = wane_plugin_host::inspect(&file, &trust).map_err(unusable)?.manifest;
        let settings = ChannelSettings {
            plugin: file.file_name().and_then(|name| name.to_str()).map(str::to_owned),
            tier: Some(tier.into()),
            ..settings(&manifest)?
        };
        let store = std::env::temp_dir().join(format!("wane-plugin-{}", std::process::id()));
        let directories = file.parent().map(Path::to_owned).into_iter().collect();
        let program = Some(wane_plugin_host::process::program().path.clone());
        let mut all = Settings { trust, program, ..Settings::new(directories, &store) };
        all.channels.insert(manifest.channel.clone(), settings);
        let host = Host::load(&all);
        let channel = host.map(|host| host.channel(&manifest.channel));
        match channel {
            Ok(Some(channel)) => Ok(Self { channel, store }),
            Ok(None) => Err(unusable("the plugin was not loaded")),
            Err(error) => {
                let _ = fs::remove_dir_all(&store);
                Err(unusable(error))
            }
        }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // What is mapped stays mapped. Nothing can be done about a directory that does not go.
        let _ = fs::remove_dir_all(&self.store);
    }
}

/// Secrets that are only for sending need no value here: they are shown as placeholders and not expanded.
fn with_secrets(manifest: &Manifest, config: Map<String, Value>, signed: bool) -> Result<ChannelSettings, Trouble> {
    let mut settings = ChannelSettings::default();
    for need in manifest.secrets.iter().filter(|need| !config.contains_key(&need.name) && need.jwt.is_none()) {
        if signed && manifest.signature.as_ref().is_some_and(|scheme| scheme.secret == need.name) {
            let message = format!("`secret.json` lacks `{}`, with which the signature is checked", need.name);
            return Err(Trouble::usage(message, FORM));
        }
        if !need.optional || !need.to_plugin {
            settings.secrets.insert(need.name.clone(), Secret::from(format!("{{{{secret:{}}}}}", need.name)));
        }
    }
    settings.config = Value::Object(config);
    Ok(settings)
}

fn config_file(path: &Path) -> Result<Map<String, Value>, Trouble> {
    if path.exists() { json(path) } else { Ok(Map::new()) }
}

fn json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Trouble> {
    let bytes = fs::read(path).map_err(Trouble::read(path))?;
    serde_json::from_slice(&bytes).map_err(|error| Trouble::usage(format!("`{}`: {error}", path.display()), FORM))
}

/// The bytes of a file; none if it is missing.
fn optional(path: &Path) -> Result<Vec<u8>, Trouble> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(Trouble::read(path)),
    }
}

/// `Name: value` lines.
fn headers(bytes: &[u8], path: &Path) -> Result<Vec<(String, Vec<u8>)>, Trouble> {
    let lines = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut headers = Vec::new();
    for (number, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
        let wrong = || Trouble::usage(format!("`{}` line {}: no `Name: value`", path.display(), number + 1), FORM);
        let colon = line.iter().position(|&byte| byte == b':').ok_or_else(wrong)?;
        let (name, value) = (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default());
        let name = std::str::from_utf8(name).map_err(|_| wrong())?;
        headers.push((name.to_ascii_lowercase(), value.trim_ascii().to_owned()));
    }
    Ok(headers)
}

fn instant(millis: i64, file: &str) -> Result<Timestamp, Trouble> {
    Timestamp::from_millis(millis)
        .map_err(|_| Trouble::usage(format!("`{file}`: `now_ms` lies outside 1970 to 9999"), FORM))
}

fn print(out: &mut Out, value: &impl Serialize) -> Result<(), Trouble> {
    let text = serde_json::to_string(value).map_err(|error| Trouble::Output(error.into()))?;
    writeln!(out, "{text}")?;
    Ok(())
}
