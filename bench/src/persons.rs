//! Persons: what identifying costs beside plain SQL, what visitors cost who are never identified, how soon a merge is seen,
//! and how soon a person's page has its data.

mod fill;
mod identify;
mod join;
mod page;
mod plain;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use observe_core::{Clock as _, ProjectId, SystemClock};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::bed::Bed;
use crate::http::{Capture, Wire};
use crate::load::{self, Limits, Target as _};
use crate::table::{Table, float, say, short, whole};
use crate::world::World;

/// Events unless told otherwise.
pub(crate) const EVENTS: u64 = 1_000_000;
/// Persons unless told otherwise.
pub(crate) const PERSONS: u64 = 1_000_000;
/// Over how long the events are spread.
const SPAN: Duration = Duration::from_secs(90 * 24 * 3_600);
const BATCH: u64 = 1_000;
const CONNECTIONS: usize = 8;
/// Events that are sent before all are waited for, so that the queue stays within bounds.
const PART: u64 = 500_000;
const PART_TIMEOUT: Duration = Duration::from_secs(300);

/// A private Observe with the one project's number, and a connection to its database.
pub(crate) struct Site {
    bed: Bed,
    project: ProjectId,
    sql: PgConnection,
}

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(crate) async fn run(events: u64, persons: u64, time: Duration) -> anyhow::Result<()> {
    let bed = Bed::start().await?;
    let mut sql = PgConnection::connect(&bed.stores.database_url).await?;
    let projects: Vec<Uuid> =
        sqlx::query_scalar("select id from identity.project").fetch_all(&mut sql).await?;
    let [project] = projects[..] else { anyhow::bail!("there must be one project") };
    let mut site = Site { bed, project: ProjectId::new(project), sql };
    fill::run(&mut site, persons).await?;
    visitors(&mut site, events.div_ceil(BATCH) * BATCH).await?;
    identify::run(&mut site, persons, time).await?;
    join::run(&site).await?;
    page::run(&site, events).await?;
    Ok(())
}

/// Captures events of visitors who are never identified, and counts what identity had to do with them.
async fn visitors(site: &mut Site, events: u64) -> anyhow::Result<()> {
    let span_ms = u64::try_from(SPAN.as_millis())?;
    let start_ms = SystemClock.now().timestamp_millis() - i64::try_from(span_ms)?;
    let world = Arc::new(World::new(6, start_ms, span_ms / events));
    let before = Effort::of(site).await?;
    let stored_before = u64::try_from(site.bed.address.status().await?.stored)?;
    let began = Instant::now();
    for first in (0..events).step_by(usize::try_from(PART)?) {
        let count = PART.min(events - first);
        let targets = connect(site, CONNECTIONS).await?;
        let limits = Limits { batch: BATCH, events: count, time: PART_TIMEOUT };
        let sent = load::send(targets, &world, first, limits).await?;
        ensure!(sent.events == count, "only {} of {count} events were accepted", sent.events);
        site.bed.address.at_rest(stored_before + first + count).await?;
    }
    let took = began.elapsed();
    let after = Effort::of(site).await?;
    let title = format!(
        "what {} events of never identified visitors cost identity (captured and stored in {} s)",
        whole(float(events)),
        short(took.as_secs_f64())
    );
    let mut table = Table::new(title, &["", "count", "goal"]);
    for (name, (before, after)) in [
        ("log rows that wait to be relayed, or were", (before.relayed, after.relayed)),
        ("operations applied", (before.applied, after.applied)),
        ("persons and distinct ids with a row", (before.rows, after.rows)),
        ("changes told to reports", (before.changes, after.changes)),
    ] {
        table.row(name, [(after - before).to_string(), "0".into()]);
    }
    say(&table);
    Ok(())
}

/// What identity has done so far.
struct Effort {
    relayed: i64,
    applied: i64,
    rows: i64,
    changes: i64,
}

impl Effort {
    async fn of(site: &mut Site) -> anyhow::Result<Self> {
        let mut count = async |sql: &'static str| -> anyhow::Result<i64> {
            Ok(sqlx::query_scalar(sql).fetch_one(&mut site.sql).await?)
        };
        Ok(Self {
            relayed: count("select count(*) from events.event_log where identity_events is not null")
                .await?,
            applied: count("select count(*) from identity.applied_operation").await?,
            rows: count(
                "select (select count(*) from identity.person) + (select count(*) from identity.person_distinct_id)",
            )
            .await?,
            changes: count("select sum(change_number)::int8 from identity.project").await?,
        })
    }
}

/// Opens connections that capture.
async fn connect(site: &Site, count: usize) -> anyhow::Result<Vec<Capture>> {
    Capture::connect_all(site.bed.address.socket, Wire::OBSERVE, count).await
}

/// Sends events, each written as `POST /v1/events` takes it, as one request.
async fn send(capture: &mut Capture, events: &[String]) -> anyhow::Result<()> {
    let body = format!("[{}]", events.join(","));
    capture.send(body.as_bytes(), events.len() as u64).await
}

/// The figures of a row of times: how many, and within how many milliseconds so many of 100 lie.
fn times_row(times: &mut [Duration], goal_ms: f64) -> [String; 5] {
    times.sort_unstable();
    let at = |of_1000| short(load::millis(times, of_1000));
    [times.len().to_string(), at(500), at(950), at(1_000), short(goal_ms)]
}
