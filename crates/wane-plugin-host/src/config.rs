//! The operator's config and secrets against the manifest, before the plugin sees anything.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value, json};
use wane_core::diagnostic::did_you_mean;

use crate::manifest::Manifest;
use crate::secret::{Secret, Secrets};
use crate::settings::ChannelSettings;

/// What the plugin gets, and what only the host has.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The config as JSON, secrets that go to the plugin included.
    pub(crate) config: Secret,
    /// All secrets.
    pub(crate) secrets: Secrets,
}

/// Checks a channel's settings. A declared secret may also stand in the config, under its name.
pub(crate) fn check(manifest: &Manifest, settings: &ChannelSettings) -> Result<Given, String> {
    let Value::Object(mut config) = settings.config.clone() else {
        return Err("the config must be a table".to_owned());
    };
    let mut secrets = settings.secrets.clone();
    for need in &manifest.secrets {
        match config.remove(&need.name) {
            Some(Value::String(text)) => drop(secrets.entry(need.name.clone()).or_insert_with(|| text.into())),
            Some(_) => return Err(format!("the secret `{}` must be a text", need.name)),
            None => {}
        }
    }
    complete(manifest, &secrets)?;
    fits(manifest, &config)?;
    for need in manifest.secrets.iter().filter(|need| need.to_plugin) {
        if let Some(secret) = secrets.get(&need.name) {
            config.insert(need.name.clone(), secret.reveal().into());
        }
    }
    Ok(Given { config: Value::Object(config).to_string().into(), secrets })
}

/// All secrets that are needed, none that is not declared, each fit to stand in a header.
fn complete(manifest: &Manifest, secrets: &Secrets) -> Result<(), String> {
    for need in manifest.secrets.iter().filter(|need| !need.optional && need.jwt.is_none()) {
        if !secrets.contains_key(&need.name) {
            let about = if need.about.is_empty() { String::new() } else { format!(" ({})", need.about) };
            return Err(format!("the secret `{}`{about} is not configured", need.name));
        }
    }
    for (name, secret) in secrets {
        let given = manifest.secrets.iter().filter(|need| need.jwt.is_none()).map(|need| need.name.as_str());
        if !given.clone().any(|known| known == name) {
            return Err(unknown("secret", name, given));
        }
        if secret.reveal().is_empty() || secret.reveal().chars().any(char::is_control) {
            return Err(format!("the secret `{name}` is empty or has control characters, perhaps a line's end"));
        }
    }
    Ok(())
}

fn fits(manifest: &Manifest, config: &Map<String, Value>) -> Result<(), String> {
    let schema = manifest.config.clone().unwrap_or_else(|| json!({ "type": "object" }));
    let schema = closed(schema);
    let validator = jsonschema::validator_for(&schema)
        .map_err(|error| format!("the manifest's `config` is no JSON Schema: {error}"))?;
    let config = Value::Object(config.clone());
    let wrong: Vec<String> = validator.iter_errors(&config).map(|error| told(&error, &schema)).collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("the config is wrong: {}", wrong.join("; "))) }
}

/// Values are not repeated: the operator may have put a secret in a wrong place.
fn told(error: &ValidationError<'_>, schema: &Value) -> String {
    let at = error.instance_path().to_string();
    let place = if at.is_empty() { String::new() } else { format!("`{at}`: ") };
    if let ValidationErrorKind::AdditionalProperties { unexpected }
    | ValidationErrorKind::UnevaluatedProperties { unexpected } = error.kind()
    {
        let table = error.schema_path().to_string();
        let table = table.rsplit_once('/').and_then(|(table, _)| schema.pointer(table));
        let known = table.and_then(|table| table.get("properties")).and_then(Value::as_object);
        let known = known.into_iter().flat_map(Map::keys).map(String::as_str);
        let unexpected = unexpected.iter().map(|key| format!("{place}{}", unknown("key", key, known.clone())));
        return unexpected.collect::<Vec<_>>().join("; ");
    }
    format!("{place}{}", error.masked())
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let list = known.clone().collect::<Vec<_>>().join("`, `");
    let help = match did_you_mean(name, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if list.is_empty() => "the plugin takes none".to_owned(),
        None => format!("there are `{list}`"),
    };
    format!("unknown {what} `{}`; {help}", name.escape_default())
}

