//! What handlers take from a request; whatever is wrong with it is answered with a [`Problem`].
//!
//! Handlers use these instead of axum's own extractors, whose refusals are plain text.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use wane_core::diagnostic::did_you_mean;

use super::body::{self, BodyFault};
use super::guard::Caller;
use super::problem::{Fault, Kind, Problem};
use crate::app::App;
use crate::tokens::{Needs, Token};

/// The caller has a token with the scope `S`, such as [`crate::tokens::EventsWrite`].
#[derive(Debug)]
pub struct Authorized<S> {
    /// The token.
    pub token: Arc<Token>,
    scope: PhantomData<S>,
}

impl<S: Needs> FromRequestParts<App> for Authorized<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let token = parts.extensions.get::<Caller>().and_then(|caller| caller.token.clone());
        let Some(token) = token else { return Err(unauthorized(&parts.headers)) };
        if !token.scopes.iter().any(|scope| scope.covers(S::SCOPE)) {
            let detail = format!("this needs the scope `{}`, which the token `{}` lacks", S::SCOPE.name(), token.id);
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        Ok(Self { token, scope: PhantomData })
    }
}

fn unauthorized(headers: &HeaderMap) -> Problem {
    let help = "send `Authorization: Bearer wane_…`; `wane token new` makes a token";
    let detail = match headers.get(header::AUTHORIZATION) {
        None => "the request has no token",
        Some(_) => "the token is not known, or was revoked",
    };
    Problem::new(Kind::Unauthorized, detail).help(help)
}

/// The whole body.
#[derive(Clone, Debug)]
pub struct Whole(pub Bytes);

impl FromRequest<App> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        match body::whole(request.into_body()).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(fault) => Err(fault.into()),
        }
    }
}

impl From<BodyFault> for Problem {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge(limit) => {
                Self::new(Kind::TooLarge, format!("the body is larger than {limit} bytes")).help("send it in parts")
            }
            BodyFault::Slow => Self::new(Kind::SlowBody, "the body took too long to arrive"),
            BodyFault::Broken => Self::new(Kind::BadBody, "the body broke off"),
        }
    }
}

/// A body of JSON.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let bytes = json_bytes(request, app).await?;
        object(&bytes)?.map(Self).ok_or_else(|| Problem::new(Kind::BadBody, "the body is empty").help(OBJECT))
    }
}

/// A body of JSON, or none, which says nothing in particular.
#[derive(Clone, Debug)]
pub struct Maybe<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for Maybe<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        // Some clients name a form for a body that they do not send.
        if request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        let bytes = json_bytes(request, app).await?;
        Ok(Self(object(&bytes)?.unwrap_or_default()))
    }
}

async fn json_bytes(request: Request, app: &App) -> Result<Bytes, Problem> {
    let kind = media_type(request.headers());
    if !is_json(&kind) {
        let detail = format!("a body of the type `{kind}` is not taken here");
        return Err(Problem::new(Kind::Unsupported, detail).help("send `Content-Type: application/json`"));
    }
    Ok(Whole::from_request(request, app).await?.0)
}

/// Reads an object; `None` when there is nothing.
fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<T>, Problem> {
    // A list would be taken for the fields in their order.
    match bytes.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(bytes).map(Some).map_err(|error| json_problem(&error)),
        Some(_) => Err(Problem::new(Kind::BadBody, "the body is no JSON object").help(OBJECT)),
        None => Ok(None),
    }
}

const OBJECT: &str = "send a JSON object; `GET /openapi.json` has its fields";

/// The media type without its parameters, in lower case; `application/json` when the request does not say.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let name = said.map_or("application/json", |said| said.split(';').next().unwrap_or_default());
    name.trim().to_ascii_lowercase()
}

fn is_json(kind: &str) -> bool {
    kind == "application/json" || kind.ends_with("+json")
}

/// The words of an error of JSON, with its place.
#[must_use]
pub fn json_problem(error: &serde_json::Error) -> Problem {
    let words = error.to_string();
    let message = words.rfind(" at line ").and_then(|at| words.get(..at)).unwrap_or(&words);
    let (field, help) = unknown_field(message);
    let fault = Fault {
        index: None,
        field,
        message: message.to_owned(),
        help,
        line: Some(error.line()),
        column: Some(error.column()),
    };
    let detail = format!("{message}, at line {} column {}", error.line(), error.column());
    Problem::new(Kind::BadBody, detail).fault(fault)
}

