//! `wane store`: what can be done with the log of a data directory while no daemon holds it.

mod backup;
mod replay;
mod transfer;
mod verify;

use std::path::Path;
use std::sync::Arc;

use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_server::desk::bundles::Bundles;
use wane_server::node::StartError;
use wane_store::file::{FileLog, Options};
use wane_store::log::LogError;

use crate::Verdict;
use crate::cli::StoreCommand;
use crate::out::Out;
use crate::trouble::{Trouble, warn};

/// The log, under a data directory.
const LOG: &str = "log";

/// Runs the command.
///
/// # Errors
/// [`Trouble`] when there is no log, a daemon holds it, or it can not be read.
pub(crate) fn run(command: &StoreCommand, out: &mut Out) -> Result<Verdict, Trouble> {
    match command {
        StoreCommand::Verify { data } => verify::run(data.path(), out),
        StoreCommand::Replay { data } => replay::run(data.path(), out),
        StoreCommand::Export { data, output, format } => transfer::export(data.path(), output.as_deref(), *format, out),
        StoreCommand::Import { data, file } => transfer::import(data.path(), file, out),
        StoreCommand::Backup { data, to } => backup::run(data.path(), to, out),
    }
}

/// Opens the log as a daemon would; what a crash left at its end is cut, with a warning.
fn open(data: &Path) -> Result<FileLog, Trouble> {
    let opened = FileLog::open(&data.join(LOG), Options::default())?;
    if let Some(cut) = opened.cut {
        warn(&format!("what a crash left behind block {} was cut off; nobody had been told of it", cut.sequence.0 - 1));
    }
    for damage in opened.damaged_snapshots {
        warn(&format!("a damaged snapshot is passed over: {damage}"));
    }
    Ok(opened.log)
}

/// Finds the rules that a log names.
fn rulesets(data: &Path) -> Result<impl Fn(RulesetHash) -> Result<Arc<Ruleset>, String>, Trouble> {
    let bundles = Bundles::open(data).map_err(|error| Trouble::usage(error.to_string(), NO_RULES))?;
    Ok(move |hash| bundles.load(hash).map_err(|error| error.to_string()))
}

const NO_RULES: &str = "the rules that were in force are kept in `rulesets` of the data directory";

impl From<LogError> for Trouble {
    fn from(error: LogError) -> Self {
        let message = error.to_string();
        match error {
            LogError::Disk { file, error } => Self::Read { path: file.into(), source: error },
            LogError::Held(_) | LogError::Directory(_) | LogError::Unexpected { .. } => {
                Self::usage(message, "give the data directory of a daemon that does not run, such as `wane-data`")
            }
            LogError::Damaged { .. } | LogError::Gone { .. } | LogError::TooLarge(_) | LogError::Stopped => {
                let help = "`wane store verify` shows what is whole; start again from a backup, or with `--salvage`";
                Self::Input { message, help: Some(help.to_owned()) }
            }
        }
    }
}

impl From<StartError> for Trouble {
    fn from(error: StartError) -> Self {
        let message = error.to_string();
        match error {
            StartError::Log(error) => error.into(),
            StartError::Rules { .. } | StartError::NoRules => Self::usage(message, NO_RULES),
            StartError::Disagrees(_)
            | StartError::Record { .. }
            | StartError::Snapshot(_)
            | StartError::Thread(_)
            | StartError::Fault
            | StartError::Write(_) => Self::Input { message, help: None },
        }
    }
}
