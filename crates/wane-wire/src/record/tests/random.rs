//! Random records, of every kind and with odd values in every place.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use wane_core::action::Notice;
use wane_core::effect::{Cause, Effect, EffectBody, Lapse, RefusedWhy, TimerCause, UndeliverableWhy};
use wane_core::event::{Event, EventFacts, EventKind};
use wane_core::facts::{Name, Value};
use wane_core::participant::Role;
use wane_core::ruleset::RulesetHash;
use wane_core::signal::{EventType, SignalKind, SignalRole};
use wane_core::time::Timestamp;
use wane_core::timer::{RowId, TimerId};

use super::super::{Address, DeliveryRecord, EffectRef, EventRecord, LapseRecord, Mark, Ordinal, Record};

/// 2026-03-01T09:00:00Z
const NINE: i64 = 1_772_355_600_000;

fn name() -> BoxedStrategy<Name> {
    let id = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    prop_oneof![
        3 => id.prop_map(Name::from),
        3 => "[a-z.+]{1,12}".prop_map(Name::from),
        1 => ".{0,40}".prop_map(Name::from),
        1 => Just(Name::from("x".repeat(300))),
    ]
    .boxed()
}

fn instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        8 => (-100_000_000..100_000_000_i64).prop_map(|near| NINE + near),
        1 => Just(NINE),
        1 => any::<i64>(),
    ]
    .prop_map(|millis| Timestamp::EPOCH.plus_millis(millis))
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..5_u32, 1 => any::<u32>(), 1 => Just(u32::MAX)]
}

fn short() -> impl Strategy<Value = u16> {
    prop_oneof![4 => 0..5_u16, 1 => any::<u16>(), 1 => Just(u16::MAX)]
}

fn address() -> impl Strategy<Value = Address> {
    any::<u64>().prop_map(Address)
}

fn role() -> impl Strategy<Value = Role> {
    select(Role::ALL.to_vec())
}

fn signal_role() -> impl Strategy<Value = SignalRole> {
    select(SignalRole::ALL.to_vec())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        name().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        vec(name(), 0..3).prop_map(|texts| Value::TextList(texts.into())),
    ]
}

prop_compose! {
    fn facts()(
        authenticated in option::of(any::<bool>()),
        queue in option::of(name()),
        language in option::of(name()),
        customer in vec((name(), value()), 0..3),
        attributes in vec((name(), value()), 0..3),
        participants in vec(role(), 0..3),
    ) -> EventFacts {
        EventFacts { authenticated, queue, language, customer, attributes, participants }
    }
}

fn kind() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        4 => select(EventType::ALL.to_vec()).prop_map(EventKind::BuiltIn),
        1 => name().prop_map(EventKind::Custom),
    ]
}

prop_compose! {
    fn event()(
        id in option::of(name()),
        conversation in name(),
        channel in option::of(name()),
        at in option::of(instant()),
        kind in kind(),
        role in option::of(signal_role()),
        participant in option::of(name()),
        facts in prop_oneof![Just(EventFacts::default()), facts().boxed()],
    ) -> Event {
        Event { id, conversation, channel, at, kind, role, participant, facts }
    }
}

prop_compose! {
    fn timer_cause()(
        timer in short(), row in number(), generation in number(), anchor in instant(), deadline in instant(),
    ) -> TimerCause {
        TimerCause { timer: TimerId(timer), row: RowId(row), generation, anchor, deadline }
    }
}

fn notice() -> impl Strategy<Value = Notice> {
    (name(), signal_role()).prop_map(|(template, to)| Notice { template, to })
}

fn why() -> impl Strategy<Value = UndeliverableWhy> {
    let closed = short().prop_map(|timer| UndeliverableWhy::WindowClosed(TimerId(timer)));
    prop_oneof![Just(UndeliverableWhy::OptedOut), closed]
}

fn body() -> impl Strategy<Value = EffectBody> {
    prop_oneof![
        Just(EffectBody::SessionOpened),
        Just(EffectBody::SessionActivated),
        Just(EffectBody::SessionRequeued),
        Just(EffectBody::SessionInactivated),
        Just(EffectBody::SessionEnded),
        Just(EffectBody::BotSessionEnded),
        Just(EffectBody::ConversationEnded),
        Just(EffectBody::ClientRefused { why: RefusedWhy::NewConversationRequired }),
        (role(), option::of(name()))
            .prop_map(|(role, participant)| EffectBody::ParticipantRemoved { role, participant }),
        notice().prop_map(EffectBody::NoticeDue),
        (notice(), why()).prop_map(|(notice, why)| EffectBody::NoticeUndeliverable { notice, why }),
        name().prop_map(|queue| EffectBody::TransferRequested { queue }),
        name().prop_map(|tag| EffectBody::SessionTagged { tag }),
        (name(), short()).prop_map(|(name, kind)| EffectBody::Custom { name, kind: SignalKind::from_number(kind) }),
    ]
}

