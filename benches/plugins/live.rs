//! Every fault of the collection as a live channel of a running daemon: does a healthy channel lose an event, and by how much
//! do its webhooks take longer from the provider's side?
//!
//! The daemon is a release build with nothing changed but the rate of webhooks from one address; all channels are in the process
//! tier. A webhook is answered when its event is durable, so its time is mostly the disk's, and that differs from minute to minute
//! by more than is looked for. So one daemon has a healthy channel that is called all the time, as many sound ones and the faulty
//! ones, and these two are called by turns of a few seconds, with turns in between when neither is. That goes on for as long as a
//! plugin rests that failed.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Targets;
use crate::foils::{FOIL_GAP, FOILS, RATE, Turn, count};
use crate::place::{Place, micros, percentile};
use crate::reload::pause;

/// Connections that the healthy channel's provider keeps open.
const CONNECTIONS: u64 = 4;
/// The first webhooks find neither warm code nor enough processes: so long they are sent and not counted, and nothing fails.
const WARM_UP: Duration = Duration::from_secs(5);
/// What is called beside the healthy channel, turn by turn.
const TURNS: [Turn; 3] = [Turn::Beside, Turn::Sound, Turn::Alone];

/// How often rounds are drawn again.
const RESAMPLES: usize = 200;

type Fault = Box<dyn Error + Send + Sync>;

pub(crate) fn run(quick: bool) -> Result<Targets, Box<dyn Error>> {
    let program = std::env::var_os("WANE").map_or_else(|| PathBuf::from("../target/release/wane"), PathBuf::from);
    if !program.is_file() {
        writeln!(io::stdout(), "left out: no release build of the daemon at {}", program.display())?;
        return Ok(Vec::new());
    }
    // A turn's beginning is not counted: what was begun in the one before may still go on.
    let (turn, unsettled, rounds) = if quick {
        (Duration::from_millis(500), Duration::from_millis(100), 2)
    } else {
        // Five minutes: a plugin that failed is called again after that.
        (Duration::from_secs(4), Duration::from_millis(500), 25)
    };
    let place = Place::new()?;
    place.built("wane_foil")?;
    place.compiled("foil")?;
    place.compiled("rogue")?;
    let mut targets = Vec::new();
    for begin in [Begin::InTurn, Begin::AtOnce] {
        let plan = Plan { turn, unsettled, rounds, begin };
        let (times, lost) = live(&program, &place, plan).map_err(|error| error.to_string())?;
        targets.extend(report(begin, times, lost)?);
    }
    Ok(targets)
}

/// When the faulty channels begin to be called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// One after another over all rounds, as in a service that has been up for long.
    InTurn,
    /// All of them in the first round, as when a service starts with them.
    AtOnce,
}

/// Rounds of turns.
#[derive(Clone, Copy)]
struct Plan {
    turn: Duration,
    unsettled: Duration,
    rounds: u32,
    begin: Begin,
}

impl Plan {
    fn length(self) -> Duration {
        WARM_UP + self.round() * self.rounds
    }

    fn round(self) -> Duration {
        self.turn * TURNS.len() as u32
    }

    /// The number of the turn that this instant counts for, if it does.
    fn counted(self, at: Duration) -> Option<usize> {
        let since = at.checked_sub(WARM_UP)?.as_nanos();
        let turn = self.turn.as_nanos();
        (since % turn >= self.unsettled.as_nanos()).then_some((since / turn) as usize)
    }

    /// How long to wait until there is a turn of this kind; nothing during one.
    fn wait(self, kind: Turn, at: Duration) -> Duration {
        let first = self.turn * TURNS.iter().position(|turn| *turn == kind).unwrap_or_default() as u32;
        let Some(since) = at.checked_sub(WARM_UP) else { return WARM_UP + first - at };
        let into = Duration::from_nanos((since.as_nanos() % self.round().as_nanos()) as u64);
        match into.checked_sub(first) {
            Some(over) if over < self.turn => Duration::ZERO,
            Some(_) => self.round() + first - into,
            None => first - into,
        }
    }
}

