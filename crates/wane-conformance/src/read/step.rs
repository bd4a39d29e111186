//! A step of a case, and a sample of a profile, which has the same form.

use serde_json::{Map, Value};
use wane_core::diagnostic::did_you_mean;

use super::section::{Entry, Section};
use super::{Fault, File, message, quoted};
use crate::case::{Act, Expect, MUTATIONS, Mutate, Profile, Step};

const ACTS: [&str; 8] = ["translate", "render", "sample", "advance", "recreate", "reorder", "create", "inspect"];
const KEYS: [&str; 21] = [
    "name",
    "translate",
    "render",
    "sample",
    "advance",
    "recreate",
    "reorder",
    "create",
    "inspect",
    "repeat",
    "mutate",
    "with",
    "within_us",
    "expect_events",
    "expect_reply",
    "expect_refusal",
    "expect_requests",
    "expect_suppress",
    "expect_inspect",
    "expect_nothing",
    "expect_sane",
];

/// Reads a step.
pub(super) fn step<'t>(file: File<'t>, item: Entry<'t>, profile: &Profile) -> Result<Step, Fault> {
    let table = item.get_ref().as_table();
    let table = table.ok_or_else(|| file.fault(&item.span(), "a step must be a table", "write `[[step]]`"))?;
    let section = Section::new(file, (table, item.span()), "a step", &KEYS)?;
    read(&section, profile)
}

/// The samples of a profile.
pub(super) fn samples(section: &Section<'_>, profile: &Profile) -> Result<Vec<(String, Step)>, Fault> {
    let samples = section.sections("sample", "a sample", &KEYS)?;
    samples.into_iter().map(|(name, sample)| Ok((name.to_owned(), read(&sample, profile)?))).collect()
}

fn read(section: &Section<'_>, profile: &Profile) -> Result<Step, Fault> {
    let given: Vec<&str> = ACTS.into_iter().filter(|key| section.get(key).is_some()).collect();
    let [key] = given.as_slice() else {
        let message =
            if given.is_empty() { "a step does nothing".to_owned() } else { format!("a step does {}", quoted(&given)) };
        return Err(section.fault(message, format!("give it one of {}", quoted(&ACTS))));
    };
    let step = Step {
        name: section.text("name")?.map(str::to_owned),
        line: section.line(),
        act: act(section, key, profile)?,
        expect: expect(section)?,
        repeat: section.bounded("repeat", 1, 1_000)?.unwrap_or(1),
        mutate: mutate(section)?,
        within_us: section.bounded("within_us", 1, 60_000_000)?,
    };
    fits(section, &step)?;
    Ok(step)
}

fn act(section: &Section<'_>, key: &str, profile: &Profile) -> Result<Act, Fault> {
    Ok(match key {
        "translate" => Act::Translate(Box::new(message::message(section, "translate", Some(&profile.defaults))?)),
        "render" => Act::Render(effect(section)?),
        "sample" => sample(section, profile)?,
        "advance" => Act::Advance(advance(section)?),
        "reorder" => reorder(section)?,
        "create" => create(section)?,
        "inspect" => Act::Inspect,
        _ => Act::Recreate,
    })
}

/// The sample's request is completed here: a case of `core` is read once for each profile that it is played with.
fn sample(section: &Section<'_>, profile: &Profile) -> Result<Act, Fault> {
    let name = section.needed("sample")?.to_owned();
    let request = profile.samples.get(&name).and_then(|sample| match &sample.act {
        Act::Translate(message) => Some(message.as_ref()),
        Act::Render(_)
        | Act::Sample { .. }
        | Act::Advance(_)
        | Act::Recreate
        | Act::Reorder(_)
        | Act::Create { .. }
        | Act::Inspect => None,
    });
    let with = section.get("with").map(|_| message::message(section, "with", request)).transpose()?;
    Ok(Act::Sample { name, with: with.map(Box::new) })
}

fn effect(section: &Section<'_>) -> Result<Map<String, Value>, Fault> {
    let text = section.get("render").and_then(|value| value.get_ref().as_str());
    let Some(text) = text else { return section.object("render") };
    serde_json::from_str(text).map_err(|error| section.fault(format!("`render` is no JSON object: {error}"), ""))
}

