//! Every fault of the collection as a live channel in the process tier, beside two healthy channels with a load of their
//! own, one in each tier: do these lose an event, and by how much do their calls get slower?
//!
//! Turns with nothing beside, with as many sound channels that are called as often, and with the faulty ones alternate. They
//! begin to fail one after another during the first half of a turn, or all in the same instant, and are called until its end;
//! quarantine is as by default.

use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use wane_core::time::Timestamp;
use wane_plugin_host::call::{Input, InputKind};
use wane_plugin_host::{Channel, Host, Tier};

use crate::Targets;
use crate::place::{Place, channel, micros, percentile};
use crate::reload::pause;

/// Requests a second to each healthy channel.
pub(crate) const RATE: u64 = 1_000;
/// How often each faulty channel is called.
pub(crate) const FOIL_GAP: Duration = Duration::from_millis(50);

/// A plugin, and the bodies that each make one fault.
pub(crate) const FOILS: [(&str, &[&str]); 3] = [
    ("wane_foil", &["panic", "flood", "deaf", "long", "render", "twice", "status", "split", "fault"]),
    ("foil", &["u", "j", "a", "t", "o", "y", "n", "h", "c", "m", "r", "f"]),
    ("rogue", &["s", "r", "a", "e", "q", "k", "c", "b", "h", "l", "f", "i", "z"]),
];

pub(crate) fn run(quick: bool) -> Result<Targets, Box<dyn Error>> {
    let (turns, length) = if quick { (1, Duration::from_secs(1)) } else { (4, Duration::from_secs(20)) };
    let place = Place::new()?;
    place.built("wane_foil")?;
    place.compiled("foil")?;
    place.compiled("rogue")?;
    let mut figures = TIERS.map(|tier| Figures { tier, ..Figures::default() });
    for kind in (0..turns).flat_map(|_| Turn::ALL) {
        let host = collection(&place, kind)?;
        let spread = if kind == Turn::AtOnce { Duration::ZERO } else { length / 2 };
        for (figures, (seen, missing)) in figures.iter_mut().zip(turn(&host, kind, (length, spread))?) {
            figures.calls += seen.len();
            figures.lost += missing;
            match kind {
                Turn::Alone => figures.alone.extend(seen),
                Turn::Sound => figures.sound.extend(seen),
                Turn::Beside => figures.beside.extend(seen),
                Turn::AtOnce => figures.at_once.extend(seen),
            }
        }
    }
    let mut targets = Vec::new();
    for mut figures in figures {
        [&mut figures.alone, &mut figures.sound, &mut figures.beside, &mut figures.at_once]
            .into_iter()
            .for_each(|times| times.sort());
        targets.extend(report(&figures)?);
    }
    Ok(targets)
}

/// What a turn has beside the healthy channels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing.
    Alone,
    /// As many that do nothing wrong.
    Sound,
    /// Faulty ones, which begin one after another.
    Beside,
    /// Faulty ones, which begin in one instant.
    AtOnce,
}

impl Turn {
    pub(crate) const ALL: [Self; 4] = [Self::Alone, Self::Sound, Self::Beside, Self::AtOnce];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Sound => "beside as many sound ones",
            Self::Beside => "beside the faulty ones",
            Self::AtOnce => "when all of them begin at once",
        }
    }
}

/// The tiers of the healthy channels.
const TIERS: [&str; 2] = ["inproc", "process"];

/// What became of one healthy channel.
#[derive(Default)]
struct Figures {
    tier: &'static str,
    alone: Vec<Duration>,
    sound: Vec<Duration>,
    beside: Vec<Duration>,
    at_once: Vec<Duration>,
    calls: usize,
    lost: u64,
}

/// The healthy channels, and those beside.
fn collection(place: &Place, turn: Turn) -> Result<Host, Box<dyn Error>> {
    let config = |plugin: &str| if plugin == "wane_foil" { json!({ "account": "a" }) } else { json!({}) };
    let secret = |plugin: &str| if plugin == "wane_foil" { ("token", "t") } else { ("", "") };
    let mut settings = place.settings();
    let mut add = |name: String, plugin: &str, tier: Tier| {
        settings.channels.insert(name, channel(plugin, tier, config(plugin), secret(plugin)));
    };
    add("inproc".to_owned(), "wane_foil", Tier::Inproc);
    add("process".to_owned(), "wane_foil", Tier::Process);
    for (plugin, words) in FOILS.iter().filter(|_| turn != Turn::Alone) {
        let loaded = if turn == Turn::Sound { "wane_foil" } else { plugin };
        words.iter().for_each(|word| add(format!("{plugin} {word}"), loaded, Tier::Process));
    }
    Ok(Host::load(&settings)?)
}

