//! The signed form of a [`CallContext`] in metadata: `base64(HMAC-SHA256 (32 bytes) || CallContext protobuf)`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use observe_proto::common::v1 as pb;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::{CallContext, Principal};
use crate::error::CommonError;
use crate::id::{KeyId, OrganizationId, ProjectId, SessionId, UserId};
use crate::secret::Secret;

/// The metadata key that carries the signed context.
pub const METADATA_KEY: &str = "x-observe-context-bin";
/// What every internal metadata key begins with; the edge strips all of them.
pub const METADATA_PREFIX: &str = "x-observe-";
/// How long a signature counts. Long enough for clocks that differ a little, short enough to be useless when logged.
pub const LIFETIME: TimeDelta = TimeDelta::seconds(60);

const TAG_BYTES: usize = 32;

/// Signs and verifies call contexts with a key derived from the installation's secret.
#[derive(Clone)]
pub struct ContextSigner(Hmac<Sha256>);

impl ContextSigner {
    /// Derives the key.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(derived_mac(secret, b"observe call context v1"))
    }

    /// Returns the HTTP header value of the context, good until [`LIFETIME`] after `now`.
    #[must_use]
    pub fn sign(&self, context: &CallContext, now: DateTime<Utc>) -> String {
        STANDARD_NO_PAD.encode(self.sign_bytes(context, now))
    }

    /// Returns the same before base64, for tonic's binary metadata, which encodes by itself.
    #[must_use]
    pub fn sign_bytes(&self, context: &CallContext, now: DateTime<Utc>) -> Vec<u8> {
        let body = to_proto(context, now + LIFETIME).encode_to_vec();
        let mut mac = self.0.clone();
        mac.update(&body);
        let mut bytes = mac.finalize().into_bytes().to_vec();
        bytes.extend_from_slice(&body);
        bytes
    }

    /// Reads a metadata value.
    ///
    /// # Errors
    /// `Unauthenticated` if it is malformed, forged or expired.
    pub fn verify(&self, value: &[u8], now: DateTime<Utc>) -> Result<CallContext, CommonError> {
        Ok(self.verify_signed(value, now)?.0)
    }

    /// As [`Self::verify`]; returns when it was signed as well.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_signed(
        &self,
        value: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(CallContext, SignedAt), CommonError> {
        let refused = CommonError::Unauthenticated;
        let text = value.trim_ascii_end();
        let text = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
        let bytes =
            STANDARD_NO_PAD.decode(text).map_err(|_| refused("call context is not base64"))?;
        let (tag, body) =
            bytes.split_at_checked(TAG_BYTES).ok_or(refused("call context is too short"))?;
        let mut mac = self.0.clone();
        mac.update(body);
        mac.verify_slice(tag).map_err(|_| refused("call context is not signed by us"))?;
        let proto =
            pb::CallContext::decode(body).map_err(|_| refused("call context is malformed"))?;
        if proto.expire_time_ms <= now.timestamp_millis() {
            return Err(refused("call context has expired"));
        }
        let expire = DateTime::from_timestamp_millis(proto.expire_time_ms);
        let expire = expire.ok_or(refused("call context has no end"))?;
        let context = from_proto(proto).ok_or(refused("call context is incomplete"))?;
        Ok((context, SignedAt(expire - LIFETIME)))
    }
}

/// When a call context was signed, by the clock of who signed it, to the millisecond. For a call from outside that is the
/// edge, whose clock also says when an event was received: so what came before the call can be told from what came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedAt(pub DateTime<Utc>);

impl SignedAt {
    /// Takes the time that the server's layer read.
    ///
    /// # Errors
    /// `Unauthenticated` if there is no call context.
    pub fn from_request<T>(request: &tonic::Request<T>) -> Result<Self, CommonError> {
        let found = request.extensions().get::<Self>().copied();
        found.ok_or(CommonError::Unauthenticated("no call context"))
    }
}

/// Returns a MAC keyed with `SHA-256(purpose || 0 || secret)`, so that no two uses share a key.
pub(crate) fn derived_mac(secret: &Secret, purpose: &[u8]) -> Hmac<Sha256> {
    let mut digest = Sha256::new();
    digest.update(purpose);
    digest.update([0]);
    digest.update(secret.expose().as_bytes());
    // HMAC takes a key of any length; the error type is a leftover of keyed ciphers.
    Hmac::new_from_slice(&digest.finalize()).expect("HMAC takes a key of any length")
}

