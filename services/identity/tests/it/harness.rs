//! A running identity service and clients that speak to it as whoever a test wants to be.

use std::collections::HashMap;
use std::sync::Arc;

use observe_core::clock::ManualClock;
use observe_core::context::wire::{ContextSigner, METADATA_KEY, session_from_proto};
use observe_core::{
    CallContext, Clock, Entropy, Principal, ProjectId, Secret, SystemClock, SystemEntropy,
};
use observe_identity::{Bootstrap, Config, Credentials, bootstrap, build, migrate};
use observe_proto::common::v1::Role;
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::account_service_client::AccountServiceClient;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_proto::identity::v1::authenticate_response;
use observe_proto::identity::v1::authentication_service_client::AuthenticationServiceClient;
use observe_proto::identity::v1::invitation_service_client::InvitationServiceClient;
use observe_proto::identity::v1::key_service_client::KeyServiceClient;
use observe_proto::identity::v1::organization_service_client::OrganizationServiceClient;
use observe_proto::identity::v1::person_log_service_client::PersonLogServiceClient;
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::identity::v1::project_service_client::ProjectServiceClient;
use observe_runtime::client::Upstreams;
use observe_runtime::in_process::in_process;
use observe_runtime::server::{Listener, start};
use observe_runtime::{Deps, Lifecycle};
use observe_testkit::TestStores;
use serde_json::Value;
use sqlx::PgPool;
use tonic::metadata::{MetadataKey, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// The first account.
pub(crate) const EMAIL: &str = "admin@localhost";

/// Signs calls on behalf of one principal.
#[derive(Clone)]
pub(crate) struct Sign {
    signer: ContextSigner,
    clock: Arc<ManualClock>,
    principal: Principal,
}

impl Interceptor for Sign {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, Status> {
        let context = CallContext {
            request_id: "test".into(),
            client_address: String::new(),
            principal: self.principal.clone(),
        };
        let value = MetadataValue::from_bytes(&self.signer.sign_bytes(&context, self.clock.now()));
        request.metadata_mut().insert_bin(MetadataKey::from_static(METADATA_KEY), value);
        Ok(request)
    }
}

pub(crate) type Signed = InterceptedService<Channel, Sign>;

/// A running service of one test's own.
pub(crate) struct Identity {
    pub(crate) stores: TestStores,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) credentials: Credentials,
    pub(crate) project: ProjectId,
    pub(crate) deps: Deps,
    channel: Channel,
}

impl Drop for Identity {
    fn drop(&mut self) {
        self.deps.lifecycle.stop();
    }
}

impl Identity {
    /// Starts stores and service, with a bootstrapped first project and account.
    pub(crate) async fn start() -> Self {
        Self::start_with(Bootstrap { email: Some(EMAIL.into()), ..Bootstrap::default() }).await
    }

    /// Starts stores and service, with what the bootstrap makes.
    pub(crate) async fn start_with(given: Bootstrap) -> Self {
        let stores = TestStores::start().await;
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let mut deps = deps(clock.clone());
        let config = config(&stores);
        migrate(&config.database_url).await.expect("the schema can be made");
        let made = bootstrap(&config, given, &deps, |_| Ok(())).await.expect("bootstrapped");
        let credentials = made.expect("the database was empty");
        let project = ProjectId::parse(&credentials.project_id).expect("an id");
        let (connector, listener) = in_process();
        deps.upstreams.add_in_process("identity", &connector);
        let built = build(config, deps.clone()).expect("built");
        start(built, Listener::InProcess(listener), &deps).await;
        let channel = deps.upstreams.channel("identity").expect("added above");
        Self { stores, clock, credentials, project, deps, channel }
    }

    /// Returns a channel that calls as the principal.
    pub(crate) fn as_principal(&self, principal: Principal) -> Signed {
        let sign = Sign { signer: self.deps.signer(), clock: self.clock.clone(), principal };
        InterceptedService::new(self.channel.clone(), sign)
    }

