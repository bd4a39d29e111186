//! The fuzz targets' work without a fuzzer: the cases of a channel, and a number of changes to them that are always the same,
//! each through `feed.rs`. So every build tries them, on a stable compiler; what the coverage-guided fuzzer finds beyond is
//! put among the cases.

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use wane_plugin::Channel;

use crate::feed::{Fed, Target, feed};

/// How many changed inputs each channel gets.
const MUTANTS: usize = 20_000;
/// How long all of them may take: a hundred times as long as they do.
const PATIENCE: Duration = Duration::from_secs(300);

/// Numbers without a pattern, always the same ones (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }
}

/// Feeds the cases of that channel and their mutants to the plugin.
///
/// # Panics
/// With the input, when the plugin does not stand one; when it does not come to an end; when nothing or everything is refused.
pub(crate) fn run<C: Channel + 'static>(channel: &str, targets: fn() -> Vec<Target>) {
    let cases = corpus(channel);
    assert!(cases.len() >= 20, "the cases of {channel} are gone");
    let (done, wait) = mpsc::channel();
    let work = std::thread::spawn(move || {
        let counts = all::<C>(&cases, &targets());
        let _ = done.send(());
        counts
    });
    assert_ne!(wait.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Timeout), "it does not come to an end");
    let (taken, refused) = work.join().unwrap_or_else(|_| panic!("a mutant was too much for {channel}, see above"));
    assert!(taken > MUTANTS / 50 && refused > MUTANTS / 50, "{taken} taken, {refused} refused");
}

fn all<C: Channel>(cases: &[Vec<u8>], targets: &[Target]) -> (usize, usize) {
    let mut dice = Dice(0x5eed_ca5e);
    let (mut taken, mut refused) = (0, 0);
    let mut one = |target: &Target, data: &[u8]| {
        let fed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| feed::<C>(target, data)));
        match fed {
            Ok(Fed::Taken) => taken += 1,
            Ok(Fed::Refused) => refused += 1,
            Err(_) => panic!("not this input: {:?}", String::from_utf8_lossy(data)),
        }
    };
    cases.iter().for_each(|case| targets.iter().for_each(|target| one(target, case)));
    for _ in 0..MUTANTS {
        let mutant = mutant(cases, &mut dice);
        one(&targets[dice.below(targets.len())], &mutant);
    }
    (taken, refused)
}

/// The cases as inputs; `fuzz/run` makes the same of them for the fuzzer.
fn corpus(channel: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/channels").join(channel);
    let mut cases: Vec<_> =
        fs::read_dir(root).expect("the cases").map(|entry| entry.expect("an entry").path()).collect();
    cases.sort();
    cases.iter().filter(|case| case.is_dir()).map(|case| input(case)).collect()
}

fn input(case: &Path) -> Vec<u8> {
    let read = |name: &str| fs::read(case.join(name)).ok();
    if let Some(effect) = read("effect.json") {
        return [b"effect\n", effect.as_slice()].concat();
    }
    let mut line = read("request.json").unwrap_or_else(|| b"{}".to_vec());
    line.retain(|&byte| byte != b'\n');
    let body = read("body.json").or_else(|| read("body.form")).unwrap_or_default();
    [line.as_slice(), b"\n", body.as_slice()].concat()
}

fn mutant(cases: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut data = cases[dice.below(cases.len())].clone();
    for _ in 0..=dice.below(3) {
        let body = data.iter().position(|&byte| byte == b'\n').map_or(0, |line| line + 1);
        let shape: Option<Value> = serde_json::from_slice(&data[body..]).ok();
        // The shape of JSON is changed as JSON: bytes alone seldom get behind the parser.
        match shape.filter(|_| dice.below(4) > 0) {
            Some(mut shape) => {
                reshape(&mut shape, dice);
                data.truncate(body);
                data.extend(shape.to_string().bytes());
            }
            None => bytes(&mut data, cases, dice),
        }
    }
    data
}

/// Changes one value somewhere below.
fn reshape(value: &mut Value, dice: &mut Dice) {
    let deeper = dice.below(5) > 0;
    match value {
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = dice.below(items.len());
            match dice.below(6) {
                0 => drop(items.remove(at)),
                1 => items.extend(vec![items[at].clone(); dice.below(40)]),
                2 => items.reverse(),
                _ => reshape(&mut items[at], dice),
            }
        }
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let at = dice.below(fields.len());
            let name = fields.keys().nth(at).cloned().unwrap_or_default();
            match dice.below(8) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(format!("{name}x"), Value::from(1))),
                _ => fields.get_mut(&name).into_iter().for_each(|field| reshape(field, dice)),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            *value = odd(value, dice);
        }
    }
}

fn odd(old: &Value, dice: &mut Dice) -> Value {
    match dice.below(14) {
        0 => Value::Null,
        1 => Value::from(""),
        2 => Value::from("\0\n\u{7f}\u{85}"),
        3 => Value::from("😀".repeat(dice.below(3_000))),
        4 => Value::from(i64::MIN),
        5 => Value::from(u64::MAX),
        6 => Value::from(-0.5),
        7 => Value::from(old.to_string()),
        8 => Value::from(vec![old.clone(), old.clone()]),
        9 => Value::from(true),
        10 => Value::from("{{secret:token}}"),
        11 => Value::from(old.as_i64().unwrap_or(1).wrapping_mul(1_000)),
        12 => Value::Object([("a".to_owned(), old.clone())].into_iter().collect()),
        _ => Value::from("a b?c=d&e#f/../%00"),
    }
}

/// Changes bytes, as a line does that is not to be trusted.
fn bytes(data: &mut Vec<u8>, cases: &[Vec<u8>], dice: &mut Dice) {
    const PIECES: [&[u8]; 8] = [b"{", b"[[[[", b"\"", b"\\ud800", b"\xff", b"%zz", b"99999999999999999999", b"&a=1&"];
    let at = dice.below(data.len());
    match dice.below(5) {
        0 => data.truncate(at),
        1 => data.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
        2 => {
            let piece = PIECES[dice.below(PIECES.len())];
            data.splice(at..at, piece.iter().copied());
        }
        3 => {
            let other = &cases[dice.below(cases.len())];
            let from = dice.below(other.len());
            data.splice(at.., other[from..].iter().copied());
        }
        _ => {
            let end = data.len().min(at + 1 + dice.below(40));
            data.drain(at.min(end)..end);
        }
    }
}
