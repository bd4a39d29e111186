//! What the routes of rules take and give, as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use wane_core::rules::files::Files;
use wane_core::ruleset::{Ruleset, RulesetHash};
use wane_runtime::shard::Preview;
use wane_wire::finding::FindingJson;

use super::load::Checked;
use super::versions::VersionJson;

/// The longest path of a rule file that is taken, in bytes.
const LONGEST_PATH: usize = 255;

/// Rule files as a client sends them: `{"timers.toml": "…"}`.
#[derive(Clone, Debug)]
pub(super) struct FilesForm(pub(super) Arc<Files>);

impl<'de> Deserialize<'de> for FilesForm {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FilesVisitor).map(|files| Self(Arc::new(files)))
    }
}

struct FilesVisitor;

impl<'de> Visitor<'de> for FilesVisitor {
    type Value = Files;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of rule files: paths that end in `.toml`, each with the file's text")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Files, A::Error> {
        let mut files = Files::default();
        while let Some((path, text)) = map.next_entry::<String, String>()? {
            if let Some(wrong) = wrong_path(&path) {
                return Err(A::Error::custom(format!("the file `{path}`: {wrong}")));
            }
            if files.get(&path).is_some() {
                return Err(A::Error::custom(format!("the file `{path}` is there twice")));
            }
            files.insert(path, text);
        }
        Ok(files)
    }
}

/// Why a path is none of a rule file below a directory.
fn wrong_path(path: &str) -> Option<&'static str> {
    let odd = |part: &str| part.is_empty() || part.starts_with('.');
    if path.len() > LONGEST_PATH {
        Some("the path is too long")
    } else if path.contains(|c: char| c.is_control() || c == '\\') {
        Some("a path has no control characters and no `\\`")
    } else if path.split('/').any(odd) {
        Some("a path is relative, and no part of it is empty or begins with a dot")
    } else if !path.ends_with(".toml") {
        Some("rule files end in `.toml`")
    } else {
        None
    }
}

/// The name of a ruleset as a client sends it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HashForm(pub(super) RulesetHash);

impl<'de> Deserialize<'de> for HashForm {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let hash = RulesetHash::parse(&text).map(Self);
        hash.ok_or_else(|| D::Error::custom("the hash of a ruleset has 64 hexadecimal digits"))
    }
}

/// `POST /v1/rules/check`, `POST /v1/rules/preview`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesForm {
    pub(super) files: Option<FilesForm>,
    pub(super) hash: Option<HashForm>,
}

/// `POST /v1/rules/activate`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActivateForm {
    pub(super) files: Option<FilesForm>,
    pub(super) hash: Option<HashForm>,
    pub(super) if_active: Option<HashForm>,
}

/// `POST /v1/rules/rollback`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RollbackForm {
    #[serde(alias = "hash")]
    pub(super) to: Option<String>,
    pub(super) if_active: Option<HashForm>,
}

/// `POST /v1/clock`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockForm {
    pub(super) now: String,
}

/// What `POST /v1/rules/check` answers.
#[derive(Debug, Serialize)]
pub(super) struct CheckedJson {
    ok: bool,
    hash: String,
    errors: usize,
    warnings: usize,
    findings: Vec<FindingJson>,
}

impl From<Checked> for CheckedJson {
    fn from(checked: Checked) -> Self {
        Self {
            ok: checked.rules.is_some(),
            hash: checked.hash.to_string(),
            errors: checked.errors(),
            warnings: checked.warnings(),
            findings: checked.findings,
        }
    }
}

/// What `POST /v1/rules/preview` answers.
#[derive(Debug, Serialize)]
pub(super) struct PreviewJson {
    hash: String,
    active: String,
    conversations: u64,
    unchanged: u64,
    lapse_now: u64,
    earlier: u64,
    later: u64,
    by_timer: Vec<TimerJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    examples: Option<Vec<String>>,
    warnings: Vec<FindingJson>,
}

#[derive(Debug, Serialize)]
struct TimerJson {
    timer: String,
    lapse_now: u64,
}

impl PreviewJson {
    /// `examples` name conversations, which not everybody may read who may try rules.
    pub(super) fn new(preview: &Preview, rules: &Ruleset, warnings: Vec<FindingJson>) -> Self {
        let timers = rules.timers.iter().zip(&preview.lapse_by_timer).filter(|(_, lapse)| **lapse > 0);
        Self {
            hash: rules.hash.to_string(),
            active: String::new(),
            conversations: preview.conversations,
            unchanged: preview.unchanged,
            lapse_now: preview.lapse_now,
            earlier: preview.earlier,
            later: preview.later,
            by_timer: timers
                .map(|(timer, lapse)| TimerJson { timer: timer.name.to_string(), lapse_now: *lapse })
                .collect(),
            examples: None,
            warnings,
        }
    }

