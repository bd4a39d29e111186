//! Facts given by hand: `--fact customer.tier=vip`.

use wane_core::diagnostic::did_you_mean;
use wane_core::facts::{FactDef, FactSource, FactType, Facts, Value};
use wane_core::ruleset::Ruleset;
use wane_core::time::{Period, Timestamp};

use crate::trouble::Trouble;

/// Reads `name=value` pairs; gives the facts and the names that were given.
///
/// # Errors
/// [`Trouble`] for a fact that is not there or a value that does not fit.
pub(super) fn read(rules: &Ruleset, given: &[String]) -> Result<(Facts, Vec<String>), Trouble> {
    let table = &rules.facts;
    let mut facts = Facts::new(table);
    let mut names = Vec::new();
    for pair in given {
        let Some((name, text)) = pair.split_once('=') else {
            return Err(Trouble::usage(format!("`--fact {pair}` has no `=`"), "for example `--fact channel=web`"));
        };
        let Some(id) = table.find(name) else { return Err(unknown(rules, name)) };
        let Some(def) = table.get(id) else { return Err(unknown(rules, name)) };
        if names.iter().any(|given| given == name) {
            return Err(Trouble::usage(format!("the fact `{name}` is given twice"), "it has one value"));
        }
        let value = value(rules, def, text)?;
        names.push(name.to_owned());
        if def.source == FactSource::Stored {
            facts.set(table, id, value);
        } else {
            facts.set_number(table, id, table.number(&value));
        }
    }
    Ok((facts, names))
}

fn unknown(rules: &Ruleset, name: &str) -> Trouble {
    let known = rules.facts.defs().iter().map(|def| &*def.name);
    let help = did_you_mean(name, known).map_or_else(
        || "facts of `customer` and `attributes` are declared under `[facts]`".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    Trouble::usage(format!("there is no fact `{name}`"), help)
}

fn value(rules: &Ruleset, def: &FactDef, text: &str) -> Result<Value, Trouble> {
    let wrong = |help: &str| Trouble::usage(format!("`{}` can not be `{text}`", def.name), help);
    if matches!(def.source, FactSource::Constant(_)) {
        return Err(wrong("the rule files say it, under `[org]`"));
    }
    match &def.ty {
        FactType::Text(list) => text_value(rules, def, (list.as_deref(), text)),
        FactType::Bool => text.parse().map(Value::Bool).map_err(|_| wrong("it is `true` or `false`")),
        FactType::Int => match (text.parse(), Period::parse(text)) {
            (Ok(number), _) => Ok(Value::Int(number)),
            (Err(_), Ok(period)) => Ok(Value::Int(period.millis())),
            (Err(_), Err(_)) => Err(wrong("it is a whole number, or a duration such as `5m`")),
        },
        FactType::Duration => match Period::parse(text) {
            Ok(period) => Ok(Value::Int(period.millis())),
            Err(_) => Err(wrong("it is a duration, such as `5m`")),
        },
        FactType::Date => match Timestamp::parse(&format!("{text}T00:00:00Z")) {
            Ok(day) => Ok(Value::Int(day.millis() / (24 * 60 * 60 * 1_000))),
            Err(_) => Err(wrong("it is a date, such as `2026-03-01`")),
        },
        FactType::TextList => Err(wrong("it is a list, which the rule files say")),
    }
}

fn text_value(
    rules: &Ruleset,
    def: &FactDef,
    (list, text): (Option<&[wane_core::facts::Name]>, &str),
) -> Result<Value, Trouble> {
    let channels: Vec<&str> = rules.channels.iter().map(|channel| &*channel.name).collect();
    let known: Option<Vec<&str>> = match list {
        Some(list) => Some(list.iter().map(|word| &**word).collect()),
        None if &*def.name == "channel" => Some(channels),
        None => None,
    };
    let Some(known) = known.filter(|known| !known.contains(&text)) else { return Ok(Value::Text(text.into())) };
    let help = did_you_mean(text, known.iter().copied())
        .map_or_else(|| format!("one of {}", known.join(", ")), |meant| format!("did you mean `{meant}`?"));
    Err(Trouble::usage(format!("`{}` can not be `{text}`", def.name), help))
}
