//! The service through its contracts: real gRPC, real PostgreSQL.

mod account;
mod authentication;
mod bootstrap;
mod erasure;
mod erasure_split;
mod group;
mod harness;
mod invitation;
mod key;
mod organization;
mod outage;
mod person;
mod person_list;
mod person_log;
mod project;
mod property_change;
mod refused_merge;
mod row_security;
mod rules;
mod session;
mod setup;
mod split;
mod stored_person;
