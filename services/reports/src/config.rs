//! What reports needs to be told.

use std::net::{IpAddr, SocketAddr};

use observe_core::Secret;
use observe_runtime::config::EnvReader;

/// The stores of reports, and how other replicas know this one.
#[derive(Clone, Debug)]
pub struct Config {
    /// PostgreSQL.
    pub database_url: Secret,
    /// The cache Redis, where answers are kept a little while; without it every question is computed.
    pub cache_redis_url: Option<Secret>,
    /// How other replicas know this one; [`Self::read`] leaves it empty.
    pub replica: Replica,
}

impl Config {
    /// Reads the variables; what is missing becomes a problem of the reader.
    pub fn read(env: &mut EnvReader) -> Self {
        Self {
            database_url: env.database_url("OBSERVE_REPORTS_DATABASE_URL"),
            cache_redis_url: env.secret("OBSERVE_CACHE_REDIS_URL"),
            replica: Replica::default(),
        }
    }
}

/// How other replicas know this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replica {
    /// What no other process is called while this one runs: one that starts with it takes over at once what was this one's, which
    /// is gone then. Made up at each start if there is none.
    pub name: Option<String>,
    /// Where the others reach it; they cannot if there is none.
    pub url: Option<String>,
}

impl Replica {
    /// Of a process that listens at an address. Another process can only listen there when this one is gone, so the address is the
    /// name as well. What listens at all addresses is told one of them by `OBSERVE_ADVERTISE_HOST`.
    pub fn listening(listen: SocketAddr, env: &mut EnvReader) -> Self {
        let host = match env.text("OBSERVE_ADVERTISE_HOST") {
            Some(host) => match host_in_url(&host) {
                Some(host) => host,
                None => {
                    env.problem(format!(
                        "OBSERVE_ADVERTISE_HOST must be an address or a name without a port, such as 10.0.0.5, not {host:?}"
                    ));
                    return Self::default();
                }
            },
            None if listen.ip().is_unspecified() => return Self::default(),
            None => bracketed(listen.ip()),
        };
        let url = format!("http://{host}:{}", listen.port());
        Self { name: Some(url.clone()), url: Some(url) }
    }
}

fn host_in_url(host: &str) -> Option<String> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(bracketed(address));
    }
    let is_name = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    };
    is_name(host).then(|| host.to_owned())
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(listen: &str, host: &str) -> Option<String> {
        let mut env =
            EnvReader::from_values([("OBSERVE_ADVERTISE_HOST".to_owned(), host.to_owned())]);
        let replica = Replica::listening(listen.parse().expect("an address"), &mut env);
        assert_eq!(replica.name, replica.url);
        if replica.url.is_none() && !host.is_empty() {
            env.finish().expect_err("it is refused");
        }
        replica.url
    }

    #[test]
    fn a_replica_is_reached_where_it_listens_or_where_it_says() {
        assert_eq!(url("10.0.0.5:8084", "").as_deref(), Some("http://10.0.0.5:8084"));
        assert_eq!(url("0.0.0.0:8084", ""), None);
        assert_eq!(url("0.0.0.0:8084", "10.0.0.5").as_deref(), Some("http://10.0.0.5:8084"));
        assert_eq!(url("[::]:8084", "fd00::5").as_deref(), Some("http://[fd00::5]:8084"));
        assert_eq!(url("0.0.0.0:8084", "reports-1").as_deref(), Some("http://reports-1:8084"));
        assert_eq!(url("0.0.0.0:8084", "http://10.0.0.5"), None);
        assert_eq!(url("0.0.0.0:8084", "10.0.0.5:8084"), None);
    }
}
