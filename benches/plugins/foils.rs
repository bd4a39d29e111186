//! Every fault of the collection as a live channel, all at once, beside a healthy channel with its own load: does that
//! channel lose an event, and by how much do its calls get slower?
//!
//! Turns with and without the faulty channels alternate; quarantine is as by default. Everything is in the process tier.

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

/// Requests a second to the healthy channel.
const RATE: u64 = 1_000;
/// How often each faulty channel is called.
const FOIL_GAP: Duration = Duration::from_millis(50);

/// A plugin, and the bodies that each make one fault.
const FOILS: [(&str, &[&str]); 3] = [
    ("wane_foil", &["panic", "flood", "deaf", "long", "render", "twice", "status", "split", "fault"]),
    ("foil", &["u", "j", "a", "t", "o", "y", "n", "h", "c", "m", "r", "f"]),
    ("rogue", &["s", "r", "a", "e", "q", "k", "c", "b", "h", "l", "f", "i", "z"]),
];

pub(crate) fn run(quick: bool) -> Result<Targets, Box<dyn Error>> {
    let (turns, length) = if quick { (1, Duration::from_secs(1)) } else { (6, Duration::from_secs(10)) };
    let place = Place::new()?;
    place.built("wane_foil")?;
    place.compiled("foil")?;
    place.compiled("rogue")?;
    let (mut alone, mut beside, mut lost, mut calls) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..turns {
        for (with, times) in [(false, &mut alone), (true, &mut beside)] {
            let host = collection(&place, with)?;
            let (seen, missing) = turn(&host, length)?;
            calls += seen.len();
            lost += missing;
            times.extend(seen);
        }
    }
    alone.sort();
    beside.sort();
    report(&alone, &beside, (calls, lost))
}

/// The healthy channel, with or without all others.
fn collection(place: &Place, with: bool) -> Result<Host, Box<dyn Error>> {
    let config = |plugin: &str| if plugin == "wane_foil" { json!({ "account": "a" }) } else { json!({}) };
    let secret = |plugin: &str| if plugin == "wane_foil" { ("token", "t") } else { ("", "") };
    let mut settings = place.settings();
    let mut add = |name: String, plugin: &str| {
        settings.channels.insert(name, channel(plugin, Tier::Process, config(plugin), secret(plugin)));
    };
    add("healthy".to_owned(), "wane_foil");
    for (plugin, words) in FOILS.iter().filter(|_| with) {
        words.iter().for_each(|word| add(format!("{plugin} {word}"), plugin));
    }
    Ok(Host::load(&settings)?)
}

/// Calls all channels for so long; the times of the healthy one, and how many of its events were missing.
fn turn(host: &Host, length: Duration) -> Result<(Vec<Duration>, u64), Box<dyn Error>> {
    let healthy = host.channel("healthy").ok_or("no channel")?;
    let over = AtomicBool::new(false);
    Ok(std::thread::scope(|scope| {
        for (plugin, words) in FOILS {
            for word in words {
                let Some(foil) = host.channel(&format!("{plugin} {word}")) else { continue };
                let over = &over;
                scope.spawn(move || {
                    while !over.load(Ordering::SeqCst) {
                        assert_eq!(events(&foil, word), 0, "{plugin} {word} is no fault");
                        pause(FOIL_GAP);
                    }
                });
            }
        }
        let seen = load(&healthy, length);
        over.store(true, Ordering::SeqCst);
        seen
    }))
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

fn report(alone: &[Duration], beside: &[Duration], (calls, lost): (usize, u64)) -> Result<Targets, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let foils: usize = FOILS.iter().map(|(_, words)| words.len()).sum();
    writeln!(out, "  a healthy channel, {RATE} requests/s, microseconds      p50      p90      p99    p99.9")?;
    for (name, times) in [("alone", alone), ("beside the faulty ones", beside)] {
        let figures = [50.0, 90.0, 99.0, 99.9].map(|percent| micros(percentile(times, percent)));
        let [p50, p90, p99, p999] = figures;
        writeln!(out, "  {name:<50} {p50:8.1} {p90:8.1} {p99:8.1} {p999:8.1}")?;
    }
    let moved = micros(percentile(beside, 99.0)) / micros(percentile(alone, 99.0)) - 1.0;
    writeln!(out, "\n  {foils} faulty channels, each called {} times a second", 1_000 / FOIL_GAP.as_millis())?;
    Ok(vec![
        (format!("{foils} faulty channels: a healthy one loses none of {calls} events"), lost.to_string(), lost == 0),
        ("and its p99 moves by less than 10 %".to_owned(), format!("{:+.1} %", moved * 100.0), moved < 0.1),
    ])
}
