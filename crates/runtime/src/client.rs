//! Calling another service: a lazy channel that signs each call.

mod traced;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use observe_core::context::wire::{ContextSigner, METADATA_KEY};
use observe_core::{CallContext, Clock, Entropy};
use tonic::metadata::{Binary, MetadataKey, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

pub use traced::Traced;

use crate::exit::StartError;
use crate::in_process::InProcessConnector;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one call may take until its answer begins; a deadline of its own counts where it is shorter.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How often an idle connection is probed, and how long the probe may take.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));

/// A channel to one service that signs every call as this service, and carries on the trace it is made in.
pub type ServiceChannel = InterceptedService<Traced, SignAs>;

/// Where the other services are.
#[derive(Clone, Default)]
pub struct Upstreams(HashMap<&'static str, Channel>);

impl Upstreams {
    /// Starts with none.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service in this process.
    ///
    /// # Panics
    /// Never: the placeholder address is valid.
    pub fn add_in_process(&mut self, service: &'static str, connector: &InProcessConnector) {
        let connector = connector.clone();
        let connect = tower::service_fn(move |_: http::Uri| {
            let connector = connector.clone();
            async move { connector.connect().await.map(hyper_util::rt::TokioIo::new) }
        });
        let endpoint = configured(Endpoint::from_static("http://in-process"));
        self.0.insert(service, endpoint.connect_with_connector_lazy(connect));
    }

    /// Adds a service elsewhere.
    ///
    /// # Errors
    /// A sentence if the URL is malformed.
    pub fn add_url(&mut self, service: &'static str, url: &str) -> Result<(), StartError> {
        self.0.insert(service, channel_to(service, url)?);
        Ok(())
    }

    /// Returns the bare channel of a service, for the gateway, which signs on behalf of its callers.
    ///
    /// # Errors
    /// A sentence if this process does not know where the service is.
    pub fn channel(&self, service: &'static str) -> Result<Channel, StartError> {
        self.0.get(service).cloned().ok_or_else(|| {
            let name = service.to_uppercase();
            StartError::new(format!(
                "OBSERVE_{name}_URL is needed: where this role finds {service}"
            ))
        })
    }
}

/// Returns a bare channel to a service at an address, connected when it is first used.
///
/// # Errors
/// A sentence if the URL is malformed.
pub fn channel_to(service: &str, url: &str) -> Result<Channel, StartError> {
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|error| {
        StartError::new(format!(
            "the address of {service} ({url:?}) cannot be read ({error}); give a URL such as http://10.0.0.5:8081"
        ))
    })?;
    Ok(configured(endpoint).connect_lazy())
}

fn configured(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(CALL_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(8 << 20)
}

/// Signs calls as a service.
#[derive(Clone)]
pub struct SignAs {
    name: &'static str,
    signer: ContextSigner,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl SignAs {
    /// Signs as the service `name`.
    #[must_use]
    pub fn new(
        name: &'static str,
        signer: ContextSigner,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { name, signer, clock, entropy }
    }
}

impl Interceptor for SignAs {
    fn call(
        &mut self,
        mut request: tonic::Request<()>,
    ) -> Result<tonic::Request<()>, tonic::Status> {
        let now = self.clock.now();
        let context = CallContext::service(self.name, self.entropy.uuid(now).to_string());
        let key = MetadataKey::<Binary>::from_static(METADATA_KEY);
        let value = MetadataValue::from_bytes(&self.signer.sign_bytes(&context, now));
        request.metadata_mut().insert_bin(key, value);
        Ok(request)
    }
}
