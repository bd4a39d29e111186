//! What a plugin says during a call: copied, counted, and believed only when the call went well.

use wane_plugin_abi::code;

use crate::call::{CallError, PluginEvent, Rendered, Reply, Request, Translated};

/// The most events of one input: WhatsApp sends up to 1000 changes in one webhook.
const MOST_EVENTS: usize = 1_000;
/// The most requests of one effect.
const MOST_REQUESTS: usize = 16;
/// The most bytes of one event, request or reply.
const MOST_PIECE: usize = 256 << 10;
/// The most bytes of one call.
const MOST_BYTES: usize = 4 << 20;
/// The most headers of a reply.
const MOST_HEADERS: usize = 32;
/// How much of a reason is kept.
const MOST_DETAIL: usize = 512;
/// 9999-12-31T23:59:59.999Z.
const LAST_MILLIS: i64 = 253_402_300_799_999;

/// What the call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Create,
    Translate,
    Render,
}

/// What was said so far.
#[derive(Debug)]
pub(crate) struct Output {
    call: Call,
    events: Vec<Vec<u8>>,
    reply: Option<Reply>,
    requests: Vec<Vec<u8>>,
    suppressed: Option<String>,
    detail: String,
    bytes: usize,
    /// The first thing that was wrong. From then on nothing is taken.
    wrong: Option<String>,
}

impl Output {
    pub(crate) fn new(call: Call) -> Self {
        let (events, requests) = (Vec::new(), Vec::new());
        Self { call, events, reply: None, requests, suppressed: None, detail: String::new(), bytes: 0, wrong: None }
    }

    pub(crate) fn event(&mut self, json: Result<&[u8], String>) -> i32 {
        let room = self.events.len() < MOST_EVENTS;
        self.taking(Call::Translate, "an event", |output| {
            let json = output.piece(json)?;
            output.events.push(json.to_owned());
            if room { Ok(()) } else { Err(format!("more than {MOST_EVENTS} events of one input")) }
        })
    }

    pub(crate) fn request(&mut self, json: Result<&[u8], String>) -> i32 {
        let room = self.requests.len() < MOST_REQUESTS;
        self.taking(Call::Render, "a request", |output| {
            let json = output.piece(json)?;
            output.requests.push(json.to_owned());
            if room { Ok(()) } else { Err(format!("more than {MOST_REQUESTS} requests of one effect")) }
        })
    }

    pub(crate) fn suppress(&mut self, why: Result<&[u8], String>) -> i32 {
        self.taking(Call::Render, "a reason to send nothing", |output| {
            let why = text(output.piece(why)?)?;
            let first = output.suppressed.replace(shortened(why)).is_none();
            if first { Ok(()) } else { Err("two reasons to send nothing".to_owned()) }
        })
    }

    pub(crate) fn reply(
        &mut self,
        status: u32,
        headers: Result<Vec<Pair<'_>>, String>,
        body: Result<&[u8], String>,
    ) -> i32 {
        self.taking(Call::Translate, "a reply", |output| {
            let status = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
            let status = status.ok_or("a reply with a status outside 200 to 599")?;
            let body = output.piece(body)?.to_owned();
            let headers = headers?.into_iter().map(|pair| output.header(pair)).collect::<Result<_, _>>()?;
            let first = output.reply.replace(Reply { status, headers, body }).is_none();
            if first { Ok(()) } else { Err("two replies to one request".to_owned()) }
        })
    }

    pub(crate) fn fail(&mut self, detail: Result<&[u8], String>) {
        match detail.and_then(text) {
            Ok(detail) => self.detail = shortened(detail),
            Err(what) => self.mark(&format!("the detail of a failure: {what}")),
        }
    }

