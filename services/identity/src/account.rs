//! Accounts and sessions: the rules.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::{
    Clock, Entropy, OrganizationId, ProjectId, SessionId, UserId, Violations, token,
};
use observe_proto::common::v1::Role;

use crate::project::Project;

/// The fewest characters of a password.
pub(crate) const MIN_PASSWORD_CHARS: usize = 10;
/// The longest password, in bytes; hashing longer ones would be work for nothing.
pub(crate) const MAX_PASSWORD_BYTES: usize = 1_000;
/// The longest e-mail, in bytes: 64 before the at sign, 255 after it.
pub(crate) const MAX_EMAIL_BYTES: usize = 320;
/// How many failures to sign in an e-mail may have within [`FAILURE_WINDOW`].
pub(crate) const MAX_FAILURES: usize = 10;
/// How long a failure counts.
pub(crate) const FAILURE_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// How long a session lasts at most.
pub(crate) const SESSION_LIFETIME: TimeDelta = TimeDelta::days(7);
/// How long a session lasts without use.
pub(crate) const SESSION_IDLE: TimeDelta = TimeDelta::hours(12);
/// How old the note of a session's last use may get; a write for every call would be too much.
pub(crate) const SESSION_TOUCH: TimeDelta = TimeDelta::minutes(1);

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
}

/// An account that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) user: User,
    /// An argon2id PHC string.
    pub(crate) password_hash: String,
}

/// A session that is to be opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) token_hash: [u8; 32],
    pub(crate) now: DateTime<Utc>,
    pub(crate) expire_at: DateTime<Utc>,
}

impl NewSession {
    /// Returns a session of the user that begins now, and its token, which is not kept.
    pub(crate) fn generate(
        user: UserId,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> (Self, String) {
        let token = token::generate_session(entropy);
        let now = clock.now();
        let session = Self {
            id: SessionId::new(entropy.uuid(now)),
            user,
            token_hash: token::hash(&token),
            now,
            expire_at: now + SESSION_LIFETIME,
        };
        (session, token)
    }
}

/// A session that is open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_used_at: DateTime<Utc>,
}

/// A user's place in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) organization: OrganizationId,
    pub(crate) organization_name: String,
    pub(crate) role: Role,
}

/// A user and what the user can reach.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) user: User,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) projects: Vec<Project>,
}

/// What a session may touch, as the call context says it.
#[derive(Clone, Debug)]
pub(crate) struct SessionAccess {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) projects: Vec<(ProjectId, Role)>,
    pub(crate) organizations: Vec<(OrganizationId, Role)>,
}

/// Returns the one form in which an e-mail is stored and compared.
pub(crate) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Returns whether an account can have this e-mail, given in its normal form.
pub(crate) fn is_possible_email(email: &str) -> bool {
    let parts = email.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && email.len() <= MAX_EMAIL_BYTES
        && !email.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Returns the e-mail in its normal form; notes it if no account can have it.
pub(crate) fn checked_email(email: &str, violations: &mut Violations) -> String {
    let email = normal_email(email);
    let possible = is_possible_email(&email);
    violations.require(possible, "email", "must be an e-mail address, such as me@example.com");
    email
}

/// Notes a new password that is too short or too long.
pub(crate) fn check_new_password(password: &str, field: &'static str, violations: &mut Violations) {
    let fits =
        password.chars().count() >= MIN_PASSWORD_CHARS && password.len() <= MAX_PASSWORD_BYTES;
    violations.require(fits, field, "must have at least 10 characters and at most 1,000 bytes");
}

/// Returns how long to wait before the next attempt, in whole seconds, given the failures within the window, oldest first;
/// `None` if there may be one now.
pub(crate) fn blocked_for(failures: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<Duration> {
    let oldest_that_counts = failures.len().checked_sub(MAX_FAILURES)?;
    let free_at = *failures.get(oldest_that_counts)? + FAILURE_WINDOW;
    let wait = (free_at - now).to_std().ok().filter(|wait| !wait.is_zero())?;
    Some(Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
}

/// Reads a role as it is stored; what is not known grants nothing.
pub(crate) fn role_from_text(text: &str) -> Role {
    match text {
        "owner" => Role::Owner,
        "admin" => Role::Admin,
        "member" => Role::Member,
        "viewer" => Role::Viewer,
        _ => Role::Unspecified,
    }
}

/// Returns a role as it is stored; `None` for one that grants nothing.
pub(crate) fn role_text(role: Role) -> Option<&'static str> {
    match role {
        Role::Owner => Some("owner"),
        Role::Admin => Some("admin"),
        Role::Member => Some("member"),
        Role::Viewer => Some("viewer"),
        Role::Unspecified => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(n)
    }

    #[test]
    fn the_tenth_failure_blocks_until_the_first_is_forgotten() {
        let failures: Vec<_> = (0..10).map(minute).collect();
        assert_eq!(blocked_for(&failures[..9], minute(10)), None);
        assert_eq!(blocked_for(&failures, minute(10)), Some(Duration::from_secs(5 * 60)));
        assert_eq!(blocked_for(&failures, minute(15)), None);
    }

    #[test]
    fn an_email_has_an_at_sign_and_is_bounded() {
        assert!(is_possible_email("admin@localhost"));
        assert!(is_possible_email(&format!("{}@b", "a".repeat(MAX_EMAIL_BYTES - 2))));
        let long = format!("{}@b", "a".repeat(MAX_EMAIL_BYTES - 1));
        for email in ["", "admin", "@", "a@", "@b", "a@b@c", "a b@c", "a\0@b", &long] {
            assert!(!is_possible_email(email), "{email:?}");
        }
    }

    #[test]
    fn a_new_password_has_ten_characters_and_at_most_a_thousand_bytes() {
        let mut violations = Violations::new();
        check_new_password("0123456789", "password", &mut violations);
        check_new_password(&"x".repeat(1_000), "password", &mut violations);
        assert!(violations.is_empty());
        for password in ["012345678", "éééééé", &"x".repeat(1_001)] {
            check_new_password(password, "password", &mut violations);
        }
        assert_eq!(violations.iter().count(), 3);
    }

    #[test]
    fn an_email_is_compared_without_case_and_space() {
        assert_eq!(normal_email(" Me@Example.COM "), "me@example.com");
    }
}
