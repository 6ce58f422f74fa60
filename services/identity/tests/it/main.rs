//! The service through its contracts: real gRPC, real PostgreSQL.

mod account;
mod bootstrap;
mod harness;
mod key;
mod outage;
mod person;
mod person_log;
mod project;
mod row_security;
