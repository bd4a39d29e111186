//! The export macro, and what it expands to: the ABI on one side, [`Channel`] on the other.
//!
//! This is the only unsafe code of the crate. Everything that comes over the ABI is checked before it becomes a reference
//! of a safe type; no panic leaves it.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use wane_plugin_abi::{self as abi, Slice, code};

use crate::input::{Headers, Input, Kind};
use crate::sink::{Outlet, Reply, Sink};
use crate::{Channel, Outcome, Refusal};

#[cfg(panic = "abort")]
compile_error!("a plugin is built with unwinding panics: `panic = \"abort\"` would end the whole service with it");

/// Makes a library a plugin: `export!(MyChannel, manifest = include_str!("../manifest.json"));`
///
/// Once in a crate of the type `cdylib`. The manifest is a constant text, see [`manifest`](crate::manifest).
#[macro_export]
macro_rules! export {
    ($channel:ty, manifest = $manifest:expr) => {
        const _: () = {
            const HEAD: &str = $crate::__private::head!();
            const LEN: usize = $crate::__private::manifest_len(HEAD, $manifest);
            #[used]
            #[unsafe(link_section = ".note.wane")]
            static NOTE: $crate::__private::Note<LEN> =
                $crate::__private::Note::new($crate::__private::manifest(HEAD, $manifest));
            static PLUGIN: $crate::__private::Plugin = $crate::__private::descriptor::<$channel>(NOTE.manifest());

            /// The one exported symbol.
            #[unsafe(no_mangle)]
            extern "C" fn wane_plugin_entry() -> *const $crate::__private::Plugin {
                &raw const PLUGIN
            }
        };
    };
}

/// What the macro needs, and nobody else.
#[doc(hidden)]
pub mod __private {
    pub use wane_plugin_abi::{Note, Plugin};

    pub use super::{descriptor, manifest, manifest_len};
    pub use crate::__wane_head as head;
}

/// The start of the manifest: who made it.
#[doc(hidden)]
#[macro_export]
macro_rules! __wane_head {
    () => {
        concat!("{\"name\":\"", env!("CARGO_PKG_NAME"), "\",\"version\":\"", env!("CARGO_PKG_VERSION"), "\"")
    };
}

const BUILT: &str = concat!(
    ",\"abi\":\"1.0\",\"sdk\":\"wane-plugin ",
    env!("CARGO_PKG_VERSION"),
    "\",\"compiler\":\"",
    env!("WANE_COMPILER"),
    "\","
);

/// The length of [`manifest`].
#[doc(hidden)]
#[must_use]
pub const fn manifest_len(head: &str, own: &str) -> usize {
    head.len() + BUILT.len() + own.len() - after_brace(own.as_bytes())
}

/// One JSON object: the head, how it was built, the author's keys.
#[doc(hidden)]
#[must_use]
#[expect(clippy::indexing_slicing, reason = "runs at compile time, where a panic is an error of the compiler")]
pub const fn manifest<const LEN: usize>(head: &str, own: &str) -> [u8; LEN] {
    let parts = [(head.as_bytes(), 0), (BUILT.as_bytes(), 0), (own.as_bytes(), after_brace(own.as_bytes()))];
    let mut whole = [0; LEN];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let (bytes, mut from) = parts[part];
        while from < bytes.len() {
            whole[at] = bytes[from];
            (at, from) = (at + 1, from + 1);
        }
        part += 1;
    }
    whole
}

#[expect(clippy::indexing_slicing, reason = "runs at compile time, where a panic is an error of the compiler")]
const fn after_brace(own: &[u8]) -> usize {
    let mut at = 0;
    while at < own.len() && own[at].is_ascii_whitespace() {
        at += 1;
    }
    assert!(at < own.len() && own[at] == b'{', "a manifest is a JSON object with at least `channel`");
    at + 1
}

