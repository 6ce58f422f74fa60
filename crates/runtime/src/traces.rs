//! Traces of Observe itself, by OpenTelemetry.
//!
//! A trace begins at the edge, with a request from outside or the `traceparent` that it brings, and goes on through every call
//! that is made to answer it. Work that nobody asked for, such as reading a log four times a second, is not traced. Spans carry
//! names of RPCs and routes, methods and statuses; never an address as it was sent, a body, a credential or an id of a user.
//!
//! There is one pipeline in a process, as there is one log: a bounded queue, a thread that exports in batches, and what is
//! left is exported at the end. Without an endpoint there is none of this, and each call costs one look at an empty cell.

mod export;
mod headers;
mod span;

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider,
};

pub use span::{Here, Request, Span, call, request, served};

use crate::exit::StartError;

/// Spans that may wait to be exported. Further ones are dropped, and the log says so.
const QUEUE_SPANS_MAX: usize = 4_096;
/// Spans of one export.
const BATCH_SPANS_MAX: usize = 512;
/// How long a span waits for others.
const BATCH_DELAY: Duration = Duration::from_secs(1);
/// How long what is left may take at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

static PIPELINE: OnceLock<Pipeline> = OnceLock::new();

struct Pipeline {
    provider: SdkTracerProvider,
    /// By service, since one process can hold several.
    tracers: HashMap<&'static str, SdkTracer>,
}

/// Starts exporting the spans of these services to an OTLP endpoint (gRPC without TLS), such as `http://127.0.0.1:4317`. Nothing
/// is connected yet. The first call in a process wins. It needs a tokio runtime, and [`stop`] needs the same one.
///
/// # Errors
/// A sentence if the endpoint cannot be read.
pub fn start(endpoint: &str, services: &[&'static str]) -> Result<(), StartError> {
    let exporter = export::ByService::new(endpoint, services)?;
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE_SPANS_MAX)
        .with_max_export_batch_size(BATCH_SPANS_MAX)
        .with_scheduled_delay(BATCH_DELAY)
        .build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
    // Whose a span is the exporter says: a resource is of a provider, and there is one for all services.
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder_empty().build())
        .with_span_processor(processor)
        .build();
    let tracers = services.iter().map(|service| (*service, provider.tracer(*service))).collect();
    // A test process may have started already; that is fine.
    let _ = PIPELINE.set(Pipeline { provider, tracers });
    Ok(())
}

/// Exports what is left.
pub async fn stop() {
    let Some(pipeline) = PIPELINE.get() else { return };
    let provider = pipeline.provider.clone();
    let flush = move || provider.shutdown_with_timeout(FLUSH_TIMEOUT);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(flush).await {
        tracing::warn!(%error, "the last traces could not be exported");
    }
}

/// Returns whether spans are exported.
#[must_use]
pub fn is_on() -> bool {
    PIPELINE.get().is_some()
}

/// Returns what a service begins its spans with; `None` if traces are off.
fn tracer(service: &'static str) -> Option<&'static SdkTracer> {
    PIPELINE.get()?.tracers.get(service)
}
