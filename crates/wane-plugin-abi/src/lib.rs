//! The C types between Wane and a channel plugin, and their versions: ABI 1.
//!
//! What is here is `include/wane_plugin.h` in Rust, field by field; the header is the specification, and a test compares
//! sizes and offsets of both. There is no code here but constructors: what calls a plugin is `wane-plugin-host`, what an
//! author in Rust writes is `wane-plugin`.
//!
//! A plugin is a codec: bytes of a request in, events out; an effect in, requests out. It opens no socket, reads no clock,
//! starts no thread and keeps no pointer that it was given after the call. Every text is UTF-8; every instant is in
//! milliseconds since 1970 UTC; nobody frees the other side's memory.
//!
//! **Growth**: structs get longer at their end, never change. A reader looks at a field only if the struct's `size` covers
//! it. What does not fit that is an extension, asked for by name and revision through [`Plugin::get_extension`].

#![no_std]

use core::ffi::c_void;
use core::ptr;

/// The name of the one symbol that a plugin exports: a function of the type [`Entry`].
pub const ENTRY: &str = "wane_plugin_entry";
/// What [`ENTRY`] is.
pub type Entry = unsafe extern "C" fn() -> *const Plugin;
/// The first eight bytes of a descriptor: `WanePlug` in the order of the machine that it is made for.
pub const MAGIC: u64 = u64::from_ne_bytes(*b"WanePlug");
/// Plugins of another major version are refused.
pub const ABI_MAJOR: u16 = 1;
/// Counts what was added within the major version.
pub const ABI_MINOR: u16 = 0;

/// The section with the manifest, an ELF note.
pub const NOTE_SECTION: &str = ".note.wane";
/// The owner of the note.
pub const NOTE_NAME: &[u8; 5] = b"Wane\0";
/// The type of the note: a manifest in JSON.
pub const NOTE_MANIFEST: u32 = 1;

/// Kinds of input, [`Input::kind`].
pub mod kind {
    /// A provider's webhook.
    pub const WEBHOOK: u32 = 1;
    /// A provider's question whether the address is ours.
    pub const HANDSHAKE: u32 = 2;
    /// A frame of a web or in-app client.
    pub const CLIENT_FRAME: u32 = 3;
}

/// What a call returns. Zero is success, positive numbers are refusals, which are data; negative ones are faults.
pub mod code {
    /// All well.
    pub const OK: i32 = 0;
    /// Understood, and nothing follows from it.
    pub const IGNORED: i32 = 1;
    /// The signature is wrong.
    pub const BAD_SIGNATURE: i32 = 2;
    /// Not of the form that the provider documents.
    pub const MALFORMED: i32 = 3;
    /// Of a kind that the plugin does not know.
    pub const UNSUPPORTED: i32 = 4;
    /// The plugin has seen it before.
    pub const DUPLICATE: i32 = 5;
    /// Come again later.
    pub const RETRY_LATER: i32 = 6;
    /// The channel's window for answers is closed.
    pub const OUTSIDE_WINDOW: i32 = 7;

    /// A mistake of the plugin's.
    pub const FAULT_BUG: i32 = -1;
    /// A panic, stopped before it left the plugin.
    pub const FAULT_PANIC: i32 = -2;
    /// A limit was met, the host's (a callback returned it) or the plugin's own.
    pub const FAULT_LIMIT: i32 = -3;
    /// No memory.
    pub const FAULT_MEMORY: i32 = -4;
    /// The other side does not keep to the ABI.
    pub const FAULT_MISUSE: i32 = -5;
}

/// Bytes of somebody else, valid during the call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// Where they start; may be null if there are none.
    pub ptr: *const u8,
    /// How many.
    pub len: u64,
}

/// A header of a request or an answer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Its name, in lower case in an input.
    pub name: Slice,
    /// Its value, any bytes.
    pub value: Slice,
}

/// A request as it came.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The size of this struct.
    pub size: u32,
    /// See [`kind`].
    pub kind: u32,
    /// When it came: the plugin's only clock.
    pub received_at_ms: i64,
    /// The account, where address or config tell; otherwise empty.
    pub account: Slice,
    /// `POST`, `GET`.
    pub method: Slice,
    /// The whole address as the provider knows it, or only the path.
    pub path: Slice,
    /// What stands behind `?`, undecoded.
    pub query: Slice,
    /// The first of the headers, in the order of the request.
    pub headers: *const Header,
    /// How many.
    pub header_count: u64,
    /// The raw body.
    pub body: Slice,
}

