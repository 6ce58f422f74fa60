//! The private Postgres and Redis of `observe up`: found, started, watched, adopted and stopped, so that a fresh machine
//! needs no configuration at all.
//!
//! Everything lives in one folder, which one process uses at a time:
//!
//! ```text
//! VERSION                            format of the folder
//! lock                               locked while a process uses the folder
//! postgres/  queue/  cache/          what the stores keep
//! run/                               their sockets, reachable by their account alone
//! postgres.log queue.log cache.log   what they say
//! postgres.pid queue.pid cache.pid   locked by the store itself for as long as it lives
//! ```
//!
//! The stores listen on unix sockets only. They survive a kill of this process, and the next one adopts them.

mod account;
mod find;
mod folder;
mod life;
mod log;
mod postgres;
mod process;
mod redis;
mod url;

use std::path::Path;

use crate::exit::StartError;

use account::Account;
use folder::Folder;
pub use folder::stand_in;
use postgres::Postgres;
use process::Supervised;
use redis::{Redis, Role};

/// Returns the major version of the PostgreSQL that a new data folder would use.
///
/// # Errors
/// A sentence when there is none that can be used.
pub fn postgres_version() -> Result<u32, StartError> {
    let account = Account::for_stores(&[])?;
    find::postgres(&find::postgres_folders(), &account, None).map(|programs| programs.major)
}

/// Which stores are private; the others are reached by a URL of the operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The database.
    pub postgres: bool,
    /// The Redis that holds accepted events.
    pub queue_redis: bool,
    /// The Redis that may forget.
    pub cache_redis: bool,
}

impl Wanted {
    /// Every store is private.
    pub const ALL: Self = Self { postgres: true, queue_redis: true, cache_redis: true };

    /// No store is private; the folder is still opened and locked.
    pub const NONE: Self = Self { postgres: false, queue_redis: false, cache_redis: false };

    fn any(self) -> bool {
        self != Self::NONE
    }
}

/// One of the private stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// The database.
    Postgres,
    /// The Redis that holds accepted events.
    QueueRedis,
    /// The Redis that may forget.
    CacheRedis,
}

/// The private stores, running. Dropping this leaves them running, to be adopted by the next process; [`Self::stop`]
/// stops them. The folder stays locked until the drop.
pub struct PrivateStores {
    folder: Folder,
    postgres: Option<Supervised<Postgres>>,
    queue: Option<Supervised<Redis>>,
    cache: Option<Supervised<Redis>>,
}

impl PrivateStores {
    /// Opens the folder and starts, or adopts, the wanted stores in it; returns when all of them answer.
    ///
    /// The folder is made if it is not there. When the process is root and the stores' account cannot reach it, a folder
    /// under `/var/lib/observe` is used in its place: [`Self::data_dir`] tells which it was.
    ///
    /// # Errors
    /// A sentence when the folder is in use or of a newer format, a program is missing, or a store does not come up. No
    /// store that this call started is left running then.
    pub async fn start(data_dir: &Path, want: Wanted) -> Result<Self, StartError> {
        let account = if want.any() {
            Account::for_stores(&[data_dir, &stand_in(data_dir)])?
        } else {
            Account::own()?
        };
        let folder = Folder::open(data_dir, &account, want.any())?;
        // Redis first: that it is missing is told before a database is made, which takes a second.
        let redis = |wanted: bool, role: Role| match wanted {
            true => Redis::new(&folder, &account, role)
                .map(|redis| Some(Supervised::new(&folder, role.name(), redis))),
            false => Ok(None),
        };
        let queue = redis(want.queue_redis, Role::Queue)?;
        let cache = redis(want.cache_redis, Role::Cache)?;
        let postgres = match want.postgres {
            true => Some(Supervised::new(
                &folder,
                "postgres",
                Postgres::create(&folder, &account).await?,
            )),
            false => None,
        };
        let stores = Self { folder, postgres, queue, cache };
        if let Err(error) = stores.start_all().await {
            stores.stop().await;
            return Err(error);
        }
        Ok(stores)
    }

