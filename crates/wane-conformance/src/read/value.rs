//! TOML values as JSON.

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::DeValue;

use super::{Fault, File};

/// A value as JSON. A text stays a text.
pub(crate) fn json_of(file: File<'_>, value: &Spanned<DeValue<'_>>) -> Result<Value, Fault> {
    Ok(match value.get_ref() {
        DeValue::String(text) => Value::String(text.as_ref().to_owned()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(_) => number_of(value.get_ref())
            .map(Value::from)
            .ok_or_else(|| file.fault(&value.span(), "a number beyond 64 bits", ""))?,
        DeValue::Float(float) => float
            .as_str()
            .replace('_', "")
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| file.fault(&value.span(), "a number that JSON does not have", ""))?,
        DeValue::Datetime(_) => return Err(file.fault(&value.span(), "JSON has no dates", "put it in quotes")),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| json_of(file, item)).collect::<Result<_, _>>()?),
        DeValue::Table(table) => Value::Object(
            table
                .iter()
                .map(|(key, value)| Ok((key.get_ref().to_string(), json_of(file, value)?)))
                .collect::<Result<Map<_, _>, Fault>>()?,
        ),
    })
}

/// A whole number.
pub(crate) fn number_of(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(number) => i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok(),
        DeValue::String(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}

pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
