//! The text form of keys: `obs_pub_` or `obs_sec_`, 32 random base62 characters and a 6-character checksum, so that a typo
//! is told from a revoked key without a look-up.

use sha2::{Digest as _, Sha256};

use crate::entropy::Entropy;

/// What a write key's token begins with.
pub const WRITE_PREFIX: &str = "obs_pub_";
/// What a secret key's token begins with.
pub const SECRET_PREFIX: &str = "obs_sec_";

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;
/// The fewest characters after the prefix of a key given by hand (`OBSERVE_BOOTSTRAP_*_KEY`), which has no checksum.
const MIN_GIVEN_CHARS: usize = 16;
/// The most characters after the prefix of a key given by hand.
const MAX_GIVEN_CHARS: usize = 64;

/// Returns a new token with the prefix.
#[must_use]
pub fn generate(prefix: &str, entropy: &dyn Entropy) -> String {
    let body = random_base62(BODY_CHARS, entropy);
    let checksum = checksum(&body);
    format!("{prefix}{body}{checksum}")
}

/// Returns a new session token: 43 random base62 characters (256 bits).
#[must_use]
pub fn generate_session(entropy: &dyn Entropy) -> String {
    random_base62(43, entropy)
}

/// Returns whether a token may be a key: after the prefix, 16-64 of `[0-9A-Za-z]`.
///
/// Text as long as that of a generated key (38 characters) must end in the right checksum. A key given by hand
/// (`OBSERVE_BOOTSTRAP_*_KEY`) has none, and so must have another length.
#[must_use]
pub fn is_well_formed(token: &str) -> bool {
    let text = token.strip_prefix(WRITE_PREFIX).or_else(|| token.strip_prefix(SECRET_PREFIX));
    text.is_some_and(|text| {
        (MIN_GIVEN_CHARS..=MAX_GIVEN_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && (text.len() != BODY_CHARS + CHECKSUM_CHARS || ends_in_checksum(text))
    })
}

fn ends_in_checksum(text: &str) -> bool {
    text.split_at_checked(BODY_CHARS).is_some_and(|(body, given)| checksum(body) == given)
}

/// Returns the SHA-256 of a token, the form in which it is stored.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn random_base62(chars: usize, entropy: &dyn Entropy) -> String {
    let mut text = String::with_capacity(chars);
    let mut buffer = [0; 64];
    while text.len() < chars {
        entropy.fill(&mut buffer);
        // 248 = 4 * 62: larger bytes are thrown away, so that every character is equally likely.
        let fair = buffer.iter().filter(|byte| **byte < 248);
        for byte in fair.take(chars - text.len()) {
            text.push(char::from(BASE62[usize::from(byte % 62)]));
        }
    }
    text
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut text = [b'0'; CHECKSUM_CHARS];
    for slot in text.iter_mut().rev() {
        *slot = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn generated_tokens_are_well_formed_and_differ() {
        let (a, b) =
            (generate(WRITE_PREFIX, &SystemEntropy), generate(WRITE_PREFIX, &SystemEntropy));
        assert!(is_well_formed(&a) && is_well_formed(&b));
        assert_ne!(a, b);
        assert_eq!(a.len(), WRITE_PREFIX.len() + 38);
    }

    #[test]
    fn a_typo_in_a_generated_token_is_noticed() {
        let token = generate(SECRET_PREFIX, &SystemEntropy);
        for at in SECRET_PREFIX.len()..token.len() {
            let other = if &token[at..=at] == "x" { "y" } else { "x" };
            let typo = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert!(!is_well_formed(&typo), "{at}: {typo}");
        }
        let given = |chars: usize| format!("{WRITE_PREFIX}{}", "a".repeat(chars));
        assert!(is_well_formed(&given(37)) && is_well_formed(&given(39)), "given by hand");
        assert!(!is_well_formed(&given(38)), "as long as a generated one, without its checksum");
    }

    #[test]
    fn other_texts_are_not() {
        for text in [
            "",
            "obs_pub_",
            "obs_pub_short",
            "obs_sec_with-a-dash-in-the-body",
            "phx_0123456789abcdef",
        ] {
            assert!(!is_well_formed(text), "{text:?} should be refused");
        }
        assert!(is_well_formed("obs_sec_0123456789abcdef"));
    }
}
