//! How fast a backlog goes from the queue to PostgreSQL, beside plain `COPY` of the same rows.

mod preload;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use observe_core::{Clock as _, SystemClock};
use observe_testkit::TestStores;

use crate::baseline::copy;
use crate::baseline::seed::{SeedStack, WORKERS};
use crate::bed::store_groups;
use crate::http::{Capture, Wire};
use crate::load::{self, Limits, Sent};
use crate::processes::{Group, Meter};
use crate::roles::Roles;
use crate::table::{Table, float, ratio, say, short, whole};
use crate::world::World;

/// Events unless told otherwise.
pub(crate) const EVENTS: u64 = 300_000;
const BATCH: u64 = 1_000;
const CONNECTIONS: usize = 8;
/// How long the backlog may take to build.
const CAPTURE_TIMEOUT: Duration = Duration::from_secs(120);
/// How long it may take to go, waits of the readers after the outage included.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(300);
/// How often the count of stored events is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// What was stored in a time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stored {
    rows: u64,
    time: Duration,
}

impl Stored {
    fn rate(self) -> f64 {
        float(self.rows) / self.time.as_secs_f64()
    }

    fn figures(self) -> [String; 3] {
        [whole(float(self.rows)), short(self.time.as_secs_f64()), whole(self.rate())]
    }
}

/// How a backlog went.
struct Drained {
    /// From PostgreSQL's return to the first stored row.
    paused: Duration,
    whole: Stored,
    middle: Stored,
    cpu: Cpu,
}

