//! Capture beside the seed stack: what a small team builds first (`bench/baselines/seed-stack`).

use std::sync::Arc;
use std::time::Duration;

use observe_core::{Clock as _, SystemClock};

use crate::baseline::seed::{SeedStack, WORKERS};
use crate::http::{Capture, Wire};
use crate::load::{self, Limits, Sent};
use crate::processes::{Group, Meter};
use crate::roles::Roles;
use crate::table::{Table, float, ratio, say, short, whole};
use crate::world::World;

/// How requests look: name, events in each, connections.
type Shape = (&'static str, u64, usize);
const SHAPES: [Shape; 3] = [
    ("single events, 64 connections", 1, 64),
    ("single events, 256 connections", 1, 256),
    ("batches of 100, 16 connections", 100, 16),
];
/// Events a second of the paced loads, which both sides keep up with.
const RATES: [u32; 2] = [500, 2_000];
/// Connections of the paced loads.
const PACED_CONNECTIONS: usize = 64;
/// Events of one load at most, so that the queues stay small.
const EVENTS_MAX: u64 = 1_000_000;
/// Requests of each connection before anything is measured.
const WARM_UP: u64 = 20;
/// How long that may take.
const WARM_UP_TIME: Duration = Duration::from_secs(10);

/// What one load found.
struct Found {
    sent: Sent,
    /// Processor seconds per million events: of the servers, of the queue.
    cpu: [f64; 2],
}

impl Found {
    fn new(sent: Sent, meter: &Meter) -> Self {
        let mut cpu = [0.0; 2];
        for (name, seconds) in meter.read() {
            cpu[usize::from(name == "queue")] += seconds * 1e6 / float(sent.events);
        }
        Self { sent, cpu }
    }

    fn per_cpu(&self) -> f64 {
        1e6 / self.cpu.iter().sum::<f64>()
    }

    fn figures(&self) -> [String; 6] {
        let (p50, p99) = (self.sent.millis(500), self.sent.millis(990));
        let rate = whole(self.sent.rate());
        let [server, queue] = self.cpu.map(short);
        [rate, short(p50), short(p99), whole(self.per_cpu()), server, queue]
    }
}

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(crate) async fn run(time: Duration) -> anyhow::Result<()> {
    let observe = observe(time).await?;
    let seed = seed(time).await?;
    let columns = ["", "events/s", "p50 ms", "p99 ms", "events/CPU-s", "servers", "queue"];
    let names = SHAPES.iter().map(|shape| shape.0.to_owned());
    let paced = RATES.iter().map(|rate| format!("{rate} single events a second"));
    for (name, (ours, theirs)) in names.chain(paced).zip(observe.iter().zip(&seed)) {
        let title = format!("capture, {name} (last two columns: CPU-s per 1M events)");
        let mut table = Table::new(title, &columns);
        table.row("observe: gateway + events, fsync always", ours.figures());
        let row = format!("seed stack: uvicorn, {WORKERS} workers, fsync everysec");
        table.row(&row, theirs.figures());
        let times = |of| ratio(ours.sent.millis(of), theirs.sent.millis(of));
        let rate = ratio(ours.sent.rate(), theirs.sent.rate());
        let per_cpu = ratio(ours.per_cpu(), theirs.per_cpu());
        table.row("ratio", [rate, times(500), times(990), per_cpu]);
        say(&table);
    }
    Ok(())
}

fn worlds(seed: u64) -> Arc<World> {
    Arc::new(World::new(seed, SystemClock.now().timestamp_millis(), 1))
}

/// PostgreSQL is stopped, so that what is counted is capture alone, as on the other side, whose worker does not run.
async fn observe(time: Duration) -> anyhow::Result<Vec<Found>> {
    let roles = Roles::start().await?;
    roles.stores.stop_postgres().await;
    let connect = |_, count| Capture::connect_all(roles.address.socket, Wire::OBSERVE, count);
    loads(time, connect, || Ok(roles.capturing()?.to_vec()), async || Ok(())).await
}

async fn seed(time: Duration) -> anyhow::Result<Vec<Found>> {
    let stack = SeedStack::start().await?;
    let connect = |batch, count| stack.connect_all(batch, count);
    loads(time, connect, || Ok(stack.capturing().to_vec()), async || stack.clear().await).await
}

async fn loads<C: Future<Output = anyhow::Result<Vec<Capture>>>>(
    time: Duration,
    connect: impl Fn(u64, usize) -> C,
    groups: impl Fn() -> anyhow::Result<Vec<(&'static str, Group)>>,
    between: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for (seed, (_, batch, connections)) in (1..).zip(SHAPES) {
        let world = worlds(seed);
        let warm_up = connections as u64 * WARM_UP * batch;
        let limits = Limits { batch, events: warm_up, time: WARM_UP_TIME };
        load::send(connect(batch, connections).await?, &world, 0, limits).await?;
        let targets = connect(batch, connections).await?;
        let meter = Meter::start(groups()?);
        let limits = Limits { batch, events: EVENTS_MAX, time };
        let sent = load::send(targets, &world, warm_up, limits).await?;
        found.push(Found::new(sent, &meter));
        between().await?;
    }
    for (seed, rate) in (11..).zip(RATES) {
        let targets = connect(1, PACED_CONNECTIONS).await?;
        let meter = Meter::start(groups()?);
        let sent = load::send_paced(targets, &worlds(seed), 0, rate, time).await?;
        found.push(Found::new(sent, &meter));
        between().await?;
    }
    Ok(found)
}
