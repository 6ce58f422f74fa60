//! Where Observe runs, and whose data: the command line, else the environment, else the data folder of `observe up` on this
//! machine.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use observe_core::Secret;
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;

use crate::credentials;
use crate::demo::reachable;

/// Where Observe runs, and the key of the project.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Place {
    /// Where Observe runs, without TLS; by default where OBSERVE_LISTEN says: http://127.0.0.1:8080
    #[arg(long)]
    url: Option<String>,
    /// A secret key of the project; by default OBSERVE_BOOTSTRAP_SECRET_KEY, else the first project's in the data folder
    #[arg(long, value_parser = secret)]
    secret_key: Option<Secret>,
}

fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

impl Place {
    /// Finds the server's address, without a slash at its end, and the key.
    ///
    /// # Errors
    /// All wrong settings, or a sentence that says which is missing.
    pub fn find(&self, env: &mut EnvReader) -> Result<(String, Secret), StartError> {
        let listen = env.address("OBSERVE_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        let data_dir = env.folder("OBSERVE_DATA_DIR", ".observe");
        let bootstrap_key = env.secret("OBSERVE_BOOTSTRAP_SECRET_KEY");
        env.finish()?;
        let base = self.url.clone().unwrap_or_else(|| format!("http://{}", reachable(listen)));
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") {
            return Err(StartError::new(format!(
                "{base:?} is no address that can be called; give the gateway's own, without TLS, such as \
                 --url http://127.0.0.1:8080"
            )));
        }
        let key = match self.secret_key.clone().or(bootstrap_key) {
            Some(key) => key,
            None => credentials::secret_key(&data_dir)?,
        };
        Ok((base, key))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        place: Place,
    }

    #[test]
    fn what_is_missing_is_said() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().display().to_string();
        let place = |given: &[&str], env: &[(&str, &str)]| {
            let line = [&["export"], given].concat();
            let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Line::parse_from(line).place.find(&mut EnvReader::from_values(env)).err()
        };
        let said = place(&[], &[("OBSERVE_DATA_DIR", &path)]).expect("no key").to_string();
        assert!(said.contains("observe up") && said.contains("--secret-key"), "{said}");
        let said = place(&["--url", "https://o.example"], &[("OBSERVE_BOOTSTRAP_SECRET_KEY", "s")]);
        assert!(said.expect("no TLS").to_string().contains("http://127.0.0.1:8080"));
    }
}
