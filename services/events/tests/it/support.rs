//! A running events service with a stand-in for identity that remembers what it was told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use observe_core::context::wire::{ContextSigner, METADATA_KEY};
use observe_core::error::CommonError;
use observe_core::status::to_status;
use observe_core::{
    CallContext, Clock as _, KeyId, Principal, ProjectId, Secret, SystemClock, SystemEntropy,
};
use observe_events::trap::Trap;
use observe_proto::common::v1::KeyKind;
use observe_proto::events::v1::event_service_client::EventServiceClient;
use observe_proto::events::v1::ingest_service_client::IngestServiceClient;
use observe_proto::events::v1::log_service_client::LogServiceClient;
use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::span_ingest_service_client::SpanIngestServiceClient;
use observe_proto::events::v1::span_service_client::SpanServiceClient;
use observe_proto::events::v1::stored_event_service_client::StoredEventServiceClient;
use observe_proto::events::v1::{
    AcceptedEvent, DeadLetter, GetPipelineStatusRequest, GetPipelineStatusResponse,
    ListDeadLettersRequest, ProjectEvents, ProjectSpans, RedriveDeadLettersRequest,
    RedriveDeadLettersResponse, ServerSpan, WriteEventsRequest, WriteSpansRequest,
};
use observe_proto::identity::v1::authentication_service_server::{
    AuthenticationService, AuthenticationServiceServer,
};
use observe_proto::identity::v1::person_log_service_server::{
    PersonLogService, PersonLogServiceServer,
};
use observe_proto::identity::v1::{
    ApplyEventsRequest, ApplyEventsResponse, AuthenticateRequest, AuthenticateResponse,
    ConfirmErasureRequest, ConfirmErasureResponse, ListDistinctIdsRequest, ListDistinctIdsResponse,
    ListRetentionsRequest, ListRetentionsResponse, NumberedErasure, ProjectRetention,
    ReadChangesRequest, ReadChangesResponse, ReadErasuresRequest, ReadErasuresResponse,
    ReadPersonsRequest, ReadPersonsResponse, ReportExposedKeyRequest, ReportExposedKeyResponse,
};
use observe_runtime::client::Upstreams;
use observe_runtime::in_process::in_process;
use observe_runtime::server::{self, Listener};
use observe_runtime::{Built, Deps, Lifecycle};
use observe_testkit::{TestStores, eventually};
use prost::Message as _;
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use uuid::Uuid;

pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
const SECRET: &str = "a secret of the tests";
/// Events of this name end their reader, in the way that their session id says.
pub(crate) const DEADLY: &str = "deadly";

/// Identity as events sees it.
#[derive(Clone, Default)]
pub(crate) struct Identity {
    pub(crate) applied: Arc<Mutex<Vec<AcceptedEvent>>>,
    pub(crate) distinct_ids: Arc<Mutex<Vec<String>>>,
    pub(crate) retentions: Arc<Mutex<Vec<ProjectRetention>>>,
    pub(crate) erasures: Arc<Mutex<Vec<NumberedErasure>>>,
    pub(crate) confirmed: Arc<Mutex<Vec<ConfirmErasureRequest>>>,
    /// Whether it takes no confirmations.
    pub(crate) is_away: Arc<Mutex<bool>>,
}

#[tonic::async_trait]
impl AuthenticationService for Identity {
    async fn authenticate(
        &self,
        _: Request<AuthenticateRequest>,
    ) -> Result<Response<AuthenticateResponse>, Status> {
        unreachable!("events authenticates nobody")
    }

    async fn report_exposed_key(
        &self,
        _: Request<ReportExposedKeyRequest>,
    ) -> Result<Response<ReportExposedKeyResponse>, Status> {
        unreachable!("events sees no keys")
    }

    async fn list_retentions(
        &self,
        request: Request<ListRetentionsRequest>,
    ) -> Result<Response<ListRetentionsResponse>, Status> {
        // One a page, so that readers must ask again.
        let at: usize = request.into_inner().page_token.parse().unwrap_or(0);
        let all = self.retentions.lock().unwrap();
        let retentions = all.iter().skip(at).take(1).cloned().collect();
        let more = at + 1 < all.len();
        let next_page_token = if more { (at + 1).to_string() } else { String::new() };
        Ok(Response::new(ListRetentionsResponse { retentions, next_page_token }))
    }
}

#[tonic::async_trait]
impl PersonLogService for Identity {
    async fn apply_events(
        &self,
        request: Request<ApplyEventsRequest>,
    ) -> Result<Response<ApplyEventsResponse>, Status> {
        self.applied.lock().unwrap().extend(request.into_inner().events);
        Ok(Response::new(ApplyEventsResponse::default()))
    }

    async fn read_changes(
        &self,
        _: Request<ReadChangesRequest>,
    ) -> Result<Response<ReadChangesResponse>, Status> {
        Ok(Response::new(ReadChangesResponse::default()))
    }

