//! API tokens: who may do what.
//!
//! A token is `wane_` and 32 random bytes; it is shown once. What is kept is its SHA-256, in `DATA/tokens.json` (mode
//! 0600) or in the configuration. The file may be changed while the daemon runs: it looks every second
//! ([`Tokens::refresh`]). Who asks with a token is found in `http::guard`; how often it may ask is kept in `http::rate`.

mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

pub use file::{create, list, make_dev, revoke};

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Sending events, and asking for what became of one.
    #[serde(rename = "events:write")]
    EventsWrite,
    /// Looking at sessions, their history and decisions.
    #[serde(rename = "sessions:read")]
    SessionsRead,
    /// Following effects.
    #[serde(rename = "effects:read")]
    EffectsRead,
    /// Looking at rules, checking and previewing them.
    #[serde(rename = "rules:read")]
    RulesRead,
    /// Putting rules in force, and all that `rules:read` allows.
    #[serde(rename = "rules:write")]
    RulesWrite,
    /// Endpoints, dead letters, the manual clock.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 6] =
        [Self::EventsWrite, Self::SessionsRead, Self::EffectsRead, Self::RulesRead, Self::RulesWrite, Self::Admin];

    /// The word in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EventsWrite => "events:write",
            Self::SessionsRead => "sessions:read",
            Self::EffectsRead => "effects:read",
            Self::RulesRead => "rules:read",
            Self::RulesWrite => "rules:write",
            Self::Admin => "admin",
        }
    }

    /// Whether it allows what needs `needed`: itself; and who may put rules in force may look at them, which every
    /// careful change begins with.
    #[must_use]
    pub fn covers(self, needed: Self) -> bool {
        self == needed || (self, needed) == (Self::RulesWrite, Self::RulesRead)
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A scope as a type, for [`crate::http::extract::Authorized`].
pub trait Needs: Send + Sync + 'static {
    /// Which one.
    const SCOPE: Scope;
}

macro_rules! needs {
    ($($name:ident)+) => { $(
        #[doc = concat!("[`Scope::", stringify!($name), "`].")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Needs for $name { const SCOPE: Scope = Scope::$name; }
    )+ };
}

needs! { EventsWrite SessionsRead EffectsRead RulesRead RulesWrite Admin }

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Names it in lists, logs and the audit trail: `t` and 12 digits of its hash.
    #[serde(default)]
    pub id: String,
    /// What its owner calls it.
    #[serde(default)]
    pub name: String,
    /// The SHA-256 of the token as text, in hexadecimal digits.
    pub hash: Hash,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
}

/// The SHA-256 of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of a token as it is sent.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Where to look for it. Says nothing of the rest, which is compared in constant time.
    fn place(self) -> u64 {
        let Self([a, b, c, d, e, f, g, h, ..]) = self;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "a token's hash has 64 hexadecimal digits";
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(index * 2..index * 2 + 2).ok_or(WRONG)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}

impl Token {
    fn named(mut self) -> Self {
        if self.id.is_empty() {
            self.id = format!("t{}", self.hash.to_string().get(..12).unwrap_or_default());
        }
        self
    }
}

/// A token as text, to be shown once.
pub struct Secret(String);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// [`TokenError::Random`].
    pub fn new() -> Result<Self, TokenError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| TokenError::Random)?;
        Ok(Self(format!("wane_{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The text, for whoever is to have it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What goes wrong with tokens.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// The file of tokens can not be read or written.
    #[error("`{}`: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The file of tokens is not what it should be.
    #[error("`{}`: {what}", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A token that is not there.
    #[error("there is no token `{0}`")]
    Unknown(String),
}

/// The tokens that count.
#[derive(Debug, Default)]
pub struct Tokens {
    path: Option<PathBuf>,
    configured: Vec<Token>,
    state: ArcSwap<State>,
}

#[derive(Debug, Default)]
struct State {
    stamp: Option<file::Stamp>,
    by_place: BTreeMap<u64, Vec<Arc<Token>>>,
}

impl Tokens {
    /// The tokens of a data directory, and those of the configuration.
    ///
    /// # Errors
    /// [`TokenError`] when the file can not be read. A missing one is empty.
    pub fn open(data: &Path, configured: &[Token]) -> Result<Self, TokenError> {
        let configured = configured.iter().cloned().map(Token::named).collect();
        let tokens = Self { path: Some(file::path(data)), configured, state: ArcSwap::default() };
        tokens.read()?;
        Ok(tokens)
    }

    /// The token of that text, compared in constant time.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Arc<Token>> {
        if !text.starts_with("wane_") {
            return None;
        }
        let hash = Hash::of(text);
        let state = self.state.load();
        let near = state.by_place.get(&hash.place())?;
        near.iter().find(|token| bool::from(token.hash.0.ct_eq(&hash.0))).cloned()
    }

    /// Reads the file again when it has changed; gives whether it had. A file that can not be read changes nothing.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn refresh(&self) -> Result<bool, TokenError> {
        let Some(path) = &self.path else { return Ok(false) };
        if file::stamp(path) == self.state.load().stamp {
            return Ok(false);
        }
        self.read().map(|()| true)
    }

    fn read(&self) -> Result<(), TokenError> {
        let Some(path) = &self.path else { return Ok(()) };
        // Looked at before the file is read: a change in between is seen the next time.
        let stamp = file::stamp(path);
        let kept = file::read(path)?;
        let mut by_place: BTreeMap<u64, Vec<Arc<Token>>> = BTreeMap::new();
        for token in kept.into_iter().chain(self.configured.iter().cloned()) {
            by_place.entry(token.hash.place()).or_default().push(Arc::new(token));
        }
        self.state.store(Arc::new(State { stamp, by_place }));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
