//! Secrets at rest: ChaCha20-Poly1305 under a key made from the installation's secret. Who has the database alone reads none
//! of them.

use std::sync::Arc;

use observe_core::{Entropy, Secret};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

/// The first byte of what is sealed, so that another form can follow.
const FORMAT: u8 = 1;

/// Seals and opens.
#[derive(Clone)]
pub(crate) struct Sealer {
    key: Arc<LessSafeKey>,
    entropy: Arc<dyn Entropy>,
}

impl Sealer {
    pub(crate) fn new(secret: &Secret, entropy: Arc<dyn Entropy>) -> Self {
        let installation = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let derived = hmac::sign(&installation, b"observe monitor seal v1");
        let key = UnboundKey::new(&CHACHA20_POLY1305, derived.as_ref())
            .expect("HMAC-SHA256 is as long as the cipher's key");
        Self { key: Arc::new(LessSafeKey::new(key)), entropy }
    }

    /// Seals bytes for one owner, such as a monitor's id: moved to another row they do not open.
    pub(crate) fn seal(&self, owner: uuid::Uuid, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        self.entropy.fill(&mut nonce);
        let mut sealed = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(owner.as_bytes()),
                &mut sealed,
            )
            .expect("what is sealed here is far below the cipher's limit");
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&nonce);
        bytes.append(&mut sealed);
        bytes
    }

    /// Opens what was sealed for the owner; `None` when it was not, or under another secret.
    pub(crate) fn open(&self, owner: uuid::Uuid, sealed: &[u8]) -> Option<Vec<u8>> {
        let rest = sealed.strip_prefix(&[FORMAT])?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.key.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut bytes).ok()?;
        Some(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use observe_core::SystemEntropy;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_secret_opens_for_its_owner_and_under_its_key_only() {
        let sealer = |secret: &str| Sealer::new(&Secret::new(secret), Arc::new(SystemEntropy));
        let (ours, id) = (sealer("ours"), Uuid::from_u128(1));
        let sealed = ours.seal(id, b"Bearer abc");
        assert!(!sealed.windows(3).any(|part| part == b"abc"));
        assert_eq!(ours.open(id, &sealed).as_deref(), Some(&b"Bearer abc"[..]));
        assert_eq!(ours.open(Uuid::from_u128(2), &sealed), None);
        assert_eq!(sealer("theirs").open(id, &sealed), None);
        assert_eq!(ours.open(id, b""), None);
        assert_ne!(ours.seal(id, b""), ours.seal(id, b""));
    }
}
