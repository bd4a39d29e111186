//! Lists of session numbers in chunks of one cache line each, which are used again.

/// Numbers in a chunk; with the link, 64 bytes.
const ROOM: usize = 15;
/// Chunks that are allocated together, so that growing never moves what is there.
const SEGMENT: usize = 1 << SEGMENT_BITS;
const SEGMENT_BITS: u32 = 10;
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Chunk {
    next: u32,
    ids: [u32; ROOM],
}

/// A list: its newest chunk, and how full that is; the others are full.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    head: u32,
    fill: usize,
}

impl Default for List {
    fn default() -> Self {
        Self { head: NONE, fill: 0 }
    }
}

/// The chunks of all lists.
#[derive(Debug)]
pub(super) struct Chunks {
    segments: Vec<Box<[Chunk]>>,
    /// The first of the chunks that no list uses.
    free: u32,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { segments: Vec::new(), free: NONE }
    }
}

impl Chunks {
    /// Adds a number to a list.
    pub(super) fn push(&mut self, list: &mut List, id: u32) {
        if list.head == NONE || list.fill == ROOM {
            let chunk = self.take_free();
            if let Some(new) = self.get(chunk) {
                new.next = list.head;
            }
            *list = List { head: chunk, fill: 0 };
        }
        let place = self.get(list.head).and_then(|chunk| chunk.ids.get_mut(list.fill));
        if let Some(place) = place {
            *place = id;
            list.fill += 1;
        }
    }

    /// Takes the newest number from a list.
    pub(super) fn pop(&mut self, list: &mut List) -> Option<u32> {
        let free = self.free;
        let chunk = self.get(list.head)?;
        let id = chunk.ids.get(list.fill.checked_sub(1)?).copied()?;
        list.fill -= 1;
        if list.fill == 0 {
            let next = std::mem::replace(&mut chunk.next, free);
            self.free = list.head;
            let fill = if next == NONE { 0 } else { ROOM };
            *list = List { head: next, fill };
        }
        Some(id)
    }

    fn get(&mut self, chunk: u32) -> Option<&mut Chunk> {
        let segment = self.segments.get_mut((chunk >> SEGMENT_BITS) as usize)?;
        segment.get_mut(chunk as usize & (SEGMENT - 1))
    }

    fn take_free(&mut self) -> u32 {
        if self.free == NONE {
            self.grow();
        }
        let chunk = self.free;
        self.free = self.get(chunk).map_or(NONE, |chunk| chunk.next);
        chunk
    }

    fn grow(&mut self) {
        let first = (self.segments.len() << SEGMENT_BITS) as u64;
        let last = first + SEGMENT as u64 - 1;
        // Beyond the 64 thousand million numbers that this holds there is no session to file.
        let Ok(last) = u32::try_from(last) else { return };
        let Ok(first) = u32::try_from(first) else { return };
        let chunk = |number: u32| Chunk { next: if number == last { NONE } else { number + 1 }, ids: [0; ROOM] };
        self.segments.push((first..=last).map(chunk).collect());
        self.free = first;
    }
}
