//! How a private Redis is run.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

use crate::exit::StartError;

use super::account::Account;
use super::find;
use super::folder::Folder;
use super::process::{Kind, Urgency};
use super::url;

/// How long one question to the store may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Settings of the queue: what it was given survives any crash, and when it is full it refuses.
/// The journal is not compressed once more when it is rewritten: what it holds is compressed already.
const QUEUE_SETTINGS: [(&str, &str); 7] = [
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    ("no-appendfsync-on-rewrite", "no"),
    ("rdbcompression", "no"),
    ("maxmemory", "1073741824"),
    ("maxmemory-policy", "noeviction"),
    ("save", ""),
];
/// Settings of the cache: it keeps what was used last and writes nothing.
const CACHE_SETTINGS: [(&str, &str); 4] = [
    ("appendonly", "no"),
    ("maxmemory", "67108864"),
    ("maxmemory-policy", "allkeys-lru"),
    ("save", ""),
];

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Queue,
    Cache,
}

impl Role {
    /// Returns the name of its folder and its files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Cache => "cache",
        }
    }

    fn url_variable(self) -> &'static str {
        match self {
            Self::Queue => "OBSERVE_QUEUE_REDIS_URL",
            Self::Cache => "OBSERVE_CACHE_REDIS_URL",
        }
    }

    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Queue => &QUEUE_SETTINGS,
            Self::Cache => &CACHE_SETTINGS,
        }
    }
}

/// A Redis in the data folder.
pub(super) struct Redis {
    role: Role,
    program: PathBuf,
    account: Account,
    data: PathBuf,
    socket: PathBuf,
    url: String,
    client: redis::Client,
}

impl Redis {
    /// Finds the program and prepares the folder.
    pub(super) fn new(folder: &Folder, account: &Account, role: Role) -> Result<Self, StartError> {
        let program = find::redis(&find::redis_folders(), account, role.url_variable())?;
        let data = folder.path().join(role.name());
        account.own_folder(&data)?;
        let socket = folder.sockets().join(format!("{}.sock", role.name()));
        let url = format!("redis+unix://{}", url::encoded(&socket));
        let client = redis::Client::open(url.as_str()).map_err(|error| {
            StartError::new(format!(
                "the socket {} cannot be used ({error}); set OBSERVE_DATA_DIR to another folder",
                socket.display()
            ))
        })?;
        Ok(Self { role, program, account: account.clone(), data, socket, url, client })
    }

    /// Returns the URL to connect to.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PROBE_TIMEOUT))
            .set_response_timeout(Some(PROBE_TIMEOUT));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    async fn ping(&self) -> redis::RedisResult<()> {
        redis::cmd("PING").query_async(&mut self.connect().await?).await
    }

    async fn has_settings(&self) -> redis::RedisResult<bool> {
        let mut connection = self.connect().await?;
        for (name, wanted) in self.role.settings() {
            let answer: Vec<String> =
                redis::cmd("CONFIG").arg("GET").arg(name).query_async(&mut connection).await?;
            if answer.get(1).map(String::as_str) != Some(wanted) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Kind for Redis {
    fn prepare(&self) -> Result<(), StartError> {
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = self.account.command(&self.program);
        command.args([
            "--port",
            "0",
            "--daemonize",
            "no",
            "--unixsocketperm",
            "700",
            "--unixsocket",
        ]);
        command.arg(&self.socket).arg("--dir").arg(&self.data);
        for (name, value) in self.role.settings() {
            command.arg(format!("--{name}")).arg(value);
        }
        command
    }

    async fn ready(&self) -> Result<(), String> {
        self.ping().await.map_err(|error| error.to_string())
    }

    async fn fits(&self) -> bool {
        self.has_settings().await.unwrap_or(false)
    }

    async fn ask_to_stop(&self, urgency: Urgency) -> bool {
        if urgency == Urgency::Urgent {
            return false;
        }
        if let Ok(mut connection) = self.connect().await {
            // The answer to this command is the end of the connection, which reads as an error.
            let _ = redis::cmd("SHUTDOWN").query_async::<()>(&mut connection).await;
        }
        true
    }
}