    /// Returns a channel that calls as another service.
    pub(crate) fn as_service(&self) -> Signed {
        self.as_principal(Principal::Service("events".into()))
    }

    /// Returns a channel that calls as a user with a role in the first project.
    pub(crate) fn as_role(&self, role: Role) -> Signed {
        self.as_principal(session(&[(self.project, role)]))
    }

    pub(crate) fn accounts(&self, channel: Signed) -> AccountServiceClient<Signed> {
        AccountServiceClient::new(channel)
    }

    /// Returns a channel that calls without a credential.
    pub(crate) fn as_nobody(&self) -> Signed {
        self.as_principal(Principal::Anonymous)
    }

    /// Returns a channel that calls as whom the session token belongs to, with what that may do now.
    pub(crate) async fn as_token(&self, token: &str) -> Signed {
        match self.authenticate(token).await.expect("known") {
            authenticate_response::Principal::Session(session) => {
                self.as_principal(session_from_proto(&session).expect("well formed"))
            }
            authenticate_response::Principal::Key(_) => unreachable!("a session's token"),
        }
    }

    pub(crate) fn organizations(&self, channel: Signed) -> OrganizationServiceClient<Signed> {
        OrganizationServiceClient::new(channel)
    }

    pub(crate) fn invitations(&self, channel: Signed) -> InvitationServiceClient<Signed> {
        InvitationServiceClient::new(channel)
    }

    /// Invites somebody with a role on behalf of a session, and returns the link's token.
    pub(crate) async fn invite(&self, token: &str, role: Role) -> String {
        let mut invitations = self.invitations(self.as_token(token).await);
        let request = pb::CreateInvitationRequest { role: role.into(), ..Default::default() };
        invitations.create_invitation(request).await.expect("invited").into_inner().token
    }

    /// Makes an account by a link.
    pub(crate) async fn accept(
        &self,
        token: &str,
        email: &str,
    ) -> Result<pb::AcceptInvitationResponse, Status> {
        let request = pb::AcceptInvitationRequest {
            token: token.into(),
            email: email.into(),
            password: "a password of mine".into(),
            name: email.split('@').next().unwrap_or_default().into(),
        };
        let answer = self.invitations(self.as_nobody()).accept_invitation(request).await?;
        Ok(answer.into_inner())
    }

    /// Signs in as the first account and returns the session's token.
    pub(crate) async fn owner(&self) -> String {
        self.sign_in(&self.password()).await.expect("signed in").session_token
    }

    /// Brings somebody with a role into the first organization; returns the user's id and session token.
    pub(crate) async fn join_as(&self, role: Role, email: &str) -> (String, String) {
        let link = self.invite(&self.owner().await, role).await;
        let joined = self.accept(&link, email).await.expect("joined");
        (joined.user.expect("given").id, joined.session_token)
    }

    pub(crate) fn keys(&self, role: Role) -> KeyServiceClient<Signed> {
        KeyServiceClient::new(self.as_role(role))
    }

    pub(crate) fn projects(&self, channel: Signed) -> ProjectServiceClient<Signed> {
        ProjectServiceClient::new(channel)
    }

    pub(crate) fn persons(&self) -> PersonServiceClient<Signed> {
        PersonServiceClient::new(self.as_role(Role::Viewer))
    }

    /// Returns a client that may change persons.
    pub(crate) fn editor(&self) -> PersonServiceClient<Signed> {
        PersonServiceClient::new(self.as_role(Role::Member))
    }

    pub(crate) fn authentication(&self, channel: Signed) -> AuthenticationServiceClient<Signed> {
        AuthenticationServiceClient::new(channel)
    }

    pub(crate) fn log(&self) -> PersonLogServiceClient<Signed> {
        PersonLogServiceClient::new(self.as_service())
    }

    /// Returns a pool of the superuser, to look behind the service's back.
    pub(crate) async fn superuser(&self) -> PgPool {
        PgPool::connect(&self.stores.database_url).await.expect("the database answers")
    }

