//! Where to fill what: the command line, else the environment, else the data folder of `observe up` on this machine.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use observe_core::Secret;
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;

use super::connection::Connection;
use crate::credentials;

/// The options of `observe demo`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// Where Observe runs, without TLS; by default where OBSERVE_LISTEN says: http://127.0.0.1:8080
    #[arg(long)]
    url: Option<String>,
    /// A secret key of the project to fill; by default OBSERVE_BOOTSTRAP_SECRET_KEY, else the first project's in the data folder
    #[arg(long, value_parser = secret)]
    secret_key: Option<Secret>,
    /// Fill the project also if it has events of its own, which the demo's will then be mixed with
    #[arg(long)]
    pub(super) anyway: bool,
    /// Go on for an hour when the project is filled: a sale in which payments fail, until Ctrl-C
    #[arg(long)]
    pub(super) live: bool,
    /// Which people do what: the same for the same number
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=1_000_000))]
    pub(super) seed: u64,
    /// How many people
    #[arg(long, hide = true, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(super) people: u32,
    /// How many days
    #[arg(long, hide = true, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=30))]
    pub(super) days: u32,
}

fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// Where the demo goes.
pub(super) struct Place {
    pub(super) connection: Connection,
    /// What people put into their browser.
    pub(super) public_url: String,
}

impl Options {
    /// Finds the server and the key.
    ///
    /// # Errors
    /// All wrong settings, or a sentence that says which is missing.
    pub(super) fn place(&self, env: &mut EnvReader) -> Result<Place, StartError> {
        let listen = env.address("OBSERVE_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        let data_dir = env.folder("OBSERVE_DATA_DIR", ".observe");
        let public_url = env.text("OBSERVE_PUBLIC_URL");
        let bootstrap_key = env.secret("OBSERVE_BOOTSTRAP_SECRET_KEY");
        env.finish()?;
        let base = self.url.clone().unwrap_or_else(|| format!("http://{}", reachable(listen)));
        let key = match self.secret_key.clone().or(bootstrap_key) {
            Some(key) => key,
            None => credentials::secret_key(&data_dir)?,
        };
        let public_url = public_url.filter(|_| self.url.is_none()).unwrap_or_else(|| base.clone());
        Ok(Place { connection: Connection::open(&base, key)?, public_url })
    }
}

/// A server that listens everywhere is reached on the loopback address.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn place(line: &[&str], env: &[(&str, &str)]) -> Result<Place, StartError> {
        let options = Line::parse_from([&["demo"], line].concat()).options;
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        options.place(&mut EnvReader::from_values(env))
    }

    #[tokio::test]
    async fn a_server_that_listens_everywhere_is_reached_here() {
        let env = [("OBSERVE_LISTEN", "0.0.0.0:8090"), ("OBSERVE_PUBLIC_URL", "https://o.example")];
        let found = place(&["--secret-key", "obs_sec_x"], &env).expect("found");
        assert_eq!(found.connection.base, "http://127.0.0.1:8090");
        assert_eq!(found.public_url, "https://o.example");
        let line = ["--secret-key", "obs_sec_x", "--url", "http://10.0.0.7:80/"];
        let found = place(&line, &env).expect("found");
        assert_eq!(found.connection.base, "http://10.0.0.7:80");
    }

    #[tokio::test]
    async fn what_is_missing_is_said() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().display().to_string();
        let said = place(&[], &[("OBSERVE_DATA_DIR", &path)]).err().expect("no key").to_string();
        assert!(said.contains("observe up") && said.contains("--secret-key"), "{said}");
        let said = place(&["--url", "https://o.example"], &[("OBSERVE_BOOTSTRAP_SECRET_KEY", "s")]);
        assert!(said.err().expect("no TLS").to_string().contains("http://127.0.0.1:8080"));
    }
}
