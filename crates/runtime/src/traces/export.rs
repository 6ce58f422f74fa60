//! Sending finished spans to a collector, each under the name of its service.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tonic::transport::{Channel, Endpoint};

use crate::exit::StartError;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one export may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// One exporter a service, on one connection. Spans are told apart by their instrumentation scope, which is the service.
#[derive(Debug)]
pub(super) struct ByService {
    exporters: BTreeMap<&'static str, opentelemetry_otlp::SpanExporter>,
    /// Spans lost since an outage began; 0 while all is well. It is logged when it begins and when it ends.
    lost: AtomicUsize,
}

impl ByService {
    /// # Errors
    /// A sentence if the endpoint cannot be read.
    pub(super) fn new(endpoint: &str, services: &[&'static str]) -> Result<Self, StartError> {
        let channel = channel(endpoint)?;
        let exporter = |service: &&'static str| {
            let mut exporter = opentelemetry_otlp::SpanExporter::builder()
                .with_tonic()
                .with_channel(channel.clone())
                .with_timeout(EXPORT_TIMEOUT)
                .build()
                .map_err(|error| StartError::new(format!("traces cannot be exported: {error}")))?;
            exporter.set_resource(&resource(service));
            Ok((*service, exporter))
        };
        let exporters = services.iter().map(exporter).collect::<Result<_, StartError>>()?;
        Ok(Self { exporters, lost: AtomicUsize::new(0) })
    }
}

fn channel(endpoint: &str) -> Result<Channel, StartError> {
    let malformed = |why: &str| {
        StartError::new(format!(
            "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://127.0.0.1:4317 ({why})"
        ))
    };
    if !endpoint.starts_with("http://") {
        return Err(malformed("a collector nearby is spoken to without TLS"));
    }
    let endpoint = Endpoint::from_shared(endpoint.to_owned());
    let endpoint = endpoint.map_err(|error| malformed(&error.to_string()))?;
    Ok(endpoint.connect_timeout(CONNECT_TIMEOUT).timeout(EXPORT_TIMEOUT).connect_lazy())
}

fn resource(service: &str) -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    Resource::builder_empty()
        .with_service_name(format!("observe-{service}"))
        .with_attribute(version)
        .build()
}

impl SpanExporter for ByService {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut parts: BTreeMap<&str, Vec<SpanData>> = BTreeMap::new();
        for span in batch {
            if let Some((service, _)) =
                self.exporters.get_key_value(span.instrumentation_scope.name())
            {
                parts.entry(service).or_default().push(span);
            }
        }
        for (service, spans) in parts {
            let Some(exporter) = self.exporters.get(service) else { continue };
            let count = spans.len();
            match exporter.export(spans).await {
                Ok(()) => {
                    let lost = self.lost.swap(0, Ordering::Relaxed);
                    if lost > 0 {
                        tracing::info!(lost, "traces are exported again");
                    }
                }
                Err(error) => {
                    if self.lost.fetch_add(count, Ordering::Relaxed) == 0 {
                        tracing::warn!(%error, "traces cannot be exported");
                    }
                }
            }
        }
        // What went wrong is said above; whoever called would say it for each try.
        Ok(())
    }
}
