//! The setup link: how the first account is made on an installation that has none.

use observe_core::{Secret, token};
use observe_runtime::StartError;
use observe_runtime::postgres::{Database, PoolSizes};

use crate::SCHEMA;
use crate::config::Config;
use crate::store::setup::has_no_user;

/// One connection is enough, and the app role is not used.
const POOLS: PoolSizes = PoolSizes { app: 1, worker: 1 };
/// How many bytes of the hash a setup token shows: 128 bits cannot be guessed.
const TOKEN_BYTES: usize = 16;

/// Returns the token of the setup link, 32 hexadecimal characters. It follows from the installation's secret, so that
/// every start prints the same link, and it is good exactly while the installation has no account.
#[must_use]
pub fn setup_token(secret: &Secret) -> String {
    let hash = token::hash(&format!("observe setup v1\0{}", secret.expose()));
    hash[..TOKEN_BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns whether no account exists yet. Call it after [`crate::migrate`].
///
/// # Errors
/// A sentence if the database is away.
pub async fn needs_setup(config: &Config) -> Result<bool, StartError> {
    let database = Database::open(&config.database_url, SCHEMA, POOLS)?;
    has_no_user(&database).await.map_err(|error| {
        StartError::new(format!("whether there is an account could not be read: {error}"))
    })
}

/// Returns whether a token is the installation's.
pub(crate) fn is_setup_token(given: &str, secret: &Secret) -> bool {
    // Hashes are compared, so that the time it takes says nothing of how much of the token is right.
    token::hash(given) == token::hash(&setup_token(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_token_is_of_one_secret_and_always_the_same() {
        let (a, b) = (Secret::new("a"), Secret::new("b"));
        assert_eq!(setup_token(&a), setup_token(&a));
        assert_ne!(setup_token(&a), setup_token(&b));
        assert_eq!(setup_token(&a).len(), 32);
        assert!(is_setup_token(&setup_token(&a), &a));
        assert!(!is_setup_token(&setup_token(&b), &a) && !is_setup_token("", &a));
    }
}
