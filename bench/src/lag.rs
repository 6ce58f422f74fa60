//! How soon an event is acknowledged and how soon SQL sees it, at a steady load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use observe_core::{Clock as _, SystemClock};
use sqlx::{Connection as _, PgConnection};

use crate::bed::Bed;
use crate::http::{Capture, Wire};
use crate::load;
use crate::table::{Table, say, short, whole};
use crate::world::World;

/// Events a second.
const RATE: u32 = 500;
const CONNECTIONS: usize = 64;
/// How often SQL is asked how many rows there are: the lag is known to within this.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// How long after the last answer rows may still appear.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(crate) async fn run(time: Duration) -> anyhow::Result<()> {
    let bed = Bed::start().await?;
    let world = Arc::new(World::new(21, SystemClock.now().timestamp_millis(), 1));
    let targets = Capture::connect_all(bed.address.socket, Wire::OBSERVE, CONNECTIONS).await?;
    let events = u64::from(RATE) * time.as_secs();
    let began = Instant::now();
    let watch = watch(bed.stores.database_url.clone(), events, time + PATIENCE, began);
    let send = load::send_paced(targets, &world, 0, RATE, time);
    let (sent, seen) = tokio::try_join!(send, watch)?;
    ensure!(sent.events == events, "only {} of {events} events were sent", sent.events);
    // Events are stored in about the order of their acknowledgement, so the n-th row is taken for the n-th event.
    let mut lags: Vec<Duration> = (1..)
        .zip(sent.answered())
        .filter_map(|(number, answered)| {
            let place = seen.partition_point(|(_, rows)| *rows < number);
            seen.get(place).map(|(at, _)| at.saturating_sub(answered))
        })
        .collect();
    lags.sort_unstable();
    let lag = |of_1000: usize| load::millis(&lags, of_1000);
    let columns = ["", "events", "p50 ms", "p95 ms", "p99 ms", "goal"];
    let mut table = Table::new(format!("lag, {RATE} single events a second"), &columns);
    let events = || whole(crate::table::float(events));
    let acknowledged = [500, 950, 990].map(|of| short(sent.millis(of)));
    let visible = [500, 950, 990].map(|of| short(lag(of)));
    let row = |figures: [String; 3], goal: &str| {
        std::iter::once(events()).chain(figures).chain([goal.to_owned()])
    };
    table.row("due to acknowledged, fsynced", row(acknowledged, "p50 15"));
    table.row("acknowledged to seen by SQL", row(visible, "p95 2,000"));
    say(&table);
    Ok(())
}

/// Returns when how many rows were first seen.
async fn watch(
    database_url: String,
    events: u64,
    limit: Duration,
    began: Instant,
) -> anyhow::Result<Vec<(Duration, u64)>> {
    let mut connection = PgConnection::connect(&database_url).await?;
    let mut seen = vec![(Duration::ZERO, 0)];
    loop {
        // Written in the transaction that writes the rows; counting rows would cost more the more there are.
        let rows: i64 =
            sqlx::query_scalar("select coalesce(sum(stored), 0)::int8 from events.counter")
                .fetch_one(&mut connection)
                .await?;
        let (at, rows) = (began.elapsed(), u64::try_from(rows)?);
        if seen.last().is_some_and(|(_, before)| rows > *before) {
            seen.push((at, rows));
        }
        if rows >= events {
            return Ok(seen);
        }
        ensure!(at < limit, "only {rows} of {events} rows appeared");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
