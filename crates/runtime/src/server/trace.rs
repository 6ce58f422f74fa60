//! The layer that gives a call its span.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::Either;
use http::{Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::traces;

/// Traces calls that come in a trace. It stands behind the layer that admits calls: a stranger's leave no span.
#[derive(Clone, Copy, Debug)]
pub struct TraceLayer {
    service: &'static str,
}

impl TraceLayer {
    /// Traces as `service`.
    #[must_use]
    pub fn new(service: &'static str) -> Self {
        Self { service }
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = TraceService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TraceService { inner, service: self.service }
    }
}

/// See [`TraceLayer`].
#[derive(Clone)]
pub struct TraceService<S> {
    inner: S,
    service: &'static str,
}

impl<S, B, R> Service<Request<B>> for TraceService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future =
        Either<S::Future, Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(span) = traces::served(self.service, request.uri().path(), request.headers())
        else {
            return Either::Left(self.inner.call(request));
        };
        let answer = self.inner.call(request);
        Either::Right(Box::pin(async move {
            let answer = span.cover(answer).await?;
            // A refusal has its status in the headers; a success has it in the trailers.
            let status = Status::from_header_map(answer.headers());
            span.coded(status.map_or(Code::Ok, |status| status.code()));
            Ok(answer)
        }))
    }
}
