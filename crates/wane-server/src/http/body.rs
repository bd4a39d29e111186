//! Bodies of requests: how long they may take to arrive, and how large they may be.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use thiserror::Error;
use tokio::time::{Sleep, sleep};

/// Why a body is not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BodyFault {
    /// It is larger than this many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// It did not come in time.
    #[error("the body did not come in time")]
    Slow,
    /// The connection broke, or the framing is wrong.
    #[error("the body broke off")]
    Broken,
}

/// A body that ends with an error when it is too large, or not there in time. The time runs from the first look at it:
/// whoever answers without reading the body is not hurried by it.
struct Bounded {
    inner: Body,
    left: usize,
    limit: usize,
    within: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

/// Bounds a body.
pub(super) fn bounded(inner: Body, limit: usize, within: Duration) -> Body {
    Body::new(Bounded { inner, left: limit, limit, within, deadline: None })
}

impl Bounded {
    fn late(&mut self, context: &mut Context<'_>) -> bool {
        let within = self.within;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(within)));
        deadline.as_mut().poll(context).is_ready()
    }

    fn count(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyFault> {
        let length = frame.data_ref().map_or(0, Bytes::len);
        self.left = self.left.checked_sub(length).ok_or(BodyFault::TooLarge(self.limit))?;
        Ok(frame)
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(self.count(frame))),
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(BodyFault::Broken))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.late(context) => Poll::Ready(Some(Err(BodyFault::Slow))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Reads a body to its end.
///
/// # Errors
/// [`BodyFault`].
pub(crate) async fn whole(body: Body) -> Result<Bytes, BodyFault> {
    let collected = body.collect().await.map_err(|error| {
        let fault = error.into_inner().downcast::<BodyFault>();
        fault.map_or(BodyFault::Broken, |fault| *fault)
    })?;
    Ok(collected.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_at_the_limit_is_whole_and_one_beyond_it_is_not() {
        let long = Duration::from_secs(60);
        let exact = bounded(Body::from(vec![7; 100]), 100, long);
        assert_eq!(whole(exact).await.map(|bytes| bytes.len()), Ok(100));
        let beyond = bounded(Body::from(vec![7; 101]), 100, long);
        assert_eq!(whole(beyond).await, Err(BodyFault::TooLarge(100)));
    }

    #[tokio::test]
    async fn a_body_that_never_comes_is_given_up() {
        let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(whole(bounded(never, 100, Duration::from_millis(20))).await, Err(BodyFault::Slow));
    }
}
