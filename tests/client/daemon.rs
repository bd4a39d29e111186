//! The real daemon with the web plugin on a clock moved by hand, its clients, and their streams.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use tempfile::TempDir;
use wane_tests::daemon::{self, Process};

pub(crate) use wane_tests::daemon::Answer;

/// Tokens of an hour that are refused when they ran out, with a bot for good; silence towards a rep.
const RULES: &str = r#"
[timers.token]
scope      = "conversation"
channels   = ["web", "in-app"]
restart_on = ["token.issued"]
stop_on    = ["token.revoked"]
on_lapse   = []

[[timers.token.afterwards]]
on      = ["message:customer", "typing:customer", "client.connected", "token.issued"]
handler = ["bot"]
do      = ["end-session", "end-conversation", "refuse-client"]

[[timers.token.afterwards]]
on = ["message:customer", "typing:customer", "client.connected", "token.issued"]
do = ["refuse-client"]

[timers.silence]
handler  = ["rep"]
start_on = ["message:rep"]
stop_on  = ["message:customer"]
on_lapse = ["mark-inactive"]

[[rules]]
id    = "token"
timer = "token"
after = "1h"

[[rules]]
id    = "silence"
timer = "silence"
after = "10m"
"#;

pub(crate) const API: &str = "/iamessage/api/v2";

pub(crate) struct Daemon {
    process: RefCell<Process>,
    address: RefCell<String>,
    clock: &'static str,
    tokens: RefCell<BTreeMap<String, String>>,
    directory: TempDir,
    count: Cell<u32>,
}

impl Daemon {
    /// With this in the configuration's `[client]`.
    pub(crate) fn manual(client: &str) -> Self {
        Self::start("manual", client, &[])
    }

    pub(crate) fn start(clock: &'static str, client: &str, files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        for made in ["rules", "plugins"] {
            fs::create_dir(path.join(made)).expect("made");
        }
        fs::set_permissions(path.join("plugins"), fs::Permissions::from_mode(0o755)).expect("changed");
        // The plugins, dependencies of these tests, lie beside the test itself.
        let tests = std::env::current_exe().expect("a path");
        for name in ["libwane_channel_web.so", "libwane_channel_in_app.so"] {
            let plugin = path.join("plugins").join(name);
            fs::copy(tests.with_file_name(name), &plugin).expect("the plugin is built with the tests");
            fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).expect("changed");
        }
        fs::write(path.join("rules/rules.toml"), RULES).expect("written");
        let config = format!(
            "plugins = \"plugins\"\n[channels.web]\nplugin = \"wane_channel_web\"\n[delivery.templates]\n\
             hello = \"Still there?\"\n[client]\n{client}\n"
        );
        fs::write(path.join("wane.toml"), config).expect("written");
        for (name, text) in files {
            fs::write(path.join(name), text).expect("written");
        }
        let (process, address) = run(path, clock);
        let (process, address) = (RefCell::new(process), RefCell::new(address));
        let tokens = RefCell::new(daemon::dev_tokens(&path.join("data")));
        let daemon = Self { process, address, clock, tokens, directory, count: Cell::new(0) };
        if clock == "manual" {
            daemon.pass(0);
        }
        daemon
    }

    /// Ends it, in order or not, and starts it again.
    pub(crate) fn restart(&self, in_order: bool) {
        let mut process = self.process.borrow_mut();
        if in_order {
            process.stop();
        } else {
            process.kill();
        }
        let (started, address) = run(self.directory.path(), self.clock);
        *process = started;
        self.address.replace(address);
        self.tokens.replace(daemon::dev_tokens(&self.directory.path().join("data")));
    }

    /// What it printed for its operator.
    pub(crate) fn log(&self) -> String {
        self.process.borrow().log()
    }

    /// A request with these fields and that body.
    pub(crate) fn ask(&self, method: &str, path: &str, fields: &str, body: &str) -> Answer {
        let fields = format!("Connection: close\r\nContent-Type: application/json\r\n{fields}");
        daemon::ask(&self.address.borrow(), method, path, &fields, body.as_bytes())
    }

    /// As the business's own software, with an API token of that scope.
    pub(crate) fn api(&self, scope: &str, method: &str, path: &str, body: &Value) -> Answer {
        let token = self.tokens.borrow().get(scope).expect("a scope").clone();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(method, path, &daemon::bearer(&token), &body)
    }

    /// Time passes.
    pub(crate) fn pass(&self, minutes: i64) {
        self.count.set(self.count.get() + u32::try_from(minutes).expect("a length"));
        let (hours, minutes) = (self.count.get() / 60, self.count.get() % 60);
        let now = format!("2100-01-01T{hours:02}:{minutes:02}:00Z");
        let set = self.api("admin", "POST", "/v1/clock", &json!({ "now": now }));
        assert_eq!(set.status, 200, "{set:?}");
    }

    /// Returns when so many notices of a channel's endpoint were sent, and nothing is on its way any more.
    pub(crate) fn settled(&self, notices: u64) {
        let mut books = Value::Null;
        for _ in 0..20_000 {
            books = self.api("admin", "GET", "/v1/endpoints", &Value::Null).json["books"].take();
            let number = |name: &str| books[name].as_u64().unwrap_or(0);
            if number("enqueued") >= notices && number("pending") == 0 {
                return;
            }
        }
        panic!("deliveries stay {books}");
    }

    /// Somebody of the business's side does something.
    pub(crate) fn business(&self, conversation: &str, role: &str, kind: &str) {
        let event = json!({ "type": kind, "role": role, "conversation": conversation });
        let answer = self.api("events:write", "POST", "/v1/events", &event);
        assert_eq!((answer.status, &answer.json["outcome"]), (200, &json!("applied")), "{answer:?}");
    }

    /// The conversation as the business sees it.
    pub(crate) fn session(&self, conversation: &str) -> Value {
        self.api("sessions:read", "GET", &format!("/v1/sessions/{conversation}"), &Value::Null).json
    }

    /// Asks for a guest's token.
    pub(crate) fn token(&self, kind: &str, more: &Value) -> Answer {
        let mut body =
            json!({ "orgId": "00Dx", "esDeveloperName": "Chat", "capabilitiesVersion": "1", "platform": "Web" });
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        self.ask("POST", &format!("{API}/authorization/{kind}/access-token"), "", &body.to_string())
    }

    pub(crate) fn guest(&self) -> Client<'_> {
        Client::of(self, &self.token("unauthenticated", &Value::Null))
    }
}

