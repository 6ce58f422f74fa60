//! The service through its contracts: real gRPC, real PostgreSQL.

mod account;
mod authentication;
mod bootstrap;
mod erasure;
mod harness;
mod invitation;
mod key;
mod organization;
mod outage;
mod person;
mod person_list;
mod person_log;
mod project;
mod row_security;
mod session;
mod setup;
