//! What lives on while the daemon fails: the directory, and clients that note what they were answered.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wane_tests::daemon::Process;

use crate::chance::Chance;
use crate::daemon::{Daemon, Link, Place};
use crate::judge;
use crate::reader::Reader;
use crate::writer::Writer;

pub(crate) struct World {
    pub(crate) place: Place,
    writers: Vec<Writer>,
    readers: Vec<Reader>,
}

impl World {
    pub(crate) fn new(place: PathBuf) -> Self {
        Self {
            place: Place::new(place),
            writers: (0..2).map(|number| Writer::new(number, Chance::new(number + 1))).collect(),
            readers: vec![Reader::new("effects"), Reader::new("decisions")],
        }
    }

    /// Loads a daemon until it ends, or for that long: then it is told to stop. Its exit code.
    pub(crate) fn load(&mut self, mut process: Process, time: Duration) -> Option<i32> {
        let Ok(address) = process.address() else { return process.wait().code() };
        let (link, over) = (&Link::to(address), &AtomicBool::new(false));
        std::thread::scope(|scope| {
            let writing = std::mem::take(&mut self.writers).into_iter();
            let writing: Vec<_> = writing.map(|writer| scope.spawn(move || writer.work(link, over))).collect();
            let reading = std::mem::take(&mut self.readers).into_iter();
            let reading: Vec<_> = reading.map(|reader| scope.spawn(move || reader.follow(link, over))).collect();
            drop(process.line_within(time));
            process.signal("TERM");
            let status = process.wait();
            over.store(true, Ordering::Release);
            self.writers = writing.into_iter().map(|thread| thread.join().expect("a writer found a fault")).collect();
            self.readers = reading.into_iter().map(|thread| thread.join().expect("a reader found a fault")).collect();
            status.code()
        })
    }

    /// A daemon without faults: it starts, and everything that was answered since the last time is there.
    pub(crate) fn check(&mut self) {
        let mut daemon = Daemon::spawn(&self.place);
        let link = daemon.ready();
        self.writers.iter_mut().for_each(|writer| writer.check_again(&link));
        assert_eq!(daemon.stop_in_order(), Some(0), "{}", self.place.log());
    }

    /// The last start: everything is posted and read again, then the log is judged as a whole. What there was.
    pub(crate) fn end(mut self) -> String {
        let mut daemon = Daemon::spawn(&self.place);
        let link = daemon.ready();
        self.writers.iter_mut().for_each(|writer| writer.finish(&link));
        for reader in &mut self.readers {
            reader.settle(&link);
            reader.read_all_again(&link);
        }
        assert_eq!(daemon.stop_in_order(), Some(0), "{}", self.place.log());
        let [effects, decisions] = [&self.readers[0], &self.readers[1]];
        let events = judge::whole(&self.place, &self.writers, (effects.seen(), decisions.seen()));
        let told = format!("{events} events, {} decisions", decisions.seen().len());
        assert!(!decisions.seen().is_empty() && events > 0, "nothing was tried: {told}");
        self.place.remove();
        told
    }
}