    /// Signs in as the first account.
    pub(crate) async fn sign_in(&self, password: &str) -> Result<pb::SignInResponse, Status> {
        let request = pb::SignInRequest { email: EMAIL.into(), password: password.into() };
        let mut accounts = self.accounts(self.as_principal(Principal::Anonymous));
        accounts.sign_in(request).await.map(tonic::Response::into_inner)
    }

    /// Returns the generated password of the first account.
    pub(crate) fn password(&self) -> String {
        self.credentials.password.as_ref().expect("it was generated").expose().to_owned()
    }

    /// Asks whose a token is.
    pub(crate) async fn authenticate(
        &self,
        token: &str,
    ) -> Result<authenticate_response::Principal, Status> {
        Ok(self.try_authenticate(token).await?.principal.expect("always given"))
    }

    /// Asks whose a token is, and what comes with it.
    pub(crate) async fn try_authenticate(
        &self,
        token: &str,
    ) -> Result<pb::AuthenticateResponse, Status> {
        let mut client = AuthenticationServiceClient::new(self.as_service());
        let answer = client.authenticate(pb::AuthenticateRequest { token: token.into() }).await?;
        Ok(answer.into_inner())
    }

    /// Signs in as the first account and returns what its calls are signed with.
    pub(crate) async fn signed_in(&self) -> Principal {
        let token = self.sign_in(&self.password()).await.expect("signed in").session_token;
        match self.authenticate(&token).await.expect("known") {
            authenticate_response::Principal::Session(session) => {
                session_from_proto(&session).expect("well formed")
            }
            authenticate_response::Principal::Key(_) => unreachable!("a session's token"),
        }
    }

    /// Applies identity events to the first project.
    pub(crate) async fn apply(&self, events: &[AcceptedEvent]) -> Vec<Outcome> {
        self.try_apply(events).await.expect("applied")
    }

    /// Applies identity events to the first project.
    pub(crate) async fn try_apply(&self, events: &[AcceptedEvent]) -> Result<Vec<Outcome>, Status> {
        let request =
            pb::ApplyEventsRequest { project_id: self.project.to_bytes(), events: events.to_vec() };
        Ok(self.log().apply_events(request).await?.into_inner().outcomes().collect())
    }

    /// Returns the person of a distinct id.
    pub(crate) async fn person(&self, distinct_id: &str) -> pb::Person {
        self.get_person(pb::get_person_request::Id::DistinctId(distinct_id.into()))
            .await
            .expect("always answered")
    }

    /// Returns a person.
    pub(crate) async fn get_person(
        &self,
        id: pb::get_person_request::Id,
    ) -> Result<pb::Person, Status> {
        let request = pb::GetPersonRequest { project_id: self.project.to_string(), id: Some(id) };
        Ok(self.persons().get_person(request).await?.into_inner().person.expect("always given"))
    }

    /// Returns the first project's changes after a number.
    pub(crate) async fn changes(&self, after_number: i64) -> Vec<pb::Change> {
        let position = pb::ChangePosition { project_id: self.project.to_bytes(), after_number };
        let request = pb::ReadChangesRequest { positions: vec![position] };
        let answer = self.log().read_changes(request).await.expect("answered").into_inner();
        answer.projects.into_iter().flat_map(|project| project.changes).collect()
    }

    /// Makes a second organization with a project of its own.
    pub(crate) async fn other_project(&self) -> ProjectId {
        let id = |n: u128| Uuid::from_u128(0xb0 + n);
        let pool = self.superuser().await;
        sqlx::query(
            "insert into identity.organization (id, name, created_at) values ($1, 'Other', now())",
        )
        .bind(id(1))
        .execute(&pool)
        .await
        .expect("inserted");
        sqlx::query(
            "insert into identity.project (id, organization_id, name, created_at) values ($1, $2, 'Other', now())",
        )
        .bind(id(2))
        .bind(id(1))
        .execute(&pool)
        .await
        .expect("inserted");
        ProjectId::new(id(2))
    }
}