    async fn start_all(&self) -> Result<(), StartError> {
        tokio::try_join!(
            self.start_again(Store::Postgres),
            self.start_again(Store::QueueRedis),
            self.start_again(Store::CacheRedis),
        )?;
        Ok(())
    }

    /// Returns the URL of the database `observe`, for sqlx and libpq alike, if it is private.
    #[must_use]
    pub fn database_url(&self) -> Option<&str> {
        self.postgres.as_ref().map(|store| store.kind().url())
    }

    /// Returns the URL of the queue Redis, if it is private.
    #[must_use]
    pub fn queue_redis_url(&self) -> Option<&str> {
        self.queue.as_ref().map(|store| store.kind().url())
    }

    /// Returns the URL of the cache Redis, if it is private.
    #[must_use]
    pub fn cache_redis_url(&self) -> Option<&str> {
        self.cache.as_ref().map(|store| store.kind().url())
    }

    /// Returns the folder that is really used, absolute and without links.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Watches the stores and starts again, after a pause that grows to some seconds, each one that dies. Ends only after
    /// [`Self::stop`] was called, and never when no store is private; it may be dropped at any point.
    pub async fn supervise(&self) {
        if self.postgres.is_none() && self.queue.is_none() && self.cache.is_none() {
            std::future::pending::<()>().await;
        }
        tokio::join!(
            supervise(self.postgres.as_ref()),
            supervise(self.queue.as_ref()),
            supervise(self.cache.as_ref()),
        );
    }

    /// Stops the stores, those adopted included, and returns when they are gone: asked first, killed when they do not end
    /// in time.
    pub async fn stop(&self) {
        tokio::join!(
            stop(self.postgres.as_ref()),
            stop(self.queue.as_ref()),
            stop(self.cache.as_ref()),
        );
    }

    /// Kills one store with SIGKILL, as a crash would, and returns when nothing of it is left. Nothing happens when it is
    /// not private.
    pub async fn kill(&self, store: Store) {
        match store {
            Store::Postgres => kill(self.postgres.as_ref()).await,
            Store::QueueRedis => kill(self.queue.as_ref()).await,
            Store::CacheRedis => kill(self.cache.as_ref()).await,
        }
    }

    /// Asks one store to end, as [`Self::stop`] does, and returns when it is gone. Unlike then, it can be started again.
    pub async fn stop_one(&self, store: Store) {
        match store {
            Store::Postgres => end(self.postgres.as_ref()).await,
            Store::QueueRedis => end(self.queue.as_ref()).await,
            Store::CacheRedis => end(self.cache.as_ref()).await,
        }
    }

    /// Starts one store that is down and returns when it answers. Nothing happens when it is up or not private.
    ///
    /// # Errors
    /// A sentence when it does not come up.
    pub async fn start_again(&self, store: Store) -> Result<(), StartError> {
        match store {
            Store::Postgres => start(self.postgres.as_ref()).await,
            Store::QueueRedis => start(self.queue.as_ref()).await,
            Store::CacheRedis => start(self.cache.as_ref()).await,
        }
    }
}

async fn start<K: process::Kind>(store: Option<&Supervised<K>>) -> Result<(), StartError> {
    match store {
        Some(store) => store.start().await,
        None => Ok(()),
    }
}

async fn supervise<K: process::Kind>(store: Option<&Supervised<K>>) {
    if let Some(store) = store {
        store.supervise().await;
    }
}

async fn stop<K: process::Kind>(store: Option<&Supervised<K>>) {
    if let Some(store) = store {
        store.stop().await;
    }
}

async fn end<K: process::Kind>(store: Option<&Supervised<K>>) {
    if let Some(store) = store {
        store.end().await;
    }
}

async fn kill<K: process::Kind>(store: Option<&Supervised<K>>) {
    if let Some(store) = store {
        store.kill().await;
    }
}
