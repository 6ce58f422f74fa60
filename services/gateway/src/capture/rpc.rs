//! The Capture RPCs. Events are taken off the wire as bytes and decoded one by one, so that one that cannot be decoded is
//! rejected alone; the generated server would refuse the whole batch.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, Stream};
use http::HeaderMap;
use observe_core::error::CommonError;
use observe_core::{Secret, Violations};
use observe_proto::events::v1::receipt::Outcome as WireOutcome;
use observe_proto::events::v1::{CaptureResponse, CaptureStreamResponse, Receipt};
use observe_runtime::Lifecycle;
use prost_types::Timestamp;
use tonic::codec::CompressionEncoding;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;

use super::Capture;
use super::delivery::{Delivery, Visitor};
use super::draft::{self, Unreadable};
use super::judge::Outcome;
use super::limits::EVENTS_MAX;
use super::sender::{Place, Sender};
use super::time::{Received, SentTime};
use crate::auth::Auth;
use crate::body::Meter;
use crate::error::{self, Error};
use crate::rejections::code;
use crate::rejections::sample::Sources;

/// What the RPCs are called where rejected events are shown.
pub(super) const ENDPOINT: &str = "Capture";
/// How long a stream may take to send its next batch: until it is complete, what has come of it takes up memory.
const STREAM_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// `CaptureRequest` on the wire, its events still encoded.
#[derive(Clone, PartialEq, prost::Message)]
struct Batch {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    events: Vec<Bytes>,
    #[prost(message, optional, tag = "2")]
    sent_time: Option<Timestamp>,
    #[prost(bool, tag = "3")]
    historical: bool,
}

/// `CaptureStreamRequest` on the wire.
#[derive(Clone, PartialEq, prost::Message)]
struct StreamedBatch {
    #[prost(message, optional, tag = "1")]
    batch: Option<Batch>,
}

/// Serves both RPCs.
#[derive(Clone)]
pub(crate) struct CaptureRpc {
    capture: Capture,
    auth: Arc<Auth>,
    life: Lifecycle,
}

/// One caller, and what it was admitted by: a stream outlives the minute in which a revoked key must be refused.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) sender: Sender,
    pub(crate) token: Secret,
    pub(crate) headers: HeaderMap,
    pub(crate) visitor: Visitor,
}

type WireRequest = http::Request<tonic::body::Body>;
type WireResponse = http::Response<tonic::body::Body>;

impl CaptureRpc {
    pub(crate) fn new(capture: Capture, auth: Arc<Auth>, life: Lifecycle) -> Self {
        Self { capture, auth, life }
    }

    /// Answers `Capture`.
    pub(crate) async fn unary(&self, caller: Caller, request: WireRequest) -> WireResponse {
        let codec = ProstCodec::<CaptureResponse, Batch>::default();
        let mut server = tonic::server::Grpc::new(codec)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(caller.sender.body_bytes_max());
        let capture = self.capture.clone();
        let answer = move |request: tonic::Request<Batch>| {
            let (capture, caller) = (capture.clone(), caller.clone());
            async move {
                let Caller { sender, visitor, .. } = caller;
                let receipts = accept(&capture, &sender, visitor, request.into_inner()).await?;
                Ok(tonic::Response::new(CaptureResponse { receipts }))
            }
        };
        server.unary(tower::service_fn(answer), request).await
    }

    /// Answers `CaptureStream`. The meter is the one that counts its body.
    pub(crate) async fn stream(
        &self,
        caller: Caller,
        request: WireRequest,
        meter: Meter,
    ) -> WireResponse {
        let codec = ProstCodec::<CaptureStreamResponse, StreamedBatch>::default();
        let mut server = tonic::server::Grpc::new(codec)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(caller.sender.body_bytes_max());
        let this = self.clone();
        let answer = move |request: tonic::Request<Streaming<StreamedBatch>>| {
            let answers = this.clone().answers(caller.clone(), request.into_inner(), meter.clone());
            async move { Ok(tonic::Response::new(answers)) }
        };
        server.streaming(tower::service_fn(answer), request).await
    }

