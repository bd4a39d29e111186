//! The parts of a webhook's body that are read, borrowed from it. What is not named here is skipped.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) type Text<'a> = Cow<'a, str>;

#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) object: Text<'a>,
    #[serde(borrow)]
    pub(crate) entry: Vec<&'a RawValue>,
}

/// What happened on a page. On `standby` another app has the conversation; `changes` are about the page's public side.
#[derive(Deserialize)]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) messaging: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) standby: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) changes: Vec<IgnoredAny>,
}

/// One thing that happened: who, when, and one of the others.
#[derive(Deserialize)]
pub(crate) struct Item<'a> {
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) sender: Option<Party<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) recipient: Option<Party<'a>>,
    pub(crate) timestamp: Option<Instant>,
    #[serde(borrow)]
    pub(crate) message: Option<Message<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) postback: Option<Postback<'a>>,
    pub(crate) read: Option<Watermark>,
    pub(crate) delivery: Option<Watermark>,
    #[serde(borrow)]
    pub(crate) reaction: Option<Reaction<'a>>,
    #[serde(borrow)]
    pub(crate) message_edit: Option<Edit<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) optin: Option<Optin<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) referral: Option<Referral<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) pass_thread_control: Option<Handover<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) take_thread_control: Option<Handover<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) request_thread_control: Option<Handover<'a>>,
    pub(crate) app_roles: Option<BTreeMap<String, IgnoredAny>>,
}

/// Somebody. Without an id: a visitor of a web page, who only has a reference.
#[derive(Deserialize)]
pub(crate) struct Party<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) mid: Text<'a>,
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) attachments: Vec<Attachment<'a>>,
    #[serde(borrow)]
    pub(crate) quick_reply: Option<QuickReply<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) referral: Option<Referral<'a>>,
    #[serde(default)]
    pub(crate) is_echo: bool,
    #[serde(borrow)]
    pub(crate) app_id: Option<AppId<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Attachment<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct QuickReply<'a> {
    #[serde(borrow)]
    pub(crate) payload: Text<'a>,
}

/// On standby the payload is not told.
#[derive(Deserialize)]
pub(crate) struct Postback<'a> {
    #[serde(borrow)]
    pub(crate) mid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) payload: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "object")]
    pub(crate) referral: Option<Referral<'a>>,
}

/// All messages up to this instant were delivered or read.
#[derive(Deserialize)]
pub(crate) struct Watermark {
    pub(crate) watermark: Instant,
    #[serde(default)]
    pub(crate) mids: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Reaction<'a> {
    #[serde(borrow)]
    pub(crate) mid: Text<'a>,
    #[serde(borrow)]
    pub(crate) action: Text<'a>,
}

#[derive(Deserialize)]
pub(crate) struct Edit<'a> {
    #[serde(borrow)]
    pub(crate) mid: Text<'a>,
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a>>,
    #[serde(default)]
    pub(crate) num_edit: u32,
}

#[derive(Deserialize)]
pub(crate) struct Optin<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) notification_messages_status: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Referral<'a> {
    #[serde(borrow)]
    pub(crate) source: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Handover<'a> {
    #[serde(borrow)]
    pub(crate) new_owner_app_id: Option<AppId<'a>>,
    #[serde(borrow)]
    pub(crate) previous_owner_app_id: Option<AppId<'a>>,
}

/// A part of which nothing is needed: it is an object nevertheless, or not there.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Reader<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
        type Value = Option<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Reader(PhantomData))
}

/// The id of an app: a number in some places and a text in others.
#[derive(PartialEq, Eq)]
pub(crate) struct AppId<'a>(pub(crate) Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for AppId<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = AppId<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of an app")
            }
            fn visit_u64<E: Error>(self, id: u64) -> Result<AppId<'de>, E> {
                Ok(AppId(id.to_string().into()))
            }
            fn visit_borrowed_str<E: Error>(self, id: &'de str) -> Result<AppId<'de>, E> {
                Ok(AppId(id.into()))
            }
            fn visit_str<E: Error>(self, id: &str) -> Result<AppId<'de>, E> {
                Ok(AppId(id.to_owned().into()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// An instant as Messenger writes it: a number of milliseconds since 1970, or a text, which has seconds in some places.
#[derive(Clone, Copy)]
pub(crate) struct Instant(pub(crate) i64);

/// What an instant must be, in the words of errors.
pub(crate) const INSTANT: &str = "milliseconds since 1970";

/// The last millisecond of the year 9999.
const LAST: i64 = 253_402_300_799_999;

/// Smaller numbers are seconds: as milliseconds they would lie before Messenger was there, in 1973.
const SECONDS: i64 = 100_000_000_000;

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Instant;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(INSTANT)
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Instant, E> {
                match number {
                    0..SECONDS => Ok(Instant(number * 1_000)),
                    SECONDS..=LAST => Ok(Instant(number)),
                    _ => Err(E::custom(format_args!("not {INSTANT}"))),
                }
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Instant, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = if digits { text.parse().ok() } else { None };
                self.visit_i64(number.unwrap_or(-1))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
