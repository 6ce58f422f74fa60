//! The layer that writes one line a request.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Request, Response};
use observe_core::CallContext;
use tower::{Layer, Service};

/// Logs method, gRPC status and duration: at `debug` when all is well (services call each other many times a second), at
/// `info` when the call was refused.
#[derive(Clone, Copy, Debug)]
pub struct LogLayer;

impl<S> Layer<S> for LogLayer {
    type Service = LogService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        LogService { inner }
    }
}

/// See [`LogLayer`].
#[derive(Clone)]
pub struct LogService<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for LogService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let rpc = request.uri().path().trim_start_matches('/').to_owned();
        let request_id =
            request.extensions().get::<CallContext>().map(|context| context.request_id.clone());
        let started = Instant::now();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            let millis = started.elapsed().as_millis();
            // A unary error has its status in the headers; a success has it in the trailers.
            let status = answer.headers().get("grpc-status").and_then(|value| value.to_str().ok());
            match status {
                None | Some("0") => tracing::debug!(rpc, millis, request_id, "call"),
                Some(code) => tracing::info!(rpc, code, millis, request_id, "call refused"),
            }
            Ok(answer)
        })
    }
}
