//! The engine with the stock rules against the model: random sequences of events, and real conversations.
//!
//! `WANE_MODEL_SEED` and `WANE_MODEL_CASES` in the environment give another seed and more cases.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the support of tests, which may fail")]

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use wane_core::event::{Event, EventKind};
use wane_core::participant::Role;
use wane_core::signal::{EventType, SignalRole};
use wane_core::time::Timestamp;
use wane_tests::model::Settings;
use wane_tests::model::clock::Lengths;
use wane_tests::model::compare::Pair;
use wane_tests::rules;
use wane_tests::traffic::{CHANNELS, Chat};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600_000;
const CASES: u32 = 600;
const STEPS: usize = 120;

/// How far the clock goes before a step.
#[derive(Clone, Copy, Debug)]
enum Gap {
    /// So many milliseconds; below zero the wall clock jumps backwards (C6).
    Millis(i64),
    /// To the conversation's next deadline, and a little beside it.
    Deadline(i64),
}

#[derive(Clone, Debug)]
struct Step {
    conversation: usize,
    gap: Gap,
    /// How much earlier than delivered the event was sent.
    sent_before: i64,
    /// `None`: only the clock moves.
    what: Option<(EventType, usize)>,
    id: Option<u8>,
    participant: u8,
    authenticated: Option<bool>,
    present: Option<Role>,
}

fn gaps() -> impl Strategy<Value = Gap> {
    prop_oneof![
        6 => (0..90_000_i64).prop_map(Gap::Millis),
        4 => (0..40_i64).prop_map(|minutes| Gap::Millis(minutes * MINUTE)),
        2 => (0..9_i64).prop_map(|hours| Gap::Millis(hours * HOUR)),
        1 => (0..100_i64).prop_map(|hours| Gap::Millis(hours * HOUR)),
        1 => (-40..0_i64).prop_map(|minutes| Gap::Millis(minutes * MINUTE)),
        5 => (-1..=1_i64).prop_map(Gap::Deadline),
        1 => (-90_000..90_000_i64).prop_map(Gap::Deadline),
    ]
}

fn kinds() -> impl Strategy<Value = Option<(EventType, usize)>> {
    use EventType as E;
    let heavy = prop_oneof![
        8 => Just(E::Message),
        3 => Just(E::ParticipantJoined),
        3 => Just(E::TokenIssued),
        2 => Just(E::ParticipantLeft),
        2 => Just(E::Handover),
        2 => Just(E::SessionStarted),
    ];
    let any = (0..EventType::ALL.len()).prop_map(|index| EventType::ALL[index]);
    let event = (prop_oneof![3 => heavy, 1 => any], 0..8_usize).prop_map(Some);
    prop_oneof![1 => Just(None), 9 => event]
}

prop_compose! {
    fn steps()(
        conversation in 0..3_usize,
        gap in gaps(),
        sent_before in prop_oneof![9 => Just(0), 1 => 0..20 * MINUTE, 1 => 0..4 * HOUR],
        what in kinds(),
        id in proptest::option::weighted(0.3, 0..12_u8),
        participant in 0..3_u8,
        authenticated in proptest::option::weighted(0.2, any::<bool>()),
        present in prop_oneof![
            5 => Just(None), 1 => Just(Some(Role::Bot)), 1 => Just(Some(Role::Agent)), 1 => Just(Some(Role::Rep)),
        ],
    ) -> Step {
        Step { conversation, gap, sent_before, what, id, participant, authenticated, present }
    }
}

/// A sequence of steps, the channels of its three conversations, and the settings.
#[derive(Clone, Debug)]
struct Case {
    channels: [usize; 3],
    settings: usize,
    /// Whether the feed names participants; one that does names all of them.
    named: bool,
    steps: Vec<Step>,
}

prop_compose! {
    fn cases()(
        channels in [0..CHANNELS.len(), 0..CHANNELS.len(), 0..CHANNELS.len()],
        settings in 0..SETTINGS.len(),
        named in any::<bool>(),
        steps in proptest::collection::vec(steps(), 1..STEPS),
    ) -> Case {
        Case { channels, settings, named, steps }
    }
}

