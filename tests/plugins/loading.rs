//! What is loaded, and what is refused with which words.

use serde_json::json;
use wane_core::time::Timestamp;
use wane_plugin_host::call::Rendered;
use wane_plugin_host::{Change, Host, Others, Settings};

use crate::place::{Place, effect, here, mode, say};

#[test]
fn the_example_in_c_exports_one_symbol_and_works() {
    let place = Place::new();
    let source = here("examples/c-channel/channel.c");
    let file = place.c("channel.so", &source, &["-O2"]);
    let inspected = wane_plugin_host::inspect(&file, &Default::default()).expect("a plugin");
    assert_eq!(inspected.exports, ["wane_plugin_entry"]);
    assert_eq!((inspected.manifest.name.as_str(), inspected.manifest.channel.as_str()), ("c-pager", "pager"));
    let settings = Settings { others: Others::Loaded, ..Settings::new(vec![place.plugins()], place.store()) };
    let host = Host::load(&settings).expect("loaded, for it needs no config");
    let channel = host.channel("pager").expect("there");
    let events = say(&channel, "p1 +4930123 help, please").expect("translated").events;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].id.as_deref(), events[0].address.as_str()), (Some("p1"), "+4930123"));
    let wrong = say(&channel, "p1 \"quoted\" help").expect_err("refused");
    assert_eq!(wrong.to_string(), "malformed: not `<id> <sender> <text>`");
    // Its token is not configured, and so it can not send.
    let wrong = channel.render(&effect("x")).expect_err("refused").to_string();
    assert!(wrong.contains("the secret `token` is needed and not configured"), "{wrong}");
}

#[test]
fn a_plugin_that_was_stripped_is_still_readable() {
    let place = Place::new();
    let file = place.foil(&["-s"]);
    assert_eq!(wane_plugin_host::inspect(&file, &Default::default()).expect("a plugin").manifest.name, "c-foil");
}

#[test]
fn what_is_wrong_with_a_plugin_is_told() {
    for (flag, expected) in [
        ("-DFOIL_MAGIC=1", "wrong magic number"),
        ("-DFOIL_MAJOR=2", "is made for ABI 2.7; this host has ABI 1.0"),
        ("-DFOIL_ABI=\"2.1\"", "is made for ABI 2.1; this host has ABI 1.0"),
        ("-DFOIL_MIN_HOST=9", "needs a host of ABI 1.9 or later; this one has ABI 1.0"),
        ("-DFOIL_SIZE=64", "its descriptor has 64 bytes, ABI 1.0 has 112"),
        ("-DFOIL_NULL", "does not return a descriptor"),
        ("-DFOIL_NO_SYMBOL", "does not export `wane_plugin_entry`"),
        ("-DFOIL_NO_RENDER", "lacks `create`, `destroy`, `translate` or `render`"),
        ("-DFOIL_OTHER_MANIFEST", "another than the one in the note"),
        ("-DFOIL_NO_INSTANCE", "gave no instance"),
    ] {
        let place = Place::new();
        place.foil(&[flag, "-fvisibility=default"]);
        let wrong = Host::load(&place.settings(json!({}))).expect_err(flag).to_string();
        assert!(wrong.contains(expected), "{flag}: {wrong}");
    }
}

#[test]
fn what_is_no_plugin_is_told() {
    for (flag, expected) in
        [("-DFOIL_NO_NOTE", "without Wane's manifest"), ("-DFOIL_BAD_MANIFEST", "the manifest is wrong")]
    {
        let place = Place::new();
        let file = place.foil(&[flag]);
        let wrong = wane_plugin_host::inspect(&file, &Default::default()).expect_err(flag).to_string();
        assert!(wrong.contains(expected), "{wrong}");
    }
    let place = Place::new();
    let file = place.plugins().join("text.so");
    std::fs::write(&file, "no object").expect("written");
    let wrong = wane_plugin_host::inspect(&file, &Default::default()).expect_err("no plugin").to_string();
    assert!(wrong.contains("no shared object"), "{wrong}");
}

