//! What monitor is told from outside.

use std::net::SocketAddr;

use observe_core::Secret;
use observe_egress::{IpNet, Policy};
use observe_runtime::config::EnvReader;

/// The configuration of the service.
#[derive(Clone, Debug)]
pub struct Config {
    /// PostgreSQL.
    pub database_url: Secret,
    /// Networks that checks and webhooks may dial although they are not public: the operator's word, never a user's.
    pub egress_allow: Vec<IpNet>,
    /// How the outside reaches the dashboard, for links in alerts; without it there are none.
    pub public_url: Option<String>,
    /// Name servers to ask instead of the system's; for tests.
    pub name_servers: Vec<SocketAddr>,
}

impl Config {
    /// Knows a database and nothing else.
    #[must_use]
    pub fn new(database_url: Secret) -> Self {
        Self { database_url, egress_allow: Vec::new(), public_url: None, name_servers: Vec::new() }
    }

    /// Reads the variables; what is missing or cannot be read becomes a problem of the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        let database_url = env.database_url("OBSERVE_MONITOR_DATABASE_URL");
        let listed = env.text("OBSERVE_EGRESS_ALLOW").unwrap_or_default();
        let egress_allow = Policy::parse_networks(&listed).unwrap_or_else(|text| {
            env.problem(format!(
                "OBSERVE_EGRESS_ALLOW must list addresses or networks such as 10.0.0.0/8, not {text:?}"
            ));
            Vec::new()
        });
        let public_url =
            env.text("OBSERVE_PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned());
        Self { egress_allow, public_url, ..Self::new(database_url) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_a_mistake_is_told() {
        let values = [
            ("OBSERVE_DATABASE_URL", "postgres://localhost/observe"),
            ("OBSERVE_EGRESS_ALLOW", "10.0.0.0/8, ten"),
        ];
        let mut env =
            EnvReader::from_values(values.map(|(key, value)| (key.to_owned(), value.to_owned())));
        Config::read(&mut env);
        let text = env.finish().expect_err("a mistake").to_string();
        assert!(text.contains("\"ten\""), "{text}");
    }
}
