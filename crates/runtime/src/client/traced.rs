//! A channel whose calls have spans.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::Either;
use http::{Request, Response};
use tonic::body::Body;
use tonic::transport::{Channel, Error};
use tonic::{Code, Status};
use tower::Service;

use crate::traces;

/// A channel from one service to another. A call that is made in a trace carries it on.
#[derive(Clone, Debug)]
pub struct Traced {
    channel: Channel,
    from: &'static str,
    to: &'static str,
}

impl Traced {
    /// Traces the calls that `from` makes to `to`.
    #[must_use]
    pub fn new(channel: Channel, from: &'static str, to: &'static str) -> Self {
        Self { channel, from, to }
    }
}

impl Service<Request<Body>> for Traced {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Either<
        <Channel as Service<Request<Body>>>::Future,
        Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>,
    >;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Body>>::poll_ready(&mut self.channel, task)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if !traces::is_on() {
            return Either::Left(self.channel.call(request));
        }
        let path = request.uri().path().to_owned();
        let Some(span) = traces::call(self.from, self.to, &path, request.headers_mut()) else {
            return Either::Left(self.channel.call(request));
        };
        let answer = self.channel.call(request);
        Either::Right(Box::pin(async move {
            let answer = span.cover(answer).await;
            let code = match &answer {
                Ok(answer) => Status::from_header_map(answer.headers())
                    .map_or(Code::Ok, |status| status.code()),
                Err(_) => Code::Unavailable,
            };
            span.coded(code);
            answer
        }))
    }
}
