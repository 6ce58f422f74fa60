//! The guard: the one way to ask a URL that a user gave.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use rustls::RootCertStore;
use tokio_rustls::TlsConnector;

use crate::connect::{self, Stream};
use crate::exchange::{Received, Sent, exchange};
use crate::meter::{Meter, Phase, Phases};
use crate::policy::{Denied, Policy};
use crate::resolver::{LookupError, Resolver};
use crate::target::{Host, Target, TargetError};

/// Redirects that are followed, if any are.
pub const REDIRECTS_MAX: usize = 5;

/// Dials what may be dialled. Cheap to clone.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    policy: Policy,
    resolver: Resolver,
    tls: TlsConnector,
}

/// Why a URL is not asked at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text is no URL of ours.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// It has no address.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// It has an address that must not be dialled.
    #[error("must lead to a public address: {0}")]
    Denied(#[from] Denied),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where to.
    pub target: Target,
    /// The method.
    pub method: Method,
    /// Headers of the caller's; they are not sent to another origin than the target's.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How long all of it may take, look-up and redirects included.
    pub timeout: Duration,
    /// How many bytes of the answer's body are read; reading ends there.
    pub body_max: usize,
    /// Whether redirects are followed, up to [`REDIRECTS_MAX`] of them.
    pub follow_redirects: bool,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Where the time went.
    pub phases: Phases,
    /// From the first look-up to the end.
    pub total: Duration,
    /// The answer, or why there is none.
    pub result: Result<Answer, Failure>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers, as bounded as the head they came in.
    pub headers: HeaderMap,
    /// The body's beginning, at most as many bytes as were wanted; not inflated.
    pub body: Bytes,
    /// Whether there was more of it.
    pub cut: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// For programs.
    pub kind: FailureKind,
    /// For people; it holds nothing of what the target sent.
    pub message: String,
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// It led to an address that must not be dialled, at once or by a redirect.
    Blocked,
    /// The name has no address, or its name servers fail.
    Name,
    /// No name server of ours answered.
    Resolver,
    /// The target, or a host on the way, said no to the connection.
    Refused,
    /// Nobody answered the connection.
    Connect,
    /// We could not even try: no route, no descriptors.
    Local,
    /// TLS failed.
    Tls,
    /// The time was up; in which phase.
    Timeout(Phase),
    /// The answer was no HTTP, or ended before it was whole.
    Protocol,
    /// The head of the answer was too large.
    TooLarge,
    /// Too many redirects, or one that cannot be followed.
    Redirects,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let kind = match &refusal {
            Refusal::Target(_) => FailureKind::Redirects,
            Refusal::Denied(_) => FailureKind::Blocked,
            Refusal::Lookup(LookupError::Silent(_)) => FailureKind::Resolver,
            Refusal::Lookup(_) => FailureKind::Name,
        };
        let message = match &refusal {
            Refusal::Denied(denied) => format!("not dialled: {denied}"),
            other => other.to_string(),
        };
        Self { kind, message }
    }
}

impl Guard {
    /// Makes a guard. The roots are trusted beside those of the Web PKI.
    #[must_use]
    pub fn new(policy: Policy, resolver: Resolver, extra_roots: &RootCertStore) -> Self {
        let tls = connect::connector(extra_roots);
        Self(Arc::new(Inner { policy, resolver, tls }))
    }

    /// Reads and judges a URL without dialling it: what is asked when one is saved.
    ///
    /// # Errors
    /// Why it would not be asked.
    pub async fn check(&self, url: &str) -> Result<Target, Refusal> {
        let target = Target::parse(url)?;
        self.judged(&target).await?;
        Ok(target)
    }

    /// Returns whether our name servers answer.
    pub async fn resolver_is_alive(&self) -> bool {
        self.0.resolver.is_alive().await
    }

    /// Returns whether a target takes a connection now; nothing is sent.
    pub async fn reaches(&self, target: &Target, timeout: Duration) -> bool {
        let dial = async {
            let addresses = self.judged(target).await.ok()?;
            connect::tcp(&addresses, target.port()).await.ok()
        };
        tokio::time::timeout(timeout, dial).await.is_ok_and(|stream| stream.is_some())
    }

