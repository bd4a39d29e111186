//! Reading the directory of rules again: at a signal, and when it changed.
//!
//! `SIGHUP` is an act: the directory is read at once. Watching is none: it waits until the directory is quiet
//! ([`super::quiet`]). What can not be used leaves the rules in force as they are.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};
use wane_core::rules::files::Files;
use wane_core::ruleset::RulesetHash;

use super::apply::{Deed, apply, unreadable};
use super::look::{look, read_still, stamps};
use super::quiet::{PERIOD, Quiet};
use super::reader::ReadError;
use super::{Proposal, Refusal, load};
use crate::app::App;

/// Who asks for it, in the log and the audit.
const SIGNAL: &str = "signal";
const WATCH: &str = "watch";
/// One tick of the watch, in milliseconds.
const TICK: u64 = PERIOD / 2;
/// Every so many ticks the directory is looked at without a hint: some file systems give none.
const UNASKED: u64 = 5_000 / TICK;

/// Serves `SIGHUP`, and watches the directory if that is configured, until `stop`.
///
/// # Errors
/// When signals can not be heard.
pub async fn run(app: App, stop: impl Future<Output = ()>) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut eye = app.config.watch.then(|| Eye::new(&app));
    if eye.is_none() {
        compare(&app).await;
    }
    let mut ticks = interval(Duration::from_millis(TICK));
    // A late tick is followed by a whole period: so counted ticks are never more time than passed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            _ = hangup.recv() => reread(&app).await,
            _ = ticks.tick(), if eye.is_some() => if let Some(eye) = &mut eye { eye.tick(&app).await },
        }
    }
}

/// A start is no act: rules that were put in force stay so, whatever the directory holds by now. It is only told.
async fn compare(app: &App) {
    let dir = app.config.rules.clone();
    let active = app.node.rules().1.hash;
    match load::aside(move || read_still(&dir)).await {
        Ok(Ok(files)) if files.hash() == active => {}
        Ok(Ok(files)) => {
            let (ruleset, directory) = (active.to_string(), files.hash().to_string());
            let help = "`wane activate` or SIGHUP puts the directory in force";
            tracing::warn!(ruleset, directory, "the rules in force are not those of the directory; {help}");
        }
        Ok(Err(error)) => tracing::warn!(error = words(&error), "the directory of rules can not be read"),
        Err(error) => tracing::warn!(%error, "the directory of rules can not be read"),
    }
}

/// Reads the directory of rules, and puts it in force.
pub async fn reread(app: &App) {
    let dir = app.config.rules.clone();
    match load::aside(move || read_still(&dir)).await {
        Ok(Ok(files)) => drop(put_in_force(app, SIGNAL, files).await),
        Ok(Err(error)) => unreadable(app, SIGNAL, words(&error)).await,
        Err(refusal) => unreadable(app, SIGNAL, refusal.to_string()).await,
    }
}

async fn put_in_force(app: &App, by: &str, files: Files) -> Result<(), Refusal> {
    let proposal = Proposal { files: Arc::new(files), by: by.into(), if_active: None };
    apply(app, Deed::Reload, proposal).await.map(drop)
}

fn words(error: &ReadError) -> String {
    match error {
        ReadError::Odd { message, help } => format!("{message}; {help}"),
        ReadError::Disk { .. } => error.to_string(),
    }
}

/// What watches the directory.
struct Eye {
    dir: PathBuf,
    quiet: Quiet,
    now: u64,
    moved: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
    stamps: [u8; 32],
}

impl Eye {
    /// The directory is looked at once in any case: it may have changed while the daemon was down.
    fn new(app: &App) -> Self {
        let RulesetHash(active) = app.node.rules().1.hash;
        let moved = Arc::new(Notify::new());
        let watcher = watcher(moved.clone());
        let mut quiet = Quiet::new(Some(active));
        quiet.stirred(0);
        let mut eye = Self { dir: app.config.rules.clone(), quiet, now: 0, moved, watcher, stamps: [0; 32] };
        eye.follow();
        eye
    }

    /// Hears of the directory that has the name now; it may be another one than before.
    fn follow(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            let _ = watcher.unwatch(&self.dir);
            if let Err(error) = watcher.watch(&self.dir, RecursiveMode::Recursive) {
                tracing::debug!(%error, "changes of the directory of rules are not told; it is looked at every few seconds");
            }
        }
    }

    async fn tick(&mut self, app: &App) {
        self.now = self.now.saturating_add(TICK);
        if self.hint().await {
            self.quiet.stirred(self.now);
        }
        if self.quiet.due().is_some_and(|due| due <= self.now) {
            self.look(app).await;
        }
    }

    /// Whether something may have changed.
    async fn hint(&mut self) -> bool {
        let told = futures_util::FutureExt::now_or_never(self.moved.notified()).is_some();
        if told || !(self.now / TICK).is_multiple_of(UNASKED) {
            return told;
        }
        let dir = self.dir.clone();
        load::aside(move || stamps(&dir)).await.is_ok_and(|stamps| stamps != self.stamps)
    }

    async fn look(&mut self, app: &App) {
        let dir = self.dir.clone();
        let Ok(seen) = load::aside(move || look(&dir)).await else { return };
        self.stamps = seen.look.stamps;
        if !self.quiet.looked(self.now, seen.look) {
            return;
        }
        self.follow();
        match seen.files {
            Err(error) => unreadable(app, WATCH, words(&error)).await,
            Ok(files) => match put_in_force(app, WATCH, files).await {
                // The rules are what they are; anything else may be over soon.
                Ok(()) | Err(Refusal::Broken(_) | Refusal::Empty) => {}
                Err(_) => self.quiet.again(self.now),
            },
        }
    }
}

fn watcher(moved: Arc<Notify>) -> Option<RecommendedWatcher> {
    let hear = move |event: notify::Result<notify::Event>| {
        // Being read, by the daemon itself too, is no change.
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            moved.notify_one();
        }
    };
    let watcher = notify::recommended_watcher(hear);
    watcher
        .inspect_err(|error| tracing::warn!(%error, "the directory of rules is only looked at every few seconds"))
        .ok()
}
