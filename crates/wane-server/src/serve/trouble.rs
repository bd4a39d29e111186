//! Why the daemon does not start, or stops: one exit code a cause, as in `sysexits.h`.

use std::path::PathBuf;

use thiserror::Error;
use wane_plugin_host::HostError;
use wane_store::index::IndexError;
use wane_store::log::LogError;

use crate::config::{ConfigError, SecretError};
use crate::desk::bundles::BundleError;
use crate::http::listener::DoorError;
use crate::node::StartError;
use crate::tokens::TokenError;

/// Why the daemon does not start, or stops.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// A secret that is referred to.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The rules, and there are none of an earlier run.
    #[error("the rules can not be used: {0}")]
    Rules(String),
    /// The data directory.
    #[error("the data directory `{}`: {error}", .path.display())]
    Data {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// Somebody may do what nobody else should.
    #[error("{0}")]
    Permission(String),
    /// The log can not be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What the log holds can not be taken over.
    #[error(transparent)]
    Start(Box<StartError>),
    /// The store of rulesets.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A plugin.
    #[error(transparent)]
    Plugin(#[from] HostError),
    /// The tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The index of ended sessions.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The listener.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// Delivery or the client API can not be set up.
    #[error("{0}")]
    Setup(String),
    /// The log can not be written any more. What was answered is safe; what was not is unknown.
    #[error("the log can not be written: {0}")]
    Write(String),
    /// The system.
    #[error("the system: {0}")]
    System(#[source] std::io::Error),
    /// A fault of ours.
    #[error("internal fault: {0}")]
    Inside(String),
}

impl ServeError {
    /// The exit code: 65 damaged data, 66 no usable rules, 69 the address is taken, 70 a fault of ours, 71 the system, 73 the
    /// data directory, 74 the disk, 75 another daemon has the directory, 77 permissions, 78 the configuration.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Secret(_) | Self::Plugin(_) | Self::Setup(_) => 78,
            Self::Rules(_) => 66,
            Self::Data { .. } => 73,
            Self::Permission(_) => 77,
            Self::Log(error) => log_code(error),
            Self::Start(error) => match &**error {
                StartError::Log(error) => log_code(error),
                StartError::Record { .. } | StartError::Snapshot(_) | StartError::Disagrees(_) => 65,
                StartError::Rules { .. } | StartError::NoRules => 66,
                StartError::Thread(_) => 71,
                StartError::Fault => 70,
                StartError::Write(_) => 74,
            },
            Self::Bundle(_) | Self::Token(_) | Self::Index(_) | Self::Write(_) => 74,
            Self::Door(DoorError::Bind { .. }) => 69,
            Self::Door(DoorError::File { .. }) => 73,
            Self::Door(DoorError::Tls { .. }) => 78,
            Self::System(_) => 71,
            Self::Inside(_) => 70,
        }
    }
}

const fn log_code(error: &LogError) -> u8 {
    match error {
        LogError::Damaged { .. } | LogError::Gone { .. } | LogError::TooLarge(_) => 65,
        LogError::Directory(_) => 73,
        LogError::Held(_) | LogError::Unexpected { .. } => 75,
        LogError::Disk { .. } | LogError::Stopped => 74,
    }
}