    async fn list_distinct_ids(
        &self,
        _: Request<ListDistinctIdsRequest>,
    ) -> Result<Response<ListDistinctIdsResponse>, Status> {
        let distinct_ids = self.distinct_ids.lock().unwrap().clone();
        Ok(Response::new(ListDistinctIdsResponse { distinct_ids }))
    }

    async fn read_persons(
        &self,
        _: Request<ReadPersonsRequest>,
    ) -> Result<Response<ReadPersonsResponse>, Status> {
        unreachable!("events asks for no persons")
    }

    async fn read_erasures(
        &self,
        request: Request<ReadErasuresRequest>,
    ) -> Result<Response<ReadErasuresResponse>, Status> {
        let after = request.into_inner().after_number;
        let all = self.erasures.lock().unwrap();
        // Two a page, so that readers must ask again.
        let erasures = all.iter().filter(|one| one.number > after).take(2).cloned().collect();
        Ok(Response::new(ReadErasuresResponse { erasures }))
    }

    async fn confirm_erasure(
        &self,
        request: Request<ConfirmErasureRequest>,
    ) -> Result<Response<ConfirmErasureResponse>, Status> {
        if *self.is_away.lock().unwrap() {
            let (dependency, detail) = ("identity", "away".into());
            return Err(to_status(&CommonError::Unavailable { dependency, detail }));
        }
        self.confirmed.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ConfirmErasureResponse {}))
    }
}

/// Signs calls as one principal.
#[derive(Clone)]
pub(crate) struct As(pub(crate) Principal);

impl tonic::service::Interceptor for As {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let context = CallContext {
            request_id: "test".into(),
            client_address: String::new(),
            principal: self.0.clone(),
        };
        let value =
            ContextSigner::new(&Secret::new(SECRET)).sign_bytes(&context, SystemClock.now());
        let value = tonic::metadata::MetadataValue::from_bytes(&value);
        request.metadata_mut().insert_bin(METADATA_KEY, value);
        Ok(request)
    }
}

type Client = InterceptedService<Channel, As>;

/// events, running.
pub(crate) struct TestEvents {
    pub(crate) stores: TestStores,
    pub(crate) identity: Identity,
    pub(crate) life: Lifecycle,
    channel: Channel,
}

impl TestEvents {
    pub(crate) async fn start() -> Self {
        let stores = TestStores::start().await;
        observe_events::migrate(&Secret::new(&stores.database_url)).await.unwrap();
        Self::start_on(stores).await
    }

    pub(crate) async fn start_on(stores: TestStores) -> Self {
        let config = config(&stores);
        Self::start_with(stores, config).await
    }

    pub(crate) async fn start_with(stores: TestStores, config: observe_events::Config) -> Self {
        Self::start_beside(stores, config, Identity::default()).await
    }

    pub(crate) async fn start_beside(
        stores: TestStores,
        config: observe_events::Config,
        identity: Identity,
    ) -> Self {
        let life = Lifecycle::new();
        let mut upstreams = Upstreams::new();
        let (connector, pipe) = in_process();
        upstreams.add_in_process("identity", &connector);
        let (own, own_pipe) = in_process();
        upstreams.add_in_process("events", &own);
        let deps = deps(upstreams, &life);
        let routes = Routes::new(PersonLogServiceServer::new(identity.clone()))
            .add_service(AuthenticationServiceServer::new(identity.clone()));
        let stand_in = Built { routes, workers: vec![], ready: vec![] };
        server::start(stand_in, Listener::InProcess(pipe), &deps).await;
        let built = observe_events::build(config, deps.clone()).await.unwrap();
        server::start(built, Listener::InProcess(own_pipe), &deps).await;
        let channel = deps.upstreams.channel("events").unwrap();
        Self { stores, identity, life, channel }
    }

    pub(crate) async fn stop(self) -> TestStores {
        self.life.stop();
        assert!(self.life.drained().await);
        self.stores
    }

    fn as_service(&self) -> Client {
        InterceptedService::new(self.channel.clone(), As(Principal::Service("gateway".into())))
    }

    pub(crate) fn as_key(&self, project: ProjectId, kind: KeyKind) -> Client {
        let key = KeyId::new(Uuid::from_u128(1));
        InterceptedService::new(self.channel.clone(), As(Principal::Key { key, project, kind }))
    }

