//! Whose credential it is: keys through a cache, sessions asked for each time, so that signing out counts at once.

mod cache;
mod exposures;
mod page_origins;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use observe_core::context::wire::{key_from_proto, session_from_proto};
use observe_core::error::CommonError;
use observe_core::{Clock, Principal, token};
use observe_proto::common::v1::KeyKind;
use observe_proto::identity::v1::authenticate_response::Principal as Answer;
use observe_proto::identity::v1::authentication_service_client::AuthenticationServiceClient;
use observe_proto::identity::v1::{AuthenticateRequest, AuthenticateResponse};
use observe_runtime::client::ServiceChannel;
use tokio::sync::Semaphore;
use tonic::Code;

use crate::error::Error;
use crate::rate::RateLimits;
use cache::KeyCache;
pub(crate) use exposures::{ExposureReporter, Exposures, exposures};
pub(crate) use page_origins::PageOrigins;
pub(crate) use settings::{ClientAddress, Privacy, Retention};

/// How long identity may take to say whose a credential is.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);
/// Look-ups of keys under way at once: invented keys must not become load on identity.
const KEY_LOOKUPS_MAX: usize = 64;
/// Look-ups of sessions under way at once. They do not wait behind keys, which anybody can invent.
const SESSION_LOOKUPS_MAX: usize = 64;
/// The longest text that may be a session token.
const SESSION_TOKEN_BYTES_MAX: usize = 128;
/// The shortest.
const SESSION_TOKEN_BYTES_MIN: usize = 16;

/// Whose a credential is, which pages may send events with it, and what becomes of these.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) principal: Principal,
    pub(crate) origins: PageOrigins,
    /// What its project keeps of visitors.
    pub(crate) privacy: Privacy,
    /// How long its project keeps events.
    pub(crate) retention: Retention,
    /// Where it is noted when it is a secret key that strangers can read.
    pub(crate) exposures: Exposures,
}

impl Owner {
    /// Returns an owner that has set nothing.
    pub(crate) fn new(principal: Principal) -> Self {
        Self {
            principal,
            origins: PageOrigins::default(),
            privacy: Privacy::default(),
            retention: Retention::default(),
            exposures: Exposures::default(),
        }
    }
}

/// Tells owners by credentials.
pub(crate) struct Auth {
    identity: AuthenticationServiceClient<ServiceChannel>,
    keys: KeyCache,
    limits: Arc<RateLimits>,
    clock: Arc<dyn Clock>,
    exposures: Exposures,
    key_lookups: Semaphore,
    session_lookups: Semaphore,
}

impl Auth {
    pub(crate) fn new(
        identity: ServiceChannel,
        limits: Arc<RateLimits>,
        clock: Arc<dyn Clock>,
        exposures: Exposures,
    ) -> Self {
        Self {
            identity: AuthenticationServiceClient::new(identity),
            keys: KeyCache::new(),
            limits,
            clock,
            exposures,
            key_lookups: Semaphore::new(KEY_LOOKUPS_MAX),
            session_lookups: Semaphore::new(SESSION_LOOKUPS_MAX),
        }
    }

    /// Returns whose token it is.
    ///
    /// # Errors
    /// `Unauthenticated` for one that is malformed, unknown, expired or revoked; `Unavailable` for one that is not known
    /// here while identity is away; `RateLimited` for an address that sends too much with write keys, or too many keys that
    /// nobody knows.
    pub(crate) async fn owner(&self, token: &str) -> Result<Owner, Error> {
        if is_key(token) {
            let owner = self.owner_of_key(token).await?;
            if let Principal::Key { project, kind: KeyKind::Write, .. } = &owner.principal {
                self.limits.admit_request(*project)?;
            }
            return Ok(Owner { exposures: self.exposures.clone(), ..owner });
        }
        let lengths = SESSION_TOKEN_BYTES_MIN..=SESSION_TOKEN_BYTES_MAX;
        if !lengths.contains(&token.len())
            || !token.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(CommonError::Unauthenticated("the credential is malformed").into());
        }
        let found = self.look_up(token, &self.session_lookups).await?;
        found.ok_or_else(|| {
            CommonError::Unauthenticated("the session is unknown or has ended").into()
        })
    }

    async fn owner_of_key(&self, token: &str) -> Result<Owner, Error> {
        if !token::is_well_formed(token) {
            return Err(CommonError::Unauthenticated("the key is malformed").into());
        }
        let hash = token::hash(token);
        // A key that is known, or known to be none, is never refused for what else its address sends.
        if !self.keys.has(&hash) {
            self.limits.admit_unknown_key()?;
        }
        let found = self.keys.get(hash, self.clock.as_ref(), || self.look_up_key(token)).await;
        Ok(found?)
    }

    async fn look_up_key(&self, token: &str) -> Result<Option<Owner>, CommonError> {
        let found = self.look_up(token, &self.key_lookups).await;
        if matches!(found, Ok(None)) {
            self.limits.charge_unknown_key();
        }
        found
    }

    /// Asks identity; `None` means that it knows no such credential.
    async fn look_up(&self, token: &str, turns: &Semaphore) -> Result<Option<Owner>, CommonError> {
        let away = |detail: String| CommonError::Unavailable { dependency: "identity", detail };
        let ask = async {
            let _turn = turns.acquire().await;
            self.identity
                .clone()
                .authenticate(AuthenticateRequest { token: token.to_owned() })
                .await
        };
        match tokio::time::timeout(LOOKUP_TIMEOUT, ask).await {
            Err(_) => Err(away("no answer in time".to_owned())),
            Ok(Ok(answer)) => Ok(owner(&answer.into_inner())),
            Ok(Err(status)) if status.code() == Code::Unauthenticated => Ok(None),
            Ok(Err(status)) => Err(away(status.to_string())),
        }
    }
}

fn owner(answer: &AuthenticateResponse) -> Option<Owner> {
    let principal = match answer.principal.as_ref()? {
        Answer::Key(key) => key_from_proto(key),
        Answer::Session(session) => session_from_proto(session),
    }?;
    Some(Owner {
        origins: PageOrigins::new(&answer.allowed_origins),
        privacy: Privacy::from_proto(answer.privacy),
        retention: Retention::from_proto(answer.retention),
        ..Owner::new(principal)
    })
}

fn is_key(token: &str) -> bool {
    [token::WRITE_PREFIX, token::SECRET_PREFIX].iter().any(|prefix| token.starts_with(prefix))
}

/// Returns the token of `authorization: Bearer <token>`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bearer_tokens_count() {
        let with = |value: &'static str| {
            let value = http::HeaderValue::from_static(value);
            HeaderMap::from_iter([(http::header::AUTHORIZATION, value)])
        };
        assert_eq!(bearer(&with("Bearer abc")), Some("abc"));
        assert_eq!(bearer(&with("bearer  abc ")), Some("abc"));
        for value in ["Basic abc", "abc", "Bearer"] {
            assert_eq!(bearer(&with(value)), None, "{value}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
