//! The gRPC services, a file each.

pub(crate) mod account;
pub(crate) mod authentication;
pub(crate) mod erasure;
pub(crate) mod group;
pub(crate) mod invitation;
pub(crate) mod key;
pub(crate) mod organization;
pub(crate) mod page;
pub(crate) mod person;
pub(crate) mod person_log;
pub(crate) mod project;
pub(crate) mod stored_person;