/// The cause of a lapse of the same record, mostly.
fn cause(lapses: &[Lapse]) -> impl Strategy<Value = Cause> + use<> {
    let known: Vec<TimerCause> = lapses.iter().map(|lapse| lapse.cause).collect();
    let timer = (any::<prop::sample::Index>(), timer_cause(), any::<bool>());
    let timer = timer.prop_map(
        move |(place, other, own)| {
            if own || known.is_empty() { other } else { known[place.index(known.len())] }
        },
    );
    (timer, short(), 0..4).prop_map(|(cause, number, which)| match which {
        0 => Cause::Event(SignalKind::from_number(number)),
        1 => Cause::Lapse(cause),
        2 => Cause::Warning(cause),
        _ => Cause::Afterwards(cause, number),
    })
}

fn effect(lapses: &[Lapse]) -> impl Strategy<Value = Effect> + use<> {
    let parts = (instant(), number(), number(), body().boxed(), cause(lapses).boxed());
    parts.prop_map(|(at, session, number, body, cause)| Effect { at, session, number, body, cause })
}

/// Lapses, and effects that often count on and share their instants.
fn decisions() -> impl Strategy<Value = (Vec<Lapse>, Vec<Effect>)> {
    let lapse = (instant(), number(), timer_cause()).prop_map(|(at, session, cause)| Lapse { at, session, cause });
    vec(lapse, 0..4).prop_flat_map(|lapses| {
        let effects = vec((effect(&lapses), any::<bool>()), 0..5).prop_map(|effects| {
            let mut chained: Vec<Effect> = Vec::new();
            for (mut effect, follows) in effects {
                if let Some(before) = chained.last().filter(|_| follows) {
                    (effect.at, effect.session, effect.number) =
                        (before.at, before.session, before.number.wrapping_add(1));
                }
                chained.push(effect);
            }
            chained
        });
        (Just(lapses), effects)
    })
}

prop_compose! {
    fn event_record()(
        now in instant(), rules in number(), previous in address(), event in event().boxed(), channel in short(), applied: bool,
        late_by in prop_oneof![3 => Just(0), 1 => any::<i64>()],
        lapsed_effects in prop_oneof![3 => Just(0), 1 => number()],
        (lapses, effects) in decisions().boxed(),
    ) -> EventRecord {
        let rules = Ordinal(rules);
        EventRecord { now, rules, previous, event, channel, applied, late_by, lapsed_effects, lapses, effects }
    }
}

prop_compose! {
    fn lapse_record()(
        now in instant(), rules in number(), previous in address(), conversation in name(), channel in short(),
        (lapses, effects) in decisions().boxed(),
    ) -> LapseRecord {
        LapseRecord { now, rules: Ordinal(rules), previous, conversation, channel, lapses, effects }
    }
}

fn mark() -> impl Strategy<Value = Mark> {
    prop_oneof![
        Just(Mark::Delivered),
        (number(), name(), instant()).prop_map(|(attempt, why, next)| Mark::Failed { attempt, why, next }),
        name().prop_map(|why| Mark::Dead { why }),
        name().prop_map(|why| Mark::Cancelled { why }),
        Just(Mark::Retried),
    ]
}

prop_compose! {
    fn delivery()(
        now in instant(), endpoint in name(), record in address(), index in number(), mark in mark(),
    ) -> DeliveryRecord {
        DeliveryRecord { now, endpoint, effect: EffectRef { record, index }, mark }
    }
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    let forget = (instant(), name(), address());
    let activation = (instant(), number(), any::<[u8; 32]>(), name());
    prop_oneof![
        4 => event_record().prop_map(|event| Record::Event(Box::new(event))).boxed(),
        2 => lapse_record().prop_map(|lapse| Record::Lapse(Box::new(lapse))).boxed(),
        1 => forget.prop_map(|(now, conversation, previous)| Record::Forget { now, conversation, previous }),
        1 => instant().prop_map(|now| Record::Tick { now }),
        1 => (instant(), instant()).prop_map(|(from, now)| Record::Outage { from, now }),
        1 => activation.prop_map(|(now, ordinal, hash, by)| {
            Record::Activation { now, ordinal: Ordinal(ordinal), hash: RulesetHash(hash), by }
        }),
        1 => delivery().prop_map(|delivery| Record::Delivery(Box::new(delivery))).boxed(),
        1 => (instant(), name(), vec(any::<u8>(), 0..200))
            .prop_map(|(now, kind, json)| Record::Admin { now, kind, json }),
    ]
}
