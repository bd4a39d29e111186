//! The parent's end of a child.

use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child as Process, ExitStatus};
use std::time::Duration;

use super::frame::{self, Broken, Buffer, Writer};
use super::keeper;
use super::message::{self, Hello};
use super::near::Near;
use crate::instance::Ask;
use crate::output::{Output, shortened};
use crate::settings::Budget;
use crate::stopwatch::{Apart, ProcessClock, Stopwatch};

/// How long a child may take to start, load its plugin and make an instance.
const START: Duration = Duration::from_secs(10);
/// Who has not answered after that long, or at the system's next tick, does not answer soon ([`Near`]).
const SOON: Duration = Duration::from_millis(1);

/// How children of a plugin have done lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No more than one was lost.
    Good,
    /// More were. The next ones get what nobody else wants of the processors.
    Lost,
}

/// What children are made of.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// The program, which is told [`keeper::ARGUMENT`].
    pub(crate) program: PathBuf,
    /// The file that was vetted.
    pub(crate) copy: PathBuf,
    /// Its manifest.
    pub(crate) manifest: Vec<u8>,
}

/// A child with an instance. Whoever has it is the only one who asks it. It ends, with its group, when this is dropped.
#[derive(Debug)]
pub(crate) struct Child {
    process: Process,
    standing: Standing,
    stream: UnixStream,
    clock: ProcessClock,
    /// Not for one that gives way: it would wait for this core while others have nothing to do.
    near: Option<Near>,
    /// How long the stream waits at most before somebody looks whether the other side is late.
    patience: Duration,
    /// How it ended, once it was waited for.
    over: Option<ExitStatus>,
    buffer: Buffer,
    writer: Writer,
}

impl Child {
    /// Starts one and waits until it is ready.
    pub(crate) fn start(recipe: &Recipe, config: &str, standing: Standing) -> Result<Self, String> {
        let (process, stream) = keeper::start(&recipe.program, standing)?;
        let clock = ProcessClock::of(process.id()).ok_or("its process has no clock")?;
        let near = if standing == Standing::Good { Near::of(process.id()) } else { None };
        let (patience, buffer, writer) = (Duration::ZERO, Buffer::new(), Writer::new());
        let mut child = Self { process, standing, stream, clock, near, patience, over: None, buffer, writer };
        let copy = recipe.copy.to_str().ok_or("its path is not UTF-8")?;
        match child.greet(&Hello { copy, manifest: &recipe.manifest, config }) {
            Ok(Ok(())) => Ok(child),
            Ok(Err(why)) => Err(why),
            Err(broken) => Err(child.ended(broken)),
        }
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// How the plugin stood when it was started.
    pub(crate) const fn standing(&self) -> Standing {
        self.standing
    }

    /// Asks once. After an error it is of no use any more.
    pub(crate) fn ask(&mut self, id: u64, ask: &Ask<'_>, budget: &Budget) -> Result<(i32, Output), String> {
        let answer = self.exchange(id, ask, budget);
        answer.map_err(|broken| self.ended(broken))
    }

    fn greet(&mut self, hello: &Hello<'_>) -> Result<Result<(), String>, Broken> {
        self.wait_at_most(START / 100)?;
        let watch = Stopwatch::start();
        let slow = || format!("took longer than {} s to start", START.as_secs());
        let late = || if watch.wall() > START { Err(slow()) } else { Ok(()) };
        let frame =
            hello.write(&mut self.writer).ok_or_else(|| Broken::Wrong("a config that is too long".to_owned()))?;
        frame::write(&mut self.stream, frame, late)?;
        let answer = message::ready(self.buffer.read(&mut self.stream, late)?);
        let answer = answer.ok_or_else(|| Broken::Wrong("an answer that is none".to_owned()))?;
        Ok(answer.map_err(|why| shortened(&String::from_utf8_lossy(why))))
    }

    fn exchange(&mut self, id: u64, ask: &Ask<'_>, budget: &Budget) -> Result<(i32, Output), Broken> {
        self.wait_at_most(budget.hard.min(SOON))?;
        let watch = Apart::start(self.clock);
        let frame = message::write_ask(&mut self.writer, id, ask);
        let frame = frame.ok_or_else(|| Broken::Wrong("a request that is too long for a process".to_owned()))?;
        let (near, mut soon) = (&mut self.near, true);
        near.iter_mut().for_each(Near::come);
        let mut late = || {
            soon = false;
            near.iter_mut().for_each(Near::go);
            watch.spent(budget)
        };
        frame::write(&mut self.stream, frame, &mut late)?;
        let answer = self.buffer.read(&mut self.stream, late)?;
        if soon {
            near.iter_mut().for_each(Near::answered);
        }
        message::done(answer, id, ask.call()).ok_or_else(|| Broken::Wrong("an answer that is none".to_owned()))
    }

    fn wait_at_most(&mut self, patience: Duration) -> Result<(), Broken> {
        // A time-out of zero would be none at all.
        let patience = patience.max(Duration::from_millis(1));
        if self.patience != patience {
            let failed = |error: std::io::Error| Broken::Wrong(format!("its socket: {error}"));
            self.stream.set_read_timeout(Some(patience)).map_err(failed)?;
            self.stream.set_write_timeout(Some(patience)).map_err(failed)?;
            self.patience = patience;
        }
        Ok(())
    }

    /// Ends it, and tells how it ended.
    fn ended(&mut self, broken: Broken) -> String {
        let status = self.kill();
        match (broken, status) {
            (Broken::Wrong(what), _) => what,
            (Broken::Closed, Some(status)) => told(status),
            (Broken::Closed, None) => "its process is gone".to_owned(),
        }
    }

    /// Kills the group while its first process is there to name it; one that ended by itself keeps its own status.
    #[expect(unsafe_code, reason = "a group is killed by a call of the system")]
    fn kill(&mut self) -> Option<ExitStatus> {
        if self.over.is_some() {
            return self.over;
        }
        if let Ok(group) = libc::pid_t::try_from(self.process.id()) {
            // SAFETY: takes numbers only; the process was not waited for, so its number is nobody else's.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
        self.over = self.process.wait().ok();
        self.over
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

fn told(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGKILL), _) => "its process closed its socket, or was killed".to_owned(),
        (Some(signal), _) => format!("its process died of signal {signal}{}", named(signal)),
        (None, Some(code)) => format!("its process ended with exit status {code}"),
        (None, None) => "its process ended".to_owned(),
    }
}

const fn named(signal: i32) -> &'static str {
    match signal {
        libc::SIGSEGV => " (it used memory that is not its own)",
        libc::SIGBUS => " (it used memory that is not there)",
        libc::SIGABRT => " (it gave up)",
        libc::SIGILL => " (it ran what is no program)",
        libc::SIGFPE => " (it divided by zero)",
        libc::SIGSYS => " (it asked the system for what it may not)",
        _ => "",
    }
}
