//! Stands in for events and identity: their two logs, in memory.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use observe_core::context::wire::ContextSigner;
use observe_core::distinct_id::hash;
use observe_core::error::CommonError;
use observe_core::status::to_status;
use observe_core::{Clock, PersonId, ProjectId, SystemClock};
use observe_proto::events::v1::log_service_server::{LogService, LogServiceServer};
use observe_proto::events::v1::{
    AcceptedEvent, ListHeadsRequest, ListHeadsResponse, LogRow, LoggedEvents, ReadLogRequest,
    ReadLogResponse, ShardHead,
};
use observe_proto::identity::v1::authentication_service_server::{
    AuthenticationService, AuthenticationServiceServer,
};
use observe_proto::identity::v1::person_log_service_server::{
    PersonLogService, PersonLogServiceServer,
};
use observe_proto::identity::v1::{
    ApplyEventsRequest, ApplyEventsResponse, AuthenticateRequest, AuthenticateResponse, Change,
    ConfirmErasureRequest, ConfirmErasureResponse, ErasureChange, ListDistinctIdsRequest,
    ListDistinctIdsResponse, ListRetentionsRequest, ListRetentionsResponse, MappingChange,
    NumberedErasure, Person, PersonChange, ProjectChanges, ProjectRetention, ReadChangesRequest,
    ReadChangesResponse, ReadErasuresRequest, ReadErasuresResponse, ReadPersonsRequest,
    ReadPersonsResponse, ReportExposedKeyRequest, ReportExposedKeyResponse, RetentionSettings,
    change,
};
use observe_runtime::Lifecycle;
use observe_runtime::server::ContextLayer;
use prost::Message as _;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// How many rows and changes one answer holds, so that readers must ask again.
const PAGE: usize = 2;

/// Makes an event.
pub(crate) fn event(who: &str, name: &str, time_ms: i64) -> AcceptedEvent {
    AcceptedEvent {
        uuid: vec![0; 16],
        name: name.into(),
        distinct_id: who.into(),
        time_ms,
        properties_json: "{}".into(),
        ..AcceptedEvent::default()
    }
}

/// Both services, to be shared between a test and the server.
#[derive(Clone)]
pub(crate) struct StandIn(Arc<Mutex<State>>);

struct State {
    is_away: bool,
    shards: Vec<Vec<LogRow>>,
    changes: Vec<(ProjectId, Vec<Change>)>,
    retentions: Vec<ProjectRetention>,
    erasures: Vec<NumberedErasure>,
    confirmed: Vec<ConfirmErasureRequest>,
    /// Shard and first sequence.
    reads: Vec<(u32, i64)>,
    /// After which numbers changes were asked for.
    change_reads: Vec<i64>,
    /// How many more pages of what there was are given, and by shard, where its log ended then; all if `None`.
    again: Option<(usize, Vec<i64>)>,
}

impl StandIn {
    /// Returns what was read of the log: shards and first sequences.
    pub(crate) fn reads(&self) -> Vec<(u32, i64)> {
        self.0.lock().expect("no test panics with it").reads.clone()
    }

    /// Returns after which numbers changes were asked for.
    pub(crate) fn change_reads(&self) -> Vec<i64> {
        self.state().change_reads.clone()
    }

    /// Forgets what was read so far.
    pub(crate) fn forget_reads(&self) {
        let mut state = self.state();
        state.reads.clear();
        state.change_reads.clear();
    }

    /// Gives only so many more pages of what the log holds now, and what comes as ever; all with `None`.
    pub(crate) fn let_read_again(&self, pages: Option<usize>) {
        let mut state = self.state();
        let heads = state.shards.iter().map(|rows| head(rows)).collect();
        state.again = pages.map(|pages| (pages, heads));
    }

    /// Forgets all changes, as an identity that was put back would.
    pub(crate) fn clear_changes(&self) {
        self.state().changes.clear();
    }

