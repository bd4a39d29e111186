//! `wane.toml` as operators write it: defaults, typos, lengths, secrets, what the documentation says.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;

fn walk(prefix: &str, table: &toml::Table, into: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        if let Some(rate) = value.as_table().filter(|table| table.contains_key("burst")) {
            into.insert(name, format!("{{ rate = {}, burst = {} }}", rate["rate"], rate["burst"]));
        } else if let Some(inner) = value.as_table().filter(|table| !table.is_empty()) {
            walk(&name, inner, into);
        } else {
            let empty = value.as_table().is_some() || value.as_array().is_some_and(Vec::is_empty);
            into.insert(name, if empty { "none".to_owned() } else { value.to_string() });
        }
    }
}

/// The rows of the tables in the document: key and default.
fn told() -> BTreeMap<String, String> {
    let text = include_str!("../../../../docs/config.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| {
        let (key, rest) = row.split_once('`')?;
        let default = rest.trim_start_matches(" | ").split(" | ").next()?;
        Some((key.to_owned(), default.trim_matches('`').to_owned()))
    })
    .collect()
}

#[test]
fn every_default_is_documented_as_it_is() {
    let text = Config::defaults().expect("defaults can be written");
    let mut real = BTreeMap::new();
    walk("", &toml::from_str(&text).expect("TOML"), &mut real);
    let told = told();
    for (key, default) in &real {
        assert_eq!(told.get(key), Some(default), "`{key}`");
    }
    // Keys without a default are in the document alone; each must be a key that the reader knows.
    for key in told.keys().filter(|key| !real.contains_key(*key)) {
        let wild = key.replace("NAME", "x").replace("[]", "");
        let (outer, last) = wild.rsplit_once('.').map_or(("", wild.as_str()), |(outer, last)| (outer, last));
        let outer = if outer == "tokens" { "[[tokens]]".to_owned() } else { format!("[{outer}]") };
        let text = if outer == "[]" { format!("{last} = true") } else { format!("{outer}\n{last} = [[1979-05-27]]") };
        let error = Config::parse(&text).expect_err("a value of a wrong type");
        assert!(!error.message.starts_with("unknown key"), "`{key}`: {error}");
    }
}

#[test]
fn the_defaults_as_a_file_are_the_defaults() {
    let text = Config::defaults().expect("defaults can be written");
    assert_eq!(Config::parse(&text).as_ref(), Ok(&Config::default()));
    assert_eq!(Config::parse("").as_ref(), Ok(&Config::default()));
}

#[test]
fn what_is_wrong_has_its_place() {
    let cases = [
        ("shards = -1", "1:10: `shards`: invalid value: integer `-1`, expected a whole number up to 65535", None),
        ("orgg = 'x'", "1:1: unknown key `orgg`", Some("did you mean `org`?")),
        ("[store]\nsync = 'sometimes'", "2:8: `sync`: `sometimes` is not `always`, `interval:10ms` or `off`", None),
        ("[limits]\nidle = 5", "2:8: `idle`: invalid type: integer `5`, expected a text", None),
        (
            "[limits]\nidle = '5 fortnights'",
            "2:8: `idle`: `5 fortnights` is no length of time, such as \"10s\" or \"5m\"",
            None,
        ),
        (
            "[delivery]\nallow = ['10.0.0.0/99']",
            "2:9: `allow`: `10.0.0.0/99` is no network, such as \"10.0.0.0/8\"",
            None,
        ),
    ];
    for (text, message, help) in cases {
        let error = Config::parse(text).expect_err(text);
        assert_eq!((error.to_string().as_str(), error.help.as_deref()), (message, help), "{text}");
    }
}

