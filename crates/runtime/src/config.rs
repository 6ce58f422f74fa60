//! Configuration: `OBSERVE_*` environment variables, and one of OpenTelemetry's, read once, checked whole.
//!
//! [`KEYS`] names every variable there is; an unknown one is refused, so that a typo cannot be ignored. Each service has
//! its own config struct, filled through an [`EnvReader`], which collects all problems; they are reported together, before
//! any port is bound.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use observe_core::Secret;

use crate::exit::StartError;

/// A variable there is.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one line.
    pub help: &'static str,
    /// Whether its value must not be shown.
    pub secret: bool,
}

const fn key(name: &'static str, help: &'static str) -> Key {
    Key { name, help, secret: false }
}

const fn secret(name: &'static str, help: &'static str) -> Key {
    Key { name, help, secret: true }
}

/// Every variable Observe reads.
pub const KEYS: &[Key] = &[
    key(
        "OBSERVE_LISTEN",
        "address to serve on (127.0.0.1:8080; a single role: 8080 gateway, 8081 identity, 8082 events, 8083 monitor, 8084 reports)",
    ),
    key("OBSERVE_DATA_DIR", "folder of private stores, secret and credentials (./.observe)"),
    key("OBSERVE_PUBLIC_URL", "how the outside reaches us (http://<OBSERVE_LISTEN>)"),
    secret("OBSERVE_SECRET", "signs calls between services (made and kept in the data folder)"),
    secret("OBSERVE_DATABASE_URL", "your PostgreSQL, for all services (a private one is started)"),
    secret("OBSERVE_IDENTITY_DATABASE_URL", "another PostgreSQL for identity"),
    secret("OBSERVE_EVENTS_DATABASE_URL", "another PostgreSQL for events"),
    secret("OBSERVE_MONITOR_DATABASE_URL", "another PostgreSQL for monitor"),
    secret("OBSERVE_REPORTS_DATABASE_URL", "another PostgreSQL for reports"),
    secret(
        "OBSERVE_QUEUE_REDIS_URL",
        "your queue Redis: appendonly, fsync always, noeviction (a private one is started)",
    ),
    secret("OBSERVE_CACHE_REDIS_URL", "your cache Redis (a private one is started)"),
    key("OBSERVE_IDENTITY_URL", "where a single role finds identity"),
    key("OBSERVE_EVENTS_URL", "where a single role finds events"),
    key("OBSERVE_MONITOR_URL", "where a single role finds monitor"),
    key("OBSERVE_REPORTS_URL", "where a single role finds reports"),
    key(
        "OBSERVE_ADVERTISE_HOST",
        "address or name at which other replicas of reports reach this one (that of OBSERVE_LISTEN, unless it is all addresses)",
    ),
    key(
        "OBSERVE_EGRESS_ALLOW",
        "networks that checks and webhooks may dial although they are not public, separated by commas (none)",
    ),
    key("OBSERVE_TRUSTED_PROXIES", "addresses whose X-Forwarded-For counts, separated by commas"),
    key(
        "OBSERVE_KEY_EVENTS_PER_SECOND",
        "events a second that one key may send, ten seconds' worth at once (50000; 0: no limit)",
    ),
    key(
        "OBSERVE_ADDRESS_REQUESTS_PER_SECOND",
        "requests a second that one public address may send with write keys (1000; 0: no limit)",
    ),
    key(
        "OBSERVE_GEOIP_DB",
        "a MaxMind database (.mmdb) of cities or countries, for visitors' places (none)",
    ),
    key("OBSERVE_BOOTSTRAP_EMAIL", "first account, made on an empty database"),
    secret("OBSERVE_BOOTSTRAP_PASSWORD", "its password"),
    secret(
        "OBSERVE_BOOTSTRAP_WRITE_KEY",
        "first project's write key: obs_pub_ and 16-64 letters or digits",
    ),
    secret(
        "OBSERVE_BOOTSTRAP_SECRET_KEY",
        "first project's secret key: obs_sec_ and 16-64 letters or digits",
    ),
    key("OBSERVE_LOG", "what is logged, such as info or observe_events=debug (info)"),
    key(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "where traces of Observe itself go by OTLP over gRPC, such as http://127.0.0.1:4317 (nowhere)",
    ),
    #[cfg(debug_assertions)]
    key("OBSERVE_TEST_TRAP", "events of this name end their reader; only in builds for tests"),
];