/// The schema with every table in it that names its properties closed, unless it says itself what else it takes: unknown keys are errors.
fn closed(mut schema: Value) -> Value {
    close(&mut schema);
    if let Some(table) = schema.as_object_mut().filter(|table| !says(table)) {
        table.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
    schema
}

/// Whether a schema says itself what else it takes.
fn says(table: &Map<String, Value>) -> bool {
    ["additionalProperties", "unevaluatedProperties"].iter().any(|key| table.contains_key(*key))
}

fn close(schema: &mut Value) {
    let Some(table) = schema.as_object_mut() else { return };
    let parts = ["properties", "$defs", "patternProperties"];
    for part in parts {
        table.get_mut(part).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut).for_each(close);
    }
    table.get_mut("items").into_iter().for_each(close);
    // One that names no property is meant to take any.
    if table.contains_key("properties") && !says(table) {
        // Sees through `allOf`, `$ref` and the like, which `additionalProperties` does not.
        table.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let json = json!({
            "name": "p", "version": "1", "channel": "c",
            "config": {
                "type": "object",
                "properties": { "account": { "type": "string" }, "free": { "type": "object" }, "deep": { "type": "object", "properties": { "n": { "type": "integer" } } } },
                "required": ["account"],
            },
            "secrets": [{ "name": "key", "about": "checks" }, { "name": "mine", "optional": true, "to_plugin": true }],
        });
        Manifest::parse(json.to_string().as_bytes()).expect("a manifest")
    }

    fn checked(config: Value, secrets: &[(&str, &str)]) -> Result<Given, String> {
        let secrets = secrets.iter().map(|(name, text)| ((*name).to_owned(), Secret::from(*text))).collect();
        check(&manifest(), &ChannelSettings { config, secrets, ..ChannelSettings::default() })
    }

    #[test]
    fn a_good_config_reaches_the_plugin_without_what_is_not_its_own() {
        let given = checked(json!({ "account": "a", "key": "k", "mine": "m" }), &[]).expect("good");
        assert_eq!(given.config.reveal(), r#"{"account":"a","mine":"m"}"#);
        assert_eq!(given.secrets["key"].reveal(), "k");
        let given = checked(json!({ "account": "a", "free": { "x": 1 } }), &[("key", "k")]).expect("good");
        assert_eq!(given.config.reveal(), r#"{"account":"a","free":{"x":1}}"#);
    }

    #[test]
    fn what_is_wrong_is_told_without_a_value() {
        for (config, secrets, expected) in [
            (json!({ "account": "a" }), &[][..], "the secret `key` (checks) is not configured"),
            (json!({ "account": "a" }), &[("key", "k"), ("kee", "x")][..], "unknown secret `kee`; did you mean `key`?"),
            (json!({ "account": "a" }), &[("key", "k\n")][..], "the secret `key` is empty or has control characters"),
            (json!({}), &[("key", "k")][..], "\"account\" is a required property"),
            (json!({ "account": 7 }), &[("key", "k")][..], "`/account`: value is not of type \"string\""),
            (
                json!({ "account": "a", "acount": "b" }),
                &[("key", "k")][..],
                "unknown key `acount`; did you mean `account`?",
            ),
            (
                json!({ "account": "a", "deep": { "m": 1 } }),
                &[("key", "k")][..],
                "`/deep`: unknown key `m`; did you mean `n`?",
            ),
            (json!([]), &[("key", "k")][..], "the config must be a table"),
        ] {
            let wrong = checked(config, secrets).expect_err("wrong");
            assert!(wrong.contains(expected), "{wrong}");
        }
    }
}
