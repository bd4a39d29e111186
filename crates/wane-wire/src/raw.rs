//! A JSON object of an event as it came, borrowed from the text: each field that means something in its place, the others
//! in a list. Nothing is judged here but the form of JSON itself.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value, as much of it as an event can have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Json<'a> {
    /// The field is not there.
    #[default]
    Absent,
    Null,
    Bool(bool),
    Int(i64),
    /// A number with a fraction, or beyond 64 bits.
    Float,
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Table(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Json<'_> {
    /// What it is, in words.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Null => "`null`",
            Self::Bool(_) => "a truth value",
            Self::Int(_) => "a number",
            Self::Float => "a number with a fraction, or a very large one",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table(_) => "an object",
        }
    }
}

macro_rules! fields {
    ($($field:ident = $name:literal,)+) => {
        /// The fields of an event.
        #[derive(Debug, Default)]
        pub(crate) struct Raw<'a> {
            $(pub(crate) $field: Json<'a>,)+
            /// All other fields.
            pub(crate) others: Vec<(Cow<'a, str>, Json<'a>)>,
        }

        impl<'a> Raw<'a> {
            fn slot(&mut self, name: &str) -> Option<(&'static str, &mut Json<'a>)> {
                match name { $($name => Some(($name, &mut self.$field)),)+ _ => None }
            }
        }
    };
}

fields! {
    kind = "type",
    id = "id",
    conversation = "conversation",
    channel = "channel",
    at = "at",
    role = "role",
    by = "by",
    participant = "participant",
    participants = "participants",
    authenticated = "authenticated",
    queue = "queue",
    language = "language",
    customer = "customer",
    attributes = "attributes",
    receipt = "kind",
}

struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Raw<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut raw, mut seen) = (Raw::default(), BTreeSet::new());
                while let Some(Text(key)) = map.next_key()? {
                    let value = map.next_value()?;
                    put((&mut raw, &mut seen), key, value).map_err(A::Error::custom)?;
                }
                Ok(raw)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// Puts a value into its place; `seen` are the other fields so far, of which there can be very many.
fn put<'a>(
    (raw, seen): (&mut Raw<'a>, &mut BTreeSet<Cow<'a, str>>),
    key: Cow<'a, str>,
    value: Json<'a>,
) -> Result<(), String> {
    if let Some((name, slot)) = raw.slot(&key) {
        if *slot != Json::Absent {
            return Err(format!("the field `{name}` is there twice"));
        }
        *slot = value;
        return Ok(());
    }
    if !seen.insert(key.clone()) {
        return Err(format!("the field `{key}` is there twice"));
    }
    raw.others.push((key, value));
    Ok(())
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Json::Float, Json::Int))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Json::Float)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut entries, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some(Text(key)) = map.next_key()? {
            if !seen.insert(key.clone()) {
                map.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom(format!("the field `{key}` is there twice")));
            }
            entries.push((key, map.next_value()?));
        }
        Ok(Json::Table(entries))
    }
}
