//! How the private PostgreSQL is made and run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tokio::time::timeout;

use crate::exit::StartError;

use super::account::Account;
use super::find::{self, PostgresPrograms};
use super::folder::{Folder, sync_parent};
use super::process::{Kind, Urgency};
use super::url;

/// The database and the login, which may do everything in it; the sockets' folder keeps others out.
const NAME: &str = "observe";
/// The database that every cluster has.
const FIRST_DATABASE: &str = "postgres";
/// How long one question to the store may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long making a cluster may take on a slow disk.
const INITDB_TIMEOUT: Duration = Duration::from_secs(120);
/// SQLSTATE of a database that does not exist.
const NO_DATABASE: &str = "3D000";

/// Settings beside the folders. They are given at each start, so a new version of Observe brings its own.
const SETTINGS: [(&str, &str); 20] = [
    ("listen_addresses", ""),
    ("port", "5432"),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "60"),
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    ("shared_buffers", "64MB"),
    ("wal_buffers", "8MB"),
    ("wal_compression", "on"),
    ("max_wal_size", "1GB"),
    ("checkpoint_timeout", "10min"),
    ("random_page_cost", "1.1"),
    // Compiling a query costs more memory and time than our queries take.
    ("jit", "off"),
    ("max_logical_replication_workers", "0"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    // The log tells about the server. Failed statements are told by who sent them; they may quote people's data.
    ("log_min_messages", "log"),
    ("log_min_error_statement", "panic"),
    ("log_checkpoints", "off"),
];

/// A PostgreSQL in the data folder.
pub(super) struct Postgres {
    programs: PostgresPrograms,
    account: Account,
    data: PathBuf,
    sockets: PathBuf,
    url: String,
    options: PgConnectOptions,
}

impl Postgres {
    /// Finds the programs and makes the cluster if there is none.
    pub(super) async fn create(folder: &Folder, account: &Account) -> Result<Self, StartError> {
        let data = folder.path().join("postgres");
        let version = fs::read_to_string(data.join("PG_VERSION")).ok();
        let written_by = version.and_then(|text| text.trim().parse().ok());
        let programs = find::postgres(&find::postgres_folders(), account, written_by)?;
        if data.exists() {
            account.own_folder(&data)?;
        } else {
            make_cluster(&programs, account, &data).await?;
        }
        let host = url::encoded(folder.sockets());
        let url = format!("postgres://{NAME}@localhost/{NAME}?host={host}&sslmode=disable");
        let options = PgConnectOptions::new_without_pgpass()
            .socket(folder.sockets())
            .username(NAME)
            .database(NAME)
            .log_statements(tracing::log::LevelFilter::Trace);
        Ok(Self {
            programs,
            account: account.clone(),
            data,
            sockets: folder.sockets().into(),
            url,
            options,
        })
    }

    /// Returns the URL to connect to.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The arguments that a server of ours has.
    fn arguments(&self) -> Vec<String> {
        // A list of folders, in which a name in quotes may hold anything.
        let sockets = self.sockets.display().to_string().replace('"', "\"\"");
        let mut arguments = vec!["-D".into(), self.data.display().to_string()];
        arguments.extend(["-c".into(), format!("unix_socket_directories=\"{sockets}\"")]);
        for (name, value) in SETTINGS {
            arguments.extend(["-c".into(), format!("{name}={value}")]);
        }
        arguments
    }

    async fn probe(&self) -> sqlx::Result<()> {
        let mut connection = match self.options.connect().await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NO_DATABASE) => {
                let mut first = self.options.clone().database(FIRST_DATABASE).connect().await?;
                first.execute("create database observe").await?;
                first.close().await?;
                self.options.connect().await?
            }
            other => other?,
        };
        connection.execute("select 1").await?;
        connection.close().await
    }
}

impl Kind for Postgres {
    /// After a crash the number in `postmaster.pid` may have gone to another process, for which PostgreSQL would wait for
    /// ever. Nothing of ours is alive here, so the number is replaced by ours, which it takes as stale because we are its
    /// parent; the rest of the file stays, by which it finds out whether an old server still uses the shared memory.
    fn prepare(&self) -> Result<(), StartError> {
        if !self.data.join("postmaster.pid").exists() {
            return Ok(());
        }
        let mut script = self.account.command("sh");
        script.args(["-c", r#"cd "$1" && { echo "$2"; tail -n +2 postmaster.pid; } >new.pid && mv new.pid postmaster.pid"#]);
        script.arg("sh").arg(&self.data).arg(std::process::id().to_string());
        let fixed = script.status().and_then(|status| {
            if status.success() {
                Ok(())
            } else {
                Err(io::Error::other("the file could not be changed"))
            }
        });
        fixed.map_err(|error| {
            StartError::new(format!(
                "{}, left by a crash, is in the way ({error}); check that no PostgreSQL runs there and remove it",
                self.data.join("postmaster.pid").display()
            ))
        })?;
        // The socket's own lock guards no data.
        let _ = fs::remove_file(self.sockets.join(".s.PGSQL.5432.lock"));
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = self.account.command(&self.programs.postgres);
        command.args(self.arguments());
        command
    }

    async fn ready(&self) -> Result<(), String> {
        match timeout(PROBE_TIMEOUT, self.probe()).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(String::from("no answer in time")),
        }
    }

    async fn fits(&self) -> bool {
        let arguments = fs::read_to_string(self.data.join("postmaster.opts")).unwrap_or_default();
        self.arguments().iter().all(|argument| arguments.contains(&format!("\"{argument}\"")))
    }

    async fn ask_to_stop(&self, urgency: Urgency) -> bool {
        let mode = match urgency {
            Urgency::Polite => "fast",
            Urgency::Urgent => "immediate",
        };
        let mut command = self.account.command(&self.programs.pg_ctl);
        command.args(["stop", "--silent", "--no-wait", "--mode", mode, "--pgdata"]).arg(&self.data);
        matches!(tokio::process::Command::from(command).output().await, Ok(done) if done.status.success())
    }
}

/// Makes a cluster beside its place and moves it there when it is whole, so that a crash leaves all of it or nothing.
async fn make_cluster(
    programs: &PostgresPrograms,
    account: &Account,
    data: &Path,
) -> Result<(), StartError> {
    tracing::info!(folder = %data.display(), "making a private PostgreSQL; this takes some seconds, once");
    let fail = |why: &str| {
        StartError::new(format!(
            "no PostgreSQL cluster could be made in {} ({}); check the disk's space and the folder's permissions, or set \
             OBSERVE_DATABASE_URL",
            data.display(),
            why.trim()
        ))
    };
    let part = data.with_extension("tmp");
    match fs::remove_dir_all(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(fail(&error.to_string()));
        }
        _ => {}
    }
    account.own_folder(&part)?;
    let mut command = account.command(&programs.initdb);
    command.args([
        "--username",
        NAME,
        "--auth",
        "trust",
        "--locale",
        "C",
        "--encoding",
        "UTF8",
        "--pgdata",
    ]);
    command.arg(&part);
    let mut command = tokio::process::Command::from(command);
    let output = match timeout(INITDB_TIMEOUT, command.kill_on_drop(true).output()).await {
        Ok(output) => output.map_err(|error| fail(&error.to_string()))?,
        Err(_) => return Err(fail("initdb takes too long")),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(fail(said.trim().lines().last().unwrap_or("initdb failed")));
    }
    let moved = fs::rename(&part, data).and_then(|()| sync_parent(data));
    moved.map_err(|error| fail(&error.to_string()))
}
