//! Passing a call on to the replica that owns the projection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, request::Parts};
use http_body_util::{BodyExt as _, Full, Limited};
use observe_core::Violations;
use observe_core::error::CommonError;
use observe_runtime::client::{Traced, channel_to};
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{Service as _, ServiceExt as _};

use super::guarded::Guarded;
use super::{BoxError, FORWARDED, NOT_OWNER, refusal};
use crate::error::ReportsError;
use crate::ownership::{Claim, Holder, Owner, Ownership};
use crate::published::Published;

/// The largest request that is passed on: what a gRPC server takes by default.
const REQUEST_BYTES_MAX: usize = 4 << 20;
/// How long a call waits for somebody to own the projection: a lease, and a start after it.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often the owner is tried again meanwhile, at least.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);
/// How many calls wait so at once.
const WAITING_MAX: usize = 64;
/// What RPCs that change nothing begin with: one that was sent, and whose answer was lost, may be sent again.
const READS: [&str; 7] = ["Query", "List", "Get", "Explain", "Preview", "Watch", "Export"];

/// Passes calls on.
pub(crate) struct Relay {
    pub(super) ownership: Arc<Ownership>,
    published: Arc<Published>,
    /// To the owner, by its address.
    channel: Mutex<Option<(String, Channel)>>,
    waiting: Semaphore,
}

/// What became of a call that was passed on.
pub(super) enum Passed {
    /// It was answered, or cannot be read.
    Answer(Response<Body>),
    /// This process owns the projection by now.
    Ours { fence: i64, request: Request<Bytes> },
    /// Nobody is found who owns it. Who may not ask is still told so, and all others that it is not there, for the reason that is
    /// given.
    Nobody { reason: ReportsError, request: Request<Bytes> },
}

/// What became of one attempt.
enum Attempt {
    Answered(Response<Body>),
    /// It did not reach anybody who looked at it.
    NotTaken,
    /// It may have been looked at.
    Lost,
    /// Nobody can reach the owner.
    NoAddress,
}

impl Relay {
    pub(crate) fn new(ownership: Arc<Ownership>, published: Arc<Published>) -> Self {
        let waiting = Semaphore::new(WAITING_MAX);
        Self { ownership, published, channel: Mutex::default(), waiting }
    }

    /// Has the owner answer, and waits for one if there is none now.
    pub(super) async fn pass_on<B>(&self, request: Request<B>) -> Passed
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Passed::Answer(unreadable(&error)),
        };
        let until = Instant::now() + PATIENCE;
        let mut place = None;
        let reason = loop {
            match self.ownership.holder() {
                Holder::Ours { .. } => {
                    // Who has waited for the projection may as well wait until it is read.
                    if let Some(fence) = self.ownership.lease()
                        && (place.is_none() || self.published.is_ready())
                    {
                        return Passed::Ours { fence, request: Request::from_parts(head, body) };
                    }
                }
                Holder::Other(owner) if owner.is_ready || place.is_none() => {
                    match self.attempt(&owner, &head, &body).await {
                        Attempt::Answered(answer) => return Passed::Answer(answer),
                        Attempt::NoAddress => break no_address(),
                        // It may have been done, so nobody else may do it.
                        Attempt::Lost if !is_read(head.uri.path()) => {
                            return Passed::Answer(refusal(&ReportsError::Moving));
                        }
                        Attempt::NotTaken | Attempt::Lost => self.ownership.look_now(),
                    }
                }
                Holder::Other(_) | Holder::Nobody => {}
            }
            if place.is_none() {
                place = self.waiting.try_acquire().ok();
            }
            if place.is_none() || self.ownership.is_blind() || Instant::now() >= until {
                break ReportsError::Moving;
            }
            tokio::select! {
                () = self.ownership.changed() => {}
                () = tokio::time::sleep(RETRY_INTERVAL) => {}
            }
        };
        let request = Request::from_parts(head, body);
        match self.ownership.lease() {
            // It is still being read, and says how far it is.
            Some(fence) => Passed::Ours { fence, request },
            None => Passed::Nobody { reason, request },
        }
    }

    async fn attempt(&self, owner: &Owner, head: &Parts, body: &Bytes) -> Attempt {
        let Some(url) = &owner.url else { return Attempt::NoAddress };
        let Some(channel) = self.channel(url) else { return Attempt::NotTaken };
        let claim = Claim::Other(owner.fence);
        tokio::select! {
            attempt = call(channel, head, body) => match attempt {
                Attempt::Answered(answer) => Attempt::Answered(answer.map(|body| {
                    Body::new(Guarded::new(body, Arc::clone(&self.ownership), claim))
                })),
                other => other,
            },
            // Whoever does not answer any more would hold the call until its deadline.
            () = self.ownership.lost(claim) => Attempt::Lost,
        }
    }

    /// Returns a channel to the owner; `None` if its address is none.
    fn channel(&self, url: &str) -> Option<Channel> {
        let mut kept = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, channel)) = &*kept
            && *known == url
        {
            return Some(channel.clone());
        }
        let channel = channel_to("reports", url);
        let channel = channel.inspect_err(|error| tracing::warn!(%error, "the owner is not found"));
        let channel = channel.ok()?;
        *kept = Some((url.to_owned(), channel.clone()));
        Some(channel)
    }
}

/// Calls the owner with the bytes as they came.
async fn call(channel: Channel, head: &Parts, body: &Bytes) -> Attempt {
    let mut request = Request::new(Body::new(Full::new(body.clone())));
    *request.method_mut() = head.method.clone();
    *request.headers_mut() = head.headers.clone();
    request.headers_mut().insert(FORWARDED, HeaderValue::from_static("1"));
    let path = head.uri.path_and_query().map(|path| path.as_str().parse());
    let Some(Ok(path)) = path else { return Attempt::NotTaken };
    *request.uri_mut() = path;
    let mut channel = Traced::new(channel, "reports", "reports");
    let answer = async { channel.ready().await?.call(request).await };
    match answer.await {
        Ok(answer) if answer.headers().contains_key(NOT_OWNER) => Attempt::NotTaken,
        Ok(answer) => Attempt::Answered(answer),
        Err(error) => {
            let was_sent = !is_unconnected(&error);
            tracing::warn!(
                was_sent,
                error = causes(&error),
                "the owner of the projection does not answer"
            );
            if was_sent { Attempt::Lost } else { Attempt::NotTaken }
        }
    }
}

/// Returns whether there was no connection, so that nothing was sent.
fn is_unconnected(error: &tonic::transport::Error) -> bool {
    let mut causes =
        std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.any(|cause| cause.is::<tonic::ConnectError>())
}

fn causes(error: &tonic::transport::Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Answers a request that is too large, or broke off.
fn unreadable(error: &BoxError) -> Response<Body> {
    let mut violations = Violations::new();
    let expected = if error.is::<http_body_util::LengthLimitError>() {
        "must not be larger than 4 MiB"
    } else {
        "broke off"
    };
    violations.require(false, "request", expected);
    refusal(&violations.into())
}

fn no_address() -> ReportsError {
    let dependency = "replica of reports that owns the projection";
    let detail = "it has no address, OBSERVE_ADVERTISE_HOST gives it one".to_owned();
    CommonError::Unavailable { dependency, detail }.into()
}

fn is_read(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    READS.iter().any(|verb| name.starts_with(verb))
}
