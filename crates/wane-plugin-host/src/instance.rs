//! An instance of a plugin, and the calls over the ABI. Nothing here decides anything.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use wane_plugin_abi::{self as abi, Slice, code, kind};

use crate::call::{Input, InputKind};
use crate::library::Library;
use crate::output::{Call, Output, Pair, too_long, too_many_headers};

/// What a plugin is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask<'a> {
    /// To make events of a request.
    Translate(&'a Input<'a>),
    /// To make requests of an effect, in JSON.
    Render(&'a str),
}

impl Ask<'_> {
    /// Which call it is.
    pub(crate) const fn call(&self) -> Call {
        match self {
            Self::Translate(_) => Call::Translate,
            Self::Render(_) => Call::Render,
        }
    }
}

/// An instance. Whoever has it is the only one who calls it.
#[derive(Debug)]
pub(crate) struct Instance {
    library: Library,
    made: NonNull<c_void>,
}

#[expect(unsafe_code, reason = "the ABI allows an instance to move between threads")]
// SAFETY: the ABI lets an instance be called by one thread at a time, whichever; `&mut self` sees to the one.
unsafe impl Send for Instance {}

#[expect(unsafe_code, reason = "calls over the ABI")]
impl Instance {
    /// Has an instance made of a config.
    pub(crate) fn create(library: Library, config: &str) -> Result<Self, String> {
        let mut output = Output::new(Call::Create);
        let mut made = ptr::null_mut();
        let create = library.plugin.create.ok_or("lacks `create`")?;
        let sink = sink(&mut output);
        // SAFETY: all pointers are valid during the call, and the slice is UTF-8.
        let code = unsafe { create(Slice::new(config.as_bytes()), &raw const sink, &raw mut made) };
        let made = NonNull::new(made);
        if code == code::OK && made.is_none() {
            output.mark("`create` went well and gave no instance");
        }
        let instance = made.filter(|_| code == code::OK).map(|made| Self { library, made });
        output.created(code)?;
        instance.ok_or_else(|| "gave no instance".to_owned())
    }

    /// Asks; what came of it is in the output.
    pub(crate) fn ask(&mut self, ask: &Ask<'_>) -> (i32, Output) {
        match ask {
            Ask::Translate(input) => self.translate(input),
            Ask::Render(effect) => self.render(effect),
        }
    }

    fn translate(&mut self, input: &Input<'_>) -> (i32, Output) {
        let mut output = Output::new(Call::Translate);
        let text = |text: &str| Slice::new(text.as_bytes());
        let headers: Vec<abi::Header> = input
            .headers
            .iter()
            .map(|(name, value)| abi::Header { name: text(name), value: Slice::new(value) })
            .collect();
        let view = abi::Input {
            size: size(size_of::<abi::Input>()),
            kind: kind_number(input.kind),
            received_at_ms: input.received_at.millis(),
            account: text(input.account),
            method: text(input.method),
            path: text(input.path),
            query: text(input.query),
            headers: headers.as_ptr(),
            header_count: headers.len() as u64,
            body: Slice::new(input.body),
        };
        let Some(translate) = self.library.plugin.translate else { return (code::FAULT_MISUSE, output) };
        let sink = sink(&mut output);
        // SAFETY: the instance is alive and only ours; the view, what it points to, and the sink are valid during the call.
        let code = unsafe { translate(self.made.as_ptr(), &raw const view, &raw const sink) };
        (code, output)
    }

    fn render(&mut self, effect: &str) -> (i32, Output) {
        let mut output = Output::new(Call::Render);
        let Some(render) = self.library.plugin.render else { return (code::FAULT_MISUSE, output) };
        let sink = sink(&mut output);
        // SAFETY: the instance is alive and only ours; the slice and the sink are valid during the call.
        let code = unsafe { render(self.made.as_ptr(), Slice::new(effect.as_bytes()), &raw const sink) };
        (code, output)
    }
}

#[expect(unsafe_code, reason = "the end of an instance is a call over the ABI")]
impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(destroy) = self.library.plugin.destroy {
            // SAFETY: the instance came of `create` and is given back once.
            unsafe { destroy(self.made.as_ptr()) };
        }
    }
}

