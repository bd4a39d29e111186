//! Memory for what goes into one call.

use std::ptr;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use wane_plugin_abi::Slice;

/// Sizes of pages are multiples of this on every machine that Wane runs on, and none is larger.
const PAGE: usize = 64 << 10;

/// A mapped region. Pieces are put from its start on; one may be put at its very end, before a page that nobody can read.
#[derive(Debug)]
pub(super) struct Arena {
    start: *mut u8,
    /// How much can be used, without the page at the end.
    size: usize,
    used: usize,
    /// Whether what lies in it is taken away when it is closed, and nothing can be read behind its end.
    guarded: bool,
}

#[expect(unsafe_code, reason = "maps memory and writes to it")]
impl Arena {
    pub(super) fn new(size: usize, guarded: bool) -> Result<Self, String> {
        let size = size.next_multiple_of(PAGE);
        let failed = |error: rustix::io::Errno| format!("no memory for an input: {error}");
        let both = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new region at a place of the system's choice touches nothing that is there.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), size + PAGE, both, MapFlags::PRIVATE) }.map_err(failed)?;
        if guarded {
            // SAFETY: the last page of the region that was just made; nothing lies in it.
            unsafe { mprotect(start.byte_add(size), PAGE, MprotectFlags::empty()) }.map_err(failed)?;
        }
        Ok(Self { start: start.cast(), size, used: 0, guarded })
    }

    /// Bytes, after those that were put before.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Slice {
        let at = self.place(bytes);
        Slice { ptr: at, len: bytes.len() as u64 }
    }

    /// Bytes at the very end.
    pub(super) fn put_last(&mut self, bytes: &[u8]) -> Slice {
        let offset = self.size.saturating_sub(bytes.len());
        if offset < self.used {
            return Slice::EMPTY;
        }
        // SAFETY: within the region, behind all that was put before, and as long as the bytes.
        let at = unsafe {
            let at = self.start.add(offset);
            ptr::copy_nonoverlapping(bytes.as_ptr(), at, bytes.len());
            at
        };
        Slice { ptr: at, len: bytes.len() as u64 }
    }

    /// Values, aligned; null if there is no room, which the caller's reckoning excludes.
    pub(super) fn place<T: Copy>(&mut self, values: &[T]) -> *const T {
        let offset = self.used.next_multiple_of(align_of::<T>());
        let end = offset.saturating_add(size_of_val(values));
        if end > self.size {
            return ptr::null();
        }
        self.used = end;
        // SAFETY: within the region, aligned, behind all that was put before.
        unsafe {
            let at = self.start.add(offset).cast::<T>();
            ptr::copy_nonoverlapping(values.as_ptr(), at, values.len());
            at
        }
    }

    /// Ends the call. The region stays where it is, so that nothing else is ever put in its place; a guarded one can not be
    /// read any more. The process is soon over.
    pub(super) fn close(self) {
        if self.guarded {
            // SAFETY: the region is ours and no reference into it is left; a pointer that a plugin kept is what is looked for.
            let _ = unsafe { mprotect(self.start.cast(), self.size, MprotectFlags::empty()) };
        }
    }
}
