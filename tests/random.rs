//! Random sequences of events: what comes when, often exactly at a deadline or a millisecond beside it.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::ruleset::Ruleset;
use wane_core::signal::EventType;
use wane_core::time::Timestamp;
use wane_tests::model::Settings;
use wane_tests::model::clock::Lengths;
use wane_tests::rules;
use wane_tests::traffic::CHANNELS;

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
/// 2026-01-01T00:00:00Z
pub(super) const START: i64 = 1_767_225_600_000;
pub(super) const CASES: u32 = 1_500;
pub(super) const STEPS: usize = 120;

/// How far the clock goes before a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gap {
    /// So many milliseconds; below zero the wall clock jumps backwards (C6).
    Millis(i64),
    /// To the conversation's next deadline, and a little beside it.
    Deadline(i64),
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) conversation: usize,
    pub(super) gap: Gap,
    /// How much earlier than delivered the event was sent.
    pub(super) sent_before: i64,
    /// `None`: only the clock moves.
    pub(super) what: Option<(EventType, usize)>,
    pub(super) id: Option<u8>,
    pub(super) participant: u8,
    pub(super) authenticated: Option<bool>,
    pub(super) present: Option<Role>,
}

pub(super) fn gaps() -> impl Strategy<Value = Gap> {
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

pub(super) fn kinds() -> impl Strategy<Value = Option<(EventType, usize)>> {
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
    pub(super) fn steps()(
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
pub(super) struct Case {
    pub(super) channels: [usize; 3],
    pub(super) settings: usize,
    /// Whether the feed names participants; one that does names all of them.
    pub(super) named: bool,
    pub(super) steps: Vec<Step>,
}

prop_compose! {
    pub(super) fn cases()(
        channels in [0..CHANNELS.len(), 0..CHANNELS.len(), 0..CHANNELS.len()],
        settings in 0..SETTINGS.len(),
        named in any::<bool>(),
        steps in proptest::collection::vec(steps(), 1..STEPS),
    ) -> Case {
        Case { channels, settings, named, steps }
    }
}

pub(super) const fn settings(inactivity: Option<i64>, wake_to_active: bool, status_based_capacity: bool) -> Settings {
    Settings { inactivity, wake_to_active, status_based_capacity, lengths: Lengths::SEED }
}

pub(super) const SETTINGS: [Settings; 6] = [
    settings(None, false, false),
    settings(Some(5), false, false),
    settings(Some(30), true, false),
    settings(Some(7), false, true),
    settings(Some(30), false, false),
    settings(Some(5), true, false),
];

pub(super) fn event(step: &Step, channel: &'static str, named: bool, now: i64) -> Option<Event> {
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

pub(super) fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

pub(super) fn runner(cases: u32) -> TestRunner {
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

pub(super) fn compiled() -> Vec<Arc<Ruleset>> {
    SETTINGS.map(|settings| rules::compile(&rules::with_settings(settings).unwrap()).unwrap()).to_vec()
}
