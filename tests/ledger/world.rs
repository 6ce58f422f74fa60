//! The processes of one run, each of which can die alone, on stores of their own; and what restarts them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use observe_testkit::{TestCommand, TestProcess, TestStores, eventually, free_port, http_get};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::part::Part;
use crate::proxy::{Backend, Proxy};
use crate::timeline::Timeline;

/// How long anything may take that is not expected to take long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);
pub(crate) const WRITE_KEY: &str = "obs_pub_0123456789abcdefABCDEF";
pub(crate) const SECRET_KEY: &str = "obs_sec_0123456789abcdefABCDEF";
const BINARY: &str = env!("CARGO_BIN_EXE_observe");
/// How often a process that starts is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How soon a process that ended is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(300);

/// What a run consists of.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) gateways: usize,
    pub(crate) events: usize,
    /// Further variables for all processes.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Further variables for one process.
    pub(crate) for_part: Vec<(Part, &'static str, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { gateways: 1, events: 1, variables: Vec::new(), for_part: Vec::new() }
    }
}

struct Process {
    command: TestCommand,
    port: u16,
    running: Option<TestProcess>,
    /// Whether it was up since it was started: only then must it not end by itself.
    was_up: bool,
}

/// All of it.
pub(crate) struct World {
    pub(crate) stores: TestStores,
    /// Where senders send.
    pub(crate) base: String,
    /// The balancer before the gateways.
    pub(crate) front: Proxy,
    /// The balancer before events.
    pub(crate) events_front: Proxy,
    /// Between events and the queue.
    pub(crate) queue_line: Proxy,
    /// Between events and PostgreSQL.
    pub(crate) database_line: Proxy,
    pub(crate) timeline: Arc<Timeline>,
    processes: BTreeMap<Part, Mutex<Process>>,
}

impl World {
    pub(crate) async fn start(setup: &Setup) -> Arc<Self> {
        let stores = TestStores::start().await;
        let mut migrate = base_command("migrate", "migrate", &stores).start(stores.dir());
        assert!(migrate.exit(DEADLINE).await.success(), "{}", migrate.log_tail());
        let sockets = stores.data_dir().join("run");
        let queue_line = Proxy::start(vec![Backend::Socket(sockets.join("queue.sock"))]).await;
        let postgres = Backend::Socket(sockets.join(".s.PGSQL.5432"));
        let database_line = Proxy::start(vec![postgres]).await;
        let mut parts: Vec<Part> = (0..setup.gateways).map(Part::Gateway).collect();
        parts.extend((0..setup.events).map(Part::Events));
        parts.extend([Part::Identity, Part::Monitor, Part::Reports]);
        let ports: BTreeMap<Part, u16> = parts.iter().map(|part| (*part, free_port())).collect();
        let backends = |wanted: fn(&Part) -> bool| {
            let ports = ports.iter().filter(|(part, _)| wanted(part));
            ports.map(|(_, port)| Backend::Port(*port)).collect()
        };
        let front = Proxy::start(backends(|part| matches!(part, Part::Gateway(_)))).await;
        let events_front = Proxy::start(backends(|part| matches!(part, Part::Events(_)))).await;
        let lines = Lines {
            identity: ports[&Part::Identity],
            monitor: ports[&Part::Monitor],
            reports: ports[&Part::Reports],
            events: events_front.port,
            queue: queue_line.port,
            database: database_line.port,
        };
        let processes = ports.iter().map(|(part, port)| {
            let command = lines.command(*part, *port, &stores, setup);
            (*part, Mutex::new(Process { command, port: *port, running: None, was_up: false }))
        });
        let world = Self {
            base: format!("http://127.0.0.1:{}", front.port),
            processes: processes.collect(),
            stores,
            front,
            events_front,
            queue_line,
            database_line,
            timeline: Arc::default(),
        };
        for part in [Part::Identity].into_iter().chain(parts.iter().copied()) {
            world.start_part(part).await;
        }
        let ready = format!("{}/readyz", world.base);
        eventually(DEADLINE, "all to be ready", async || {
            matches!(http_get(&ready).await, Some((200, _)))
        })
        .await;
        Arc::new(world)
    }

