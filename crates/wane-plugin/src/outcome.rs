//! How a call went.

use std::fmt;

use wane_plugin_abi::code;

/// How a call went: `Ok(())`, or why not.
pub type Outcome = Result<(), Refusal>;

/// Why an input or an effect is not taken. Texts are for the operator's log: no private data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Understood, and nothing follows from it. The provider is answered 200.
    Ignored,
    /// The signature is wrong. The provider is answered 401.
    BadSignature,
    /// Not of the form that the provider documents. The provider is answered 400.
    Malformed(String),
    /// Of a kind that the plugin does not know. Acknowledged, since a repeat would be no better.
    Unsupported(String),
    /// Seen before. The provider is answered 200.
    Duplicate,
    /// Come again later. The provider is answered 503.
    RetryLater(String),
    /// The channel's window for answers is closed: nothing is sent, and this is why.
    OutsideWindow(String),
    /// A mistake of the plugin's own. The provider is answered 500 and sends again; the instance is made anew.
    Fault(String),
    /// The host takes no more output. Comes from the [`crate::Sink`]; pass it on with `?`.
    Limit,
}

impl Refusal {
    /// The number of it in the ABI.
    #[must_use]
    pub const fn code(&self) -> i32 {
        match self {
            Self::Ignored => code::IGNORED,
            Self::BadSignature => code::BAD_SIGNATURE,
            Self::Malformed(_) => code::MALFORMED,
            Self::Unsupported(_) => code::UNSUPPORTED,
            Self::Duplicate => code::DUPLICATE,
            Self::RetryLater(_) => code::RETRY_LATER,
            Self::OutsideWindow(_) => code::OUTSIDE_WINDOW,
            Self::Fault(_) => code::FAULT_BUG,
            Self::Limit => code::FAULT_LIMIT,
        }
    }

    /// What was said about it, if anything.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Malformed(text)
            | Self::Unsupported(text)
            | Self::RetryLater(text)
            | Self::OutsideWindow(text)
            | Self::Fault(text) => text,
            Self::Ignored | Self::BadSignature | Self::Duplicate | Self::Limit => "",
        }
    }

    /// The same, and where it is: of a form that is not the documented one, the place is told before what is wrong. Of another
    /// refusal there is no place.
    ///
    /// ```
    /// use wane_plugin::Refusal;
    /// let wrong = Refusal::Malformed("`id` is missing".to_owned());
    /// assert_eq!(wrong.at("entry 0, item 2").detail(), "entry 0, item 2: `id` is missing");
    /// ```
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        match self {
            Self::Malformed(what) => Self::Malformed(format!("{place}: {what}")),
            Self::Ignored
            | Self::BadSignature
            | Self::Unsupported(_)
            | Self::Duplicate
            | Self::RetryLater(_)
            | Self::OutsideWindow(_)
            | Self::Fault(_)
            | Self::Limit => self,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Ignored => "ignored",
            Self::BadSignature => "the signature does not fit",
            Self::Malformed(_) => "malformed",
            Self::Unsupported(_) => "unsupported",
            Self::Duplicate => "a duplicate",
            Self::RetryLater(_) => "not now",
            Self::OutsideWindow(_) => "outside the channel's window",
            Self::Fault(_) => "the plugin failed",
            Self::Limit => "too much output",
        };
        f.write_str(name)?;
        if self.detail().is_empty() { Ok(()) } else { write!(f, ": {}", self.detail()) }
    }
}

impl std::error::Error for Refusal {}

/// Reading a body failed: it is [`Refusal::Malformed`]. The text tells the place, never the content.
impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Data => "JSON of another shape than documented",
            serde_json::error::Category::Eof => "JSON that ends too early",
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => "not JSON",
        };
        Self::Malformed(format!("{what}, line {} column {}", error.line(), error.column()))
    }
}
