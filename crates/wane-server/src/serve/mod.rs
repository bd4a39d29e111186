//! `wane serve`: makes the daemon from its configuration, runs it, and ends it in order.
//!
//! The order of a start: the data directory and its lock; the rules; the plugins; the log's recovery; then the listener. The
//! first one, which has no log to lock yet, makes it after the rules and the plugins.
//! The order of an end: the listener drains, the followers stop, the shards decide what they took, a last snapshot, the log.

mod trouble;
mod upkeep;

use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;
use wane_plugin_host::{Host, Settings as PluginSettings};
use wane_store::file::{Check, FileLog, Opened, Options};
use wane_store::log::Log;
use wane_store::manifest::Creation;

use crate::app::{App, Parts, Stop};
use crate::client::Relay;
use crate::clock::Clock;
use crate::config::{Config, Sync};
use crate::delivery::Delivery;
use crate::desk::bundles::Bundles;
use crate::desk::{Desk, load, reader, reload};
use crate::follow::{self, Ended};
use crate::http::listener::Door;
use crate::http::webhook::ChannelState;
use crate::metrics::Metrics;
use crate::node::{Failure, Node, NodeError, Observer, Retention, Setup, StartError, Started};
use crate::tokens::Tokens;

pub use trouble::ServeError;
use upkeep::Upkeep;

/// How much of the old log is looked at in one go, and the pause after it: at most 200 MB a second.
const LOOK: usize = 4 << 20;
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// What an operator decides at each start, beside the configuration.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The configuration, the command line laid over it.
    pub config: Config,
    /// Deadlines that are overdue by more than this at the start, in milliseconds, wait for an operator.
    pub hold_overdue_over: Option<i64>,
    /// Go on in spite of damage, and lose what has to be lost.
    pub salvage: bool,
}

/// Runs the daemon until it is told to stop; `ready` is called once, when it can be reached.
///
/// # Errors
/// [`ServeError`], each with its exit code.
pub fn serve(start: Start, ready: impl FnOnce(&App, SocketAddr)) -> Result<(), ServeError> {
    start.config.check()?;
    let runtime = runtime().map_err(ServeError::System)?;
    let done = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run(start, ready))));
    // What still waits for others is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done.unwrap_or_else(|_| Err(ServeError::Inside("the main thread failed".to_owned())))
}

/// Without a thread for each of its workers Tokio panics, and would then wait for those that it has for ever.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {
        let error = ServeError::System(std::io::Error::other("a thread could not be started"));
        let _ = writeln!(std::io::stderr(), "error: {error}");
        std::process::exit(error.exit_code().into());
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    std::panic::set_hook(usual);
    runtime
}

async fn run(start: Start, ready: impl FnOnce(&App, SocketAddr)) -> Result<(), ServeError> {
    let stop = Stop::default();
    end_at_signals(&stop)?;
    let daemon = tokio::task::spawn_blocking(move || Daemon::make(&start, stop));
    let daemon = daemon.await.map_err(|cause| ServeError::Inside(cause.to_string()))??;
    daemon.run(ready).await
}

/// `SIGTERM` and `SIGINT` stop it in order; a second one at once, as the system does by itself.
fn end_at_signals(stop: &Stop) -> Result<(), ServeError> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut heard = signal(kind).map_err(ServeError::System)?;
        let stop = stop.clone();
        tokio::spawn(async move {
            heard.recv().await;
            stop.now();
            heard.recv().await;
            tracing::warn!("told to stop a second time: stopping at once; what was answered is in the log");
            std::process::exit(130);
        });
    }
    Ok(())
}

/// Everything that was made, before it runs.
struct Daemon {
    app: App,
    log: FileLog,
    ended: Arc<Ended>,
}

impl Daemon {
    fn make(start: &Start, stop: Stop) -> Result<Self, ServeError> {
        let config = &start.config;
        Door::check(config)?;
        // A first start that is refused makes no log. With a log its lock comes first: another daemon may have all of it.
        let is_first = !config.data.join("log").exists();
        let given = is_first.then(|| directory_rules(config)).transpose()?;
        private_directory(&config.data)?;
        let early = is_first.then(|| Beside::open(config)).transpose()?;
        let log = open_log(start)?;
        let desk = Desk::open(&config.data)?;
        let initial = if log.next().0 > 1 { None } else { Some(initial_rules(config, desk.bundles(), given)?) };
        let Beside { plugins, tokens, delivery, relay } = early.map_or_else(|| Beside::open(config), Ok)?;
        let metrics = Arc::new(Metrics::default());
        let setup = Setup {
            log: Arc::new(log.clone()),
            key: log.manifest().key,
            shards: log.manifest().shards,
            manual_clock: config.manual_clock,
            initial,
            rulesets: &|hash| desk.bundles().load(hash).map_err(|error| error.to_string()),
            retention: retention(config),
            overdue_rate: config.store.overdue_per_second,
            hold_overdue_over: start.hold_overdue_over,
            snapshot_bytes: config.store.snapshot_bytes,
            snapshot_every: config.store.snapshot_every,
            observer: Arc::clone(&metrics) as Arc<dyn Observer>,
        };
        let Started { node, clock, recovered } = Node::start(&setup)?;
        tell_recovered(&recovered);
        let ended = Ended::open(&config.data, &node)?;
        let config = config.clone();
        let ended_index = Arc::clone(&ended);
        let parts = Parts {
            config,
            clock,
            node,
            tokens,
            plugins,
            metrics,
            desk,
            delivery,
            relay,
            ended: ended_index,
            channels: ChannelState::default(),
            stop,
        };
        let app = App::new(parts);
        let reader = app.clone();
        app.node.keep_for(Arc::new(move || reader.delivery.needs()));
        crate::client::keep(&app, &recovered.extras);
        Ok(Self { app, log, ended })
    }

