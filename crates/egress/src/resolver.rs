//! Looking names up: all addresses, once, without search domains and without a cache.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
    ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RecordType};

/// How long a name server may take to answer one try.
const TRY_TIMEOUT: Duration = Duration::from_secs(2);
/// Tries after the first.
const TRIES_MORE: usize = 1;

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// A name server says so.
    #[error("the name does not resolve")]
    NotFound,
    /// A name server answered, and could not say.
    #[error("the name cannot be resolved: the name server failed ({0})")]
    Failed(String),
    /// No name server answered.
    #[error("no name server answers ({0})")]
    Silent(String),
}

/// Looks names up.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resolver")
    }
}

impl Resolver {
    /// Asks the name servers of the system, and its hosts file. Without a configuration of the system it asks this host, as
    /// the C library does.
    ///
    /// # Errors
    /// When the resolver cannot be made.
    pub fn system() -> Result<Self, LookupError> {
        let system = hickory_resolver::system_conf::read_system_conf();
        let (config, hosts) = match system {
            Ok((config, _)) if !config.name_servers.is_empty() => (config, ResolveHosts::Always),
            _ => (at(&[SocketAddr::from((Ipv4Addr::LOCALHOST, 53))]), ResolveHosts::Always),
        };
        Self::build(config, hosts)
    }

    /// Asks these name servers, by UDP and TCP, and no hosts file.
    ///
    /// # Errors
    /// When the resolver cannot be made.
    pub fn at(servers: &[SocketAddr]) -> Result<Self, LookupError> {
        Self::build(at(servers), ResolveHosts::Never)
    }

    fn build(config: ResolverConfig, hosts: ResolveHosts) -> Result<Self, LookupError> {
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options: &mut ResolverOpts = builder.options_mut();
        options.timeout = TRY_TIMEOUT;
        options.attempts = TRIES_MORE;
        // A check looks for itself each time: a remembered answer would hide that a name is gone.
        options.cache_size = 0;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.use_hosts_file = hosts;
        options.edns0 = true;
        builder.build().map(Self).map_err(|error| LookupError::Silent(error.to_string()))
    }

    /// Returns all addresses of a name, IPv4 first. `localhost` and names below it are loopback and are not asked for.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupError> {
        if name == "localhost" || name.ends_with(".localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        // With the dot at its end a name is whole: search domains of the system are for names of its own.
        let name = Name::from_ascii(format!("{name}.")).map_err(|_| LookupError::NotFound)?;
        let found = self.0.lookup_ip(name).await.map_err(|error| why(&error))?;
        let mut addresses: Vec<IpAddr> = found.iter().map(|ip| ip.to_canonical()).collect();
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses.dedup();
        if addresses.is_empty() { Err(LookupError::NotFound) } else { Ok(addresses) }
    }

    /// Returns whether any name server answers anything at all: what tells a dead resolver of ours from a name whose own
    /// servers are dead. It asks for the root, which every resolver knows.
    pub async fn is_alive(&self) -> bool {
        match self.0.lookup(Name::root(), RecordType::NS).await {
            Ok(_) => true,
            Err(error) => !matches!(why(&error), LookupError::Silent(_)),
        }
    }
}

fn at(servers: &[SocketAddr]) -> ResolverConfig {
    let server = |address: &SocketAddr| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut by| {
            by.port = address.port();
            by
        });
        NameServerConfig::new(address.ip(), true, connections.into())
    };
    ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(server).collect())
}

fn why(error: &NetError) -> LookupError {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            use hickory_resolver::proto::op::ResponseCode;
            match none.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => LookupError::NotFound,
                code => LookupError::Failed(code.to_string()),
            }
        }
        NetError::Dns(DnsError::ResponseCode(code)) => LookupError::Failed(code.to_string()),
        NetError::Dns(error) => LookupError::Failed(error.to_string()),
        other => LookupError::Silent(other.to_string()),
    }
}
