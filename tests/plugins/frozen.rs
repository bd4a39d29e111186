//! Plugins that the first SDK made are loaded and understood by every later build. See `tests/plugins/frozen`.

use std::fs;
use std::sync::Arc;

use serde_json::json;
use wane_core::time::Timestamp;
use wane_plugin_host::call::{CallError, Input, InputKind, Rendered};
use wane_plugin_host::{Channel, ChannelSettings, Host, Settings, Tier};

use crate::place::{Place, effect, here, mode, say_at};

const TIERS: [Tier; 2] = [Tier::Inproc, Tier::Process];

/// The channel of a frozen plugin, with the host that has it.
fn frozen(file: &str, tier: Tier) -> (Place, Host, Arc<Channel>) {
    let place = Place::new();
    let to = place.plugins().join(file);
    fs::copy(here("tests/plugins/frozen/abi-1.0").join(file), &to).expect("the frozen plugin");
    mode(&to, 0o755);
    let inspected = wane_plugin_host::inspect(&to, &Default::default()).expect("a plugin");
    assert_eq!(inspected.exports, ["wane_plugin_entry"]);
    let manifest = inspected.manifest;
    assert_eq!((manifest.name.as_str(), manifest.abi.as_deref()), ("frozen-pager", Some("1.0")));
    let mut settings = Settings::new(vec![place.plugins()], place.store());
    settings.budget.hard = std::time::Duration::from_secs(5);
    settings.program = Some(wane_tests::binary::path().to_owned());
    let config = json!({ "account": "a1" });
    let mut channel = ChannelSettings { config, tier: Some(tier), ..ChannelSettings::default() };
    channel.secrets.insert("token".to_owned(), "s3cret".into());
    settings.channels.insert("pager".to_owned(), channel);
    let host = Host::load(&settings).expect("loaded");
    let channel = host.channel("pager").expect("there");
    (place, host, channel)
}

fn say(channel: &Channel, body: &str) -> Result<wane_plugin_host::call::Translated, CallError> {
    say_at(channel, body, 1_700_000_000)
}

/// What both plugins do alike.
#[expect(clippy::indexing_slicing, clippy::panic, reason = "what is not there fails the test")]
fn understood(channel: &Channel) {
    assert_eq!(say(channel, "").expect("ignored"), Default::default());
    assert_eq!(say(channel, "unsigned"), Err(CallError::BadSignature));
    assert_eq!(say(channel, "later"), Err(CallError::RetryLater("the pager rests".to_owned())));
    let reply = say(channel, "reply").expect("translated").reply.expect("one");
    assert_eq!((reply.status, reply.headers.len()), (202, 1));
    let handshake = Input {
        kind: InputKind::Handshake,
        received_at: Timestamp::EPOCH,
        account: "",
        method: "GET",
        path: "/hook",
        query: "challenge=4711",
        headers: &[],
        body: b"",
    };
    let reply = channel.translate(&handshake).expect("translated").reply.expect("one");
    assert!(String::from_utf8(reply.body).expect("text").ends_with("4711"));
    let Ok(Rendered::Send(requests)) = channel.render(&effect("x")) else { panic!("a request") };
    assert_eq!(requests[0].method, "POST");
    assert!(requests[0].headers.contains(&("Authorization".to_owned(), "Bearer {{secret:token}}".to_owned())));
    assert_eq!(channel.expand(&requests[0], Timestamp::EPOCH).headers[0].1, "Bearer s3cret");
}

#[test]
fn the_one_in_rust_is_understood_in_both_tiers() {
    TIERS.into_iter().for_each(rust_is_understood);
}

#[expect(clippy::indexing_slicing, reason = "what is not there fails the test")]
fn rust_is_understood(tier: Tier) {
    let (_place, _host, channel) = frozen("libpager_rust.so", tier);
    assert_eq!(channel.manifest().sdk.as_deref(), Some("wane-plugin 0.1.0"));
    let event = say(&channel, "p1 +1555").expect("translated").events.remove(0);
    assert_eq!(
        (event.event_type.as_str(), event.address.as_str(), event.id.as_deref()),
        ("message", "+1555", Some("p1"))
    );
    assert_eq!(
        (event.role.as_deref(), event.kind.as_deref(), event.account.as_deref()),
        (Some("customer"), Some("text"), Some("a1"))
    );
    assert_eq!(
        (event.at_ms, event.activity, event.more["calls"].as_u64()),
        (Some(1_700_000_000_000), Some(true), Some(1))
    );
    understood(&channel);
    assert_eq!(say(&channel, "nonsense"), Err(CallError::Malformed("not `<id> <from>`".to_owned())));
    let reply = say(&channel, "reply").expect("translated").reply.expect("one");
    assert_eq!((reply.headers[0].1.as_str(), reply.body.as_slice()), ("heard", &b"hello"[..]));
    assert_eq!(
        channel.render(&json!({ "effect": "x", "to": "u", "now_ms": 0 })),
        Ok(Rendered::Suppress("no text".to_owned()))
    );
    assert_eq!(channel.render(&effect("closed")), Ok(Rendered::Suppress("the pager is off".to_owned())));
    // A panic costs its request; the next one finds a new instance.
    let wrong = say(&channel, "panic").expect_err("a fault").to_string();
    assert!(wrong.contains("panicked at"), "{wrong}");
    assert_eq!(say(&channel, "p2 +1555").expect("translated").events[0].more["calls"].as_u64(), Some(1));
}

#[test]
fn the_one_in_c_is_understood_in_both_tiers() {
    TIERS.into_iter().for_each(c_is_understood);
}

#[expect(clippy::indexing_slicing, reason = "what is not there fails the test")]
fn c_is_understood(tier: Tier) {
    let (_place, _host, channel) = frozen("libpager_c.so", tier);
    let event = say(&channel, "message").expect("translated").events.remove(0);
    assert_eq!(
        (event.event_type.as_str(), event.address.as_str(), event.id.as_deref()),
        ("message", "+1555", Some("p1"))
    );
    assert_eq!((event.at_ms, event.more["calls"].as_u64()), (Some(1_700_000_000_000), Some(1)));
    understood(&channel);
    assert_eq!(say(&channel, "x"), Err(CallError::Malformed("not one of `bmrlu`".to_owned())));
    let reply = say(&channel, "reply").expect("translated").reply.expect("one");
    assert_eq!((reply.headers[0].1.as_str(), reply.body.as_slice()), ("hello", &b"heard"[..]));
    let long = |len: usize| channel.render(&json!({ "effect": "x", "text": "x".repeat(len), "to": "u", "now_ms": 0 }));
    assert_eq!(long(600), Ok(Rendered::Suppress("too long for a pager".to_owned())));
    assert_eq!(long(2_000), Ok(Rendered::Suppress("the pager is off".to_owned())));
    assert_eq!(say(&channel, "bug"), Err(CallError::Fault("told to".to_owned())));
    assert_eq!(say(&channel, "message").expect("translated").events[0].more["calls"].as_u64(), Some(1));
}