fn run(path: &std::path::Path, clock: &str) -> (Process, String) {
    let arguments = ["serve", "--dev", "--clock", clock, "--listen", "127.0.0.1:0", "--data", "data"];
    let mut process = Process::spawn(path, &arguments);
    let address = process.ready();
    (process, address)
}

/// A customer's page or app.
pub(crate) struct Client<'d> {
    daemon: &'d Daemon,
    pub(crate) token: String,
    pub(crate) subject: String,
    pub(crate) last: String,
}

impl<'d> Client<'d> {
    pub(crate) fn of(daemon: &'d Daemon, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = |pointer: &str| answer.json.pointer(pointer).and_then(Value::as_str).expect(pointer).to_owned();
        let (token, last) = (text("/accessToken"), text("/lastEventId"));
        Self { daemon, token, last, subject: text("/context/endUser/subject") }
    }

    fn fields(&self) -> String {
        daemon::bearer(&self.token)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.daemon.ask(method, &format!("{API}{path}"), &self.fields(), &body)
    }

    /// Opens a conversation; gives the status.
    pub(crate) fn opens(&self, conversation: &str) -> u16 {
        let body = json!({ "conversationId": conversation, "esDeveloperName": "Chat", "routingAttributes": {} });
        self.ask("POST", "/conversation", &body).status
    }

    pub(crate) fn says(&self, conversation: &str, id: &str, text: &str) -> Answer {
        let body = json!({ "message": { "id": id, "messageType": "StaticContentMessage",
            "staticContent": { "formatType": "Text", "text": text } }, "esDeveloperName": "Chat" });
        self.ask("POST", &format!("/conversation/{conversation}/message"), &body)
    }

    /// Opens a stream after that event.
    pub(crate) fn listens(&self, after: &str) -> Stream {
        self.tries(after).unwrap_or_else(|status| panic!("no stream: {status}"))
    }

    /// Returns when nobody else's stream is open any more, where only one may be.
    pub(crate) fn gets_the_only_place(&self) {
        let place = (0..20_000).find_map(|_| self.tries(&self.last).ok());
        assert!(place.is_some(), "the other stream stays open");
    }

    /// A stream, or the status of the refusal.
    pub(crate) fn tries(&self, after: &str) -> Result<Stream, u16> {
        let mut stream = TcpStream::connect(&*self.daemon.address.borrow()).expect("it listens");
        daemon::patient(&stream);
        let fields = format!("{}Accept: text/event-stream\r\nLast-Event-ID: {after}\r\n", self.fields());
        stream.write_all(&daemon::request("GET", "/eventrouter/v1/sse", &fields, b"")).expect("sent");
        let mut lines = BufReader::new(stream);
        let head = daemon::head(&mut lines);
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        if status == 200 { Ok(Stream { lines }) } else { Err(status) }
    }
}

/// An open stream of events.
pub(crate) struct Stream {
    lines: BufReader<TcpStream>,
}

/// One event of it.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: Value,
}

impl Heard {
    /// The payload, which is JSON in a string.
    pub(crate) fn payload(&self) -> Value {
        let text = self.data.pointer("/conversationEntry/entryPayload").and_then(Value::as_str).expect("a string");
        serde_json::from_str(text).expect("JSON")
    }

    pub(crate) fn identifier(&self) -> &str {
        self.data.pointer("/conversationEntry/identifier").and_then(Value::as_str).expect("an identifier")
    }

    pub(crate) fn role(&self) -> &str {
        self.data.pointer("/conversationEntry/sender/role").and_then(Value::as_str).expect("a role")
    }

    pub(crate) fn text(&self) -> String {
        let payload = self.payload();
        let text = payload.pointer("/abstractMessage/staticContent/text").and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }
}

impl Stream {
    /// The next event.
    pub(crate) fn next(&mut self) -> Heard {
        let (mut id, mut event, mut line) = (String::new(), String::new(), String::new());
        loop {
            line.clear();
            assert!(self.lines.read_line(&mut line).expect("an event in time") > 0, "the stream has ended");
            let Some((key, value)) = line.trim_end().split_once(": ") else { continue };
            match key {
                "id" => value.clone_into(&mut id),
                "event" => value.clone_into(&mut event),
                "data" => {
                    // Lines of chunks stand between; a frame is one chunk.
                    let data = serde_json::from_str(value).expect("JSON");
                    if !event.is_empty() {
                        return Heard { id, event, data };
                    }
                }
                _ => {}
            }
        }
    }

    /// Everything up to the first of these events, that one last.
    pub(crate) fn until(&mut self, event: &str) -> Vec<Heard> {
        let mut heard = Vec::new();
        loop {
            let next = self.next();
            let is_it = next.event == event;
            heard.push(next);
            if is_it {
                return heard;
            }
        }
    }
}
