//! A disk in memory that does to the log what disks do at their worst.
//!
//! What was written is in a cache until it is synced. When the power is cut ([`FaultyDisk::cut_power`]), each write since
//! then is lost, kept, or kept in some of its 512-byte sectors only; the length of a file and the names in the directory are
//! kept or lost apart from that. When the process is killed ([`FaultyDisk::kill`]) the cache stays as it is. A chosen call
//! can fail, or be the last one before either. Everything is drawn from a seed, so what happened can happen again.

mod content;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use crate::disk::{Disk, DiskFile, Lock};
use crate::segment::lock;

use content::Content;

/// What a seed leads to: the same one each time.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// Draws by that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number (the generator is SplitMix64).
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below that one, which is not 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// True so many times in a hundred.
    pub const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What a call that is to fail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails with an input/output error; the next one works again.
    Error,
    /// It fails since the disk is full; the next one works again.
    Full,
    /// Neither it nor any later one comes back with success: the process is as good as dead.
    Death,
}

/// A directory in memory. Clones are the same one.
#[derive(Clone, Default)]
pub struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: BTreeMap<u64, Content>,
    /// Which names there are, as the process sees it.
    names: BTreeMap<String, u64>,
    /// As they are on the disk.
    lasting: BTreeMap<String, u64>,
    /// What was done to names since: the number of a file, or none.
    changes: Vec<(String, Option<u64>)>,
    made: u64,
    calls: u64,
    /// At which call what happens.
    fault: Option<(u64, Fault)>,
    dead: bool,
    /// Whether a process has it; that one is gone after a crash.
    held: Arc<()>,
    draw: u64,
}

impl std::fmt::Debug for FaultyDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = lock(&self.0);
        f.debug_struct("FaultyDisk").field("names", &state.names).field("calls", &state.calls).finish_non_exhaustive()
    }
}

impl FaultyDisk {
    /// An empty one; what it does by chance is drawn from the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let disk = Self::default();
        lock(&disk.0).draw = seed;
        disk
    }

    /// How many calls were made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        lock(&self.0).calls
    }

    /// The call after so many others, from 0, is to have that fault.
    pub fn fail_after(&self, calls: u64, fault: Fault) {
        let mut state = lock(&self.0);
        state.fault = Some((state.calls + calls + 1, fault));
    }

    /// No call fails any more.
    pub fn heal(&self) {
        lock(&self.0).fault = None;
    }

    /// Whether a [`Fault::Death`] has come.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        lock(&self.0).dead
    }

    /// Ends whatever process has the disk. What is in the cache stays there, and may still be lost.
    pub fn kill(&self) {
        let mut state = lock(&self.0);
        state.dead = false;
        state.fault = None;
        state.held = Arc::default();
    }

    /// Cuts the power. What is not synced survives as chance has it.
    pub fn cut_power(&self) {
        self.kill();
        let mut state = lock(&self.0);
        let mut draw = Draw::new(state.draw);
        settle_names(&mut state, &mut draw);
        state.names = state.lasting.clone();
        for file in state.files.values_mut() {
            file.cut_power(&mut draw);
        }
        state.forget_nameless();
        state.draw = draw.number();
    }

    /// A copy of it as it is now.
    #[must_use]
    pub fn copy(&self) -> Self {
        let state = lock(&self.0);
        let copy = State {
            files: state.files.clone(),
            names: state.names.clone(),
            lasting: state.lasting.clone(),
            changes: state.changes.clone(),
            made: state.made,
            draw: state.draw,
            ..State::default()
        };
        Self(Arc::new(Mutex::new(copy)))
    }

    /// Changes a file behind everybody's back, durably; does nothing when there is none or it is too short.
    pub fn damage(&self, name: &str, offset: u64, change: impl FnOnce(&mut u8)) {
        let mut state = lock(&self.0);
        let Some(number) = state.names.get(name).copied() else { return };
        if let Some(file) = state.files.get_mut(&number) {
            file.damage(offset, change);
        }
    }

    /// The bytes of a file; none when there is no such file.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let state = lock(&self.0);
        let number = state.names.get(name);
        number.and_then(|number| state.files.get(number)).map(|file| file.now.clone()).unwrap_or_default()
    }

    fn call<T>(&self, act: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = lock(&self.0);
        state.calls += 1;
        if state.dead {
            return Err(io::Error::other("the process is dead"));
        }
        match state.fault.filter(|(at, _)| *at == state.calls) {
            None => act(&mut state),
            Some((_, Fault::Death)) => {
                state.dead = true;
                // It may have come to pass, only that nobody was told.
                let mut draw = Draw::new(state.draw);
                state.draw = draw.number();
                if draw.chance(50) {
                    act(&mut state)?;
                }
                Err(io::Error::other("the process died"))
            }
            Some((_, Fault::Error)) => Err(io::Error::from_raw_os_error(5)),
            Some((_, Fault::Full)) => Err(io::Error::from_raw_os_error(28)),
        }
    }
}

