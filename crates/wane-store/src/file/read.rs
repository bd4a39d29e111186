//! Reading blocks back, while others are appended.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use wane_wire::record::Sequence;

use crate::log::{Block, LogError};
use crate::manifest::failed;
use crate::segment::{Segment, Walk, lock};

use super::Inner;

/// Blocks that are being gathered.
struct Gather {
    blocks: Vec<Block>,
    room: usize,
}

impl Inner {
    pub(super) fn read(&self, from: Sequence, most: usize) -> Result<Vec<Block>, LogError> {
        let next = self.next.load(Ordering::Acquire);
        let mut gather = Gather { blocks: Vec::new(), room: most.max(1) };
        let mut at = from.0;
        while at < next && gather.room > 0 {
            let Some((segment, end)) = self.holding(at) else {
                // Released while this was reading; what was read is still right.
                break;
            };
            self.gather(&segment, (at, end.min(next)), &mut gather)?;
            at = gather.blocks.last().map_or(at, |block| block.sequence.0 + 1);
        }
        if gather.blocks.is_empty() && from.0 < next {
            let first = Sequence(self.first.load(Ordering::Acquire));
            return Err(LogError::Gone { asked: from, first });
        }
        Ok(gather.blocks)
    }

    /// The segment that holds a block, and the first block after that segment. As long as somebody has it, it is not used
    /// again for other blocks.
    fn holding(&self, sequence: u64) -> Option<(Arc<Segment>, u64)> {
        if sequence < self.first.load(Ordering::Acquire) {
            return None;
        }
        let space = lock(&self.space);
        let after = space.live.partition_point(|segment| segment.header.first <= sequence);
        let segment = space.live.get(after.checked_sub(1)?)?;
        let end = space.live.get(after).map_or(u64::MAX, |segment| segment.header.first);
        Some((Arc::clone(segment), end))
    }

    fn gather(&self, segment: &Segment, (from, to): (u64, u64), gather: &mut Gather) -> Result<(), LogError> {
        let failed = |error| failed(&segment.name(), error);
        let mut walk = Walk::new(self.seed, segment.file.as_ref());
        let (mut sequence, mut offset) = segment.nearest(from);
        while sequence < to && gather.room > 0 {
            let head = walk.head(offset).map_err(failed)?.filter(|head| head.sequence == sequence);
            let head = head.ok_or_else(|| damaged(segment, offset, sequence))?;
            segment.mark(sequence, offset);
            if sequence >= from {
                let records = walk.records(offset, &head).map_err(failed)?;
                let records = records.ok_or_else(|| damaged(segment, offset, sequence))?;
                gather.room = gather.room.saturating_sub(records.len().max(1));
                gather.blocks.push(Block { sequence: Sequence(sequence), records: records.into() });
            }
            offset += head.extent();
            sequence += 1;
        }
        Ok(())
    }
}

fn damaged(segment: &Segment, offset: u64, sequence: u64) -> LogError {
    LogError::Damaged { file: segment.name(), offset, what: format!("block {sequence} is not there whole") }
}