    /// Returns all parts that can be killed.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let stores = [Part::Queue, Part::Cache, Part::Postgres];
        let killed = self.processes.keys().copied().filter(|part| *part != Part::Monitor);
        killed.chain(stores).collect()
    }

    /// Kills a part with SIGKILL and returns when it is gone.
    pub(crate) async fn kill(&self, part: Part) {
        self.timeline.goes_down(part);
        match part {
            Part::Queue => self.stores.kill_queue().await,
            Part::Cache => self.stores.kill_cache().await,
            Part::Postgres => self.stores.kill_postgres().await,
            process => self.processes[&process].lock().await.running = None,
        }
    }

    /// Starts a part that is down and returns when it answers. A process that ends before, since what it needs is down, is
    /// started again, as an orchestrator does.
    pub(crate) async fn start_part(&self, part: Part) {
        match part {
            Part::Queue => self.stores.start_queue().await,
            Part::Cache => self.stores.start_cache().await,
            Part::Postgres => self.stores.start_postgres().await,
            process => {
                let mut process = self.processes[&process].lock().await;
                if process.running.is_none() {
                    process.running = Some(process.command.start(self.stores.dir()));
                    process.was_up = false;
                }
                drop(process);
                // Not `eventually`: a future with an async closure in it cannot be spawned.
                let up = async {
                    while !self.look_after(part).await {
                        tokio::time::sleep(POLL_INTERVAL).await;
                    }
                };
                let is_up = tokio::time::timeout(DEADLINE, up).await.is_ok();
                assert!(is_up, "{} does not start", part.label());
            }
        }
        self.timeline.is_up(part);
    }

    /// Returns whether a process is up, after starting it again if it ended by itself.
    async fn look_after(&self, part: Part) -> bool {
        let mut process = self.processes[&part].lock().await;
        let Some(running) = process.running.as_mut() else { return false };
        if running.is_running() {
            let is_up = TcpStream::connect(("127.0.0.1", process.port)).await.is_ok();
            process.was_up |= is_up;
            return is_up;
        }
        let tail = running.log_tail();
        if process.was_up {
            self.timeline.wrong(format!("{} ended by itself:\n{tail}", part.label()));
        }
        tokio::time::sleep(RESTART_PAUSE).await;
        process.running = Some(process.command.start(self.stores.dir()));
        process.was_up = false;
        false
    }

    /// Starts again whatever ends by itself. Never ends.
    pub(crate) async fn supervise(&self) {
        loop {
            for part in self.processes.keys() {
                self.look_after(*part).await;
            }
            tokio::time::sleep(RESTART_PAUSE).await;
        }
    }

    /// Sends a process a signal by name.
    pub(crate) async fn signal(&self, part: Part, name: &str) {
        let process = self.processes[&part].lock().await;
        process.running.as_ref().expect("it runs").signal(name);
    }

    /// Takes a process out of its balancer, asks it to end, waits for that, starts it again and puts it back: what an
    /// orchestrator does for a new version.
    pub(crate) async fn roll(&self, part: Part) {
        let (balancer, all) = match part {
            Part::Gateway(_) => {
                (&self.front, self.backends(|part| matches!(part, Part::Gateway(_))).await)
            }
            _ => (&self.events_front, self.backends(|part| matches!(part, Part::Events(_))).await),
        };
        let mut process = self.processes[&part].lock().await;
        let rest = all.iter().filter(|(other, _)| *other != part);
        balancer.point_at(rest.map(|(_, backend)| backend.clone()).collect());
        let mut running = process.running.take().expect("it runs");
        drop(process);
        let status = running.terminate(DEADLINE).await;
        assert!(status.success(), "{}: {status}: {}", part.label(), running.log_tail());
        drop(running);
        self.start_part(part).await;
        balancer.point_at(all.into_iter().map(|(_, backend)| backend).collect());
        process = self.processes[&part].lock().await;
        assert!(process.was_up);
    }

    async fn backends(&self, wanted: fn(&Part) -> bool) -> Vec<(Part, Backend)> {
        let mut backends = Vec::new();
        for (part, process) in &self.processes {
            if wanted(part) {
                backends.push((*part, Backend::Port(process.lock().await.port)));
            }
        }
        backends
    }

    /// Returns the most that a process ever had in memory, in MiB.
    pub(crate) async fn peak_memory_mib(&self, part: Part) -> u64 {
        let process = self.processes[&part].lock().await;
        let id = process.running.as_ref().expect("it runs").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0)
            / 1_024
    }

    pub(crate) async fn sql(&self) -> sqlx::PgPool {
        sqlx::PgPool::connect(&self.stores.database_url).await.unwrap()
    }

    /// Returns a folder for books.
    pub(crate) fn folder(&self) -> PathBuf {
        self.stores.dir().path().to_owned()
    }
}

