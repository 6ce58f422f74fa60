//! Handing accepted events and spans to the events service: concurrent requests travel as one call, so that the hop is not
//! paid by each.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::uri::PathAndQuery;
use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_proto::events::v1::{
    AcceptedEvent, ProjectEvents, ProjectSpans, ServerSpan, WriteEventsResponse,
};
use observe_runtime::Lifecycle;
use observe_runtime::client::ServiceChannel;
use observe_runtime::traces::Here;
use prost::Message as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use crate::error::Error;

/// Requests that may wait.
const REQUESTS_WAITING_MAX: usize = 4_096;
/// KiB of events that may wait or be under way.
const KIB_WAITING_MAX: usize = 128 * 1024;
/// Requests in one call.
const CALL_REQUESTS_MAX: usize = 256;
/// Bytes of one call; what receives it refuses more than 4 MiB.
const CALL_BYTES_MAX: usize = 3_584 * 1024;
/// Calls under way at once. While all are, requests gather for the next one.
const CALLS_MAX: u32 = 4;
/// Bytes that are worth a call of their own while another is under way. Less gathers until that one ends: a call and its
/// fsync cost the same for one event as for a hundred, and at a high rate of small requests they are most of the cost.
const WORTH_A_CALL_BYTES: usize = 64 * 1024;
/// How long a request may wait for its answer, and a call take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The RPC that takes events.
pub(crate) const WRITE_EVENTS: &str = "/observe.events.v1.IngestService/WriteEvents";
/// The RPC that takes spans.
pub(crate) const WRITE_SPANS: &str = "/observe.events.v1.SpanIngestService/WriteSpans";

/// `WriteEventsRequest` or `WriteSpansRequest` on the wire, its batches encoded already: each request encodes its own, and
/// sending them again costs no copy.
#[derive(Clone, PartialEq, prost::Message)]
struct EncodedWrite {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    batches: Vec<Bytes>,
}

/// Where requests leave their events, or their spans: one forwarder and collector is for one RPC.
#[derive(Clone)]
pub(crate) struct Forwarder {
    queue: mpsc::Sender<Job>,
    memory: Arc<Semaphore>,
}

/// The events of one request, or a part of them.
struct Job {
    batch: Bytes,
    /// Where in a trace it was left here.
    here: Here,
    done: oneshot::Sender<Result<(), Status>>,
    _memory: OwnedSemaphorePermit,
}

/// What is heard of a job.
type Answer = oneshot::Receiver<Result<(), Status>>;

/// What takes the events from there; it ends when the last [`Forwarder`] is gone.
pub(crate) struct Collector {
    queue: mpsc::Receiver<Job>,
    channel: ServiceChannel,
    rpc: &'static str,
    life: Lifecycle,
    calls: Arc<Semaphore>,
}

/// Returns both ends of the way to an RPC of events.
pub(crate) fn forwarder(
    events: ServiceChannel,
    rpc: &'static str,
    life: Lifecycle,
) -> (Forwarder, Collector) {
    let (sender, queue) = mpsc::channel(REQUESTS_WAITING_MAX);
    let memory = Arc::new(Semaphore::new(KIB_WAITING_MAX));
    let calls = Arc::new(Semaphore::new(CALLS_MAX as usize));
    (Forwarder { queue: sender, memory }, Collector { queue, channel: events, rpc, life, calls })
}

impl Forwarder {
    /// Returns when all events are durable.
    ///
    /// # Errors
    /// `ResourceExhausted` when the queue is full, here or there; `Unavailable` when the outcome is unknown. The same uuids
    /// may be sent again after either.
    pub(crate) async fn write(
        &self,
        project: ProjectId,
        events: Vec<AcceptedEvent>,
    ) -> Result<(), Status> {
        let batches = parts(events).into_iter().map(|events| {
            let batch = ProjectEvents { project_id: project.to_bytes(), events };
            Bytes::from(batch.encode_to_vec())
        });
        self.send(batches.collect()).await
    }

