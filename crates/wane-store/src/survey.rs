//! What is in a directory, found out without changing anything: where the log ends, what was torn there, and what is damage.
//!
//! The log is followed from its first block as far as each block is whole and follows the one before. Then everything else
//! is searched for blocks that lie beyond that end. Each block says up to which one everything was durable when it was
//! written; if a stray says so of a block that was not found, that block was answered once and is lost: damage. Otherwise
//! the rest was never answered, and is cut. Repairs are made in [`crate::file`].

mod strays;

use wane_wire::record::Sequence;

use crate::disk::{Disk, DiskFile};
use crate::layout::{Header, SECTOR, Seed};
use crate::log::LogError;
use crate::manifest::{Manifest, failed};
use crate::seeded::{Defect, Seeded};
use crate::segment::{self, Flaw, Place, Segment, Spare, Walk};
use crate::snapshot::{self, Kept};

pub(crate) use strays::Stray;

/// How much is looked at when a directory is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Every block. Takes as long as it takes to read the log once.
    #[default]
    Whole,
    /// Every block from the one on that the newest snapshot needs. Damage before that is found when it is read, and by
    /// [`crate::tools::verify()`]. For logs that are kept for long.
    SinceSnapshot,
}

/// What was torn at the end of the log, by a crash while blocks were being written that nobody had been answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The file in which the log ends now.
    pub file: String,
    /// Where in it.
    pub offset: u64,
    /// The number of the first block that was cut; the next one gets it.
    pub sequence: Sequence,
    /// How many heads of blocks lay there; 0 when there was only something that is no block.
    pub blocks: u64,
}

/// A segment file as it is found.
pub(super) struct Found {
    pub(super) slot: u32,
    pub(super) file: Box<dyn DiskFile>,
    pub(super) length: u64,
    pub(super) header: Option<Header>,
}

/// Damage, and what is needed to go on in spite of it.
pub(crate) struct Damage {
    pub(crate) error: LogError,
    /// The last one of which something tells.
    pub(crate) last: u64,
}

/// Why a survey came to no end.
pub(crate) enum Failure {
    Log(LogError),
    Damage(Box<Damage>),
}

