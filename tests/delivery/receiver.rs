//! A receiver of webhooks that answers wrong, late, never, huge, elsewhere, on demand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Status(u16),
    /// 429, with so many seconds to wait.
    Later(u32),
    /// 302 to itself.
    Redirect,
    /// Nothing, until the sender gives up.
    Hangs,
    /// The connection is closed.
    Breaks,
    /// No HTTP.
    Nonsense,
    /// 200, and a body without end.
    Huge,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    }

    /// HMAC-SHA256 as RFC 2104 has it, by hand.
    pub(crate) fn expected_signature(&self, secret: &str) -> String {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let mut block = [0_u8; 64];
        block[..key.len()].copy_from_slice(&key);
        let (inner, outer) = (block.map(|byte| byte ^ 0x36), block.map(|byte| byte ^ 0x5c));
        let head = format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp"));
        let digest = Sha256::new().chain_update(inner).chain_update(head).chain_update(&self.body).finalize();
        let mac = Sha256::new().chain_update(outer).chain_update(digest).finalize();
        format!("v1,{}", STANDARD.encode(mac))
    }
}

#[derive(Default)]
struct Inner {
    answers: VecDeque<Answer>,
    redirected: usize,
}

pub(crate) struct Receiver {
    port: u16,
    inner: Arc<Mutex<Inner>>,
    calls: watch::Receiver<Vec<Call>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let inner = Arc::new(Mutex::new(Inner::default()));
        let (sender, calls) = watch::channel(Vec::new());
        let state = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            let sender = Arc::new(sender);
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, port, Arc::clone(&state), Arc::clone(&sender)));
            }
        });
        Self { port, inner, calls, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?from=wane", self.port)
    }

    /// What to answer, one after another; 200 after that.
    pub(crate) fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner.lock().expect("unpoisoned").answers.extend(answers);
    }

    pub(crate) fn followed_redirects(&self) -> usize {
        self.inner.lock().expect("unpoisoned").redirected
    }

    /// The calls, as soon as there are that many.
    pub(crate) async fn calls(&self, count: usize) -> Vec<Call> {
        let mut calls = self.calls.clone();
        let enough = calls.wait_for(|calls| calls.len() >= count);
        match tokio::time::timeout(Duration::from_secs(30), enough).await {
            Ok(Ok(calls)) => calls.clone(),
            other => panic!("{count} calls expected, {} came: {other:?}", self.calls.borrow().len()),
        }
    }

    /// The first call that tells of this conversation.
    pub(crate) async fn call_about(&self, conversation: &str) -> Call {
        let mut calls = self.calls.clone();
        let about = |call: &&Call| {
            let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap_or_default();
            body["conversation"] == conversation
        };
        let came = calls.wait_for(|calls| calls.iter().any(|call| about(&call)));
        match tokio::time::timeout(Duration::from_secs(30), came).await {
            Ok(Ok(calls)) => calls.iter().find(about).expect("it was seen").clone(),
            other => panic!("a call about {conversation} expected: {other:?}"),
        }
    }

    /// Whether no further call comes within a moment in which one would.
    pub(crate) async fn stays_at(&self, count: usize) -> bool {
        let mut calls = self.calls.clone();
        let more = calls.wait_for(|calls| calls.len() != count);
        tokio::time::timeout(Duration::from_millis(400), more).await.is_err()
    }
}

async fn serve(mut stream: TcpStream, port: u16, state: Arc<Mutex<Inner>>, calls: Arc<watch::Sender<Vec<Call>>>) {
    while let Some(call) = read(&mut stream).await {
        if call.head.starts_with("GET") || call.head.contains("/elsewhere") {
            state.lock().expect("unpoisoned").redirected += 1;
        }
        let answer = state.lock().expect("unpoisoned").answers.pop_front().unwrap_or(Answer::Status(200));
        calls.send_modify(|calls| calls.push(call));
        let text = match answer {
            Answer::Status(status) => format!("HTTP/1.1 {status} Said\r\ncontent-length: 2\r\n\r\nok"),
            Answer::Later(seconds) => {
                format!("HTTP/1.1 429 Later\r\nretry-after: {seconds}\r\ncontent-length: 0\r\n\r\n")
            }
            Answer::Redirect => format!(
                "HTTP/1.1 307 There\r\nlocation: http://127.0.0.1:{port}/elsewhere\r\ncontent-length: 0\r\n\r\n"
            ),
            Answer::Hangs => {
                let _ = stream.read(&mut [0]).await;
                return;
            }
            Answer::Breaks => return,
            Answer::Nonsense => "SMTP 220 hello\r\n\r\n".to_owned(),
            Answer::Huge => {
                let _ = stream.write_all(b"HTTP/1.1 200 Much\r\ntransfer-encoding: chunked\r\n\r\n").await;
                while stream.write_all(&[b"1000\r\n", &[b'x'; 4096][..], b"\r\n"].concat()).await.is_ok() {}
                return;
            }
        };
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let call = Call { head: head.to_owned(), body: Vec::new() };
            let start = head.len() + 4;
            let length: usize = call.header("content-length").parse().unwrap_or(0);
            if bytes.len() >= start + length {
                return Some(Call { body: bytes[start..start + length].to_vec(), ..call });
            }
        }
        let mut more = [0; 4096];
        let read = stream.read(&mut more).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&more[..read]);
    }
}