    /// Returns when all spans are durable.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(crate) async fn write_spans(
        &self,
        project: ProjectId,
        spans: Vec<ServerSpan>,
    ) -> Result<(), Status> {
        let batches = parts(spans).into_iter().map(|spans| {
            let batch = ProjectSpans { project_id: project.to_bytes(), spans };
            Bytes::from(batch.encode_to_vec())
        });
        self.send(batches.collect()).await
    }

    async fn send(&self, batches: Vec<Bytes>) -> Result<(), Status> {
        let answers = self.enqueue(batches)?;
        let all = async {
            let (mut kept, mut refused) = (false, None);
            for answer in answers {
                let away = |_| Err(away("the collector has ended".to_owned()));
                match answer.await.unwrap_or_else(away) {
                    Ok(()) => kept = true,
                    Err(status) => {
                        kept |= status.code() != Code::ResourceExhausted;
                        refused = refused.or(Some(status));
                    }
                }
            }
            match refused {
                None => Ok(()),
                // A full queue means that nothing was kept; here a part was, or may have been.
                Some(status) if kept && status.code() == Code::ResourceExhausted => {
                    Err(away(format!("only a part was refused: {status}")))
                }
                Some(status) => Err(status),
            }
        };
        let late = |_| away("no answer in time".to_owned());
        tokio::time::timeout(TIMEOUT, all).await.map_err(late)?
    }

    /// Queues the parts of one request, all or none: room for the last one is taken before the first one is sent.
    fn enqueue(&self, batches: Vec<Bytes>) -> Result<Vec<Answer>, Error> {
        let mut memory = Vec::with_capacity(batches.len());
        for batch in &batches {
            let kib = u32::try_from(batch.len().div_ceil(1024)).unwrap_or(u32::MAX);
            let permit = self.memory.clone().try_acquire_many_owned(kib);
            memory.push(permit.map_err(|_| Error::Busy)?);
        }
        let slots = self.queue.try_reserve_many(batches.len()).map_err(|_| Error::Busy)?;
        let parts = slots.zip(batches).zip(memory);
        let send = |((slot, batch), memory): ((mpsc::Permit<'_, Job>, _), _)| {
            let (done, answer) = oneshot::channel();
            slot.send(Job { batch, here: Here::current(), done, _memory: memory });
            answer
        };
        Ok(parts.map(send).collect())
    }
}

/// Cuts events or spans into parts that fit a call.
fn parts<T: prost::Message>(items: Vec<T>) -> Vec<Vec<T>> {
    let mut parts: Vec<Vec<T>> = Vec::new();
    let mut size = 0;
    for item in items {
        // Five more for its tag and length; 32 for those of the batch and for the project.
        let bytes = item.encoded_len() + 5;
        match parts.last_mut() {
            Some(part) if size + bytes <= CALL_BYTES_MAX => part.push(item),
            _ => {
                parts.push(vec![item]);
                size = 32;
            }
        }
        size += bytes;
    }
    parts
}

impl Collector {
    /// Runs until the last forwarder is gone, which is after the last connection has ended.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let mut held = None;
        loop {
            let first = match held.take() {
                Some(job) => job,
                None => match self.queue.recv().await {
                    Some(job) => job,
                    None => return Ok(()),
                },
            };
            let mut load = Load::of(first);
            let permit = self.gather(&mut load).await?;
            held = load.held;
            let (channel, rpc, jobs) = (self.channel.clone(), self.rpc, load.jobs);
            // A span has one parent: the call belongs to the first of its requests that is traced.
            let traced = jobs.iter().map(|job| &job.here).find(|here| here.is_traced());
            let here = traced.cloned().unwrap_or_default();
            self.life.spawn(async move {
                here.run(deliver(channel, rpc, jobs)).await;
                drop(permit);
            });
        }
    }

    /// Adds what waits, until there is a call's worth of it and a call may begin, or none is under way.
    async fn gather(&mut self, load: &mut Load) -> anyhow::Result<OwnedSemaphorePermit> {
        loop {
            while !load.is_full()
                && let Ok(job) = self.queue.try_recv()
            {
                load.add(job);
            }
            let calls = self.calls.clone();
            if load.is_worth_a_call() {
                return Ok(calls.acquire_owned().await?);
            }
            tokio::select! {
                biased;
                // All of them: none is under way.
                all = calls.acquire_many_owned(CALLS_MAX) => {
                    let mut all = all?;
                    return all.split(1).context("there are calls to have");
                }
                job = self.queue.recv() => match job {
                    Some(job) => load.add(job),
                    // Nothing more comes; what is there still goes.
                    None => return Ok(self.calls.clone().acquire_owned().await?),
                },
            }
        }
    }
}

