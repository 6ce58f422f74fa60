//! The layer that admits only signed calls and puts their [`CallContext`](observe_core::CallContext) into the request.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{Either, Ready, ready};
use http::{Request, Response};
use observe_core::Clock;
use observe_core::context::wire::{ContextSigner, METADATA_KEY};
use observe_core::error::CommonError;
use observe_core::status::to_status;
use tonic::body::Body;
use tower::{Layer, Service};

/// The one service that answers without a context: probes have none.
const HEALTH_PATH: &str = "/grpc.health.v1.Health/";

/// Verifies call contexts.
#[derive(Clone)]
pub struct ContextLayer {
    signer: ContextSigner,
    clock: Arc<dyn Clock>,
}

impl ContextLayer {
    /// Admits calls signed with the installation's secret.
    #[must_use]
    pub fn new(signer: ContextSigner, clock: Arc<dyn Clock>) -> Self {
        Self { signer, clock }
    }
}

impl<S> Layer<S> for ContextLayer {
    type Service = ContextService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ContextService { inner, layer: self.clone() }
    }
}

/// See [`ContextLayer`].
#[derive(Clone)]
pub struct ContextService<S> {
    inner: S,
    layer: ContextLayer,
}

impl<S, B> Service<Request<B>> for ContextService<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Self::Response, S::Error>>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if request.uri().path().starts_with(HEALTH_PATH) {
            return Either::Left(self.inner.call(request));
        }
        let verified = match request.headers().get(METADATA_KEY) {
            Some(value) => {
                self.layer.signer.verify_signed(value.as_bytes(), self.layer.clock.now())
            }
            None => Err(CommonError::Unauthenticated("no call context")),
        };
        match verified {
            Ok((context, signed_at)) => {
                request.extensions_mut().insert(context);
                request.extensions_mut().insert(signed_at);
                Either::Left(self.inner.call(request))
            }
            Err(error) => {
                // Besides a stranger, two hosts whose clocks differ by a minute look like this.
                tracing::warn!(rpc = request.uri().path(), %error, "call without a valid context");
                Either::Right(ready(Ok(to_status(&error).into_http())))
            }
        }
    }
}
