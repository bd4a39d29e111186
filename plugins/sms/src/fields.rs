//! The named fields of a request: of a form, of a query, or of a JSON object.
//!
//! Fields that nobody asks for are skipped, whatever they are: providers add some any day. One that is asked for is there
//! once or not at all.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use wane_plugin::{Field, Input, Refusal};

/// The fields, in their order.
#[derive(Debug)]
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// The fields of the body: of a form if it says that it is one, otherwise of JSON; and those of the query where there is
    /// no body.
    pub(crate) fn of(input: &Input<'_>) -> Result<Self, Refusal> {
        if input.body.is_empty() {
            return Ok(Self::of_pairs(input.query_fields().collect()));
        }
        if is_form(input) { Ok(Self::of_pairs(input.form()?)) } else { input.json() }
    }

    pub(crate) fn of_pairs(pairs: Vec<Field<'_>>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
    }

    /// A field; `None` when it is not there.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&Value>, Refusal> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => Err(Refusal::Malformed(format!("`{name}` is there twice"))),
        }
    }

    /// A text; numbers are texts too, since providers differ about numbers of telephones. An empty one is none.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
        match self.one(name)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str().into()).filter(|text: &Cow<'_, str>| !text.is_empty())),
            Some(Value::Number(number)) if number.is_u64() => Ok(Some(number.to_string().into())),
            Some(_) => Err(Refusal::Malformed(format!("`{name}` is no text"))),
        }
    }

    /// A text that must be there.
    pub(crate) fn needed(&self, name: &str) -> Result<Cow<'_, str>, Refusal> {
        self.text(name)?.ok_or_else(|| Refusal::Malformed(format!("`{name}` is missing")))
    }
}

/// Whether the body is a form, as its type says.
pub(crate) fn is_form(input: &Input<'_>) -> bool {
    let kind = input.header("content-type").unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("application/x-www-form-urlencoded")
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
