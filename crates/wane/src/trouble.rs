//! What keeps a command from doing its work: the world, not the rules. Findings about rules are diagnostics.

use std::io::{self, Write};
use std::path::PathBuf;

use thiserror::Error;

/// Why a command could not do its work.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// A file or directory could not be read.
    #[error("can not read `{}`: {}", path.display(), reason(source))]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("can not write `{}`: {}", path.display(), reason(source))]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The output is gone.
    #[error("can not write the output: {0}")]
    Output(#[from] io::Error),
    /// Anything else that makes the command pointless, with a way out.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What would be right.
        help: String,
    },
    /// The input is broken half way; what was shown so far is not the whole.
    #[error("{message}")]
    Input {
        /// Where and what.
        message: String,
        /// What would be right.
        help: Option<String>,
    },
    /// The daemon does not start, or stopped.
    #[error("{message}")]
    Daemon {
        /// Why.
        message: String,
        /// Its exit code, as in `sysexits.h`.
        code: u8,
    },
    /// No plugin could be proved right or wrong.
    #[error("{message}")]
    Kit {
        /// Why.
        message: String,
        /// Its exit code.
        code: u8,
    },
    /// Rule files have errors, which were shown.
    #[error("{0}")]
    Rules(String),
}

/// The reason without the number of the operating system.
fn reason(error: &io::Error) -> String {
    const KNOWN: &[(io::ErrorKind, &str)] = &[
        (io::ErrorKind::NotFound, "there is no such file or directory"),
        (io::ErrorKind::IsADirectory, "it is a directory"),
        (io::ErrorKind::NotADirectory, "it is not a directory"),
        (io::ErrorKind::PermissionDenied, "permission denied"),
    ];
    let known = KNOWN.iter().find(|(kind, _)| *kind == error.kind());
    known.map_or_else(|| error.to_string(), |(_, words)| (*words).to_owned())
}

impl Trouble {
    /// A misuse, and the way out.
    pub(crate) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: help.into() }
    }

    /// A file or directory that could not be read.
    pub(crate) fn read(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Read { path, source }
    }

    /// The exit status.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Input { .. } | Self::Rules(_) => 1,
            Self::Daemon { code, .. } | Self::Kit { code, .. } => *code,
            Self::Read { .. } | Self::Write { .. } | Self::Output(_) | Self::Usage { .. } => 2,
        }
    }

    /// Shows it on the standard error stream.
    pub(crate) fn show(&self) {
        tell(&format!("error: {self}"));
        let help = match self {
            Self::Usage { help, .. } => Some(help.as_str()),
            Self::Input { help, .. } => help.as_deref(),
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Output(_)
            | Self::Rules(_)
            | Self::Daemon { .. }
            | Self::Kit { .. } => None,
        };
        if let Some(help) = help {
            tell(&format!("  = help: {help}"));
        }
    }
}

/// Tells of something that is wrong but stops nothing, on the standard error stream.
pub(crate) fn warn(text: &str) {
    tell(&format!("warning: {text}"));
}

/// Says something beside the result, on the standard error stream.
pub(crate) fn note(text: &str) {
    tell(text);
}

/// A line on the standard error stream. When nobody reads that (`2>&1 | head`), there is nobody left to tell.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