#[test]
fn one_from_the_sdk_is_loaded_with_what_it_is_configured() {
    let place = Place::new();
    place.rust_foil();
    let host = Host::load(&place.settings(json!({ "account": "a1" }))).expect("loaded");
    let status = &host.status()[0];
    assert_eq!((status.name.as_str(), status.channel.as_str(), status.generation), ("wane-foil", "foil", 1));
    let channel = host.channel("foil").expect("there");
    assert!(channel.manifest().sdk.as_ref().is_some_and(|sdk| sdk.starts_with("wane-plugin ")));
    let event = say(&channel, "one").expect("translated").events.remove(0);
    assert_eq!((event.account.as_deref(), event.more["calls"].as_u64()), (Some("a1"), Some(1)));
    let reply = say(&channel, "reply").expect("translated").reply.expect("one");
    assert_eq!((reply.status, reply.body.as_slice()), (202, &b"hello"[..]));
    assert_eq!(say(&channel, "query").expect("translated").reply.expect("one").body, b"a b");
    let Ok(Rendered::Send(requests)) = channel.render(&effect("send")) else { panic!("a request") };
    assert_eq!(requests[0].headers[0].1, "Bearer {{secret:token}}");
    assert_eq!(channel.expand(&requests[0], Timestamp::EPOCH).headers[0].1, "Bearer s3cret");
    assert_eq!(channel.render(&effect("suppress")), Ok(Rendered::Suppress("nothing to say".to_owned())));
    assert_eq!(channel.render(&effect("window")), Ok(Rendered::Suppress("closed at noon".to_owned())));
    assert!(!format!("{host:?}").contains("s3cret"));
}

#[test]
fn a_config_is_checked_before_anything_runs() {
    let place = Place::new();
    place.rust_foil();
    for (config, expected) in [
        (json!({}), "\"account\" is a required property"),
        (json!({ "account": "a", "acount": 1 }), "unknown key `acount`; did you mean `account`?"),
        (json!({ "account": "a", "refuse": true }), "does not take its config: malformed: told to refuse"),
    ] {
        let mut settings = place.settings(config);
        let channel = settings.channels.get_mut("foil").expect("there");
        channel.secrets.insert("token".to_owned(), "s3cret".into());
        let wrong = Host::load(&settings).expect_err("refused").to_string();
        assert!(wrong.contains(expected), "{wrong}");
    }
    let mut settings = place.settings(json!({ "account": "a" }));
    settings.channels.get_mut("foil").expect("there").sha256 = Some("00".to_owned());
    assert!(Host::load(&settings).expect_err("refused").to_string().contains("configured is 00"));
}

#[test]
fn a_channel_without_a_plugin_is_told() {
    let place = Place::new();
    let wrong = Host::load(&place.settings(json!({}))).expect_err("none").to_string();
    assert!(wrong.starts_with("channel `foil`: no plugin in"), "{wrong}");
    place.foil(&[]);
    let mut settings = place.settings(json!({}));
    settings.channels.get_mut("foil").expect("there").plugin = Some("../foil.so".to_owned());
    assert!(Host::load(&settings).expect_err("none").to_string().contains("is no file's name"));
    settings.channels.get_mut("foil").expect("there").plugin = Some("foil".to_owned());
    let host = Host::load(&settings).expect("found by its name");
    settings.channels.clear();
    assert_eq!(host.reload(&settings).expect("reloaded"), [Change::Removed("foil".to_owned())]);
    assert!(host.channel("foil").is_none());
}

/// As with a data directory that is given relative to where the service is started, or reached by a link.
#[test]
fn the_store_is_found_by_any_path() {
    let place = Place::new();
    place.foil(&[]);
    let cwd = std::env::current_dir().expect("a directory");
    let up: std::path::PathBuf = cwd.components().skip(1).map(|_| "..").collect();
    let link = place.store().with_file_name("link");
    std::fs::create_dir(place.store()).expect("a directory");
    mode(&place.store(), 0o700);
    std::os::unix::fs::symlink(place.store(), &link).expect("a link");
    let relative = up.join(place.store().strip_prefix("/").expect("absolute"));
    for store in [relative, link] {
        let settings = Settings { store, ..place.settings(json!({})) };
        Host::load(&settings).expect("loaded");
    }
    // A place that others can change is none, whatever its path.
    mode(&place.store(), 0o777);
    let wrong = Host::load(&place.settings(json!({}))).expect_err("not private").to_string();
    assert!(wrong.contains("is not private"), "{wrong}");
}