/// Processor seconds of each group per million events.
type Cpu = Vec<(&'static str, f64)>;

fn per_million(meter: &Meter, events: u64) -> Cpu {
    meter.read().iter().map(|(name, seconds)| (*name, seconds * 1e6 / float(events))).collect()
}

fn per_cpu(cpu: &Cpu) -> f64 {
    1e6 / cpu.iter().map(|(_, seconds)| seconds).sum::<f64>()
}

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(crate) async fn run(events: u64, preload: u64) -> anyhow::Result<()> {
    let events = events.div_ceil(BATCH) * BATCH;
    let start_ms = SystemClock.now().timestamp_millis() - i64::try_from(events)?;
    let world = Arc::new(World::new(3, start_ms, 1));
    let roles = Roles::start().await?;
    if preload > 0 {
        preload::fill(&roles.stores.database_url, preload).await?;
        say(&format!("\n  the event table holds {} rows before", whole(float(preload))));
    }
    let stored_before = u64::try_from(roles.address.status().await?.stored)?;
    roles.stores.stop_postgres().await;
    let meter = Meter::start(roles.capturing()?);
    let captured = capture(&roles, &world, events).await?;
    let capture_cpu = per_million(&meter, events);
    roles.stores.start_postgres().await;
    let drained = drain(&roles, stored_before, events).await?;
    drop(roles);
    let plain = plain_copy(&world, events).await?;
    let seed = seed_stack(&world, events).await?;
    print(&drained, &plain, &seed);
    print_capture(&captured, &capture_cpu);
    Ok(())
}

async fn capture(roles: &Roles, world: &Arc<World>, events: u64) -> anyhow::Result<Sent> {
    let targets = Capture::connect_all(roles.address.socket, Wire::OBSERVE, CONNECTIONS).await?;
    let limits = Limits { batch: BATCH, events, time: CAPTURE_TIMEOUT };
    let sent = load::send(targets, world, 0, limits).await?;
    ensure!(sent.events == events, "only {} of {events} events were accepted", sent.events);
    Ok(sent)
}

/// Looks until all of the backlog is stored. The readers pause up to some seconds after an outage, and that is not the speed
/// of storing: `whole` is from the first look that sees a row of the backlog, `middle` from a tenth of it to nine tenths,
/// so that transactions are under way at both ends. The processor time is all that was spent, the pause included.
async fn drain(roles: &Roles, before: u64, events: u64) -> anyhow::Result<Drained> {
    let groups = store_groups(roles.stores.data_dir())?;
    let meter = Meter::start(groups.into_iter().chain([roles.events_group()]));
    let began = Instant::now();
    let mut looks: Vec<(Duration, u64)> = Vec::new();
    while began.elapsed() < DRAIN_TIMEOUT {
        // The first looks find a database that just came back.
        if let Ok(status) = roles.address.status().await {
            let stored = u64::try_from(status.stored)?.saturating_sub(before);
            looks.push((began.elapsed(), stored));
            if stored >= events {
                let (paused, whole) = span(&looks, 1, events)?;
                let (_, middle) = span(&looks, events / 10, events / 10 * 9)?;
                let cpu = per_million(&meter, events);
                return Ok(Drained { paused, whole, middle, cpu });
            }
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    bail!("the backlog was not stored in {DRAIN_TIMEOUT:?}: {:?}", roles.address.status().await)
}

/// Returns when the first look saw `from` rows, and what was stored from then until a look saw `to`.
fn span(looks: &[(Duration, u64)], from: u64, to: u64) -> anyhow::Result<(Duration, Stored)> {
    let seen = |wanted: u64| looks.iter().find(|(_, stored)| *stored >= wanted);
    let (Some(first), Some(last)) = (seen(from), seen(to)) else { bail!("rows were not seen") };
    ensure!(last.1 > first.1, "the backlog was gone too soon; use more --events");
    Ok((first.0, Stored { rows: last.1 - first.1, time: last.0 - first.0 }))
}

/// A baseline's: rows, time, processor seconds.
type Plain = (Stored, Cpu);

async fn plain_copy(world: &World, events: u64) -> anyhow::Result<Plain> {
    let stores = TestStores::start().await;
    let meter = Meter::start([("postgres", Group::store(stores.data_dir(), "postgres")?)]);
    let time = copy::run(&stores.database_url, world, events).await?;
    Ok((Stored { rows: events, time }, per_million(&meter, events)))
}

async fn seed_stack(world: &Arc<World>, events: u64) -> anyhow::Result<Plain> {
    let mut stack = SeedStack::start().await?;
    let targets = stack.connect_all(BATCH, CONNECTIONS).await?;
    let limits = Limits { batch: BATCH, events, time: CAPTURE_TIMEOUT };
    let sent = load::send(targets, world, 0, limits).await?;
    ensure!(sent.events == events, "the seed stack took only {} of {events}", sent.events);
    stack.start_worker().await?;
    let meter = Meter::start(stack.storing()?);
    let (rows, time) = stack.drain(events).await?;
    Ok((Stored { rows, time }, per_million(&meter, events)))
}

fn print(observe: &Drained, (plain, plain_cpu): &Plain, (seed, seed_cpu): &Plain) {
    let columns = ["", "rows", "s", "rows/s", "rows/CPU-s", "events", "queue", "postgres"];
    let title =
        "drain, queue to PostgreSQL after an outage (last three columns: CPU-s per 1M rows)";
    let mut table = Table::new(title, &columns);
    let cpu = |cpu: &Cpu| {
        let of = |name| cpu.iter().find(|(group, _)| *group == name).map_or(0.0, |(_, cpu)| *cpu);
        [whole(per_cpu(cpu)), short(of("events")), short(of("queue")), short(of("postgres"))]
    };
    let figures = observe.whole.figures().into_iter().chain(cpu(&observe.cpu));
    table.row("observe: once each, with log and counters", figures);
    table.row("  its middle 80 %", observe.middle.figures());
    let ratios = |rows: &Stored, other: &Cpu| {
        let rates = ratio(observe.whole.rate(), rows.rate());
        let cpus = ratio(per_cpu(&observe.cpu), per_cpu(other));
        [String::new(), String::new(), rates, cpus]
    };
    let (rows, writers) = (whole(float(copy::BATCH_ROWS)), copy::CONNECTIONS);
    let name = format!("baseline: COPY, {rows} rows a transaction, {writers} writers");
    table.row(&name, plain.figures().into_iter().chain(cpu(plain_cpu)));
    table.row("ratio", ratios(plain, plain_cpu));
    let name = format!("baseline: the seed stack, Celery with {WORKERS} processes");
    table.row(&name, seed.figures().into_iter().chain(cpu(seed_cpu)));
    table.row("ratio", ratios(seed, seed_cpu));
    say(&table);
    let paused = observe.paused.as_secs_f64();
    say(&format!("  first row {paused:.1} s after PostgreSQL was back"));
}

fn print_capture(sent: &Sent, cpu: &Cpu) {
    let columns = ["", "events/s", "p50 ms", "p99 ms", "gateway", "events", "queue"];
    let title = format!(
        "capture while PostgreSQL is away, batches of {BATCH}, {CONNECTIONS} connections (last three: CPU-s per 1M events)"
    );
    let mut table = Table::new(title, &columns);
    let times = [whole(sent.rate()), short(sent.millis(500)), short(sent.millis(990))];
    let cpu = cpu.iter().map(|(_, seconds)| short(*seconds));
    table.row("observe, a process for each role", times.into_iter().chain(cpu));
    say(&table);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_count_what_was_stored_between_looks() {
        let second = Duration::from_secs;
        let looks = [(second(1), 0), (second(2), 30), (second(3), 95), (second(4), 100)];
        let (paused, whole) = span(&looks, 1, 100).expect("seen");
        assert_eq!((paused, whole), (second(2), Stored { rows: 70, time: second(2) }));
        assert!(span(&looks[3..], 1, 100).is_err());
    }
}
