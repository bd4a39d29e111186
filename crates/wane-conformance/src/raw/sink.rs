//! A sink that keeps every byte and judges nothing.

use std::ffi::c_void;
use std::ptr;

use wane_plugin_abi::{self as abi, Slice, code};

/// The most pieces of one call, as the host has it for events.
const MOST_PIECES: usize = 1_000;
/// The most bytes of a piece.
const MOST_BYTES: u64 = 4 << 20;

/// What was said: `e`vents, `r`eplies, re`q`uests, `s`uppressions, `f`ailures.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) pieces: Vec<(char, Vec<u8>)>,
}

/// A sink that ends there; valid as long as that stays where it is.
pub(super) fn sink(kept: &mut Kept) -> abi::Sink {
    abi::Sink {
        size: u32::try_from(size_of::<abi::Sink>()).unwrap_or(u32::MAX),
        reserved: 0,
        host: ptr::from_mut(kept).cast(),
        event: Some(event),
        reply: Some(reply),
        request: Some(request),
        suppress: Some(suppress),
        fail: Some(fail),
    }
}

/// # Safety
/// `host` is that of a sink whose call is going on, on this thread; the slice is as the ABI says.
#[expect(unsafe_code, reason = "pointers come back over the ABI")]
unsafe fn keep(host: *mut c_void, letter: char, slices: &[Slice]) -> i32 {
    // SAFETY: the caller vouches for it, and nobody else looks at what is kept during the call.
    let Some(kept) = (unsafe { host.cast::<Kept>().as_mut() }) else { return code::FAULT_MISUSE };
    if kept.pieces.len() >= MOST_PIECES {
        return code::FAULT_LIMIT;
    }
    let mut piece = Vec::new();
    for slice in slices {
        if slice.len == 0 {
            continue;
        }
        let Some(len) = usize::try_from(slice.len).ok().filter(|_| slice.len <= MOST_BYTES && !slice.ptr.is_null())
        else {
            return code::FAULT_LIMIT;
        };
        // SAFETY: not null, and the caller vouches for so many bytes.
        piece.extend_from_slice(unsafe { std::slice::from_raw_parts(slice.ptr, len) });
        piece.push(b'\n');
    }
    kept.pieces.push((letter, piece));
    code::OK
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn event(host: *mut c_void, json: Slice) -> i32 {
    // SAFETY: the plugin calls during the call that it got the sink in, with a slice of its own.
    unsafe { keep(host, 'e', &[json]) }
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn request(host: *mut c_void, json: Slice) -> i32 {
    // SAFETY: as for `event`.
    unsafe { keep(host, 'q', &[json]) }
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn suppress(host: *mut c_void, why: Slice) -> i32 {
    // SAFETY: as for `event`.
    unsafe { keep(host, 's', &[why]) }
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn fail(host: *mut c_void, _code: i32, detail: Slice) {
    // SAFETY: as for `event`.
    let _ = unsafe { keep(host, 'f', &[detail]) };
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn reply(host: *mut c_void, status: u32, list: *const abi::Header, count: u64, body: Slice) -> i32 {
    let status = status.to_string();
    let mut slices = vec![Slice::new(status.as_bytes())];
    if count > 0 && !list.is_null() && count <= 32 {
        let count = usize::try_from(count).unwrap_or_default();
        // SAFETY: not null, and the caller vouches for so many headers.
        let headers = unsafe { std::slice::from_raw_parts(list, count) };
        slices.extend(headers.iter().flat_map(|header| [header.name, header.value]));
    }
    slices.push(body);
    // SAFETY: as for `event`, and for each of the slices.
    unsafe { keep(host, 'r', &slices) }
}