/// Where a plugin puts what it makes. The host copies what it is given before a callback returns.
///
/// A callback that returns anything but [`code::OK`] wants no more: the plugin stops and returns [`code::FAULT_LIMIT`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    /// The size of this struct.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// To be given back with every callback.
    pub host: *mut c_void,
    /// An event, one JSON object. Only in `translate`.
    pub event: Option<unsafe extern "C" fn(host: *mut c_void, json: Slice) -> i32>,
    /// What the provider is answered; at most once. Only in `translate`.
    pub reply: Option<ReplyFn>,
    /// A request to send, one JSON object. Only in `render`.
    pub request: Option<unsafe extern "C" fn(host: *mut c_void, json: Slice) -> i32>,
    /// There is nothing to send, and why; at most once. Only in `render`.
    pub suppress: Option<unsafe extern "C" fn(host: *mut c_void, why: Slice) -> i32>,
    /// Why the call is about to return this code. No private data: it is logged.
    pub fail: Option<unsafe extern "C" fn(host: *mut c_void, code: i32, detail: Slice)>,
}

/// See [`Sink::reply`].
pub type ReplyFn =
    unsafe extern "C" fn(host: *mut c_void, status: u32, headers: *const Header, header_count: u64, body: Slice) -> i32;

/// The descriptor: what [`ENTRY`] returns. It and all it points to live as long as the process.
///
/// An instance is called by one thread at a time, not always the same one, and never from within a callback.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// [`MAGIC`].
    pub magic: u64,
    /// The size of this struct, as the plugin was built.
    pub size: u32,
    /// [`ABI_MAJOR`].
    pub abi_major: u16,
    /// [`ABI_MINOR`].
    pub abi_minor: u16,
    /// The least minor version that the host must have.
    pub min_host_minor: u16,
    /// Zeros.
    pub reserved: [u16; 3],
    /// The manifest, JSON, the same bytes as in the note.
    pub manifest: Slice,
    /// Makes an instance of a config (JSON, checked against the manifest). On success `*instance` is not null.
    pub create: Option<CreateFn>,
    /// Ends an instance; called once, also after a fault.
    pub destroy: Option<unsafe extern "C" fn(instance: *mut c_void)>,
    /// Makes events of a request.
    pub translate: Option<TranslateFn>,
    /// Makes requests of an effect (JSON).
    pub render: Option<RenderFn>,
    /// The extension of that name and revision, or null. May itself be null.
    pub get_extension: Option<unsafe extern "C" fn(id: Slice, revision: u32) -> *const c_void>,
    /// Nulls.
    pub later: [*const c_void; 4],
}

/// See [`Plugin::create`].
pub type CreateFn = unsafe extern "C" fn(config: Slice, sink: *const Sink, instance: *mut *mut c_void) -> i32;
/// See [`Plugin::translate`].
pub type TranslateFn = unsafe extern "C" fn(instance: *mut c_void, input: *const Input, sink: *const Sink) -> i32;
/// See [`Plugin::render`].
pub type RenderFn = unsafe extern "C" fn(instance: *mut c_void, effect: Slice, sink: *const Sink) -> i32;

#[expect(unsafe_code, reason = "a descriptor stands in a static of the plugin")]
// SAFETY: a descriptor is never written; its pointers lead to other statics and to functions.
unsafe impl Sync for Plugin {}

impl Slice {
    /// No bytes.
    pub const EMPTY: Self = Self { ptr: ptr::null(), len: 0 };

    /// These bytes; valid as long as they are.
    #[must_use]
    pub const fn new(bytes: &[u8]) -> Self {
        Self { ptr: bytes.as_ptr(), len: bytes.len() as u64 }
    }
}

/// The manifest as an ELF note: a static of this type in [`NOTE_SECTION`] is found by readers without running the plugin.
#[repr(C, align(4))]
#[derive(Clone, Copy, Debug)]
pub struct Note<const LEN: usize> {
    name_len: u32,
    len: u32,
    kind: u32,
    name: [u8; 8],
    manifest: [u8; LEN],
}

impl<const LEN: usize> Note<LEN> {
    /// The note of a manifest of less than 4 GiB.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "checked before")]
    pub const fn new(manifest: [u8; LEN]) -> Self {
        assert!(LEN <= u32::MAX as usize, "a manifest has less than 4 GiB");
        Self {
            name_len: NOTE_NAME.len() as u32,
            len: LEN as u32,
            kind: NOTE_MANIFEST,
            name: *b"Wane\0\0\0\0",
            manifest,
        }
    }

    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &[u8] {
        &self.manifest
    }
}
