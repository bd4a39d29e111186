//! Secrets: by reference in the configuration, redacted everywhere, wiped when dropped.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SecretRef {
    /// In a file that others can not read; a line's end at its end does not count.
    File(PathBuf),
    /// In a variable of the environment.
    Env(String),
}

impl From<SecretRef> for String {
    fn from(reference: SecretRef) -> Self {
        reference.to_string()
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Env(name) => write!(f, "env:{name}"),
        }
    }
}

impl TryFrom<String> for SecretRef {
    /// Does not repeat the text: it may be the secret itself.
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Self::File(PathBuf::from(path)));
        }
        if let Some(name) = text.strip_prefix("env:").filter(|name| !name.is_empty()) {
            return Ok(Self::Env(name.to_owned()));
        }
        Err("a secret stands elsewhere: write `file:PATH` or `env:NAME`")
    }
}

/// A secret. Shows nothing of itself.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// One that was made here.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes, for whoever signs or checks with it.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why there is no secret.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file can not be read.
    #[error("`{reference}`: {error}")]
    File {
        /// Where it should be.
        reference: SecretRef,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Everybody on the machine could read or change it.
    #[error("`{0}` can be read or changed by everybody on this machine; `chmod 600` it")]
    Open(SecretRef),
    /// The variable is not set.
    #[error("`{0}` is not set")]
    Unset(SecretRef),
    /// There is nothing in it.
    #[error("`{0}` is empty")]
    Empty(SecretRef),
}

/// The largest secret, in bytes.
const LARGEST: u64 = 64 << 10;

impl SecretRef {
    /// Reads the secret.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn load(&self) -> Result<Secret, SecretError> {
        let mut bytes = match self {
            Self::File(path) => self.read(path)?,
            Self::Env(name) => {
                let value = std::env::var_os(name).ok_or_else(|| SecretError::Unset(self.clone()))?;
                Zeroizing::new(value.into_encoded_bytes())
            }
        };
        while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            bytes.pop();
        }
        if bytes.is_empty() { Err(SecretError::Empty(self.clone())) } else { Ok(Secret(bytes)) }
    }

    fn read(&self, path: &std::path::Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let failed = |error| SecretError::File { reference: self.clone(), error };
        let file = File::open(path).map_err(failed)?;
        // Asked of the open file, so that nobody puts another one in its place in between.
        if file.metadata().map_err(failed)?.mode() & 0o006 != 0 {
            return Err(SecretError::Open(self.clone()));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}

/// Whether a file can be read or changed by everybody.
pub(crate) fn is_open(path: &std::path::Path) -> std::io::Result<bool> {
    Ok(fs::metadata(path)?.mode() & 0o006 != 0)
}