/// What goes as one call.
struct Load {
    jobs: Vec<Job>,
    bytes: usize,
    /// One that did not fit any more; it is the first of the next.
    held: Option<Job>,
}

impl Load {
    fn of(first: Job) -> Self {
        Self { bytes: first.batch.len(), jobs: vec![first], held: None }
    }

    fn add(&mut self, job: Job) {
        if self.bytes + job.batch.len() > CALL_BYTES_MAX {
            self.held = Some(job);
        } else {
            self.bytes += job.batch.len();
            self.jobs.push(job);
        }
    }

    fn is_full(&self) -> bool {
        self.held.is_some() || self.jobs.len() >= CALL_REQUESTS_MAX
    }

    fn is_worth_a_call(&self) -> bool {
        self.is_full() || self.bytes >= WORTH_A_CALL_BYTES
    }
}

async fn deliver(channel: ServiceChannel, rpc: &'static str, mut jobs: Vec<Job>) {
    // The outcome is nobody's any more where the request has been given up.
    jobs.retain(|job| !job.done.is_closed());
    if jobs.is_empty() {
        return;
    }
    let batches = jobs.iter().map(|job| job.batch.clone()).collect();
    match call(channel.clone(), rpc, batches).await {
        Err(status) if jobs.len() > 1 && !is_passing(&status) => {
            // Something in there cannot be taken. Its neighbours must not suffer for it.
            for job in jobs {
                let result = call(channel.clone(), rpc, vec![job.batch]).await;
                let _ = job.done.send(of_job(&result.map_err(passed_on), 0));
            }
        }
        result => {
            let result = result.map_err(passed_on);
            for (at, job) in (0..).zip(jobs) {
                let _ = job.done.send(of_job(&result, at));
            }
        }
    }
}

/// Returns what became of the batch at one place of a call.
fn of_job(result: &Result<WriteEventsResponse, Status>, at: u32) -> Result<(), Status> {
    match result {
        Err(status) => Err(status.clone()),
        Ok(answer) if answer.unavailable_batches.contains(&at) => {
            Err(away("spans cannot be taken now".to_owned()))
        }
        Ok(_) => Ok(()),
    }
}

/// Calls, and once more if the connection broke under the call, as when its other end is restarted while another one serves.
/// That cannot double anything: uuids and times were fixed before the first call.
async fn call(
    channel: ServiceChannel,
    rpc: &'static str,
    batches: Vec<Bytes>,
) -> Result<WriteEventsResponse, Status> {
    match call_once(channel.clone(), rpc, batches.clone()).await {
        // What the other end answers has no source.
        Err(status) if status.source().is_some() => call_once(channel, rpc, batches).await,
        result => result,
    }
}

async fn call_once(
    channel: ServiceChannel,
    rpc: &'static str,
    batches: Vec<Bytes>,
) -> Result<WriteEventsResponse, Status> {
    let mut request = tonic::Request::new(EncodedWrite { batches });
    request.set_timeout(TIMEOUT);
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| away(error.to_string()))?;
    // What takes spans answers an empty message, which reads as this one, too.
    let codec = ProstCodec::<EncodedWrite, WriteEventsResponse>::default();
    client
        .unary(request, PathAndQuery::from_static(rpc), codec)
        .await
        .map(tonic::Response::into_inner)
}

/// Returns whether the failure says nothing of the events.
fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::ResourceExhausted
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Unknown
    )
}