    async fn run(self, ready: impl FnOnce(&App, SocketAddr)) -> Result<(), ServeError> {
        let Self { app, log, ended } = self;
        if let Err(error) = app.desk.catch_up(&app.node).await {
            tracing::warn!(%error, "the list of ruleset versions has a hole");
        }
        count_from_here(&app).await;
        let door = Door::open(&app.config).await?;
        let upkeep = Upkeep::start(log);
        let tasks = [
            background(&app, "following the log", {
                let (app, ended) = (app.clone(), ended);
                async move { follow::run(&app, &ended).await }
            }),
            background(&app, "reloading rules", {
                let app = app.clone();
                async move {
                    let stop = app.stop.clone();
                    reload::run(app, async move { stop.said().await }).await.map_err(|error| error.to_string())
                }
            }),
            background(&app, "delivery", {
                let app = app.clone();
                async move { crate::delivery::run(app).await.map_err(|error| error.to_string()) }
            }),
        ];
        let looking = background(&app, "looking through the log", look_through(app.clone()));
        let clients = background(&app, "the client API", {
            let app = app.clone();
            async move { crate::client::run(app).await }
        });
        ready(&app, door.address());
        let mut serving = pin!(door.serve(app.clone()));
        let failed = tokio::select! {
            () = serving.as_mut() => None,
            why = app.node.failed() => Some(why),
        };
        app.stop.now();
        if failed.is_some() {
            // Who waits for an answer is told to ask again.
            serving.await;
        }
        for task in tasks.into_iter().chain([clients, looking]) {
            drop(task.await);
        }
        let node = app.node.clone();
        drop(tokio::task::spawn_blocking(move || node.stop()).await);
        upkeep.end();
        match failed {
            Some(Failure::Write(why)) => Err(ServeError::Write(why)),
            Some(Failure::Fault(thread)) => Err(ServeError::Inside(format!("the thread `{thread}` failed"))),
            None => Ok(()),
        }
    }
}

/// What is made of the configuration and of files beside the log.
struct Beside {
    plugins: Host,
    tokens: Tokens,
    delivery: Delivery,
    relay: Relay,
}

impl Beside {
    fn open(config: &Config) -> Result<Self, ServeError> {
        Ok(Self {
            plugins: plugins(config)?,
            tokens: Tokens::open(&config.data, &config.tokens)?,
            delivery: Delivery::open(config).map_err(|error| ServeError::Setup(error.to_string()))?,
            relay: Relay::open(config)?,
        })
    }
}

/// What the metrics tell before anything has happened.
async fn count_from_here(app: &App) {
    let (ordinal, rules) = app.node.rules();
    let since = app.desk.version(ordinal).await.map(|version| version.at);
    app.metrics.found(&rules.hash.to_string(), since);
    for channel in app.config.channels.keys() {
        app.metrics.channel(channel);
        if !rules.channels.iter().any(|known| *known.name == **channel) {
            tracing::warn!(
                channel,
                "a channel is configured that the rules in force do not have: its events are refused"
            );
        }
    }
}

/// A part of the daemon that runs beside the listener. When it fails the daemon goes on, and says so.
fn background(
    app: &App,
    what: &'static str,
    work: impl Future<Output = Result<(), String>> + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    let stop = app.stop.clone();
    tokio::spawn(async move {
        if let Err(error) = work.await
            && !stop.is_said()
        {
            tracing::error!(%error, "{what} failed; restart the daemon to have it again");
        }
    })
}

/// Reads the log that the start did not have to read, without haste, so that damage is known before somebody needs it.
async fn look_through(app: App) -> Result<(), String> {
    let (mut next, until) = (app.node.oldest(), app.node.durable());
    while next <= until && !app.stop.is_said() {
        match app.node.blocks(next, LOOK).await {
            Ok(blocks) => next = blocks.last().map_or(until, |last| last.sequence).next(),
            // Retention was faster.
            Err(NodeError::Gone) => next = app.node.oldest().max(next.next()),
            Err(NodeError::Stopped) => return Ok(()),
            Err(error) => {
                let what = "the log is damaged where only histories and repeated events need it";
                tracing::error!(%error, "{what}; `wane store verify` says more");
                return Ok(());
            }
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
    Ok(())
}

/// Nobody else may read what customers say about themselves.
pub(crate) fn private_directory(data: &Path) -> Result<(), ServeError> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let fault = |error: std::io::Error| ServeError::Data { path: data.to_owned(), error };
    if !data.exists() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(fault)?;
    }
    let about = std::fs::metadata(data).map_err(fault)?;
    if !about.is_dir() {
        return Err(fault(std::io::ErrorKind::NotADirectory.into()));
    }
    if about.mode() & 0o022 != 0 {
        let what = format!("others may write in `{}`; run `chmod go-w` on it", data.display());
        return Err(ServeError::Permission(what));
    }
    Ok(())
}

