//! Who sends events: the owner of a write or secret key.

use http::HeaderMap;
use observe_core::error::CommonError;
use observe_core::{KeyId, Principal, ProjectId};
use observe_proto::common::v1::KeyKind;

use super::limits::{SECRET_KEY_BODY_BYTES_MAX, WRITE_KEY_BODY_BYTES_MAX};
use crate::auth::{Owner, Privacy, Retention};
use crate::error::Error;
use crate::rejections::attempt;

/// Where a credential stood in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In `authorization`.
    Header,
    /// In the address or the body.
    Open,
}

/// Somebody who may send events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) key: KeyId,
    pub(crate) project: ProjectId,
    /// Whether it is a secret key, which no visitor has.
    pub(crate) trusted: bool,
    /// What the project keeps of visitors.
    pub(crate) privacy: Privacy,
    /// How long the project keeps events.
    pub(crate) retention: Retention,
}

impl Sender {
    /// Admits the owner of a key.
    ///
    /// # Errors
    /// `PermissionDenied` for a session, `LeakedKey` for a secret key that a browser sent or that stood in the open,
    /// `ForeignPage` for a page that the project does not take events from.
    pub(crate) fn admit(owner: &Owner, place: Place, headers: &HeaderMap) -> Result<Self, Error> {
        let Principal::Key { key, project, kind } = &owner.principal else {
            return Err(CommonError::PermissionDenied("capture without a key").into());
        };
        // From here on, whatever befalls the request is told to its project.
        attempt::is_of(*project);
        let trusted = *kind == KeyKind::Secret;
        if trusted && (place == Place::Open || is_from_browser(headers)) {
            owner.exposures.note(*key);
            return Err(Error::LeakedKey);
        }
        if !owner.origins.admit(headers) {
            return Err(Error::ForeignPage);
        }
        let (privacy, retention) = (owner.privacy, owner.retention);
        Ok(Self { key: *key, project: *project, trusted, privacy, retention })
    }

    /// Returns how many bytes a request may have once inflated.
    pub(crate) fn body_bytes_max(&self) -> usize {
        if self.trusted { SECRET_KEY_BODY_BYTES_MAX } else { WRITE_KEY_BODY_BYTES_MAX }
    }
}

/// Browsers name the page a request comes from; servers do not.
pub(crate) fn is_from_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(http::header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

#[cfg(test)]
mod tests {
    use observe_core::KeyId;
    use uuid::Uuid;

    use super::*;
    use crate::auth::PageOrigins;

    fn key(kind: KeyKind) -> Owner {
        let project = ProjectId::new(Uuid::from_u128(1));
        let principal = Principal::Key { key: KeyId::new(Uuid::nil()), project, kind };
        Owner::new(principal)
    }

    #[test]
    fn a_secret_key_belongs_into_the_header_of_a_server() {
        let none = HeaderMap::new();
        let browser = |name| HeaderMap::from_iter([(name, http::HeaderValue::from_static("x"))]);
        assert!(
            Sender::admit(&key(KeyKind::Secret), Place::Header, &none).expect("a server").trusted
        );
        let fetch_site = http::HeaderName::from_static("sec-fetch-site");
        for (place, headers) in [
            (Place::Open, &none),
            (Place::Header, &browser(http::header::ORIGIN)),
            (Place::Header, &browser(fetch_site)),
        ] {
            let refused = Sender::admit(&key(KeyKind::Secret), place, headers);
            assert!(matches!(refused, Err(Error::LeakedKey)), "{place:?} {headers:?}");
            assert!(!Sender::admit(&key(KeyKind::Write), place, headers).expect("public").trusted);
        }
    }

    #[test]
    fn only_keys_capture() {
        let nobody = Owner::new(Principal::Anonymous);
        let refused = Sender::admit(&nobody, Place::Header, &HeaderMap::new());
        assert!(matches!(refused, Err(Error::Common(CommonError::PermissionDenied(_)))));
    }

    #[test]
    fn a_page_that_is_not_listed_is_told_so() {
        let origins = PageOrigins::new(&["https://example.com".to_owned()]);
        let owner = Owner { origins, ..key(KeyKind::Write) };
        let page = |origin| {
            let origin = http::HeaderValue::from_static(origin);
            HeaderMap::from_iter([(http::header::ORIGIN, origin)])
        };
        for place in [Place::Header, Place::Open] {
            assert!(Sender::admit(&owner, place, &page("https://example.com")).is_ok());
            assert!(Sender::admit(&owner, place, &HeaderMap::new()).is_ok());
            let refused = Sender::admit(&owner, place, &page("https://example.org"));
            assert!(matches!(refused, Err(Error::ForeignPage)));
        }
    }
}
