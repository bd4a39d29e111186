//! Blocks beyond the end of the log: what a crash left of writes, or what damage cut off.

use std::io;

use crate::layout::{Head, SECTOR, Seed, looks_like_a_block};
use crate::log::LogError;
use crate::manifest::{Manifest, failed};
use crate::segment::{self, Window};

use super::{Follow, Found};

/// Something that lies beyond the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) slot: u32,
    pub(crate) offset: u64,
    /// The last block that was durable when it was written.
    pub(crate) durable: u64,
    /// Whether it is the head of a block; otherwise the header of a segment.
    pub(crate) block: bool,
}

/// Searches the rest of the last segment, and all others in which something may lie.
pub(super) fn find(
    manifest: &Manifest,
    follow: &Follow<'_>,
    live: &[Found],
    others: &[Found],
) -> Result<Vec<Stray>, LogError> {
    let search = Search { seed: Seed::of(manifest), next: follow.place.sequence };
    let mut strays = Vec::new();
    let beyond = if follow.started { follow.index + 1 } else { 0 };
    let last = live.get(follow.index).filter(|_| follow.started);
    let tasks = last.map(|found| (found, follow.place.offset, found.length));
    let tasks = tasks.into_iter().chain(live.iter().skip(beyond).map(|found| (found, 0, found.length)));
    for (found, from, to) in tasks.chain(others.iter().map(idle)) {
        let headed = found.header.filter(|header| header.first >= search.next && from == 0);
        strays.extend(headed.map(|header| Stray {
            slot: found.slot,
            offset: 0,
            durable: header.first - 1,
            block: false,
        }));
        let searched = search.sectors(found, from, to, &mut strays);
        searched.map_err(|error| failed(&segment::name(found.slot), error))?;
    }
    Ok(strays)
}

/// What must be searched of a segment that is free.
///
/// With a header it was in use before. It may just have been begun again, with the new header lost; but then nothing behind
/// its first block was written yet, since the header is made durable together with that.
const fn idle(found: &Found) -> (&Found, u64, u64) {
    let all = found.header.is_none();
    (found, 0, if all { found.length } else { 2 * SECTOR as u64 })
}

struct Search {
    seed: Seed,
    next: u64,
}

impl Search {
    fn sectors(&self, found: &Found, from: u64, to: u64, strays: &mut Vec<Stray>) -> io::Result<()> {
        let mut window = Window::new(found.file.as_ref());
        let mut offset = from;
        while offset < to {
            let sector = window.get(offset, SECTOR)?;
            let head = if looks_like_a_block(sector) { Head::read(self.seed, sector) } else { None };
            if let Some(head) = head.filter(|head| head.sequence >= self.next) {
                strays.push(Stray { slot: found.slot, offset, durable: head.durable(), block: true });
            }
            offset += SECTOR as u64;
        }
        Ok(())
    }
}
