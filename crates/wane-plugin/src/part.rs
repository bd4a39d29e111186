//! Texts and parts of a JSON body, borrowed from it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{Refusal, instant};

/// A text of a body: borrowed from it, unless it has escapes to be undone.
///
/// A `Cow<str>` that serde reads is borrowed only where the field is of that very type: inside of an `Option`, a list or an
/// alias it is a copy. This one is borrowed everywhere. Where a number may stand for a text, this is not what you want.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text, where there is one and it is not empty: providers write what they do not know in either way.
    #[must_use]
    pub fn given<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
        text.as_deref().filter(|text| !text.is_empty())
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl PartialEq<Text<'_>> for str {
    fn eq(&self, other: &Text<'_>) -> bool {
        *self == **other
    }
}

impl PartialEq<Text<'_>> for &str {
    fn eq(&self, other: &Text<'_>) -> bool {
        **self == **other
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(text.into())
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(text.to_owned().into())
            }
            fn visit_string<E: Error>(self, text: String) -> Result<Text<'de>, E> {
                Ok(text.into())
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// An object of that shape, and nothing else: what serde derives takes a list too, its values in the order of the fields.
///
/// ```
/// use wane_plugin::{Object, Text};
/// #[derive(serde::Deserialize)]
/// struct Sender<'a> {
///     #[serde(borrow)]
///     id: Text<'a>,
/// }
/// let sender: Object<Sender<'_>> = serde_json::from_str(r#"{"id":"700"}"#)?;
/// assert_eq!(sender.id, "700");
/// assert!(serde_json::from_str::<Sender<'_>>(r#"["700"]"#).is_ok());
/// assert!(serde_json::from_str::<Object<Sender<'_>>>(r#"["700"]"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Reader(PhantomData)).map(Self)
    }
}

/// An object of a body that was left raw, in that shape.
///
/// Of a batch, read the envelope first and leave its items raw (`Vec<&RawValue>`); then read one after the other with
/// [`read_part`], and say with [`Refusal::at`] which one is wrong.
///
/// ```
/// use serde_json::value::RawValue;
/// use wane_plugin::{Refusal, Text, read_json, read_part};
///
/// #[derive(serde::Deserialize)]
/// struct Envelope<'a> {
///     #[serde(borrow)]
///     items: Vec<&'a RawValue>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Item<'a> {
///     #[serde(borrow)] // once in a struct is enough: what it says holds for all fields
///     id: Text<'a>,
///     text: Option<Text<'a>>,
/// }
///
/// let envelope: Envelope<'_> = read_json(br#"{"items":[{"id":"1","text":""},{"text":"lost"}]}"#)?;
/// let items: Vec<Result<Item<'_>, Refusal>> = envelope.items.iter().map(|raw| read_part(raw)).collect();
/// assert_eq!(items[0].as_ref().map(|item| (&*item.id, Text::given(&item.text))), Ok(("1", None)));
/// assert_eq!(items[1].as_ref().err().map(Refusal::detail), Some("`id` is missing"));
/// # Ok::<(), Refusal>(())
/// ```
///
/// # Errors
/// [`Refusal::Malformed`] in words that quote nothing of the body: which field is missing, that an instant is none
/// ([`instant`]), or at which column of the part it is of another shape.
pub fn read_part<'a, T: Deserialize<'a>>(part: &'a RawValue) -> Result<T, Refusal> {
    if !part.get().starts_with('{') {
        return Err(Refusal::Malformed("not an object".to_owned()));
    }
    serde_json::from_str(part.get()).map_err(|error| {
        // The words of serde quote what was found; only what it missed may be told.
        let words = error.to_string();
        let missing = words.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        Refusal::Malformed(match (missing, instant::wanted(&words)) {
            (Some(field), _) => format!("`{field}` is missing"),
            (None, Some(form)) => format!("an instant is not {form}"),
            (None, None) => format!("not of the documented form at column {}", error.column()),
        })
    })
}

/// The part of that name, which what was read before has promised: a message of the type `text` has a `text`.
///
/// ```
/// # use serde_json::value::RawValue;
/// use wane_plugin::{Text, needed_part, read_json};
/// #[derive(serde::Deserialize)]
/// struct Message<'a> {
///     #[serde(borrow)]
///     text: Option<&'a RawValue>,
///     image: Option<&'a RawValue>,
/// }
/// #[derive(serde::Deserialize)]
/// struct Body<'a> {
///     #[serde(borrow)]
///     body: Text<'a>,
/// }
/// let message: Message<'_> = read_json(br#"{"type":"text","text":{"body":"hello"}}"#)?;
/// assert_eq!(needed_part::<Body<'_>>("text", message.text)?.body, "hello");
/// assert_eq!(needed_part::<Body<'_>>("image", message.image).err().unwrap().detail(), "`image` is missing");
/// # Ok::<(), wane_plugin::Refusal>(())
/// ```
///
/// # Errors
/// [`Refusal::Malformed`] when it is not there, and as [`read_part`].
pub fn needed_part<'a, T: Deserialize<'a>>(name: &str, part: Option<&'a RawValue>) -> Result<T, Refusal> {
    read_part(part.ok_or_else(|| Refusal::Malformed(format!("`{name}` is missing")))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::Seconds;
    use crate::read_json;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        id: Text<'a>,
        text: Option<Text<'a>>,
        at: Option<Seconds>,
    }

    fn is_borrowed(text: &Text<'_>) -> bool {
        matches!(text.0, Cow::Borrowed(_))
    }

    #[test]
    fn a_text_is_borrowed_wherever_it_stands() {
        let item: Item<'_> = read_json(r#"{"id":"1","text":"Grüße"}"#.as_bytes()).expect("of that shape");
        assert!(is_borrowed(&item.id) && item.text.as_ref().is_some_and(is_borrowed));
        let item: Item<'_> = read_json(br#"{"id":"1","text":"a\nb"}"#).expect("of that shape");
        assert!(item.text.as_ref().is_some_and(|text| !is_borrowed(text) && *text == "a\nb"));
        assert_eq!(serde_json::from_value::<String>("x".into()).ok().map(Text::from), Some("x".into()));
    }

    #[test]
    fn what_is_wrong_is_told_and_not_quoted() {
        let read = |text: &str| {
            let raw: &RawValue = serde_json::from_str(text).expect("JSON");
            read_part::<Item<'_>>(raw).err().map(|refusal| refusal.detail().to_owned())
        };
        assert_eq!(read(r#"{"id":"1","at":"7"}"#), None);
        for (wrong, words) in [
            (r#"{"text":"x"}"#, "`id` is missing"),
            (r#"["1","x",7]"#, "not an object"),
            (r#"{"id":7}"#, "not of the documented form at column 7"),
            (r#"{"id":"1","at":"soon"}"#, "an instant is not seconds since 1970"),
        ] {
            assert_eq!(read(wrong).as_deref(), Some(words), "{wrong}");
        }
    }
}
