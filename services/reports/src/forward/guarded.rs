//! The body of an answer that is given only as long as what it stands on holds.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::Frame;
use observe_core::status::to_status;
use tonic::Status;
use tonic::body::Body;

use super::UnderWay;
use crate::error::ReportsError;
use crate::ownership::{Claim, Ownership};

/// An answer from a projection. When another process may have taken the projection, it ends with `UNAVAILABLE` instead of the next
/// part of it.
pub(super) struct Guarded {
    body: Body,
    ownership: Arc<Ownership>,
    claim: Claim,
    lost: BoxFuture<'static, ()>,
    is_over: bool,
    _under_way: Option<UnderWay>,
}

impl Guarded {
    pub(super) fn new(body: Body, ownership: Arc<Ownership>, claim: Claim) -> Self {
        let watched = Arc::clone(&ownership);
        let lost = Box::pin(async move { watched.lost(claim).await });
        Self { body, ownership, claim, lost, is_over: false, _under_way: None }
    }

    /// The same, counted as being given.
    pub(super) fn with(self, under_way: UnderWay) -> Self {
        Self { _under_way: Some(under_way), ..self }
    }

    fn end(&mut self) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.is_over = true;
        let (mut trailers, moving) = (http::HeaderMap::new(), to_status(&ReportsError::Moving));
        let ended = moving.add_header(&mut trailers).map(|()| Frame::trailers(trailers));
        Poll::Ready(Some(ended))
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        // A stream may have nothing to tell for long.
        if self.lost.as_mut().poll(task).is_ready() {
            return self.end();
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(task));
        // What broke off on its way from the owner is the end of the owner, or of the way to it.
        if matches!(frame, Some(Err(_))) || frame.is_some() && !self.ownership.stands(self.claim) {
            return self.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.body.is_end_stream()
    }
}
