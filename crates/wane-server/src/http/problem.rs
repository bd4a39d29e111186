//! What goes wrong for a client: problem details as of RFC 9457.
//!
//! Every kind has a stable `type`, a path under which `docs/http.md` describes it. Texts are for the client: nothing of
//! the inside (paths, other people's data, errors of libraries) gets into them; that goes to the log.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::node::NodeError;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:literal $slug:literal $title:literal,)+) => {
        /// The kinds of problem. A slug is never used again for another kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind,)+ }

        impl Kind {
            /// All of them, in the order of their status.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The last part of the `type`: `/problems/<slug>`.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug,)+ }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$kind => $status,)+ }
            }

            /// What it is, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)+ }
            }
        }
    };
}

kinds! {
    /// The body can not be read: no JSON, not UTF-8, or of another form.
    BadBody = 400 "bad-body" "the body can not be read",
    /// An event of the body is wrong; none was applied.
    BadEvent = 400 "bad-event" "an event is not well-formed",
    /// A parameter of the query or a part of the path is wrong.
    BadParameter = 400 "bad-parameter" "a parameter is wrong",
    /// A cursor that was not given out here.
    BadCursor = 400 "bad-cursor" "not a cursor of this list",
    /// The head of the request asks for something that can not be.
    BadRequest = 400 "bad-request" "the request can not be",
    /// No token, or one that does not count.
    Unauthorized = 401 "unauthorized" "a valid token is needed",
    /// A webhook's or a client token's signature is wrong.
    BadSignature = 401 "bad-signature" "the signature is not right",
    /// The token lacks a scope.
    Forbidden = 403 "forbidden" "the token does not allow this",
    /// There is no such path.
    NoRoute = 404 "no-route" "there is nothing at this path",
    /// There is no such thing.
    NotFound = 404 "not-found" "there is no such thing",
    /// The path has other methods.
    WrongMethod = 405 "wrong-method" "the path has other methods",
    /// The body did not come in time.
    SlowBody = 408 "slow-body" "the body did not come in time",
    /// The event's id was used before, by another event.
    IdConflict = 409 "id-conflict" "the id belongs to another event",
    /// Something changed meanwhile, or is in the way.
    Conflict = 409 "conflict" "it can not be done as things are",
    /// The cursor or address is older than what is kept.
    Gone = 410 "gone" "that is no longer kept",
    /// The body is larger than the route takes.
    TooLarge = 413 "too-large" "the body is too large",
    /// The body's media type or its content encoding.
    Unsupported = 415 "unsupported-media-type" "the body's form is not supported",
    /// Rules that have errors.
    BadRules = 422 "bad-rules" "the rules have errors",
    /// Well-formed, but it can not be meant.
    Unprocessable = 422 "unprocessable" "well-formed, but it can not be done",
    /// More requests than are allowed.
    TooMany = 429 "too-many-requests" "too many requests",
    /// A fault of ours.
    Internal = 500 "internal" "something went wrong here",
    /// A plugin failed; nothing was applied.
    PluginFault = 500 "plugin-fault" "the channel's plugin failed",
    /// Too much is waiting; nothing was applied.
    Busy = 503 "busy" "too much is waiting",
    /// The service is stopping, or its disk failed.
    Stopping = 503 "stopping" "the service is stopping",
}

/// One thing that is wrong in a body or in parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The position of the item in a list, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The field or parameter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The line in the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in that line, from 1, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

/// A problem, ready to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which kind.
    pub kind: Kind,
    /// What happened this time; lower-case start, no final stop.
    pub detail: String,
    /// What would be right.
    pub help: Option<String>,
    /// What exactly is wrong, when there are places to name.
    pub errors: Vec<Fault>,
    /// When to come again, in seconds.
    pub retry_after: Option<u32>,
}

/// The form on the wire.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    /// A problem of that kind.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), help: None, errors: Vec::new(), retry_after: None }
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a place.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.errors.push(fault);
        self
    }

    /// Says when to come again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A fault of ours: the cause goes to the log, not to the client.
    #[must_use]
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed for a reason of ours");
        Self::new(Kind::Internal, "the request failed for a reason that is not yours; the log says which")
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, detail)
    }

    /// Its JSON.
    #[must_use]
    pub fn json(&self) -> Vec<u8> {
        let document = Document {
            kind: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title(),
            status: self.kind.status(),
            detail: &self.detail,
            help: self.help.as_deref(),
            errors: &self.errors,
        };
        // Texts and numbers only: this can not fail.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.json()));
        *response.status_mut() = StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.kind == Kind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Busy => {
                Self::new(Kind::Busy, "too much is waiting; nothing of this request was done").retry_after(1)
            }
            NodeError::Stopped => {
                let what = "the service is stopping; whether this request counts is not known, so send it again";
                Self::new(Kind::Stopping, what).retry_after(5)
            }
            NodeError::TooLarge => Self::new(Kind::TooLarge, format!("{error}; nothing of this request was done"))
                .help("send less with it"),
            NodeError::Gone => Self::new(Kind::Gone, "that is older than what the log still keeps"),
            NodeError::Log(cause) => Self::internal(&cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_is_documented_and_nothing_else() {
        let text = include_str!("../../../../docs/http.md");
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `/problems/"));
        let told: BTreeSet<String> = rows
            .filter_map(|row| {
                let (slug, rest) = row.split_once('`')?;
                Some(format!("{slug} {}", rest.trim_start_matches(" | ").split(' ').next()?))
            })
            .collect();
        let known = Kind::ALL.iter().map(|kind| format!("{} {}", kind.slug(), kind.status())).collect();
        assert_eq!(told, known);
    }

    #[test]
    fn the_form_is_that_of_rfc_9457() {
        let fault = Fault { index: Some(3), field: "type".into(), message: "no".into(), ..Fault::default() };
        let problem = Problem::new(Kind::BadEvent, "event 3 is wrong").help("look").fault(fault);
        let json: serde_json::Value = serde_json::from_slice(&problem.json()).expect("JSON");
        assert_eq!(json["type"], "/problems/bad-event");
        assert_eq!(json["status"], 400);
        assert_eq!(json["title"], "an event is not well-formed");
        assert_eq!(json["errors"][0]["index"], 3);
        let response = problem.retry_after(7).into_response();
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "7");
    }

    #[test]
    fn what_the_log_says_is_not_told() {
        let problem = Problem::from(NodeError::Log("/var/lib/wane/log-7 is damaged".into()));
        assert_eq!(problem.kind, Kind::Internal);
        assert!(!problem.detail.contains("/var"));
    }
}
