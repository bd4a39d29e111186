//! What every request passes before its handler: who asks, how often, with what kind of body; and what is noted after.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ipnet::IpNet;
use tokio::time::Instant;
use tracing::Instrument;

use super::body;
use super::problem::{Kind, Problem};
use super::rate::{Asker, Buckets};
use crate::app::App;
use crate::config::Limits;
use crate::tokens::Token;

/// The other end of the connection; the listener puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Who asks, as far as is known before the handler. In the extensions of each request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The API token, when the request has a valid one.
    pub token: Option<Arc<Token>>,
    /// The address, a trusted proxy's word considered.
    pub address: IpAddr,
}

/// What the guard needs.
#[derive(Clone, Debug)]
pub(super) struct Shield(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app: App,
    token: Buckets,
    address: Buckets,
    webhook: Buckets,
}

impl Shield {
    pub(super) fn new(app: App) -> Self {
        let limits = app.config.limits.clone();
        let (token, address) = (Buckets::new(limits.token), Buckets::new(limits.address));
        Self(Arc::new(Inner { token, address, webhook: Buckets::new(limits.webhook), app }))
    }
}

/// The middleware.
pub(super) async fn guard(State(shield): State<Shield>, mut request: Request, next: Next) -> Response {
    let app = shield.0.app.clone();
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    // The path itself may name a conversation, so the log gets the route.
    let span = tracing::info_span!("request", %method, route, status = tracing::field::Empty);
    let began = Instant::now();
    let response = match shield.0.admit(&mut request, &route) {
        Ok(()) => next.run(request).instrument(span.clone()).await,
        Err(problem) => problem.into_response(),
    };
    let status = response.status().as_u16();
    span.record("status", status);
    let took = began.elapsed();
    tracing::debug!(parent: &span, status, micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX), "answered");
    app.metrics.request(&route, (known(&method), status), timed(&route, &response).then_some(took));
    plain(response)
}

/// Clients can make up methods; the metrics have those that are known.
fn known(method: &axum::http::Method) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("other")
}

/// Whether the time it took says anything: not for what waits on purpose.
fn timed(route: &str, response: &Response) -> bool {
    let stream = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    !stream && !["/v1/effects", "/v1/decisions"].contains(&route)
}

/// What every answer carries: nobody keeps it, and nobody guesses what it is.
fn plain(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

impl Inner {
    fn admit(&self, request: &mut Request, route: &str) -> Result<(), Problem> {
        check_once(request.headers())?;
        let limits = &self.app.config.limits;
        let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let address = address(peer, request.headers(), &limits.proxies);
        let token = bearer(request.headers()).and_then(|text| self.app.tokens.find(text));
        let webhook = is_webhook(route);
        self.ration(token.as_deref(), address, webhook)?;
        let most = if webhook { limits.webhook_bytes } else { limits.body_bytes };
        check_body(request.headers(), most, webhook)?;
        request.extensions_mut().insert(Caller { token, address });
        bound(request, most, limits.body_within);
        Ok(())
    }

    /// A manual clock stands still, so that no bucket would ever fill: there the rates are off.
    fn ration(&self, token: Option<&Token>, address: IpAddr, webhook: bool) -> Result<(), Problem> {
        if self.app.clock.is_manual() {
            return Ok(());
        }
        let now = self.app.clock.now().millis();
        let (limit, taken) = match token {
            Some(token) => ("token", self.token.take(Asker::Token(token.id.clone()), now)),
            None if webhook => ("webhook", self.webhook.take(Asker::at(address), now)),
            None => ("address", self.address.take(Asker::at(address), now)),
        };
        let Err(wait) = taken else { return Ok(()) };
        self.app.metrics.limited(limit);
        // A provider may drop an event for good after a 4xx.
        let kind = if limit == "webhook" { Kind::Busy } else { Kind::TooMany };
        Err(Problem::new(kind, "more requests than are allowed; nothing was done").retry_after(wait))
    }
}

/// Fields of which a second one would make it a matter of taste who asks, and for what.
fn check_once(headers: &HeaderMap) -> Result<(), Problem> {
    let once = [header::AUTHORIZATION, header::CONTENT_TYPE, header::HOST, HeaderName::from_static("last-event-id")];
    let Some(twice) = once.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) else { return Ok(()) };
    Err(Problem::new(Kind::BadRequest, format!("the header field `{twice}` is there twice")).help("send it once"))
}

fn is_webhook(route: &str) -> bool {
    route.starts_with(super::webhook::ROUTE)
}

/// What a provider packed is its plugin's to unpack, since a signature may cover the bytes as they came.
fn check_body(headers: &HeaderMap, most: usize, webhook: bool) -> Result<(), Problem> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    if !webhook && encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::new(Kind::Unsupported, "compressed bodies are not taken").help("send it as it is"));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > most)) {
        return Err(body::BodyFault::TooLarge(most).into());
    }
    Ok(())
}

fn bound(request: &mut Request, most: usize, within: Duration) {
    let inner = std::mem::take(request.body_mut());
    *request.body_mut() = body::bounded(inner, most, within);
}

/// The text of `Authorization: Bearer …`.
#[must_use]
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whose request it is: the peer's, or, when that is a trusted proxy, the last address in `X-Forwarded-For` that is
/// not one too. What stands before that could be anybody's invention.
fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|net| net.contains(&address.to_canonical()));
    if !trusted(peer) {
        return peer;
    }
    let said: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    let mut nearest = peer;
    for text in said.iter().flat_map(|line| line.split(',')).rev() {
        let Ok(address) = text.trim().parse() else { return nearest };
        nearest = address;
        if !trusted(address) {
            break;
        }
    }
    nearest
}

/// Whether connections from there are not counted by address: all of a proxy's clients come from one.
pub(super) fn shared(address: IpAddr, limits: &Limits) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || limits.proxies.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a value"));
        }
        let proxies = ["10.0.0.0/8".parse().expect("a network")];
        address(peer.parse().expect("an address"), &headers, &proxies).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(of("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_made_up_before_the_proxy_does_not_count() {
        assert_eq!(of("10.0.0.1", &["1.1.1.1, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["1.1.1.1", "198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(of("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["nonsense, 10.0.0.3"]), "10.0.0.3");
    }

    #[test]
    fn the_scheme_is_bearer() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().expect("a value"));
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(of("Bearer wane_x"), Some("wane_x".into()));
        assert_eq!(of("bearer  wane_x"), Some("wane_x".into()));
        assert_eq!(of("Basic wane_x"), None);
        assert_eq!(of("wane_x"), None);
    }
}
