//! A profile's file.

use std::collections::BTreeMap;

use super::section::Section;
use super::{Fault, File, message, step};
use crate::case::{Profile, Requirement};

const KEYS: [&str; 10] =
    ["title", "channel", "now_ms", "config", "secrets", "sign", "requirement", "sample", "without", "translate"];

/// 2026-03-02T09:00:00Z, a Monday: the clock of a case unless its profile says otherwise.
const NOW_MS: i64 = 1_772_442_000_000;

/// Reads the profile of that name.
pub(crate) fn profile(file: File<'_>, name: &str) -> Result<Profile, Fault> {
    let parsed = file.parse()?;
    let section = Section::new(file, (parsed.get_ref(), parsed.span()), "a profile", &KEYS)?;
    let mut profile = Profile {
        name: name.to_owned(),
        title: section.needed("title")?.to_owned(),
        channel: section.text("channel")?.unwrap_or_default().to_owned(),
        now_ms: section.number("now_ms")?.unwrap_or(NOW_MS),
        config: section.object("config")?,
        secrets: section.strings("secrets")?,
        sign: message::scheme(&section)?,
        requirements: requirements(&section)?,
        samples: BTreeMap::new(),
        without: section.strings("without")?,
        defaults: message::message(&section, "translate", None)?,
    };
    profile.samples = step::samples(&section, &profile)?.into_iter().collect();
    Ok(profile)
}

fn requirements(section: &Section<'_>) -> Result<BTreeMap<String, Requirement>, Fault> {
    let one = |(id, section): (&str, Section<'_>)| {
        let says = section.needed("says")?.to_owned();
        Ok((id.to_owned(), Requirement { says, source: section.needed("source")?.to_owned() }))
    };
    section.sections("requirement", "a requirement", &["says", "source"])?.into_iter().map(one).collect()
}
