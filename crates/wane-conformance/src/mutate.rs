//! Changes to a body, chosen by a seed: the same seed gives the same mutants on every machine.

use serde_json::{Value, json};

use crate::case::Mutate;

/// A changed body, and in words what was changed.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    pub(crate) what: String,
    pub(crate) body: Vec<u8>,
}

/// The mutants of a body. None where the body has nothing that could be changed so.
pub(crate) fn mutants(mutate: &Mutate, body: &[u8]) -> Vec<Mutant> {
    let mut dice = Dice(mutate.seed);
    match mutate.kind.as_str() {
        "bit-flips" => places(body.len() * 8, mutate.count, &mut dice).map(|bit| flipped(body, bit)).collect(),
        "truncations" => places(body.len(), mutate.count, &mut dice).map(|at| cut(body, at)).collect(),
        "bytes" => {
            let places: Vec<usize> = places(body.len(), mutate.count, &mut dice).collect();
            places.into_iter().map(|at| replaced(body, at, dice.byte())).collect()
        }
        "bad-utf8" => places(body.len(), mutate.count, &mut dice).map(|at| replaced(body, at, 0xff)).collect(),
        kind => in_json(kind, mutate.count, body, &mut dice),
    }
}

/// Places among `len`: all if they are not more than `most`, otherwise so many in order.
fn places(len: usize, most: usize, dice: &mut Dice) -> impl Iterator<Item = usize> + use<> {
    let mut chosen: Vec<usize> =
        if len <= most { (0..len).collect() } else { (0..most).map(|_| dice.below(len)).collect() };
    chosen.sort_unstable();
    chosen.dedup();
    chosen.into_iter()
}

fn flipped(body: &[u8], bit: usize) -> Mutant {
    let mut body = body.to_vec();
    if let Some(byte) = body.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
    Mutant { what: format!("bit {} of byte {} turned over", bit % 8, bit / 8), body }
}

fn cut(body: &[u8], at: usize) -> Mutant {
    Mutant { what: format!("cut after {at} bytes"), body: body.get(..at).unwrap_or_default().to_vec() }
}

fn replaced(body: &[u8], at: usize, with: u8) -> Mutant {
    let mut body = body.to_vec();
    if let Some(byte) = body.get_mut(at) {
        *byte = if *byte == with { with ^ 1 } else { with };
    }
    Mutant { what: format!("byte {at} replaced"), body }
}

fn in_json(kind: &str, count: usize, body: &[u8], dice: &mut Dice) -> Vec<Mutant> {
    let Ok(whole) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let mut pointers = Vec::new();
    collect(&whole, String::new(), &mut pointers);
    let suited = |pointer: &&String| whole.pointer(pointer).is_some_and(|value| suits(kind, pointer, value));
    let suiting: Vec<String> = pointers.iter().filter(suited).cloned().collect();
    // Where there is no number, every value may become a huge one.
    if !(suiting.is_empty() && kind == "huge-numbers") {
        pointers = suiting;
    }
    let chosen: Vec<usize> = places(pointers.len(), count, dice).collect();
    let pointers = chosen.into_iter().filter_map(|index| pointers.get(index));
    pointers.filter_map(|pointer| changed(kind, &whole, pointer)).collect()
}

fn suits(kind: &str, pointer: &str, value: &Value) -> bool {
    match kind {
        "drop-fields" => !pointer.is_empty(),
        "huge-numbers" => value.is_number() || value.as_str().is_some_and(number),
        _ => true,
    }
}

fn number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

/// The pointers (RFC 6901) of all values.
fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{at}/{name}"), pointers);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| collect(value, format!("{at}/{index}"), pointers));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    pointers.push(at);
}

fn changed(kind: &str, whole: &Value, pointer: &str) -> Option<Mutant> {
    let mut whole = whole.clone();
    let shown = if pointer.is_empty() { "/" } else { pointer };
    let what = match kind {
        "drop-fields" => {
            drop_at(&mut whole, pointer)?;
            format!("`{shown}` is missing")
        }
        "huge-numbers" => {
            let value = whole.pointer_mut(pointer)?;
            let digits = value.as_str().is_some_and(number);
            *value = if digits { json!("9".repeat(40)) } else { json!(1e300) };
            format!("`{shown}` is huge")
        }
        "deep-nesting" => return deep(whole, pointer),
        _ => {
            let value = whole.pointer_mut(pointer)?;
            *value = other_type(value);
            format!("`{shown}` is of another type")
        }
    };
    Some(Mutant { what, body: whole.to_string().into_bytes() })
}

fn drop_at(whole: &mut Value, pointer: &str) -> Option<()> {
    let (parent, name) = pointer.rsplit_once('/')?;
    match whole.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(&name.replace("~1", "/").replace("~0", "~")).map(drop),
        Value::Array(items) => {
            let index: usize = name.parse().ok()?;
            (index < items.len()).then(|| drop(items.remove(index)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Nested as text: a value so deep could not be written by a recursive writer.
fn deep(mut whole: Value, pointer: &str) -> Option<Mutant> {
    const MARK: &str = "\u{1}deep\u{1}";
    *whole.pointer_mut(pointer)? = MARK.into();
    let nested = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
    let body = whole.to_string().replace(&Value::from(MARK).to_string(), &nested).into_bytes();
    Some(Mutant {
        what: format!("`{}` is nested a thousand deep", if pointer.is_empty() { "/" } else { pointer }),
        body,
    })
}

fn other_type(value: &Value) -> Value {
    match value {
        Value::String(_) => json!(7),
        Value::Number(_) => json!("seven"),
        Value::Array(_) => json!({}),
        Value::Object(_) => json!([]),
        Value::Bool(_) | Value::Null => json!("maybe"),
    }
}

/// A generator of numbers, the same everywhere (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, len: usize) -> usize {
        let len = u64::try_from(len).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % len).unwrap_or_default()
    }

    fn byte(&mut self) -> u8 {
        let [byte, ..] = self.next().to_le_bytes();
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::MUTATIONS;

    fn of(kind: &str, count: usize) -> Vec<Mutant> {
        mutants(&Mutate { kind: kind.to_owned(), seed: 7, count, resign: false }, br#"{"a":[1,"2"],"b/c":{"d":null}}"#)
    }

    #[test]
    fn every_kind_changes_the_body_and_the_same_way_again() {
        for (kind, _) in MUTATIONS {
            let (once, again) = (of(kind, 20), of(kind, 20));
            assert!(!once.is_empty(), "{kind}");
            for (one, other) in once.iter().zip(&again) {
                assert_eq!((&one.what, &one.body), (&other.what, &other.body));
                assert_ne!(one.body, br#"{"a":[1,"2"],"b/c":{"d":null}}"#, "{kind}: {}", one.what);
            }
        }
    }

    #[test]
    fn a_short_body_is_cut_everywhere() {
        assert_eq!(of("truncations", 64).len(), 30);
        assert_eq!(of("drop-fields", 64).len(), 5);
        assert_eq!(of("huge-numbers", 64).len(), 2, "a number, and a text that is one");
        let huge = Mutate { kind: "huge-numbers".to_owned(), seed: 1, count: 9, resign: false };
        assert_eq!(mutants(&huge, br#"{"a":"b"}"#).len(), 2, "without a number, every value");
        assert!(
            mutants(&Mutate { kind: "drop-fields".to_owned(), seed: 1, count: 9, resign: false }, b"a=1").is_empty()
        );
    }
}
