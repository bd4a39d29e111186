//! Whether a value is as a pattern says. A pattern is JSON; what is not said must not be there. Beyond plain values:
//!
//! - `"$any"`: any value;
//! - `{ "$regex": "…" }`: a text that the expression fits from end to end;
//! - `{ "$unordered": […] }`: a list with these items in any order;
//! - `{ "$each": … }`: a list of at least one item, each of which fits;
//! - `{ "$capture": "name" }`: any value; at the same name again the same value;
//! - `"$more" = true` in a table: other keys may be there too.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

/// Values by the names they were captured under.
pub(crate) type Captures = BTreeMap<String, Value>;

/// Lines of a difference that are shown at most.
const MOST_LINES: usize = 8;
/// Letters of a value that are shown at most.
const MOST_LETTERS: usize = 300;

/// What differs: a line for each place; none if the value fits.
pub(crate) fn differences(what: &str, pattern: &Value, actual: &Value, captures: &mut Captures) -> Vec<String> {
    let mut found = Vec::new();
    compare(what, pattern, Some(actual), (captures, &mut found));
    let more = found.len().saturating_sub(MOST_LINES);
    found.truncate(MOST_LINES);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

type State<'a> = (&'a mut Captures, &'a mut Vec<String>);

fn compare(at: &str, pattern: &Value, actual: Option<&Value>, (captures, found): State<'_>) {
    let Some(actual) = actual else {
        found.push(format!("{at}: missing, expected {}", short(pattern)));
        return;
    };
    match (pattern, actual) {
        (Value::String(any), _) if any == "$any" => {}
        (Value::Object(pattern), _) if special(pattern).is_some() => {
            compare_special(at, pattern, actual, (captures, found))
        }
        (Value::Object(pattern), Value::Object(actual)) => compare_objects(at, (pattern, actual), (captures, found)),
        (Value::Array(pattern), Value::Array(actual)) => compare_lists(at, (pattern, actual), (captures, found)),
        (pattern, actual) if pattern == actual => {}
        (pattern, actual) => found.push(format!("{at}: expected {}, got {}", short(pattern), short(actual))),
    }
}

/// The key of a pattern that is more than a plain table.
fn special(pattern: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (key, value) = pattern.iter().next().filter(|_| pattern.len() == 1)?;
    matches!(key.as_str(), "$regex" | "$unordered" | "$each" | "$capture").then_some((key, value))
}

fn compare_special(at: &str, pattern: &Map<String, Value>, actual: &Value, (captures, found): State<'_>) {
    match special(pattern) {
        Some(("$regex", Value::String(expression))) => match (fitting(expression), actual.as_str()) {
            (Err(why), _) => found.push(format!("{at}: the expression `{expression}` is none: {why}")),
            (Ok(regex), Some(text)) if regex.is_match(text) => {}
            _ => found.push(format!("{at}: expected what fits `{expression}`, got {}", short(actual))),
        },
        Some(("$each", pattern)) => compare_each(at, (pattern, actual), (captures, found)),
        Some(("$unordered", Value::Array(items))) => compare_unordered(at, (items, actual), (captures, found)),
        Some(("$capture", Value::String(name))) => match captures.get(name) {
            Some(known) if known == actual => {}
            Some(known) => {
                found.push(format!("{at}: expected {} as before (`{name}`), got {}", short(known), short(actual)))
            }
            None => drop(captures.insert(name.clone(), actual.clone())),
        },
        _ => found.push(format!("{at}: the pattern {} is none", short(&Value::Object(pattern.clone())))),
    }
}

fn fitting(expression: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{expression})$")).map_err(|error| error.to_string())
}

fn compare_objects(
    at: &str,
    (pattern, actual): (&Map<String, Value>, &Map<String, Value>),
    (captures, found): State<'_>,
) {
    let open = pattern.get("$more") == Some(&Value::Bool(true));
    for (key, pattern) in pattern.iter().filter(|(key, _)| *key != "$more") {
        compare(&format!("{at}.{key}"), pattern, actual.get(key), (captures, found));
    }
    for (key, value) in actual.iter().filter(|(key, _)| !open && !pattern.contains_key(*key)) {
        found.push(format!("{at}.{key}: not expected, got {}", short(value)));
    }
}

