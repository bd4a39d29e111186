//! As little of HTTP/1.1 as the load needs: one request after another over a connection that stays open.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Fault;

pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Fault> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(1 << 16) })
    }

    /// The body of the answer, which must be a success and say how long it is.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<&[u8], Fault> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        let (head, length) = loop {
            self.more().await?;
            if let Some(found) = head(&self.answer)? {
                break found;
            }
        };
        while self.answer.len() < head + length {
            self.more().await?;
        }
        Ok(&self.answer[head..])
    }

    async fn more(&mut self) -> Result<(), Fault> {
        match self.stream.read_buf(&mut self.answer).await? {
            0 => Err("the daemon closed the connection".into()),
            _ => Ok(()),
        }
    }
}

/// Where the body begins, and how long it is; `None` when the head is not there yet.
fn head(answer: &[u8]) -> Result<Option<(usize, usize)>, Fault> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&answer[..end])?;
    if !text.starts_with("HTTP/1.1 200 ") {
        return Err(format!("not answered: {}", String::from_utf8_lossy(answer)).into());
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    Ok(Some((end + 4, length.ok_or("an answer without a length")?.parse()?)))
}
