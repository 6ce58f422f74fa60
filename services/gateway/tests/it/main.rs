//! The edge from outside: real sockets in front, stand-ins of the services behind.

mod auth;
mod capture_http;
mod capture_rpc;
mod connections;
mod doorway;
mod grpc_web;
mod health;
mod routing;
mod support;
