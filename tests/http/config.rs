//! `wane.toml`, as an operator writes it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use wane_tests::binary::{self, repository, stderr};

use crate::daemon::{Daemon, rules};

/// Starts the daemon with a configuration that it refuses.
fn refused(directory: &Path, config: &str) -> Output {
    fs::create_dir_all(directory.join("rules")).expect("made");
    fs::write(directory.join("rules/rules.toml"), rules("15m")).expect("written");
    fs::write(directory.join("wane.toml"), config).expect("written");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", "data"];
    Command::new(binary::path()).args(arguments).current_dir(directory).output().expect("it runs")
}

/// The keys that the documentation names, with their sections.
fn documented() -> Vec<String> {
    let text = fs::read_to_string(repository().join("docs/config.md")).expect("readable");
    let keys = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    keys.map(|(key, _)| key.to_owned()).filter(|key| key != "key").collect()
}

/// Every key once, with a value that is its default or harmless.
const WHOLE: &str = r#"
org = "shop"
listen = "127.0.0.1:0"
data = "data"
plugins = "plugins"
shards = 3

[rules]
dir = "rules"
watch = false

[store]
sync = "interval:10ms"
segment_bytes = 67108864
spare_segments = 4
snapshot_bytes = 268435456
snapshot_every = "10m"
overdue_per_second = 5000

[retention]
ids = "8d"
ended = "30d"
idle = "90d"
log = "30d"

[limits]
connections = 10000
connections_per_address = 64
head_within = "5s"
body_within = "10s"
idle = "1m15s"
drain = "10s"
webhook_bytes = 262144
body_bytes = 1048576
token = { rate = 5000, burst = 10000 }
address = { rate = 1, burst = 3 }
webhook = { rate = 1000, burst = 2000 }
proxies = ["10.0.0.0/8"]

[trust]
keys = ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"]
signed_only = false

[telemetry]
format = "json"
level = "info"
otlp = "http://127.0.0.1:9/v1/traces"
traced_percent = 1

[delivery]
allow = ["10.0.0.0/8"]
plain_http = false
connect_within = "5s"
attempt_within = "15s"
attempts = 12
concurrency = 8

[delivery.templates]
slow = "One moment, please."

[client]
enabled = true
origins = ["https://shop.example"]
org_id = "shop"
issuer = "https://id.example"
audience = "wane"
signing_key = "file:signing-key"
tokens = { rate = 5, burst = 20 }
streams = 5000

[client.deployments]
shop = "web"

[[tokens]]
id = "ops"
name = "from the vault"
hash = "0000000000000000000000000000000000000000000000000000000000000000"
scopes = ["admin"]
created = "2026-01-01"
"#;

#[test]
fn every_documented_key_is_taken_and_the_daemon_starts_with_all_of_them() {
    let elsewhere = ["channels", "tls.cert", "tls.key", "client.jwks"];
    let table: toml::Table = toml::from_str(WHOLE).expect("TOML");
    for key in documented() {
        let known = elsewhere.contains(&key.as_str()) || key.starts_with("channels.") || named(&table, &key);
        assert!(known, "`{key}` is documented and not tried here");
    }
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("plugins")).expect("made");
    let key = directory.path().join("signing-key");
    fs::write(&key, "a key of 32 bytes, or of some more than that").expect("written");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).expect("set");
    let open = refused(directory.path(), WHOLE);
    assert_eq!(open.status.code(), Some(78), "{}", stderr(&open));
    assert!(stderr(&open).contains("chmod 600"), "{}", stderr(&open));
    assert!(!stderr(&open).contains("a key of 32 bytes"));
    let inside = format!("{}\n", WHOLE.replace("file:signing-key", "env:WANE_TEST_SIGNING_KEY"));
    let missing = refused(directory.path(), &inside);
    assert_eq!(missing.status.code(), Some(78), "{}", stderr(&missing));
    assert!(stderr(&missing).contains("WANE_TEST_SIGNING_KEY"), "{}", stderr(&missing));

    let signing = directory.path().join("signing-key");
    fs::set_permissions(&signing, Permissions::from_mode(0o600)).expect("set");
    let config = WHOLE
        .replace("file:signing-key", &format!("file:{}", signing.display()))
        .replace("plugins = \"plugins\"", &format!("plugins = \"{}\"", directory.path().join("plugins").display()));
    let daemon = Daemon::start(&[], &config);
    assert_eq!(daemon.get("/healthz", "").status, 200);
    // Whoever has no token asks three times at once.
    let statuses: Vec<u16> = (0..6).map(|_| daemon.get("/readyz", "").status).collect();
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    let refused = daemon.get("/readyz", "");
    if refused.status == 429 {
        assert_eq!(refused.problem(), "too-many-requests");
        assert!(refused.head.to_ascii_lowercase().contains("retry-after:"), "{}", refused.head);
    }
}

/// Whether a key such as `rules.dir` or `tokens[].id` is in the table.
fn named(table: &toml::Table, key: &str) -> bool {
    let mut at = Some(&toml::Value::Table(table.clone())).cloned();
    for part in key.split('.') {
        let (name, list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        at = at.and_then(|value| value.get(name).cloned());
        if list {
            at = at.and_then(|value| value.get(0).cloned());
        }
    }
    at.is_some()
}

#[test]
fn each_mistake_is_named_with_what_was_meant() {
    let directory = tempfile::tempdir().expect("a directory");
    for (config, words) in [
        ("lisen = \"127.0.0.1:0\"", &["wane.toml", "`lisen`", "did you mean `listen`?"][..]),
        ("[store]\nsnyc = \"always\"", &["`snyc`", "did you mean `sync`?"]),
        ("[limits]\nhead_witin = \"5s\"", &["did you mean `head_within`?"]),
        ("[retenton]\nids = \"8d\"", &["did you mean `retention`?"]),
        ("[delivery]\natempts = 3", &["did you mean `attempts`?"]),
        ("[client]\norigin = []", &["did you mean `origins`?"]),
        ("[[tokens]]\nhash = \"x\"\nscopes = []", &["64 hexadecimal digits"]),
        (
            "[[tokens]]\nhash = \"0000000000000000000000000000000000000000000000000000000000000000\"\nscopes = [\"event:write\"]",
            &["did you mean `events:write`?"],
        ),
        ("[store]\nsync = \"sometimes\"", &["sync", "interval"]),
        ("[retention]\nids = \"8 days\"", &["ids"]),
        ("[retention]\nids = 8", &["ids"]),
        ("[telemetry]\nformat = \"jsn\"", &["did you mean `json`?"]),
        ("shards = 0", &["shards"]),
        ("shards = -1", &["shards"]),
        ("listen = \"everywhere\"", &["listen"]),
        ("listen = ", &["wane.toml:1"]),
        ("[client]\nsigning_key = \"hunter2-hunter2-hunter2-hunter2-xx\"", &["signing_key", "file:", "env:"]),
        ("[tls]\ncert = \"none.pem\"\nkey = \"none.key\"", &["none.pem"]),
        ("[tls]\ncert = \"none.pem\"", &["key"]),
    ] {
        let output = refused(directory.path(), config);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(78), "{config}: {told}");
        for word in words {
            assert!(told.contains(word), "{config}: no {word:?} in {told}");
        }
        assert!(!told.contains("hunter2"), "a secret is told: {told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}
