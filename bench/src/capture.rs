//! Events over HTTP, one and a hundred a request, beside raw `XADD` of the same bytes.

use std::sync::Arc;
use std::time::Duration;

use observe_core::{Clock as _, SystemClock};
use observe_testkit::TestStores;

use crate::baseline::xadd::Xadd;
use crate::bed::Bed;
use crate::http::{Capture, Wire};
use crate::load::{self, Limits, Sent};
use crate::processes::{Group, Meter};
use crate::table::{Table, float, ratio, say, short, whole};
use crate::world::World;

/// How requests look: name, events in each, connections.
type Shape = (&'static str, u64, usize);
const SHAPES: [Shape; 2] = [("single events", 1, 64), ("batches of 100", 100, 16)];
/// Events of one load at most, so that the wait until they are stored ends.
const EVENTS_MAX: u64 = 1_000_000;
/// Requests of each connection before anything is measured.
const WARM_UP: u64 = 20;
/// How long that may take.
const WARM_UP_TIME: Duration = Duration::from_secs(10);

/// The columns of processor seconds.
const GROUPS: [&str; 4] = ["observe", "queue", "postgres", "generator"];

/// What one load found: what was sent, and the processor seconds of each group per million events.
struct Found {
    sent: Sent,
    cpu: Vec<(&'static str, f64)>,
}

impl Found {
    fn new(sent: Sent, meter: &Meter) -> Self {
        let mut cpu = meter.read();
        for (_, seconds) in &mut cpu {
            *seconds *= 1e6 / float(sent.events);
        }
        Self { sent, cpu }
    }

    fn cpu(&self, name: &str) -> f64 {
        self.cpu.iter().find(|(group, _)| *group == name).map_or(f64::NAN, |(_, cpu)| *cpu)
    }

    /// Returns events per processor second of all groups but the generator.
    fn per_cpu(&self) -> f64 {
        let servers = self.cpu.iter().filter(|(name, _)| *name != "generator");
        1e6 / servers.map(|(_, cpu)| cpu).sum::<f64>()
    }

    fn figures(&self) -> impl Iterator<Item = String> {
        let (p50, p99) = (self.sent.millis(500), self.sent.millis(990));
        let first = [
            whole(float(self.sent.events)),
            whole(self.sent.rate()),
            short(p50),
            short(p99),
            whole(self.per_cpu()),
        ];
        first.into_iter().chain(GROUPS.map(|name| short(self.cpu(name))))
    }

    fn ratios(&self, baseline: &Self) -> [String; 5] {
        [
            String::new(),
            ratio(self.sent.rate(), baseline.sent.rate()),
            ratio(self.sent.millis(500), baseline.sent.millis(500)),
            ratio(self.sent.millis(990), baseline.sent.millis(990)),
            ratio(self.per_cpu(), baseline.per_cpu()),
        ]
    }
}

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(crate) async fn run(time: Duration) -> anyhow::Result<()> {
    let now = SystemClock.now().timestamp_millis();
    let world = |seed| Arc::new(World::new(seed, now, 1));
    let bed = Bed::start().await?;
    let (mut whole, mut alone, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    let mut stored = 0;
    for (seed, shape) in (1..).zip(SHAPES) {
        whole.push(load_until_stored(&bed, &world(seed), shape, time, &mut stored).await?);
    }
    bed.stores.stop_postgres().await;
    for (seed, shape) in (11..).zip(SHAPES) {
        alone.push(load_alone(&bed, &world(seed), shape, time).await?);
    }
    drop(bed);
    for (seed, shape) in (1..).zip(SHAPES) {
        raw.push(load_raw(&world(seed), shape, time).await?);
    }
    for (at, shape) in SHAPES.into_iter().enumerate() {
        print(shape, &whole[at], &alone[at], &raw[at]);
    }
    Ok(())
}

/// Captures while events are being stored, and counts until all are.
async fn load_until_stored(
    bed: &Bed,
    world: &Arc<World>,
    (_, batch, connections): Shape,
    time: Duration,
    stored: &mut u64,
) -> anyhow::Result<(Found, Duration)> {
    let address = &bed.address;
    let warm_up = connections as u64 * WARM_UP * batch;
    let targets = Capture::connect_all(address.socket, Wire::OBSERVE, connections).await?;
    let limits = Limits { batch, events: warm_up, time: WARM_UP_TIME };
    *stored += load::send(targets, world, 0, limits).await?.events;
    address.at_rest(*stored).await?;

    let targets = Capture::connect_all(address.socket, Wire::OBSERVE, connections).await?;
    let meter = Meter::start(bed.groups()?);
    let limits = Limits { batch, events: EVENTS_MAX, time };
    let sent = load::send(targets, world, warm_up, limits).await?;
    *stored += sent.events;
    let stored_after = address.at_rest(*stored).await?;
    Ok((Found::new(sent, &meter), stored_after))
}

/// Captures while PostgreSQL is away.
async fn load_alone(
    bed: &Bed,
    world: &Arc<World>,
    (_, batch, connections): Shape,
    time: Duration,
) -> anyhow::Result<Found> {
    let targets = Capture::connect_all(bed.address.socket, Wire::OBSERVE, connections).await?;
    let queue = Group::store(bed.stores.data_dir(), "queue")?;
    let groups = [("observe", bed.observe()), ("queue", queue)];
    let meter = Meter::start(groups.into_iter().chain([("generator", Group::generator())]));
    let sent = load::send(targets, world, 0, Limits { batch, events: EVENTS_MAX, time }).await?;
    Ok(Found::new(sent, &meter))
}

async fn load_raw(
    world: &Arc<World>,
    (_, batch, connections): Shape,
    time: Duration,
) -> anyhow::Result<Found> {
    let stores = TestStores::start().await;
    let warm_up = connections as u64 * WARM_UP * batch;
    let targets = Xadd::connect_all(&stores.queue_redis_url, connections).await?;
    let limits = Limits { batch, events: warm_up, time: WARM_UP_TIME };
    load::send(targets, world, 0, limits).await?;

    let targets = Xadd::connect_all(&stores.queue_redis_url, connections).await?;
    let queue = Group::store(stores.data_dir(), "queue")?;
    let meter = Meter::start([("queue", queue), ("generator", Group::generator())]);
    let limits = Limits { batch, events: EVENTS_MAX, time };
    let sent = load::send(targets, world, warm_up, limits).await?;
    Ok(Found::new(sent, &meter))
}

fn print(
    (name, _, connections): Shape,
    (whole, stored_after): &(Found, Duration),
    alone: &Found,
    raw: &Found,
) {
    let title = format!(
        "capture, {name}, {connections} connections, fsync before each answer (last four columns: CPU-s per 1M events)"
    );
    let columns = ["", "events", "events/s", "p50 ms", "p99 ms", "events/CPU-s"];
    let mut table = Table::new(title, &[&columns[..], &GROUPS[..]].concat());
    table.row("observe, CPU until all are stored", whole.figures());
    table.row("observe, PostgreSQL stopped", alone.figures());
    table.row("baseline: raw XADD, never stored", raw.figures());
    table.row("ratio, until all are stored", whole.ratios(raw));
    table.row("ratio, PostgreSQL stopped", alone.ratios(raw));
    say(&table);
    say(&format!("  all stored {:.1} s after the last answer", stored_after.as_secs_f64()));
}
