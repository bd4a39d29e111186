//! The thread that keeps a free segment of the log ready, and syncs when the log does not by itself.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use wane_store::file::FileLog;
use wane_store::log::{Log, LogError};
use wane_store::sync::Sync;

/// How often it is seen to that a free segment is there.
const EVERY: Duration = Duration::from_millis(100);

/// The running thread.
pub(super) struct Upkeep {
    stop: Sender<()>,
    thread: std::io::Result<JoinHandle<()>>,
}

impl Upkeep {
    pub(super) fn start(log: FileLog) -> Self {
        let (stop, stopped) = channel();
        let every = match log.durability() {
            Sync::Interval(every) => every,
            Sync::Always | Sync::Off => EVERY,
        };
        let thread = Builder::new().name("upkeep".to_owned()).spawn(move || {
            let mut course = Course::default();
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(every) {
                let done = if log.durability().is_durable() { log.prepare().map(drop) } else { log.sync() };
                course.tell(done);
            }
            if let Err(error) = log.sync() {
                tracing::error!(%error, "the last sync of the log failed");
            }
        });
        Self { stop, thread }
    }

    pub(super) fn end(self) {
        drop(self.stop);
        drop(self.thread.map(JoinHandle::join));
    }
}

/// Whether it fails. A full disk stays full for long, and to say so each time would only fill it. What it says is not
/// compared: each try may name another file.
#[derive(Debug, Default)]
struct Course {
    fails: bool,
}

impl Course {
    /// Logs how it went, if that is new.
    fn tell(&mut self, done: Result<(), LogError>) {
        if !self.turns(done.is_err()) {
            return;
        }
        match done {
            Err(error) => tracing::error!(%error, "keeping the log ready failed"),
            Ok(()) => tracing::info!("the log is kept ready again"),
        }
    }

    /// Takes how it went, and gives whether that is new.
    const fn turns(&mut self, fails: bool) -> bool {
        let is_new = self.fails != fails;
        self.fails = fails;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_said_once() {
        let mut course = Course::default();
        let said = [false, true, true, true, false, false, true].map(|fails| course.turns(fails));
        assert_eq!(said, [false, true, false, false, true, false, true]);
    }
}