    /// Makes the call. It ends by its timeout, whatever the target does.
    pub async fn fetch(&self, call: &Call) -> Fetched {
        let mut meter = Meter::start();
        let follow = self.follow(call, &mut meter);
        let outcome = tokio::time::timeout(call.timeout, follow).await;
        let result = outcome.unwrap_or_else(|_| {
            let phase = meter.phase();
            let seconds = call.timeout.as_secs_f64();
            let message = format!("no answer within {seconds} s, while {}", phase.doing());
            Err(Failure::new(FailureKind::Timeout(phase), message))
        });
        let (phases, total) = meter.finish();
        Fetched { phases, total, result }
    }

    async fn follow(&self, call: &Call, meter: &mut Meter) -> Result<Answer, Failure> {
        let mut target = call.target.clone();
        let mut method = call.method.clone();
        let (mut headers, mut body) = (call.headers.clone(), call.body.clone());
        let mut redirects = 0;
        loop {
            let sent = Sent { method: &method, headers: &headers, body: &body };
            let received = self.hop(&target, sent, call.body_max, meter).await?;
            let Some(next) = (if call.follow_redirects { location(&received) } else { None })
            else {
                let Received { head, body, cut } = received;
                let (head, ()) = head.into_parts();
                return Ok(Answer { status: head.status, headers: head.headers, body, cut });
            };
            redirects += 1;
            if redirects > REDIRECTS_MAX {
                let message = format!("more than {REDIRECTS_MAX} redirects");
                return Err(Failure::new(FailureKind::Redirects, message));
            }
            let next = target.redirect(next).map_err(|error| {
                let kind = match error {
                    // A scheme, port or user name that we do not dial is what a guard is for.
                    TargetError::Scheme | TargetError::Port(_) | TargetError::UserInfo => {
                        FailureKind::Blocked
                    }
                    _ => FailureKind::Redirects,
                };
                Failure::new(kind, format!("a redirect cannot be followed: its URL {error}"))
            })?;
            let status = received.head.status();
            let becomes_get = status == StatusCode::SEE_OTHER && method != Method::HEAD
                || matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND)
                    && method == Method::POST;
            if becomes_get {
                method = Method::GET;
                body = Bytes::new();
            }
            if !next.same_origin(&target) {
                if !body.is_empty() {
                    let message = "a redirect would send the body to another host";
                    return Err(Failure::new(FailureKind::Redirects, message));
                }
                headers.clear();
            }
            target = next;
            meter.enter(Phase::Dns);
        }
    }

    async fn hop(
        &self,
        target: &Target,
        sent: Sent<'_>,
        body_max: usize,
        meter: &mut Meter,
    ) -> Result<Received, Failure> {
        let addresses = self.judged(target).await?;
        meter.enter(Phase::Connect);
        let tcp = connect::tcp(&addresses, target.port()).await?;
        let stream = if target.is_tls() {
            meter.enter(Phase::Tls);
            connect::tls(&self.0.tls, tcp, target).await?
        } else {
            Stream::Plain(tcp)
        };
        exchange(stream, target, sent, body_max, meter).await
    }

    /// Looks the target up and judges every address: one that must not be dialled refuses them all, for who answers with
    /// such an address cannot be trusted with the others.
    async fn judged(&self, target: &Target) -> Result<Vec<IpAddr>, Refusal> {
        let policy = &self.0.policy;
        let name = match target.host() {
            Host::Address(address) => return Ok(vec![policy.judge(*address)?]),
            Host::Name(name) => name,
        };
        let found = self.0.resolver.addresses(name).await?;
        // The two loopbacks of `localhost` are ours, not an answer: the operator may have named one of them only.
        if found.iter().all(IpAddr::is_loopback) {
            let judged: Vec<_> = found.iter().map(|address| policy.judge(*address)).collect();
            let open: Vec<_> = judged.iter().filter_map(|judged| judged.ok()).collect();
            return if open.is_empty() {
                Ok(judged.into_iter().collect::<Result<_, _>>()?)
            } else {
                Ok(open)
            };
        }
        Ok(found.into_iter().map(|address| policy.judge(address)).collect::<Result<_, _>>()?)
    }
}

fn location(received: &Received) -> Option<&[u8]> {
    let redirects = [301, 302, 303, 307, 308];
    if !redirects.contains(&received.head.status().as_u16()) {
        return None;
    }
    Some(received.head.headers().get(header::LOCATION)?.as_bytes())
}
