//! Records come back as they were, broken bytes are told, and the form does not change by accident.

use proptest::collection::vec;
use proptest::prelude::*;
use wane_core::effect::{Cause, Effect, EffectBody, Lapse, TimerCause};
use wane_core::event::Event;
use wane_core::participant::Role;
use wane_core::ruleset::RulesetHash;
use wane_core::signal::{EventType, SignalKind};
use wane_core::time::Timestamp;
use wane_core::timer::{RowId, TimerId};

use super::*;

mod json;
mod random;

const PARTITION: u16 = 0x1234;

fn bytes(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(record, PARTITION, &mut bytes);
    bytes
}

fn conversations(record: &Record) -> bool {
    matches!(record, Record::Event(_) | Record::Lapse(_) | Record::Forget { .. })
}

/// Whether it has effects, and lapses.
fn decisions(record: &Record) -> (bool, bool) {
    if let Record::Event(it) = record {
        (!it.effects.is_empty(), !it.lapses.is_empty())
    } else if let Record::Lapse(it) = record {
        (!it.effects.is_empty(), !it.lapses.is_empty())
    } else {
        (false, false)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn a_block_gives_back_its_records(records in vec(random::record(), 0..6)) {
        let mut block = Vec::new();
        let mut starts = Vec::new();
        for record in &records {
            starts.push(block.len());
            encode(record, PARTITION, &mut block);
        }
        let read: Result<Vec<_>, _> = iterate(&block, Sequence(9)).collect();
        let read = read.expect("whole");
        prop_assert_eq!(read.len(), records.len());
        for ((address, record), (start, expected)) in read.into_iter().zip(starts.iter().zip(&records)) {
            prop_assert_eq!(&record, expected);
            prop_assert_eq!(address, Address::new(Sequence(9), u32::try_from(*start).expect("small")));
            let peek = peek(&block, *start).expect("whole");
            prop_assert_eq!(peek.partition, conversations(expected).then_some(PARTITION));
            prop_assert_eq!((peek.has_effects, peek.has_lapses), decisions(expected));
            prop_assert_eq!(peek.kind.is_conversations(), conversations(expected));
        }
    }

    #[test]
    fn a_record_that_is_cut_short_is_told(record in random::record(), cut: prop::sample::Index) {
        let whole = bytes(&record);
        let cut = cut.index(whole.len());
        prop_assert!(decode(&whole[..cut], 0).is_err());
        prop_assert!(peek(&whole[..cut], 0).is_err());
    }

    #[test]
    fn a_changed_record_is_told_or_is_another_record(
        record in random::record(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut changed = bytes(&record);
        for (place, byte) in changes {
            let place = place.index(changed.len());
            changed[place] = byte;
        }
        if let Ok((other, next)) = decode(&changed, 0) {
            prop_assert_eq!(peek(&changed, 0).map(|peek| peek.next_offset), Ok(next));
            prop_assert_eq!(decode(&bytes(&other), 0).map(|(again, _)| again), Ok(other));
        }
    }

    #[test]
    fn any_bytes_can_be_tried(bytes in vec(any::<u8>(), 0..300), offset in 0..310_usize) {
        if let Ok((_, next)) = decode(&bytes, offset) {
            prop_assert!(next > offset && next <= bytes.len());
        }
        prop_assert!(iterate(&bytes, Sequence(1)).count() <= bytes.len());
    }
}

#[test]
fn a_record_longer_than_its_content_is_told() {
    let mut long = bytes(&Record::Tick { now: nine() });
    long[0] += 1;
    long.push(0);
    let error = decode(&long, 0).expect_err("one byte too many");
    assert_eq!(
        error.to_string(),
        "the record at byte 0 of its block is broken: it is longer than what it says at byte 8"
    );
}

#[test]
fn after_an_error_a_block_has_no_more_records() {
    let mut block = bytes(&Record::Tick { now: nine() });
    let broken = block.len();
    block.extend([1, 0x0f]);
    block.extend(bytes(&Record::Tick { now: nine() }));
    let read: Vec<_> = iterate(&block, Sequence(1)).collect();
    assert_eq!(read.len(), 2);
    let error = read[1].as_ref().expect_err("no such kind");
    assert_eq!((error.record, error.fault.what), (broken, "no such kind of record"));
}

#[test]
fn only_the_linked_bytes_change() {
    let mut batch = vec![7; 5];
    let parts = ForgetParts { now: nine(), partition: 3, conversation: "c1" };
    let place = encode_forget(&parts, &mut batch);
    let before = batch.clone();
    link(&mut batch, place, Address(u64::MAX));
    assert_eq!(&batch[place..place + 8], [0xff; 8]);
    batch[place..place + 8].fill(0);
    assert_eq!(batch, before);
}

#[test]
fn usual_records_are_small() {
    let length = |record| bytes(&record).len();
    assert_eq!(length(message()), 63);
    assert_eq!(length(ended()), 66);
    assert_eq!(length(Record::Tick { now: nine() }), 8);
}

/// What is in the log stays readable: when this fails, the format has changed, and logs of before are no longer read.
#[test]
fn the_form_is_as_it_was() {
    let samples = [
        ("a message", message()),
        ("an event with everything", everything()),
        ("a session that ended of itself", ended()),
        ("forgotten", Record::Forget { now: nine(), conversation: "c1".into(), previous: Address(5 << 20 | 77) }),
        ("up", Record::Tick { now: nine() }),
        ("down for a minute", Record::Outage { from: nine().plus_millis(-60_000), now: nine() }),
        (
            "rules put in force",
            Record::Activation { now: nine(), ordinal: Ordinal(2), hash: RulesetHash([0xab; 32]), by: "cli".into() },
        ),
        ("a delivery that failed", delivery()),
        ("an audit entry", Record::Admin { now: nine(), kind: "audit".into(), json: b"{}".to_vec() }),
    ];
    let mut text = String::new();
    for (what, record) in &samples {
        let hex: String = bytes(record).iter().map(|byte| format!("{byte:02x}")).collect();
        text.push_str(&format!("{what}: {hex}\n"));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/record/tests/records.txt");
    if std::env::var_os("WANE_BLESS").is_some() {
        std::fs::write(path, &text).expect("the repository can be written");
    }
    let held = std::fs::read_to_string(path).expect("the repository has it");
    assert_eq!(held, text, "WANE_BLESS=1 writes the new form; raise the version of the log with it");
    for ((what, record), line) in samples.iter().zip(held.lines()) {
        let hex = line.rsplit(' ').next().expect("what: hex");
        let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
        assert_eq!(decode(&bytes, 0).expect("whole").0, *record, "{what}");
    }
}

/// Their places are their numbers in the log: new ones go to the end.
#[test]
fn what_goes_by_its_place_keeps_it() {
    use wane_core::signal::{EffectType, SignalRole};
    let first_and_last = |names: &[&str]| (names.len(), names[0].to_owned(), names[names.len() - 1].to_owned());
    let events: Vec<&str> = EventType::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(
        events.join(" "),
        "session.started session.closed session.parked token.issued token.revoked client.connected message postback \
         reaction edit unsend typing receipt participant.joined participant.left attributes.changed hold.started \
         hold.ended opt.out opt.in handover identity.changed"
    );
    let effects: Vec<&str> = EffectType::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(first_and_last(&effects), (13, "session.opened".to_owned(), "session.tagged".to_owned()));
    let roles: Vec<&str> = SignalRole::ALL.iter().map(|role| role.name()).collect();
    assert_eq!(roles.join(" "), "customer rep bot agent business none everyone");
    assert_eq!(Role::ALL.map(Role::name).join(" "), "customer rep bot agent");
}

fn nine() -> Timestamp {
    Timestamp::parse("2026-03-01T09:00:00Z").expect("valid")
}

fn message() -> Record {
    let conversation = "0d3f2a8e-6f0c-4c0b-9d53-1f0a54d7c001";
    let mut event = Event::new(conversation, EventType::Message).by(Role::Customer).on("web");
    event.id = Some("5b1c7f36-2a57-4e0e-8f0e-6c1d2b3a4f5e".into());
    event.at = Some(nine().plus_millis(-1_500));
    Record::Event(Box::new(EventRecord {
        now: nine(),
        rules: Ordinal(1),
        previous: Address::new(Sequence(3), 500),
        event,
        channel: 0,
        applied: true,
        late_by: 0,
        lapsed_effects: 0,
        lapses: Vec::new(),
        effects: Vec::new(),
    }))
}

fn cause() -> TimerCause {
    let deadline = nine().plus_millis(-200);
    TimerCause {
        timer: TimerId(1),
        row: RowId(4),
        generation: 7,
        anchor: deadline.plus_millis(-24 * 3_600_000),
        deadline,
    }
}

fn effects(bodies: Vec<EffectBody>, cause: Cause) -> Vec<Effect> {
    let at = nine().plus_millis(-200);
    let effect = |(number, body)| Effect { at, session: 2, number, body, cause };
    (11..).zip(bodies).map(effect).collect()
}

fn ended() -> Record {
    let removed = EffectBody::ParticipantRemoved { role: Role::Rep, participant: Some("rep-1".into()) };
    let cause = cause();
    Record::Lapse(Box::new(LapseRecord {
        now: nine(),
        rules: Ordinal(1),
        previous: Address::new(Sequence(3), 500),
        conversation: "whatsapp:15550100".into(),
        channel: 2,
        lapses: vec![Lapse { at: cause.deadline, session: 2, cause }],
        effects: effects(vec![EffectBody::SessionEnded, removed], Cause::Lapse(cause)),
    }))
}

fn everything() -> Record {
    use wane_core::action::Notice;
    use wane_core::effect::{RefusedWhy, UndeliverableWhy};
    use wane_core::event::EventKind;
    use wane_core::facts::Value;
    use wane_core::signal::SignalRole;
    let mut event = Event::new("c1", EventType::Message).by(Role::Agent).on("in-app");
    event.kind = EventKind::Custom("x.paid".into());
    event.id = Some("e-1".into());
    event.at = Some(nine().plus_millis(5));
    event.participant = Some("agent-7".into());
    event.facts.authenticated = Some(true);
    event.facts.queue = Some("billing".into());
    event.facts.language = Some("de".into());
    event.facts.customer = vec![("tier".into(), Value::Text("vip".into())), ("age".into(), Value::Int(-40))];
    event.facts.attributes = vec![("new".into(), Value::Bool(true)), ("old".into(), Value::Bool(false))];
    event.facts.attributes.push(("tags".into(), Value::TextList(vec!["a".into(), "b".into()].into())));
    event.facts.participants = vec![Role::Bot, Role::Customer];
    let notice = |to| Notice { template: "bye".into(), to };
    let bodies = vec![
        EffectBody::SessionOpened,
        EffectBody::SessionActivated,
        EffectBody::SessionRequeued,
        EffectBody::SessionInactivated,
        EffectBody::BotSessionEnded,
        EffectBody::ConversationEnded,
        EffectBody::ClientRefused { why: RefusedWhy::NewConversationRequired },
        EffectBody::NoticeDue(notice(SignalRole::Everyone)),
        EffectBody::NoticeUndeliverable { notice: notice(SignalRole::Customer), why: UndeliverableWhy::OptedOut },
        EffectBody::NoticeUndeliverable {
            notice: notice(SignalRole::Customer),
            why: UndeliverableWhy::WindowClosed(TimerId(3)),
        },
        EffectBody::TransferRequested { queue: "tier-2".into() },
        EffectBody::SessionTagged { tag: "slow".into() },
        EffectBody::Custom { name: "x.paid".into(), kind: SignalKind::custom(0) },
    ];
    let gone = TimerCause { row: RowId(u32::MAX), ..cause() };
    let mut all = effects(bodies, Cause::Event(SignalKind::custom(0)));
    all[0].cause = Cause::Warning(cause());
    all[1].cause = Cause::Afterwards(gone, 1);
    Record::Event(Box::new(EventRecord {
        now: nine(),
        rules: Ordinal(300),
        previous: Address::NONE,
        event,
        channel: u16::MAX,
        applied: false,
        late_by: 200,
        lapsed_effects: 1,
        lapses: vec![Lapse { at: cause().deadline, session: 2, cause: cause() }],
        effects: all,
    }))
}

fn delivery() -> Record {
    let next = nine().plus_millis(30_000);
    Record::Delivery(Box::new(DeliveryRecord {
        now: nine(),
        endpoint: "crm".into(),
        effect: EffectRef { record: Address::new(Sequence(3), 500), index: 1 },
        mark: Mark::Failed { attempt: 2, why: "status 503".into(), next },
    }))
}
