//! The listener: connections, their number, their time-outs, and the end.
//!
//! Connections are served by hyper's builder with a timer: without one a head that is never finished would be waited for
//! without end. What a request may take is bounded in `guard` and `body`.

mod patient;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::guard::{self, Peer};
use super::{router, tls};
use crate::app::App;
use crate::config::{Config, Limits};
use patient::Patient;

/// The most bytes of a request's head.
const HEAD_BYTES: usize = 16 << 10;

/// The most fields of a request's head.
const HEAD_FIELDS: usize = 64;

/// A listener that is bound and not yet served.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls(TlsAcceptor);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// Why there is no listener.
#[derive(Debug, Error)]
pub enum DoorError {
    /// The address can not be had.
    #[error("`{address}` can not be listened on: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The address can not be written down.
    #[error("`{}`: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// Certificate or key can not be used.
    #[error("`{key}`: `{}`: {what}", .path.display())]
    Tls {
        /// Which of the two: `tls.cert` or `tls.key`.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl Door {
    /// Whether certificate and key can be used, if there are any; nothing is bound.
    ///
    /// # Errors
    /// [`DoorError::Tls`].
    pub fn check(config: &Config) -> Result<(), DoorError> {
        config.tls.as_ref().map(tls::acceptor).transpose().map(drop)
    }

    /// Binds the configured address and writes it to `DATA/address`.
    ///
    /// # Errors
    /// [`DoorError`].
    pub async fn open(config: &Config) -> Result<Self, DoorError> {
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?.map(Tls);
        let bind = |error| DoorError::Bind { address: config.listen, error };
        let listener = TcpListener::bind(config.listen).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let path = config.data.join("address");
        fs::write(&path, format!("{address}\n")).map_err(|error| DoorError::File { path, error })?;
        Ok(Self { listener, address, tls })
    }

    /// The address in use.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it speaks TLS.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves until [`App::stop`](crate::app::Parts::stop) is said; then lets requests in progress end, for as long as
    /// `limits.drain`.
    pub async fn serve(self, app: App) {
        let limits = app.config.limits.clone();
        let most = usize::try_from(limits.connections.max(1)).unwrap_or(Semaphore::MAX_PERMITS);
        let hall = Arc::new(Hall {
            router: router(app.clone()),
            builder: builder(&limits),
            tls: self.tls,
            room: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            crowd: Crowd::default(),
            limits: limits.clone(),
            app: app.clone(),
        });
        let tokens = tokio::spawn(refresh_tokens(app.clone()));
        tokio::select! {
            () = accept(&self.listener, &hall) => {}
            () = app.stop.said() => {}
        }
        drop(self.listener);
        tokens.abort();
        if timeout(limits.drain, hall.drained()).await.is_err() {
            tracing::warn!("connections were still open when the time to drain was over");
        }
    }
}

/// Whoever revokes a token on the command line means it now.
async fn refresh_tokens(app: App) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        every.tick().await;
        match app.tokens.refresh() {
            Ok(false) => {}
            Ok(true) => tracing::info!("the tokens were read again"),
            Err(error) => tracing::error!(%error, "the tokens stay as they were"),
        }
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_headers(HEAD_FIELDS)
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(64)
        .max_pending_accept_reset_streams(20)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

/// What the connections share.
struct Hall {
    router: Router,
    builder: Builder<TokioExecutor>,
    tls: Option<Tls>,
    room: Arc<Semaphore>,
    crowd: Crowd,
    limits: Limits,
    app: App,
}

impl Hall {
    /// Returns when every connection is closed: each holds a permit until then.
    async fn drained(&self) {
        let _ = self.room.acquire_many(self.limits.connections.max(1)).await;
    }
}

async fn accept(listener: &TcpListener, hall: &Arc<Hall>) {
    loop {
        // Nobody closes the semaphore. When all permits are out, the next connection waits in the system's queue.
        let Ok(permit) = hall.room.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => welcome(stream, peer, (permit, hall)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of descriptors, most likely: to ask again at once would only burn time.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn welcome(stream: TcpStream, peer: SocketAddr, (permit, hall): (OwnedSemaphorePermit, &Arc<Hall>)) {
    let shared = guard::shared(peer.ip(), &hall.limits);
    let most = if shared { u32::MAX } else { hall.limits.connections_per_address };
    if !hall.crowd.enter(peer.ip(), most) {
        hall.app.metrics.limited("connections");
        return;
    }
    let hall = hall.clone();
    tokio::spawn(async move {
        hall.app.metrics.connected();
        hall.serve(stream, peer).await;
        hall.app.metrics.disconnected();
        hall.crowd.leave(peer.ip());
        drop(permit);
    });
}

impl Hall {
    async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        // Answers are written whole; waiting to fill packets only makes small ones late.
        let _ = stream.set_nodelay(true);
        let stream = Patient::new(stream, self.limits.head_within, self.limits.idle);
        let Some(Tls(tls)) = &self.tls else { return self.speak(stream, peer).await };
        match timeout(self.limits.head_within, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.speak(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
            Err(_) => tracing::debug!("no TLS in time"),
        }
    }

    async fn speak<S>(&self, stream: S, peer: SocketAddr)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let router = self.router.clone();
        let service = tower::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request)
        });
        let service = TowerToHyperService::new(service);
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.app.stop.said() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error, "a connection ended badly");
        }
    }
}

/// How many connections each address has.
#[derive(Debug, Default)]
struct Crowd(Mutex<BTreeMap<IpAddr, u32>>);

impl Crowd {
    fn enter(&self, address: IpAddr, most: u32) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return false;
        }
        *count += 1;
        true
    }

    fn leave(&self, address: IpAddr) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_connections_and_no_more() {
        let crowd = Crowd::default();
        let [one, other]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().expect("an address"));
        assert!(crowd.enter(one, 2) && crowd.enter(one, 2));
        assert!(!crowd.enter(one, 2));
        assert!(crowd.enter(other, 2));
        crowd.leave(one);
        assert!(crowd.enter(one, 2));
        for address in [one, one, other] {
            crowd.leave(address);
        }
        assert!(crowd.0.lock().expect("whole").is_empty(), "nobody is remembered who is gone");
    }

    #[test]
    fn only_shared_addresses_are_not_counted() {
        let proxies = vec!["10.0.0.0/8".parse().expect("a network")];
        let limits = Limits { proxies, ..Limits::default() };
        let shared = |text: &str| guard::shared(text.parse().expect("an address"), &limits);
        assert!(shared("127.0.0.1") && shared("::1") && shared("10.1.2.3") && shared("::ffff:10.1.2.3"));
        assert!(!shared("192.0.2.1"));
    }
}