fn to_proto(context: &CallContext, expire: DateTime<Utc>) -> pb::CallContext {
    pb::CallContext {
        request_id: context.request_id.clone(),
        expire_time_ms: expire.timestamp_millis(),
        client_address: context.client_address.clone(),
        principal: Some(principal_to_proto(&context.principal)),
    }
}

fn principal_to_proto(principal: &Principal) -> pb::call_context::Principal {
    use pb::call_context::Principal as Wire;
    match principal {
        Principal::Anonymous => Wire::Anonymous(pb::AnonymousPrincipal {}),
        Principal::Service(name) => Wire::Service(pb::ServicePrincipal { name: name.clone() }),
        Principal::Key { key, project, kind } => Wire::Key(pb::KeyPrincipal {
            key_id: key.to_string(),
            project_id: project.to_string(),
            kind: (*kind).into(),
        }),
        Principal::Session { user, session, projects, organizations } => {
            Wire::Session(pb::SessionPrincipal {
                user_id: user.to_string(),
                session_id: session.to_string(),
                projects: projects
                    .iter()
                    .map(|(id, role)| pb::ProjectAccess {
                        id: id.to_string(),
                        role: (*role).into(),
                    })
                    .collect(),
                organizations: organizations
                    .iter()
                    .map(|(id, role)| pb::OrganizationAccess {
                        id: id.to_string(),
                        role: (*role).into(),
                    })
                    .collect(),
            })
        }
    }
}

fn from_proto(proto: pb::CallContext) -> Option<CallContext> {
    use pb::call_context::Principal as Wire;
    let principal = match proto.principal? {
        Wire::Anonymous(_) => Principal::Anonymous,
        Wire::Service(service) => Principal::Service(service.name),
        Wire::Key(key) => key_from_proto(&key)?,
        Wire::Session(session) => session_from_proto(&session)?,
    };
    Some(CallContext {
        request_id: proto.request_id,
        client_address: proto.client_address,
        principal,
    })
}

/// Reads a key principal, also out of identity's `Authenticate`; `None` if an id is malformed.
#[must_use]
pub fn key_from_proto(key: &pb::KeyPrincipal) -> Option<Principal> {
    Some(Principal::Key {
        key: KeyId::parse(&key.key_id)?,
        project: ProjectId::parse(&key.project_id)?,
        kind: key.kind(),
    })
}

/// Reads a session principal, also out of identity's `Authenticate`; `None` if an id is malformed.
#[must_use]
pub fn session_from_proto(session: &pb::SessionPrincipal) -> Option<Principal> {
    let projects =
        session.projects.iter().map(|access| Some((ProjectId::parse(&access.id)?, access.role())));
    let organizations = session
        .organizations
        .iter()
        .map(|access| Some((OrganizationId::parse(&access.id)?, access.role())));
    Some(Principal::Session {
        user: UserId::parse(&session.user_id)?,
        session: SessionId::parse(&session.session_id)?,
        projects: projects.collect::<Option<_>>()?,
        organizations: organizations.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a valid time")
    }

    #[test]
    fn a_context_is_good_for_a_minute_and_for_one_secret() {
        let signer = ContextSigner::new(&Secret::new("a"));
        let context = CallContext::service("events", "request".into());
        let value = signer.sign(&context, at(1_000));
        assert_eq!(signer.verify(value.as_bytes(), at(1_059)).expect("still good"), context);
        let (_, signed_at) = signer.verify_signed(value.as_bytes(), at(1_059)).expect("good");
        assert_eq!(signed_at, SignedAt(at(1_000)), "by the clock of who signed it");
        assert!(signer.verify(value.as_bytes(), at(1_060)).is_err(), "it has expired");
        let other = ContextSigner::new(&Secret::new("b"));
        assert!(
            other.verify(value.as_bytes(), at(1_000)).is_err(),
            "it is signed by another secret"
        );
    }

    #[test]
    fn a_changed_context_is_refused() {
        let signer = ContextSigner::new(&Secret::new("a"));
        let value = signer.sign(&CallContext::service("events", "request".into()), at(1_000));
        let mut bytes = STANDARD_NO_PAD.decode(value).expect("base64");
        *bytes.last_mut().expect("not empty") ^= 1;
        assert!(signer.verify(STANDARD_NO_PAD.encode(bytes).as_bytes(), at(1_000)).is_err());
    }
}