/// Of the changes to each name those up to some point come to last.
fn settle_names(state: &mut State, draw: &mut Draw) {
    let mut gone: BTreeMap<String, bool> = BTreeMap::new();
    for (name, number) in std::mem::take(&mut state.changes) {
        let over = gone.entry(name.clone()).or_insert(false);
        *over = *over || draw.chance(50);
        if !*over {
            set(&mut state.lasting, name, number);
        }
    }
}

fn set(names: &mut BTreeMap<String, u64>, name: String, number: Option<u64>) {
    match number {
        Some(number) => names.insert(name, number),
        None => names.remove(&name),
    };
}

impl State {
    fn change(&mut self, name: &str, number: Option<u64>) {
        set(&mut self.names, name.to_owned(), number);
        self.changes.push((name.to_owned(), number));
    }

    fn number(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn file(&mut self, number: u64) -> io::Result<&mut Content> {
        self.files.get_mut(&number).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn forget_nameless(&mut self) {
        let names = &self.names;
        self.files.retain(|number, _| names.values().any(|named| named == number));
    }
}

impl Disk for FaultyDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.call(|state| Ok(state.names.keys().cloned().collect()))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let number = self.call(|state| {
            state.made += 1;
            let number = state.made;
            state.files.insert(number, Content::default());
            state.change(name, Some(number));
            Ok(number)
        })?;
        Ok(Box::new(FaultyFile { disk: self.clone(), number }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let number = self.call(|state| state.number(name))?;
        Ok(Box::new(FaultyFile { disk: self.clone(), number }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call(|state| {
            let number = state.number(from)?;
            state.change(from, None);
            state.change(to, Some(number));
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.call(|state| {
            state.number(name)?;
            state.change(name, None);
            Ok(())
        })
    }

    fn sync_directory(&self) -> io::Result<()> {
        let failed = self.call(|state| {
            for (name, number) in std::mem::take(&mut state.changes) {
                set(&mut state.lasting, name, number);
            }
            Ok(())
        });
        failed.inspect_err(|_| self.after_failure(settle_names))
    }

    fn lock(&self, _: &str) -> io::Result<Option<Lock>> {
        self.call(|state| {
            let free = Arc::strong_count(&state.held) == 1;
            Ok(free.then(|| Arc::clone(&state.held) as Lock))
        })
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }
}

impl FaultyDisk {
    /// A sync that failed leaves what it was to make durable as it likes, and it is never tried again; a write may have
    /// come some way.
    fn after_failure(&self, settle: impl FnOnce(&mut State, &mut Draw)) {
        let mut state = lock(&self.0);
        if !state.dead {
            let mut draw = Draw::new(state.draw);
            settle(&mut state, &mut draw);
            state.draw = draw.number();
        }
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    number: u64,
}

impl DiskFile for FaultyFile {
    fn length(&self) -> io::Result<u64> {
        self.disk.call(|state| Ok(state.file(self.number)?.now.len() as u64))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.call(|state| Ok(state.file(self.number)?.read(buffer, offset)))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let written = self.disk.call(|state| {
            state.file(self.number)?.write(bytes, offset);
            Ok(())
        });
        written.inspect_err(|_| {
            self.disk.after_failure(|state, draw| {
                // It got so far.
                let part = usize::try_from(draw.below(bytes.len() as u64 + 1)).unwrap_or(0);
                if let (Ok(file), Some(part)) = (state.file(self.number), bytes.get(..part)) {
                    file.write(part, offset);
                }
            });
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        let synced = self.disk.call(|state| {
            state.file(self.number)?.sync();
            Ok(())
        });
        synced.inspect_err(|_| {
            self.disk.after_failure(|state, draw| {
                if let Ok(file) = state.file(self.number) {
                    file.fail_sync(draw);
                }
            });
        })
    }
}
