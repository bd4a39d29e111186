//! `wane conformance`: runs the kit against a plugin, and shows what it knows. The kit itself is `wane-conformance`.

mod show;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use wane_conformance::case::FULL;
use wane_conformance::catalog::{CORE, Catalog, Set};
use wane_conformance::runner::{self, Plan, Refused};
use wane_conformance::{Fault, report};

use crate::Verdict;
use crate::out::Out;
use crate::trouble::Trouble;

/// `wane conformance`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ConformanceArgs {
    /// The plugin, a shared object
    #[arg(value_name = "PLUGIN", required = true)]
    plugin: Option<PathBuf>,
    /// Which cases beside those of `core`; those of the plugin's channel if not given; `core` plays no others
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Up to which level: 0 loads, 1 basic, 2 lifecycle, 3 robust, 4 fast
    #[arg(long, value_name = "N", default_value_t = FULL, value_parser = clap::value_parser!(u8).range(0..=4))]
    level: u8,
    /// A directory with `profile.toml` and cases of your own, to be played after those of `core`; for a plugin of a channel
    /// without a profile it is `conformance`, here or beside the plugin, if not given
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Read all profiles from this directory, in place of those in the program
    #[arg(long, value_name = "DIR", global = true)]
    stock: Option<PathBuf>,
    /// Play only the case of this id, and show what the plugin prints; may be given several times
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also write JUnit's XML into this file, beside what is shown
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How many seconds of the processor a case may take; by the clock it may be six times as many
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    #[command(subcommand)]
    command: Option<ConformanceCommand>,
}

/// What the kit knows.
#[derive(Debug, Subcommand)]
enum ConformanceCommand {
    /// List the cases: profile, level, way, id, title
    List,
    /// Make a case of a captured request, without the secrets and texts in it, and print it
    NewCase {
        /// The request as it was on the wire: its line, headers, an empty line, the body
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The profile that it is for
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
    },
    /// Print the index of requirements, with the cases that show them
    Requirements,
}

/// How the result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: what failed, and a report to show
    Text,
    /// Test Anything Protocol, version 14
    Tap,
    /// JUnit's XML
    Junit,
    /// One JSON object
    Json,
}

/// Runs the command.
///
/// # Errors
/// [`Trouble`]: bad cases or a misuse (2), a plugin that does not load (3), a fault of the kit (4).
pub(crate) fn run(args: &ConformanceArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    let catalog = catalog(args)?;
    match (&args.command, &args.plugin) {
        (Some(ConformanceCommand::List), _) => show::list(&catalog, out),
        (Some(ConformanceCommand::NewCase { from, profile }), _) => {
            show::new_case(&catalog, from, profile.as_deref(), out)
        }
        (Some(ConformanceCommand::Requirements), _) => show::requirements(&catalog, out),
        (None, Some(plugin)) => prove(args, &catalog, plugin, out),
        (None, None) => Err(Trouble::usage("no plugin is given", "`wane conformance PLUGIN`")),
    }
}

/// Does one case, as the kit's runner asks.
///
/// # Errors
/// [`Trouble::Kit`].
pub(crate) fn child() -> Result<Verdict, Trouble> {
    match wane_conformance::child() {
        Ok(()) => Ok(Verdict::Well),
        Err(message) => Err(Trouble::Kit { message, code: 4 }),
    }
}

fn catalog(args: &ConformanceArgs) -> Result<Catalog, Trouble> {
    let read = args.stock.as_deref().map_or_else(Catalog::stock, Catalog::read);
    read.map_err(|fault| bad_case(&fault))
}

fn bad_case(fault: &Fault) -> Trouble {
    let help = if fault.help.is_empty() { "docs/conformance.md tells the form of a case" } else { &fault.help };
    Trouble::usage(fault.to_string(), help)
}

