//! What a log must hold after everything that was done to it, whatever became of the disk.
//!
//! The checker knows which blocks and snapshots were answered and which were only tried. It drives a log by seed over a disk
//! that dies at a call chosen by chance, in recovery too, and looks at what is left: every answered block, at most the
//! one that was tried last, nothing else.

use std::fmt;

use wane_store::file::{FileLog, Options};
use wane_store::log::{Log, LogError};
use wane_store::memory::{Draw, Fault, FaultyDisk};
use wane_store::sync::Sync;
use wane_wire::record::Sequence;

use crate::support::{open, pieces_of};

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Something answered is gone.
    Lost(String),
    /// Something is there that was never written, or not so.
    MadeUp(String),
    /// It does not open, or can not be read.
    Unusable(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(what) => write!(f, "lost: {what}"),
            Self::MadeUp(what) => write!(f, "made up: {what}"),
            Self::Unusable(what) => write!(f, "unusable: {what}"),
        }
    }
}

/// A snapshot by what it is made of: from where it reads on, and how many pieces.
type Taken = (u64, u64);

/// What the log must hold.
pub(crate) struct Model {
    /// The blocks in order, from block 1 on. All were answered.
    blocks: Vec<Vec<u8>>,
    /// A block that was tried after those: perhaps it is there.
    tried: Option<Vec<u8>>,
    /// So many blocks survive a power cut.
    durable: usize,
    /// Whether the power was cut since the log was open.
    cut: bool,
    snapshot: Option<Taken>,
    /// Snapshots that were tried after that one.
    tried_snapshots: Vec<Taken>,
    /// Before this one all may be gone.
    released: u64,
}

impl Model {
    pub(crate) const fn new() -> Self {
        Self {
            blocks: Vec::new(),
            tried: None,
            durable: 0,
            cut: false,
            snapshot: None,
            tried_snapshots: Vec::new(),
            released: 1,
        }
    }

    /// A log came up: it shows what it holds, and has to stand by that from now on.
    pub(crate) fn opened(&mut self, log: &FileLog) -> Result<(), Wrong> {
        let last = usize::try_from(log.next().0 - 1).unwrap();
        let least = if self.cut { self.durable } else { self.blocks.len() };
        if last < least {
            return Err(Wrong::Lost(format!("blocks {} to {least}", last + 1)));
        }
        self.blocks.extend(self.tried.take());
        if last > self.blocks.len() {
            return Err(Wrong::MadeUp(format!("blocks {} to {last}", self.blocks.len() + 1)));
        }
        self.blocks.truncate(last);
        self.durable = last;
        self.cut = false;
        if log.first().0 > self.released {
            return Err(Wrong::Lost(format!("blocks before {}, released only to {}", log.first().0, self.released)));
        }
        Ok(())
    }

    pub(crate) const fn power_was_cut(&mut self) {
        self.cut = true;
    }

    /// The log holds what it must. `Ok(false)` when the disk died over it.
    pub(crate) fn holds(&mut self, log: &FileLog, disk: &FaultyDisk) -> Result<bool, Wrong> {
        let mut at = log.first();
        while at < log.next() {
            let Some(blocks) = alive(log.read(at, 4000), disk)? else { return Ok(false) };
            for block in blocks {
                if block.sequence != at || *block.records != *self.blocks[usize::try_from(at.0 - 1).unwrap()] {
                    return Err(Wrong::MadeUp(format!("block {} is another one", at.0)));
                }
                at = at.next();
            }
        }
        let Some(reader) = alive(log.snapshot(), disk)? else { return Ok(false) };
        let found = if let Some(mut reader) = reader {
            let mut pieces = Vec::new();
            loop {
                let Some(piece) = alive(reader.piece(), disk)? else { return Ok(false) };
                let Some(piece) = piece else { break };
                pieces.push(piece);
            }
            Some((reader.from().0, pieces))
        } else {
            None
        };
        self.snapshot_fits(log, found)?;
        Ok(true)
    }

    fn snapshot_fits(&mut self, log: &FileLog, found: Option<(u64, Vec<Vec<u8>>)>) -> Result<(), Wrong> {
        let Some((from, pieces)) = found else {
            return match self.snapshot {
                Some(lost) => Err(Wrong::Lost(format!("the snapshot from {}", lost.0))),
                None => Ok(()),
            };
        };
        let known = self.snapshot.iter().chain(&self.tried_snapshots);
        let taken = (from, pieces.len() as u64);
        let Some(taken) =
            known.copied().find(|known| *known == taken && pieces_of(Sequence(known.0), known.1) == pieces)
        else {
            return Err(Wrong::MadeUp(format!("the snapshot from {from} is none that was taken")));
        };
        if from < log.first().0 {
            return Err(Wrong::Lost(format!("what the snapshot from {from} reads on from")));
        }
        self.snapshot = Some(taken);
        Ok(())
    }
}

/// A result, unless the disk is dead.
fn alive<T>(result: Result<T, LogError>, disk: &FaultyDisk) -> Result<Option<T>, Wrong> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(_) if disk.is_dead() => Ok(None),
        Err(error) => Err(Wrong::Unusable(error.to_string())),
    }
}

