//! Traces of Observe itself: a collector gets one trace that goes through every process, and nothing of a user in it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::{EventFilter, ListEventsRequest};
use observe_proto::reports::v1::GetOverviewRequest;
use observe_proto::reports::v1::overview_service_client::OverviewServiceClient;
use observe_testkit::{TestCommand, TestStores, eventually, free_port};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::cluster::{
    BINARY, Cluster, DEADLINE, EMAIL, PASSWORD, SECRET_KEY, WRITE_KEY, client as client_of,
};

const SERVICES: [&str; 5] = ["events", "gateway", "identity", "monitor", "reports"];
/// The span that a caller of ours says it is in.
const CALLER: &str = "00f067aa0ba902b7";
const USER: &str = "somebody@example.com";

/// A span, and the service whose resource it came with.
type Exported = (String, Span);

/// Keeps every span it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Exported>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for part in request.into_inner().resource_spans {
            let attributes = part.resource.unwrap_or_default().attributes;
            let name = attributes.into_iter().find(|pair| pair.key == "service.name").unwrap();
            let Some(Value::StringValue(service)) = name.value.unwrap().value else {
                unreachable!("a name is text")
            };
            let spans = part.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.0.lock().unwrap().extend(spans.map(|span| (service.clone(), span)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// Starts one; returns it and its endpoint.
    fn start() -> (Self, String) {
        let collector = Self::default();
        let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let endpoint = format!("http://{}", incoming.local_addr().unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .serve_with_incoming(incoming);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(server);
        (collector, endpoint)
    }

    /// Returns the spans of a trace.
    fn trace(&self, trace: &str) -> Vec<Exported> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|(_, span)| hex(&span.trace_id) == trace).cloned().collect()
    }

    /// Waits until a trace has spans of exactly these services, and every span's parent.
    async fn whole_trace(&self, trace: &str, services: &[&str]) -> Vec<Exported> {
        let wanted: BTreeSet<_> = services.iter().map(|name| format!("observe-{name}")).collect();
        eventually(DEADLINE, "the trace to be whole", async || {
            let spans = self.trace(trace);
            let found: BTreeSet<_> = spans.iter().map(|(service, _)| service.clone()).collect();
            let ids: BTreeSet<_> = spans.iter().map(|(_, span)| span.span_id.clone()).collect();
            let has_parent = |span: &Span| ids.contains(&span.parent_span_id) || is_root(span);
            (found == wanted && spans.iter().all(|(_, span)| has_parent(span))).then_some(spans)
        })
        .await
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_root(span: &Span) -> bool {
    hex(&span.parent_span_id) == CALLER
}

fn trace_id(number: u32) -> String {
    format!("4bf92f3577b34da6a3ce929d{number:08x}")
}

fn traceparent(trace: &str) -> String {
    format!("00-{trace}-{CALLER}-01")
}

/// A request in a trace.
fn within<T>(trace: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", traceparent(trace).parse().unwrap());
    request
}

/// Asserts that a trace has one root, made by the gateway of this request, and that calls are pairs of a client and a server.
fn assert_shape(spans: &[Exported], root: &str) {
    let roots: Vec<_> = spans.iter().filter(|(_, span)| is_root(span)).collect();
    let [(service, first)] = roots.as_slice() else { unreachable!("one root, not {roots:?}") };
    assert_eq!((service.as_str(), first.name.as_str()), ("observe-gateway", root));
    for (service, span) in spans.iter().filter(|(_, span)| !is_root(span)) {
        let (above, parent) =
            spans.iter().find(|(_, other)| other.span_id == span.parent_span_id).unwrap();
        if span.kind() == SpanKind::Server {
            assert_eq!((parent.kind(), &parent.name), (SpanKind::Client, &span.name), "{span:?}");
            assert_ne!(above, service);
        } else {
            assert_eq!((parent.kind(), above), (SpanKind::Server, service), "{span:?}");
        }
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }
}

/// Asserts that nothing of a user is in any span that was exported.
fn assert_clean(collector: &Collector, project: &str) {
    let all = format!("{:?}", collector.0.lock().unwrap());
    let known = [WRITE_KEY, SECRET_KEY, EMAIL, PASSWORD, USER, project];
    for private in known.into_iter().chain(["button_clicked", "a-token-of-a-user"]) {
        assert!(!all.contains(private), "{private} is in a span");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_through_all_five_processes() {
    let (collector, endpoint) = Collector::start();
    let cluster = Cluster::start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;

    // The first call with this key: the gateway asks identity whose it is, and reports asks everybody.
    let mut overviews = OverviewServiceClient::new(cluster.client(SECRET_KEY));
    let (trace, request) = (trace_id(1), GetOverviewRequest::default());
    overviews.get_overview(within(&trace, request)).await.unwrap();
    let spans = collector.whole_trace(&trace, &SERVICES).await;
    assert_shape(&spans, "observe.reports.v1.OverviewService/GetOverview");

    // A captured event travels with those of others, and belongs to its own trace all the same.
    let trace = trace_id(2);
    let body = format!(r#"{{"anonymous_id":"{USER}","name":"button_clicked"}}"#);
    let post = reqwest::Client::new().post(format!("{}/v1/events?key={WRITE_KEY}", cluster.base));
    let post = post.header("traceparent", traceparent(&trace)).body(body);
    assert_eq!(post.send().await.unwrap().status(), 202);
    let spans = collector.whole_trace(&trace, &["events", "gateway", "identity"]).await;
    assert_shape(&spans, "POST /v1/events");

    // A service that calls a service, and a call that is refused.
    let trace = trace_id(3);
    let person_id = "00000000-0000-5000-8000-000000000000".to_owned();
    let filter = Some(EventFilter { person_id, ..Default::default() });
    let mut events = EventServiceClient::new(cluster.client(SECRET_KEY));
    let request = ListEventsRequest { filter, ..Default::default() };
    events.list_events(within(&trace, request)).await.unwrap();
    let spans = collector.whole_trace(&trace, &["events", "gateway", "identity"]).await;
    assert_shape(&spans, "observe.events.v1.EventService/ListEvents");

    // Addresses that hold what is a user's own.
    let paths = ["/heartbeat/a-token-of-a-user", "/people/a-token-of-a-user?q=a-token-of-a-user"];
    for (number, path) in (6..).zip(paths) {
        let trace = trace_id(number);
        let get = reqwest::Client::new().get(format!("{}{path}", cluster.base));
        get.header("traceparent", traceparent(&trace)).send().await.unwrap();
        let is_there =
            async || collector.trace(&trace).iter().any(|(_, span)| is_root(span)).then_some(());
        eventually(DEADLINE, "the span to be exported", is_there).await;
    }

    let project: uuid::Uuid = sqlx::query_scalar("select id from identity.project")
        .fetch_one(&cluster.sql().await)
        .await
        .unwrap();
    assert_clean(&collector, &project.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_spans_are_exported_when_a_process_stops() {
    let (collector, endpoint) = Collector::start();
    let mut cluster = Cluster::start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
    let trace = trace_id(4);
    let get = reqwest::Client::new().get(format!("{}/observe.js", cluster.base));
    let get = get.header("traceparent", traceparent(&trace));
    get.send().await.unwrap();
    assert!(cluster.gateway.terminate(DEADLINE).await.success());
    let spans = collector.trace(&trace);
    assert_eq!(spans.len(), 1, "the process is gone, so its spans are here or nowhere");
    assert_shape(&spans, "GET /observe.js");
}

#[tokio::test(flavor = "multi_thread")]
async fn services_in_one_process_export_under_their_own_names() {
    let (collector, endpoint) = Collector::start();
    let stores = TestStores::start().await;
    let port = free_port();
    let mut up = TestCommand::new("up", BINARY)
        .arg("up")
        .env("OBSERVE_LISTEN", format!("127.0.0.1:{port}"))
        .env("OBSERVE_DATA_DIR", stores.dir().path().join("data"))
        .env("OBSERVE_DATABASE_URL", &stores.database_url)
        .env("OBSERVE_QUEUE_REDIS_URL", &stores.queue_redis_url)
        .env("OBSERVE_CACHE_REDIS_URL", &stores.cache_redis_url)
        .env("OBSERVE_BOOTSTRAP_SECRET_KEY", SECRET_KEY)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
        .start(stores.dir());
    let base = format!("http://127.0.0.1:{port}");
    up.ready(&format!("{base}/readyz"), DEADLINE).await;
    let mut overviews = OverviewServiceClient::new(client_of(&base, SECRET_KEY));
    let (trace, request) = (trace_id(5), GetOverviewRequest::default());
    overviews.get_overview(within(&trace, request)).await.unwrap();
    let spans = collector.whole_trace(&trace, &SERVICES).await;
    assert_shape(&spans, "observe.reports.v1.OverviewService/GetOverview");
    // Nobody asked for what services do by themselves, so it is in no trace; neither are probes.
    let all = collector.0.lock().unwrap();
    assert!(all.iter().all(|(_, span)| !span.name.contains("ReadLog")));
    assert!(all.iter().all(|(_, span)| !span.name.contains("readyz")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_said_once_and_costs_no_answer() {
    let away = format!("http://127.0.0.1:{}", free_port());
    let mut cluster = Cluster::start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &away)]).await;
    let http = reqwest::Client::new();
    let said =
        |cluster: &Cluster| cluster.gateway.log().matches("traces cannot be exported").count();
    eventually(DEADLINE, "the outage to be said", async || {
        let get = http.get(format!("{}/observe.js", cluster.base)).send().await.unwrap();
        assert!(get.status().is_success() || get.status() == 404, "{get:?}");
        (said(&cluster) > 0).then_some(())
    })
    .await;
    assert!(cluster.gateway.terminate(DEADLINE).await.success());
    assert_eq!(said(&cluster), 1, "an outage is said when it begins, not for each try");
    assert!(!cluster.gateway.log().contains("ERROR"), "{}", cluster.gateway.log_tail());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_cannot_be_one_is_refused() {
    let stores = TestStores::start().await;
    for endpoint in ["collector:4317", "https://collector:4317", "http://"] {
        let mut process = TestCommand::new("refused", BINARY)
            .arg("gateway")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .start(stores.dir());
        assert_eq!(process.exit(DEADLINE).await.code(), Some(78), "{endpoint}");
        assert!(process.log().contains("OTEL_EXPORTER_OTLP_ENDPOINT must be a URL"));
    }
}
