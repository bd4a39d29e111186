//! The bare ABI, without the host.

use serde_json::Value;
use wane_plugin_host::call::{Input, InputKind};

/// A call as it was made, to be made again.
#[expect(dead_code, reason = "what reads them comes with the checks")]
#[derive(Clone, Debug)]
pub(crate) enum Call {
    /// A request.
    Translate(Box<Request>),
    /// An effect, as JSON.
    Render(String),
}

/// A request with bytes of its own.
#[expect(dead_code, reason = "what reads them comes with the checks")]
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) kind: InputKind,
    pub(crate) now_ms: i64,
    /// Account, method, path and query.
    pub(crate) texts: [String; 4],
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
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
}