/// What was seen of a healthy channel: how long its calls took, and how many events were missing.
type Seen = (Vec<Duration>, u64);

/// Calls all channels for so long; the faulty ones begin one after another over that time.
fn turn(host: &Host, kind: Turn, (length, spread): (Duration, Duration)) -> Result<Vec<Seen>, Box<dyn Error>> {
    let over = AtomicBool::new(false);
    let mut first = Duration::ZERO;
    Ok(std::thread::scope(|scope| {
        for (plugin, word) in FOILS.iter().flat_map(|(plugin, words)| words.iter().map(move |word| (plugin, word))) {
            let Some(foil) = host.channel(&format!("{plugin} {word}")) else { continue };
            let (over, begin) = (&over, first);
            first += spread / u32::try_from(count()).unwrap_or(1);
            scope.spawn(move || {
                pause(begin);
                while !over.load(Ordering::SeqCst) {
                    let (said, expected) = if kind == Turn::Sound { ("one", 1) } else { (*word, 0) };
                    assert_eq!(events(&foil, said), expected, "{plugin} {word}, of which a fault is {}", expected == 0);
                    pause(FOIL_GAP);
                }
            });
        }
        let healthy = TIERS.map(|tier| host.channel(tier));
        let loads = healthy.map(|healthy| scope.spawn(move || healthy.map(|healthy| load(&healthy, length))));
        let seen = loads.map(|load| load.join().ok().flatten().unwrap_or_default());
        over.store(true, Ordering::SeqCst);
        seen.into()
    }))
}

/// How many they are.
pub(crate) fn count() -> usize {
    FOILS.iter().map(|(_, words)| words.len()).sum()
}

/// The healthy channel's load: a request at each time that is due, whether or not the one before was late.
fn load(healthy: &Channel, length: Duration) -> (Vec<Duration>, u64) {
    let (begun, gap) = (Instant::now(), Duration::from_nanos(1_000_000_000 / RATE));
    let (mut times, mut lost, mut due) = (Vec::new(), 0, Duration::ZERO);
    while due < length {
        if let Some(early) = due.checked_sub(begun.elapsed()) {
            pause(early);
        }
        let start = Instant::now();
        lost += u64::from(events(healthy, "one") != 1);
        times.push(start.elapsed());
        due += gap;
    }
    (times, lost)
}

fn events(channel: &Channel, body: &str) -> usize {
    let (kind, received_at, headers) = (InputKind::Webhook, Timestamp::EPOCH, &[][..]);
    let (account, method, path, query, body) = ("", "POST", "/", "", body.as_bytes());
    let input = Input { kind, received_at, account, method, path, query, headers, body };
    channel.translate(&input).map_or(0, |translated| translated.events.len())
}

fn report(Figures { tier, alone, sound, beside, at_once, calls, lost }: &Figures) -> Result<Targets, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    writeln!(out, "  a healthy channel, {tier:<7}, {RATE} requests/s, microseconds   p50      p90      p99    p99.9")?;
    for (turn, times) in [(Turn::Alone, alone), (Turn::Sound, sound), (Turn::Beside, beside), (Turn::AtOnce, at_once)] {
        let [p50, p90, p99, p999] = [50.0, 90.0, 99.0, 99.9].map(|percent| micros(percentile(times, percent)));
        writeln!(out, "  {:<50} {p50:8.1} {p90:8.1} {p99:8.1} {p999:8.1}", turn.name())?;
    }
    writeln!(out)?;
    let moved = |times| micros(percentile(times, 99.0)) / micros(percentile(alone, 99.0)) - 1.0;
    let (moved, at_once) = (moved(beside), moved(at_once));
    let foils = count();
    Ok(vec![
        (
            format!("{foils} faulty channels: a healthy one ({tier}) loses none of {calls} events"),
            lost.to_string(),
            *lost == 0,
        ),
        (format!("{tier}: its p99 moves by less than 10 %"), format!("{:+.1} %", moved * 100.0), moved < 0.1),
        (
            format!("{tier}: and also when all of them begin at once"),
            format!("{:+.1} %", at_once * 100.0),
            at_once < 0.1,
        ),
    ])
}