/// Reads variables and remembers every problem.
#[derive(Debug)]
pub struct EnvReader {
    values: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl EnvReader {
    /// Takes the `OBSERVE_*` variables of the process, of which unknown ones are problems, and those of others that are known.
    #[must_use]
    pub fn from_process() -> Self {
        // What is no UTF-8 is read with replacement characters, and then refused by whoever reads it.
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let all = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
        let ours = |name: &str| name.starts_with("OBSERVE_") || is_known(name);
        Self::from_values(all.filter(|(name, _)| ours(name)))
    }

    /// Takes the given variables; unknown ones are problems. An empty value counts as not given.
    pub fn from_values(values: impl IntoIterator<Item = (String, String)>) -> Self {
        let values: BTreeMap<_, _> =
            values.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let problems = values
            .keys()
            .filter(|name| !is_known(name))
            .map(|name| format!("{name} is not a setting of Observe{}", suggestion(name)))
            .collect();
        Self { values, problems }
    }

    /// Sets a variable that was not given, as when `up` has started a private store.
    pub fn set_default(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.entry(name.to_owned()).or_insert_with(|| value.into());
    }

    /// Returns whether the variable is given.
    #[must_use]
    pub fn has(&self, name: &'static str) -> bool {
        self.values.contains_key(name)
    }

    /// Returns the text, if given.
    pub fn text(&self, name: &'static str) -> Option<String> {
        self.values.get(name).cloned()
    }

    /// Returns the secret, if given.
    pub fn secret(&self, name: &'static str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    /// Returns the text; its absence is a problem.
    pub fn required(&mut self, name: &'static str) -> String {
        self.text(name).unwrap_or_else(|| {
            let help = KEYS.iter().find(|key| key.name == name).map_or("", |key| key.help);
            self.problem(format!("{name} is needed: {help}"));
            String::new()
        })
    }

    /// Returns the secret; its absence is a problem.
    pub fn required_secret(&mut self, name: &'static str) -> Secret {
        Secret::new(self.required(name))
    }

    /// Returns the URL of a service's database: its own (`OBSERVE_<SERVICE>_DATABASE_URL`), else the common one; the absence
    /// of both is a problem.
    pub fn database_url(&mut self, own: &'static str) -> Secret {
        match self.secret(own) {
            Some(url) => url,
            None => self.required_secret("OBSERVE_DATABASE_URL"),
        }
    }

    /// Returns the address, or the default; text that is no address is a problem.
    pub fn address(&mut self, name: &'static str, default: SocketAddr) -> SocketAddr {
        let Some(text) = self.text(name) else { return default };
        text.parse().unwrap_or_else(|_| {
            self.problem(format!(
                "{name} must be an address and a port, such as 127.0.0.1:8080, not {text:?}"
            ));
            default
        })
    }

    /// Returns the whole number, or the default; text that is none is a problem.
    pub fn number(&mut self, name: &'static str, default: u64) -> u64 {
        let Some(text) = self.text(name) else { return default };
        text.parse().unwrap_or_else(|_| {
            self.problem(format!("{name} must be a whole number, not {text:?}"));
            default
        })
    }

    /// Returns the folder, or the default.
    pub fn folder(&self, name: &'static str, default: &str) -> PathBuf {
        PathBuf::from(self.text(name).unwrap_or_else(|| default.to_owned()))
    }

    /// Notes a problem.
    pub fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Ends reading.
    ///
    /// # Errors
    /// All problems, a line each.
    pub fn finish(&mut self) -> Result<(), StartError> {
        let problems = std::mem::take(&mut self.problems);
        if problems.is_empty() { Ok(()) } else { Err(StartError::new(problems.join("\n"))) }
    }

    /// Returns the variables in force, secrets as stars.
    #[must_use]
    pub fn redacted(&self) -> Vec<(&'static str, String)> {
        let shown = |key: &Key| {
            let value = self.values.get(key.name)?;
            Some((key.name, if key.secret { "***".to_owned() } else { value.clone() }))
        };
        KEYS.iter().filter_map(shown).collect()
    }
}

fn is_known(name: &str) -> bool {
    KEYS.iter().any(|key| key.name == name)
}

fn suggestion(name: &str) -> String {
    let common =
        |key: &&Key| key.name.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
    let nearest = KEYS.iter().max_by_key(common).filter(|key| common(key) > "OBSERVE_".len() + 2);
    nearest.map_or_else(
        || "; `observe config` lists all".to_owned(),
        |key| format!("; did you mean {}?", key.name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(values: &[(&str, &str)]) -> EnvReader {
        EnvReader::from_values(values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let mut env = reader(&[("OBSERVE_LISTENN", "x"), ("OBSERVE_LISTEN", "nonsense")]);
        env.address("OBSERVE_LISTEN", SocketAddr::from(([127, 0, 0, 1], 8080)));
        env.required("OBSERVE_EVENTS_URL");
        let text = env.finish().expect_err("three problems").to_string();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("did you mean OBSERVE_LISTEN?"), "{text}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let env = reader(&[("OBSERVE_SECRET", "hunter2"), ("OBSERVE_LISTEN", "127.0.0.1:1")]);
        assert_eq!(
            env.redacted(),
            [("OBSERVE_LISTEN", "127.0.0.1:1".to_owned()), ("OBSERVE_SECRET", "***".to_owned())]
        );
    }
}
