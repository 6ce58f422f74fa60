//! What every service gets from the process, and what it gives back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use observe_core::context::wire::ContextSigner;
use observe_core::page::PageTokens;
use observe_core::{Clock, Entropy, Secret};
use tonic::service::Routes;
use tonic::service::interceptor::InterceptedService;

use crate::client::{ServiceChannel, SignAs, Traced, Upstreams};
use crate::exit::StartError;
use crate::lifecycle::Lifecycle;

/// What a service gets: everything ambient, as values.
#[derive(Clone)]
pub struct Deps {
    /// The service's name.
    pub name: &'static str,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The installation's secret, from which keys are derived.
    pub secret: Secret,
    /// The life of the process.
    pub lifecycle: Lifecycle,
    /// Where the other services are.
    pub upstreams: Upstreams,
}

impl Deps {
    /// Returns what signs and verifies call contexts.
    #[must_use]
    pub fn signer(&self) -> ContextSigner {
        ContextSigner::new(&self.secret)
    }

    /// Returns what seals page tokens.
    #[must_use]
    pub fn page_tokens(&self) -> PageTokens {
        PageTokens::new(&self.secret)
    }

    /// Returns a channel to another service that signs every call as this one.
    ///
    /// # Errors
    /// A sentence if this process does not know where the service is.
    pub fn service_channel(&self, service: &'static str) -> Result<ServiceChannel, StartError> {
        let sign = SignAs::new(self.name, self.signer(), self.clock.clone(), self.entropy.clone());
        let channel = Traced::new(self.upstreams.channel(service)?, self.name, service);
        Ok(InterceptedService::new(channel, sign))
    }
}

/// A future that owns what it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A task that runs as long as the process; it listens to [`Lifecycle::stopping`] and ends then.
pub struct Worker {
    /// Its name, for the log.
    pub name: &'static str,
    /// The task.
    pub task: BoxFuture<anyhow::Result<()>>,
}

impl Worker {
    /// Names a task.
    pub fn new(
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> Self {
        Self { name, task: Box::pin(task) }
    }
}

/// Something a service needs in order to be of use, looked at every second and told by the gRPC health protocol.
pub struct ReadyCheck {
    /// The health service name, such as `observe.events.v1.IngestService`.
    pub name: &'static str,
    /// Answers whether it is fine now.
    pub check: Box<dyn Fn() -> BoxFuture<bool> + Send + Sync>,
}

impl ReadyCheck {
    /// Names a check.
    pub fn new<F>(name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Self { name, check: Box::new(move || Box::pin(check())) }
    }
}

/// A service that is built and not yet started.
pub struct Built {
    /// Its gRPC services.
    pub routes: Routes,
    /// Its background work.
    pub workers: Vec<Worker>,
    /// What its readiness depends on.
    pub ready: Vec<ReadyCheck>,
}