/// A log of up to so many bytes is looked through as a whole before the daemon is ready: about half a second. Damage
/// anywhere in it refuses to start then.
const WHOLE_CHECK: u64 = 512 << 20;

/// The bytes of the files in a directory, as far as they can be told.
fn size_of(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|about| about.len()).sum()
}

fn open_log(start: &Start) -> Result<FileLog, ServeError> {
    let config = &start.config;
    let sync = match config.store.sync {
        Sync::Always => wane_store::sync::Sync::Always,
        Sync::Interval(every) => wane_store::sync::Sync::Interval(every),
        Sync::Off => wane_store::sync::Sync::Off,
    };
    let created = Clock::system(Timestamp::EPOCH).now();
    let creation = Creation { identity: random()?, key: random()?, created, shards: config.shards };
    let mut options = Options {
        segment: config.store.segment_bytes,
        spares: usize::try_from(config.store.spare_segments).unwrap_or(usize::MAX),
        sync,
        create: Some(creation),
        ..Options::default()
    };
    options.salvage = start.salvage;
    let place = config.data.join("log");
    if !start.salvage && size_of(&place) > WHOLE_CHECK {
        // What a recovery needs is looked at now, the rest by `look_through`: a log of a month takes minutes to read.
        options.check = Check::SinceSnapshot;
    }
    let Opened { log, created, cut, losses, damaged_snapshots } = FileLog::open(&place, options)?;
    if created {
        tracing::info!(data = %config.data.display(), "a new log was made");
    }
    if let Some(cut) = cut.filter(|_| losses.is_empty()) {
        let (file, offset, block) = (cut.file, cut.offset, cut.sequence.0);
        tracing::warn!(file, offset, block, "the end of the log, which nobody had been told of, was cut off");
    }
    for loss in losses {
        let (from, through, history_only) = (loss.from.0, loss.through.0, loss.history_only);
        tracing::error!(from, through, history_only, damage = %loss.damage, "salvaged: this is lost");
    }
    for error in damaged_snapshots {
        tracing::error!(%error, "a damaged snapshot was passed over");
    }
    Ok(log)
}

fn random() -> Result<[u8; 16], ServeError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| ServeError::Inside(error.to_string()))?;
    Ok(bytes)
}

/// The rules to begin with: the directory's. A log that was used before has its own, and starting it changes nothing.
fn initial_rules(config: &Config, bundles: &Bundles, given: Option<Given>) -> Result<Arc<Ruleset>, ServeError> {
    let (files, rules) = given.map_or_else(|| directory_rules(config), Ok)?;
    bundles.save(&files)?;
    Ok(rules)
}

/// Rule files, and what they say.
type Given = (Files, Arc<Ruleset>);

fn directory_rules(config: &Config) -> Result<Given, ServeError> {
    let files = reader::rule_files(&config.rules).map_err(|error| ServeError::Rules(error.to_string()))?;
    let checked = load::judge(&files);
    let Some(rules) = checked.rules.clone() else { return Err(ServeError::Rules(checked.words())) };
    Ok((files, rules))
}

fn retention(config: &Config) -> Retention {
    let millis = |length: Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    let kept = &config.retention;
    Retention { ids: millis(kept.ids), ended: millis(kept.ended), idle: millis(kept.idle), log: millis(kept.log) }
}

fn plugins(config: &Config) -> Result<Host, ServeError> {
    let Some(directory) = &config.plugins else { return Ok(Host::empty()) };
    let store = std::path::absolute(config.data.join("plugins")).map_err(ServeError::System)?;
    let directory = std::path::absolute(directory).map_err(ServeError::System)?;
    let mut settings = PluginSettings::new(vec![directory], store);
    settings.trust.own_group_may_write = config.dev;
    settings.trust.keys = crate::config::channels::keys(&config.trust.keys)?;
    settings.trust.signed_only = config.trust.signed_only;
    let program = wane_plugin_host::process::program();
    if let Some(why) = &program.passed_over {
        tracing::warn!("{why}");
    }
    settings.program = Some(program.path.clone());
    settings.channels = crate::config::channels::for_host(&config.channels)?;
    Ok(Host::load(&settings)?)
}

fn tell_recovered(recovered: &crate::node::Recovered) {
    let (conversations, blocks) = (recovered.conversations, recovered.blocks);
    match recovered.up_until {
        Some(up_until) => tracing::info!(conversations, blocks, %up_until, "recovered"),
        None => tracing::info!("nothing to recover"),
    }
}

impl From<StartError> for ServeError {
    fn from(error: StartError) -> Self {
        Self::Start(Box::new(error))
    }
}
