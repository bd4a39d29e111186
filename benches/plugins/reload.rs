//! A plugin is replaced a thousand times while requests come: none may be lost, and none may be answered by a generation
//! that was not in force during its call.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use wane_core::time::Timestamp;
use wane_plugin_host::call::{Input, InputKind};
use wane_plugin_host::{Channel, Host, Settings, Tier};

use crate::Targets;
use crate::place::{Place, channel, micros, percentile};

/// Requests a second, in all.
const RATE: u64 = 5_000;
/// Threads that call.
const CALLERS: u64 = 4;

/// What one caller saw.
#[derive(Default)]
struct Seen {
    calls: u64,
    lost: u64,
    wrong: u64,
    /// Why the first was lost.
    why: Option<String>,
    times: Vec<Duration>,
}

pub(crate) fn run(quick: bool) -> Result<Targets, Box<dyn Error>> {
    let reloads = if quick { 20 } else { 1_000 };
    let mut targets = Vec::new();
    for tier in [Tier::Inproc, Tier::Process] {
        targets.extend(under_fire(tier, reloads)?);
    }
    Ok(targets)
}

fn under_fire(tier: Tier, reloads: u64) -> Result<Targets, Box<dyn Error>> {
    let place = Place::new()?;
    let file = place.built("wane_foil")?;
    let bytes = fs::read(&file)?;
    let settings = |generation: u64| {
        let mut settings = place.settings();
        let config = json!({ "account": generation.to_string() });
        settings.channels.insert("foil".to_owned(), channel("wane_foil", tier, config, ("token", "t")));
        settings
    };
    let host = Host::load(&settings(0))?;
    let foil = host.channel("foil").ok_or("no channel")?;
    let (over, oldest, newest) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let (before, begun) = (resident()?, Instant::now());
    let (seen, failed) = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| fire(&foil, &over, (&oldest, &newest)))).collect();
        let failed = (1..=reloads).try_for_each(|generation| {
            let part = place.store().with_extension("part");
            // Other bytes, so that it is another library: the loader does not look behind the end.
            fs::write(&part, [&bytes[..], &generation.to_le_bytes()].concat())?;
            fs::rename(&part, &file)?;
            newest.store(generation, Ordering::SeqCst);
            put(&host, &settings(generation))?;
            oldest.store(generation, Ordering::SeqCst);
            forget(&place)
        });
        over.store(true, Ordering::SeqCst);
        (callers.into_iter().filter_map(|caller| caller.join().ok()).collect::<Vec<_>>(), failed.err())
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let grown = resident()?.saturating_sub(before) as f64 / reloads as f64 / f64::from(1 << 20);
    report(tier, reloads, begun.elapsed(), seen, grown)
}

fn put(host: &Host, settings: &Settings) -> Result<(), Box<dyn Error>> {
    let changes = host.reload(settings)?;
    if changes.len() == 1 { Ok(()) } else { Err("a reload that changed nothing".into()) }
}

/// A thousand copies would only fill the disk here. The last ones stay: calls that are going on may need them.
fn forget(place: &Place) -> Result<(), Box<dyn Error>> {
    let mut copies: Vec<_> = fs::read_dir(place.store())?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    copies.sort_by_key(|path| fs::metadata(path).and_then(|about| about.modified()).ok());
    copies.iter().rev().skip(50).try_for_each(fs::remove_file)?;
    Ok(())
}

/// Calls at its share of the rate, each at its time; who is late goes on at once.
fn fire(foil: &Channel, over: &AtomicBool, (oldest, newest): (&AtomicU64, &AtomicU64)) -> Seen {
    let mut seen = Seen::default();
    let (begun, gap) = (Instant::now(), Duration::from_nanos(1_000_000_000 * CALLERS / RATE));
    while !over.load(Ordering::SeqCst) {
        let due = gap.saturating_mul(u32::try_from(seen.calls).unwrap_or(u32::MAX));
        if let Some(early) = due.checked_sub(begun.elapsed()) {
            pause(early);
        }
        let (least, start) = (oldest.load(Ordering::SeqCst), Instant::now());
        let answered = ask(foil);
        seen.times.push(start.elapsed());
        let most = newest.load(Ordering::SeqCst);
        match answered {
            Err(why) => {
                seen.lost += 1;
                seen.why.get_or_insert(why);
            }
            Ok(generation) if (least..=most).contains(&generation) => {}
            Ok(_) => seen.wrong += 1,
        }
        seen.calls += 1;
    }
    seen
}

/// The generation that answered, if exactly one event came.
fn ask(foil: &Channel) -> Result<u64, String> {
    let (kind, received_at, headers) = (InputKind::Webhook, Timestamp::EPOCH, &[][..]);
    let (account, method, path, query, body) = ("", "POST", "/", "", &b"one"[..]);
    let input = Input { kind, received_at, account, method, path, query, headers, body };
    let translated = foil.translate(&input).map_err(|error| error.to_string())?;
    match translated.events.as_slice() {
        [event] => event.account.as_ref().and_then(|name| name.parse().ok()).ok_or_else(|| "of nobody".to_owned()),
        events => Err(format!("{} events", events.len())),
    }
}

#[expect(clippy::disallowed_methods, reason = "a generator of load waits for the time of its next request")]
pub(crate) fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// The resident bytes of this process.
fn resident() -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}

fn report(tier: Tier, reloads: u64, took: Duration, seen: Vec<Seen>, grown: f64) -> Result<Targets, Box<dyn Error>> {
    let (calls, lost) = (seen.iter().map(|one| one.calls).sum::<u64>(), seen.iter().map(|one| one.lost).sum::<u64>());
    let wrong = seen.iter().map(|one| one.wrong).sum::<u64>();
    for why in seen.iter().filter_map(|one| one.why.as_ref()) {
        writeln!(io::stdout(), "  lost: {why}")?;
    }
    let mut times: Vec<Duration> = seen.into_iter().flat_map(|one| one.times).collect();
    times.sort();
    let (rate, each) = (calls as f64 / took.as_secs_f64(), took.as_secs_f64() * 1e3 / reloads as f64);
    let [p50, p99] = [50.0, 99.0].map(|percent| micros(percentile(&times, percent)));
    let name = tier.name();
    writeln!(
        io::stdout(),
        "  {name:<8} {reloads} reloads of {each:.1} ms, {calls} requests at {rate:.0}/s: p50 {p50:.1} us, p99 {p99:.0} us, \
         lost {lost}, by a wrong generation {wrong}, {grown:.2} MiB a generation"
    )?;
    Ok(vec![
        (format!("{name}: {reloads} reloads at {RATE} requests/s: none lost"), lost.to_string(), (lost == 0).into()),
        (format!("{name}: none answered by another generation"), wrong.to_string(), (wrong == 0).into()),
        (format!("{name}: at most 1 MiB resident a generation"), format!("{grown:.2} MiB"), (grown <= 1.0).into()),
        (format!("{name}: the rate was kept"), format!("{rate:.0}/s"), (rate >= RATE as f64 * 0.98).into()),
    ])
}
