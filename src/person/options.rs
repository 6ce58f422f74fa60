//! Whose data, and where Observe runs: the command line, else the environment, else the data folder of `observe up` on this
//! machine.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use observe_core::Secret;
use observe_runtime::StartError;
use observe_runtime::config::EnvReader;
use serde_json::{Map, Value};

use super::edge::EdgeClient;
use crate::credentials;
use crate::demo::reachable;

/// What is said of a person who is not found.
pub(super) const NO_SUCH_PERSON: &str = "there is no such person in the project of this key; a visitor that was never identified is \
                                         known by its distinct id alone";

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Who {
    /// One of the person's distinct ids; also one that was never identified
    #[arg(long)]
    distinct_id: Option<String>,
    /// The person's id
    #[arg(long)]
    person_id: Option<String>,
}

impl Who {
    /// Returns a request that names the person.
    pub(super) fn request(&self) -> Map<String, Value> {
        let ids = [("distinctId", &self.distinct_id), ("personId", &self.person_id)];
        let given = ids.into_iter().filter_map(|(name, id)| Some((name, id.as_ref()?)));
        given.map(|(name, id)| (name.to_owned(), Value::from(id.as_str()))).collect()
    }
}

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
    /// Finds the server and the key. `absent` is what is said when something is not found.
    ///
    /// # Errors
    /// All wrong settings, or a sentence that says which is missing.
    pub(crate) fn client(
        &self,
        env: &mut EnvReader,
        absent: &'static str,
    ) -> Result<EdgeClient, StartError> {
        let listen = env.address("OBSERVE_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        let data_dir = env.folder("OBSERVE_DATA_DIR", ".observe");
        let bootstrap_key = env.secret("OBSERVE_BOOTSTRAP_SECRET_KEY");
        env.finish()?;
        let base = self.url.clone().unwrap_or_else(|| format!("http://{}", reachable(listen)));
        let key = match self.secret_key.clone().or(bootstrap_key) {
            Some(key) => key,
            None => credentials::secret_key(&data_dir)?,
        };
        EdgeClient::open(&base, key, absent)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        place: Place,
    }

    #[test]
    fn one_person_is_named_in_one_way() {
        let line = |given: &[&str]| Line::try_parse_from([&["erase-person"], given].concat());
        let by_id = line(&["--distinct-id", "usr"]).expect("one way");
        assert_eq!(Value::from(by_id.who.request()), serde_json::json!({"distinctId": "usr"}));
        assert!(line(&[]).is_err(), "nobody is named");
        assert!(line(&["--distinct-id", "usr", "--person-id", "x"]).is_err(), "two are");
    }

    #[tokio::test]
    async fn what_is_missing_is_said() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().display().to_string();
        let place = |given: &[&str], env: &[(&str, &str)]| {
            let line = [&["erase-person", "--distinct-id", "usr"], given].concat();
            let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Line::parse_from(line)
                .place
                .client(&mut EnvReader::from_values(env), NO_SUCH_PERSON)
                .err()
        };
        let said = place(&[], &[("OBSERVE_DATA_DIR", &path)]).expect("no key").to_string();
        assert!(said.contains("observe up") && said.contains("--secret-key"), "{said}");
        let said = place(&["--url", "https://o.example"], &[("OBSERVE_BOOTSTRAP_SECRET_KEY", "s")]);
        assert!(said.expect("no TLS").to_string().contains("http://127.0.0.1:8080"));
    }
}
