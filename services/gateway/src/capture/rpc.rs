//! The Capture RPCs. Events are taken off the wire as bytes and decoded one by one, so that one that cannot be decoded is
//! rejected alone; the generated server would refuse the whole batch.

use std::sync::Arc;

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
use super::draft::{self, Unreadable};
use super::judge::Outcome;
use super::limits::EVENTS_MAX;
use super::sender::{Place, Sender};
use super::time::{Received, SentTime};
use crate::auth::Auth;
use crate::error::Error;

/// `CaptureRequest` on the wire, its events still encoded.
#[derive(Clone, PartialEq, prost::Message)]
struct Batch {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    events: Vec<Bytes>,
    #[prost(message, optional, tag = "2")]
    sent_time: Option<Timestamp>,
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
            let (capture, sender) = (capture.clone(), caller.sender.clone());
            async move {
                let receipts = accept(&capture, &sender, request.into_inner()).await?;
                Ok(tonic::Response::new(CaptureResponse { receipts }))
            }
        };
        server.unary(tower::service_fn(answer), request).await
    }

    /// Answers `CaptureStream`.
    pub(crate) async fn stream(&self, caller: Caller, request: WireRequest) -> WireResponse {
        let codec = ProstCodec::<CaptureStreamResponse, StreamedBatch>::default();
        let mut server = tonic::server::Grpc::new(codec)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(caller.sender.body_bytes_max());
        let this = self.clone();
        let answer = move |request: tonic::Request<Streaming<StreamedBatch>>| {
            let answers = this.clone().answers(caller.clone(), request.into_inner());
            async move { Ok(tonic::Response::new(answers)) }
        };
        server.streaming(tower::service_fn(answer), request).await
    }

    fn answers(
        self,
        caller: Caller,
        batches: Streaming<StreamedBatch>,
    ) -> impl Stream<Item = Result<CaptureStreamResponse, Status>> + Send + use<> {
        stream::try_unfold((self, caller, batches), |(this, caller, mut batches)| async move {
            let next = tokio::select! {
                next = batches.message() => next?,
                () = this.life.stopping() => return Err(stopping()),
            };
            let Some(next) = next else { return Ok(None) };
            let principal = this.auth.principal(caller.token.expose()).await?;
            let sender = Sender::admit(&principal, Place::Header, &caller.headers)?;
            let receipts = accept(&this.capture, &sender, next.batch.unwrap_or_default()).await?;
            Ok(Some((CaptureStreamResponse { receipts }, (this, caller, batches))))
        })
    }
}

async fn accept(capture: &Capture, sender: &Sender, batch: Batch) -> Result<Vec<Receipt>, Status> {
    if batch.events.len() > EVENTS_MAX {
        let mut violations = Violations::new();
        violations.add("events", format!("must be at most {EVENTS_MAX}"));
        return Err(Error::from(CommonError::from(violations)).into());
    }
    let sent = batch.sent_time.map_or(SentTime::Absent, SentTime::from_message);
    let received = Received::new(capture.now(), sent);
    let drafts = batch.events.into_iter().map(draft::from_message);
    let outcomes = capture.accept(sender, drafts, received).await?;
    Ok((0..).zip(outcomes).map(|(index, outcome)| receipt(index, outcome)).collect())
}

fn receipt(index: u32, outcome: Outcome) -> Receipt {
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