/// The descriptor of a channel.
#[doc(hidden)]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a struct of some hundred bytes")]
pub const fn descriptor<C: Channel>(manifest: &'static [u8]) -> abi::Plugin {
    abi::Plugin {
        magic: abi::MAGIC,
        size: size_of::<abi::Plugin>() as u32,
        abi_major: abi::ABI_MAJOR,
        abi_minor: abi::ABI_MINOR,
        min_host_minor: 0,
        reserved: [0; 3],
        manifest: Slice::new(manifest),
        create: Some(create::<C>),
        destroy: Some(destroy::<C>),
        translate: Some(translate::<C>),
        render: Some(render::<C>),
        get_extension: None,
        later: [std::ptr::null(); 4],
    }
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn create<C: Channel>(config: Slice, sink: *const abi::Sink, instance: *mut *mut c_void) -> i32 {
    quiet_panics();
    // SAFETY: the host passes a slice and a sink that are valid during the call.
    let (config, wire) = unsafe { (bytes(config), Wire::new(sink)) };
    guarded(wire, |_| {
        let config = serde_json::from_slice(config?).map_err(config_refusal)?;
        let made = Box::into_raw(Box::new(C::create(config)?));
        // SAFETY: the host passes a place for one pointer.
        unsafe { instance.write(made.cast()) };
        Ok(())
    })
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn destroy<C: Channel>(instance: *mut c_void) {
    // SAFETY: the host gives back, once, what `create` gave it.
    let made = unsafe { Box::from_raw(instance.cast::<C>()) };
    let _ = contained(AssertUnwindSafe(|| drop(made)));
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn translate<C: Channel>(
    instance: *mut c_void,
    input: *const abi::Input,
    sink: *const abi::Sink,
) -> i32 {
    // SAFETY: the host passes what `create` gave it, from one thread at a time, and a sink valid during the call.
    let (channel, wire) = unsafe { (&mut *instance.cast::<C>(), Wire::new(sink)) };
    guarded(wire, |wire| {
        // SAFETY: the host passes an input that is valid during the call.
        let input = unsafe { checked_input(input) }?;
        // SAFETY: the same holds for what the input points to.
        let headers = unsafe { headers(&input) }?;
        // SAFETY: the same.
        let input = unsafe { view(&input, &headers) }?;
        channel.translate(&input, &mut Sink(wire))
    })
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn render<C: Channel>(instance: *mut c_void, effect: Slice, sink: *const abi::Sink) -> i32 {
    // SAFETY: the host passes what `create` gave it, from one thread at a time, and a slice and a sink valid during the call.
    let (channel, effect, wire) = unsafe { (&mut *instance.cast::<C>(), bytes(effect), Wire::new(sink)) };
    guarded(wire, |wire| {
        let effect = serde_json::from_slice(effect?)?;
        channel.render(&effect, &mut Sink(wire))
    })
}

/// The host's sink.
struct Wire(abi::Sink);

/// Calls in, with panics and refusals turned into the code that goes back over the ABI.
fn guarded(wire: Result<Wire, Refusal>, call: impl FnOnce(&mut Wire) -> Outcome) -> i32 {
    let Ok(mut wire) = wire else { return code::FAULT_MISUSE };
    match contained(AssertUnwindSafe(|| call(&mut wire))) {
        Ok(Ok(())) => code::OK,
        Ok(Err(refusal)) => {
            wire.fail(refusal.code(), refusal.detail());
            refusal.code()
        }
        Err(place) => {
            wire.fail(code::FAULT_PANIC, &place);
            code::FAULT_PANIC
        }
    }
}

thread_local! {
    /// Where the last panic of this thread happened.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A panic's message may hold a customer's text, so nothing of it is printed or told, only the place. Each plugin has a
/// standard library of its own, hence a hook of its own.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
            let _ = PLACE.try_with(|cell| cell.try_borrow_mut().map(|mut cell| *cell = place));
        }));
    });
}

/// Runs it; a panic ends here and becomes the text of its place.
fn contained<T>(call: AssertUnwindSafe<impl FnOnce() -> T>) -> Result<T, String> {
    catch_unwind(call).map_err(|payload: Box<dyn Any + Send>| {
        // Dropping a payload runs code of the author, which might panic again, outside of any guard.
        std::mem::forget(payload);
        let place = PLACE.try_with(|cell| cell.take()).unwrap_or_default();
        if place.is_empty() { "panicked".to_owned() } else { format!("panicked at {place}") }
    })
}

fn config_refusal(error: serde_json::Error) -> Refusal {
    // Values of a config may be secret, so only the place is told; what can be said of its shape, the schema says better.
    Refusal::Malformed(format!("the config: {}", Refusal::from(error).detail()))
}

fn misuse(what: &str) -> Refusal {
    Refusal::Fault(format!("the host does not keep to the ABI: {what}"))
}

/// # Safety
/// The slice is what the ABI says: null and empty, or that many readable bytes for as long as `'a`.
#[expect(unsafe_code, reason = "a slice of the ABI becomes a slice of Rust")]
unsafe fn bytes<'a>(slice: Slice) -> Result<&'a [u8], Refusal> {
    if slice.len == 0 {
        return Ok(&[]);
    }
    let len = usize::try_from(slice.len).map_err(|_| misuse("a slice is longer than the memory"))?;
    if slice.ptr.is_null() {
        return Err(misuse("a slice without a start has a length"));
    }
    // SAFETY: not null, and the caller vouches for the bytes.
    Ok(unsafe { std::slice::from_raw_parts(slice.ptr, len) })
}

/// # Safety
/// As for [`bytes`].
#[expect(unsafe_code, reason = "as for bytes")]
unsafe fn text<'a>(slice: Slice) -> Result<&'a str, Refusal> {
    // SAFETY: the caller vouches for it.
    let bytes = unsafe { bytes(slice) }?;
    std::str::from_utf8(bytes).map_err(|_| misuse("a text is not UTF-8"))
}

/// # Safety
/// Null, or an input of the size that it says.
#[expect(unsafe_code, reason = "a struct of the ABI is read")]
unsafe fn checked_input(input: *const abi::Input) -> Result<abi::Input, Refusal> {
    // SAFETY: not null, so at least its first field is there.
    let whole = !input.is_null() && unsafe { (*input).size } as usize >= size_of::<abi::Input>();
    // SAFETY: it is at least as long as we know it.
    if whole { Ok(unsafe { input.read() }) } else { Err(misuse("an input is too short")) }
}

