//! `wane plugin`: what a channel plugin says of itself, and what it makes of a request or an effect, by hand.

mod by_hand;
mod inspect;

use std::path::{Path, PathBuf};

use crate::Verdict;
use crate::cli::{PluginArgs, PluginCommand};
use crate::out::Out;
use crate::trouble::Trouble;

pub(crate) fn run(args: &PluginArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    match &args.command {
        PluginCommand::Inspect { file } => inspect::run(file, out),
        PluginCommand::Translate { file, dir } => by_hand::translate(file, dir, out),
        PluginCommand::Render { file, dir } => by_hand::render(file, dir, out),
    }
}

/// The file itself, without links: whoever types a path means what it leads to.
fn resolved(file: &Path) -> Result<PathBuf, Trouble> {
    file.canonicalize().map_err(Trouble::read(file))
}

/// A plugin that can not be used.
fn unusable(what: impl std::fmt::Display) -> Trouble {
    Trouble::usage(what.to_string(), "docs/plugins.md tells how a plugin is written, built and trusted")
}