    /// Returns whether a part says that it is of use now.
    pub(crate) async fn is_serving(&self, part: &str) -> bool {
        let mut health = HealthClient::new(self.channel.clone());
        let answer = health.check(HealthCheckRequest { service: part.to_owned() }).await;
        answer.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving)
    }

    pub(crate) fn log(&self) -> LogServiceClient<Client> {
        LogServiceClient::new(self.as_service())
    }

    pub(crate) fn stored(&self) -> StoredEventServiceClient<Client> {
        StoredEventServiceClient::new(self.as_service()).max_decoding_message_size(16 << 20)
    }

    pub(crate) fn ingest(&self) -> IngestServiceClient<Client> {
        IngestServiceClient::new(self.as_service())
    }

    pub(crate) fn events(&self, project: ProjectId) -> EventServiceClient<Client> {
        EventServiceClient::new(self.as_key(project, KeyKind::Secret))
    }

    pub(crate) async fn write(
        &self,
        project: ProjectId,
        events: Vec<AcceptedEvent>,
    ) -> Result<(), Status> {
        let batch = ProjectEvents { project_id: project.to_bytes(), events };
        let batches = vec![batch.encode_to_vec().into()];
        self.ingest().write_events(WriteEventsRequest { batches }).await.map(|_| ())
    }

    pub(crate) fn spans(&self) -> SpanServiceClient<Client> {
        SpanServiceClient::new(self.as_service())
    }

    pub(crate) async fn write_spans(
        &self,
        project: ProjectId,
        spans: Vec<ServerSpan>,
    ) -> Result<(), Status> {
        let batches = vec![ProjectSpans { project_id: project.to_bytes(), spans }];
        let mut client = SpanIngestServiceClient::new(self.as_service());
        client.write_spans(WriteSpansRequest { batches }).await.map(|_| ())
    }

    pub(crate) async fn status(&self, project: ProjectId) -> GetPipelineStatusResponse {
        let mut client = PipelineServiceClient::new(self.as_key(project, KeyKind::Secret));
        client.get_pipeline_status(GetPipelineStatusRequest::default()).await.unwrap().into_inner()
    }

    /// Waits until nothing is pending and returns the ledger.
    pub(crate) async fn at_rest(
        &self,
        project: ProjectId,
        accepted: i64,
    ) -> GetPipelineStatusResponse {
        eventually(DEADLINE, "the pipeline to come to rest", async || {
            let status = self.status(project).await;
            (status.pending == 0 && status.accepted == accepted).then_some(status)
        })
        .await
    }

    pub(crate) fn pipeline(&self, project: ProjectId) -> PipelineServiceClient<Client> {
        PipelineServiceClient::new(self.as_key(project, KeyKind::Secret))
    }

    pub(crate) fn pipeline_as(&self, principal: Principal) -> PipelineServiceClient<Client> {
        PipelineServiceClient::new(InterceptedService::new(self.channel.clone(), As(principal)))
    }

    /// Returns all dead letters of a project, newest first.
    pub(crate) async fn dead_letters(&self, project: ProjectId) -> Vec<DeadLetter> {
        let request = ListDeadLettersRequest { page_size: 1_000, ..Default::default() };
        let answer = self.pipeline(project).list_dead_letters(request).await.unwrap();
        answer.into_inner().dead_letters
    }

    /// Tries dead letters again, all of them without ids.
    pub(crate) async fn redrive(
        &self,
        project: ProjectId,
        uuids: &[u128],
    ) -> RedriveDeadLettersResponse {
        let uuids = uuids.iter().map(|n| Uuid::from_u128(*n).to_string()).collect();
        let request = RedriveDeadLettersRequest { project_id: String::new(), uuids };
        self.pipeline(project).redrive_dead_letters(request).await.unwrap().into_inner()
    }

    pub(crate) async fn queue(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.stores.queue_redis_url.as_str()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Waits until the queue holds nothing.
    pub(crate) async fn queue_empty(&self) {
        let mut redis = self.queue().await;
        eventually(DEADLINE, "the queue to be empty", async || {
            let mut left = 0;
            for shard in 0..4 {
                let key = format!("observe:{{{shard}}}:stream");
                let length = redis::cmd("XLEN").arg(key).query_async::<u64>(&mut redis).await;
                left += length.unwrap_or(1);
            }
            left == 0
        })
        .await;
    }

    pub(crate) async fn sql(&self) -> sqlx::PgPool {
        sqlx::PgPool::connect(&self.stores.database_url).await.unwrap()
    }
}

pub(crate) fn config(stores: &TestStores) -> observe_events::Config {
    observe_events::Config {
        database_url: Secret::new(&stores.database_url),
        queue_redis_url: Secret::new(&stores.queue_redis_url),
        trap: Trap::named(DEADLY),
    }
}

pub(crate) fn deps(upstreams: Upstreams, life: &Lifecycle) -> Deps {
    Deps {
        name: "events",
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        secret: Secret::new(SECRET),
        lifecycle: life.clone(),
        upstreams,
    }
}

pub(crate) fn project(n: u128) -> ProjectId {
    ProjectId::new(Uuid::from_u128(n))
}

/// An event with the uuid `n`, at second `n` of this hour.
pub(crate) fn event(n: u128) -> AcceptedEvent {
    let now = SystemClock.now();
    let hour = now.timestamp() - now.timestamp() % 3600;
    AcceptedEvent {
        uuid: Uuid::from_u128(n).as_bytes().to_vec(),
        name: "viewed".into(),
        distinct_id: "visitor".into(),
        time_ms: (hour + i64::try_from(n % 3600).unwrap()) * 1000,
        received_us: now.timestamp_micros(),
        properties_json: "{}".into(),
        ..AcceptedEvent::default()
    }
}
