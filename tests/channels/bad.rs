//! What a channel's plugin must survive, for every plugin the same: bodies that are cut off, are no UTF-8, are nested deeply,
//! have keys twice, numbers that are too large, fields that are missing or of another type, no item or far too many; and
//! signatures in another case, encoding, length or number. Included by the tests of each plugin, beside `cases.rs`.
//!
//! How to use it: make a [`Good`] of one request that the plugin takes, say what of it is needed, and call [`json`] (or
//! [`form`]), and [`signature`] if the plugin checks the signature itself; `tests/channels/host.rs` has the same for those whose
//! manifest declares it. What is bad gives a refusal that is data (malformed, unsupported, a bad signature, ignored) and no
//! event; a fault and a panic fail the test. What is only odd, such as a field that nobody reads with another type, may be
//! taken, but then with events that the host takes.

use serde_json::{Map, Value, json};
use wane_plugin::testing::{FakeHost, FakeInput, Translated};
use wane_plugin::{Channel, Refusal};

/// A request that the plugin takes.
pub(crate) struct Good<'a> {
    /// The config that the plugin is made with.
    pub(crate) config: Value,
    /// The request, signed if the plugin checks that itself.
    pub(crate) input: FakeInput,
    /// Signs a request anew after its body was changed; `|_| {}` where the host does it.
    pub(crate) sign: &'a dyn Fn(&mut FakeInput),
    /// What is needed: JSON pointers (`/events/0/source`), or names of a form's fields. Without one of them, with one of them
    /// twice or of any other type, the body is refused.
    pub(crate) needed: &'a [&'a str],
    /// The list of items, a JSON pointer, whose items give one event or more each; empty when a body is one item.
    pub(crate) batch: &'a str,
}

impl Good<'_> {
    fn translate<C: Channel>(&self, input: &FakeInput) -> Result<Translated, Refusal> {
        let said = FakeHost::<C>::new(self.config.clone()).expect("the config fits").translate(input);
        said.and_then(Translated::taken)
    }

    /// The same with another body, signed as the provider signs.
    fn with_body(&self, body: impl Into<Vec<u8>>) -> FakeInput {
        let mut input = FakeInput { body: body.into(), ..self.input.clone() };
        (self.sign)(&mut input);
        input
    }

    /// Whether it was refused as data.
    #[track_caller]
    fn refused<C: Channel>(&self, what: &str, input: &FakeInput) {
        match self.translate::<C>(input) {
            Err(Refusal::Malformed(_) | Refusal::Unsupported(_) | Refusal::BadSignature | Refusal::Ignored) => {}
            other => panic!("{what}: {other:?}"),
        }
    }

    /// Refused as data, or taken with no more events than the good one has, all of which the host takes.
    #[track_caller]
    fn survived<C: Channel>(&self, what: &str, input: &FakeInput, most: usize) {
        match self.translate::<C>(input) {
            Err(refusal @ (Refusal::Fault(_) | Refusal::Limit)) => panic!("{what}: {refusal}"),
            Err(_) => {}
            Ok(said) => {
                assert!(said.events.len() <= most, "{what}: {} events", said.events.len());
                said.events.iter().for_each(|event| event.check().unwrap_or_else(|why| panic!("{what}: {why}")));
            }
        }
    }

    fn events<C: Channel>(&self) -> usize {
        let said = self.translate::<C>(&self.input).expect("the good request is taken");
        let again = self.translate::<C>(&self.input).expect("and so it is again");
        assert_eq!(said, again, "sent again it gives the same, the keys against repeats above all");
        said.events.len()
    }
}

/// Every bad body of a channel whose bodies are JSON.
#[track_caller]
pub(crate) fn json<C: Channel>(good: &Good<'_>) {
    let events = good.events::<C>();
    let body: Value = serde_json::from_slice(&good.input.body).expect("a good body");
    cut_off::<C>(good);
    no_text::<C>(good, events);
    for wrong in ["", " ", "null", "true", "7", "\"\"", "[]", "[{}]", "{}", "{]", "\u{feff}{}", "{'a':1}"] {
        good.refused::<C>(&format!("the body `{wrong}`"), &good.with_body(wrong));
    }
    for deep in ["[".repeat(100_000), r#"{"a":"#.repeat(100_000), format!("{}{}", "[".repeat(200), "]".repeat(200))] {
        good.refused::<C>("a deep body", &good.with_body(deep));
    }
    for pointer in good.needed {
        needed::<C>(good, &body, pointer);
    }
    let mut leaves = Vec::new();
    pointers(&body, "", &mut leaves);
    for pointer in &leaves {
        for odd in odd() {
            let changed = good.with_body(with(&body, pointer, |place| *place = odd.clone()).to_string());
            good.survived::<C>(&format!("`{pointer}` is {odd}"), &changed, events);
        }
        for number in ["1e400", "-1e400", "123456789012345678901234567890", "9223372036854775808", "1e18", "-0.5"] {
            let changed = spliced(&body, pointer, |_, _| number.to_owned());
            good.survived::<C>(&format!("`{pointer}` is {number}"), &good.with_body(changed), events);
        }
    }
    if !good.batch.is_empty() {
        batches::<C>(good, &body, events);
    }
}