const fn settings(inactivity: Option<i64>, wake_to_active: bool, status_based_capacity: bool) -> Settings {
    Settings { inactivity, wake_to_active, status_based_capacity, lengths: Lengths::SEED }
}

const SETTINGS: [Settings; 6] = [
    settings(None, false, false),
    settings(Some(5), false, false),
    settings(Some(30), true, false),
    settings(Some(7), false, true),
    settings(Some(30), false, false),
    settings(Some(5), true, false),
];

fn event(step: &Step, channel: &'static str, named: bool, now: i64) -> Option<Event> {
    let (kind, role) = step.what?;
    let mut event = Event::new(format!("c{}", step.conversation), kind).on(channel);
    let roles = kind.roles();
    event.role = (!roles.is_empty()).then(|| roles[role % roles.len()]);
    // The same id comes again within the seven days for which it must be known.
    event.id = step.id.map(|id| format!("e{id}-{}", now / (6 * 24 * HOUR)).into());
    event.at = (step.sent_before > 0).then(|| Timestamp::from_millis(now - step.sent_before).unwrap());
    event.facts.authenticated = step.authenticated;
    if kind == EventType::SessionStarted {
        event.facts.participants = step.present.filter(|_| !named).into_iter().collect();
    } else if named && !roles.is_empty() && !(kind == EventType::ParticipantLeft && step.participant == 0) {
        event.participant = Some(format!("p{}", step.participant).into());
    }
    Some(event)
}