    pub(crate) fn new(shards: usize) -> Self {
        let shards = vec![Vec::new(); shards];
        let state = State {
            is_away: false,
            shards,
            changes: vec![],
            retentions: vec![],
            erasures: vec![],
            confirmed: vec![],
            reads: vec![],
            change_reads: vec![],
            again: None,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds this")
    }

    /// Logs events in one row.
    pub(crate) fn append(&self, shard: usize, project: ProjectId, events: Vec<AcceptedEvent>) {
        let count = u32::try_from(events.len()).expect("few");
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder
            .write_all(&LoggedEvents { events, erased: 0 }.encode_to_vec())
            .expect("memory takes all");
        let payload = encoder.finish().expect("memory takes all").into();
        let mut state = self.state();
        let first_sequence = head(&state.shards[shard]) + 1;
        let row = LogRow { project_id: project.to_bytes(), first_sequence, count, payload };
        state.shards[shard].push(row);
    }

    /// Logs a row of so many events that were too old to be kept.
    pub(crate) fn append_emptied(&self, shard: usize, project: ProjectId, count: u32) {
        let mut state = self.state();
        let first_sequence = head(&state.shards[shard]) + 1;
        let payload = vec![].into();
        let row = LogRow { project_id: project.to_bytes(), first_sequence, count, payload };
        state.shards[shard].push(row);
    }

    /// Says how long a project keeps what.
    pub(crate) fn retain(&self, project: ProjectId, retention: RetentionSettings) {
        let project_id = project.to_string();
        self.state().retentions.push(ProjectRetention { project_id, retention: Some(retention) });
    }

    /// Logs a row of one event that nobody can read.
    pub(crate) fn append_malformed(&self, shard: usize, project: ProjectId) {
        let mut state = self.state();
        let first_sequence = head(&state.shards[shard]) + 1;
        let payload = vec![1, 2, 3].into();
        let row = LogRow { project_id: project.to_bytes(), first_sequence, count: 1, payload };
        state.shards[shard].push(row);
    }

    /// Puts one event that can be read in the place of those of a row, as a version that can read it would find it.
    pub(crate) fn mend(&self, shard: usize, row: usize, event: AcceptedEvent) {
        let other = Self::new(1);
        other.append(0, ProjectId::new(uuid::Uuid::nil()), vec![event]);
        let payload = other.state().shards[0][0].payload.clone();
        self.state().shards[shard][row].payload = payload;
    }

    /// Gives a distinct id to a person.
    pub(crate) fn map(&self, project: ProjectId, who: &str, person: PersonId) {
        self.map_to_bytes(project, who, person.to_bytes());
    }

    /// Gives a distinct id to what may be no person.
    pub(crate) fn map_to_bytes(&self, project: ProjectId, who: &str, person_id: Vec<u8>) {
        let mapping = MappingChange { distinct_id: who.into(), person_id };
        self.change(project, change::Kind::Mapping(mapping));
    }

    /// Says what a person is now, or that it was merged away.
    pub(crate) fn person(&self, project: ProjectId, person: PersonId, properties: Option<&str>) {
        let change = PersonChange {
            person_id: person.to_bytes(),
            properties_json: properties.unwrap_or_default().into(),
            merged_away: properties.is_none(),
            ..PersonChange::default()
        };
        self.change(project, change::Kind::Person(change));
    }

    fn change(&self, project: ProjectId, kind: change::Kind) {
        let mut state = self.state();
        if !state.changes.iter().any(|(id, _)| *id == project) {
            state.changes.push((project, Vec::new()));
        }
        let changes = state.changes.iter_mut().find(|(id, _)| *id == project).expect("just made");
        let number = i64::try_from(changes.1.len()).expect("few") + 1;
        changes.1.push(Change { number, kind: Some(kind) });
    }

    /// Erases the person of some ids, as identity does; the first is the person's own.
    pub(crate) fn erase(&self, project: ProjectId, ids: &[&str], cut_us: i64) -> Vec<u8> {
        let number = i64::try_from(self.state().erasures.len()).expect("few") + 1;
        let erasure = ErasureChange {
            erasure_id: vec![u8::try_from(number).expect("few"); 16],
            person_id: PersonId::of_distinct_id(project, ids[0]).to_bytes(),
            distinct_ids: vec![],
            cut_us,
            distinct_id_hashes: ids.iter().map(|id| hash(id).to_vec()).collect(),
        };
        self.change(project, change::Kind::Erasure(erasure.clone()));
        let mut state = self.state();
        let of_project = state.changes.iter().find(|(id, _)| *id == project).expect("just made");
        let change_number = i64::try_from(of_project.1.len()).expect("few");
        let id = erasure.erasure_id.clone();
        let distinct_ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let erasure = ErasureChange { distinct_ids, ..erasure };
        state.erasures.push(NumberedErasure {
            number,
            project_id: project.to_bytes(),
            erasure: Some(erasure),
            change_number,
            done: false,
        });
        id
    }

    /// Says that an erasure is done: nobody waits for it any more.
    pub(crate) fn end_erasure(&self, id: &[u8]) {
        let mut state = self.state();
        let of = |one: &&mut NumberedErasure| {
            one.erasure.as_ref().is_some_and(|erasure| erasure.erasure_id == id)
        };
        state.erasures.iter_mut().find(of).expect("begun").done = true;
    }

    /// Returns the rows that went, of each time an erasure was confirmed.
    pub(crate) fn confirmed(&self, id: &[u8]) -> Vec<i64> {
        let state = self.state();
        let of_it = state.confirmed.iter().filter(|one| one.erasure_id == id);
        of_it.map(|one| one.removed["rows"]).collect()
    }

    /// Makes both services answer UNAVAILABLE, or not.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.state().is_away = is_away;
    }