/// How long the healthy channel's webhooks took, turn by turn.
type Times = Vec<Vec<Duration>>;

/// A daemon for all rounds: what was seen, and how many events are missing.
fn live(program: &Path, place: &Place, plan: Plan) -> Result<(Times, u64), Fault> {
    let mut daemon = Daemon::start(program, place)?;
    let (address, sound) = (daemon.address, AtomicU64::new(0));
    let begun = Instant::now();
    let seen: Result<Vec<(Times, u64)>, Fault> = std::thread::scope(|scope| {
        for (number, (plugin, word)) in (0..).zip(foils()) {
            let share = |whole: Duration| whole * number / count() as u32;
            // Not all in the same instant again and again.
            let phase = share(FOIL_GAP);
            let late = if plan.begin == Begin::InTurn { share(plan.round() * plan.rounds) } else { Duration::ZERO };
            let faulty = Caller { channel: format!("{plugin}-{word}"), said: word, kind: Turn::Beside, late, phase };
            let channel = format!("sound-{plugin}-{word}");
            let other = Caller { channel, said: "one", kind: Turn::Sound, late: Duration::ZERO, phase };
            // What a faulty one is answered does not matter here, as long as the others are.
            scope.spawn(move || faulty.call(address, (begun, plan)));
            let sound = &sound;
            scope.spawn(move || sound.fetch_add(other.call(address, (begun, plan)), Ordering::SeqCst));
        }
        let loads: Vec<_> =
            (0..CONNECTIONS).map(|number| scope.spawn(move || load(address, number, (begun, plan)))).collect();
        loads.into_iter().map(|load| load.join().map_err(|_| Fault::from("a load failed"))?).collect()
    });
    let mut times = vec![Vec::new(); TURNS.len() * plan.rounds as usize];
    let mut expected = sound.into_inner();
    for (seen, sent) in seen? {
        expected += sent;
        times.iter_mut().zip(seen).for_each(|(times, seen)| times.extend(seen));
    }
    let applied = daemon.applied()?;
    daemon.stop()?;
    if applied > expected {
        return Err(format!("{applied} events were applied of {expected} sent: a faulty channel made some").into());
    }
    Ok((times, expected - applied))
}

fn foils() -> impl Iterator<Item = (&'static str, &'static str)> {
    FOILS.iter().flat_map(|(plugin, words)| words.iter().map(move |word| (*plugin, *word)))
}

/// Who calls a channel beside the healthy one.
struct Caller {
    channel: String,
    said: &'static str,
    kind: Turn,
    /// When it begins, after the warm-up.
    late: Duration,
    /// By how much it calls later than the first of its kind.
    phase: Duration,
}

impl Caller {
    /// Calls in its turns; how many webhooks were taken.
    fn call(&self, address: SocketAddr, (begun, plan): (Instant, Plan)) -> u64 {
        let (mut provider, mut taken) = (Provider::new(address, &self.channel, self.said), 0);
        pause(WARM_UP + self.late);
        while begun.elapsed() < plan.length() {
            let wait = plan.wait(self.kind, begun.elapsed());
            if wait.is_zero() {
                taken += u64::from(provider.ask().is_ok_and(|(status, _)| status == 200));
                pause(FOIL_GAP);
            } else {
                pause(wait.min(plan.length().saturating_sub(begun.elapsed())) + self.phase);
            }
        }
        taken
    }
}