/// Turns the failure of a call into the answer of each request in it.
fn passed_on(status: Status) -> Status {
    match status.code() {
        Code::ResourceExhausted => status,
        Code::Unavailable if status.get_details_retry_info().is_some() => status,
        _ if is_passing(&status) => away(status.to_string()),
        _ => Error::from(CommonError::Internal(format!("events refused a batch: {status}"))).into(),
    }
}

fn away(detail: String) -> Status {
    Error::from(CommonError::Unavailable { dependency: "events", detail }).into()
}

#[cfg(test)]
mod tests {
    use observe_proto::events::v1::WriteEventsRequest;

    use super::*;

    fn event(bytes: usize) -> AcceptedEvent {
        AcceptedEvent { properties_json: "x".repeat(bytes), ..AcceptedEvent::default() }
    }

    #[test]
    fn no_part_is_larger_than_a_call() {
        let parts = parts((0..10).map(|_| event(1024 * 1024)).collect());
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3, 1]);
        for events in parts {
            let batch = ProjectEvents { project_id: vec![0; 16], events };
            let batches = vec![batch.encode_to_vec().into()];
            let length = WriteEventsRequest { batches }.encoded_len();
            assert!(length <= CALL_BYTES_MAX, "{length}");
        }
    }

    fn narrow(slots: usize, kib: usize) -> (Forwarder, mpsc::Receiver<Job>) {
        let (queue, jobs) = mpsc::channel(slots);
        (Forwarder { queue, memory: Arc::new(Semaphore::new(kib)) }, jobs)
    }

    #[tokio::test]
    async fn a_request_is_queued_whole_or_not_at_all() {
        let project = ProjectId::new(uuid::Uuid::from_u128(1));
        let two_parts = || (0..4).map(|_| event(1024 * 1024)).collect::<Vec<_>>();
        for (slots, kib) in [(1, KIB_WAITING_MAX), (8, 3_500)] {
            let (forwarder, mut jobs) = narrow(slots, kib);
            let refused = forwarder.write(project, two_parts()).await.expect_err("no room");
            assert_eq!(refused.code(), Code::ResourceExhausted);
            assert!(jobs.try_recv().is_err(), "{slots} slots, {kib} KiB: a part was queued");
            assert_eq!(forwarder.memory.available_permits(), kib);
            assert_eq!(forwarder.queue.capacity(), slots);
        }
    }

    #[tokio::test]
    async fn a_full_queue_is_told_of_only_when_nothing_was_kept() {
        let project = ProjectId::new(uuid::Uuid::from_u128(1));
        let full = || Err(Error::Busy.into());
        for (results, code) in [
            ([Ok(()), full()], Code::Unavailable),
            ([full(), Err(away(String::new()))], Code::Unavailable),
            ([full(), full()], Code::ResourceExhausted),
        ] {
            let (forwarder, mut jobs) = narrow(8, KIB_WAITING_MAX);
            let write = forwarder.write(project, (0..4).map(|_| event(1024 * 1024)).collect());
            let answer = async {
                for result in results {
                    let job = jobs.recv().await.expect("a part");
                    job.done.send(result).expect("waited for");
                }
            };
            let (result, ()) = tokio::join!(write, answer);
            assert_eq!(result.expect_err("refused").code(), code);
        }
    }

    #[test]
    fn a_batch_that_was_not_taken_fails_its_own_request_alone() {
        let answer = Ok(WriteEventsResponse { unavailable_batches: vec![1] });
        assert!(of_job(&answer, 0).is_ok() && of_job(&answer, 2).is_ok());
        assert_eq!(of_job(&answer, 1).expect_err("not taken").code(), Code::Unavailable);
    }

    #[test]
    fn an_encoded_write_is_a_write_on_the_wire() {
        let batch = ProjectEvents { project_id: vec![7; 16], events: vec![event(3)] };
        let encoded = EncodedWrite { batches: vec![batch.encode_to_vec().into(); 2] };
        let read = WriteEventsRequest::decode(encoded.encode_to_vec().as_slice()).expect("a write");
        assert_eq!(read.batches, [batch.encode_to_vec(), batch.encode_to_vec()]);
    }
}
