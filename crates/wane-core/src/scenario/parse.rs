//! From the text of a scenario file to its scenarios, or to everything that is wrong with them.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::codes::{BACKWARDS, MISSING_KEY, NO_SCENARIO, NOT_TOML, SAME_NAME, WRONG_VALUE};
use super::read::{At, Faults, Section};
use super::{ExpectedAnswer, Scenario, Step, event, expect};
use crate::diagnostic::Diagnostic;
use crate::event::Event;
use crate::facts::Name;
use crate::rules::files::Files;
use crate::time::{Period, Timestamp};

/// 2026-01-01T00:00:00Z, the instant called 0 when a scenario names none.
const DEFAULT_START_MILLIS: i64 = 1_767_225_600_000;

const SCENARIO_KEYS: &[&str] = &["name", "covers", "channel", "rules", "start", "inline", "refused", "step", "note"];

const STEP_KEYS: &[&str] = &["at", "event", "effects", "session", "outage", "refused", "applied", "duplicate", "note"];

/// Reads a scenario file. The scenarios are whole when there is no diagnostic.
#[must_use]
pub fn parse(file: &str, content: &[u8]) -> (Vec<Scenario>, Vec<Diagnostic>) {
    let mut faults = Faults { file: file.into(), found: Vec::new() };
    let text = match std::str::from_utf8(content) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            faults.add(NOT_TOML, at..at, "the file is not UTF-8 from here on");
            return (Vec::new(), faults.found);
        }
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        faults.add(NOT_TOML, error.span().unwrap_or(0..0), error.message().trim().replace('\n', ", "));
    }
    if !errors.is_empty() {
        return (Vec::new(), faults.found);
    }
    let scenarios = file_scenarios(Section::new(table.get_ref(), 0..0, "a scenario file"), &mut faults);
    (scenarios, faults.found)
}

fn file_scenarios(file: Section<'_>, faults: &mut Faults) -> Vec<Scenario> {
    file.only(&["scenario"], faults);
    let sections = file.sections("scenario", "a scenario", faults).unwrap_or_default();
    if sections.is_empty() && faults.found.is_empty() {
        let help = "a scenario starts with `[[scenario]]`".to_owned();
        faults.add_with(NO_SCENARIO, 0..0, "the file has no scenario", ("", Some(help)));
    }
    let mut names = BTreeMap::new();
    let mut scenarios = Vec::new();
    for section in sections {
        let Some(scenario) = scenario(section, faults) else { continue };
        if names.insert(scenario.name.clone(), ()).is_some() {
            let message = format!("two scenarios are called `{}`", scenario.name);
            faults.add(SAME_NAME, scenario.place.span.clone(), message);
        }
        scenarios.push(scenario);
    }
    scenarios
}

fn scenario(section: Section<'_>, faults: &mut Faults) -> Option<Scenario> {
    section.only(SCENARIO_KEYS, faults);
    if section.get("name").is_none() {
        section.missing("name", "a sentence that says what it shows", faults);
    }
    let start = section
        .instant("start", Timestamp::EPOCH, faults)
        .map_or(Timestamp::EPOCH.plus_millis(DEFAULT_START_MILLIS), |start| start.value);
    let refused = texts(section, "refused", faults);
    let steps = section.sections("step", "a step", faults).unwrap_or_default();
    if steps.is_empty() && refused.is_empty() {
        section.missing("step", "at least one `[[scenario.step]]`, or `refused`", faults);
    }
    let steps = all_steps(&steps, start, faults);
    Some(Scenario {
        name: section.name("name", faults)?.to_string(),
        covers: texts(section, "covers", faults),
        channel: section.name("channel", faults),
        rules: section.text("rules", faults).map(|rules| rules.value.to_owned()),
        start,
        inline: inline(section, faults),
        refused,
        steps,
        place: faults.place(section.span()),
    })
}

fn texts(section: Section<'_>, key: &str, faults: &mut Faults) -> Vec<String> {
    section.texts(key, faults).unwrap_or_default().into_iter().map(|text| text.value.to_owned()).collect()
}

fn inline(section: Section<'_>, faults: &mut Faults) -> Files {
    let mut files = Files::default();
    let Some(table) = section.section("inline", "the table of inline files", faults) else { return files };
    for key in table.table.keys() {
        let path: &str = key.get_ref();
        if !path.ends_with(".toml") {
            let help = "write the path in quotes: `\"rules.toml\" = '''…'''`".to_owned();
            let message = format!("`{path}` is no path of a rule file");
            faults.add_with(WRONG_VALUE, key.span(), message, ("must end with `.toml`", Some(help)));
        }
        if let Some(text) = table.text(path, faults) {
            files.insert(path, text.value.as_bytes());
        }
    }
    files
}

fn all_steps(sections: &[Section<'_>], start: Timestamp, faults: &mut Faults) -> Vec<Step> {
    let mut before = start;
    let mut steps = Vec::new();
    for section in sections {
        let Some(at) = step_at(*section, start, faults) else { continue };
        if at.value < before {
            let label = "earlier than the step above";
            faults.add_with(BACKWARDS, at.span, "a scenario's clock never runs backwards", (label, None));
        }
        before = before.max(at.value);
        steps.push(step(*section, (start, at.value), faults));
    }
    steps
}

fn step_at(section: Section<'_>, start: Timestamp, faults: &mut Faults) -> Option<At<Timestamp>> {
    if section.get("at").is_none() {
        section.missing("at", "when it happens, from the start: `at = \"2h\"`", faults);
    }
    section.instant("at", start, faults)
}

fn step(section: Section<'_>, (start, at): (Timestamp, Timestamp), faults: &mut Faults) -> Step {
    section.only(STEP_KEYS, faults);
    let event = section.section("event", "an event", faults).and_then(|found| event::event(found, start, faults));
    Step {
        at,
        outage: outage(section, faults),
        answer: answer(section, event.as_ref(), faults),
        event,
        effects: expect::effects(section, start, faults),
        session: expect::session(section, start, faults),
        place: faults.place(section.span()),
    }
}

fn outage(section: Section<'_>, faults: &mut Faults) -> Option<i64> {
    let text = section.text("outage", faults)?;
    match Period::parse(text.value) {
        Ok(period) => Some(period.millis()),
        Err(error) => {
            faults.add(WRONG_VALUE, text.span, format!("`outage` is {error}"));
            None
        }
    }
}

fn answer(section: Section<'_>, event: Option<&Event>, faults: &mut Faults) -> Option<ExpectedAnswer> {
    let refused = section.text("refused", faults).map(|why| ExpectedAnswer::Refused(why.value.to_owned()));
    let applied = section.flag("applied", faults).filter(|flag| *flag).map(|_| ExpectedAnswer::Applied);
    let duplicate = section.flag("duplicate", faults).filter(|flag| *flag).map(|_| ExpectedAnswer::Duplicate);
    let answer = refused.or(applied).or(duplicate)?;
    if event.is_none() && section.get("event").is_none() {
        let help = "a step without an event has no answer".to_owned();
        faults.add_with(MISSING_KEY, section.span(), "a step needs `event` to be answered", ("", Some(help)));
    }
    Some(answer)
}

impl Scenario {
    /// The file it was read from.
    #[must_use]
    pub fn file(&self) -> &Name {
        &self.place.file
    }
}