/// Where the processes find each other.
struct Lines {
    identity: u16,
    monitor: u16,
    reports: u16,
    events: u16,
    queue: u16,
    database: u16,
}

impl Lines {
    fn command(&self, part: Part, port: u16, stores: &TestStores, setup: &Setup) -> TestCommand {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let (name, role) = match part {
            Part::Gateway(number) => (format!("gateway-{number}"), "gateway"),
            Part::Events(number) => (format!("events-{number}"), "events"),
            Part::Identity => ("identity".into(), "identity"),
            Part::Monitor => ("monitor".into(), "monitor"),
            _ => ("reports".into(), "reports"),
        };
        let mut command = base_command(&name, role, stores)
            .env("OBSERVE_LISTEN", format!("127.0.0.1:{port}"))
            .env("OBSERVE_CACHE_REDIS_URL", &stores.cache_redis_url);
        if let Part::Events(_) = part {
            let database = self.database;
            command = command
                .env("OBSERVE_QUEUE_REDIS_URL", format!("redis://127.0.0.1:{}", self.queue))
                .env(
                    "OBSERVE_EVENTS_DATABASE_URL",
                    format!("postgres://observe@127.0.0.1:{database}/observe?sslmode=disable"),
                );
        } else {
            command = command.env("OBSERVE_QUEUE_REDIS_URL", &stores.queue_redis_url);
        }
        if part == Part::Identity {
            command = command
                .env("OBSERVE_BOOTSTRAP_EMAIL", "owner@example.com")
                .env("OBSERVE_BOOTSTRAP_PASSWORD", "correct horse battery staple")
                .env("OBSERVE_BOOTSTRAP_WRITE_KEY", WRITE_KEY)
                .env("OBSERVE_BOOTSTRAP_SECRET_KEY", SECRET_KEY);
        } else {
            command = command
                .env("OBSERVE_IDENTITY_URL", url(self.identity))
                .env("OBSERVE_EVENTS_URL", url(self.events))
                .env("OBSERVE_REPORTS_URL", url(self.reports))
                .env("OBSERVE_MONITOR_URL", url(self.monitor));
        }
        let own = setup.for_part.iter().filter(|(whose, ..)| *whose == part);
        let own = own.map(|(_, name, value)| (*name, value.as_str()));
        let common = setup.variables.iter().map(|(name, value)| (*name, value.as_str()));
        common.chain(own).fold(command, |command, (name, value)| command.env(name, value))
    }
}

fn base_command(name: &str, role: &str, stores: &TestStores) -> TestCommand {
    TestCommand::new(name, BINARY)
        .arg(role)
        .env("OBSERVE_DATABASE_URL", &stores.database_url)
        .env("OBSERVE_SECRET", "0123456789abcdef0123456789abcdef")
}