    /// Forgets the event log, as a replaced store would.
    pub(crate) fn clear(&self) {
        self.state().shards.iter_mut().for_each(Vec::clear);
    }

    /// Serves calls that are signed until shutdown, and returns the address.
    pub(crate) async fn serve(&self, lifecycle: &Lifecycle, signer: ContextSigner) -> String {
        self.serve_at(lifecycle, signer, Arc::new(SystemClock)).await
    }

    /// The same, by the time of another clock.
    pub(crate) async fn serve_at(
        &self,
        lifecycle: &Lifecycle,
        signer: ContextSigner,
        clock: Arc<dyn Clock>,
    ) -> String {
        self.serve_with(lifecycle, signer, clock, Routes::default()).await
    }

    /// The same, with other services beside.
    pub(crate) async fn serve_with(
        &self,
        lifecycle: &Lifecycle,
        signer: ContextSigner,
        clock: Arc<dyn Clock>,
        others: Routes,
    ) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = tonic::transport::Server::builder()
            .layer(ContextLayer::new(signer, clock))
            .add_routes(others)
            .add_service(LogServiceServer::new(self.clone()))
            .add_service(PersonLogServiceServer::new(self.clone()))
            .add_service(AuthenticationServiceServer::new(self.clone()));
        let life = lifecycle.clone();
        lifecycle.spawn_essential("stand-in", async move {
            let stop = async move { life.stopping().await };
            let incoming = TcpListenerStream::new(listener);
            Ok(router.serve_with_incoming_shutdown(incoming, stop).await?)
        });
        url
    }

    fn check(&self) -> Result<MutexGuard<'_, State>, Status> {
        let state = self.state();
        if state.is_away {
            return Err(unavailable());
        }
        Ok(state)
    }
}

fn unavailable() -> Status {
    to_status(&CommonError::Unavailable { dependency: "store", detail: String::new() })
}

/// Returns a person with a row, as identity would: what the changes say of it, in the end.
fn stored_person(id: &[u8], changes: &[&Change]) -> Option<Person> {
    let mut person = None;
    let mut owners: Vec<(&str, &[u8])> = Vec::new();
    for change in changes {
        match change.kind.as_ref().expect("set") {
            change::Kind::Person(one) if one.person_id == id => person = Some(one),
            change::Kind::Mapping(one) => {
                owners.retain(|(distinct_id, _)| *distinct_id != one.distinct_id);
                owners.push((&one.distinct_id, &one.person_id));
            }
            _ => {}
        }
    }
    let person = person.filter(|person| !person.merged_away)?;
    let of_it = owners.into_iter().filter(|(_, owner)| *owner == id);
    Some(Person {
        id: PersonId::from_bytes(id)?.to_string(),
        distinct_ids: of_it.map(|(distinct_id, _)| distinct_id.to_owned()).take(100).collect(),
        properties: Some(properties(&person.properties_json)),
        created_time: Some(prost_types::Timestamp {
            seconds: person.created_time_ms / 1_000,
            nanos: 0,
        }),
        identified: person.identified,
    })
}

/// Reads flat properties.
fn properties(json: &str) -> prost_types::Struct {
    use prost_types::value::Kind;
    let members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).expect("a JSON object");
    let value = |value: serde_json::Value| match value {
        serde_json::Value::Bool(value) => Kind::BoolValue(value),
        serde_json::Value::Number(value) => Kind::NumberValue(value.as_f64().expect("finite")),
        serde_json::Value::String(value) => Kind::StringValue(value),
        _ => Kind::NullValue(0),
    };
    let field = |(key, of_it)| (key, prost_types::Value { kind: Some(value(of_it)) });
    prost_types::Struct { fields: members.into_iter().map(field).collect() }
}

fn head(rows: &[LogRow]) -> i64 {
    rows.last().map_or(0, |row| row.first_sequence + i64::from(row.count) - 1)
}

#[tonic::async_trait]
impl LogService for StandIn {
    async fn read_log(
        &self,
        request: Request<ReadLogRequest>,
    ) -> Result<Response<ReadLogResponse>, Status> {
        let mut state = self.check()?;
        let request = request.into_inner();
        state.reads.push((request.shard, request.from_sequence));
        if let Some((pages, heads)) = &mut state.again
            && request.from_sequence <= heads[request.shard as usize]
        {
            let left = pages.checked_sub(1).ok_or_else(unavailable)?;
            *pages = left;
        }
        let rows = &state.shards[request.shard as usize];
        let wanted = rows.iter().filter(|row| row.first_sequence >= request.from_sequence);
        let rows_out = wanted.take(PAGE).cloned().collect();
        Ok(Response::new(ReadLogResponse { rows: rows_out, head_sequence: head(rows) }))
    }

