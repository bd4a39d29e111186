//! Every fault of the collection as a live channel of a running daemon: does a healthy channel lose an event, and by how much
//! do its webhooks take longer from the provider's side?
//!
//! The daemon is a release build with nothing changed but the rate of webhooks from one address; all channels are in the process
//! tier. A webhook is answered when its event is durable, so its time is mostly the disk's.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, setpriority_process};
use rustix::thread::gettid;

use crate::Targets;
use crate::place::Place;
use crate::reload::pause;
use crate::rounds::{Begin, Other, Plan, RATE, Times};

/// Connections that the healthy channel's provider keeps open.
const CONNECTIONS: u64 = 4;

type Fault = Box<dyn Error + Send + Sync>;

/// Where the daemon's data is.
const DATA: [(&str, &str); 2] = [("on disk", ""), ("in memory", "/dev/shm")];
/// How many daemons are seen with channels that begin, and with channels at rest.
const REPEATS: [usize; 2] = [10, 3];

pub(crate) fn run(quick: bool) -> Result<Targets, Box<dyn Error>> {
    let Some((program, place)) = prepared()? else { return Ok(Vec::new()) };
    let mut targets = Vec::new();
    for (at, data) in DATA {
        for begin in [Begin::InTurn, Begin::AtOnce] {
            let (times, lost) = seen(&program, (&place, data), Plan::new(begin, quick))?;
            targets.extend(times.report(&format!("live, {at}"), lost)?);
        }
    }
    Ok(targets)
}

/// What of it is due to faulty channels that begin, of which the turns are short and in each a single one does, and what to those
/// that rest.
pub(crate) fn begin(quick: bool) -> Result<Targets, Box<dyn Error>> {
    let Some((program, place)) = prepared()? else { return Ok(Vec::new()) };
    let [begin, rest] = if quick { [1; 2] } else { REPEATS };
    let mut targets = Vec::new();
    for (at, data) in DATA {
        let name = format!("live, {at}");
        let again = |plan, repeats| {
            let (mut times, mut lost) = seen(&program, (&place, data), plan)?;
            for _ in 1..repeats {
                let (more, missing) = seen(&program, (&place, data), plan)?;
                times.append(more);
                lost += missing;
            }
            Ok::<_, String>((times, lost))
        };
        let (at_rest, lost) = again(Plan::rest(quick), rest)?;
        targets.extend(at_rest.report(&name, lost)?);
        let (times, lost) = again(Plan::each(quick), begin)?;
        targets.push((format!("{name}, each by itself: none lost"), lost.to_string(), (lost == 0).into()));
        targets.extend(times.begun(&name, &at_rest)?);
    }
    Ok(targets)
}

/// A release build of the daemon, if there is one, and the plugins.
fn prepared() -> Result<Option<(PathBuf, Place)>, Box<dyn Error>> {
    let program = std::env::var_os("WANE").map_or_else(|| PathBuf::from("../target/release/wane"), PathBuf::from);
    if !program.is_file() {
        writeln!(io::stdout(), "left out: no release build of the daemon at {}", program.display())?;
        return Ok(None);
    }
    Ok(Some((program, Place::foils()?)))
}

/// A daemon for all rounds: what was seen, and how many events are missing.
fn seen(program: &Path, places: (&Place, &str), plan: Plan) -> Result<(Times, u64), String> {
    rounds(program, places, plan).map_err(|error| error.to_string())
}

fn rounds(program: &Path, places: (&Place, &str), plan: Plan) -> Result<(Times, u64), Fault> {
    let mut daemon = Daemon::start(program, places, plan)?;
    let (address, begun) = (daemon.address, Instant::now());
    let (mut times, mut expected) = (plan.times(), 0);
    std::thread::scope(|scope| {
        let others: Vec<_> = plan.others().map(|other| scope.spawn(move || beside(&other, address, begun))).collect();
        let loads: Vec<_> =
            (0..CONNECTIONS).map(|number| scope.spawn(move || load(address, number, (begun, plan)))).collect();
        for load in loads {
            let (seen, sent) = load.join().map_err(|_| "a load failed")??;
            times.add(seen);
            expected += sent;
        }
        for other in others {
            expected += other.join().map_err(|_| "a channel's provider failed")??;
        }
        Ok::<_, Fault>(())
    })?;
    let applied = daemon.applied()?;
    daemon.stop()?;
    if applied > expected {
        return Err(format!("{applied} events were applied of {expected} sent: a faulty channel made some").into());
    }
    Ok((times, expected - applied))
}

/// Sends the webhooks of another channel; how many events they brought.
fn beside(other: &Other, address: SocketAddr, begun: Instant) -> Result<u64, Fault> {
    // Providers are elsewhere: what they do themselves is not to be seen here.
    setpriority_process(Some(gettid()), 19)?;
    let mut provider = Provider::new(address, &other.channel, other.said);
    // What a faulty one is answered does not matter here, as long as the others are.
    let taken = other.call(begun, || provider.ask().is_ok_and(|(status, _)| status == 200));
    Ok(if other.is_sound() { taken } else { 0 })
}

