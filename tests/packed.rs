//! Conversations in few bytes: whatever happened to one, it comes back from its packed form as it was.

#![expect(clippy::unwrap_used, reason = "rules of the repository that can not be read fail the test")]

use std::sync::Arc;

use wane_core::engine::Engine;
use wane_core::event::{Event, EventKind};
use wane_core::facts::{FactSource, FactType, Value};
use wane_core::packed::{PackedError, pack, unpack};
use wane_core::participant::Role;
use wane_core::rules::files::Files;
use wane_core::ruleset::Ruleset;
use wane_core::session::Conversation;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_core::timer::Phase;
use wane_tests::rules;

const MINUTE: i64 = 60_000;
/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600_000;
const CONVERSATIONS: u64 = 60;
const STEPS: usize = 150;

/// Rules whose predicates read facts of every kind, with timers that use every option.
const MANY_FACTS: &str = r#"
[org]
timezone = "Europe/Berlin"

[facts]
customer.tier = ["standard", "vip"]
customer.name = "text"
attributes.weight = "int"
attributes.patience = "duration"
attributes.paid = "bool"

[calendars.support]
timezone = "Europe/Berlin"
hours = { mon-fri = ["09:00-17:00"] }

[timers.quiet]
restart_on = ["message", "x.paid"]
pause_while = "hold"
warn = [{ before = "5m", notify = "five", to = "customer" }, { before = "1m", notify = "one", to = "customer" }]
on_lapse = ["mark-inactive"]
afterwards = [{ on = ["message:customer"], do = [{ tag = "woken" }] }]

[timers.reply]
start_on = ["message:customer"]
stop_on = ["message:rep"]
calendar = "support"
pause_while = "hold"
outage = "extend"
on_lapse = [{ transfer = "supervisor" }]

[timers.gated]
when = 'timer("quiet") != "lapsed" && participants.bot == false'
start_on = ["session.started", "message"]
restart_on = ["message:customer"]
choose_on = ["session.started"]
on_lapse = [{ emit = "x.slow" }]

[timers.life]
scope = "conversation"
start_on = ["session.started", "session.opened"]
grace = "2s"
on_lapse = ["end-conversation"]

[timers.found]
start_on = ["handler.changed"]
sweep = { every = "10m" }
on_lapse = ["requeue"]

[[rules]]
id = "patient"
timer = "quiet"
when = 'attributes.patience > 0'
after = { fact = "attributes.patience" }
priority = 5

[[rules]]
id = "evening"
timer = "quiet"
when = 'time.hour >= 18 || time.weekday == "sun" || time.date == "2026-01-02" || !in_hours("support")'
after = "20m"
priority = 4

[[rules]]
id = "many"
timer = "quiet"
when = 'session.messages > 5 && session.customer_messages < 9 && session.age > minutes(3) && session.idle < hours(9)'
after = "never"
priority = 3

[[rules]]
id = "quiet"
timer = "quiet"
after = "30m"

[[rules]]
id = "reply-vip"
priority = 1
timer = "reply"
when = 'customer.tier == "vip" && (queue == "sales" || language != "de" || customer.name == "Ada")'
after = "90m"

[[rules]]
id = "reply"
timer = "reply"
when = 'channel != "sms" && status != "inactive" && handler != "agent" && waiting_on != "customer"'
after = "4h"

[[rules]]
id = "gated"
timer = "gated"
when = 'attributes.weight < 10 && !participants.agent && !participants.rep && last_message_by != "bot"'
after = "40m"

[[rules]]
id = "gated-paid"
timer = "gated"
when = 'attributes.paid && authenticated && attributes.weight >= 10'
after = "50m"

[[rules]]
id = "life"
timer = "life"
when = 'timer("quiet") == "stopped" || timer("reply") == "running"'
after = "30h"

[[rules]]
id = "life-long"
timer = "life"
after = "72h"
default = true

[[rules]]
id = "found"
timer = "found"
after = "25m"
"#;

/// Numbers that look like chance (splitmix64), the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        let place = self.below(among.len() as u64);
        among.get(usize::try_from(place).unwrap()).unwrap()
    }
}

