//! The edge from outside: real sockets in front, stand-ins of the services behind.

mod allowed_origins;
mod auth;
mod capture_http;
mod capture_rpc;
mod connections;
mod doorway;
mod grpc_web;
mod health;
mod heartbeat;
mod otlp;
mod pages;
mod posthog;
mod recorded;
mod rejections;
mod routing;
mod segment;
mod sentry;
mod sessions;
mod streaming;
mod support;