fn advance(section: &Section<'_>) -> Result<i64, Fault> {
    let value = section.get("advance");
    if let Some(text) = value.and_then(|value| value.get_ref().as_str()) {
        let read = wane_core::time::parse_offset(text);
        return read.map_err(|error| section.fault(format!("`advance` is {error}"), "such as `\"25h\"`"));
    }
    Ok(section.number("advance")?.unwrap_or_default())
}

/// Six have 720 orders.
fn reorder(section: &Section<'_>) -> Result<Act, Fault> {
    let names = section.texts("reorder")?;
    if (2..=6).contains(&names.len()) {
        return Ok(Act::Reorder(names));
    }
    Err(section.fault("`reorder` takes two to six names", "give the steps names: `name = \"a\"`"))
}

fn create(section: &Section<'_>) -> Result<Act, Fault> {
    let create = section.section("create", "`create`", &["config", "without"])?;
    let Some(create) = create else { return Ok(Act::Recreate) };
    Ok(Act::Create { config: create.object("config")?, without: create.texts("without")? })
}

fn expect(section: &Section<'_>) -> Result<Expect, Fault> {
    Ok(Expect {
        events: pattern(section, "expect_events")?,
        reply: pattern(section, "expect_reply")?,
        refusal: section.json("expect_refusal")?,
        requests: pattern(section, "expect_requests")?,
        suppress: section.json("expect_suppress")?,
        inspect: pattern(section, "expect_inspect")?,
        nothing: section.flag("expect_nothing")?,
        sane: section.flag("expect_sane")?,
    })
}

/// A pattern: TOML, or a text with JSON.
fn pattern(section: &Section<'_>, key: &str) -> Result<Option<Value>, Fault> {
    let value = section.json(key)?;
    let Some(Value::String(text)) = &value else { return Ok(value) };
    if text == "$any" {
        return Ok(value);
    }
    let json = serde_json::from_str(text);
    json.map(Some).map_err(|error| section.fault(format!("the text in `{key}` is not JSON: {error}"), ""))
}

fn mutate(section: &Section<'_>) -> Result<Option<Mutate>, Fault> {
    let known = ["kind", "seed", "count", "resign"];
    let Some(mutate) = section.section("mutate", "`mutate`", &known)? else { return Ok(None) };
    let kind = mutate.needed("kind")?;
    let kinds = || MUTATIONS.iter().map(|(kind, _)| *kind);
    if !kinds().any(|other| other == kind) {
        let help = did_you_mean(kind, kinds()).map_or_else(
            || format!("there are {}", quoted(&kinds().collect::<Vec<_>>())),
            |meant| format!("did you mean `{meant}`?"),
        );
        return Err(mutate.fault(format!("unknown mutation `{kind}`"), help));
    }
    let seed = mutate.number("seed")?.unwrap_or(1).unsigned_abs();
    let count = mutate.bounded("count", 1, 10_000)?.unwrap_or(64);
    let count = usize::try_from(count).unwrap_or(64);
    Ok(Some(Mutate { kind: kind.to_owned(), seed, count, resign: mutate.flag("resign")? }))
}

fn fits(section: &Section<'_>, step: &Step) -> Result<(), Fault> {
    let wrong = |message: &str, help: &str| Err(section.fault(message, help));
    let expect = &step.expect;
    let incoming = expect.events.is_some() || expect.reply.is_some();
    let outgoing = expect.requests.is_some() || expect.suppress.is_some();
    match &step.act {
        Act::Translate(_) if outgoing => wrong("`translate` gives events", "`expect_events`, `expect_reply`"),
        Act::Render(_) if incoming || step.mutate.is_some() => wrong("`render` gives requests", "`expect_requests`"),
        Act::Translate(_) | Act::Render(_) | Act::Inspect if expect.is_empty() => {
            wrong("a step that expects nothing can not fail", "add what must come of it: `expect_…`")
        }
        Act::Sample { .. } | Act::Translate(_) | Act::Render(_) | Act::Create { .. } | Act::Inspect => Ok(()),
        Act::Advance(_) | Act::Recreate | Act::Reorder(_) if expect.is_empty() => Ok(()),
        Act::Advance(_) | Act::Recreate | Act::Reorder(_) => wrong("nothing comes of such a step by itself", ""),
    }
}
