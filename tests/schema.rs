//! The description of the rule files is one: the reader, the JSON Schema and the reference in `docs/rules/` agree.

#![expect(clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wane_core::rules::files::Files;
use wane_core::rules::load;
use wane_core::rules::schema::FILE;
use wane_core::rules::schema::describe::{Kind, Table};

#[path = "../crates/wane/src/schema.rs"]
mod schema;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn toml_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn json_of(text: &str) -> Value {
    let table: toml::Table = text.parse().expect("TOML");
    serde_json::to_value(table).expect("JSON")
}

/// Everything in a value that the schema does not allow: the keywords that the schema uses, patterns left out.
fn faults(value: &Value, schema: &Value, path: &str, out: &mut Vec<String>) {
    if let Some(kinds) = schema.get("anyOf").and_then(Value::as_array) {
        let fits = kinds.iter().any(|kind| {
            let mut inner = Vec::new();
            faults(value, kind, path, &mut inner);
            inner.is_empty()
        });
        if !fits {
            out.push(format!("{path}: none of the choices"));
        }
        return;
    }
    let fits = match schema["type"].as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string() || value.get("$__toml_private_datetime").is_some(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        other => panic!("{path}: the schema says `{other}`"),
    };
    let listed = schema.get("enum").and_then(Value::as_array).is_none_or(|words| words.contains(value));
    if !fits || !listed {
        out.push(format!("{path}: {value}"));
        return;
    }
    for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if value.get(required.as_str().expect("a key")).is_none() {
            out.push(format!("{path}: without {required}"));
        }
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let known = schema.get("properties").and_then(|properties| properties.get(key));
        match known.or(schema.get("additionalProperties")) {
            Some(Value::Bool(_)) | None => out.push(format!("{path}.{key}: unknown")),
            Some(inner) => faults(value, inner, &format!("{path}.{key}"), out),
        }
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        faults(value, &schema["items"], &format!("{path}[{index}]"), out);
    }
}

#[test]
fn the_stock_rules_and_the_packs_fit_the_schema() {
    let schema = schema::schema();
    let files = toml_files(&root().join("rules"));
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let mut out = Vec::new();
        faults(&json_of(&fs::read_to_string(&file).expect("readable")), &schema, "", &mut out);
        assert_eq!(out, Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn the_schema_finds_what_the_reader_finds() {
    let schema = schema::schema();
    for name in [
        "unknown-key",
        "missing-key",
        "wrong-type",
        "unknown-word",
        "unknown-status",
        "unknown-handler",
        "unknown-action",
    ] {
        let text =
            fs::read_to_string(root().join("tests/diagnostics").join(name).join("rules.toml")).expect("a fixture");
        let mut out = Vec::new();
        faults(&json_of(&text), &schema, "", &mut out);
        assert!(!out.is_empty(), "{name}");
    }
}

/// Every table of the description, once, in the order in which they are met.
fn tables() -> Vec<&'static Table> {
    let mut found: Vec<&'static Table> = vec![&FILE];
    let mut next = 0;
    while let Some(table) = found.get(next).copied() {
        for key in table.keys {
            collect(key.kind, &mut found);
        }
        next += 1;
    }
    found
}

fn collect(kind: &'static Kind, found: &mut Vec<&'static Table>) {
    match kind {
        Kind::Table(table) if !found.iter().any(|known| std::ptr::eq(*known, *table)) => found.push(table),
        Kind::List(inner) | Kind::Map(_, inner) => collect(inner, found),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| collect(kind, found)),
        _ => {}
    }
}