/// One thing that a daemon does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Append(usize),
    Snapshot { back: u64, pieces: u64 },
    Release { back: u64 },
    Prepare,
    Sync,
}

impl Act {
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let longest = if draw.chance(20) { 4000 } else { 700 };
        match draw.below(100) {
            0..80 => Self::Append(usize::try_from(draw.below(longest)).unwrap()),
            80..86 => Self::Snapshot { back: draw.below(12), pieces: draw.below(5) },
            86..92 => Self::Release { back: draw.below(10) },
            92..96 => Self::Prepare,
            _ => Self::Sync,
        }
    }
}

/// Does it, and notes what was answered.
pub(crate) fn act(log: &FileLog, act: Act, model: &mut Model, salt: u64) -> Result<(), LogError> {
    let next = log.next();
    match act {
        Act::Append(length) => {
            let text = format!("{}.{salt:x} ", next.0).into_bytes();
            let records: Vec<u8> = text.into_iter().cycle().take(length).collect();
            model.tried = Some(records.clone());
            log.append(next, &records)?;
            model.tried = None;
            model.blocks.push(records);
            if log.durability().is_durable() {
                model.durable = model.blocks.len();
            }
            Ok(())
        }
        Act::Snapshot { back, pieces } => {
            let from = Sequence(next.0.saturating_sub(back).max(log.first().0));
            let mut writer = log.start_snapshot(from)?;
            for piece in pieces_of(from, pieces) {
                writer.put(&piece)?;
            }
            model.tried_snapshots.push((from.0, pieces));
            writer.finish(Sequence(next.0 - 1))?;
            model.snapshot = model.tried_snapshots.pop();
            model.tried_snapshots.clear();
            model.durable = model.blocks.len();
            Ok(())
        }
        Act::Release { back } => {
            let before = next.0.saturating_sub(back);
            model.released = model.released.max(before);
            log.release(Sequence(before))
        }
        Act::Prepare => log.prepare().map(|_| ()),
        Act::Sync => {
            log.sync()?;
            model.durable = model.blocks.len();
            Ok(())
        }
    }
}

/// How often what was met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) crashes: u64,
    pub(crate) power_cuts: u64,
    pub(crate) in_recovery: u64,
    pub(crate) torn: u64,
    pub(crate) blocks: u64,
    pub(crate) reused: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.crashes += other.crashes;
        self.power_cuts += other.power_cuts;
        self.in_recovery += other.in_recovery;
        self.torn += other.torn;
        self.blocks += other.blocks;
        self.reused += other.reused;
    }
}

/// One directory through so many crashes.
pub(crate) fn live(seed: u64, crashes: u64, options: Options) -> Result<Tally, Wrong> {
    let disk = FaultyDisk::new(seed);
    let mut draw = Draw::new(seed.wrapping_mul(77));
    let (mut model, mut tally) = (Model::new(), Tally::default());
    while tally.crashes < crashes {
        // Weighed so that recovery has its share.
        let within = if draw.chance(40) { 45 } else { 250 };
        disk.fail_after(draw.below(within), Fault::Death);
        until_death(&disk, &mut draw, (&mut model, &mut tally), options)?;
        tally.crashes += 1;
        if draw.chance(75) {
            disk.cut_power();
            model.cut = true;
            tally.power_cuts += 1;
        } else {
            disk.kill();
        }
    }
    let opened = open(&disk, options).map_err(|error| Wrong::Unusable(error.to_string()))?;
    model.opened(&opened.log)?;
    model.holds(&opened.log, &disk)?;
    tally.blocks += model.blocks.len() as u64;
    tally.reused += u64::from(opened.log.first() > Sequence(1));
    Ok(tally)
}

fn until_death(
    disk: &FaultyDisk,
    draw: &mut Draw,
    (model, tally): (&mut Model, &mut Tally),
    options: Options,
) -> Result<(), Wrong> {
    let Some(opened) = alive(open(disk, options), disk)? else {
        tally.in_recovery += 1;
        return Ok(());
    };
    tally.torn += u64::from(opened.cut.is_some());
    model.opened(&opened.log)?;
    if !model.holds(&opened.log, disk)? {
        return Ok(());
    }
    loop {
        let next = Act::draw(draw);
        if alive(act(&opened.log, next, model, draw.number()), disk)?.is_none() {
            return Ok(());
        }
    }
}

/// Through so many crashes over many directories, on two threads; the first thing that is wrong, with its seed.
pub(crate) fn search(seeds: std::ops::Range<u64>, options: Options) -> Result<Tally, (u64, Wrong)> {
    const CRASHES: u64 = 25;
    let half = |odd: u64| {
        let mut tally = Tally::default();
        for seed in seeds.clone().filter(|seed| seed % 2 == odd) {
            tally.add(live(seed, CRASHES, options).map_err(|wrong| (seed, wrong))?);
        }
        Ok(tally)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut tally = half(0)?;
        tally.add(other.join().expect("no panic")?);
        Ok(tally)
    })
}

/// As in the daemon, and weaker.
pub(crate) const SYNCS: [Sync; 2] = [Sync::Always, Sync::Off];