/// # Safety
/// The input's headers are valid for as long as `'a`.
#[expect(unsafe_code, reason = "headers of the ABI become slices")]
unsafe fn headers<'a>(input: &abi::Input) -> Result<Vec<(&'a str, &'a [u8])>, Refusal> {
    let count = usize::try_from(input.header_count).map_err(|_| misuse("more headers than memory"))?;
    if count == 0 {
        return Ok(Vec::new());
    }
    if input.headers.is_null() {
        return Err(misuse("headers have a number but no start"));
    }
    // SAFETY: not null, and the caller vouches for that many.
    let headers = unsafe { std::slice::from_raw_parts(input.headers, count) };
    // SAFETY: the caller vouches for what each points to.
    headers.iter().map(|header| Ok((unsafe { text(header.name) }?, unsafe { bytes(header.value) }?))).collect()
}

/// # Safety
/// The input's slices are valid for as long as `'a`.
#[expect(unsafe_code, reason = "slices of the ABI become slices of Rust")]
unsafe fn view<'a>(input: &abi::Input, headers: &'a [(&'a str, &'a [u8])]) -> Result<Input<'a>, Refusal> {
    let kind = match input.kind {
        abi::kind::WEBHOOK => Kind::Webhook,
        abi::kind::HANDSHAKE => Kind::Handshake,
        abi::kind::CLIENT_FRAME => Kind::ClientFrame,
        other => return Err(Refusal::Unsupported(format!("input of the kind {other}"))),
    };
    // SAFETY: the caller vouches for each of them.
    let (account, method, path, query, body) = unsafe {
        (text(input.account)?, text(input.method)?, text(input.path)?, text(input.query)?, bytes(input.body)?)
    };
    let headers = Headers(headers);
    Ok(Input { kind, received_at_ms: input.received_at_ms, account, method, path, query, body, headers })
}

#[expect(unsafe_code, reason = "calls back over the ABI")]
impl Wire {
    /// # Safety
    /// Null, or a sink of the size that it says, valid during the call.
    unsafe fn new(sink: *const abi::Sink) -> Result<Self, Refusal> {
        // SAFETY: not null, so at least its first field is there.
        let whole = !sink.is_null() && unsafe { (*sink).size } as usize >= size_of::<abi::Sink>();
        // SAFETY: it is at least as long as we know it.
        if whole { Ok(Self(unsafe { sink.read() })) } else { Err(misuse("a sink is too short")) }
    }

    fn fail(&self, code: i32, detail: &str) {
        if let Some(callback) = self.0.fail {
            // SAFETY: the host's own callback with the host's own pointer, during the call.
            unsafe { callback(self.0.host, code, Slice::new(detail.as_bytes())) };
        }
    }

    fn say(&self, callback: Option<unsafe extern "C" fn(*mut c_void, Slice) -> i32>, text: &str) -> Outcome {
        let callback = callback.ok_or_else(|| misuse("a sink lacks a callback"))?;
        // SAFETY: the host's own callback with the host's own pointer, during the call; the host copies the text.
        taken(unsafe { callback(self.0.host, Slice::new(text.as_bytes())) })
    }
}

const fn taken(code: i32) -> Outcome {
    if code == code::OK { Ok(()) } else { Err(Refusal::Limit) }
}

#[expect(unsafe_code, reason = "calls back over the ABI")]
impl Outlet for Wire {
    fn event(&mut self, json: &str) -> Outcome {
        self.say(self.0.event, json)
    }

    fn reply(&mut self, reply: &Reply) -> Outcome {
        let callback = self.0.reply.ok_or_else(|| misuse("a sink lacks a callback"))?;
        let slice = |text: &str| Slice::new(text.as_bytes());
        let headers: Vec<abi::Header> =
            reply.headers.iter().map(|(name, value)| abi::Header { name: slice(name), value: slice(value) }).collect();
        let (status, count) = (u32::from(reply.status), headers.len() as u64);
        // SAFETY: the host's own callback with the host's own pointer, during the call; the host copies what it is shown.
        taken(unsafe { callback(self.0.host, status, headers.as_ptr(), count, Slice::new(&reply.body)) })
    }

    fn request(&mut self, json: &str) -> Outcome {
        self.say(self.0.request, json)
    }

    fn suppress(&mut self, why: &str) -> Outcome {
        self.say(self.0.suppress, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_one_object_with_the_authors_keys() {
        const OWN: &str = "  {\"channel\":\"c\"}";
        const LEN: usize = manifest_len("{\"name\":\"n\"", OWN);
        let whole: [u8; LEN] = manifest("{\"name\":\"n\"", OWN);
        let json: serde_json::Value = serde_json::from_slice(&whole).expect("JSON");
        assert_eq!((&json["name"], &json["channel"]), (&"n".into(), &"c".into()));
        assert_eq!(json["abi"], format!("{}.{}", abi::ABI_MAJOR, abi::ABI_MINOR));
    }
}
