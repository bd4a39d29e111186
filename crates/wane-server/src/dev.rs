//! `--dev`: tokens, secrets of channels and lines to paste, so that everything can be tried out at once. Loopback only.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wane_core::time::Timestamp;
use wane_plugin_host::Tier;

use crate::clock::Clock;
use crate::config::{Channel, Config, SecretRef};
use crate::serve::{ServeError, private_directory};
use crate::tokens::{Scope, Secret, make_dev};

/// What was made for trying things out.
#[derive(Debug)]
pub struct Dev {
    tokens: BTreeMap<Scope, Secret>,
    /// The secret that stands in for the one of a WhatsApp app, when its plugin is there.
    app_secret: Option<String>,
    now: Timestamp,
}

/// The plugins that are taken when they lie beside the program, and the secrets that they need.
const CHANNELS: [(&str, &[&str]); 7] = [
    ("web", &[]),
    ("in-app", &[]),
    ("whatsapp", &["app_secret", "verify_token"]),
    ("messenger", &["app_secret", "verify_token"]),
    ("line", &["channel_secret"]),
    ("sms", &["auth_token"]),
    ("byoc", &["access_token", "events_token"]),
];

impl Dev {
    /// Makes tokens and secrets under the data directory, and adds the plugins beside this program to a configuration that
    /// names none.
    ///
    /// # Errors
    /// [`ServeError`] when the data directory can not be written.
    pub fn prepare(config: &mut Config) -> Result<Self, ServeError> {
        private_directory(&config.data)?;
        let now = Clock::system(Timestamp::EPOCH).now();
        let tokens = make_dev(&config.data, now)?;
        let mut dev = Self { tokens, app_secret: None, now };
        // What lies beside the program was built with it, and is trusted as it is.
        let tier = config.plugins.is_none().then_some(Tier::Inproc);
        if config.plugins.is_none() {
            config.plugins = program_directory();
        }
        let Some(plugins) = config.plugins.clone() else { return Ok(dev) };
        for (channel, secrets) in CHANNELS {
            let plugin = format!("wane_channel_{}", channel.replace('-', "_"));
            if config.channels.contains_key(channel) || !plugins.join(format!("lib{plugin}.so")).is_file() {
                continue;
            }
            let mut references = BTreeMap::new();
            for name in secrets {
                let (path, value) = secret(&config.data, channel, name)?;
                if (channel, *name) == ("whatsapp", "app_secret") {
                    dev.app_secret = Some(value);
                }
                references.insert((*name).to_owned(), SecretRef::File(path));
            }
            let config_table = toml::Table::new();
            let entry = Channel { plugin, tier, sha256: None, url: None, config: config_table, secrets: references };
            config.channels.insert(channel.to_owned(), entry);
        }
        Ok(dev)
    }

    /// The token of a scope.
    #[must_use]
    pub fn token(&self, scope: Scope) -> &str {
        self.tokens.get(&scope).map_or("", Secret::reveal)
    }

    /// The tokens, and lines to paste.
    #[must_use]
    pub fn lines(&self, url: &str) -> Vec<String> {
        let mut lines = vec!["tokens, one a scope (also in DATA/dev-tokens.json):".to_owned()];
        lines.extend(self.tokens.iter().map(|(scope, token)| format!("  {:14} {}", scope.name(), token.reveal())));
        lines.push(String::new());
        lines.push("try it: watch the effects in one terminal".to_owned());
        lines.push(format!(
            "  curl -sN {url}/v1/effects -H 'accept: text/event-stream' -H 'authorization: Bearer {}'",
            self.token(Scope::EffectsRead)
        ));
        lines.push("and send an event from another".to_owned());
        lines.push(format!(
            "  curl -s {url}/v1/events -H 'content-type: application/json' -H 'authorization: Bearer {}' -d '{}'",
            self.token(Scope::EventsWrite),
            r#"{"id":"e1","type":"message","role":"customer","conversation":"try-1","channel":"web"}"#
        ));
        if let Some(secret) = &self.app_secret {
            lines.push("or a WhatsApp webhook, signed as its sender signs".to_owned());
            lines.push(self.webhook(url, secret));
        }
        lines
    }

    fn webhook(&self, url: &str, secret: &str) -> String {
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1001","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550001001","phone_number_id":"2002"}},"contacts":[{{"wa_id":"15550003003","profile":{{"name":"Try"}}}}],"messages":[{{"from":"15550003003","id":"wamid.TRY{0}","timestamp":"{0}","type":"text","text":{{"body":"Hello"}}}}]}}}}]}}]}}"#,
            self.now.millis() / 1_000
        );
        format!(
            "  curl -s -i {url}/v1/channels/whatsapp/webhook -H 'content-type: application/json' \
             -H 'x-hub-signature-256: sha256={}' -d '{body}'",
            sign(secret, &body)
        )
    }
}

fn program_directory() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    program.parent().map(Path::to_owned)
}

/// A secret of its own for each channel, made once.
fn secret(data: &Path, channel: &str, name: &str) -> Result<(PathBuf, String), ServeError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let directory = data.join("dev-secrets");
    private_directory(&directory)?;
    let path = directory.join(format!("{channel}.{name}"));
    let fault = |error| ServeError::Data { path: path.clone(), error };
    if let Ok(known) = std::fs::read_to_string(&path) {
        return Ok((path, known));
    }
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| ServeError::Inside(error.to_string()))?;
    let value = hex(&bytes);
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(value.as_bytes())).map_err(fault)?;
    Ok((path, value))
}

fn sign(secret: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body.as_bytes());
    hex(&mac.finalize().into_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
