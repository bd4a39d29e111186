//! One request out: resolved, checked, sent, bounded in time and size; redirects are not followed, proxies of the
//! environment not used.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, redirect};
use rustls_platform_verifier::BuilderVerifierExt as _;
use thiserror::Error;
use wane_core::time::Timestamp;
use zeroize::Zeroizing;

use super::target::{Reach, Target, TargetError};

/// How much of an answer is read before the connection is given up.
const ANSWER: usize = 64 << 10;
/// How many receivers keep connections that can be used again.
const KEPT: usize = 256;

/// Sends requests.
pub struct Sender {
    reach: Reach,
    tls: rustls::ClientConfig,
    connect: Duration,
    within: Duration,
    /// By host and port.
    clients: Mutex<BTreeMap<(String, u16), Pinned>>,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// The addresses that were checked, and a client that connects to no others.
type Pinned = (Vec<SocketAddr>, Client);

/// A request to send; it may hold secrets.
pub struct Outgoing {
    /// `POST`, mostly.
    pub method: Method,
    /// Where to.
    pub target: Target,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

/// What the receiver said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long it asks to be left alone, in milliseconds.
    pub retry_after: Option<i64>,
}

/// Why there is no answer. The words are for people and hold nothing of the request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// The request may not go there.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No connection.
    #[error("no connection to the receiver")]
    Connect,
    /// It took too long.
    #[error("no answer in time")]
    Slow,
    /// The connection broke, or the answer is no HTTP.
    #[error("the connection broke, or the answer is not HTTP")]
    Broken,
    /// The client could not be set up.
    #[error("the request can not be made")]
    Setup,
}

/// Why a sender can not be set up: the system's certificates, mostly.
#[derive(Debug, Error)]
#[error("TLS for deliveries can not be set up: {0}")]
pub struct SetupError(#[from] rustls::Error);

impl Sender {
    /// A sender that gives connecting, and a whole attempt, this much time.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(reach: Reach, connect: Duration, within: Duration) -> Result<Self, SetupError> {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Ok(Self { reach, tls, connect, within, clients: Mutex::default() })
    }

    /// What it may reach.
    #[must_use]
    pub const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Sends a request. The receiver's addresses are asked for and checked anew each time. `now` dates an answer's
    /// `Retry-After`.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, outgoing: Outgoing, now: Timestamp) -> Result<Answer, SendError> {
        let attempt = self.attempt(outgoing, now);
        tokio::time::timeout(self.within, attempt).await.unwrap_or(Err(SendError::Slow))
    }

    async fn attempt(&self, mut outgoing: Outgoing, now: Timestamp) -> Result<Answer, SendError> {
        let addresses = outgoing.target.resolve(&self.reach, self.connect).await?;
        let client = self.client(&outgoing.target, addresses)?;
        let request = client.request(outgoing.method, outgoing.target.url().clone());
        let body = std::mem::take(&mut *outgoing.body);
        let response = request.headers(outgoing.headers).body(body).send().await.map_err(|error| sort(&error))?;
        let answer = Answer {
            status: response.status().as_u16(),
            retry_after: response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value, now)),
        };
        drain(response).await;
        Ok(answer)
    }

    /// A client that connects to these addresses only. It keeps its connections for as long as the name leads there.
    fn client(&self, target: &Target, addresses: Vec<SocketAddr>) -> Result<Client, SendError> {
        let url = target.url();
        let key = (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or_default());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.get(&key).filter(|(known, _)| *known == addresses) {
            return Ok(client.clone());
        }
        let client = self.build(target, &addresses).map_err(|_| SendError::Setup)?;
        if clients.len() >= KEPT {
            clients.clear();
        }
        clients.insert(key, (addresses, client.clone()));
        Ok(client)
    }

    fn build(&self, target: &Target, addresses: &[SocketAddr]) -> reqwest::Result<Client> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("wane/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect)
            .timeout(self.within)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(8);
        if let Some(domain) = target.domain() {
            builder = builder.resolve_to_addrs(domain, addresses);
        }
        builder.build()
    }
}

fn sort(error: &reqwest::Error) -> SendError {
    if error.is_connect() {
        SendError::Connect
    } else if error.is_timeout() {
        SendError::Slow
    } else if error.is_builder() {
        SendError::Setup
    } else {
        SendError::Broken
    }
}

/// Reads a short answer to its end, so that the connection can be used again. What is in it is nobody's business.
async fn drain(mut response: Response) {
    let mut left = ANSWER;
    while let Ok(Some(chunk)) = response.chunk().await {
        match left.checked_sub(chunk.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}

/// Milliseconds from `Retry-After`: seconds, or an HTTP date.
fn retry_after(value: &HeaderValue, now: Timestamp) -> Option<i64> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1_000);
    }
    Some(http_date(text)?.millis_since(now).max(0))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = text.split(' ').collect();
    let &[_, day, month, year, time, "GMT"] = &parts[..] else { return None };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    Timestamp::parse(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

/// Headers from texts.
///
/// # Errors
/// The name of the first one that is no header; its value may be a secret.
pub fn headers<'a>(given: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let bad = || format!("`{name}` is no header, or its value can not be one");
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.append(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse("2026-03-01T09:00:00Z").expect("valid");
        let read = |text: &'static str| retry_after(&HeaderValue::from_static(text), now);
        assert_eq!(read("120"), Some(120_000));
        assert_eq!(read("Sun, 01 Mar 2026 09:01:30 GMT"), Some(90_000));
        assert_eq!(read("Sun, 01 Mar 2026 08:00:00 GMT"), Some(0));
        for nonsense in ["", "soon", "-5", "1e9", "Sun, 01 Foo 2026 09:01:30 GMT", "9999999999999"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