    pub(super) fn against(self, active: RulesetHash) -> Self {
        Self { active: active.to_string(), ..self }
    }

    pub(super) fn with_examples(self, preview: &Preview) -> Self {
        Self { examples: Some(preview.examples.iter().map(ToString::to_string).collect()), ..self }
    }
}

/// What `GET /v1/rules` answers.
#[derive(Debug, Serialize)]
pub(super) struct ActiveJson {
    pub(super) ordinal: u32,
    pub(super) hash: String,
    pub(super) since: Option<String>,
    pub(super) by: Option<String>,
    /// By path: how many bytes.
    pub(super) files: BTreeMap<String, usize>,
    pub(super) last_attempt: Option<AttemptJson>,
}

#[derive(Debug, Serialize)]
pub(super) struct AttemptJson {
    pub(super) at: String,
    pub(super) by: String,
    pub(super) hash: Option<String>,
    pub(super) ok: bool,
    pub(super) error: Option<String>,
    pub(super) findings: Vec<FindingJson>,
}

impl From<super::Attempt> for AttemptJson {
    fn from(attempt: super::Attempt) -> Self {
        Self {
            at: attempt.at.to_string(),
            by: attempt.by.to_string(),
            hash: attempt.hash.map(|hash| hash.to_string()),
            ok: attempt.error.is_none(),
            error: attempt.error,
            findings: attempt.findings,
        }
    }
}

/// What `GET /v1/rules/versions` answers; newest first.
#[derive(Debug, Serialize)]
pub(super) struct VersionsJson {
    pub(super) versions: Vec<VersionJson>,
    /// Where to go on; `null` at the end.
    pub(super) next: Option<String>,
}

/// What `GET /v1/rules/versions/{version}` answers.
#[derive(Debug, Serialize)]
pub(super) struct FilesJson {
    #[serde(flatten)]
    pub(super) version: VersionJson,
    pub(super) files: BTreeMap<String, String>,
}

/// What `POST /v1/rules/activate` and `/rollback` answer.
#[derive(Debug, Serialize)]
pub(super) struct ActivatedJson {
    changed: bool,
    ordinal: u32,
    hash: String,
    previous: PreviousJson,
    warnings: Vec<FindingJson>,
}

#[derive(Debug, Serialize)]
struct PreviousJson {
    ordinal: u32,
    hash: String,
}

impl From<super::Activated> for ActivatedJson {
    fn from(done: super::Activated) -> Self {
        let previous = PreviousJson { ordinal: done.previous.0.0, hash: done.previous.1.to_string() };
        let (changed, ordinal) = (done.changed, done.ordinal.0);
        Self { changed, ordinal, hash: done.hash.to_string(), previous, warnings: done.warnings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        serde_json::from_str::<RulesForm>(json).expect_err("it is wrong").to_string()
    }

    #[test]
    fn files_are_what_a_directory_could_hold_and_each_is_there_once() {
        let form: RulesForm = serde_json::from_str(r#"{"files":{"b/ü.toml":"x","a.toml":""}}"#).expect("good");
        let files = form.files.expect("there").0;
        assert_eq!(files.iter().map(|(path, _)| &**path).collect::<Vec<_>>(), ["a.toml", "b/ü.toml"]);
        for path in [
            "../a.toml",
            "/a.toml",
            "a//b.toml",
            ".a.toml",
            "a/.git/b.toml",
            "a",
            "a.tml",
            "",
            "a\\nb.toml",
            "a\\\\b.toml",
        ] {
            assert!(error(&format!(r#"{{"files":{{"{path}":""}}}}"#)).contains("the file `"), "{path}");
        }
        assert!(error(r#"{"files":{"a.toml":"1","a.toml":"2"}}"#).contains("`a.toml` is there twice"));
        assert!(error(r#"{"files":{"a.toml":7}}"#).contains("expected a string"));
        assert!(error(r#"{"files":[]}"#).contains("an object of rule files"));
        assert!(error(r#"{"flies":{}}"#).contains("`flies`"));
        assert!(error(r#"{"hash":"abc"}"#).contains("64 hexadecimal digits"));
    }
}