    fn answers(
        self,
        caller: Caller,
        batches: Streaming<StreamedBatch>,
        meter: Meter,
    ) -> impl Stream<Item = Result<CaptureStreamResponse, Status>> + Send + use<> {
        let begun = (self, caller, batches, meter);
        stream::try_unfold(begun, |(this, caller, mut batches, meter)| async move {
            let next = tokio::select! {
                next = in_time(STREAM_IDLE_TIMEOUT, batches.message()) => {
                    next.map_err(error::corrected)?
                }
                () = this.life.stopping() => return Err(stopping()),
            };
            let Some(next) = next else { return Ok(None) };
            let owner = this.auth.owner(caller.token.expose()).await?;
            let sender = Sender::admit(&owner, Place::Header, &caller.headers)?;
            let batch = next.batch.unwrap_or_default();
            let events = batch.events.len();
            let accepted = accept(&this.capture, &sender, caller.visitor.clone(), batch).await;
            let told = (ENDPOINT, events);
            let receipts = accepted.inspect_err(|status| {
                this.capture.note_refused(&sender, told, &caller.visitor, status);
            })?;
            meter.clear();
            Ok(Some((CaptureStreamResponse { receipts }, (this, caller, batches, meter))))
        })
    }
}

async fn in_time<T>(
    limit: Duration,
    next: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    tokio::time::timeout(limit, next).await.unwrap_or_else(|_| Err(Error::TimedOut.into()))
}

async fn accept(
    capture: &Capture,
    sender: &Sender,
    visitor: Visitor,
    batch: Batch,
) -> Result<Vec<Receipt>, Status> {
    check_count(batch.events.len())?;
    let sent = batch.sent_time.map_or(SentTime::Absent, SentTime::from_message);
    let received = Received::new(capture.now(), sent);
    let drafts = batch.events.iter().map(draft::from_message);
    let sources = Sources::Messages(&batch.events);
    let mut delivery = Delivery::new(ENDPOINT, received, visitor).of(sources);
    delivery.historical = batch.historical;
    let outcomes = capture.accept(sender, drafts, &delivery).await?;
    Ok((0..).zip(outcomes).map(|(index, outcome)| receipt(index, outcome)).collect())
}

/// Checks how many events a batch has.
///
/// # Errors
/// `Invalid` for more than there may be.
pub(super) fn check_count(events: usize) -> Result<(), Error> {
    if events <= EVENTS_MAX {
        return Ok(());
    }
    let mut violations = Violations::new();
    violations.add("events", format!("must be at most {EVENTS_MAX}"));
    Err(Error::Unusable(code::TOO_MANY_EVENTS, violations))
}

/// Returns the receipt of the event at `index`.
pub(super) fn receipt(index: u32, outcome: Outcome) -> Receipt {
    let (uuid, outcome, reject) = match outcome {
        Outcome::Accepted(uuid) => (Some(uuid), WireOutcome::Accepted, None),
        Outcome::Duplicate(uuid) => (Some(uuid), WireOutcome::Duplicate, None),
        Outcome::Rejected(Unreadable { uuid, reject }) => {
            (uuid, WireOutcome::Rejected, Some(reject))
        }
    };
    Receipt {
        index,
        uuid: uuid.map(|uuid| uuid.to_string()).unwrap_or_default(),
        outcome: outcome.into(),
        code: reject.as_ref().map(|reject| reject.code.as_str().to_owned()).unwrap_or_default(),
        message: reject.map(|reject| reject.message).unwrap_or_default(),
    }
}

fn stopping() -> Status {
    let detail = "the stream was ended by shutdown".to_owned();
    Error::from(CommonError::Unavailable { dependency: "gateway", detail }).into()
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn a_stream_that_sends_nothing_is_ended() {
        let silent = in_time(Duration::from_millis(1), std::future::pending::<Result<(), _>>());
        assert_eq!(silent.await.expect_err("no batch").code(), Code::Unavailable);
        let sent = in_time(STREAM_IDLE_TIMEOUT, std::future::ready(Ok(7)));
        assert_eq!(sent.await.expect("a batch"), 7);
    }
}