/// What a reader knows who followed the change log.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Follower {
    pub(crate) mapping: HashMap<String, Vec<u8>>,
    pub(crate) persons: HashMap<Vec<u8>, pb::PersonChange>,
    pub(crate) number: i64,
}

impl Follower {
    pub(crate) fn follow(&mut self, changes: Vec<pb::Change>) {
        for change in changes {
            self.number += 1;
            assert_eq!(change.number, self.number, "the log has no gap");
            match change.kind.expect("every change has a kind") {
                pb::change::Kind::Mapping(mapping) => {
                    self.mapping.insert(mapping.distinct_id, mapping.person_id);
                }
                pb::change::Kind::Person(person) => {
                    self.persons.insert(person.person_id.clone(), person);
                }
                pb::change::Kind::Erasure(_) => {}
            }
        }
    }

    pub(crate) fn properties(&self, distinct_id: &str) -> Value {
        let person = &self.persons[&self.mapping[distinct_id]];
        serde_json::from_str(&person.properties_json).expect("a JSON object")
    }
}

/// Returns a person's properties as JSON; all numbers are doubles.
pub(crate) fn properties(person: &pb::Person) -> Value {
    json_members(person.properties.clone().expect("always given"))
}

/// Returns a struct as JSON.
pub(crate) fn json_members(members: prost_types::Struct) -> Value {
    Value::Object(members.fields.into_iter().map(|(key, value)| (key, json_of(value))).collect())
}

/// Returns a value as JSON.
pub(crate) fn json_of(value: prost_types::Value) -> Value {
    use prost_types::value::Kind;
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => value.into(),
        Some(Kind::NumberValue(value)) => value.into(),
        Some(Kind::StringValue(value)) => value.into(),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json_of).collect(),
        Some(Kind::StructValue(members)) => json_members(members),
    }
}

/// Returns a session's principal with the projects given.
pub(crate) fn session(projects: &[(ProjectId, Role)]) -> Principal {
    let id = Uuid::from_u128(0x51);
    Principal::Session {
        user: observe_core::UserId::new(id),
        session: observe_core::SessionId::new(id),
        projects: projects.to_vec(),
        organizations: Vec::new(),
    }
}

pub(crate) fn config(stores: &TestStores) -> Config {
    Config { database_url: Secret::new(&stores.database_url) }
}

pub(crate) fn deps(clock: Arc<ManualClock>) -> Deps {
    Deps {
        name: "identity",
        clock,
        entropy: Arc::new(SystemEntropy),
        secret: Secret::new("a secret of this test"),
        lifecycle: Lifecycle::new(),
        upstreams: Upstreams::new(),
    }
}

/// An identity event of its own uuid at a time in milliseconds since 1970.
pub(crate) fn event(
    name: &str,
    time_ms: i64,
    distinct_id: &str,
    properties: &Value,
) -> AcceptedEvent {
    AcceptedEvent {
        uuid: SystemEntropy.uuid(SystemClock.now()).as_bytes().to_vec(),
        name: name.into(),
        distinct_id: distinct_id.into(),
        time_ms,
        received_us: time_ms * 1_000,
        properties_json: properties.to_string(),
        identity: true,
        ..AcceptedEvent::default()
    }
}

pub(crate) fn identify(time_ms: i64, anonymous: &str, user: &str) -> AcceptedEvent {
    event("$identify", time_ms, user, &serde_json::json!({"$anonymous_id": anonymous}))
}

pub(crate) fn set(time_ms: i64, distinct_id: &str, properties: &Value) -> AcceptedEvent {
    event("$set", time_ms, distinct_id, &serde_json::json!({"$set": properties}))
}

/// Returns the code and the reason of a refusal.
#[track_caller]
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.expect_err("it should be refused");
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    (status.code(), reason.unwrap_or_default())
}

/// Small numbers that look random and are the same for the same seed.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
