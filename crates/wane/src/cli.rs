//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Ends idle and forgotten chat sessions by rules an administrator can read.
#[derive(Debug, Parser)]
#[command(name = "wane", version, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = "Exit status: 0 all well, 1 findings, 2 usage.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check rule files and show everything that is wrong with them
    Check(CheckArgs),
    /// Play scenario files against rule files
    Test(TestArgs),
    /// Show what differs between two directories of rules
    Diff(DiffArgs),
}

/// `wane check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The directory of rule files
    #[arg(default_value = "rules", value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// How findings are shown
    #[arg(long, value_enum, default_value_t = CheckFormat::Pretty)]
    pub(crate) format: CheckFormat,
    /// Show the page about a diagnostic instead, for example `E0203`
    #[arg(long, value_name = "CODE")]
    pub(crate) explain: Option<String>,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the line of the file and the place in it
    Pretty,
    /// One JSON object a line
    Json,
}

/// `wane test`
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The directory of rule files that scenarios are played against
    #[arg(long, default_value = "rules", value_name = "DIR")]
    pub(crate) rules: PathBuf,
    /// Scenario files, or directories of them
    #[arg(required = true, value_name = "FILES")]
    pub(crate) files: Vec<PathBuf>,
    /// How results are shown
    #[arg(long, value_enum, default_value_t = TestFormat::Pretty)]
    pub(crate) format: TestFormat,
    /// Also show how often each rule row won and each timer lapsed
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Play only scenarios whose name or file contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
}

/// How test results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For people
    Pretty,
    /// Test Anything Protocol, version 14
    Tap,
    /// JUnit's XML
    Junit,
    /// One JSON object a line
    Json,
}

/// `wane diff`
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The directory of rule files as it was
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The directory of rule files as it would be
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
}
