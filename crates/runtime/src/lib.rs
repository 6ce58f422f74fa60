//! One process of Observe: configuration, stores, servers, clients, workers and shutdown. It knows no product noun.

pub mod client;
pub mod config;
pub mod exit;
pub mod in_process;
pub mod lifecycle;
pub mod logging;
pub mod postgres;
pub mod private_stores;
pub mod probe;
pub mod redis;
pub mod server;
pub mod service;
pub mod traces;

pub use exit::StartError;
pub use lifecycle::Lifecycle;
pub use service::{Built, Deps, ReadyCheck, Worker};
