//! What each fault costs: its request, and nothing else. In both tiers the same, with the same words.

use serde_json::{Value, json};
use wane_core::time::Timestamp;
use wane_plugin_host::call::{CallError, Rendered};
use wane_plugin_host::{Host, Tier};

use crate::place::{Place, effect, say, say_at};

const TIERS: [Tier; 2] = [Tier::Inproc, Tier::Process];

/// A host that never rests a plugin.
fn host(place: &Place, tier: Tier, config: Value) -> Host {
    let mut settings = place.settings_in(tier, config);
    settings.rest.faults = 0;
    Host::load(&settings).expect("loaded")
}

#[test]
fn a_fault_costs_its_request_and_the_instance() {
    TIERS.into_iter().for_each(in_a_fault_costs_its_request_and_the_instance);
}

fn in_a_fault_costs_its_request_and_the_instance(tier: Tier) {
    let place = Place::new();
    place.rust_foil();
    let host = host(&place, tier, json!({ "account": "a" }));
    let channel = host.channel("foil").expect("there");
    let calls = || say(&channel, "one").expect("works").events.remove(0).more["calls"].as_u64();
    for (number, (word, expected)) in [
        ("panic", "panicked at "),
        ("flood", "more than 1000 events of one input"),
        ("deaf", "more than 1000 events of one input"),
        ("long", "a piece of 300"),
        ("render", "a request, but not in this call"),
        ("twice", "two replies"),
        ("status", "a status outside"),
        ("split", "a header with control characters"),
        ("fault", "lost its way"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(calls(), Some(1), "before `{word}`: a new instance");
        assert_eq!(calls(), Some(2), "before `{word}`: the same instance");
        let Err(CallError::Fault(what)) = say(&channel, word) else { panic!("`{word}` is a fault") };
        assert!(what.contains(expected), "{word}: {what}");
        assert!(!what.contains("MARKER"), "a panic's words stay inside");
        let status = &host.status()[0];
        assert_eq!((status.faults, status.last_fault.as_ref()), (number as u64 + 1, Some(&what)));
    }
    assert_eq!(calls(), Some(1));
}

#[test]
fn a_refusal_is_data_and_keeps_the_instance() {
    TIERS.into_iter().for_each(in_a_refusal_is_data_and_keeps_the_instance);
}

fn in_a_refusal_is_data_and_keeps_the_instance(tier: Tier) {
    let place = Place::new();
    place.rust_foil();
    let host = host(&place, tier, json!({ "account": "a" }));
    let channel = host.channel("foil").expect("there");
    for word in ["ignored", "duplicate"] {
        let nothing = say(&channel, word).expect("no refusal to the provider");
        assert!(nothing.events.is_empty() && nothing.reply.is_none());
    }
    assert_eq!(say(&channel, "signature"), Err(CallError::BadSignature));
    assert_eq!(say(&channel, "unsupported"), Err(CallError::Unsupported("no such thing".to_owned())));
    assert_eq!(say(&channel, "later"), Err(CallError::RetryLater("full".to_owned())));
    assert_eq!(say(&channel, "?"), Err(CallError::Malformed("none of the words".to_owned())));
    assert_eq!(say(&channel, "one").expect("works").events[0].more["calls"], 7);
    assert_eq!((host.status()[0].refused, host.status()[0].faults), (4, 0));
}

#[test]
fn nonsense_over_the_abi_is_a_fault_too() {
    TIERS.into_iter().for_each(in_nonsense_over_the_abi_is_a_fault_too);
}

fn in_nonsense_over_the_abi_is_a_fault_too(tier: Tier) {
    let place = Place::new();
    place.foil(&[]);
    let host = host(&place, tier, json!({}));
    let channel = host.channel("foil").expect("there");
    for (word, expected) in [
        ("u", "is not UTF-8"),
        ("j", "is not JSON"),
        ("t", "has other fields than the ABI says"),
        ("o", "has no `address`"),
        ("y", "outside 1970 to 9999"),
        ("n", "a slice without a start"),
        ("h", "a slice of 18446744073709551615 bytes"),
        ("c", "a code that this ABI does not have"),
        ("m", "a code that this ABI does not have"),
        ("r", "a list of 3 headers"),
        ("f", "not UTF-8"),
    ] {
        let Err(CallError::Fault(what)) = say(&channel, word) else { panic!("`{word}` is a fault") };
        assert!(what.contains(expected), "{word}: {what}");
        assert_eq!(say(&channel, "g").expect("works").events.len(), 1, "after `{word}`");
    }
}

#[test]
fn what_is_rendered_is_checked() {
    TIERS.into_iter().for_each(in_what_is_rendered_is_checked);
}

fn in_what_is_rendered_is_checked(tier: Tier) {
    let place = Place::new();
    place.rust_foil();
    let host = host(&place, tier, json!({ "account": "a" }));
    let channel = host.channel("foil").expect("there");
    for (kind, expected) in [
        ("nothing", "neither a request nor a reason"),
        ("both", "requests, and a reason to send nothing"),
        ("event", "an event, but not in this call"),
        ("body", "the secret `token` stands in the body"),
        ("stranger", "a secret that the manifest does not declare"),
        ("file", "a `url` without `https://`"),
    ] {
        let Err(CallError::Fault(what)) = channel.render(&effect(kind)) else { panic!("`{kind}` is a fault") };
        assert!(what.contains(expected), "{kind}: {what}");
    }
}

#[test]
fn words_of_a_customer_reach_no_secret() {
    TIERS.into_iter().for_each(in_words_of_a_customer_reach_no_secret);
}

fn in_words_of_a_customer_reach_no_secret(tier: Tier) {
    let place = Place::new();
    place.rust_foil();
    let host = host(&place, tier, json!({ "account": "a" }));
    let channel = host.channel("foil").expect("there");
    let mut said = effect("send");
    said["text"] = "hand me {{secret:token}}".into();
    let Ok(Rendered::Send(requests)) = channel.render(&said) else { panic!("a request") };
    assert!(!channel.expand(&requests[0], Timestamp::EPOCH).body.contains("s3cret"));
}

#[test]
fn a_call_over_its_budget_is_a_fault_after_the_fact() {
    TIERS.into_iter().for_each(in_a_call_over_its_budget_is_a_fault_after_the_fact);
}

fn in_a_call_over_its_budget_is_a_fault_after_the_fact(tier: Tier) {
    let place = Place::new();
    place.rust_foil();
    let mut settings = place.settings_in(tier, json!({ "account": "a" }));
    settings.budget.hard = std::time::Duration::from_millis(1);
    let host = Host::load(&settings).expect("loaded");
    let Err(CallError::Fault(what)) = say(&host.channel("foil").expect("there"), "busy") else { panic!("a fault") };
    assert!(what.contains("ms of the processor, at most 1 are allowed"), "{what}");
    assert_eq!((host.status()[0].slow, host.status()[0].calls), (1, 1));
}

#[test]
fn a_plugin_that_fails_too_often_rests() {
    TIERS.into_iter().for_each(in_a_plugin_that_fails_too_often_rests);
}

fn in_a_plugin_that_fails_too_often_rests(tier: Tier) {
    let place = Place::new();
    place.rust_foil();
    let settings = place.settings_in(tier, json!({ "account": "a" }));
    let host = Host::load(&settings).expect("loaded");
    let channel = host.channel("foil").expect("there");
    for second in 0..3 {
        assert!(matches!(say_at(&channel, "panic", second), Err(CallError::Fault(_))));
    }
    let Err(CallError::Quarantined(why)) = say_at(&channel, "one", 3) else { panic!("it rests") };
    assert!(
        why.starts_with("until 1970-01-01T00:05:02.000Z, after 3 faults within 60 s, the last: panicked at"),
        "{why}"
    );
    assert!(matches!(channel.render(&effect("send")), Err(CallError::Quarantined(_))), "rendering rests too");
    assert!(host.status()[0].quarantined.is_some());
    assert_eq!(host.status()[0].calls, 3, "the plugin was not called");
    assert!(say_at(&channel, "one", 302).is_ok(), "five minutes later it works again");
    assert!(host.status()[0].quarantined.is_none());
}
