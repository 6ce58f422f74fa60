//! Sending finished spans to a collector, each under the name of its service.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Whether the last export failed: an outage is logged when it begins and when it ends.
    failing: AtomicBool,
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
        Ok(Self { exporters, failing: AtomicBool::new(false) })
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
        let mut outcome = Ok(());
        for (service, spans) in parts {
            let Some(exporter) = self.exporters.get(service) else { continue };
            if let Err(error) = exporter.export(spans).await {
                outcome = Err(error);
            }
        }
        match &outcome {
            Err(error) if !self.failing.swap(true, Ordering::Relaxed) => {
                tracing::warn!(%error, "traces cannot be exported");
            }
            Ok(()) if self.failing.swap(false, Ordering::Relaxed) => {
                tracing::info!("traces are exported again");
            }
            _ => {}
        }
        outcome
    }
}