impl Failure {
    pub(crate) fn into_error(self) -> LogError {
        match self {
            Self::Log(error) => error,
            Self::Damage(damage) => damage.error,
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// How a survey is made.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) check: Check,
    /// Where the log breaks off it ends, whatever lies behind.
    pub(crate) forgive: bool,
    pub(crate) seeded: Seeded,
}

/// What is in a directory.
pub(crate) struct Survey {
    /// The log's segments, in order. The last one is where it goes on.
    pub(crate) live: Vec<Segment>,
    pub(crate) spares: Vec<Spare>,
    pub(crate) snapshots: Vec<Kept>,
    /// Snapshots that are not whole at their ends.
    pub(crate) damaged: Vec<LogError>,
    /// Files that nothing needs: what was being made when a crash came.
    pub(crate) leftovers: Vec<String>,
    /// Where the next block goes.
    pub(crate) end: Place,
    /// The blocks from that offset on in the last segment may be in the system's cache only.
    pub(crate) unsynced: u64,
    pub(crate) cut: Option<Cut>,
    /// Sectors that must not be taken for blocks one day: file and offset.
    pub(crate) wipes: Vec<(u32, u64)>,
    /// How many blocks were followed, and their bytes of records.
    pub(crate) blocks: u64,
    pub(crate) bytes: u64,
}

/// Looks at a directory.
pub(crate) fn survey(disk: &dyn Disk, manifest: &Manifest, manner: Manner) -> Result<Survey, Failure> {
    let (snapshots, damaged) = snapshot::list(disk, manifest)?;
    let found = found(disk, manifest, manner)?;
    let (live, others) = split(manifest, found);
    let mut follow = Follow::new(manifest, manner, snapshots.last());
    follow.all(&live)?;
    let strays = strays::find(manifest, &follow, &live, &others)?;
    let place = live.get(follow.index).map_or(crate::manifest::NAME.to_owned(), |found| segment::name(found.slot));
    if !manner.forgive {
        whole(&follow, &strays, &snapshots, &place)?;
    }
    let cut = cut(&follow, &strays, place);
    let wipes = strays.iter().map(|stray| (stray.slot, stray.offset)).chain(follow.garbage(&live)).collect();
    let end = follow.place;
    let (unsynced, blocks, bytes) = (follow.unsynced(), follow.blocks, follow.bytes);
    let (snapshots, beyond) = snapshots.into_iter().partition(|kept: &Kept| kept.through.0 < end.sequence);
    let mut leftovers = leftovers(disk, manifest)?;
    leftovers.extend(Vec::into_iter(beyond).map(|kept: Kept| kept.name));
    let used = follow.used();
    let (live, spares) = sort(live, others, used);
    Ok(Survey { live, spares, snapshots, damaged, leftovers, end, unsynced, cut, wipes, blocks, bytes })
}

/// Refuses when something tells of a block that is not there.
fn whole(follow: &Follow<'_>, strays: &[Stray], snapshots: &[Kept], file: &str) -> Result<(), Failure> {
    let next = follow.place.sequence;
    let told = strays.iter().map(|stray| stray.durable).max().unwrap_or(0);
    let through = snapshots.last().map_or(0, |kept| kept.through.0);
    let last = told.max(through);
    if last < next {
        return Ok(());
    }
    let what = if told >= next {
        format!("{} (block {next}, and the log went on to block {last} at least)", follow.flaw.what())
    } else {
        format!("the log ends with block {}, but a snapshot was taken after block {through}", next - 1)
    };
    Err(damage(file, follow.place.offset, what, last))
}

fn cut(follow: &Follow<'_>, strays: &[Stray], file: String) -> Option<Cut> {
    let blocks = strays.iter().filter(|stray| stray.block).count() as u64;
    let torn = blocks > 0 || (follow.flaw == Flaw::Garbage && follow.started);
    let Place { sequence, offset, .. } = follow.place;
    torn.then_some(Cut { file, offset, sequence: Sequence(sequence), blocks })
}

fn found(disk: &dyn Disk, manifest: &Manifest, manner: Manner) -> Result<Vec<Found>, Failure> {
    let mut all = Vec::new();
    for slot in &manifest.segments {
        let name = segment::name(*slot);
        let file = match disk.open(&name) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && manner.forgive => continue,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(damage(&name, 0, "the file is missing".to_owned(), manifest.first.0));
            }
            Err(error) => return Err(failed(&name, error).into()),
        };
        let length = file.length().map_err(|error| failed(&name, error))?;
        let mut sector = [0; SECTOR];
        file.read_at(&mut sector, 0).map_err(|error| failed(&name, error))?;
        let header = Header::read(manifest, &sector);
        if let Some(header) = header.filter(|header| header.size > length && !manner.forgive) {
            let what = format!("the file ends here, but had {} bytes", header.size);
            return Err(damage(&name, length, what, header.first));
        }
        all.push(Found { slot: *slot, file, length, header });
    }
    Ok(all)
}

fn damage(name: &str, offset: u64, what: String, last: u64) -> Failure {
    let error = LogError::Damaged { file: name.to_owned(), offset, what };
    Failure::Damage(Box::new(Damage { error, last }))
}

/// The segments from the one on that has the log's first block, in order; and all others.
fn split(manifest: &Manifest, found: Vec<Found>) -> (Vec<Found>, Vec<Found>) {
    let generation = |found: &Found| found.header.map_or(0, |header| header.generation);
    let begins = |found: &&Found| found.header.is_some_and(|header| header.first <= manifest.first.0);
    let start = found.iter().filter(begins).map(generation).max().unwrap_or(1);
    let (mut live, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| generation(found) >= start);
    live.sort_by_key(generation);
    (live, others)
}

/// Parts what was followed from what is free.
fn sort(live: Vec<Found>, others: Vec<Found>, used: usize) -> (Vec<Segment>, Vec<Spare>) {
    let (mut segments, mut spares) = (Vec::new(), Vec::new());
    for (index, Found { slot, file, length, header }) in live.into_iter().enumerate() {
        match header.filter(|_| index < used) {
            Some(header) => segments.push(Segment::new(slot, file, Header { size: header.size.min(length), ..header })),
            None => spares.push(Spare { slot, file, size: length, fresh: false }),
        }
    }
    spares.extend(others.into_iter().map(|Found { slot, file, length, .. }| Spare {
        slot,
        file,
        size: length,
        fresh: false,
    }));
    (segments, spares)
}

fn leftovers(disk: &dyn Disk, manifest: &Manifest) -> Result<Vec<String>, LogError> {
    let names = disk.list().map_err(|error| failed(&disk.place(), error))?;
    let listed = |name: &str| manifest.segments.iter().any(|slot| segment::name(*slot) == name);
    let ours = |name: &String| name.ends_with(".tmp") || (segment::is_name(name) && !listed(name));
    Ok(names.into_iter().filter(ours).collect())
}

