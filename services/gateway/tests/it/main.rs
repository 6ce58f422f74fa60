//! The edge from outside: real sockets in front, stand-ins of the services behind.

mod allowed_origins;
mod auth;
mod capture_http;
mod capture_rpc;
mod connections;
mod doorway;
mod edge_rules;
mod enrichment;
mod exposed_keys;
mod grpc_web;
mod health;
mod heartbeat;
mod hostile;
mod otlp;
mod pages;
mod posthog;
mod rate_limits;
mod recorded;
mod rejections;
mod routing;
mod segment;
mod sentry;
mod sessions;
mod streaming;
mod support;
