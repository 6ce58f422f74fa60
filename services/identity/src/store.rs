//! The SQL of the service. A tenant's request runs as the app role inside one tenant's transaction, which row-level
//! security binds; what crosses tenants (signing in, the credential look-up, the person log) runs as the worker role.

pub(crate) mod account;
pub(crate) mod bootstrap;
pub(crate) mod change;
pub(crate) mod credential;
pub(crate) mod erasure;
pub(crate) mod group;
pub(crate) mod invitation;
pub(crate) mod key;
pub(crate) mod merge;
pub(crate) mod organization;
pub(crate) mod parked;
pub(crate) mod person;
pub(crate) mod person_list;
pub(crate) mod person_log;
pub(crate) mod project;
pub(crate) mod property_change;
pub(crate) mod refusal;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod stored_person;
