//! Loads: a closed loop, in which each connection sends its next request when the last one was answered, and a paced one,
//! in which requests are due at fixed times whatever becomes of the others.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::table::float;
use crate::world::World;

/// What takes requests.
pub(crate) trait Target: Send + 'static {
    /// Sends a request of so many events and returns when it was answered.
    ///
    /// # Errors
    /// When it was not, or they were not all accepted.
    fn send(&mut self, body: &[u8], events: u64)
    -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// How much to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Events in a request.
    pub(crate) batch: u64,
    /// Events in all, a whole number of requests; less when the time is over first.
    pub(crate) events: u64,
    /// When to stop.
    pub(crate) time: Duration,
}

/// What was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// How many events.
    pub(crate) events: u64,
    /// From the first request until the last answer.
    pub(crate) time: Duration,
    /// How long each request took, sorted.
    times: Vec<Duration>,
    /// When each was answered, from the beginning, sorted; of a paced load.
    answered: Vec<Duration>,
}

impl Sent {
    /// Returns events a second.
    pub(crate) fn rate(&self) -> f64 {
        float(self.events) / self.time.as_secs_f64()
    }

    /// Returns the time, in milliseconds, within which so many of 1,000 requests were answered.
    pub(crate) fn millis(&self, of_1000: usize) -> f64 {
        millis(&self.times, of_1000)
    }

    /// Returns when each event of a paced load was answered, from its beginning, in order.
    pub(crate) fn answered(&self) -> impl Iterator<Item = Duration> {
        self.answered.iter().copied()
    }
}

/// Returns the time, in milliseconds, below which so many of 1,000 lie; of sorted times.
pub(crate) fn millis(times: &[Duration], of_1000: usize) -> f64 {
    let place = (times.len() * of_1000 / 1000).min(times.len().saturating_sub(1));
    times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// Sends the world's events from number `first` on over all targets at once.
///
/// # Errors
/// The first one of any target.
pub(crate) async fn send<T: Target>(
    targets: Vec<T>,
    world: &Arc<World>,
    first: u64,
    limits: Limits,
) -> anyhow::Result<Sent> {
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for target in targets {
        senders.spawn(send_one(target, world.clone(), first, limits, next.clone(), began));
    }
    let mut sent = Sent::default();
    while let Some(done) = senders.join_next().await {
        sent.times.append(&mut done??);
    }
    sent.time = began.elapsed();
    sent.events = sent.times.len() as u64 * limits.batch;
    sent.times.sort_unstable();
    Ok(sent)
}

async fn send_one<T: Target>(
    mut target: T,
    world: Arc<World>,
    first: u64,
    limits: Limits,
    next: Arc<AtomicU64>,
    began: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut body = Vec::new();
    let mut times = Vec::new();
    while began.elapsed() < limits.time {
        let at = next.fetch_add(limits.batch, Ordering::Relaxed);
        if at >= limits.events {
            break;
        }
        world.write_request(first + at, limits.batch, &mut body);
        let asked = Instant::now();
        target.send(&body, limits.batch).await?;
        times.push(asked.elapsed());
    }
    Ok(times)
}

/// Sends single events at `rate` a second for `time`. How long a request took is counted from when it was due, so that a
/// server that falls behind cannot hide it by keeping its senders waiting.
///
/// # Errors
/// The first one of any target.
pub(crate) async fn send_paced<T: Target>(
    targets: Vec<T>,
    world: &Arc<World>,
    first: u64,
    rate: u32,
    time: Duration,
) -> anyhow::Result<Sent> {
    let step = Duration::from_secs(1) / rate;
    let connections = u32::try_from(targets.len())?;
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for (place, mut target) in (0..connections).zip(targets) {
        let world = world.clone();
        senders.spawn(async move {
            let (mut body, mut times) = (Vec::new(), Vec::new());
            for number in (place..).step_by(usize::try_from(connections)?) {
                let due = step * number;
                if due >= time {
                    break;
                }
                tokio::time::sleep_until((began + due).into()).await;
                world.write_request(first + u64::from(number), 1, &mut body);
                target.send(&body, 1).await?;
                let answered = began.elapsed();
                times.push((answered - due, answered));
            }
            anyhow::Ok(times)
        });
    }
    let mut sent = Sent::default();
    while let Some(done) = senders.join_next().await {
        for (time, answered) in done?? {
            sent.times.push(time);
            sent.answered.push(answered);
        }
    }
    sent.time = began.elapsed();
    sent.events = sent.times.len() as u64;
    sent.times.sort_unstable();
    sent.answered.sort_unstable();
    Ok(sent)
}
