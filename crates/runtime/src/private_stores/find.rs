//! Finding the programs of PostgreSQL and Redis.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::StartError;

use super::account::Account;

/// The oldest PostgreSQL that the schemas work on.
const OLDEST_POSTGRES: u32 = 14;
/// Folders of folders named after versions: (folder, prefix of the version's folder, where the programs are in it).
const POSTGRES_VERSIONS: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];
/// Other folders where PostgreSQL's programs may be.
const POSTGRES_FOLDERS: [&str; 3] = ["/usr/local/pgsql/bin", "/opt/homebrew/bin", "/usr/local/bin"];
/// Other folders where the Redis server may be.
const REDIS_FOLDERS: [&str; 5] = [
    "/usr/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/redis/bin",
    "/usr/local/opt/redis/bin",
];
/// Names of a Redis server, in the order of preference.
const REDIS_SERVERS: [&str; 2] = ["redis-server", "valkey-server"];

/// The programs of one PostgreSQL installation.
#[derive(Clone, Debug)]
pub(super) struct PostgresPrograms {
    pub(super) major: u32,
    pub(super) postgres: PathBuf,
    pub(super) initdb: PathBuf,
    pub(super) pg_ctl: PathBuf,
}

/// Returns the folders to look for PostgreSQL in: those of PATH, then the usual ones, newest version first.
pub(super) fn postgres_folders() -> Vec<PathBuf> {
    let mut folders = path_folders();
    for (parent, prefix, programs) in POSTGRES_VERSIONS {
        folders.extend(versions(Path::new(parent), prefix).map(|folder| folder.join(programs)));
    }
    folders.extend(POSTGRES_FOLDERS.map(PathBuf::from));
    folders
}

/// Returns the folders to look for Redis in.
pub(super) fn redis_folders() -> Vec<PathBuf> {
    let mut folders = path_folders();
    folders.extend(REDIS_FOLDERS.map(PathBuf::from));
    folders
}

fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map_or_else(Vec::new, |path| std::env::split_paths(&path).collect())
}

/// Lists `parent/<prefix><version>`, newest first.
fn versions(parent: &Path, prefix: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let version_of = |name: &OsStr| number(name.to_str()?.strip_prefix(prefix)?);
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> =
        entries.filter_map(|entry| Some((version_of(&entry.file_name())?, entry.path()))).collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path)
}

/// Reads the number that a text begins with.
fn number(text: &str) -> Option<u32> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// Finds a PostgreSQL that the account can run: of the major version that wrote the data, if there is some.
pub(super) fn postgres(
    folders: &[PathBuf],
    account: &Account,
    written_by: Option<u32>,
) -> Result<PostgresPrograms, StartError> {
    let mut seen = Vec::new();
    for folder in folders {
        // A link in a folder of PATH leads to an installation whose other programs may have no link.
        let Ok(postgres) = folder.join("postgres").canonicalize() else { continue };
        let Some(home) = postgres.parent() else { continue };
        let (initdb, pg_ctl) = (home.join("initdb"), home.join("pg_ctl"));
        if !initdb.is_file() || !pg_ctl.is_file() {
            continue;
        }
        let Some(major) = version_line(&postgres, account).as_deref().and_then(postgres_major)
        else {
            continue;
        };
        let fits = match written_by {
            Some(wanted) => major == wanted,
            None => major >= OLDEST_POSTGRES,
        };
        if fits {
            return Ok(PostgresPrograms { major, postgres, initdb, pg_ctl });
        }
        seen.push(major.to_string());
    }
    Err(no_postgres(&seen, written_by))
}

fn no_postgres(seen: &[String], written_by: Option<u32>) -> StartError {
    let seen = seen.join(", ");
    StartError::new(match written_by {
        Some(major) if seen.is_empty() => format!(
            "PostgreSQL {major}, which wrote the data, is not installed; install it (apt install postgresql-{major}, dnf \
             install postgresql{major}-server, brew install postgresql@{major}) or set OBSERVE_DATABASE_URL"
        ),
        Some(major) => format!(
            "the data was written by PostgreSQL {major} and only {seen} is installed; install PostgreSQL {major} (apt \
             install postgresql-{major}, dnf install postgresql{major}-server, brew install postgresql@{major})"
        ),
        None if seen.is_empty() => String::from(
            "PostgreSQL was not found; install it (apt install postgresql, dnf install postgresql-server, brew install \
             postgresql@17) or set OBSERVE_DATABASE_URL to a database of yours",
        ),
        None => format!(
            "PostgreSQL {OLDEST_POSTGRES} or newer is needed and {seen} is installed; install a newer one or set \
             OBSERVE_DATABASE_URL to a database of yours"
        ),
    })
}

/// Finds a Redis server that the account can run. `url` is the setting that makes it unnecessary.
pub(super) fn redis(
    folders: &[PathBuf],
    account: &Account,
    url: &str,
) -> Result<PathBuf, StartError> {
    for name in REDIS_SERVERS {
        for folder in folders {
            let program = folder.join(name);
            if program.is_file() && version_line(&program, account).is_some() {
                return Ok(program);
            }
        }
    }
    Err(StartError::new(format!(
        "redis-server was not found; install it (apt install redis-server, dnf install redis or valkey, brew install \
         redis) or set {url} to a Redis of yours"
    )))
}

/// Runs the program for its version, as the account: this proves that it can be run at all.
fn version_line(program: &Path, account: &Account) -> Option<String> {
    let output = account.command(program).arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn postgres_major(line: &str) -> Option<u32> {
    number(line.split_once("(PostgreSQL)")?.1.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_postgres_is_told_with_what_to_do() {
        let account = Account::own().expect("an account");
        let error = postgres(&[], &account, None).expect_err("nowhere to look").to_string();
        for part in
            ["apt install postgresql", "dnf install", "brew install", "OBSERVE_DATABASE_URL"]
        {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn data_of_another_version_asks_for_that_version() {
        let account = Account::own().expect("an account");
        let error =
            postgres(&postgres_folders(), &account, Some(9)).expect_err("too old").to_string();
        assert!(error.contains("postgresql-9"), "{error}");
    }

    #[test]
    fn a_missing_redis_names_the_variable_to_set() {
        let account = Account::own().expect("an account");
        let error = redis(&[], &account, "OBSERVE_QUEUE_REDIS_URL")
            .expect_err("nowhere to look")
            .to_string();
        assert!(
            error.contains("apt install redis-server") && error.contains("OBSERVE_QUEUE_REDIS_URL"),
            "{error}"
        );
    }

    #[test]
    fn versions_are_read_from_what_programs_print() {
        assert_eq!(
            postgres_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(postgres_major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(postgres_major("something else"), None);
    }
}
