//! A WhatsApp webhook across the boundary: the codec alone, the host in process, the process tier, and two processes that
//! only send each other as many bytes, where the system puts them and on one core, as the process tier does it.

use std::error::Error;
use std::ffi::c_void;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
use serde_json::json;
use sha2::Sha256;
use wane_core::time::Timestamp;
use wane_plugin_abi::{self as abi, Entry, Plugin, Slice};
use wane_plugin_host::call::{Input, InputKind};
use wane_plugin_host::{Channel, Host, Tier};

use crate::Targets;
use crate::place::{Place, channel, micros, percentile};

/// The argument that makes this program the peer.
pub(crate) const ECHO: &str = "echo";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A text message of a customer, with all that its sender's documentation says comes with one.
const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"104700000000011","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Sheena Example"},"wa_id":"16505551234"}],"messages":[{"from":"16505551234","id":"wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=","timestamp":"1749416383","type":"text","text":{"body":"Does it come in another colour? The blue one is sold out in my size, and I would need it before the weekend."}}]},"field":"messages"}]}]}"#;

pub(crate) fn run(quick: bool) -> Result<Targets, Box<dyn Error>> {
    let (rounds, calls) = if quick { (3, 50) } else { (41, 2_000) };
    let place = Place::new()?;
    let file = place.built("wane_channel_whatsapp")?;
    let bare = Bare::load(&file)?;
    let mut hosts = Vec::new();
    for tier in [Tier::Inproc, Tier::Process] {
        let mut settings = place.settings();
        let own = channel("wane_channel_whatsapp", tier, json!({}), ("app_secret", SECRET));
        settings.channels.insert("whatsapp".to_owned(), own);
        let host = Host::load(&settings)?;
        hosts.push(host.channel("whatsapp").ok_or("no channel")?);
    }
    let signature = format!("sha256={}", hex(&mac()));
    let headers: [(&str, &[u8]); 3] = [
        ("content-type", b"application/json"),
        ("user-agent", b"facebookexternalua"),
        ("x-hub-signature-256", signature.as_bytes()),
    ];
    let (mut peer, mut near) = (Peer::start()?, Peer::start()?);
    let mut figures: Vec<(&str, Vec<Duration>)> = Vec::new();
    let [inproc, process] = hosts.as_slice() else { return Err("two tiers".into()) };
    // They take turns, so that what else the machine does meets all of them.
    for _ in 0..rounds {
        turn(&mut figures, "the codec alone, called over the ABI", calls, || bare.call(&headers));
        turn(&mut figures, "the provider's signature alone", calls, || std::hint::black_box(mac()).len());
        turn(&mut figures, "in process", calls, || call(inproc, &headers));
        turn(&mut figures, "in a process of its own", calls, || call(process, &headers));
        turn(&mut figures, "two processes that send each other as many bytes", calls, || peer.ask());
        turn(&mut figures, "the same, the other one on this one's core", calls, || near.ask_near());
    }
    report(figures)
}

fn turn(
    figures: &mut Vec<(&'static str, Vec<Duration>)>,
    name: &'static str,
    calls: usize,
    mut one: impl FnMut() -> usize,
) {
    if !figures.iter().any(|(known, _)| *known == name) {
        figures.push((name, Vec::new()));
    }
    let Some((_, times)) = figures.iter_mut().find(|(known, _)| *known == name) else { return };
    for _ in 0..calls {
        let begun = Instant::now();
        assert_ne!(std::hint::black_box(one()), 0, "{name} gives nothing");
        times.push(begun.elapsed());
    }
}

fn report(figures: Vec<(&str, Vec<Duration>)>) -> Result<Targets, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    writeln!(out, "  a webhook of {} bytes, microseconds                 p50      p99    p99.9", BODY.len())?;
    let mut middles = Vec::new();
    for (name, mut times) in figures {
        times.sort();
        let [p50, p99, p999] = [50.0, 99.0, 99.9].map(|percent| micros(percentile(&times, percent)));
        writeln!(out, "  {name:<50} {p50:8.2} {p99:8.2} {p999:8.2}")?;
        middles.push(p50);
    }
    let [codec, mac, inproc, process, _, peer] = middles.as_slice() else { return Err("six figures".into()) };
    let (here, apart) = (inproc - codec - mac, process - codec - mac);
    writeln!(
        out,
        "\n  of the process tier's {process:.1} us the way there and back, which no program can be without, is {peer:.1} us"
    )?;
    Ok(vec![
        (
            "in process, beyond codec and signature: at most 1.5 us".to_owned(),
            format!("{here:.2} us"),
            (here <= 1.5).into(),
        ),
        (
            "process tier, p50 beyond codec and signature: at most 20 us".to_owned(),
            format!("{apart:.1} us"),
            (apart <= 20.0).into(),
        ),
    ])
}