/// Every bad body of a channel whose bodies are forms.
#[track_caller]
pub(crate) fn form<C: Channel>(good: &Good<'_>) {
    let events = good.events::<C>();
    let body = String::from_utf8(good.input.body.clone()).expect("a good body");
    let fields: Vec<&str> = body.split('&').collect();
    no_text::<C>(good, events);
    for at in 0..body.len() {
        good.survived::<C>(&format!("cut off at {at}"), &good.with_body(&body[..at]), events);
        good.refused::<C>("cut off, and not signed so", &FakeInput { body: body[..at].into(), ..good.input.clone() });
    }
    for wrong in ["", "&", "=", "&&==&", "%", "%zz=%", "{}", "[]", "null"] {
        good.refused::<C>(&format!("the body `{wrong}`"), &good.with_body(wrong));
    }
    for name in good.needed {
        let own = fields.iter().find(|field| field.split('=').next() == Some(name)).expect("a field of the good body");
        let others = fields.iter().filter(|field| field != &own).copied().collect::<Vec<_>>().join("&");
        good.refused::<C>(&format!("without `{name}`"), &good.with_body(others.clone()));
        for more in [format!("{name}="), format!("{own}&{own}"), format!("{own}&{name}=x"), format!("{name}=%00")] {
            good.refused::<C>(&format!("with `{more}`"), &good.with_body(format!("{others}&{more}")));
        }
    }
    for field in &fields {
        let name = field.split('=').next().unwrap_or_default();
        for odd in [String::new(), "x".repeat(100_000), "1e400".to_owned(), "-1".to_owned(), "%FF%FE%00".to_owned()] {
            let changed = body.replace(field, &format!("{name}={odd}"));
            good.survived::<C>(&format!("`{name}` of {} bytes", odd.len()), &good.with_body(changed), events);
        }
    }
}

/// Every bad token, where the plugin checks it itself: in base64 or the like, so that every sign counts. The header is there
/// once.
#[track_caller]
pub(crate) fn token<C: Channel>(good: &Good<'_>, header: &str) {
    let is_it = |name: &str| name.eq_ignore_ascii_case(header);
    let (own, others): (Vec<_>, Vec<_>) = good.input.headers.iter().cloned().partition(|(name, _)| is_it(name));
    let [(_, value)] = own.as_slice() else { panic!("`{header}` is there once") };
    let value = String::from_utf8(value.clone()).expect("a signature of text");
    let given = |values: &[&str]| {
        let own = values.iter().map(|value| (header.to_owned(), value.as_bytes().to_vec()));
        FakeInput { headers: others.iter().cloned().chain(own).collect(), ..good.input.clone() }
    };
    let refused = |what: &str, values: &[&str]| match good.translate::<C>(&given(values)) {
        Err(Refusal::BadSignature) => {}
        other => panic!("{what}: {other:?}"),
    };
    assert!(good.translate::<C>(&given(&[&value])).is_ok(), "the good one is taken");
    refused("none", &[]);
    refused("twice", &[&value, &value]);
    refused("a good one first", &[&value, "x"]);
    refused("a good one last", &["x", &value]);
    let (upper, lower) = (value.to_ascii_uppercase(), value.to_ascii_lowercase());
    refused("in upper case", &[&upper]);
    refused("in lower case", &[&lower]);
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    for wrong in
        ["", " ", "=", "null", &hex, &format!("{value}{value}"), &format!("{value}, {value}"), &format!("{value}=")]
    {
        refused(&format!("`{wrong}`"), &[wrong]);
    }
    for at in 0..value.len() {
        refused(&format!("cut off at {at}"), &[&value[..at]]);
        let mut changed = value.clone().into_bytes();
        changed[at] ^= 1;
        let changed = String::from_utf8_lossy(&changed).into_owned();
        refused(&format!("another sign at {at}"), &[&changed]);
    }
}