fn compare_lists(at: &str, (pattern, actual): (&[Value], &[Value]), (captures, found): State<'_>) {
    for (index, pattern) in pattern.iter().enumerate() {
        compare(&format!("{at}[{index}]"), pattern, actual.get(index), (captures, found));
    }
    for (index, value) in actual.iter().enumerate().skip(pattern.len()) {
        found.push(format!("{at}[{index}]: not expected, got {}", short(value)));
    }
}

fn compare_each(at: &str, (pattern, actual): (&Value, &Value), (captures, found): State<'_>) {
    match actual.as_array().map(Vec::as_slice) {
        None | Some([]) => found.push(format!("{at}: expected a list of some, got {}", short(actual))),
        Some(items) => {
            for (index, item) in items.iter().enumerate() {
                compare(&format!("{at}[{index}]"), pattern, Some(item), (captures, found));
            }
        }
    }
}

/// Each item takes the first value that fits it. What an item captures counts only if it fits.
fn compare_unordered(at: &str, (items, actual): (&[Value], &Value), (captures, found): State<'_>) {
    let Some(actual) = actual.as_array() else {
        found.push(format!("{at}: expected a list, got {}", short(actual)));
        return;
    };
    let mut left: Vec<&Value> = actual.iter().collect();
    for item in items {
        let fits = |value: &&Value| {
            let (mut tried, mut lines) = (captures.clone(), Vec::new());
            compare(at, item, Some(value), (&mut tried, &mut lines));
            lines.is_empty().then_some(tried)
        };
        match left.iter().enumerate().find_map(|(index, value)| Some((index, fits(value)?))) {
            Some((index, tried)) => {
                *captures = tried;
                left.remove(index);
            }
            None => found.push(format!("{at}: none is {}", short(item))),
        }
    }
    found.extend(left.iter().map(|value| format!("{at}: not expected, got {}", short(value))));
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MOST_LETTERS {
        return text;
    }
    text.chars().take(MOST_LETTERS).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn diff(pattern: &Value, actual: &Value) -> Vec<String> {
        differences("x", pattern, actual, &mut Captures::new())
    }

    #[test]
    fn what_is_not_said_must_not_be_there() {
        assert!(diff(&json!({ "a": [1, "b"] }), &json!({ "a": [1, "b"] })).is_empty());
        assert_eq!(diff(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })), ["x.b: not expected, got 2"]);
        assert_eq!(diff(&json!({ "a": 1, "b": 2 }), &json!({ "a": 1 })), ["x.b: missing, expected 2"]);
        assert_eq!(diff(&json!([1]), &json!([2, 3])), ["x[0]: expected 1, got 2", "x[1]: not expected, got 3"]);
        assert_eq!(diff(&json!(1), &json!("1")), ["x: expected 1, got \"1\""], "a number is no text");
    }

    #[test]
    fn patterns_are_looser_where_they_say_so() {
        assert!(diff(&json!({ "a": "$any", "$more": true }), &json!({ "a": null, "b": 1 })).is_empty());
        assert!(diff(&json!({ "$regex": "[0-9]+" }), &json!("123")).is_empty());
        assert_eq!(diff(&json!({ "$regex": "[0-9]+" }), &json!("123a")).len(), 1, "from end to end");
        assert_eq!(diff(&json!({ "$regex": "(" }), &json!("")).len(), 1);
        assert!(diff(&json!({ "$unordered": [1, 2] }), &json!([2, 1])).is_empty());
        assert!(diff(&json!({ "$each": "$any" }), &json!([2, 1])).is_empty());
        assert_eq!(diff(&json!({ "$each": 2 }), &json!([2, 1])), ["x[1]: expected 2, got 1"]);
        assert_eq!(diff(&json!({ "$each": "$any" }), &json!([])).len(), 1);
        assert_eq!(diff(&json!({ "$unordered": [1, 2] }), &json!([2, 2])).len(), 2);
    }

    #[test]
    fn a_capture_is_the_same_again() {
        let mut captures = Captures::new();
        let pattern = json!({ "$capture": "id" });
        assert!(differences("x", &pattern, &json!("a"), &mut captures).is_empty());
        assert!(differences("x", &pattern, &json!("a"), &mut captures).is_empty());
        assert_eq!(differences("x", &pattern, &json!("b"), &mut captures).len(), 1);
    }
}
