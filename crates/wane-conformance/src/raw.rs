//! The bare ABI, without the host: the same calls once more, all bytes of what is said, and nothing believed.
//!
//! Everything that goes in lies in an `arena` of its own. A guarded one can not be read any more when the call is over, and
//! its body ends where memory ends: a plugin that keeps a pointer, or reads behind the end, dies at once and not one day.

mod arena;
mod sink;

use std::ffi::c_void;
use std::path::Path;
use std::ptr;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use serde_json::Value;
use wane_plugin_abi::{self as abi, ENTRY, Entry, Plugin, Slice, code, kind};
use wane_plugin_host::call::{Input, InputKind};

use arena::Arena;
use sink::{Kept, sink};

/// Room for a sink, and for what alignment takes.
const SLACK: usize = size_of::<abi::Sink>() + 128;

/// A call as it was made, to be made again.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    /// A request.
    Translate(Box<Request>),
    /// An effect, as JSON.
    Render(String),
}

/// A request with bytes of its own.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    kind: InputKind,
    now_ms: i64,
    /// Account, method, path and query.
    texts: [String; 4],
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// What a plugin said during a call: the code that it returned, and every piece with a letter for what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) pieces: Vec<(char, Vec<u8>)>,
}

impl Call {
    pub(crate) fn translate(input: &Input<'_>) -> Self {
        Self::Translate(Box::new(Request {
            kind: input.kind,
            now_ms: input.received_at.millis(),
            texts: [input.account, input.method, input.path, input.query].map(str::to_owned),
            headers: input.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect(),
            body: input.body.to_vec(),
        }))
    }

    pub(crate) fn render(effect: &Value) -> Self {
        Self::Render(effect.to_string())
    }

    /// How many bytes it needs in an arena, with room for alignment.
    fn size(&self) -> usize {
        match self {
            Self::Render(effect) => effect.len() + SLACK,
            Self::Translate(request) => {
                let headers: usize = request
                    .headers
                    .iter()
                    .map(|(name, value)| name.len() + value.len() + size_of::<abi::Header>())
                    .sum();
                let texts: usize = request.texts.iter().map(String::len).sum();
                headers + texts + request.body.len() + size_of::<abi::Input>() + SLACK
            }
        }
    }
}

/// A loaded plugin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bare {
    plugin: Plugin,
    guarded: bool,
}

/// An instance of it.
#[derive(Debug)]
pub(crate) struct Live {
    bare: Bare,
    made: *mut c_void,
}

#[expect(unsafe_code, reason = "the ABI allows an instance to move between threads")]
// SAFETY: an instance may be called by one thread at a time, whichever; `&mut self` sees to the one. What the descriptor
// points to is constant.
unsafe impl Send for Live {}

#[expect(unsafe_code, reason = "runs code of the plugin, which is what this process is for")]
impl Bare {
    /// The plugin of a file that the host has vetted and loaded before.
    pub(crate) fn open(file: &Path, guarded: bool) -> Result<Self, String> {
        // SAFETY: the host has run its initialisers already: this only finds it again.
        let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| error.to_string())?;
        // SAFETY: the symbol has that type, and the host has looked at what it returns.
        let entry = unsafe { library.get::<Entry>(ENTRY) }.map(|symbol| *symbol).map_err(|error| error.to_string())?;
        // Never unloaded.
        std::mem::forget(library);
        // SAFETY: as above; the function takes nothing, and returns what the host has found to be a descriptor.
        let plugin = unsafe { entry().read() };
        Ok(Self { plugin, guarded })
    }

    /// An instance of a config.
    pub(crate) fn create(self, config: &str) -> Result<Live, String> {
        let create = self.plugin.create.ok_or("lacks `create`")?;
        let (mut kept, mut made) = (Kept::default(), ptr::null_mut());
        let mut arena = Arena::new(config.len() + SLACK, self.guarded)?;
        let sink = arena.place(&[sink(&mut kept)]);
        let config = arena.put_last(config.as_bytes());
        // SAFETY: slice and sink are valid until the arena is closed, the others until they go out of scope.
        let code = unsafe { create(config, sink, &raw mut made) };
        arena.close();
        if code == code::OK && !made.is_null() {
            Ok(Live { bare: self, made })
        } else {
            Err(format!("`create` returned {code}"))
        }
    }
}

#[expect(unsafe_code, reason = "calls over the ABI")]
impl Live {
    /// Makes a call.
    pub(crate) fn call(&mut self, call: &Call) -> Result<Said, String> {
        let mut kept = Kept::default();
        let mut arena = Arena::new(call.size(), self.bare.guarded)?;
        let sink = arena.place(&[sink(&mut kept)]);
        let code = match call {
            Call::Translate(request) => {
                let translate = self.bare.plugin.translate.ok_or("lacks `translate`")?;
                let view = view(request, &mut arena);
                // SAFETY: the instance is alive and ours; sink and view lie in the arena, with all that the view points to.
                unsafe { translate(self.made, view, sink) }
            }
            Call::Render(effect) => {
                let render = self.bare.plugin.render.ok_or("lacks `render`")?;
                let effect = arena.put_last(effect.as_bytes());
                // SAFETY: as above.
                unsafe { render(self.made, effect, sink) }
            }
        };
        arena.close();
        Ok(Said { code, pieces: kept.pieces })
    }
}

#[expect(unsafe_code, reason = "the end of an instance is a call over the ABI")]
impl Drop for Live {
    fn drop(&mut self) {
        if let Some(destroy) = self.bare.plugin.destroy {
            // SAFETY: the instance came of `create` and is given back once.
            unsafe { destroy(self.made) };
        }
    }
}

fn view(request: &Request, arena: &mut Arena) -> *const abi::Input {
    let headers: Vec<abi::Header> = request
        .headers
        .iter()
        .map(|(name, value)| abi::Header { name: arena.put(name.as_bytes()), value: arena.put(value) })
        .collect();
    let [account, method, path, query] = request.texts.each_ref().map(|text| arena.put(text.as_bytes()));
    let view = abi::Input {
        size: u32::try_from(size_of::<abi::Input>()).unwrap_or(u32::MAX),
        kind: match request.kind {
            InputKind::Webhook => kind::WEBHOOK,
            InputKind::Handshake => kind::HANDSHAKE,
            InputKind::ClientFrame => kind::CLIENT_FRAME,
        },
        received_at_ms: request.now_ms,
        account,
        method,
        path,
        query,
        headers: arena.place(&headers),
        header_count: headers.len() as u64,
        body: if request.body.is_empty() { Slice::EMPTY } else { arena.put_last(&request.body) },
    };
    arena.place(&[view])
}