/// The same, of a signature that covers the body too.
#[track_caller]
pub(crate) fn signature<C: Channel>(good: &Good<'_>, header: &str) {
    token::<C>(good, header);
    for bit in 0..good.input.body.len() * 8 {
        let mut body = good.input.body.clone();
        body[bit / 8] ^= 1 << (bit % 8);
        // The digits of a form's escapes mean the same in both cases, and it is what they mean that is signed.
        let same = good.input.body.contains(&b'%') && body.eq_ignore_ascii_case(&good.input.body);
        let changed = FakeInput { body, ..good.input.clone() };
        assert!(same || good.translate::<C>(&changed).is_err(), "bit {bit} of the body");
    }
}

/// Every beginning of the body: signed so or not, it is nothing.
#[track_caller]
fn cut_off<C: Channel>(good: &Good<'_>) {
    let whole = good.input.body.trim_ascii_end().len();
    for at in 0..whole {
        good.refused::<C>(&format!("cut off at {at}"), &good.with_body(&good.input.body[..at]));
    }
}

/// Bytes that are no UTF-8 at every place.
#[track_caller]
fn no_text<C: Channel>(good: &Good<'_>, events: usize) {
    assert!(events > 0 || good.batch.is_empty(), "the good request has events");
    for at in 0..=good.input.body.len() {
        for bytes in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"] {
            let mut body = good.input.body.clone();
            body.splice(at..at, bytes.iter().copied());
            good.refused::<C>(&format!("no UTF-8 at {at}"), &good.with_body(body));
        }
    }
}

/// One field that is needed: away, twice, of another type.
#[track_caller]
fn needed<C: Channel>(good: &Good<'_>, body: &Value, pointer: &str) {
    let is = body.pointer(pointer).unwrap_or_else(|| panic!("`{pointer}` is in the good body"));
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let without = with(body, parent, |place| {
        place.as_object_mut().expect("a member of an object").remove(key);
    });
    good.refused::<C>(&format!("without `{pointer}`"), &good.with_body(without.to_string()));
    let twice = spliced(body, pointer, |key, value| format!("{value},{key}:{value}"));
    good.refused::<C>(&format!("`{pointer}` twice"), &good.with_body(twice));
    let others = odd().into_iter().filter(|odd| kind(odd) != kind(is));
    for odd in others.filter(|odd| !(is.is_string() && odd.is_number() || is.is_number() && odd.is_string())) {
        let changed = with(body, pointer, |place| *place = odd.clone());
        good.refused::<C>(&format!("`{pointer}` is {odd}"), &good.with_body(changed.to_string()));
    }
}

/// No item, two, and far too many.
#[track_caller]
fn batches<C: Channel>(good: &Good<'_>, body: &Value, events: usize) {
    let items = body.pointer(good.batch).and_then(Value::as_array).expect("a list").clone();
    let of = |times: usize| {
        let items: Vec<Value> = std::iter::repeat_n(&items, times).flatten().cloned().collect();
        good.with_body(with(body, good.batch, |place| *place = items.into()).to_string())
    };
    good.survived::<C>("an empty batch", &of(0), 0);
    let twice = good.translate::<C>(&of(2)).expect("two of it are taken").events;
    assert_eq!(twice.len(), 2 * events, "all items count, not the first");
    good.survived::<C>("a large batch", &of(200), 1_000);
    good.refused::<C>("a giant batch", &of(20_000));
}

/// One value of each type, some of them large.
fn odd() -> Vec<Value> {
    let long = "x".repeat(70_000);
    let deep = (0..100).fold(json!(1), |inside, _| json!([inside]));
    let wide: Map<String, Value> = (0..500).map(|number| (number.to_string(), json!(null))).collect();
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}"),
        json!("not a number"),
        json!(long),
        json!([]),
        json!([null]),
        json!({}),
        deep,
        Value::Object(wide),
    ]
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// The pointers of all values, the whole aside.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (name, value) in inside {
        let at = format!("{at}/{name}");
        pointers(value, &at, found);
        found.push(at);
    }
}

fn with(body: &Value, pointer: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = body.clone();
    change(body.pointer_mut(pointer).expect("it is in the good body"));
    body
}

/// The body with a text of one's own in place of a value, which need not be JSON; told are its key and its value.
fn spliced(body: &Value, pointer: &str, text: impl FnOnce(&str, &str) -> String) -> String {
    let (mark, key) = (json!("the place"), json!(pointer.rsplit('/').next()).to_string());
    let is = body.pointer(pointer).expect("it is in the good body").to_string();
    let marked = with(body, pointer, |place| *place = mark.clone()).to_string();
    marked.replace(&mark.to_string(), &text(&key, &is))
}
