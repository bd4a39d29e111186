//! Names in predicates: which fact is meant, and what was probably meant when none is.

use super::Fault;
use super::faults::{self, UNKNOWN_FACT, fault};
use super::ir::Span;
use crate::diagnostic::did_you_mean;
use crate::facts::{FactDef, FactId, FactTable, FactType, Name};

/// The fact of a name as written.
///
/// # Errors
/// With the nearest name there is.
pub(super) fn find(table: &FactTable, name: &str, span: Span) -> Result<FactId, Fault> {
    table.find(name).ok_or_else(|| unknown(table, name, span))
}

/// The fact that a call of `in_hours` or `timer` stands for.
///
/// # Errors
/// With the nearest calendar or timer there is.
pub(super) fn find_call(table: &FactTable, function: &str, argument: &str, span: Span) -> Result<FactId, Fault> {
    let name = format!("{function}(\"{argument}\")");
    table.find(&name).ok_or_else(|| unknown_argument(table, function, argument, span))
}

fn unknown(table: &FactTable, name: &str, span: Span) -> Fault {
    let fault = fault(UNKNOWN_FACT, span, format!("there is no fact `{name}`")).label("not declared");
    if let Some(near) = nearest(table, name) {
        return fault.help(format!("did you mean `{near}`?"));
    }
    if let Some((text, function)) = method_without_call(table, name) {
        return fault.help(format!("a function of a text is called: `{text}.{function}(…)`"));
    }
    if let Some(("customer" | "attributes", last)) = name.split_once('.') {
        let group = name.strip_suffix(last).unwrap_or_default();
        return fault.help(format!("declare it under `[facts]`, for example `{group}{last} = \"text\"`"));
    }
    fault.help(format!("texts stand in double quotes: `\"{name}\"`; facts of your own are declared under `[facts]`"))
}

/// The fact that was probably meant. In a group that exists, only the last part can be misspelt; a name without its
/// group is completed.
fn nearest(table: &FactTable, name: &str) -> Option<String> {
    let known = || table.defs().iter().map(|def| &*def.name).filter(|known| !known.contains('('));
    if let Some((group, last)) = name.split_once('.') {
        let members: Vec<&str> = known().filter_map(|known| known.strip_prefix(group)?.strip_prefix('.')).collect();
        if !members.is_empty() {
            return did_you_mean(last, members).map(|near| format!("{group}.{near}"));
        }
    }
    let completed = known().find(|known| known.split_once('.').is_some_and(|(_, last)| last == name));
    did_you_mean(name, known()).or(completed).map(str::to_owned)
}

fn method_without_call<'a>(table: &FactTable, name: &'a str) -> Option<(&'a str, &'a str)> {
    let (text, function) = name.rsplit_once('.')?;
    let known = ["len", "contains", "starts_with", "ends_with"].contains(&function);
    (known && table.find(text).is_some()).then_some((text, function))
}

fn unknown_argument(table: &FactTable, function: &str, argument: &str, span: Span) -> Fault {
    let known: Vec<&str> = table.defs().iter().filter_map(|def| call_argument(def, function)).collect();
    let what = if function == "timer" { "timer that this rule may read" } else { "calendar" };
    let fault = fault(UNKNOWN_FACT, span, format!("there is no {what} named `{argument}`")).label("not declared");
    match did_you_mean(argument, known.iter().copied()) {
        Some(near) => fault.help(format!("did you mean `{function}(\"{near}\")`?")),
        None if known.is_empty() && function == "timer" => {
            fault.help("only timers that are declared earlier can be read")
        }
        None if known.is_empty() => fault.help(format!("declare it: `[calendars.{argument}]`")),
        None => fault.help(format!("there are {}", list(known))),
    }
}

fn call_argument<'a>(def: &'a FactDef, function: &str) -> Option<&'a str> {
    def.name.strip_prefix(function)?.strip_prefix("(\"")?.strip_suffix("\")")
}

/// The closed list of a fact's values, if it has one.
pub(super) fn closed(table: &FactTable, slot: u16) -> Option<(&FactDef, &[Name])> {
    let def = table.get(*table.live().get(usize::from(slot))?)?;
    if let FactType::Text(Some(values)) = &def.ty { Some((def, values)) } else { None }
}

/// A fault when the fact in that slot can never have this value. The empty text is that of a fact never set.
pub(super) fn check_value(table: &FactTable, slot: u16, value: &str, span: Span) -> Option<Fault> {
    let (def, values) = closed(table, slot)?;
    if value.is_empty() || values.iter().any(|known| &**known == value) {
        return None;
    }
    let known = values.iter().map(|value| &**value);
    let fault = fault(faults::OUTSIDE_LIST, span, format!("`{}` is never `{value}`", def.name)).label("no such value");
    Some(match did_you_mean(value, known.clone()) {
        Some(near) => fault.help(format!("did you mean `\"{near}\"`?")),
        None => fault.help(format!("its values are {}", list(known.collect()))),
    })
}

fn list(words: Vec<&str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