const fn kind_number(kind: InputKind) -> u32 {
    match kind {
        InputKind::Webhook => kind::WEBHOOK,
        InputKind::Handshake => kind::HANDSHAKE,
        InputKind::ClientFrame => kind::CLIENT_FRAME,
    }
}

fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A sink that ends in this output; valid as long as that stays where it is.
fn sink(output: &mut Output) -> abi::Sink {
    abi::Sink {
        size: size(size_of::<abi::Sink>()),
        reserved: 0,
        host: ptr::from_mut(output).cast(),
        event: Some(event),
        reply: Some(reply),
        request: Some(request),
        suppress: Some(suppress),
        fail: Some(fail),
    }
}

/// # Safety
/// `host` is the `host` of a sink whose call is still going on, on this thread.
#[expect(unsafe_code, reason = "the host's pointer comes back")]
unsafe fn back<'a>(host: *mut c_void) -> Option<&'a mut Output> {
    // SAFETY: the caller vouches for it, and nobody else looks at the output during the call.
    unsafe { host.cast::<Output>().as_mut() }
}

/// # Safety
/// What the ABI says of slices: that many readable bytes, for as long as `'a`.
#[expect(unsafe_code, reason = "a slice of the ABI becomes one of Rust")]
unsafe fn bytes<'a>(slice: Slice) -> Result<&'a [u8], String> {
    if slice.len == 0 {
        return Ok(&[]);
    }
    if slice.ptr.is_null() {
        return Err("a slice without a start".to_owned());
    }
    if too_long(slice.len) {
        return Err(format!("a slice of {} bytes", slice.len));
    }
    let len = usize::try_from(slice.len).map_err(|_| "a slice longer than the memory".to_owned())?;
    // SAFETY: not null, and the caller vouches for the bytes.
    Ok(unsafe { std::slice::from_raw_parts(slice.ptr, len) })
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn event(host: *mut c_void, json: Slice) -> i32 {
    // SAFETY: the plugin calls during the call that it got the sink in, with a slice of its own.
    let (output, json) = unsafe { (back(host), bytes(json)) };
    output.map_or(code::FAULT_MISUSE, |output| output.event(json))
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn request(host: *mut c_void, json: Slice) -> i32 {
    // SAFETY: as for `event`.
    let (output, json) = unsafe { (back(host), bytes(json)) };
    output.map_or(code::FAULT_MISUSE, |output| output.request(json))
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn suppress(host: *mut c_void, why: Slice) -> i32 {
    // SAFETY: as for `event`.
    let (output, why) = unsafe { (back(host), bytes(why)) };
    output.map_or(code::FAULT_MISUSE, |output| output.suppress(why))
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn fail(host: *mut c_void, _code: i32, detail: Slice) {
    // SAFETY: as for `event`.
    let (output, detail) = unsafe { (back(host), bytes(detail)) };
    if let Some(output) = output {
        output.fail(detail);
    }
}

#[expect(unsafe_code, reason = "called over the ABI")]
unsafe extern "C" fn reply(host: *mut c_void, status: u32, list: *const abi::Header, count: u64, body: Slice) -> i32 {
    // SAFETY: as for `event`, and for the list and what it points to.
    let (output, headers, body) = unsafe { (back(host), headers(list, count), bytes(body)) };
    output.map_or(code::FAULT_MISUSE, |output| output.reply(status, headers, body))
}

/// # Safety
/// That many headers, whose slices are valid for as long as `'a`.
#[expect(unsafe_code, reason = "headers of the ABI become slices")]
unsafe fn headers<'a>(list: *const abi::Header, count: u64) -> Result<Vec<Pair<'a>>, String> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if list.is_null() || too_many_headers(count) {
        return Err(format!("a list of {count} headers"));
    }
    let count = usize::try_from(count).map_err(|_| "too many headers".to_owned())?;
    // SAFETY: not null, and the caller vouches for that many.
    let list = unsafe { std::slice::from_raw_parts(list, count) };
    // SAFETY: the caller vouches for what each points to.
    list.iter().map(|header| Ok((unsafe { bytes(header.name) }?, unsafe { bytes(header.value) }?))).collect()
}
