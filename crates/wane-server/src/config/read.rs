//! Reading `wane.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Channel, Client, Config, Delivery, Limits, Retention, Store, Telemetry, Tls, Trust};
use crate::http::extract::unknown_field;
use crate::tokens::Token;

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    org: String,
    listen: SocketAddr,
    data: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugins: Option<PathBuf>,
    shards: u16,
    rules: Rules,
    store: Store,
    retention: Retention,
    limits: Limits,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<Tls>,
    telemetry: Telemetry,
    channels: BTreeMap<String, Channel>,
    trust: Trust,
    delivery: Delivery,
    client: Client,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tokens: Vec<Token>,
}

/// `[rules]`.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rules {
    dir: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    watch: Option<bool>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { dir: Config::default().rules, watch: None }
    }
}

impl Default for File {
    fn default() -> Self {
        let config = Config::default();
        Self {
            org: config.org,
            listen: config.listen,
            data: config.data,
            plugins: config.plugins,
            shards: config.shards,
            rules: Rules::default(),
            store: config.store,
            retention: config.retention,
            limits: config.limits,
            tls: config.tls,
            telemetry: config.telemetry,
            channels: config.channels,
            trust: config.trust,
            delivery: config.delivery,
            client: config.client,
            tokens: config.tokens,
        }
    }
}

impl From<File> for Config {
    fn from(file: File) -> Self {
        Self {
            org: file.org,
            listen: file.listen,
            data: file.data,
            plugins: file.plugins,
            shards: file.shards,
            rules: file.rules.dir,
            watch: file.rules.watch.unwrap_or(false),
            watch_said: file.rules.watch,
            store: file.store,
            retention: file.retention,
            limits: file.limits,
            tls: file.tls,
            telemetry: file.telemetry,
            channels: file.channels,
            trust: file.trust,
            delivery: file.delivery,
            client: file.client,
            tokens: file.tokens,
            dev: false,
            manual_clock: false,
        }
    }
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file; empty when the command line is at fault too.
    pub path: PathBuf,
    /// Line and column, from 1, where there is one.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl ConfigError {
    pub(super) fn rule(message: String, help: &str) -> Self {
        Self { path: PathBuf::new(), place: None, message, help: Some(help.to_owned()) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nowhere = self.path.as_os_str().is_empty();
        if !nowhere {
            write!(f, "{}:", self.path.display())?;
        }
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        let gap = if nowhere && self.place.is_none() { "" } else { " " };
        write!(f, "{gap}{}", self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] with the place.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| ConfigError {
            path: path.to_owned(),
            place: None,
            message: error.to_string(),
            help: None,
        })?;
        Self::parse(&text).map_err(|error| ConfigError { path: path.to_owned(), ..error })
    }

    /// Reads a text; what it does not say has its default.
    ///
    /// # Errors
    /// [`ConfigError`] with the place.
    ///
    /// ```
    /// use wane_server::config::Config;
    /// let config = Config::parse("org = \"shop\"\n[limits]\nidle = \"2m\"").expect("valid");
    /// assert_eq!((config.org.as_str(), config.limits.idle.as_secs()), ("shop", 120));
    /// let error = Config::parse("[limits]\nidel = \"2m\"").expect_err("no such key");
    /// assert_eq!(error.to_string(), "2:1: unknown key `idel`");
    /// assert_eq!(error.help.as_deref(), Some("did you mean `idle`?"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config = toml::from_str::<File>(text).map(Self::from).map_err(|error| wrong(text, &error))?;
        super::check::values(&config).map_err(|(key, what, right)| ConfigError {
            path: PathBuf::new(),
            place: super::check::line(text, key).map(|line| (line, 1)),
            message: format!("`{key}`: {what}"),
            help: Some(right.to_owned()),
        })?;
        Ok(config)
    }

    /// The defaults as a file.
    ///
    /// # Errors
    /// Never, as long as every default can be written.
    pub fn defaults() -> Result<String, toml::ser::Error> {
        toml::to_string(&File::default())
    }
}

fn wrong(text: &str, error: &toml::de::Error) -> ConfigError {
    let place = error.span().and_then(|span| text.get(..span.start)).map(|before| {
        let line = before.matches('\n').count() + 1;
        (line, before.rsplit('\n').next().map_or(0, str::len) + 1)
    });
    // The first line: what follows repeats the text, which may hold what should not be in a log.
    let said = error.message().lines().next().unwrap_or_default();
    let (field, meant) = unknown_field(said);
    let message = match place {
        _ if said.starts_with("unknown field") => format!("unknown key `{field}`"),
        Some((line, _)) => keyed(text.lines().nth(line - 1).unwrap_or_default(), said),
        None => said.to_owned(),
    };
    let list =
        || said.split_once("expected ").map(|(_, list)| format!("the keys are: {}", list.replace("one of ", "")));
    let help = meant.or_else(|| if said.starts_with("unknown field") { list() } else { None });
    ConfigError { path: PathBuf::new(), place, message, help }
}

/// What a reader of types expects, for people.
const WORDS: [(&str, &str); 11] = [
    ("u8", "a whole number up to 255"),
    ("u16", "a whole number up to 65535"),
    ("u32", "a whole number"),
    ("u64", "a whole number"),
    ("usize", "a whole number"),
    ("a boolean", "`true` or `false`"),
    ("a string", "a text"),
    ("path string", "a path as text"),
    ("socket address", "an address and port, such as `\"127.0.0.1:7600\"`"),
    ("a map", "a table"),
    ("a sequence", "a list"),
];

/// What is wrong, with the key of its line, and without the names of types.
fn keyed(line: &str, said: &str) -> String {
    let mut said = said.to_owned();
    for (name, words) in WORDS {
        if let Some(start) = said.strip_suffix(&format!("expected {name}")) {
            said = format!("{start}expected {words}");
        }
    }
    said = said
        .replace("invalid type: sequence", "invalid type: a list")
        .replace("invalid type: map", "invalid type: a table");
    said = said.replace("invalid socket address syntax", "no address and port, such as `127.0.0.1:7600`");
    let key = line.split_once('=').map(|(key, _)| key.trim()).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let named = key.is_empty() || !key.chars().all(plain) || said.contains(&format!("`{key}`"));
    if named { said } else { format!("`{key}`: {said}") }
}