    async fn list_heads(
        &self,
        _: Request<ListHeadsRequest>,
    ) -> Result<Response<ListHeadsResponse>, Status> {
        let state = self.check()?;
        let heads = (0..).zip(&state.shards);
        let heads = heads.map(|(shard, rows)| ShardHead { shard, sequence: head(rows) }).collect();
        Ok(Response::new(ListHeadsResponse { heads }))
    }
}

#[tonic::async_trait]
impl PersonLogService for StandIn {
    async fn read_changes(
        &self,
        request: Request<ReadChangesRequest>,
    ) -> Result<Response<ReadChangesResponse>, Status> {
        let mut state = self.check()?;
        let positions = request.into_inner().positions;
        state.change_reads.extend(positions.iter().map(|position| position.after_number));
        let mut projects = Vec::new();
        for position in positions {
            let id = ProjectId::from_bytes(&position.project_id).expect("16 bytes");
            let Some((_, all)) = state.changes.iter().find(|(known, _)| *known == id) else {
                continue;
            };
            let news = all.iter().filter(|change| change.number > position.after_number);
            let changes: Vec<_> = news.take(PAGE).cloned().collect();
            if !changes.is_empty() {
                let head_number = i64::try_from(all.len()).expect("few");
                let project_id = position.project_id;
                projects.push(ProjectChanges { project_id, changes, head_number });
            }
        }
        Ok(Response::new(ReadChangesResponse { projects }))
    }

    async fn apply_events(
        &self,
        _: Request<ApplyEventsRequest>,
    ) -> Result<Response<ApplyEventsResponse>, Status> {
        unreachable!("reports applies no events")
    }

    async fn list_distinct_ids(
        &self,
        _: Request<ListDistinctIdsRequest>,
    ) -> Result<Response<ListDistinctIdsResponse>, Status> {
        unreachable!("reports asks for no ids")
    }

    async fn read_persons(
        &self,
        request: Request<ReadPersonsRequest>,
    ) -> Result<Response<ReadPersonsResponse>, Status> {
        let state = self.check()?;
        let ReadPersonsRequest { project_id, person_ids } = request.into_inner();
        assert!(person_ids.len() <= 200, "identity answers no more");
        let project = ProjectId::from_bytes(&project_id).expect("16 bytes");
        let changes = state.changes.iter().filter(|(known, _)| *known == project);
        let changes: Vec<_> = changes.flat_map(|(_, changes)| changes).collect();
        let persons = person_ids.iter().filter_map(|id| stored_person(id, &changes)).collect();
        Ok(Response::new(ReadPersonsResponse { persons }))
    }

    async fn read_erasures(
        &self,
        request: Request<ReadErasuresRequest>,
    ) -> Result<Response<ReadErasuresResponse>, Status> {
        let state = self.check()?;
        let after = request.into_inner().after_number;
        let news = state.erasures.iter().filter(|one| one.number > after);
        Ok(Response::new(ReadErasuresResponse { erasures: news.take(PAGE).cloned().collect() }))
    }

    async fn confirm_erasure(
        &self,
        request: Request<ConfirmErasureRequest>,
    ) -> Result<Response<ConfirmErasureResponse>, Status> {
        self.check()?.confirmed.push(request.into_inner());
        Ok(Response::new(ConfirmErasureResponse {}))
    }
}

#[tonic::async_trait]
impl AuthenticationService for StandIn {
    async fn authenticate(
        &self,
        _: Request<AuthenticateRequest>,
    ) -> Result<Response<AuthenticateResponse>, Status> {
        unreachable!("reports authenticates nobody")
    }

    async fn report_exposed_key(
        &self,
        _: Request<ReportExposedKeyRequest>,
    ) -> Result<Response<ReportExposedKeyResponse>, Status> {
        unreachable!("reports sees no keys")
    }

    async fn list_retentions(
        &self,
        request: Request<ListRetentionsRequest>,
    ) -> Result<Response<ListRetentionsResponse>, Status> {
        let state = self.check()?;
        // One a page, so that readers must ask again.
        let at: usize = request.into_inner().page_token.parse().unwrap_or(0);
        let retentions: Vec<_> = state.retentions.iter().skip(at).take(1).cloned().collect();
        let more = at + 1 < state.retentions.len();
        let next_page_token = if more { (at + 1).to_string() } else { String::new() };
        Ok(Response::new(ListRetentionsResponse { retentions, next_page_token }))
    }
}
