//! E0108: a value of another type than the key has.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::schema::describe::Kind;
use crate::rules::source::Sp;
use toml::de::DeValue;

/// E0108.
pub(crate) static CHECK: Check =
    Check { code: Code("E0108"), name: "wrong-type", summary: "a value of another type than the key has" };

pub(crate) fn found(item: &Sp<&DeValue<'_>>, key: &str, kind: &Kind) -> Finding {
    let finding = Finding::new(&CHECK, format!("`{key}` must be {}, not {}", kind.name(), is(item))).at(item.at, "");
    match (item.value, kind) {
        (DeValue::Table(_), Kind::List(Kind::Table(table))) if table.name.starts_with("[[") => {
            finding.help(format!("write `{}`, with two brackets, above each", table.name))
        }
        (DeValue::String(text), Kind::List(_)) => finding.help(format!("write `[\"{text}\"]`")),
        (DeValue::Integer(number), Kind::Duration | Kind::DurationOrNever | Kind::Either(_)) => {
            finding.help(format!("write the unit too, for example `\"{number}s\"` or `\"{number}m\"`"))
        }
        (DeValue::String(text), Kind::Flag) if matches!(&**text, "true" | "false") => {
            finding.help(format!("write `{text}` without quotes"))
        }
        (DeValue::String(text), Kind::Number) if text.parse::<i64>().is_ok() => {
            finding.help(format!("write `{text}` without quotes"))
        }
        (DeValue::Boolean(value), Kind::Predicate) => finding.help(format!("write `\"{value}\"`")),
        _ => finding,
    }
}

fn is(item: &DeValue<'_>) -> &'static str {
    match item {
        DeValue::String(_) => "text",
        DeValue::Integer(number) if i64::from_str_radix(number.as_str(), number.radix()).is_err() => "one so large",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