fn run(case: &Case, pair: &mut Pair) -> Result<(), String> {
    let mut now = START;
    for (index, step) in case.steps.iter().enumerate() {
        let name = format!("c{}", step.conversation);
        now = match step.gap {
            Gap::Millis(gap) => now + gap,
            Gap::Deadline(beside) => pair.next_deadline(&name).map_or(now, |at| at + beside).max(now),
        };
        let channel = CHANNELS[case.channels[step.conversation]];
        let compared = match event(step, channel, case.named, now) {
            Some(event) => pair.event(now, &event),
            None => pair.tick(&name, now),
        };
        compared.map_err(|difference| format!("step {index} at {}ms, {step:?}: {difference}", now - START))?;
    }
    Ok(())
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn runner(cases: u32) -> TestRunner {
    let seed = number("WANE_MODEL_SEED", 20_260_301);
    let cases = u32::try_from(number("WANE_MODEL_CASES", u64::from(cases))).unwrap();
    #[expect(clippy::print_stdout, reason = "whoever reads a failure needs the seed")]
    {
        println!("WANE_MODEL_SEED={seed} WANE_MODEL_CASES={cases}");
    }
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn compiled() -> Vec<std::sync::Arc<wane_core::ruleset::Ruleset>> {
    SETTINGS.map(|settings| rules::compile(&rules::with_settings(settings).unwrap()).unwrap()).to_vec()
}

#[test]
fn random_events_give_the_same_in_engine_and_model() {
    let rules = compiled();
    let compared = std::cell::Cell::new(0);
    let seen = std::cell::RefCell::new(std::collections::BTreeMap::<String, u64>::new());
    let result = runner(CASES).run(&cases(), |case| {
        let mut pair = Pair::new(rules[case.settings].clone(), SETTINGS[case.settings]);
        run(&case, &mut pair).map_err(TestCaseError::fail)?;
        compared.set(compared.get() + pair.compared);
        for (what, count) in pair.seen {
            *seen.borrow_mut().entry(what).or_default() += count;
        }
        Ok(())
    });
    if let Err(TestError::Fail(reason, case)) = &result {
        panic!("{reason}\nchannels {:?}, {:?}", case.channels.map(|c| CHANNELS[c]), SETTINGS[case.settings]);
    }
    result.unwrap();
    assert!(compared.get() > 30_000, "only {} comparisons", compared.get());
    every_kind_of_effect_was_seen(&seen.into_inner());
}

fn every_kind_of_effect_was_seen(seen: &std::collections::BTreeMap<String, u64>) {
    for what in [
        "session.opened",
        "session.activated",
        "session.requeued",
        "session.inactivated",
        "session.inactivated <- inactivity",
        "session.ended",
        "session.ended <- token",
        "session.ended <- bot",
        "session.ended <- agent",
        "session.ended <- inactive-end",
        "session.ended <- unanswered",
        "bot_session.ended <- bot",
        "bot_session.ended <- agent",
        "conversation.ended <- token",
        "participant.removed rep",
        "participant.removed bot <- bot",
        "participant.removed agent <- agent",
        "client.refused new-conversation-required",
        "client.refused new-conversation-required <- token",
    ] {
        assert!(seen.get(what).is_some_and(|count| *count >= 10), "`{what}` hardly came: {seen:?}");
    }
}

/// What an organisation calls its own changes nothing by the stock rules, in both.
#[test]
fn own_events_are_taken_while_a_session_is_open() {
    let mut pair = Pair::new(compiled().swap_remove(0), SETTINGS[0]);
    let mut own = Event::new("c0", EventType::Message).on("web");
    own.kind = EventKind::Custom("x.survey-sent".into());
    pair.event(START, &own).unwrap();
    pair.event(START + 1, &Event::new("c0", EventType::SessionStarted).on("web").by(Role::Customer)).unwrap();
    pair.event(START + 2, &own).unwrap();
    pair.event(START + 3, &Event::new("c0", EventType::SessionClosed).by(Role::Rep)).unwrap();
    pair.event(START + 4, &own).unwrap();
}

fn conversations() -> Vec<Chat> {
    let text = std::fs::read_to_string(rules::repository().join("tests/data/human-chat-timings.txt")).unwrap();
    Chat::read(&text).collect::<Option<_>>().unwrap()
}

/// Gives a whole conversation to both, and then a week of silence.
fn replay(chat: &Chat, pair: &mut Pair) -> Result<(), String> {
    let events = chat.events();
    for (at, event) in &events {
        pair.event(at.millis(), event).map_err(|difference| format!("{} at {at}: {difference}", chat.name))?;
    }
    let silence = events.last().map_or(0, |(at, _)| at.millis()) + 168 * HOUR;
    while let Some(due) = pair.next_deadline(&chat.name).filter(|due| *due <= silence) {
        pair.tick(&chat.name, due - 1)?;
        pair.tick(&chat.name, due)?;
    }
    pair.tick(&chat.name, silence)
}

#[test]
fn real_conversations_give_the_same_in_engine_and_model() {
    let chats = conversations();
    assert_eq!(chats.len(), 2_046);
    for (rules, settings) in compiled().into_iter().zip(SETTINGS) {
        let mut pair = Pair::new(rules, settings);
        for chat in &chats {
            replay(chat, &mut pair).unwrap_or_else(|difference| panic!("{settings:?} {difference}"));
        }
        assert!(pair.compared > 250_000, "only {} comparisons", pair.compared);
        assert!(pair.seen["session.ended <- bot"] > 100, "{:?}", pair.seen);
    }
}

/// The comparison can fail: a model that is one millisecond off in any of its lengths is found out.
#[test]
fn a_model_that_is_a_millisecond_off_is_found_out() {
    let rules = compiled();
    for change in CHANGES {
        let found = (0..SETTINGS.len()).any(|index| {
            let mut changed = SETTINGS[index];
            change(&mut changed.lengths);
            runner(CASES / 4)
                .run(&cases().prop_map(move |case| Case { settings: index, ..case }), |case| {
                    run(&case, &mut Pair::new(rules[index].clone(), changed)).map_err(TestCaseError::fail)
                })
                .is_err()
        });
        let mut lengths = Lengths::SEED;
        change(&mut lengths);
        assert!(found, "nobody noticed {lengths:?}");
    }
}

const CHANGES: [fn(&mut Lengths); 7] = [
    |lengths| lengths.token_authenticated += 1,
    |lengths| lengths.token_unauthenticated += 1,
    |lengths| lengths.bot += 1,
    |lengths| lengths.agent -= 1,
    |lengths| lengths.inactive_end += 1,
    |lengths| lengths.unanswered -= 1,
    |lengths| lengths.minute += 1,
];