/// The unknown field that serde's words name, and what was probably meant.
pub(crate) fn unknown_field(message: &str) -> (String, Option<String>) {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        let field = if message.starts_with("missing field") { quoted.next() } else { None };
        return (field.unwrap_or_default().to_owned(), None);
    }
    let field = quoted.next().unwrap_or_default();
    let meant = did_you_mean(field, quoted).map(|meant| format!("did you mean `{meant}`?"));
    (field.to_owned(), meant)
}

/// The parameters of the query; unknown ones are refused.
#[derive(Clone, Debug)]
pub struct Params<T>(pub T);

impl<T: Known> FromRequestParts<App> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let mut given = BTreeMap::new();
        for (key, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            if !T::NAMES.contains(&&*key) {
                return Err(unknown_parameter(&key, T::NAMES));
            }
            if given.insert(key.to_string(), value.into_owned()).is_some() {
                return Err(bad_parameter(&key, "it is there twice", "give it once"));
            }
        }
        T::read(&Given(given)).map(Self)
    }
}

/// Parameters that a route knows.
pub trait Known: Sized {
    /// Their names.
    const NAMES: &[&'static str];

    /// Reads them.
    ///
    /// # Errors
    /// A [`Problem`] of [`Kind::BadParameter`].
    fn read(given: &Given) -> Result<Self, Problem>;
}

/// No parameters at all.
impl Known for () {
    const NAMES: &[&'static str] = &[];

    fn read(_: &Given) -> Result<Self, Problem> {
        Ok(())
    }
}

/// The parameters that were given.
#[derive(Clone, Debug, Default)]
pub struct Given(BTreeMap<String, String>);

impl Given {
    /// One of them.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// One that must be there and have a value.
    ///
    /// # Errors
    /// When it is missing or empty.
    pub fn needed(&self, name: &str) -> Result<&str, Problem> {
        let found = self.text(name).filter(|text| !text.is_empty());
        found.ok_or_else(|| bad_parameter(name, "it is missing", "give it a value"))
    }

    /// A whole number in a range; `default` when it is not given.
    ///
    /// # Errors
    /// When it is something else.
    pub fn number(&self, name: &str, default: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32, Problem> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        let right = || format!("a whole number from {} to {}", range.start(), range.end());
        number.ok_or_else(|| bad_parameter(name, &format!("it can not be `{}`", short(text)), &right()))
    }
}

/// A parameter that is wrong.
#[must_use]
pub fn bad_parameter(name: &str, what: &str, right: &str) -> Problem {
    let fault =
        Fault { field: name.to_owned(), message: what.to_owned(), help: Some(right.to_owned()), ..Fault::default() };
    Problem::new(Kind::BadParameter, format!("the parameter `{name}`: {what}")).help(right).fault(fault)
}

fn unknown_parameter(name: &str, known: &[&str]) -> Problem {
    let list = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let right = match did_you_mean(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => "this path has no parameters".to_owned(),
        None => format!("there are {}", list()),
    };
    bad_parameter(&short(name), "it is not known here", &right)
}

/// A client's text, short enough to be shown.
pub(crate) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(64).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// The one variable part of a path, decoded.
#[derive(Clone, Debug)]
pub struct Segment(pub String);

impl FromRequestParts<App> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, app).await;
        let wrong = |_| Problem::new(Kind::BadParameter, "a part of the path is not UTF-8");
        path.map(|axum::extract::Path(text)| Self(text)).map_err(wrong)
    }
}

/// The first part of the path that has a name, whatever follows it.
#[derive(Clone, Debug)]
pub struct Named(pub String);

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = axum::extract::Path::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let wrong = || Problem::new(Kind::BadParameter, "a part of the path is not UTF-8");
        let first = path.ok().and_then(|axum::extract::Path(path)| path.into_iter().next());
        first.map(|(_, text)| Self(text)).ok_or_else(wrong)
    }
}
