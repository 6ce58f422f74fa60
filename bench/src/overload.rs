//! Five times more events than can be stored: memory stays flat, what cannot be kept is refused, what is accepted is
//! answered as before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use observe_core::{Clock as _, SystemClock};

use crate::http::{Answer, Capture, Wire};
use crate::load::{self, Limits, millis};
use crate::processes::Group;
use crate::roles::Roles;
use crate::table::{Table, float, ratio, say, short, whole};
use crate::world::World;

/// Events in a request.
const BATCH: u64 = 100;
const CONNECTIONS: usize = 64;
/// How many times the capacity is offered.
const TIMES: f64 = 5.0;
/// How long the capacity is measured, and the unloaded latency.
const CALIBRATION: Duration = Duration::from_secs(10);
/// What the queue may hold: little, so that it is full soon and stays so.
const QUEUE_BYTES: u64 = 64 * 1024 * 1024;
/// How often memory is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// What became of requests.
#[derive(Default)]
struct Tally {
    accepted: Vec<Duration>,
    refused: Vec<Duration>,
}

/// Measures and prints.
///
/// # Errors
/// When something is answered neither with a receipt nor with a refusal.
pub(crate) async fn run(time: Duration) -> anyhow::Result<()> {
    let roles = Roles::start().await?;
    let world = Arc::new(World::new(31, SystemClock.now().timestamp_millis(), 1));
    let calm = calm(&roles, &world).await?;
    limit_queue(&roles).await?;
    let (capacity, first) = capacity(&roles, &world).await?;
    let rate = capacity * TIMES / float(BATCH);
    let events = roles.events_group().1;
    let before = events.memory().0;
    let offered = offer(&roles, &world, first, rate, time);
    let (tally, memory) = tokio::join!(offered, watch_memory(events, time));
    let tally = tally?;
    let stored = roles.address.at_rest(0).await?;

    let columns = ["", "requests", "p50 ms", "p99 ms", "times calm p99"];
    let title = format!(
        "overload: {} events/s offered for {} s in batches of {BATCH}, {TIMES} times the {} events/s that are stored",
        whole(rate * float(BATCH)),
        time.as_secs(),
        whole(capacity)
    );
    let mut table = Table::new(title, &columns);
    let row = |times: &[Duration]| {
        let (p50, p99) = (millis(times, 500), millis(times, 990));
        [whole(float(times.len() as u64)), short(p50), short(p99), ratio(p99, millis(&calm, 990))]
    };
    table.row("calm: 50 requests a second", row(&calm));
    table.row("accepted", row(&tally.accepted));
    table.row("refused, with Retry-After", row(&tally.refused));
    say(&table);
    let most = memory.iter().copied().fold(0.0, f64::max);
    let half = memory.len() / 2;
    let second = memory.iter().skip(half).copied().fold(0.0, f64::max);
    say(&format!(
        "  memory of the events role, MiB: {} before, {} at most, {} at most in the second half (goal 256); all stored {:.1} s after",
        short(before),
        short(most),
        short(second),
        stored.as_secs_f64()
    ));
    Ok(())
}

/// Latencies of accepted requests when there is little to do.
async fn calm(roles: &Roles, world: &Arc<World>) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Capture::connect(roles.address.socket, Wire::OBSERVE).await?;
    let (mut times, mut body) = (Vec::new(), Vec::new());
    let began = Instant::now();
    let step = Duration::from_millis(20);
    for number in 0.. {
        let due = step * number;
        if due > CALIBRATION {
            break;
        }
        tokio::time::sleep_until((began + due).into()).await;
        world.write_request(u64::from(number) * BATCH, BATCH, &mut body);
        ensure!(connection.ask(&body, BATCH).await? == Answer::Accepted, "refused when calm");
        times.push(began.elapsed() - due);
    }
    times.sort_unstable();
    Ok(times)
}

async fn limit_queue(roles: &Roles) -> anyhow::Result<()> {
    let client = redis::Client::open(roles.stores.queue_redis_url.as_str())?;
    let mut redis = client.get_multiplexed_async_connection().await?;
    let set = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(QUEUE_BYTES).to_owned();
    Ok(set.query_async(&mut redis).await?)
}

/// Returns how many events a second are stored while as many come in, and the number of the first event not sent yet.
async fn capacity(roles: &Roles, world: &Arc<World>) -> anyhow::Result<(f64, u64)> {
    let before = roles.address.status().await?.stored;
    let first = 1_000_000;
    let targets = Capture::connect_all(roles.address.socket, Wire::OBSERVE, 4).await?;
    let limits = Limits { batch: BATCH, events: 300_000, time: CALIBRATION };
    let began = Instant::now();
    let sent = load::send(targets, world, first, limits).await?;
    roles.address.at_rest(u64::try_from(before)? + sent.events).await?;
    Ok((float(sent.events) / began.elapsed().as_secs_f64(), first + sent.events))
}

async fn offer(
    roles: &Roles,
    world: &Arc<World>,
    first: u64,
    rate: f64,
    time: Duration,
) -> anyhow::Result<Tally> {
    let targets = Capture::connect_all(roles.address.socket, Wire::OBSERVE, CONNECTIONS).await?;
    let step = Duration::from_secs_f64(float(CONNECTIONS as u64) / rate);
    let began = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for (place, mut target) in (0_u64..).zip(targets) {
        let world = world.clone();
        senders.spawn(async move {
            let (mut tally, mut body) = (Tally::default(), Vec::new());
            for round in 0_u32.. {
                let due = step * round;
                if due > time {
                    break;
                }
                tokio::time::sleep_until((began + due).into()).await;
                let number = first + (u64::from(round) * CONNECTIONS as u64 + place) * BATCH;
                world.write_request(number, BATCH, &mut body);
                let asked = Instant::now();
                match target.ask(&body, BATCH).await? {
                    Answer::Accepted => tally.accepted.push(asked.elapsed()),
                    Answer::Refused => tally.refused.push(asked.elapsed()),
                }
                // A connection that is late leaves out what was due: what it offers stays what was asked for.
                if began.elapsed() > time {
                    break;
                }
            }
            anyhow::Ok(tally)
        });
    }
    let mut all = Tally::default();
    while let Some(done) = senders.join_next().await {
        let mut tally = done??;
        all.accepted.append(&mut tally.accepted);
        all.refused.append(&mut tally.refused);
    }
    all.accepted.sort_unstable();
    all.refused.sort_unstable();
    Ok(all)
}

async fn watch_memory(group: Group, time: Duration) -> Vec<f64> {
    let began = Instant::now();
    let mut seen = Vec::new();
    while began.elapsed() < time {
        seen.push(group.memory().0);
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    seen
}
