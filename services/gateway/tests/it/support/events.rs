//! The events service, as the tests of the edge stand in for it.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::Stream;
use observe_core::error::{CommonError, ErrorCode, ErrorReason};
use observe_core::status::to_status;
use observe_core::{CallContext, ServiceError};
use observe_proto::events::v1 as events;
use observe_proto::events::v1::event_service_server::EventService;
use observe_proto::events::v1::ingest_service_server::IngestService;
use observe_proto::events::v1::span_ingest_service_server::SpanIngestService;
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::{eventually, not_here};

/// Takes events in, unless told to fail.
#[derive(Default)]
pub struct Events {
    pub batches: Mutex<Vec<events::ProjectEvents>>,
    pub span_batches: Mutex<Vec<events::ProjectSpans>>,
    pub calls: AtomicUsize,
    pub full: Mutex<bool>,
    /// What was reported as not accepted.
    pub rejections: Mutex<Vec<events::ProjectRejections>>,
    /// Whether reports are refused.
    pub deaf: Mutex<bool>,
    /// A name whose event makes its whole call fail.
    pub poison: Mutex<Option<String>>,
    /// Held by a test to keep calls waiting.
    pub gate: tokio::sync::Mutex<()>,
    /// Viewers that are watching.
    pub watching: Arc<AtomicUsize>,
}

/// Gone when the call is.
struct Watching(Arc<AtomicUsize>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How far apart the messages of a stream are.
pub const WATCH_STEP: Duration = Duration::from_millis(100);

impl Events {
    /// Waits until so many calls have come.
    pub async fn called(&self, calls: usize) {
        eventually("the calls", async || self.calls.load(Ordering::Relaxed) >= calls).await;
    }

    /// How often what was reported as not accepted.
    pub fn rejected(&self) -> std::collections::BTreeMap<String, i64> {
        let mut counts = std::collections::BTreeMap::new();
        for report in self.rejections.lock().expect("no test panicked").iter() {
            for count in &report.counts {
                *counts.entry(count.code.clone()).or_default() += count.count;
            }
        }
        counts
    }

    /// The examples that were reported, in order.
    pub fn examples(&self) -> Vec<events::RejectedEvent> {
        let reports = self.rejections.lock().expect("no test panicked");
        reports.iter().flat_map(|report| report.examples.clone()).collect()
    }

    /// Everything that was written, in order.
    pub fn written(&self) -> Vec<events::AcceptedEvent> {
        self.batches
            .lock()
            .expect("no test panicked")
            .iter()
            .flat_map(|batch| batch.events.clone())
            .collect()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the queue is full")]
struct QueueFull;

impl ServiceError for QueueFull {
    fn code(&self) -> ErrorCode {
        ErrorCode::ResourceExhausted
    }

    fn reason(&self) -> ErrorReason {
        ErrorReason::QueueFull
    }

    fn public_message(&self) -> std::borrow::Cow<'_, str> {
        "the queue is full".into()
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(7))
    }
}

#[tonic::async_trait]
impl IngestService for Events {
    async fn record_rejections(
        &self,
        request: Request<events::RecordRejectionsRequest>,
    ) -> Result<Response<events::RecordRejectionsResponse>, Status> {
        let context = CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        assert_eq!(context.require_service().expect("a service reports"), "gateway");
        if *self.deaf.lock().expect("no test panicked") {
            return not_here();
        }
        let projects = request.into_inner().projects;
        self.rejections.lock().expect("no test panicked").extend(projects);
        Ok(Response::new(events::RecordRejectionsResponse {}))
    }

    async fn write_events(
        &self,
        request: Request<events::WriteEventsRequest>,
    ) -> Result<Response<events::WriteEventsResponse>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let _gate = self.gate.lock().await;
        if *self.full.lock().expect("no test panicked") {
            return Err(to_status(&QueueFull));
        }
        let batches = request.into_inner().batches.into_iter();
        let batches: Vec<_> = batches
            .map(|batch| events::ProjectEvents::decode(batch).expect("what the contract says"))
            .collect();
        let poison = self.poison.lock().expect("no test panicked").clone();
        let names = || batches.iter().flat_map(|batch| &batch.events).map(|event| &event.name);
        if poison.is_some_and(|poison| names().any(|name| *name == poison)) {
            return Err(to_status(&CommonError::Internal("poison".into())));
        }
        self.batches.lock().expect("no test panicked").extend(batches);
        Ok(Response::new(events::WriteEventsResponse::default()))
    }
}

#[tonic::async_trait]
impl SpanIngestService for Events {
    async fn write_spans(
        &self,
        request: Request<events::WriteSpansRequest>,
    ) -> Result<Response<events::WriteSpansResponse>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if *self.full.lock().expect("no test panicked") {
            return Err(to_status(&QueueFull));
        }
        let batches = request.into_inner().batches;
        self.span_batches.lock().expect("no test panicked").extend(batches);
        Ok(Response::new(events::WriteSpansResponse {}))
    }
}

#[tonic::async_trait]
impl EventService for Events {
    async fn list_events(
        &self,
        request: Request<events::ListEventsRequest>,
    ) -> Result<Response<events::ListEventsResponse>, Status> {
        let context = CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        let project = context
            .project(&request.get_ref().project_id, observe_core::context::Permission::Read)
            .map_err(|error| to_status(&error))?;
        let next_page_token = project.to_string();
        Ok(Response::new(events::ListEventsResponse { events: vec![], next_page_token }))
    }

    type WatchEventsStream =
        Pin<Box<dyn Stream<Item = Result<events::WatchEventsResponse, Status>> + Send>>;

    /// Sends three messages and ends or, when the first name of the filter is `on`, says no more and does not end.
    async fn watch_events(
        &self,
        request: Request<events::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        CallContext::from_request(&request).map_err(|error| to_status(&error))?;
        let goes_on = request.into_inner().filter.is_some_and(|filter| filter.names == ["on"]);
        self.watching.fetch_add(1, Ordering::Relaxed);
        let watching = Watching(self.watching.clone());
        let messages = futures::stream::unfold((0, watching), move |(sent, watching)| async move {
            if sent == 3 && goes_on {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(WATCH_STEP).await;
            let message = events::WatchEventsResponse { events: vec![], dropped: sent + 1 };
            (sent < 3).then_some((Ok(message), (sent + 1, watching)))
        });
        Ok(Response::new(Box::pin(messages)))
    }

    async fn list_event_definitions(
        &self,
        _: Request<events::ListEventDefinitionsRequest>,
    ) -> Result<Response<events::ListEventDefinitionsResponse>, Status> {
        not_here()
    }

    async fn list_property_definitions(
        &self,
        _: Request<events::ListPropertyDefinitionsRequest>,
    ) -> Result<Response<events::ListPropertyDefinitionsResponse>, Status> {
        not_here()
    }

    async fn list_property_values(
        &self,
        _: Request<events::ListPropertyValuesRequest>,
    ) -> Result<Response<events::ListPropertyValuesResponse>, Status> {
        not_here()
    }
}