/// A share of the healthy channel's webhooks, each at the time that is due. How long one took counts from when it was due,
/// so that one that had to wait for the one before is not let off. All are counted as sent.
fn load(address: SocketAddr, number: u64, (begun, plan): (Instant, Plan)) -> Result<(Times, u64), Fault> {
    let gap = Duration::from_nanos(1_000_000_000 * CONNECTIONS / RATE);
    let mut provider = Provider::new(address, "healthy", "one");
    let mut times = vec![Vec::new(); TURNS.len() * plan.rounds as usize];
    let (mut sent, mut due) = (0, gap / u32::try_from(CONNECTIONS)? * u32::try_from(number)?);
    while due < plan.length() {
        if let Some(early) = due.checked_sub(begun.elapsed()) {
            pause(early);
        }
        let (status, body) = provider.ask()?;
        if status != 200 {
            return Err(format!("a webhook of the healthy channel is answered {status}: {body}").into());
        }
        sent += 1;
        if let Some(times) = plan.counted(due).and_then(|turn| times.get_mut(turn)) {
            times.push(begun.elapsed() - due);
        }
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
    fn start(program: &Path, place: &Place) -> Result<Self, Fault> {
        let directory = tempfile::tempdir()?;
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
        for (plugin, word) in foils() {
            for (name, plugin) in
                [(format!("{plugin}-{word}"), plugin), (format!("sound-{plugin}-{word}"), "wane_foil")]
            {
                writeln!(rules, "[channels.{name}]")?;
                add(&mut config, &name, plugin, &token)?;
            }
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

fn report(begin: Begin, times: Times, lost: u64) -> Result<Targets, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let (title, short) = match begin {
        Begin::InTurn => ("faulty ones begin one after another", "one after another"),
        Begin::AtOnce => ("faulty ones begin all at once", "all at once"),
    };
    writeln!(out, "  a healthy channel's webhooks, {RATE}/s, microseconds             p50      p90      p99    p99.9")?;
    writeln!(out, "  {title}")?;
    let webhooks: usize = times.iter().map(Vec::len).sum();
    let rounds: Vec<&[Vec<Duration>]> = times.chunks(TURNS.len()).collect();
    for (place, turn) in TURNS.iter().enumerate().rev() {
        let pooled = pooled(&rounds, place);
        let [p50, p90, p99, p999] = [50.0, 90.0, 99.0, 99.9].map(|percent| micros(percentile(&pooled, percent)));
        writeln!(out, "  {:<50} {p50:8.0} {p90:8.0} {p99:8.0} {p999:8.0}", turn.name())?;
    }
    writeln!(out)?;
    let mut targets = vec![(
        format!("live, {short}: {} faulty channels: a healthy one loses none of {webhooks} events", count()),
        lost.to_string(),
        lost == 0,
    )];
    for (place, turn) in TURNS.iter().enumerate().filter(|(_, turn)| **turn != Turn::Alone) {
        let moved = moved(&rounds, place);
        let mut others = resampled(&rounds, place);
        others.sort_by(f64::total_cmp);
        let [low, high] = [5, 95].map(|percent| others.get(others.len() * percent / 100).copied().unwrap_or_default());
        let percent = |moved: f64| format!("{:+.1}", moved * 100.0);
        let reached = format!("{} % (90 % of resamples: {} to {} %)", percent(moved), percent(low), percent(high));
        let target = format!("live, {short}: {}: its webhooks' p99 moves by less than 10 %", turn.name());
        targets.push((target, reached, moved < 0.1));
    }
    Ok(targets)
}

/// All times of the turns with this place in their rounds, sorted.
fn pooled(rounds: &[&[Vec<Duration>]], place: usize) -> Vec<Duration> {
    let mut all: Vec<Duration> = rounds.iter().filter_map(|round| round.get(place)).flatten().copied().collect();
    all.sort_unstable();
    all
}

/// By which share the p99 of the turns in that place is above that of the healthy channel alone.
fn moved(rounds: &[&[Vec<Duration>]], place: usize) -> f64 {
    let p99 = |place| micros(percentile(&pooled(rounds, place), 99.0));
    p99(place) / p99(TURNS.len() - 1) - 1.0
}

/// The same of rounds that are drawn from these, as often as they are: how much of it is chance.
fn resampled(rounds: &[&[Vec<Duration>]], place: usize) -> Vec<f64> {
    // A generator of numbers that are the same each time.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        rounds.get((state % rounds.len().max(1) as u64) as usize).copied().unwrap_or_default()
    };
    (0..RESAMPLES).map(|_| moved(&rounds.iter().map(|_| draw()).collect::<Vec<_>>(), place)).collect()
}
