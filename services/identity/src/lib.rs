//! `identity` owns accounts, sessions, organizations, invitations, projects and keys; and persons: which distinct ids are one somebody,
//! what is known of them, and how that came to be.
//!
//! It never holds an event, calls no other service, and never rewrites history: an event keeps its distinct id for ever,
//! and a mapping says whose that is, so a merge applies to all events at once. Who needs the mapping follows the gapless
//! change log (`PersonLogService/ReadChanges`).

mod account;
mod apply;
mod bootstrap;
mod config;
mod convert;
mod erasure;
mod error;
mod group;
mod invitation;
mod key;
mod merge;
mod operation;
mod organization;
mod origin;
mod password;
mod person;
mod person_filter;
mod person_search;
mod privacy;
mod project;
mod properties;
mod refusal;
mod retention;
mod retry;
mod service;
mod setup;
mod store;
mod workers;

use std::sync::Arc;

use observe_core::Secret;
use observe_proto::identity::v1::account_service_server::AccountServiceServer;
use observe_proto::identity::v1::authentication_service_server::AuthenticationServiceServer;
use observe_proto::identity::v1::erasure_service_server::ErasureServiceServer;
use observe_proto::identity::v1::group_service_server::GroupServiceServer;
use observe_proto::identity::v1::invitation_service_server::InvitationServiceServer;
use observe_proto::identity::v1::key_service_server::KeyServiceServer;
use observe_proto::identity::v1::organization_service_server::OrganizationServiceServer;
use observe_proto::identity::v1::person_log_service_server::PersonLogServiceServer;
use observe_proto::identity::v1::person_service_server::PersonServiceServer;
use observe_proto::identity::v1::project_service_server::ProjectServiceServer;
use observe_proto::identity::v1::stored_person_service_server::StoredPersonServiceServer;
use observe_runtime::postgres::{self, Database, PoolSizes};
use observe_runtime::{Built, Deps, ReadyCheck, StartError, Worker};
use tonic::service::Routes;

pub use bootstrap::{Credentials, bootstrap};
pub use config::{Bootstrap, Config};
pub use setup::{needs_setup, setup_token};

/// The schema that the service owns.
pub const SCHEMA: &str = "identity";
/// The schema's migrations.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// How many connections the service may hold.
const POOLS: PoolSizes = PoolSizes { app: 5, worker: 6 };
/// The most bytes of one `ApplyEvents` request: the events relay packs whole batches.
const MAX_APPLY_BYTES: usize = 32 * 1024 * 1024;
/// What readiness is told under.
const READY_NAME: &str = "observe.identity.v1.AuthenticationService";

/// Brings the schema up to date; safe to run from many processes at once.
///
/// # Errors
/// A sentence if the database is away, the login lacks rights, or the schema is of a newer version.
pub async fn migrate(url: &Secret) -> Result<(), StartError> {
    postgres::migrate(url, SCHEMA, &MIGRATOR).await
}

/// Builds the service. Connections are opened when they are needed.
///
/// # Errors
/// A sentence if the database URL is malformed.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a service takes what it is built from, like every other"
)]
pub fn build(config: Config, deps: Deps) -> Result<Built, StartError> {
    let database = Database::open(&config.database_url, SCHEMA, POOLS)?;
    let (clock, entropy) = (&deps.clock, &deps.entropy);
    // Both hash, and share the turns for it.
    let passwords = password::Passwords::new();
    let accounts = service::account::Accounts {
        store: store::account::AccountStore(database.clone()),
        sessions: store::session::SessionStore(database.clone()),
        setup: store::setup::SetupStore(database.clone()),
        passwords: passwords.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        secret: deps.secret.clone(),
    };
    let organizations = service::organization::Organizations {
        store: store::organization::OrganizationStore(database.clone()),
        clock: clock.clone(),
        entropy: entropy.clone(),
    };
    let invitations = service::invitation::Invitations {
        store: store::invitation::InvitationStore(database.clone()),
        accounts: store::account::AccountStore(database.clone()),
        passwords,
        clock: clock.clone(),
        entropy: entropy.clone(),
    };
    let projects = service::project::Projects {
        store: store::project::ProjectStore(database.clone()),
        clock: clock.clone(),
        entropy: entropy.clone(),
    };
    let keys = service::key::Keys {
        store: store::key::KeyStore(database.clone()),
        clock: clock.clone(),
        entropy: entropy.clone(),
    };
    let authentication = service::authentication::Authentication {
        store: store::credential::CredentialStore(database.clone()),
        clock: clock.clone(),
        page_tokens: deps.page_tokens(),
    };
    let erasure_store = store::erasure::ErasureStore(database.clone());
    let begun = Arc::default();
    let erasures =
        service::erasure::Erasures::new(erasure_store.clone(), Arc::clone(&begun), &deps);
    let clear_log =
        workers::clear_log::run(erasure_store, begun, clock.clone(), deps.lifecycle.clone());
    let applier = Arc::new(apply::Applier::new(&database, clock.clone(), entropy.clone()));
    let persons = service::person::Persons {
        erasures: erasures.clone(),
        store: store::person::PersonStore(database.clone()),
        ledger: store::merge::MergeStore(database.clone()),
        refusals: store::refusal::RefusalStore(database.clone()),
        property_changes: store::property_change::PropertyChangeStore(database.clone()),
        applier: applier.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        page_tokens: deps.page_tokens(),
    };
    let person_log =
        service::person_log::PersonLog::new(&database, applier.clone(), erasures.clone());
    let groups = service::group::Groups {
        store: store::group::GroupStore(database.clone()),
        page_tokens: deps.page_tokens(),
    };
    let stored_persons = service::stored_person::StoredPersons {
        store: store::stored_person::StoredPersonStore(database.clone()),
    };
    let retry = retry::Retry {
        parked: store::parked::ParkedStore(database.clone()),
        applier,
        clock: clock.clone(),
        life: deps.lifecycle.clone(),
    };
    let routes = Routes::new(AccountServiceServer::new(accounts))
        .add_service(OrganizationServiceServer::new(organizations))
        .add_service(InvitationServiceServer::new(invitations))
        .add_service(ProjectServiceServer::new(projects))
        .add_service(KeyServiceServer::new(keys))
        .add_service(AuthenticationServiceServer::new(authentication))
        .add_service(PersonServiceServer::new(persons))
        .add_service(ErasureServiceServer::new(erasures))
        .add_service(GroupServiceServer::new(groups))
        .add_service(StoredPersonServiceServer::new(stored_persons))
        .add_service(
            PersonLogServiceServer::new(person_log).max_decoding_message_size(MAX_APPLY_BYTES),
        );
    let ready = ReadyCheck::new(READY_NAME, move || {
        let database = database.clone();
        async move { database.is_up().await }
    });
    let workers =
        vec![Worker::new("identity retry", retry.run()), Worker::new("clear log", clear_log)];
    Ok(Built { routes, workers, ready: vec![ready] })
}