    /// Everything, to be told in another process.
    pub(crate) fn said(&self) -> Said<'_> {
        Said {
            events: &self.events,
            requests: &self.requests,
            reply: self.reply.as_ref(),
            suppressed: self.suppressed.as_deref(),
            detail: &self.detail,
            wrong: self.wrong.as_deref(),
        }
    }

    /// Says that something is wrong that the plugin did not do in its sink.
    pub(crate) fn mark(&mut self, what: &str) {
        self.wrong.get_or_insert_with(|| what.to_owned());
    }

    /// What came of it, with the code that the plugin returned. Of a refused input no event counts; what the provider is
    /// answered does.
    pub(crate) fn translated(mut self, code: i32) -> Result<Translated, CallError> {
        let reply = self.reply.take();
        match self.verdict(code) {
            Ok(Verdict::Done(output)) => {
                let events = output.events.iter().map(|json| event(json)).collect::<Result<_, _>>();
                Ok(Translated { events: events.map_err(CallError::Fault)?, reply, refusal: None })
            }
            Ok(Verdict::Nothing(_)) => Ok(Translated { reply, ..Translated::default() }),
            Err(fault @ (CallError::Fault(_) | CallError::Quarantined(_))) => Err(fault),
            Err(refusal) if reply.is_some() => Ok(Translated { events: Vec::new(), reply, refusal: Some(refusal) }),
            Err(refusal) => Err(refusal),
        }
    }

    /// The same for `render`.
    pub(crate) fn rendered(
        self,
        code: i32,
        check: impl Fn(&Request) -> Result<(), String>,
    ) -> Result<Rendered, CallError> {
        let output = match self.verdict(code)? {
            Verdict::Done(output) => output,
            Verdict::Nothing(why) => return Ok(Rendered::Suppress(why)),
        };
        match output.suppressed {
            Some(why) if output.requests.is_empty() => Ok(Rendered::Suppress(why)),
            Some(_) => Err(CallError::Fault("requests, and a reason to send nothing".to_owned())),
            None if output.requests.is_empty() => {
                Err(CallError::Fault("neither a request nor a reason to send nothing".to_owned()))
            }
            None => {
                let requests = output.requests.iter().map(|json| request(json, &check)).collect::<Result<_, _>>();
                requests.map(Rendered::Send).map_err(CallError::Fault)
            }
        }
    }

    /// The same for `create`: nothing, or why it can not be.
    pub(crate) fn created(self, code: i32) -> Result<(), String> {
        match self.verdict(code) {
            Ok(Verdict::Done(_)) => Ok(()),
            Ok(Verdict::Nothing(why)) => Err(format!("does not take its config: {why}")),
            Err(error) => Err(format!("does not take its config: {error}")),
        }
    }

    fn verdict(self, code: i32) -> Result<Verdict, CallError> {
        if let Some(wrong) = self.wrong {
            return Err(CallError::Fault(wrong));
        }
        let detail = self.detail.clone();
        match code {
            code::OK => Ok(Verdict::Done(self)),
            code::IGNORED | code::DUPLICATE => Ok(Verdict::Nothing(detail)),
            code::OUTSIDE_WINDOW => Ok(Verdict::Nothing(or(detail, "the channel's window is closed"))),
            code::BAD_SIGNATURE => Err(CallError::BadSignature),
            code::MALFORMED => Err(CallError::Malformed(or(detail, "not of the documented form"))),
            code::UNSUPPORTED => Err(CallError::Unsupported(or(detail, "of an unknown kind"))),
            code::RETRY_LATER => Err(CallError::RetryLater(or(detail, "the plugin says so"))),
            other => Err(CallError::Fault(or(detail, fault(other)))),
        }
    }

    /// Takes something if it may be said now; whatever goes wrong is remembered, so that ignoring the answer is no way out.
    fn taking(&mut self, call: Call, what: &str, take: impl FnOnce(&mut Self) -> Result<(), String>) -> i32 {
        if self.wrong.is_some() {
            return code::FAULT_LIMIT;
        }
        let taken = if self.call == call { take(self) } else { Err(format!("{what}, but not in this call")) };
        match taken {
            Ok(()) => code::OK,
            Err(wrong) => {
                self.wrong = Some(wrong);
                code::FAULT_LIMIT
            }
        }
    }

    fn piece<'a>(&mut self, bytes: Result<&'a [u8], String>) -> Result<&'a [u8], String> {
        let bytes = bytes?;
        self.bytes = self.bytes.saturating_add(bytes.len());
        if bytes.len() > MOST_PIECE {
            return Err(format!("a piece of {} bytes, at most {MOST_PIECE} are taken", bytes.len()));
        }
        if self.bytes > MOST_BYTES { Err(format!("more than {MOST_BYTES} bytes in one call")) } else { Ok(bytes) }
    }

    fn header(&mut self, (name, value): Pair<'_>) -> Result<(String, String), String> {
        let (name, value) = (text(self.piece(Ok(name))?)?, text(self.piece(Ok(value))?)?);
        header(name, value).map(|()| (name.to_owned(), value.to_owned()))
    }
}