/// Follows the log from block to block, over all segments.
pub(super) struct Follow<'a> {
    manifest: &'a Manifest,
    manner: Manner,
    /// Blocks before this one are taken on trust, whole segments of them.
    trusted: u64,
    /// The segment in which the log ends.
    pub(super) index: usize,
    pub(super) place: Place,
    pub(super) flaw: Flaw,
    /// Whether there is any segment of the log.
    pub(super) started: bool,
    /// The last blocks and where they are, those that were perhaps not durable when the last one was written.
    recent: Vec<(u64, u64)>,
    blocks: u64,
    bytes: u64,
}

impl<'a> Follow<'a> {
    fn new(manifest: &'a Manifest, manner: Manner, newest: Option<&Kept>) -> Self {
        let trusted = match manner.check {
            Check::Whole => 0,
            Check::SinceSnapshot => newest.map_or(0, |kept| kept.from.0),
        };
        let previous = Seed::of(manifest).chain();
        let place = Place { sequence: manifest.first.0, previous, offset: 0 };
        let (recent, flaw) = (Vec::new(), Flaw::Nothing);
        Self { manifest, manner, trusted, index: 0, place, flaw, started: false, recent, blocks: 0, bytes: 0 }
    }

    fn used(&self) -> usize {
        if self.started { self.index + 1 } else { 0 }
    }

    fn unsynced(&self) -> u64 {
        self.recent.first().map_or(self.place.offset, |(_, offset)| *offset)
    }

    /// The sector at the end, if it holds what must not stay there.
    fn garbage(&self, live: &[Found]) -> Option<(u32, u64)> {
        let slot = live.get(self.index)?.slot;
        (self.started && self.flaw == Flaw::Garbage).then_some((slot, self.place.offset))
    }

    fn all(&mut self, live: &[Found]) -> Result<(), LogError> {
        for (index, found) in live.iter().enumerate() {
            let Some(header) = found.header else { break };
            if !self.enter(&header) {
                break;
            }
            self.index = index;
            self.started = true;
            let after = live.get(index + 1).and_then(|found| found.header);
            match after.filter(|after| after.first <= self.trusted && after.generation == header.generation + 1) {
                Some(after) => self.trust(&after),
                None => self.segment(found).map_err(|error| failed(&segment::name(found.slot), error))?,
            }
        }
        Ok(())
    }

    /// Whether the log goes on, or begins, in the segment with that header.
    fn enter(&mut self, header: &Header) -> bool {
        let fits = if self.started {
            (header.first, header.previous) == (self.place.sequence, self.place.previous)
        } else {
            header.first <= self.manifest.first.0
        };
        if fits {
            let previous = header.previous;
            self.place = Place { sequence: header.first, previous, offset: SECTOR as u64 };
            self.recent.clear();
        }
        fits
    }

    fn trust(&mut self, after: &Header) {
        self.place = Place { sequence: after.first, previous: after.previous, offset: self.place.offset };
    }

    fn segment(&mut self, found: &Found) -> std::io::Result<()> {
        let mut walk = Walk::new(Seed::of(self.manifest), found.file.as_ref());
        let believe = self.manner.seeded.has(Defect::TornTailBelieved);
        loop {
            let at = self.place.offset;
            match walk.next(&mut self.place, believe)? {
                Ok(head) => {
                    self.recent.retain(|(sequence, _)| *sequence > head.durable());
                    self.recent.push((head.sequence, at));
                    self.blocks += 1;
                    self.bytes += u64::from(head.length);
                }
                Err(_) if self.place.sequence < self.manifest.first.0 && self.skip(&mut walk, found)? => {}
                Err(flaw) => {
                    self.flaw = flaw;
                    return Ok(());
                }
            }
        }
    }

    /// Looks for the log's first block behind damage that is older than it, left by a salvage.
    fn skip(&mut self, walk: &mut Walk<'_>, found: &Found) -> std::io::Result<bool> {
        let mut offset = self.place.offset;
        while offset < found.length {
            if let Some(head) = walk.head(offset)?.filter(|head| head.sequence == self.manifest.first.0) {
                self.place = Place { sequence: head.sequence, previous: head.previous, offset };
                return Ok(true);
            }
            offset += SECTOR as u64;
        }
        Ok(false)
    }
}
