//! Page tokens: opaque to the caller, bound to the query they continue.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

const TAG_BYTES: usize = 16;

/// Seals positions into page tokens and opens them again.
#[derive(Clone)]
pub struct PageTokens(Hmac<Sha256>);

impl PageTokens {
    /// Derives the key from the installation's secret.
    #[must_use]
    pub fn new(secret: &crate::Secret) -> Self {
        Self(crate::context::wire::derived_mac(secret, b"observe page token v1"))
    }

    /// Returns the token that continues at `position` in the query that `scope` describes (project, filter and whatever
    /// else must stay the same).
    #[must_use]
    pub fn seal(&self, scope: &[u8], position: &[u8]) -> String {
        let mut bytes = self.tag(scope, position).to_vec();
        bytes.extend_from_slice(position);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns the position, or `None` if the token was not made for this query.
    #[must_use]
    pub fn open(&self, scope: &[u8], token: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (tag, position) = bytes.split_at_checked(TAG_BYTES)?;
        let mut mac = self.0.clone();
        mac.update(&(scope.len() as u64).to_be_bytes());
        mac.update(scope);
        mac.update(position);
        mac.verify_truncated_left(tag).ok()?;
        Some(position.to_vec())
    }

    fn tag(&self, scope: &[u8], position: &[u8]) -> [u8; TAG_BYTES] {
        let mut mac = self.0.clone();
        mac.update(&(scope.len() as u64).to_be_bytes());
        mac.update(scope);
        mac.update(position);
        let full = mac.finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&full[..TAG_BYTES]);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_for_its_own_query() {
        let tokens = PageTokens::new(&crate::Secret::new("s"));
        let token = tokens.seal(b"query a", b"position");
        assert_eq!(tokens.open(b"query a", &token).as_deref(), Some(&b"position"[..]));
        assert_eq!(tokens.open(b"query b", &token), None);
        assert_eq!(tokens.open(b"query a", "bm9wZQ"), None);
    }
}
