//! `wane plugin`: what a channel plugin says of itself, who signed it, and what it makes of a request or an effect, by
//! hand.

mod by_hand;
mod inspect;
mod signing;

use std::path::{Path, PathBuf};

use crate::Verdict;
use crate::cli::{PluginArgs, PluginCommand};
use crate::out::Out;
use crate::trouble::Trouble;

pub(crate) fn run(args: &PluginArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    match &args.command {
        PluginCommand::Inspect { file, key } => inspect::run(file, key, out),
        PluginCommand::Keygen { file } => signing::keygen(file, out),
        PluginCommand::Sign { file, key, comment } => signing::sign(file, key, comment.as_deref(), out),
        PluginCommand::Verify { file, key } => signing::verify(file, key, out),
        PluginCommand::Translate { file, dir, tier } => by_hand::translate(file, dir, *tier, out),
        PluginCommand::Render { file, dir, tier } => by_hand::render(file, dir, *tier, out),
    }
}

/// The process of a plugin. Whoever starts it by hand has no socket for it, and is told so.
pub(crate) fn host() -> Result<Verdict, Trouble> {
    let started = |why: String| Trouble::usage(why, "`wane plugin-host` is started by the daemon alone");
    wane_plugin_host::process::run().map(|()| Verdict::Well).map_err(started)
}

/// The file itself, without links: whoever types a path means what it leads to.
fn resolved(file: &Path) -> Result<PathBuf, Trouble> {
    file.canonicalize().map_err(Trouble::read(file))
}

/// A plugin that can not be used.
fn unusable(what: impl std::fmt::Display) -> Trouble {
    Trouble::usage(what.to_string(), "docs/plugins.md tells how a plugin is written, built and trusted")
}
