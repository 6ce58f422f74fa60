//! End to end: real processes, real PostgreSQL and Redis, real clients. What belongs here needs two services or a fault.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod bombs;
mod cluster;
mod deadly;
mod demo;
mod erasure;
mod export;
mod health;
mod main_job;
mod outage;
mod overview;
mod persons;
mod rebuild;
mod rejections;
mod replicas;
mod spans;
mod start;
mod structure;
mod traces;
