//! Somebody who is sent requests: answers 200 to each, and hands them on.

use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver as Heard, channel};
use std::thread;

use crate::daemon::{self, PATIENCE};
use serde_json::Value;

/// Listens on a port of the loopback, until nobody hears it any more.
#[derive(Debug)]
pub struct Receiver {
    /// The port.
    pub port: u16,
    heard: Heard<(String, Value)>,
}

impl Receiver {
    /// Starts to listen.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that has nowhere to listen fails")]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (tell, heard) = channel();
        // Ends with the test's process, or when nobody hears it any more.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                daemon::patient(&stream);
                let mut lines = BufReader::new(stream);
                let head = daemon::head(&mut lines).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                let read = lines.read_exact(&mut body);
                let answered =
                    lines.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                if read.and(answered).is_err() {
                    continue;
                }
                if tell.send((head, serde_json::from_slice(&body).unwrap_or_default())).is_err() {
                    return;
                }
            }
        });
        Self { port, heard }
    }

    /// The next request: its head in small letters, and its body, if that is JSON.
    ///
    /// # Panics
    /// When there is none in time.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test that hears nothing fails")]
    pub fn next(&self) -> (String, Value) {
        self.heard.recv_timeout(PATIENCE).expect("a request in time")
    }

    /// Whether there is no other one by now.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.heard.try_recv().is_err()
    }
}