/// What was said, piece by piece; nothing of it is believed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) events: &'a [Vec<u8>],
    pub(crate) requests: &'a [Vec<u8>],
    pub(crate) reply: Option<&'a Reply>,
    pub(crate) suppressed: Option<&'a str>,
    pub(crate) detail: &'a str,
    /// What was wrong with it already there.
    pub(crate) wrong: Option<&'a str>,
}

/// A header as bytes.
pub(crate) type Pair<'a> = (&'a [u8], &'a [u8]);

enum Verdict {
    Done(Output),
    Nothing(String),
}

/// Whether so many headers are too many.
pub(crate) const fn too_many_headers(count: u64) -> bool {
    count > MOST_HEADERS as u64
}

/// Whether a slice is too long to be looked at.
pub(crate) const fn too_long(len: u64) -> bool {
    len > MOST_BYTES as u64
}

fn fault(code: i32) -> &'static str {
    match code {
        code::FAULT_BUG => "a mistake of its own",
        code::FAULT_PANIC => "panicked",
        code::FAULT_LIMIT => "met a limit",
        code::FAULT_MEMORY => "has no memory",
        code::FAULT_MISUSE => "says that the host does not keep to the ABI",
        _ => "returned a code that this ABI does not have",
    }
}

fn or(detail: String, otherwise: &str) -> String {
    if detail.is_empty() { otherwise.to_owned() } else { detail }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
}

/// A reason goes to logs: short, on one line.
pub(crate) fn shortened(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut length = 0;
    plain
        .take_while(|c| {
            length += c.len_utf8();
            length <= MOST_DETAIL
        })
        .collect()
}

fn event(json: &[u8]) -> Result<PluginEvent, String> {
    let wrong = |what: &str| format!("an event that {what}");
    let json = std::str::from_utf8(json).map_err(|_| wrong("is not UTF-8"))?;
    let event: PluginEvent = serde_json::from_str(json).map_err(|error| wrong(&shape(&error)))?;
    if event.event_type.is_empty() || event.event_type.len() > 64 {
        return Err(wrong("has no `type` of 1 to 64 bytes"));
    }
    if event.address.is_empty() || event.address.len() > 512 {
        return Err(wrong("has no `address` of 1 to 512 bytes"));
    }
    match event.at_ms {
        Some(at) if !(0..=LAST_MILLIS).contains(&at) => Err(wrong("has an `at_ms` outside 1970 to 9999")),
        _ => Ok(event),
    }
}

fn request(json: &[u8], check: &impl Fn(&Request) -> Result<(), String>) -> Result<Request, String> {
    let wrong = |what: &str| format!("a request that {what}");
    let json = std::str::from_utf8(json).map_err(|_| wrong("is not UTF-8"))?;
    let request: Request = serde_json::from_str(json).map_err(|error| wrong(&shape(&error)))?;
    if !matches!(request.method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
        return Err(wrong("has a `method` other than GET, POST, PUT, PATCH, DELETE"));
    }
    if !request.url.starts_with("https://") && !request.url.starts_with("http://") {
        return Err(wrong("has a `url` without `https://`"));
    }
    if request.url.chars().any(|c| c.is_control() || c == ' ') {
        return Err(wrong("has blanks or control characters in its `url`"));
    }
    request.headers.iter().try_for_each(|(name, value)| header(name, value))?;
    check(&request)?;
    Ok(request)
}

fn header(name: &str, value: &str) -> Result<(), String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err("a header whose name is none".to_owned());
    }
    if value.chars().any(|c| c.is_control() && c != '\t') {
        Err("a header with control characters".to_owned())
    } else {
        Ok(())
    }
}

/// What is wrong with JSON, without repeating any of it: it may hold a customer's words.
fn shape(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "has other fields than the ABI says" } else { "is not JSON" };
    format!("{what}, column {}", error.column())
}
