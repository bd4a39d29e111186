//! Connections over real sockets: slow heads and bodies, caps, draining.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::support::{House, message};
use crate::http::listener::Door;
use crate::tokens::Scope;

const SOON: Duration = Duration::from_secs(30);

async fn open(house: &House) -> (String, JoinHandle<()>) {
    let door = Door::open(&house.app.config).await.expect("a listener");
    let address = door.address().to_string();
    let written = std::fs::read_to_string(house.app.config.data.join("address")).expect("a file");
    assert_eq!(written.trim_end(), address);
    (address, tokio::spawn(door.serve(house.app.clone())))
}

async fn connect(address: &str) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// Everything until the other end closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("it is closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn post(house: &House, length: usize) -> String {
    format!(
        "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
        house.token(Scope::EventsWrite)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_goes_through_a_socket_and_the_end_is_orderly() {
    let house = House::new();
    let (address, serving) = open(&house).await;
    let mut stream = connect(&address).await;
    let body = message("e1", "c1");
    stream.write_all((post(&house, body.len()) + body.as_str()).as_bytes()).await.expect("sent");
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("session.opened"), "{answer}");
    house.app.stop.now();
    timeout(SOON, serving).await.expect("it ends").expect("no panic");
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_progress_is_answered_before_the_end() {
    let house = House::new();
    let (address, serving) = open(&house).await;
    let mut stream = connect(&address).await;
    let body = message("e1", "c1");
    let head = post(&house, body.len()).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    // The daemon asks for the body once the request is in progress.
    let mut asked = [0; 25];
    timeout(SOON, stream.read_exact(&mut asked)).await.expect("in time").expect("asked");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&body.as_bytes()[..10]).await.expect("sent");
    stream.write_all(&body.as_bytes()[10..20]).await.expect("sent");
    house.app.stop.now();
    stream.write_all(&body.as_bytes()[20..]).await.expect("sent");
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    timeout(SOON, serving).await.expect("it ends").expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_and_silence_are_given_up() {
    let house = House::with(|config| config.limits.head_within = Duration::from_millis(200));
    let (address, _serving) = open(&house).await;
    for sent in ["", "PRI", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let mut stream = connect(&address).await;
        stream.write_all(sent.as_bytes()).await.expect("sent");
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("200 OK"), "{sent}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_408_and_nothing_is_applied() {
    let house = House::with(|config| config.limits.body_within = Duration::from_millis(200));
    let (address, _serving) = open(&house).await;
    let mut stream = connect(&address).await;
    let body = message("e1", "c1");
    stream.write_all((post(&house, body.len()) + &body[..20]).as_bytes()).await.expect("sent");
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("/problems/slow-body"), "{answer}");
    assert_eq!(house.get("/v1/sessions/c1", Scope::SessionsRead).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_limits() {
    let house = House::new();
    let (address, _serving) = open(&house).await;
    let many: String = (0..100).map(|number| format!("x-{number}: y\r\n")).collect();
    let long = format!("x-long: {}\r\n", "y".repeat(64 << 10));
    for fields in [many, long] {
        let mut stream = connect(&address).await;
        let head = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{fields}\r\n");
        // The other end may close while this is still being sent.
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_counted_and_the_next_one_waits() {
    let house = House::with(|config| config.limits.connections = 1);
    let (address, _serving) = open(&house).await;
    let first = connect(&address).await;
    let since = Instant::now();
    while !house.app.metrics.encode().expect("text").contains("wane_http_connections 1") {
        assert!(since.elapsed() < SOON);
        tokio::task::yield_now().await;
    }
    let mut second = connect(&address).await;
    second.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut byte = [0];
    assert!(timeout(Duration::from_millis(200), second.read(&mut byte)).await.is_err(), "there is no room");
    drop(first);
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200"));
}
