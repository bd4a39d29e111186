//! Every fault of the collection as a channel in the process tier, beside two healthy channels with a load of their own, one in
//! each tier: do these lose an event, and by how much do their calls get slower? Quarantine is as by default.

use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::json;
use wane_core::time::Timestamp;
use wane_plugin_host::call::{Input, InputKind};
use wane_plugin_host::{Channel, Host, Tier};

use crate::Targets;
use crate::place::{Place, channel};
use crate::reload::pause;
use crate::rounds::{Begin, Plan, RATE, Times};

/// The healthy channels.
const HEALTHY: [(&str, Tier); 2] = [("inproc", Tier::Inproc), ("process", Tier::Process)];

pub(crate) fn run(quick: bool) -> Result<Targets, Box<dyn Error>> {
    let place = Place::foils()?;
    let mut targets = Vec::new();
    for plan in [Begin::InTurn, Begin::AtOnce].map(|begin| Plan::new(begin, quick)) {
        let host = collection(&place, plan)?;
        for ((name, _), (times, lost)) in HEALTHY.into_iter().zip(rounds(&host, plan)) {
            targets.extend(times.report(&format!("calls, {name}"), lost)?);
        }
    }
    Ok(targets)
}

/// The healthy channels, and those beside.
fn collection(place: &Place, plan: Plan) -> Result<Host, Box<dyn Error>> {
    let mut settings = place.settings();
    let others = plan.others().map(|other| (other.channel, other.plugin, Tier::Process));
    for (name, plugin, tier) in
        HEALTHY.map(|(name, tier)| (name.to_owned(), "wane_foil", tier)).into_iter().chain(others)
    {
        let (config, secret) =
            if plugin == "wane_foil" { (json!({ "account": "a" }), ("token", "t")) } else { (json!({}), ("", "")) };
        settings.channels.insert(name, channel(plugin, tier, config, secret));
    }
    Ok(Host::load(&settings)?)
}

/// Calls all channels: of each healthy one how long its calls took, and how many events were missing.
fn rounds(host: &Host, plan: Plan) -> Vec<(Times, u64)> {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for other in plan.others() {
            let Some(channel) = host.channel(&other.channel) else { continue };
            scope.spawn(move || {
                other.call(begun, || {
                    let is_taken = events(&channel, other.said, begun) == 1;
                    assert_eq!(is_taken, other.is_sound(), "{}", other.channel);
                    is_taken
                })
            });
        }
        let loads = HEALTHY.map(|(name, _)| {
            let healthy = host.channel(name);
            scope.spawn(move || healthy.map(|healthy| load(&healthy, (begun, plan))))
        });
        loads.into_iter().filter_map(|load| load.join().ok().flatten()).collect()
    })
}

/// A healthy channel's load: a request at each time that is due, whether or not the one before was late.
fn load(healthy: &Channel, (begun, plan): (Instant, Plan)) -> (Times, u64) {
    let gap = Duration::from_nanos(1_000_000_000 / RATE);
    let (mut times, mut lost, mut due) = (plan.times(), 0, Duration::ZERO);
    while due < plan.length() {
        if let Some(early) = due.checked_sub(begun.elapsed()) {
            pause(early);
        }
        let start = Instant::now();
        lost += u64::from(events(healthy, "one", begun) != 1);
        times.note(due, start.elapsed());
        due += gap;
    }
    (times, lost)
}

/// The instant of a call: a plugin rests by these.
fn received(begun: Instant) -> Timestamp {
    Timestamp::EPOCH.plus_millis(i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX))
}

fn events(channel: &Channel, body: &str, begun: Instant) -> usize {
    let (kind, received_at, headers) = (InputKind::Webhook, received(begun), &[][..]);
    let (account, method, path, query, body) = ("", "POST", "/", "", body.as_bytes());
    let input = Input { kind, received_at, account, method, path, query, headers, body };
    channel.translate(&input).map_or(0, |translated| translated.events.len())
}
