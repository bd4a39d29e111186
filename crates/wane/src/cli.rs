//! What can be said on the command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use wane_server::tokens::Scope;

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
    /// Check rule files and show everything that is wrong with them; any finding, a warning too, is exit status 1
    Check(CheckArgs),
    /// Play scenario files against rule files
    Test(TestArgs),
    /// Say which rule gives a timer its duration, and why the others do not
    Explain(ExplainArgs),
    /// Play a recorded log of events against rule files
    Simulate(SimulateArgs),
    /// Say what differs between two directories of rule files
    Diff(DiffArgs),
    /// Run the daemon: events in over HTTP, deadlines decided on time, effects out
    Serve(crate::serve::ServeArgs),
    /// Play recorded chats against a daemon of its own on a fast clock, and show what ends when
    Demo(crate::demo::DemoArgs),
    /// Put rule files in force in a running daemon; shows first what that would do
    Activate(ActivateArgs),
    /// Put rules in force again that were in force before
    Rollback(RollbackArgs),
    /// Make, list and revoke the API tokens of a data directory
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Look at, replay, copy or move the log of a data directory that no daemon holds
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Look into a channel plugin, or call it by hand
    Plugin(PluginArgs),
    /// The process of a plugin, started by the daemon
    #[command(hide = true)]
    PluginHost,
    /// Write a new channel plugin that works, with tests and samples, to be changed into the channel you need
    NewChannel(NewChannelArgs),
    /// Prove that a channel plugin does what its channel asks; exit status 1 failures, 3 it does not load, 4 the kit failed
    Conformance(crate::conformance::ConformanceArgs),
    /// Does one case of `wane conformance`, for that command only
    #[command(hide = true)]
    ConformanceCase,
    /// Print the JSON Schema of rule files, for editors
    Schema,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
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

/// `wane explain`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("of").required(true).multiple(true).args(["timer", "scenario"]))]
pub(crate) struct ExplainArgs {
    /// The directory of rule files
    #[arg(long, default_value = "rules", value_name = "DIR")]
    pub(crate) rules: PathBuf,
    /// The timer; with a scenario: only this one
    #[arg(long, value_name = "NAME")]
    pub(crate) timer: Option<String>,
    /// A fact that holds, such as `channel=web`; may be given several times
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "scenario")]
    pub(crate) fact: Vec<String>,
    /// A scenario file, with `#name` when it has several
    #[arg(long, value_name = "FILE[#NAME]")]
    pub(crate) scenario: Option<String>,
    /// After which step of the scenario, from 1; the last one if not given
    #[arg(long, value_name = "N", requires = "scenario")]
    pub(crate) step: Option<usize>,
}

/// `wane simulate`
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The log: a JSON object a line; `-` is the standard input
    #[arg(value_name = "EVENTS.jsonl")]
    pub(crate) events: PathBuf,
    /// The directory of rule files
    #[arg(long, default_value = "rules", value_name = "DIR")]
    pub(crate) rules: PathBuf,
    /// Play the same events against these rules too, and show what differs
    #[arg(long, value_name = "DIR", conflicts_with_all = ["timeline", "format"])]
    pub(crate) against: Option<PathBuf>,
    /// Go on until this instant, or leave out what comes after it
    #[arg(long, value_name = "INSTANT")]
    pub(crate) until: Option<String>,
    /// How it is shown
    #[arg(long, value_enum, default_value_t = SimulateFormat::Pretty)]
    pub(crate) format: SimulateFormat,
    /// Write a picture of the first conversations
    #[arg(long, value_name = "OUT.svg")]
    pub(crate) timeline: Option<PathBuf>,
    /// Read only so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Show so many ends with their reasons: a number, or `all`
    #[arg(long, default_value = "20", value_name = "N")]
    pub(crate) lines: Lines,
}

/// How many lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lines(pub(crate) usize);

impl std::str::FromStr for Lines {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self(usize::MAX)),
            number => number.parse().map(Self).map_err(|_| "a number, or `all`"),
        }
    }
}

/// How a simulation is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulateFormat {
    /// Ends with their reasons, then a table of outcomes
    Pretty,
    /// One effect a line, and nothing else
    Json,
}

/// `wane diff`
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The directory of rule files as they were
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The directory of rule files as they are to be
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
}

/// `wane activate`
#[derive(Debug, Args)]
pub(crate) struct ActivateArgs {
    /// The directory of rule files
    #[arg(default_value = "rules", value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Only show what it would do to the conversations of now
    #[arg(long, conflicts_with = "yes")]
    pub(crate) preview: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) daemon: DaemonArgs,
}

/// `wane rollback`
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// Which version: its number, or 8 or more digits of its hash; the rules before the present ones if not given
    #[arg(value_name = "VERSION")]
    pub(crate) to: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) daemon: DaemonArgs,
}

/// Which running daemon is meant.
#[derive(Debug, Args)]
pub(crate) struct DaemonArgs {
    /// Its address, such as `https://wane.example:7600`; otherwise the one in the data directory
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Its data directory, on this machine
    #[arg(long, default_value = "wane-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// A file with an API token; otherwise what `--dev` left in the data directory
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// An API token; others on this machine can see it while the command runs
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<String>,
}

