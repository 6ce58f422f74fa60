//! Stores of one test's own.

use std::path::Path;

use observe_runtime::private_stores::{PrivateStores, Store, Wanted};

use crate::{TestDir, template};

/// A PostgreSQL, a queue Redis and a cache Redis, empty, of one test's own. They die with the value, also in a panic, and
/// with the test process, however it ends. Nothing restarts one that was killed or stopped but the test.
pub struct TestStores {
    /// The database's URL; its login may do everything.
    pub database_url: String,
    /// The URL of the Redis that holds accepted events.
    pub queue_redis_url: String,
    /// The URL of the Redis that may forget.
    pub cache_redis_url: String,
    // Dropped before the folder, so that nothing is locked in it when it goes.
    stores: PrivateStores,
    dir: TestDir,
}

impl TestStores {
    /// Starts the three stores and returns when they answer.
    ///
    /// # Panics
    /// With the reason if they do not.
    #[must_use = "the stores die with the value"]
    pub async fn start() -> Self {
        let dir = TestDir::new();
        template::copy_to(dir.path()).await;
        let started = PrivateStores::start(dir.path(), Wanted::ALL).await;
        let stores = started.expect("private stores start");
        let url = |url: Option<&str>| url.expect("every store is private").to_owned();
        Self {
            database_url: url(stores.database_url()),
            queue_redis_url: url(stores.queue_redis_url()),
            cache_redis_url: url(stores.cache_redis_url()),
            stores,
            dir,
        }
    }

    /// Returns a folder for whatever else the test writes; it goes with the stores.
    #[must_use]
    pub fn dir(&self) -> &TestDir {
        &self.dir
    }

    /// Returns the folder of the stores' data.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.stores.data_dir()
    }

    /// Kills PostgreSQL with SIGKILL and returns when nothing of it is left.
    pub async fn kill_postgres(&self) {
        self.stores.kill(Store::Postgres).await;
    }

    /// Stops PostgreSQL in order.
    pub async fn stop_postgres(&self) {
        self.stores.stop_one(Store::Postgres).await;
    }

    /// Starts PostgreSQL after it was killed or stopped, and returns when it answers.
    ///
    /// # Panics
    /// With the reason if it does not.
    pub async fn start_postgres(&self) {
        self.stores.start_again(Store::Postgres).await.expect("PostgreSQL starts again");
    }

    /// Kills the queue Redis with SIGKILL and returns when nothing of it is left.
    pub async fn kill_queue(&self) {
        self.stores.kill(Store::QueueRedis).await;
    }

    /// Stops the queue Redis in order.
    pub async fn stop_queue(&self) {
        self.stores.stop_one(Store::QueueRedis).await;
    }

    /// Starts the queue Redis after it was killed or stopped, and returns when it answers.
    ///
    /// # Panics
    /// With the reason if it does not.
    pub async fn start_queue(&self) {
        self.stores.start_again(Store::QueueRedis).await.expect("the queue Redis starts again");
    }

    /// Kills the cache Redis with SIGKILL and returns when nothing of it is left.
    pub async fn kill_cache(&self) {
        self.stores.kill(Store::CacheRedis).await;
    }

    /// Starts the cache Redis after it was killed, empty, and returns when it answers.
    ///
    /// # Panics
    /// With the reason if it does not.
    pub async fn start_cache(&self) {
        self.stores.start_again(Store::CacheRedis).await.expect("the cache Redis starts again");
    }
}
