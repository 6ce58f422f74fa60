//! Password hashing: argon2id, bounded, and the same work whether or not the account exists.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use observe_core::error::CommonError;
use observe_core::{Entropy, Secret};
use tokio::sync::Semaphore;

use crate::error::IdentityError;

/// The cost of one hash: OWASP's minimum of 19 MiB and two passes, on one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes under way at once, per core: each takes 19 MiB and a core for tens of milliseconds.
const HASHES_PER_CORE: usize = 2;
/// How long an attempt waits for its turn before it is refused.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// When a refused attempt may come again.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(2);
/// Verified in place of the hash of an account that does not exist. No password has it: the hash is all zeros.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// Starts with all turns free.
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { turns: Arc::new(Semaphore::new(cores * HASHES_PER_CORE)) }
    }

    /// Returns whether the password is the one of the hash; without a hash it never is, after the same work.
    pub(crate) async fn verify(
        &self,
        password: Secret,
        hash: Option<String>,
    ) -> Result<bool, IdentityError> {
        self.in_turn(move || {
            let parsed = PasswordHash::new(hash.as_deref().unwrap_or(DECOY));
            let parsed = parsed.map_err(|error| internal(&error))?;
            // The parameters are those of the hash.
            let matches =
                Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok();
            Ok(matches && hash.is_some())
        })
        .await
    }

    /// Returns the PHC string to store for a password.
    pub(crate) async fn hash(
        &self,
        password: Secret,
        entropy: &dyn Entropy,
    ) -> Result<String, IdentityError> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        self.in_turn(move || {
            let params =
                Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| internal(&error))?;
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let hash: PasswordHash = argon2
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map_err(|error| internal(&error))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Runs the work off the async threads once there is a turn for it.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let turn = tokio::time::timeout(MAX_WAIT, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(IdentityError::SignInThrottled { retry_after: BUSY_RETRY_AFTER });
        };
        let work = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, also when the caller has gone away.
            let _turn = turn;
            work()
        });
        work.await.map_err(|error| internal(&error))?
    }
}

fn internal(error: &dyn std::fmt::Display) -> IdentityError {
    CommonError::Internal(format!("password hashing: {error}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use observe_core::SystemEntropy;

    #[tokio::test]
    async fn only_the_right_password_matches_and_nobody_matches_without_an_account() {
        let passwords = Passwords::new();
        let right = || Secret::new("correct horse battery");
        let hash = passwords.hash(right(), &SystemEntropy).await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(right(), Some(hash.clone())).await.expect("verified"));
        assert!(!passwords.verify(Secret::new("wrong"), Some(hash)).await.expect("verified"));
        assert!(!passwords.verify(right(), None).await.expect("verified"));
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        let decoy = PasswordHash::new(DECOY).expect("a PHC string");
        let params = Params::try_from(&decoy).expect("argon2 parameters");
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
    }
}