fn call(channel: &Channel, headers: &[(&str, &[u8])]) -> usize {
    let (kind, received_at) = (InputKind::Webhook, Timestamp::EPOCH.plus_millis(1_749_416_384_000));
    let (account, method, path, query) = ("", "POST", "/v1/channels/whatsapp/webhook", "");
    let input = Input { kind, received_at, account, method, path, query, headers, body: BODY.as_bytes() };
    channel.translate(&input).map_or(0, |translated| translated.events.len())
}

fn mac() -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else { return Vec::new() };
    mac.update(BODY.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The codec called as C would, with a sink that only counts.
struct Bare {
    plugin: Plugin,
    instance: *mut c_void,
}

#[expect(unsafe_code, reason = "calls over the ABI, as short as they can be")]
impl Bare {
    fn load(file: &std::path::Path) -> Result<Self, Box<dyn Error>> {
        // SAFETY: a plugin of this repository, built along with this program; never unloaded.
        unsafe {
            let library = Box::leak(Box::new(libloading::Library::new(file)?));
            let plugin = *library.get::<Entry>(abi::ENTRY.as_bytes())?();
            let (mut instance, mut count) = (std::ptr::null_mut(), 0);
            let create = plugin.create.ok_or("no `create`")?;
            create(Slice::new(b"{}"), &raw const *Self::sink(&mut count), &raw mut instance);
            Ok(Self { plugin, instance })
        }
    }

    fn call(&self, headers: &[(&str, &[u8])]) -> usize {
        let text = |text: &str| Slice::new(text.as_bytes());
        let headers: Vec<abi::Header> =
            headers.iter().map(|(name, value)| abi::Header { name: text(name), value: Slice::new(value) }).collect();
        let input = abi::Input {
            size: size_of::<abi::Input>() as u32,
            kind: abi::kind::WEBHOOK,
            received_at_ms: 1_749_416_384_000,
            account: Slice::EMPTY,
            method: text("POST"),
            path: text("/v1/channels/whatsapp/webhook"),
            query: Slice::EMPTY,
            headers: headers.as_ptr(),
            header_count: headers.len() as u64,
            body: text(BODY),
        };
        let mut count = 0;
        let sink = Self::sink(&mut count);
        let Some(translate) = self.plugin.translate else { return 0 };
        // SAFETY: the instance is this thread's; all pointers are valid during the call.
        unsafe { translate(self.instance, &raw const input, &raw const *sink) };
        count
    }

    fn sink(count: &mut usize) -> Box<abi::Sink> {
        unsafe extern "C" fn event(host: *mut c_void, json: Slice) -> i32 {
            // SAFETY: the count that the sink was made with.
            unsafe { *host.cast::<usize>() += json.len as usize };
            abi::code::OK
        }
        Box::new(abi::Sink {
            size: size_of::<abi::Sink>() as u32,
            reserved: 0,
            host: std::ptr::from_mut(count).cast(),
            event: Some(event),
            reply: None,
            request: None,
            suppress: None,
            fail: None,
        })
    }
}

/// Bytes there and back of about the lengths of a question and its answer.
struct Peer {
    stream: UnixStream,
    child: std::process::Child,
    question: Vec<u8>,
    core: Option<usize>,
}

/// The bytes of an answer with one event.
const ANSWER: usize = 400;

impl Peer {
    fn start() -> Result<Self, Box<dyn Error>> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new("/proc/self/exe");
        let child = command.arg(ECHO).stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).spawn()?;
        Ok(Self { stream: ours, child, question: vec![1; BODY.len() + 200], core: None })
    }

    /// As the host does it. Where this thread is may change at any time.
    fn ask_near(&mut self) -> usize {
        let core = sched_getcpu();
        if self.core != Some(core) {
            let mut here = CpuSet::new();
            here.set(core);
            self.core = sched_setaffinity(Some(Pid::from_child(&self.child)), &here).is_ok().then_some(core);
        }
        self.ask()
    }

    fn ask(&mut self) -> usize {
        let mut answer = [0; ANSWER];
        let asked = self.stream.write_all(&self.question).and_then(|()| self.stream.read_exact(&mut answer));
        asked.map_or(0, |()| ANSWER)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The other end.
pub(crate) fn echo() -> io::Result<()> {
    let mut stream = UnixStream::from(std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?);
    let mut question = vec![0; BODY.len() + 200];
    loop {
        stream.read_exact(&mut question)?;
        stream.write_all(&[1; ANSWER])?;
    }
}
