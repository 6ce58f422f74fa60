//! Keys: the rules.

use chrono::{DateTime, Utc};
use observe_core::token::{self, SECRET_PREFIX, WRITE_PREFIX};
use observe_core::{Entropy, KeyId, ProjectId};
use observe_proto::common::v1::KeyKind;

/// How many keys of a project may be in force.
pub(crate) const MAX_KEYS: i64 = 100;
/// How much of a token is shown to recognise it by, after the common prefix.
const SHOWN_CHARS: usize = 4;

/// A key, without its token if that is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) id: KeyId,
    pub(crate) project: ProjectId,
    pub(crate) name: String,
    pub(crate) kind: KeyKind,
    pub(crate) token_prefix: String,
    pub(crate) created_at: DateTime<Utc>,
    /// The token of a write key, which is public.
    pub(crate) write_token: Option<String>,
    /// When this secret key was last seen where strangers could read it.
    pub(crate) exposed_at: Option<DateTime<Utc>>,
}

/// Returns what the tokens of a kind begin with.
fn prefix(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Secret => SECRET_PREFIX,
        KeyKind::Write | KeyKind::Unspecified => WRITE_PREFIX,
    }
}

/// Returns a new token.
pub(crate) fn generate(kind: KeyKind, entropy: &dyn Entropy) -> String {
    token::generate(prefix(kind), entropy)
}

/// Returns the part of a token that is shown.
pub(crate) fn token_prefix(kind: KeyKind, token: &str) -> String {
    token.chars().take(prefix(kind).len() + SHOWN_CHARS).collect()
}

/// Reads a kind as it is stored.
pub(crate) fn kind_from_text(text: &str) -> KeyKind {
    if text == "secret" { KeyKind::Secret } else { KeyKind::Write }
}

/// Returns a kind as it is stored.
pub(crate) fn kind_text(kind: KeyKind) -> &'static str {
    if kind == KeyKind::Secret { "secret" } else { "write" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observe_core::SystemEntropy;

    #[test]
    fn little_of_a_token_is_shown() {
        let token = generate(KeyKind::Secret, &SystemEntropy);
        let shown = token_prefix(KeyKind::Secret, &token);
        assert_eq!(shown.len(), SECRET_PREFIX.len() + SHOWN_CHARS);
        assert!(token.starts_with(&shown));
    }
}