fn prove(args: &ConformanceArgs, catalog: &Catalog, plugin: &Path, out: &mut Out) -> Result<Verdict, Trouble> {
    let file = plugin.canonicalize().map_err(Trouble::read(plugin))?;
    let (set, directory) = chosen(args, catalog, &file)?;
    let plan = Plan {
        plugin: file,
        program: std::env::current_exe().map_err(|error| Trouble::Kit { message: error.to_string(), code: 4 })?,
        words: vec!["conformance-case".to_owned()],
        level: args.level,
        only: args.only.clone(),
        timeout: Duration::from_secs(args.timeout),
        again: again(args, plugin, &set.profile.name, directory.as_deref()),
    };
    let report = runner::run(&plan, catalog, &set).map_err(refused)?;
    if let Some(path) = &args.junit {
        let written = std::fs::write(path, report::junit(&report));
        written.map_err(|source| Trouble::Write { path: path.clone(), source })?;
    }
    match args.format {
        Format::Text => write!(out, "{}", report::text(&report))?,
        Format::Tap => write!(out, "{}", report::tap(&report))?,
        Format::Junit => write!(out, "{}", report::junit(&report))?,
        Format::Json => writeln!(out, "{}", report::json(&report))?,
    }
    Ok(if report.passed() { Verdict::Well } else { Verdict::Findings })
}

fn refused(refused: Refused) -> Trouble {
    match refused {
        Refused::Usage { message, help } => Trouble::usage(message, help),
        Refused::NotLoaded(_) => Trouble::Kit { message: refused.to_string(), code: 3 },
        Refused::Kit(_) => Trouble::Kit { message: refused.to_string(), code: 4 },
    }
}

/// The cases to be played, and the directory of one's own that they are from.
fn chosen(args: &ConformanceArgs, catalog: &Catalog, file: &Path) -> Result<(Set, Option<PathBuf>), Trouble> {
    if let Some(directory) = &args.cases {
        if args.profile.as_deref().is_some_and(|profile| profile != CORE) {
            return Err(Trouble::usage(
                "`--cases` brings its own profile",
                "leave `--profile` out, or say `--profile core`",
            ));
        }
        return Ok((own(directory)?, Some(directory.clone())));
    }
    if let Some(name) = args.profile.as_deref().filter(|name| *name != CORE) {
        let names = || catalog.sets.keys().map(String::as_str).collect::<Vec<_>>().join("`, `");
        let help = || format!("there are `{}`; `--cases DIR` brings your own", names());
        let found = catalog.sets.get(name).cloned();
        return Ok((found.ok_or_else(|| Trouble::usage(format!("there is no profile `{name}`"), help()))?, None));
    }
    let channel = channel(file)?;
    let (set, directory) = match (catalog.sets.get(&channel), at_hand(file)) {
        (Some(set), _) => (set.clone(), None),
        (None, Some(directory)) => (own(&directory)?, Some(directory)),
        (None, None) => {
            let message = format!("no profile is for the plugin's channel `{channel}`");
            return Err(Trouble::usage(message, "`--cases DIR`, a directory with a `profile.toml` that has samples"));
        }
    };
    Ok((if args.profile.is_some() { catalog.core_with(&set) } else { set }, directory))
}

/// The channel that a plugin says it is for.
fn channel(file: &Path) -> Result<String, Trouble> {
    let bytes = std::fs::read(file).map_err(Trouble::read(file))?;
    let inspected = wane_plugin_host::inspect_bytes(&bytes);
    let not_loaded = |message| Trouble::Kit { message: format!("the plugin does not load: {message}"), code: 3 };
    Ok(inspected.map_err(not_loaded)?.manifest.channel)
}

/// The directory of cases that `wane new-channel` makes, here or beside the plugin.
fn at_hand(file: &Path) -> Option<PathBuf> {
    let beside = file.parent().map(|place| place.join("conformance"));
    let places = [Some(PathBuf::from("conformance")), beside];
    places.into_iter().flatten().find(|place| place.join("profile.toml").is_file())
}

/// The set in a directory of one's own, named after that directory.
fn own(directory: &Path) -> Result<Set, Trouble> {
    let whole = directory.canonicalize().map_err(Trouble::read(directory))?;
    let name = whole.file_name().map_or_else(|| "own".to_owned(), |name| name.to_string_lossy().into_owned());
    let name = if name == CORE { "own".to_owned() } else { name };
    Catalog::own(directory, &name).map_err(|fault| bad_case(&fault))
}

/// The command that repeats the run.
fn again(args: &ConformanceArgs, plugin: &Path, profile: &str, directory: Option<&Path>) -> String {
    let mut words = format!("wane conformance {}", plugin.display());
    match directory {
        Some(directory) => words.push_str(&format!(" --cases {}", directory.display())),
        None => words.push_str(&format!(" --profile {profile}")),
    }
    if let Some(directory) = &args.stock {
        words.push_str(&format!(" --stock {}", directory.display()));
    }
    words
}