/// A file that uses every key of the language.
const EVERY_KEY: &str = r#"
channel = "web"
[groups]
activity = ["message:customer"]
[org]
permissions = ["P"]
timezone = "UTC"
status_based_capacity = false
agent_inactivity = false
[wake]
to = "waiting"
[channels.web]
governed = true
notice_window = "clock"
[calendars.support]
timezone = "UTC"
hours = { mon-fri = ["09:00-17:00"], sat = ["10:00 - 14:00"] }
holidays = ["2026-12-25"]
[facts]
customer.tier = ["vip", "standard"]
attributes.limit = "duration"
[timers.clock]
title = "Clock"
scope = "session"
channels = ["web"]
handler = ["rep"]
status = ["active"]
when = "authenticated"
start_on = ["message:rep"]
restart_on = ["activity"]
stop_on = ["hold.started"]
choose_on = ["activity"]
on_lapse = [{ notify = "a", to = "customer" }, { emit = "x.a" }, { transfer = "q" }, { stop = "other" }, { tag = "t" }]
warn = [{ before = "1m", notify = "w", to = "rep" }, { before = "2m", notify = "w" }]
catch_up = "all"
calendar = "support"
pause_while = "hold"
requires_permission = "P"
range = { min = "1m", max = "1h", step = "1m" }
optional = true
on_reload = "keep"
fires = "at"
grace = "2s"
outage = "fire"
[[timers.clock.afterwards]]
on = ["activity"]
channels = ["web"]
handler = ["rep"]
status = ["active"]
do = [{ start = "other" }]
[timers.other]
sweep = { every = "5m", offset = "1m" }
start_on = ["message:bot"]
[[rules]]
id = "a"
timer = "clock"
when = 'customer.tier == "vip"'
after = { fact = "attributes.limit" }
channel = "web"
priority = 1
default = false
note = "n"
[[rules]]
id = "b"
timer = "other"
after = "10m"
channels = ["web"]
"#;

#[test]
fn the_reader_takes_every_key_that_is_described() {
    let mut files = Files::default();
    files.insert("rules.toml", EVERY_KEY);
    let (ruleset, diagnostics) = load(&files);
    assert_eq!(diagnostics, Vec::new());
    assert!(ruleset.is_some());
    let described = tables().iter().map(|table| table.keys.len()).sum::<usize>();
    let text = EVERY_KEY.replace(['{', ',', '['], "\n");
    for key in tables().iter().flat_map(|table| table.keys) {
        let used = text.lines().any(|line| {
            let word = line.trim().split(['=', '.', ']', ' ']).next().unwrap_or_default();
            word == key.name || line.contains(&format!(".{}]", key.name))
        });
        assert!(used, "`{}` is not in the file of this test", key.name);
    }
    assert!(described > 60, "{described}");
}

/// The reference of every table and key.
fn reference() -> String {
    let mut text = String::from(HEAD);
    for table in tables() {
        write!(
            text,
            "\n## `{}`\n\n{}\n\n| key | value | default | what it is for |\n|---|---|---|---|\n",
            table.name, table.doc
        )
        .expect("a string takes all");
        for key in table.keys {
            let default = if key.required { "must be there" } else { key.default };
            let example = if key.example.is_empty() {
                String::new()
            } else {
                format!(" For example `{} = {}`.", key.name, key.example)
            };
            let value = key.kind.name().replace('|', "\\|");
            let doc = format!("{}{example}", key.doc).replace('|', "\\|");
            writeln!(text, "| `{}` | {value} | {default} | {doc} |", key.name).expect("a string takes all");
        }
    }
    text
}

const HEAD: &str = "# Every table and key\n\n\
This page is made from the description that the reader of rule files follows; `wane schema` prints the same for editors.\n\
How timers and rules work together is in [the overview](README.md).\n\n\
Durations are `90s`, `1h30m`, `3d`, `500ms`, `1w`, or ISO 8601 such as `PT6H`; there are no bare numbers, nothing is zero or\n\
negative, and nothing is longer than ten years. Names are compared letter by letter.\n";

#[test]
fn the_reference_is_up_to_date() {
    let path = root().join("docs/rules/files.md");
    if std::env::var_os("WANE_BLESS").is_some() {
        fs::write(&path, reference()).expect("writable");
    }
    let held = fs::read_to_string(&path).expect("the reference");
    assert_eq!(held, reference(), "run this test with WANE_BLESS=1 and look at what changed");
}