fn rulesets() -> Vec<(String, Arc<Ruleset>)> {
    let mut all = vec![("rules".to_owned(), rules::files(&rules::repository().join("rules")).unwrap())];
    for pack in ["amazon-connect", "chatwoot", "genesys-engage"] {
        all.push((pack.to_owned(), rules::files(&rules::repository().join("rules/packs").join(pack)).unwrap()));
    }
    let mut files = Files::default();
    files.insert("many.toml", MANY_FACTS);
    all.push(("many facts".to_owned(), files));
    all.into_iter().map(|(name, files)| (name, rules::compile(&files).unwrap())).collect()
}

fn event(dice: &mut Dice, rules: &Ruleset, channel: &str) -> Event {
    const HEAVY: [EventType; 6] = [
        EventType::Message,
        EventType::SessionStarted,
        EventType::ParticipantJoined,
        EventType::HoldStarted,
        EventType::HoldEnded,
        EventType::AttributesChanged,
    ];
    let kind = if dice.one_in(3) { *dice.pick(EventType::ALL) } else { *dice.pick(&HEAVY) };
    let mut event = Event::new("c1", kind).on(channel);
    event.role = (!kind.roles().is_empty()).then(|| *dice.pick(kind.roles()));
    if dice.one_in(20) && !rules.custom.is_empty() {
        event.kind = EventKind::Custom(dice.pick(&rules.custom).clone());
    }
    if dice.one_in(3) {
        event.participant = Some((*dice.pick(&["p1", "p2", "2b6f0cc9-04d5-4f8e-9a3c-6d0a35b4f1de"])).into());
    }
    if kind == EventType::SessionStarted && dice.one_in(2) {
        event.facts.participants = vec![*dice.pick(&Role::HANDLERS)];
    }
    if dice.one_in(3) {
        event.facts.authenticated = Some(dice.one_in(2));
        event.facts.queue = Some((*dice.pick(&["sales", "billing"])).into());
        event.facts.language = Some((*dice.pick(&["de", "en"])).into());
        declared(dice, rules, &mut event);
    }
    event
}

/// Sets some of the facts that the rules declare.
fn declared(dice: &mut Dice, rules: &Ruleset, event: &mut Event) {
    for def in rules.facts.defs().iter().filter(|def| def.source == FactSource::Stored) {
        let Some((prefix, name)) = def.name.split_once('.') else { continue };
        let value = match &def.ty {
            FactType::Text(Some(values)) => Value::Text(dice.pick(values).clone()),
            FactType::Text(None) => Value::Text((*dice.pick(&["Ada", "Grace", ""])).into()),
            FactType::Bool => Value::Bool(dice.one_in(2)),
            FactType::Int => Value::Int(i64::try_from(dice.below(20)).unwrap()),
            FactType::Duration => Value::Int(i64::try_from(dice.below(90)).unwrap() * MINUTE),
            FactType::Date | FactType::TextList => continue,
        };
        let table = match prefix {
            "customer" => &mut event.facts.customer,
            "attributes" => &mut event.facts.attributes,
            _ => continue,
        };
        if dice.one_in(2) {
            table.push((name.into(), value));
        }
    }
}

/// How far the clock goes: a little, much, or to a deadline and a millisecond beside it.
fn gap(dice: &mut Dice, next: Option<Timestamp>, now: i64) -> i64 {
    let near = next.map_or(MINUTE, |next| next.millis() - now);
    let millis = |dice: &mut Dice, end: u64| i64::try_from(dice.below(end)).unwrap();
    match dice.below(8) {
        0 | 1 => (near + millis(dice, 3) - 1).clamp(0, 400 * 60 * MINUTE),
        2 => millis(dice, 10) * 60 * MINUTE,
        3 => millis(dice, 40) * MINUTE,
        _ => millis(dice, 90_000),
    }
}

