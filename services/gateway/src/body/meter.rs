//! Bodies that pass through, of gRPC and gRPC-web: counted on their way against a limit and the budget.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use super::budget::Lease;
use crate::error::Error;

/// A byte that says whether a message is compressed, and four of its length: the limit is one of messages.
const PREFIX_BYTES: usize = 5;

/// What has passed of one body. It outlives the body: whoever takes in the bytes still holds them then.
#[derive(Clone)]
pub(crate) struct Meter(Arc<Mutex<Count>>);

struct Count {
    lease: Lease,
    limit: usize,
    /// Bytes that are held on its behalf.
    passed: usize,
    refused: Option<Refused>,
}

/// Why a body was cut short.
#[derive(Clone, Copy)]
enum Refused {
    TooLarge(usize),
    Busy,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooLarge(limit) => Self::TooLarge(limit),
            Refused::Busy => Self::Busy,
        }
    }
}

impl Meter {
    /// Returns a meter for a body with a message of at most `limit` bytes.
    pub(crate) fn new(lease: Lease, limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Count { lease, limit, passed: 0, refused: None })))
    }

    /// Returns the body, counted as it is read. It ends in an error where it breaks a rule.
    pub(crate) fn watch(&self, body: Body) -> Body {
        Body::new(Metered { body, meter: self.clone() })
    }

    /// Returns why the body was cut short, if it was.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.count().refused.map(Error::from)
    }

    /// Notes that nothing of what has passed is held any more. A stream says so after each message.
    pub(crate) fn clear(&self) {
        let mut count = self.count();
        count.passed = 0;
        count.lease.clear();
    }

    fn pass(&self, bytes: usize) -> Result<(), Error> {
        let mut count = self.count();
        let passed = count.passed + bytes;
        let refused = if passed > count.limit.saturating_add(PREFIX_BYTES) {
            Some(Refused::TooLarge(count.limit))
        } else {
            count.lease.grow(passed).err().map(|_| Refused::Busy)
        };
        count.passed = passed;
        count.refused = refused;
        refused.map_or(Ok(()), |refused| Err(refused.into()))
    }

    fn arrived(&self) {
        self.count().lease.arrived();
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Metered {
    body: Body,
    meter: Meter,
}

impl http_body::Body for Metered {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(task));
        if let Some(Ok(frame)) = &frame
            && let Err(error) = self.meter.pass(frame.data_ref().map_or(0, Bytes::len))
        {
            return Poll::Ready(Some(Err(error.into())));
        }
        if frame.is_none() || self.body.is_end_stream() {
            self.meter.arrived();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // Of a gRPC-web request in base64 the inner body tells the length before decoding; it must not become a header.
        SizeHint::default()
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        self.meter.arrived();
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::super::budget::Budget;
    use super::*;

    fn pieces(count: usize) -> Body {
        let frame = |_| Ok::<_, Status>(Frame::data(Bytes::from(vec![0; 1_024])));
        Body::new(StreamBody::new(stream::iter((0..count).map(frame))))
    }

    #[tokio::test]
    async fn memory_is_taken_as_bytes_pass_and_kept_until_the_meter_goes() {
        let budget = Budget::of(4, 0);
        let meter = Meter::new(budget.known(), 4_096);
        let mut body = meter.watch(pieces(3));
        budget.known().grow(4_096).expect("nothing is taken up front");
        body.frame().await.expect("a piece").expect("no error");
        assert!(budget.known().grow(3 * 1_024).is_ok() && budget.known().grow(4_096).is_err());
        drop(body.collect().await.expect("all"));
        assert!(budget.known().grow(2 * 1_024).is_err(), "whoever read them holds them still");
        meter.clear();
        budget.known().grow(4_096).expect("given back");
    }

    #[tokio::test]
    async fn a_body_is_cut_short_where_it_breaks_a_rule() {
        let budget = Budget::of(2, 0);
        let large = Meter::new(budget.known(), 2_048);
        assert!(large.watch(pieces(3)).collect().await.is_err());
        assert!(matches!(large.refusal(), Some(Error::TooLarge(2_048))));
        drop(large);
        let hungry = Meter::new(budget.known(), 1 << 20);
        assert!(hungry.watch(pieces(3)).collect().await.is_err());
        assert!(matches!(hungry.refusal(), Some(Error::Busy)));
        drop(hungry);
        let fine = Meter::new(budget.known(), 2_048);
        assert!(fine.watch(pieces(2)).collect().await.is_ok() && fine.refusal().is_none());
    }

    #[tokio::test]
    async fn an_upload_ends_with_its_body() {
        let budget = Budget::of(0, 1_024);
        let meters: Vec<_> =
            (0..100).map_while(|_| Some(Meter::new(budget.stranger(None).ok()?, 2_048))).collect();
        assert!(budget.stranger(None).is_err());
        drop(meters[0].watch(pieces(2)).collect().await.expect("all"));
        budget.stranger(None).expect("one has arrived");
        drop(meters[1].watch(pieces(2)));
        budget.stranger(None).expect("one was given up");
    }
}
