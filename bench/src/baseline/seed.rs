//! The seed stack: FastAPI, a Redis list, Celery, PostgreSQL (`bench/baselines/seed-stack`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use observe_testkit::{TestCommand, TestProcess, TestStores, free_port};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::bed::START_TIMEOUT;
use crate::http::{Capture, Wire};
use crate::processes::Group;

/// Processes of uvicorn, and of Celery: one a core of the machine the figures are from.
pub(crate) const WORKERS: usize = 2;
/// How often the table is looked at while the list drains.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How long that may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(300);
/// How long its processes may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(10);
/// Where the list is.
const LIST: &str = "events";
const SCHEMA: &str = include_str!("../../baselines/seed-stack/schema.sql");

/// The stack, running.
pub(crate) struct SeedStack {
    port: u16,
    // Ended before the stores.
    api: TestProcess,
    worker: Option<TestProcess>,
    redis: TestProcess,
    redis_url: String,
    stores: TestStores,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("baselines/seed-stack")
}

/// Installs the stack's packages, once.
fn install() -> anyhow::Result<()> {
    let (venv, done) = (folder().join(".venv"), folder().join(".venv/complete"));
    if done.exists() {
        return Ok(());
    }
    let run = |command: &mut Command| -> anyhow::Result<()> {
        let status = command.stdin(Stdio::null()).status().context("python3 cannot be started")?;
        ensure!(status.success(), "the seed stack cannot be installed: {command:?}");
        Ok(())
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let pip = ["install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(Command::new(venv.join("bin/pip")).args(pip).arg(folder().join("requirements.txt")))?;
    std::fs::write(done, "")?;
    Ok(())
}

fn python(name: &str, module: &str) -> TestCommand {
    // PYTHONPATH, since processes begin in the folder of their stores.
    TestCommand::new(name, folder().join(".venv/bin/python"))
        .env("PYTHONPATH", folder())
        .arg("-m")
        .arg(module)
}

impl Drop for SeedStack {
    fn drop(&mut self) {
        // Killed, the parents would leave their children behind; told, they end them.
        for parent in [Some(&self.api), self.worker.as_ref()].into_iter().flatten() {
            parent.signal("TERM");
        }
        let began = Instant::now();
        let worker = self.worker.as_mut();
        for parent in [Some(&mut self.api), worker].into_iter().flatten() {
            while parent.is_running() && began.elapsed() < END_TIMEOUT {
                std::thread::sleep(LOOK_INTERVAL);
            }
        }
    }
}

impl SeedStack {
    /// Starts all of it but the worker, and returns when it answers.
    ///
    /// # Errors
    /// When it cannot be installed.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        install()?;
        let stores = TestStores::start().await;
        let mut connection = PgConnection::connect(&stores.database_url).await?;
        connection.execute(SCHEMA).await?;
        connection.close().await?;
        let (redis_port, port) = (free_port(), free_port());
        // Redis as its own documentation recommends it for data one would rather keep: fsync once a second.
        let redis = TestCommand::new("seed-redis", "redis-server")
            .arg("--port")
            .arg(redis_port.to_string())
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
            .args(["--appendfsync", "everysec", "--dir"])
            .arg(stores.dir().path())
            .start(stores.dir());
        let redis_url = format!("redis://127.0.0.1:{redis_port}");
        let mut api = python("seed-api", "uvicorn")
            .env("QUEUE_URL", format!("{redis_url}/0"))
            .args(["app:app", "--host", "127.0.0.1", "--no-access-log", "--log-level", "warning"])
            .args(["--loop", "uvloop", "--http", "httptools", "--port"])
            .arg(port.to_string())
            .arg("--workers")
            .arg(WORKERS.to_string())
            .start(stores.dir());
        // It has no such page, and says so once it serves.
        let began = Instant::now();
        while observe_testkit::http_get(&format!("http://127.0.0.1:{port}/")).await.is_none() {
            ensure!(began.elapsed() < START_TIMEOUT && api.is_running(), "{}", api.log_tail());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        Ok(Self { port, api, worker: None, redis, redis_url, stores })
    }

    /// Connects so many times to what takes `batch` events a request.
    ///
    /// # Errors
    /// When it does not listen.
    pub(crate) async fn connect_all(
        &self,
        batch: u64,
        count: usize,
    ) -> anyhow::Result<Vec<Capture>> {
        let path = if batch == 1 { "/event" } else { "/batch" };
        let address = ([127, 0, 0, 1], self.port).into();
        Capture::connect_all(address, Wire { path, key: None }, count).await
    }

    /// Returns who works when events come in.
    pub(crate) fn capturing(&self) -> [(&'static str, Group); 2] {
        let api = Group::family(self.api.id());
        [("server", api), ("queue", Group::process(self.redis.id()))]
    }

    /// Returns who works when they are stored.
    ///
    /// # Errors
    /// When PostgreSQL does not run.
    pub(crate) fn storing(&self) -> anyhow::Result<[(&'static str, Group); 3]> {
        let Some(worker) = &self.worker else { bail!("the worker was not started") };
        let postgres = ("postgres", Group::store(self.stores.data_dir(), "postgres")?);
        let queue = ("queue", Group::process(self.redis.id()));
        Ok([("events", Group::family(worker.id())), queue, postgres])
    }

    /// Empties the list.
    ///
    /// # Errors
    /// When Redis is away.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        let mut redis = self.redis().await?;
        redis::cmd("DEL").arg(LIST).query_async::<()>(&mut redis).await?;
        Ok(())
    }

    async fn redis(&self) -> anyhow::Result<redis::aio::MultiplexedConnection> {
        let client = redis::Client::open(self.redis_url.as_str())?;
        Ok(client.get_multiplexed_async_connection().await?)
    }

    /// Starts the worker, gives it nothing to do yet, and returns when it is ready.
    ///
    /// # Errors
    /// When that takes too long.
    pub(crate) async fn start_worker(&mut self) -> anyhow::Result<()> {
        let worker = self.celery("seed-worker").args(["worker", "--loglevel", "info"]);
        let worker = worker.args(["--pool", "prefork", "--concurrency"]).arg(WORKERS.to_string());
        let mut worker = worker.start(self.stores.dir());
        let began = Instant::now();
        while !worker.log().contains("ready") {
            ensure!(
                began.elapsed() < START_TIMEOUT && worker.is_running(),
                "{}",
                worker.log_tail()
            );
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        self.worker = Some(worker);
        Ok(())
    }

    fn celery(&self, name: &str) -> TestCommand {
        python(name, "celery")
            .env("QUEUE_URL", format!("{}/0", self.redis_url))
            .env("BROKER_URL", format!("{}/1", self.redis_url))
            .env("DATABASE_URL", &self.stores.database_url)
            .args(["--app", "worker"])
    }

    /// Has the worker store what is in the list, and returns how long that took from the first row on, and how many rows
    /// those were.
    ///
    /// # Errors
    /// When it takes too long.
    pub(crate) async fn drain(&self, events: u64) -> anyhow::Result<(u64, Duration)> {
        for number in 0..WORKERS {
            let call = self.celery(&format!("seed-call-{number}")).args(["call", "worker.store"]);
            let done = call.start(self.stores.dir()).exit(START_TIMEOUT).await;
            ensure!(done.success(), "the worker cannot be called");
        }
        let mut connection = PgConnection::connect(&self.stores.database_url).await?;
        let began = Instant::now();
        let mut first: Option<(Instant, u64)> = None;
        while began.elapsed() < DRAIN_TIMEOUT {
            let rows: i64 = sqlx::query_scalar(
                "select coalesce(sum(n_tup_ins), 0)::int8 from pg_stat_user_tables",
            )
            .fetch_one(&mut connection)
            .await?;
            let mut redis = self.redis().await?;
            let left: u64 = redis::cmd("LLEN").arg(LIST).query_async(&mut redis).await?;
            let rows = u64::try_from(rows)?;
            if rows >= events {
                let (since, before) = first.context("the list was gone too soon")?;
                return Ok((events - before, since.elapsed()));
            }
            if first.is_none() && left < events {
                first = Some((Instant::now(), events - left));
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        bail!("the list was not stored in {DRAIN_TIMEOUT:?}")
    }
}
