//! Where in the text a field stands that is wrong. Only walked when something is wrong, so it may be slow.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::error::EventError;

/// The same error with the place of its field's value; that of the object when the field is not there.
pub(super) fn locate(text: &str, mut error: EventError) -> EventError {
    let mut path: Vec<&str> = Vec::new();
    // A field at the top may have a dot in its name; only these two hold others.
    match error.field.split_once('.') {
        Some((outer @ ("customer" | "attributes"), inner)) => path.extend([outer, inner]),
        Some(_) | None => path.push(&error.field),
    }
    let mut part = text;
    for step in path {
        match inner(part, step) {
            Some(found) => part = found,
            None => break,
        }
    }
    // Both are slices of one text, so the addresses differ by the offset.
    error.offset = part.as_ptr().addr().saturating_sub(text.as_ptr().addr()).min(text.len());
    error
}

fn inner<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let fields: BTreeMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(text).ok()?;
    fields.get(key).map(|value| value.get())
}