/// `wane token`
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it, once; only its hash is kept
    New {
        /// What it allows: `events:write`, `sessions:read`, `effects:read`, `rules:read`, `rules:write`, `admin`
        #[arg(value_name = "SCOPE", required = true, value_delimiter = ',', value_parser = crate::token::scope)]
        scopes: Vec<Scope>,
        /// What it is for, to know it again
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        name: String,
        /// The data directory; made if it is not there yet
        #[arg(long, default_value = "wane-data", value_name = "DIR")]
        data: PathBuf,
    },
    /// Show the tokens: id, when it was made, scopes, name
    List {
        /// The data directory
        #[arg(long, default_value = "wane-data", value_name = "DIR")]
        data: PathBuf,
    },
    /// Remove a token; it counts no longer within a second
    Revoke {
        /// The token's id, as `wane token list` shows it
        #[arg(value_name = "ID")]
        id: String,
        /// The data directory
        #[arg(long, default_value = "wane-data", value_name = "DIR")]
        data: PathBuf,
    },
}

/// `wane store`
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Look at every block and every snapshot; damage is exit status 1
    Verify {
        #[command(flatten)]
        data: DataDir,
    },
    /// Make every decision again, compare it with the log, and print the digest of all decisions
    Replay {
        #[command(flatten)]
        data: DataDir,
    },
    /// Write the log and its rules into one file, or its records for reading
    Export {
        #[command(flatten)]
        data: DataDir,
        /// The file; the standard output if not given
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// In which form
        #[arg(long, value_enum, default_value_t = ExportFormat::Stream)]
        format: ExportFormat,
    },
    /// Make a data directory, empty or not there yet, from an exported file
    #[command(allow_missing_positional = true)]
    Import {
        #[command(flatten)]
        data: DataDir,
        /// The exported file; `-` is the standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Copy a data directory, and look at every byte of the copied log
    #[command(allow_missing_positional = true)]
    Backup {
        #[command(flatten)]
        data: DataDir,
        /// Where the copy is to be; empty or not there yet
        #[arg(value_name = "TO")]
        to: PathBuf,
    },
}

/// The data directory, by its place or, as other commands have it, by its name.
#[derive(Debug, Args)]
pub(crate) struct DataDir {
    /// The data directory
    #[arg(value_name = "DIR", required_unless_present = "option")]
    place: Option<PathBuf>,
    /// The same, by name
    #[arg(long = "data", id = "option", value_name = "DIR", conflicts_with = "place")]
    option: Option<PathBuf>,
}

impl DataDir {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.place.as_deref().or(self.option.as_deref()).unwrap_or(Path::new("wane-data"))
    }
}

/// How a log is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Everything, checksummed; what `wane store import` reads
    Stream,
    /// One record a line, for reading
    Json,
}

/// `wane plugin`
#[derive(Debug, Args)]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    pub(crate) command: PluginCommand,
}

/// What is done with a plugin.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Show its manifest, its ABI and who could change it, without running it; not trusted is exit status 1
    Inspect {
        /// The plugin, a shared object
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A public key that is trusted: the line that begins with `RW`, or its file; may be given several times
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
    },
    /// Make a key to sign plugins with: the secret one, and the public one beside it
    Keygen {
        /// The file of the secret key; the public key is FILE.pub
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Sign a plugin: write FILE.minisig, in minisign's format
    Sign {
        /// The plugin
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The secret key's file, without a password
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// What is signed with it; the time and the file's name if not given
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// Say whether FILE.minisig is a plugin's signature by a key; exit status 1 if not
    Verify {
        /// The plugin
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The public key: the line that begins with `RW`, or its file
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// Have it translate a request, and print what comes of it as one JSON object; a fault is exit status 1
    Translate {
        /// The plugin, a shared object
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The directory with `request.json`, `headers.txt`, `body.bin` and `secret.json`
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Where it runs
        #[arg(long, value_enum, default_value_t = PluginTier::Process)]
        tier: PluginTier,
    },
    /// Have it render an effect, and print what comes of it as one JSON object; a refusal or fault is exit status 1
    Render {
        /// The plugin, a shared object
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The directory with `effect.json`
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Where it runs
        #[arg(long, value_enum, default_value_t = PluginTier::Process)]
        tier: PluginTier,
    },
}

/// Where a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PluginTier {
    /// In a process of its own, locked in
    Process,
    /// In this process
    Inproc,
}

/// `wane new-channel`
#[derive(Debug, Args)]
pub(crate) struct NewChannelArgs {
    /// The channel's name, as rules and the configuration will call it, such as `my-sms`
    pub(crate) name: String,
    /// In which language
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    pub(crate) lang: Language,
    /// The directory to be made; called as the channel if not given
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// A checkout of Wane, whose SDK a channel in Rust is built with; the one that the command runs in if not given
    #[arg(long, value_name = "DIR")]
    pub(crate) sdk: Option<PathBuf>,
}

/// In which language a channel is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// A crate
    Rust,
    /// A file with a Makefile
    C,
}
