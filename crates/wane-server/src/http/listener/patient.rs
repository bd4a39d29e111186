//! A stream that is given up when nothing moves on it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// The length of the line by which HTTP/2 begins: so much is waited for before hyper's own time-outs count.
const PREFACE: u64 = 24;

/// A stream with two kinds of patience: the first bytes must come within `first`; after that, something must move at
/// least every `idle`.
pub(super) struct Patient<S> {
    inner: S,
    idle: Duration,
    read: u64,
    begun: bool,
    deadline: Pin<Box<Sleep>>,
}

impl<S> Patient<S> {
    pub(super) fn new(inner: S, first: Duration, idle: Duration) -> Self {
        Self { inner, idle, read: 0, begun: false, deadline: Box::pin(sleep(first)) }
    }

    fn moved(&mut self) {
        if self.begun {
            self.deadline.as_mut().reset(Instant::now() + self.idle);
        }
    }

    fn expired(&mut self, context: &mut Context<'_>) -> bool {
        self.deadline.as_mut().poll(context).is_ready()
    }
}

fn given_up<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing moved on the connection")))
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.inner).poll_read(context, buffer) {
            Poll::Ready(result) => {
                self.read += (buffer.filled().len() - before) as u64;
                self.begun |= self.read >= PREFACE;
                self.moved();
                Poll::Ready(result)
            }
            Poll::Pending if self.expired(context) => given_up(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write(context, bytes) {
            Poll::Ready(result) => {
                self.begun = true;
                self.moved();
                Poll::Ready(result)
            }
            Poll::Pending if self.expired(context) => given_up(),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