/// A share of the healthy channel's webhooks, each at the time that is due. How long one took counts from when it was due,
/// so that one that had to wait for the one before is not let off. All are counted as sent.
fn load(address: SocketAddr, number: u64, (begun, plan): (Instant, Plan)) -> Result<(Times, u64), Fault> {
    let gap = Duration::from_nanos(1_000_000_000 * CONNECTIONS / RATE);
    let mut provider = Provider::new(address, "healthy", "one");
    let (mut times, mut sent) = (plan.times(), 0);
    let mut due = gap / u32::try_from(CONNECTIONS)? * u32::try_from(number)?;
    while due < plan.length() {
        if let Some(early) = due.checked_sub(begun.elapsed()) {
            pause(early);
        }
        let (status, body) = provider.ask()?;
        if status != 200 {
            return Err(format!("a webhook of the healthy channel is answered {status}: {body}").into());
        }
        sent += 1;
        times.note(due, begun.elapsed() - due);
        due += gap;
    }
    Ok((times, sent))
}

/// Who posts the webhooks of a channel, over one connection that is opened again when it was closed.
struct Provider {
    address: SocketAddr,
    request: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Provider {
    fn new(address: SocketAddr, channel: &str, body: &str) -> Self {
        let length = body.len();
        let request = format!(
            "POST /v1/channels/{channel}/webhook HTTP/1.1\r\nhost: wane\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        Self { address, request, stream: None }
    }

    /// Status and body of what it is answered.
    fn ask(&mut self) -> Result<(u16, String), Fault> {
        let answered = self.answered();
        if answered.is_err() {
            self.stream = None;
        }
        answered
    }

    fn answered(&mut self) -> Result<(u16, String), Fault> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(BufReader::new(connected(self.address)?)),
        };
        stream.get_mut().write_all(self.request.as_bytes())?;
        answer(stream)
    }
}

fn connected(address: SocketAddr) -> Result<TcpStream, Fault> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// Status and body of an answer that says how long it is.
fn answer(stream: &mut BufReader<TcpStream>) -> Result<(u16, String), Fault> {
    let (mut status, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        match (status, line.trim_end()) {
            (Some(status), "") => {
                let mut body = vec![0; length];
                stream.read_exact(&mut body)?;
                return Ok((status, String::from_utf8(body)?));
            }
            (None, first) => status = Some(first.split(' ').nth(1).ok_or("no answer")?.parse()?),
            (Some(_), line) => {
                if let Some(given) = line.strip_prefix("content-length: ") {
                    length = given.parse()?;
                }
            }
        }
    }
}

/// A running daemon.
struct Daemon {
    child: Child,
    /// What it says has to go somewhere.
    _said: BufReader<ChildStdout>,
    address: SocketAddr,
    token: String,
    _directory: tempfile::TempDir,
}

impl Daemon {
    fn start(program: &Path, (place, data): (&Place, &str), plan: Plan) -> Result<Self, Fault> {
        let directory = if data.is_empty() { tempfile::tempdir()? } else { tempfile::tempdir_in(data)? };
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("rules"))?;
        fs::write(at("token"), "t")?;
        fs::set_permissions(at("token"), fs::Permissions::from_mode(0o600))?;
        let mut rules = "timers.quiet = { restart_on = ['message:customer'], on_lapse = ['end-session'] }\n\
             rules = [{ id = 'quiet', timer = 'quiet', after = '15m' }]\n[channels.healthy]\n"
            .to_owned();
        let mut config = format!(
            "plugins = \"{}\"\n[limits]\nwebhook = {{ rate = 1000000, burst = 1000000 }}\n",
            place.plugins().display()
        );
        let token = at("token").display().to_string();
        add(&mut config, "healthy", "wane_foil", &token)?;
        for Other { channel, plugin, .. } in plan.others() {
            writeln!(rules, "[channels.{channel}]")?;
            add(&mut config, &channel, plugin, &token)?;
        }
        fs::write(at("rules/rules.toml"), rules)?;
        fs::write(at("wane.toml"), config)?;
        let mut command = Command::new(program);
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--config"]).arg(at("wane.toml"));
        command.arg("--data").arg(at("data")).arg("--rules").arg(at("rules"));
        let log = fs::File::create(at("log"))?;
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut said = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut first = String::new();
        said.read_line(&mut first)?;
        let Ok(address) = first.trim().rsplit('/').next().unwrap_or_default().parse() else {
            return Err(format!("the daemon does not listen: {}", fs::read_to_string(at("log"))?).into());
        };
        let tokens: serde_json::Value = serde_json::from_str(&fs::read_to_string(at("data/dev-tokens.json"))?)?;
        let token = tokens["events:write"].as_str().ok_or("no token")?.to_owned();
        Ok(Self { child, _said: said, address, token, _directory: directory })
    }

    /// Events that it says it applied.
    fn applied(&self) -> Result<u64, Fault> {
        let mut stream = BufReader::new(connected(self.address)?);
        let token = &self.token;
        let request = format!("GET /metrics HTTP/1.1\r\nhost: wane\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes())?;
        let (_, text) = answer(&mut stream)?;
        let found = text.lines().find_map(|line| line.strip_prefix("wane_events_total{outcome=\"applied\"} "));
        Ok(found.ok_or("no metric of events")?.parse()?)
    }

    fn stop(&mut self) -> Result<(), Fault> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Nothing is left running when the benchmark fails; one that ended is no fault.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn add(config: &mut String, name: &str, plugin: &str, token: &str) -> Result<(), Fault> {
    writeln!(config, "[channels.{name}]\nplugin = \"{plugin}\"\ntier = \"process\"")?;
    if plugin == "wane_foil" {
        writeln!(config, "config = {{ account = \"a\" }}\nsecrets = {{ token = \"file:{token}\" }}")?;
    }
    Ok(())
}
