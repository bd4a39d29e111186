//! `wane demo`: recorded chats played against a daemon of its own on a fast clock, to see sessions go inactive and end.
//!
//! Everything is real: the daemon, its log in a directory that goes away, HTTP, the rules. Only time is moved by hand.

mod chats;
mod client;
mod show;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use clap::Args;
use wane_core::time::Timestamp;
use wane_server::app::App;
use wane_server::config::Config;
use wane_server::dev::Dev;
use wane_server::serve::{ServeError, Start, serve};

use crate::Verdict;
use crate::out::Out;
use crate::trouble::Trouble;
use chats::Chat;
use client::Client;
use show::Show;

/// After the last event the clock goes on by this much, so that what is still open has its end.
const AFTERWARDS: i64 = 4 * 24 * 60 * 60 * 1_000;
/// The clock is moved in steps of at most this much, so that ends are seen one by one.
const STEP: i64 = 10 * 60 * 1_000;

/// `wane demo`
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The chats: a JSON object a line, sorted by their instants; without it, the recorded ones that come with Wane
    #[arg(value_name = "EVENTS.jsonl")]
    pub(crate) events: Option<PathBuf>,
    /// The directory of rule files; if it has the stock timer `inactivity` and no row for it, it counts 10 minutes here
    #[arg(long, default_value = "rules", value_name = "DIR")]
    pub(crate) rules: PathBuf,
    /// About how many seconds it takes; 0 is as fast as it goes
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=3_600))]
    pub(crate) seconds: u32,
}

/// Runs the command.
///
/// # Errors
/// [`Trouble`] when the daemon does not start, or the chats can not be read.
pub(crate) fn run(args: &DemoArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    let directory = Directory::make()?;
    let rules = directory.0.join("rules");
    let added = chats::rules(&args.rules, &rules)?;
    let mut config = Config { rules, data: directory.0.join("data"), ..Config::default() };
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.manual_clock = true;
    let dev = Dev::prepare(&mut config).map_err(failed)?;
    let (ready, started) = channel();
    let (ended, end) = channel();
    let start = Start { config, ..Start::default() };
    let daemon = std::thread::spawn(move || {
        let done = serve(start, |app, address| drop(ready.send((app.clone(), address))));
        drop(ended);
        done
    });
    let played = match started.recv() {
        Ok((app, address)) => {
            let played = play(args, (&Client::new(address, &dev), app.clock.now()), &end, (out, added));
            app.stop.now();
            drop::<App>(app);
            played
        }
        Err(_) => Ok(()),
    };
    let inside = |_| Trouble::Daemon { message: "the daemon failed".to_owned(), code: 70 };
    daemon.join().map_err(inside)?.map_err(failed)?;
    played.map(|()| Verdict::Well)
}

fn failed(error: ServeError) -> Trouble {
    Trouble::Daemon { message: error.to_string(), code: error.exit_code() }
}

/// Plays all chats; the daemon's end (control and C) ends it.
fn play(
    args: &DemoArgs,
    (client, mut now): (&Client, Timestamp),
    end: &Receiver<()>,
    (out, added): (&mut Out, bool),
) -> Result<(), Trouble> {
    let chats = chats::read(args.events.as_deref())?;
    let Some((first, last)) = chats.first().zip(chats.last()) else { return Ok(()) };
    let shift = now.millis_since(first.at) + 1_000;
    let until = last.at.plus_millis(shift + AFTERWARDS);
    let mut pace = Pace { wait: Duration::ZERO, per: until.millis_since(now).max(1), seconds: args.seconds };
    let mut show = Show::new(now, added, out)?;
    for group in chats.chunk_by(|one, other| one.at == other.at) {
        let at = group.first().map_or(now, |chat| chat.at.plus_millis(shift));
        if !move_clock((client, end), &mut pace, (&mut now, at), &mut show)? {
            return Ok(());
        }
        let events: Vec<_> = group.iter().map(|chat| Chat::event(chat, at)).collect();
        client.send(&events)?;
    }
    if move_clock((client, end), &mut pace, (&mut now, until), &mut show)? {
        show.summary(&client.sessions()?)?;
    }
    Ok(())
}

/// Moves the clock in small steps and shows what comes; `false` when the daemon has ended.
fn move_clock(
    (client, end): (&Client, &Receiver<()>),
    pace: &mut Pace,
    (now, to): (&mut Timestamp, Timestamp),
    show: &mut Show<'_>,
) -> Result<bool, Trouble> {
    while *now < to {
        let next = now.plus_millis(STEP).min(to);
        pace.wait += pace.of(next.millis_since(*now));
        if pace.wait > Duration::from_millis(20) {
            let waited = std::mem::take(&mut pace.wait);
            if !matches!(end.recv_timeout(waited), Err(RecvTimeoutError::Timeout)) {
                return Ok(false);
            }
        }
        client.set_clock(next)?;
        *now = next;
        show.effects(*now, &client.effects()?)?;
    }
    Ok(true)
}

/// How virtual time becomes real time.
struct Pace {
    /// Not yet waited.
    wait: Duration,
    /// So many virtual milliseconds take `seconds`.
    per: i64,
    seconds: u32,
}

impl Pace {
    fn of(&self, millis: i64) -> Duration {
        let micros = i128::from(millis) * i128::from(self.seconds) * 1_000_000 / i128::from(self.per);
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }
}

/// A directory that goes away.
struct Directory(PathBuf);

impl Directory {
    fn make() -> Result<Self, Trouble> {
        let path = std::env::temp_dir().join(format!("wane-demo-{}", std::process::id()));
        make_private(&path).map_err(|source| Trouble::Write { path: path.clone(), source })?;
        Ok(Self(path))
    }
}

fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Left behind at worst: it lies in the system's directory for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
