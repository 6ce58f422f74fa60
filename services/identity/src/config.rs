//! What the service is told: its database, and what the first account and keys shall be.

use observe_core::token::{self, SECRET_PREFIX, WRITE_PREFIX};
use observe_core::{Entropy, Secret};
use observe_runtime::config::EnvReader;

use crate::account::{MIN_PASSWORD_CHARS, is_possible_email, normal_email};

/// The length of a generated password: 24 base62 characters are 142 bits.
const GENERATED_PASSWORD_CHARS: usize = 24;

/// The configuration of the service.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where its schema lives.
    pub database_url: Secret,
}

impl Config {
    /// Reads `OBSERVE_IDENTITY_DATABASE_URL`, else `OBSERVE_DATABASE_URL`; problems go to the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        Self { database_url: env.database_url("OBSERVE_IDENTITY_DATABASE_URL") }
    }
}

/// What is given of the first account and the first project's keys. Keys that are not given are generated; without an
/// e-mail there is no account, and the setup link makes it.
#[derive(Clone, Debug, Default)]
pub struct Bootstrap {
    /// The account's e-mail, in lower case.
    pub email: Option<String>,
    /// The account's password; generated when there is an e-mail and no password.
    pub password: Option<Secret>,
    /// The project's write key.
    pub write_key: Option<Secret>,
    /// The project's secret key.
    pub secret_key: Option<Secret>,
}

impl Bootstrap {
    /// Reads the `OBSERVE_BOOTSTRAP_*` variables; problems go to the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        let email = env.text("OBSERVE_BOOTSTRAP_EMAIL").map(|email| normal_email(&email));
        let password = env.secret("OBSERVE_BOOTSTRAP_PASSWORD");
        if email.is_some() != password.is_some() {
            env.problem(
                "OBSERVE_BOOTSTRAP_EMAIL and OBSERVE_BOOTSTRAP_PASSWORD are given together or not at all",
            );
        }
        if email.as_ref().is_some_and(|email| !is_possible_email(email)) {
            env.problem(
                "OBSERVE_BOOTSTRAP_EMAIL must be an e-mail address, such as me@example.com",
            );
        }
        let too_short = |password: &Secret| password.expose().chars().count() < MIN_PASSWORD_CHARS;
        if password.as_ref().is_some_and(too_short) {
            env.problem(format!(
                "OBSERVE_BOOTSTRAP_PASSWORD must have at least {MIN_PASSWORD_CHARS} characters"
            ));
        }
        let write_key = read_key(env, "OBSERVE_BOOTSTRAP_WRITE_KEY", WRITE_PREFIX);
        let secret_key = read_key(env, "OBSERVE_BOOTSTRAP_SECRET_KEY", SECRET_PREFIX);
        Self { email, password, write_key, secret_key }
    }

    /// Generates whatever was not given.
    pub(crate) fn complete(self, entropy: &dyn Entropy) -> CompleteBootstrap {
        let generated_password = self.password.is_none();
        let password = self.password;
        let account = self.email.map(|email| FirstAccount {
            email,
            password: password.unwrap_or_else(|| {
                let text = token::generate_session(entropy);
                Secret::new(&text[..GENERATED_PASSWORD_CHARS])
            }),
            generated_password,
        });
        CompleteBootstrap {
            account,
            write_key: self
                .write_key
                .unwrap_or_else(|| Secret::new(token::generate(WRITE_PREFIX, entropy))),
            secret_key: self
                .secret_key
                .unwrap_or_else(|| Secret::new(token::generate(SECRET_PREFIX, entropy))),
        }
    }
}

/// A [`Bootstrap`] without gaps.
pub(crate) struct CompleteBootstrap {
    pub(crate) account: Option<FirstAccount>,
    pub(crate) write_key: Secret,
    pub(crate) secret_key: Secret,
}

/// The account of a [`Bootstrap`].
pub(crate) struct FirstAccount {
    pub(crate) email: String,
    pub(crate) password: Secret,
    pub(crate) generated_password: bool,
}

fn read_key(env: &mut EnvReader, name: &'static str, prefix: &'static str) -> Option<Secret> {
    let key = env.secret(name)?;
    if !token::is_well_formed(key.expose()) || !key.expose().starts_with(prefix) {
        env.problem(format!("{name} must be {prefix} and 16-64 letters or digits"));
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use observe_core::SystemEntropy;

    fn reader(values: &[(&str, &str)]) -> EnvReader {
        EnvReader::from_values(values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn everything_wrong_with_a_bootstrap_is_said_at_once() {
        let mut env = reader(&[
            ("OBSERVE_BOOTSTRAP_PASSWORD", "short"),
            ("OBSERVE_BOOTSTRAP_WRITE_KEY", "obs_sec_0123456789abcdef"),
            ("OBSERVE_BOOTSTRAP_SECRET_KEY", "obs_sec_short"),
        ]);
        Bootstrap::read(&mut env);
        let text = env.finish().expect_err("four problems").to_string();
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(!text.contains("0123456789abcdef"), "a key is not shown");
    }

    #[test]
    fn what_is_given_is_kept_and_the_rest_generated() {
        let mut env = reader(&[("OBSERVE_BOOTSTRAP_WRITE_KEY", "obs_pub_0123456789abcdef")]);
        let complete = Bootstrap::read(&mut env).complete(&SystemEntropy);
        env.finish().expect("no problem");
        assert_eq!(complete.write_key.expose(), "obs_pub_0123456789abcdef");
        assert!(complete.account.is_none(), "nobody gave an e-mail");
        assert!(token::is_well_formed(complete.secret_key.expose()));
        let named = Bootstrap { email: Some("me@example.com".into()), ..Bootstrap::default() };
        let account = named.complete(&SystemEntropy).account.expect("an e-mail was given");
        assert!(account.generated_password);
        assert_eq!(account.password.expose().len(), 24);
    }
}
