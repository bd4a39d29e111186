//! `wane serve`: runs the daemon.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use wane_core::time::Period;
use wane_server::app::App;
use wane_server::config::Config;
use wane_server::dev::Dev;
use wane_server::node::StartError;
use wane_server::serve::{ServeError, Start, serve};
use wane_server::telemetry;
use wane_store::log::LogError;

use crate::Verdict;
use crate::out::Out;
use crate::trouble::Trouble;

/// `wane serve`
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The configuration; `wane.toml` in this directory is read when it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The directory of rule files
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
    /// The directory of channel plugins
    #[arg(long, value_name = "DIR")]
    pub(crate) plugins: Option<PathBuf>,
    /// The directory of everything durable
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one, which is printed and stands in DATA/address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// For trying things out: loopback only; makes a token of each scope, prints them and writes DATA/dev-tokens.json;
    /// loads the plugins beside this program
    #[arg(long)]
    pub(crate) dev: bool,
    /// Which clock: with `manual`, time moves only by POST /v1/clock
    #[arg(long, value_enum, default_value_t = ClockKind::System)]
    pub(crate) clock: ClockKind,
    /// Put rules in force by themselves when the directory has changed and is quiet again
    #[arg(long)]
    pub(crate) watch: bool,
    /// After a stop, leave deadlines that are overdue by more than this to the operator, such as `1h`
    #[arg(long, value_name = "LENGTH")]
    pub(crate) hold_overdue_over: Option<String>,
    /// Start in spite of a damaged log, and say what is lost
    #[arg(long)]
    pub(crate) salvage: bool,
}

/// Which clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClockKind {
    /// The machine's
    System,
    /// Moved by hand, for tests and demonstrations
    Manual,
}

/// Runs the command.
///
/// # Errors
/// [`Trouble`] with the daemon's exit code.
pub(crate) fn run(args: &ServeArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    let hold_overdue_over = args.hold_overdue_over.as_deref().map(length).transpose()?;
    let mut config = configuration(args)?;
    let _telemetry = telemetry::start(&config.telemetry).map_err(|error| daemon(78, &error))?;
    let dev = config.dev.then(|| Dev::prepare(&mut config)).transpose();
    let dev = dev.map_err(|error| daemon(error.exit_code(), &error))?;
    let data = config.data.clone();
    let start = Start { config, hold_overdue_over, salvage: args.salvage };
    let mut shown = Ok(());
    let served = serve(start, |app, address| shown = announce(app, address, dev.as_ref(), out));
    shown?;
    served.map_err(|error| stopped(&error, &data))?;
    Ok(Verdict::Well)
}

/// Why it ended, and what to do about damage.
fn stopped(error: &ServeError, data: &Path) -> Trouble {
    let mut message = error.to_string();
    let of_log = matches!(error, ServeError::Log(LogError::Damaged { .. }));
    let of_start = |start: &StartError| matches!(start, StartError::Log(LogError::Damaged { .. }));
    if of_log || matches!(error, ServeError::Start(start) if of_start(start)) {
        let verify = format!("`wane store verify {}` looks at every byte", data.display());
        let rest = "start from a backup, or with `--salvage`, which tells what it loses";
        message = format!("{message}\n  = help: {verify}; {rest}");
    }
    Trouble::Daemon { message, code: error.exit_code() }
}

fn daemon(code: u8, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Daemon { message: error.to_string(), code }
}

fn length(text: &str) -> Result<i64, Trouble> {
    let fault = |error| Trouble::usage(format!("`--hold-overdue-over` is {error}"), "a length such as `1h`");
    Ok(Period::parse(text).map_err(fault)?.millis())
}

/// The file, and what the command line says instead.
pub(crate) fn configuration(args: &ServeArgs) -> Result<Config, Trouble> {
    let beside = PathBuf::from("wane.toml");
    let file = args.config.clone().or_else(|| beside.exists().then_some(beside));
    let fault = |error: wane_server::config::ConfigError| match &error.help {
        Some(help) => daemon(78, &format!("{error}\n  = help: {help}")),
        None => daemon(78, &error),
    };
    let mut config = match file {
        Some(file) => Config::read(&file).map_err(fault)?,
        None => Config::default(),
    };
    config.rules = args.rules.clone().unwrap_or(config.rules);
    config.plugins = args.plugins.clone().or(config.plugins).map(|path| whole(&path));
    config.data = whole(&args.data.clone().unwrap_or(config.data));
    config.listen = args.listen.unwrap_or(config.listen);
    config.manual_clock = args.clock == ClockKind::Manual;
    if args.dev {
        config = config.for_dev();
    }
    config.watch |= args.watch;
    config.check().map_err(fault)?;
    Ok(config)
}

/// The path from the root, without `.` and `..`: plugins are kept in the data directory, and are loaded by such paths alone.
fn whole(path: &Path) -> PathBuf {
    let (parent, name) = (path.parent(), path.file_name());
    let parent = parent.map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let beside = parent.zip(name).and_then(|(parent, name)| Some(parent.canonicalize().ok()?.join(name)));
    let whole = path.canonicalize().ok().or(beside).or_else(|| std::path::absolute(path).ok());
    whole.unwrap_or_else(|| path.to_owned())
}

fn announce(app: &App, address: SocketAddr, dev: Option<&Dev>, out: &mut Out) -> Result<(), Trouble> {
    let scheme = if app.config.tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    writeln!(out, "wane listens on {url}")?;
    for line in dev.iter().flat_map(|dev| dev.lines(&url)) {
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(())
}
