//! Kills the real daemon at random moments while it serves, starts it again, and checks from outside that nothing that was
//! answered is lost and that every deadline is decided exactly once.
//!
//! `WANE_KILL_ROUNDS` says how often it is killed, `WANE_KILL_SEED` chooses the moments and the load. The moments depend on
//! the machine as well, so a seed makes a run alike, not the same.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests may fail, and say what they saw"
)]

mod chance;
mod daemon;
mod judge;
mod reader;
mod rules;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use chance::Chance;
use daemon::{Daemon, Link, Place};
use reader::Reader;
use writer::Writer;

const WRITERS: u64 = 3;

fn number(name: &str, or: u64) -> u64 {
    std::env::var(name).map_or(or, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// What lives on while the daemon dies.
struct World {
    place: Place,
    chance: Chance,
    writers: Vec<Writer>,
    readers: Vec<Reader>,
    told: Told,
}

/// What happened how often, so that a run which tried nothing is seen.
#[derive(Debug, Default)]
struct Told {
    killed_at_work: u32,
    killed_at_start: u32,
    stopped_in_order: u32,
    activations_begun: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            place: Place::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("crash")),
            chance: Chance::new(seed),
            writers: (0..WRITERS).map(|number| Writer::new(number, Chance::new(seed ^ (number + 1)))).collect(),
            readers: vec![Reader::new("effects"), Reader::new("decisions")],
            told: Told::default(),
        }
    }

    /// Starts, perhaps dies in it, serves under load, and is killed; now and then it is stopped in order instead.
    fn round(&mut self) {
        while self.chance.one_in(4) {
            let mut starting = Daemon::spawn(&self.place);
            starting.wait_at_most(self.chance.below(150));
            starting.kill();
            self.told.killed_at_start += 1;
        }
        let mut daemon = Daemon::spawn(&self.place);
        let link = daemon.ready();
        self.writers.iter_mut().for_each(|writer| writer.check_again(&link));
        self.serve(&mut daemon, &link);
    }

    fn serve(&mut self, daemon: &mut Daemon, link: &Link) {
        let over = Arc::new(AtomicBool::new(false));
        let writing = spawn(std::mem::take(&mut self.writers), link, &over, Writer::work);
        let reading = spawn(std::mem::take(&mut self.readers), link, &over, Reader::follow);
        daemon.wait_at_most(self.chance.below(500));
        let activating = self.chance.one_in(3).then(|| {
            self.told.activations_begun += 1;
            let (link, variant) = (link.clone(), self.chance.below(2));
            std::thread::spawn(move || link.post("/v1/rules/activate", &rules::activation(variant)))
        });
        if activating.is_some() {
            daemon.wait_at_most(self.chance.below(40));
        }
        if self.chance.one_in(8) {
            daemon.stop_in_order();
            self.told.stopped_in_order += 1;
        } else {
            daemon.kill();
            self.told.killed_at_work += 1;
        }
        over.store(true, Ordering::Release);
        drop(activating.map(JoinHandle::join));
        self.writers = writing.into_iter().map(|thread| thread.join().expect("a writer found a fault")).collect();
        self.readers = reading.into_iter().map(|thread| thread.join().expect("a reader found a fault")).collect();
    }

    /// The last start: everything is posted and read again, then the log is judged as a whole.
    fn end(mut self) {
        let mut daemon = Daemon::spawn(&self.place);
        let link = daemon.ready();
        self.writers.iter_mut().for_each(|writer| writer.finish(&link));
        for reader in &mut self.readers {
            reader.settle(&link);
            reader.read_all_again(&link);
        }
        let stopped = daemon.stop_in_order();
        assert_eq!(stopped, Some(0), "{}", self.place.log());
        let [effects, decisions] = [&self.readers[0], &self.readers[1]];
        let events = judge::whole(&self.place, &self.writers, (effects.seen(), decisions.seen()));
        println!("{:?}: {events} events, {} decisions", self.told, decisions.seen().len());
        assert!(!decisions.seen().is_empty() && events > 0, "nothing was tried");
        self.place.remove();
    }
}

fn spawn<T: Send + 'static>(
    things: Vec<T>,
    link: &Link,
    over: &Arc<AtomicBool>,
    work: fn(T, &Link, &AtomicBool) -> T,
) -> Vec<JoinHandle<T>> {
    let begin = |thing| {
        let (link, over) = (link.clone(), Arc::clone(over));
        std::thread::spawn(move || work(thing, &link, &over))
    };
    things.into_iter().map(begin).collect()
}

#[test]
fn what_was_answered_survives_kills_and_every_deadline_is_decided_once() {
    let (rounds, seed) = (number("WANE_KILL_ROUNDS", 15), number("WANE_KILL_SEED", 1));
    let mut world = World::new(seed);
    for _ in 0..rounds {
        world.round();
    }
    world.end();
}
