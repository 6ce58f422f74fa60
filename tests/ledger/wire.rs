//! The wires on which senders send, and what an answer means on each.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use observe_proto::events::v1::CaptureRequest;
use observe_proto::events::v1::capture_service_client::CaptureServiceClient;
use observe_proto::events::v1::receipt::Outcome;
use serde_json::{Value, json};
use tonic::codec::CompressionEncoding;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use crate::book::Verdict;
use crate::sample::Sample;
use crate::world::WRITE_KEY;

/// How long a client waits for an answer. The server answers within ten seconds if it lives.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// How a sender speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// `POST /v1/events`.
    Http,
    /// The same, compressed.
    HttpGzip,
    /// `POST /batch`, as PostHog's server SDKs send.
    PostHog,
    /// The Capture RPC.
    Grpc,
    /// The same, compressed.
    GrpcGzip,
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// One verdict an event.
    Told(Vec<Verdict>),
    /// Come again after this time.
    Refused(Duration),
    /// Nothing that counts; with what was seen instead.
    Unknown(String),
    /// Something that the contract does not have.
    Wrong(String),
}

/// Sends a write key with every call.
#[derive(Clone)]
pub(crate) struct WithKey;

impl Interceptor for WithKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value = format!("Bearer {WRITE_KEY}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}

/// One client.
pub(crate) struct Client {
    wire: Wire,
    base: String,
    http: reqwest::Client,
    grpc: CaptureServiceClient<InterceptedService<Channel, WithKey>>,
}

impl Client {
    pub(crate) fn new(wire: Wire, base: &str) -> Self {
        let http = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build().unwrap();
        let channel = Endpoint::from_shared(base.to_owned()).unwrap().timeout(ANSWER_TIMEOUT);
        let grpc = CaptureServiceClient::with_interceptor(channel.connect_lazy(), WithKey);
        let grpc = match wire {
            Wire::GrpcGzip => grpc.send_compressed(CompressionEncoding::Gzip),
            _ => grpc,
        };
        Self { wire, base: base.to_owned(), http, grpc }
    }

    pub(crate) async fn send(&mut self, batch: &[Sample]) -> Answer {
        match self.wire {
            Wire::Http | Wire::HttpGzip | Wire::PostHog => self.post(batch).await,
            Wire::Grpc | Wire::GrpcGzip => self.call(batch).await,
        }
    }

    async fn post(&self, batch: &[Sample]) -> Answer {
        let body = match batch {
            many if self.wire == Wire::PostHog => {
                let events: Vec<Value> = many.iter().map(Sample::to_posthog).collect();
                json!({"api_key": WRITE_KEY, "batch": events})
            }
            [one] => one.to_json(),
            many => many.iter().map(Sample::to_json).collect(),
        };
        let body = body.to_string().into_bytes();
        let post = match self.wire {
            Wire::PostHog => self.http.post(format!("{}/batch", self.base)),
            _ => self.http.post(format!("{}/v1/events", self.base)).bearer_auth(WRITE_KEY),
        };
        let post = match self.wire {
            Wire::Http => post.body(body),
            _ => post.header("content-encoding", "gzip").body(gzip(&body)),
        };
        let response = match post.send().await {
            Ok(response) => response,
            Err(error) => return Answer::Unknown(format!("{:?}: {error:?}", self.wire)),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = match response.text().await {
            Ok(text) => text,
            Err(error) => return Answer::Unknown(format!("{:?}: {error:?}", self.wire)),
        };
        let retry_after =
            headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        match (status, retry_after) {
            (200 | 202, _) => told(batch.len(), &text),
            (429 | 503, Some(seconds)) => Answer::Refused(Duration::from_secs(seconds)),
            (504, _) => Answer::Unknown(text),
            _ => Answer::Wrong(format!("HTTP {status}, Retry-After {retry_after:?}: {text}")),
        }
    }

    async fn call(&mut self, batch: &[Sample]) -> Answer {
        let events = batch.iter().map(Sample::to_message).collect();
        let request = CaptureRequest { events, ..CaptureRequest::default() };
        match self.grpc.capture(request).await {
            Ok(response) => {
                let receipts = response.into_inner().receipts;
                if receipts.len() != batch.len() {
                    return Answer::Wrong(format!("{} receipts", receipts.len()));
                }
                let verdict = |outcome| match outcome {
                    Outcome::Rejected => Verdict::Rejected,
                    _ => Verdict::Acknowledged,
                };
                Answer::Told(receipts.iter().map(|receipt| verdict(receipt.outcome())).collect())
            }
            Err(status) => judge(&status),
        }
    }
}

/// Tells a server's refusal, which says when to come again, from a connection that broke.
fn judge(status: &Status) -> Answer {
    let delay = status.get_error_details().retry_info().and_then(|info| info.retry_delay);
    match (status.code(), delay) {
        (Code::Unavailable | Code::ResourceExhausted, Some(delay)) => Answer::Refused(delay),
        (Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded, None) => {
            Answer::Unknown(format!("{status:?}"))
        }
        // An HTTP/2 connection that ends in the middle of an answer.
        (Code::Internal, None) if status.message().contains("h2 protocol error") => {
            Answer::Unknown(format!("{status:?}"))
        }
        _ => Answer::Wrong(format!("{status:?}")),
    }
}

fn told(events: usize, text: &str) -> Answer {
    let Ok(summary) = serde_json::from_str::<Value>(text) else {
        return Answer::Wrong(format!("no summary: {text}"));
    };
    let mut verdicts = vec![Verdict::Acknowledged; events];
    for rejected in summary["rejected"].as_array().into_iter().flatten() {
        let index = rejected["index"].as_u64().and_then(|index| usize::try_from(index).ok());
        match index.and_then(|index| verdicts.get_mut(index)) {
            Some(verdict) => *verdict = Verdict::Rejected,
            None => return Answer::Wrong(format!("no such event was sent: {text}")),
        }
    }
    let accepted = verdicts.iter().filter(|verdict| **verdict == Verdict::Acknowledged).count();
    if summary.get("accepted").is_some_and(|told| *told != json!(accepted)) {
        return Answer::Wrong(format!("{accepted} should be accepted: {text}"));
    }
    Answer::Told(verdicts)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}