/// Plays a conversation; `check` sees the state after every step and gives the one to go on with.
fn play(seed: u64, engine: &Engine, mut check: impl FnMut(Conversation) -> Conversation) {
    let mut dice = Dice(seed);
    let (rules, mut now) = (Arc::clone(engine.rules()), START);
    let governed: Vec<&str> =
        rules.channels.iter().filter(|channel| channel.governed).map(|channel| &*channel.name).collect();
    let channel = *dice.pick(&governed);
    let mut state: Option<Conversation> = None;
    for _ in 0..STEPS {
        let next = state.as_ref().and_then(|state| engine.next_wake(state));
        let before = now;
        now += gap(&mut dice, next, now);
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        match (dice.below(12), &mut state) {
            (0, Some(state)) => drop(engine.tick(state, at(now))),
            (1, Some(state)) => drop(engine.resume(state, at(before), at(now))),
            (2, Some(state)) => engine.adopt(state, &rules, at(now)),
            _ => drop(engine.decide(&mut state, at(now), &event(&mut dice, &rules, channel))),
        }
        state = state.map(&mut check);
    }
}

fn packed(state: &Conversation, rules: &Ruleset) -> Vec<u8> {
    let mut bytes = Vec::new();
    pack(state, rules, &mut bytes);
    bytes
}

#[test]
fn a_conversation_comes_back_as_it_was_after_any_history() {
    for (name, rules) in rulesets() {
        let engine = Engine::new(Arc::clone(&rules));
        let (mut looked, mut longest) = (0, 0);
        for seed in 0..CONVERSATIONS {
            play(seed, &engine, |state| {
                let bytes = packed(&state, &rules);
                let back = unpack(&bytes, &engine);
                assert_eq!(back.as_ref(), Ok(&state), "{name}, seed {seed}");
                looked += 1;
                longest = longest.max(bytes.len());
                back.unwrap()
            });
        }
        assert!(looked > 5_000, "{name}: {looked} states");
        assert!(longest < 250, "{name}: {longest} bytes");
    }
}

#[test]
fn a_session_with_five_running_timers_fits_ninety_bytes() {
    let engine = Engine::new(rulesets().pop().unwrap().1);
    let mut state = None;
    let events = [
        Event::new("c1", EventType::SessionStarted).by(Role::Customer).on("web"),
        Event::new("c1", EventType::Message).by(Role::Customer),
        Event { participant: Some("rep-17".into()), ..Event::new("c1", EventType::ParticipantJoined).by(Role::Rep) },
        Event::new("c1", EventType::Message).by(Role::Customer),
    ];
    for (event, seconds) in events.iter().zip([0, 20, 75, 130]) {
        engine.decide(&mut state, Timestamp::from_millis(START + seconds * 1_000).unwrap(), event);
    }
    let state = state.unwrap();
    let running = state.timers().iter().filter(|timer| matches!(timer.phase, Phase::Running(_))).count();
    assert_eq!((running, packed(&state, engine.rules()).len()), (5, 65));
}

#[test]
fn broken_bytes_are_told_or_are_another_conversation() {
    for (name, rules) in rulesets() {
        let engine = Engine::new(Arc::clone(&rules));
        let mut dice = Dice(7);
        for seed in 0..10 {
            play(seed, &engine, |state| {
                let whole = packed(&state, &rules);
                let cut = usize::try_from(dice.below(whole.len() as u64)).unwrap();
                assert!(unpack(whole.get(..cut).unwrap(), &engine).is_err(), "{name}, seed {seed}, cut at {cut}");
                let mut changed = whole;
                for _ in 0..=dice.below(3) {
                    let place = usize::try_from(dice.below(changed.len() as u64)).unwrap();
                    let [byte, ..] = dice.roll().to_le_bytes();
                    *changed.get_mut(place).unwrap() = byte;
                }
                if let Ok(other) = unpack(&changed, &engine) {
                    assert_eq!(unpack(&packed(&other, &rules), &engine), Ok(other), "{name}, seed {seed}");
                }
                state
            });
        }
    }
}

#[test]
fn another_version_is_told() {
    let engine = Engine::new(rulesets().remove(0).1);
    assert_eq!(unpack(&[2, 0], &engine), Err(PackedError::Version(2)));
    assert_eq!(unpack(&[], &engine).unwrap_err().to_string(), "a broken conversation: it ends too early at byte 0");
}
