//! What the edge is told from outside.

use std::path::Path;

use observe_core::Secret;
use observe_runtime::config::EnvReader;

use crate::client_address::Network;
use crate::enrich::Places;

/// Events a second of one key, where nothing else is said: more than one process of events stores on one machine.
const KEY_EVENTS_PER_SECOND: u64 = 50_000;
/// Requests a second with write keys of one address, where nothing else is said: a company of thousands behind one address
/// stays below, as pages send a request every few seconds.
const ADDRESS_REQUESTS_PER_SECOND: u64 = 1_000;

/// The gateway's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the outside reaches us, such as `https://observe.example.com`.
    pub public_url: Option<String>,
    /// Networks whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<Network>,
    /// Events a second that one key may send, ten seconds' worth at once; 0 means as many as it likes.
    pub key_events_per_second: u64,
    /// Requests a second with write keys that one address may send, ten seconds' worth at once; 0 means as many as it likes.
    pub address_requests_per_second: u64,
    /// The Redis through which gateways share these limits; without one each counts by itself.
    pub cache_redis_url: Option<Secret>,
    /// Where network addresses are.
    pub places: Option<Places>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            key_events_per_second: KEY_EVENTS_PER_SECOND,
            address_requests_per_second: ADDRESS_REQUESTS_PER_SECOND,
            cache_redis_url: None,
            places: None,
        }
    }
}

impl Config {
    /// Returns whether the outside reaches us by TLS.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Reads `OBSERVE_PUBLIC_URL`, `OBSERVE_TRUSTED_PROXIES`, `OBSERVE_KEY_EVENTS_PER_SECOND`,
    /// `OBSERVE_ADDRESS_REQUESTS_PER_SECOND`, `OBSERVE_CACHE_REDIS_URL`, and `OBSERVE_GEOIP_DB` and the database it names; what
    /// cannot be read is a problem.
    pub fn read(env: &mut EnvReader) -> Self {
        let public_url =
            env.text("OBSERVE_PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &public_url
            && !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
        {
            env.problem(format!(
                "OBSERVE_PUBLIC_URL must be a URL such as https://observe.example.com, not {url:?}"
            ));
        }
        let listed = env.text("OBSERVE_TRUSTED_PROXIES").unwrap_or_default();
        let mut trusted_proxies = Vec::new();
        for text in listed.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            match Network::parse(text) {
                Some(network) => trusted_proxies.push(network),
                None => env.problem(format!(
                    "OBSERVE_TRUSTED_PROXIES must list addresses or networks such as 10.0.0.0/8, not {text:?}"
                )),
            }
        }
        let places = env.text("OBSERVE_GEOIP_DB").and_then(|path| {
            let places = Places::open(Path::new(&path));
            let problem =
                |error| env.problem(format!("OBSERVE_GEOIP_DB must name a MaxMind database of cities or countries; {path:?}: {error}"));
            places.map_err(problem).ok()
        });
        Self {
            public_url,
            trusted_proxies,
            key_events_per_second: env
                .number("OBSERVE_KEY_EVENTS_PER_SECOND", KEY_EVENTS_PER_SECOND),
            address_requests_per_second: env
                .number("OBSERVE_ADDRESS_REQUESTS_PER_SECOND", ADDRESS_REQUESTS_PER_SECOND),
            cache_redis_url: env.secret("OBSERVE_CACHE_REDIS_URL"),
            places,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported() {
        let values = [
            ("OBSERVE_PUBLIC_URL", "observe"),
            ("OBSERVE_TRUSTED_PROXIES", "10.0.0.0/8, ten, ::1"),
            ("OBSERVE_GEOIP_DB", "/nowhere/places.mmdb"),
            ("OBSERVE_KEY_EVENTS_PER_SECOND", "-1"),
            ("OBSERVE_ADDRESS_REQUESTS_PER_SECOND", "0"),
        ];
        let mut env =
            EnvReader::from_values(values.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let config = Config::read(&mut env);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_eq!(config.address_requests_per_second, 0, "which means: no limit");
        assert_eq!(env.finish().expect_err("four problems").to_string().lines().count(), 4);
    }
}
