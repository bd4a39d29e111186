//! `wane demo`: recorded chats against a daemon of its own, on a fast clock.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::Verdict;
use crate::out::Out;
use crate::trouble::Trouble;

/// `wane demo`
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The directory of rule files
    #[arg(long, default_value = "rules", value_name = "DIR")]
    pub(crate) rules: PathBuf,
}

pub(crate) fn run(_args: &DemoArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    writeln!(out, "to come")?;
    Ok(Verdict::Well)
}