#[test]
fn a_secret_written_into_the_file_is_refused_and_not_repeated() {
    let text = "[channels.whatsapp]\nplugin = 'whatsapp'\nsecrets = { app = 'hunter2hunter2' }";
    let error = Config::parse(text).expect_err("a secret");
    assert!(error.message.contains("file:PATH"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn sync_is_read_as_it_is_shown() {
    for (text, sync) in [
        ("always", Sync::Always),
        ("interval:10ms", Sync::Interval(Duration::from_millis(10))),
        ("interval:1s", Sync::Interval(Duration::from_secs(1))),
        ("off", Sync::Off),
    ] {
        assert_eq!(Sync::try_from(text.to_owned()), Ok(sync));
        assert_eq!(sync.to_string(), text);
    }
    assert_eq!(Sync::Always.weaker(), None);
    assert_eq!(Sync::Off.weaker().as_deref(), Some("off"));
}

#[test]
fn secrets_come_from_files_that_others_can_not_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("secret");
    std::fs::write(&path, "s3cret\r\n").expect("written");
    let reference = SecretRef::try_from(format!("file:{}", path.display())).expect("a reference");
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
    mode(0o644);
    assert!(matches!(reference.load(), Err(SecretError::Open(_))));
    mode(0o640);
    let secret = reference.load().expect("readable");
    assert_eq!(secret.reveal(), b"s3cret");
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    std::fs::write(&path, "\n").expect("written");
    assert!(matches!(reference.load(), Err(SecretError::Empty(_))));
    let unset = SecretRef::try_from("env:WANE_TEST_NO_SUCH_VARIABLE".to_owned()).expect("a reference");
    assert!(matches!(unset.load(), Err(SecretError::Unset(_))));
}

#[test]
fn dev_and_the_manual_clock_are_for_loopback_alone() {
    let open = Config { listen: "0.0.0.0:7600".parse().expect("an address"), ..Config::default() };
    assert_eq!(open.check(), Ok(()));
    assert!(Config { dev: true, ..open.clone() }.check().is_err());
    assert!(Config { manual_clock: true, ..open }.check().is_err());
    assert_eq!(Config { manual_clock: true, ..Config::default() }.for_dev().check(), Ok(()));
}

#[test]
fn the_log_is_kept_as_long_as_the_ids() {
    assert!(Config::parse("[retention]\nlog = '1d'").is_err());
    assert!(Config { shards: 0, ..Config::default() }.check().is_err());
    assert!(Config { org: String::new(), ..Config::default() }.check().is_err());
}

#[test]
fn dev_watches_unless_the_file_says_otherwise() {
    assert!(Config::default().for_dev().watch);
    let said = Config::parse("[rules]\nwatch = false").expect("valid");
    assert!(!said.for_dev().watch);
}

#[test]
fn what_can_not_be_meant_is_told_with_its_line_its_key_and_what_is_right() {
    for (text, place, key, right) in [
        ("\norg = \"\"", 2, "org", "1 to 64 bytes"),
        ("shards = 0", 1, "shards", "1 to 1024"),
        ("[store]\nsync = \"off\"\nsegment_bytes = 5000", 3, "store.segment_bytes", "multiple of 4096"),
        ("[retention]\nids = \"8d\"\nlog = \"1h\"", 3, "retention.log", "as long as"),
        ("limits.connections = 0", 1, "limits.connections", "1 or more"),
        ("[limits]\n# body_bytes\nbody_bytes = 0", 3, "limits.body_bytes", "1 or more"),
        ("[delivery]\nattempts = 0", 2, "delivery.attempts", "1 or more"),
        ("[client]\ntokens = { rate = 5, burst = 0 }", 2, "client.tokens", "1 or more"),
        ("[telemetry]\ntraced_percent = 101", 2, "telemetry.traced_percent", "0 to 100"),
        ("[telemetry]\nlevel = \"warn,verbose\"", 2, "telemetry.level", "`error`, `warn`"),
        ("[client]\norigins = [\"*\"]", 2, "client.origins", "https://shop.example"),
        ("[client]\norigins = [\"https://shop.example/\"]", 2, "client.origins", "without a path"),
        ("[[tokens]]\nhash = \"00\"\nscopes = []", 3, "tokens.scopes", "one scope"),
    ] {
        let text = text.replace("\"00\"", &format!("\"{}\"", "00".repeat(32)));
        let error = Config::parse(&text).expect_err(&text);
        assert_eq!(error.place, Some((place, 1)), "{text}: {error}");
        assert!(error.message.starts_with(&format!("`{key}`: ")), "{text}: {error}");
        assert!(error.help.as_deref().is_some_and(|help| help.contains(right)), "{text}: {error:?}");
    }
    for text in [
        "telemetry.level = \"warn,wane_server=debug\"",
        "telemetry.level = \"off\"",
        "client.origins = [\"http://localhost:3000\", \"https://shop.example\"]",
        "limits.token = { rate = 0, burst = 0 }",
        "client.streams = 0",
    ] {
        assert!(Config::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn no_message_names_a_type_of_the_program() {
    for key in told().keys() {
        let wild = key.replace("NAME", "x").replace("[]", "");
        let (outer, last) = wild.rsplit_once('.').unwrap_or(("", &wild));
        let head = match outer {
            "" => String::new(),
            "tokens" => "[[tokens]]\n".to_owned(),
            outer => format!("[{outer}]\n"),
        };
        for value in ["[[1]]", "-1", "{ a = 1 }"] {
            let Err(error) = Config::parse(&format!("{head}{last} = {value}")) else { continue };
            let words: Vec<&str> = error.message.split([' ', ',']).collect();
            let types = ["u8", "u16", "u32", "u64", "usize", "sequence", "map", "boolean", "string"];
            let named = types.iter().find(|word| words.contains(word) && !error.message.contains("string or table"));
            assert_eq!(named, None, "{key}: {error}");
        }
    }
}
