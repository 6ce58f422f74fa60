//! Ends an answer that streams when the process stops, in the way gRPC ends: with a status its reader understands.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::Frame;
use observe_core::error::CommonError;
use observe_runtime::Lifecycle;
use tonic::Status;
use tonic::body::Body;

use crate::error::Error;

/// An answer's body, and what cuts it short.
struct UntilStopping {
    body: Body,
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
    ended: bool,
}

/// Returns the answer, which ends with `Unavailable` when the process stops before it has ended by itself.
pub(crate) fn until_stopping(answer: Response<Body>, life: &Lifecycle) -> Response<Body> {
    let life = life.clone();
    let stopping = Box::pin(async move { life.stopping().await });
    answer.map(|body| Body::new(UntilStopping { body, stopping, ended: false }))
}

impl http_body::Body for UntilStopping {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.stopping.as_mut().poll(cx).is_ready() {
            self.ended = true;
            self.body = Body::empty();
            return Poll::Ready(Some(trailers().map(Frame::trailers)));
        }
        let next = Pin::new(&mut self.body).poll_frame(cx);
        self.ended = matches!(next, Poll::Ready(None | Some(Err(_))));
        next
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }
}

fn trailers() -> Result<HeaderMap, Status> {
    let detail = "the stream was ended by shutdown".to_owned();
    let away = Error::from(CommonError::Unavailable { dependency: "gateway", detail });
    let mut trailers = HeaderMap::new();
    Status::from(away).add_header(&mut trailers)?;
    Ok(trailers)
}
