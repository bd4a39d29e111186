//! What browsers ask before a page may use the API, and whether the API is there at all.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::problem::{Kind, Problem};

const METHODS: &str = "GET, POST, DELETE";
const HEADERS: &str = "Accept, Authorization, Cache-Control, Content-Type, Last-Event-ID, X-Org-ID";
/// How many seconds a browser may remember the answer.
const MAX_AGE: &str = "600";

/// The middleware round all routes; it leaves alone what is not of this API.
pub async fn door(State(app): State<App>, request: Request, next: Next) -> Response {
    if !is_ours(request.uri().path()) {
        return next.run(request).await;
    }
    if !app.config.client.enabled {
        return Problem::new(Kind::NoRoute, "the client API is switched off").into_response();
    }
    let origin = allowed(&app.config.client.origins, request.headers());
    let asked = header::ACCESS_CONTROL_REQUEST_METHOD;
    let is_preflight = request.method() == Method::OPTIONS && request.headers().contains_key(asked);
    let mut response = if is_preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        permit(headers, origin, is_preflight);
    }
    response
}

fn is_ours(path: &str) -> bool {
    path.starts_with("/iamessage/") || path.starts_with("/eventrouter/")
}

/// The origin of the page, when the operator has it in the list.
fn allowed(origins: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
}

fn permit(headers: &mut HeaderMap, origin: HeaderValue, is_preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if is_preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }
}
