//! A case's file.

use wane_core::diagnostic::did_you_mean;

use super::section::Section;
use super::{Fault, File, step};
use crate::case::{Act, Case, Profile, Step, Way};

const KEYS: [&str; 12] =
    ["id", "title", "why", "requirements", "source", "since", "level", "needs", "config", "secrets", "now_ms", "step"];

/// Reads a case of a profile. `stem` is the file's name without its end.
pub(crate) fn case(file: File<'_>, (profile, way, stem): (&Profile, Way, &str), set: &str) -> Result<Case, Fault> {
    let parsed = file.parse()?;
    let section = Section::new(file, (parsed.get_ref(), parsed.span()), "a case", &KEYS)?;
    let id = section.text("id")?.unwrap_or(stem);
    if id != stem {
        return Err(section.fault(format!("its id is `{id}`, its file's name `{stem}`"), "they are the same"));
    }
    named(&section, id)?;
    let case = Case {
        id: id.to_owned(),
        profile: set.to_owned(),
        way,
        title: section.needed("title")?.to_owned(),
        why: section.needed("why")?.to_owned(),
        requirements: section.texts("requirements")?,
        source: section.needed("source")?.to_owned(),
        since: section.needed("since")?.to_owned(),
        level: level(&section)?,
        needs: section.texts("needs")?,
        config: section.object("config")?,
        secrets: section.strings("secrets")?,
        now_ms: section.number("now_ms")?,
        steps: steps(&section, profile)?,
    };
    whole(&section, &case)?;
    Ok(case)
}

/// Kebab-case: an id is a file's name and a word on the command line.
fn named(section: &Section<'_>, id: &str) -> Result<(), Fault> {
    let letters = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if letters && id.starts_with(|c: char| c.is_ascii_lowercase()) && !id.ends_with('-') {
        return Ok(());
    }
    Err(section.fault(format!("`{id}` is no id"), "small letters, digits and `-`, a letter first"))
}

fn level(section: &Section<'_>) -> Result<u8, Fault> {
    let level = section.bounded("level", 0, 4)?.and_then(|level| u8::try_from(level).ok());
    level.ok_or_else(|| section.fault("a case needs `level`", "0 loads, 1 basic, 2 lifecycle, 3 robust, 4 fast"))
}

fn steps(section: &Section<'_>, profile: &Profile) -> Result<Vec<Step>, Fault> {
    let Some(value) = section.get("step") else { return Ok(Vec::new()) };
    let items = value.get_ref().as_array().ok_or_else(|| section.wrong("step", "a list: write `[[step]]`", value))?;
    items.iter().map(|item| step::step(section.file, item, profile)).collect()
}

/// What only the whole case shows.
fn whole(section: &Section<'_>, case: &Case) -> Result<(), Fault> {
    if case.steps.is_empty() {
        return Err(section.fault("a case without a step shows nothing", "add `[[step]]`"));
    }
    if case.requirements.is_empty() {
        return Err(section.fault("a case needs `requirements`", "the ids of what it shows, from `profile.toml`"));
    }
    if case.steps.iter().all(|step| {
        step.expect.is_empty() && !matches!(step.act, Act::Sample { .. } | Act::Reorder(_) | Act::Create { .. })
    }) {
        return Err(section.fault("no step expects anything: the case can not fail", "add `expect_events` or another"));
    }
    for step in &case.steps {
        let Act::Reorder(names) = &step.act else { continue };
        for name in names {
            let known = || case.steps.iter().filter_map(|step| step.name.as_deref());
            if !known().any(|other| other == name) {
                let help =
                    did_you_mean(name, known()).map_or_else(String::new, |meant| format!("did you mean `{meant}`?"));
                let mut fault = section.fault(format!("`reorder` names the step `{name}`, which is not there"), help);
                fault.line = step.line;
                return Err(fault);
            }
        }
    }
    Ok(())
}
