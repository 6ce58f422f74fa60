//! Identify operations against many persons: each tells a property of a user and joins a visitor who was never seen.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use observe_proto::identity::v1::person_service_client::PersonServiceClient;
use observe_proto::identity::v1::{IdentifyRequest, PropertyUpdate};
use prost_types::{Struct, Value, value::Kind};
use tokio::task::JoinSet;

use super::fill::user;
use super::{Site, connect, plain, send};
use crate::bed::asked;
use crate::processes::{Group, Meter};
use crate::table::{Table, float, ratio, say, short, whole};

/// The most operations of one load.
pub(super) const OPERATIONS: u64 = 50_000;
/// Events in a request.
const BATCH: u64 = 500;
/// Calls at the same time.
const CALLERS: u64 = 8;
/// How long after the last answer the last operation may be applied.
const PATIENCE: Duration = Duration::from_secs(600);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// What one load came to.
pub(super) struct Measured {
    operations: u64,
    time: Duration,
    cpu: f64,
}

impl Measured {
    /// Ends a measurement.
    pub(super) fn new(operations: u64, time: Duration, meter: &Meter) -> Self {
        let cpu = meter.read().iter().map(|(_, seconds)| seconds).sum();
        Self { operations, time, cpu }
    }

    fn rate(&self) -> f64 {
        float(self.operations) / self.time.as_secs_f64()
    }

    fn cpu_ms(&self) -> f64 {
        self.cpu * 1e3 / float(self.operations)
    }
}

/// Spreads operations over all persons: the same each time.
pub(super) fn pick(number: u64, persons: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % persons
}

/// Measures and prints.
///
/// # Errors
/// When something is not answered as it must be.
pub(super) async fn run(site: &mut Site, persons: u64, time: Duration) -> anyhow::Result<()> {
    let captured = captured(site, persons, time).await?;
    let called = called(site, persons, time).await?;
    let postgres = Group::store(site.bed.stores.data_dir(), "postgres")?;
    let plain = plain::run(&site.bed.stores.database_url, postgres, persons, time).await?;
    let title = format!(
        "identify: a property and a new visitor each, {} persons (CPU of all processes but the generator)",
        whole(float(persons))
    );
    let mut table =
        Table::new(title, &["", "operations", "operations/s", "CPU ms each", "plain/observe"]);
    let [(single_name, single), (batched_name, batched)] = &plain[..] else {
        anyhow::bail!("there are two baselines");
    };
    let figures = |of: &Measured, beside: Option<&Measured>| {
        let beside = beside.map(|plain| ratio(plain.rate(), of.rate())).unwrap_or_default();
        [whole(float(of.operations)), whole(of.rate()), short(of.cpu_ms()), beside]
    };
    table
        .row("observe: $identify captured, until it is applied", figures(&captured, Some(batched)));
    table.row(batched_name, figures(batched, None));
    table.row("observe: Identify called, 8 at a time", figures(&called, Some(single)));
    table.row(single_name, figures(single, None));
    say(&table);
    Ok(())
}

fn working(site: &Site) -> anyhow::Result<Vec<(&'static str, Group)>> {
    let groups = site.bed.groups()?;
    Ok(groups.into_iter().filter(|(name, _)| *name != "generator").collect())
}

/// Sends `$identify` events and waits until identity has applied them all.
async fn captured(site: &mut Site, persons: u64, time: Duration) -> anyhow::Result<Measured> {
    let applied = "select count(*) from identity.applied_operation";
    let before: i64 = sqlx::query_scalar(applied).fetch_one(&mut site.sql).await?;
    let [mut capture] = <[_; 1]>::try_from(connect(site, 1).await?)
        .map_err(|_| anyhow::anyhow!("one connection was asked for"))?;
    let meter = Meter::start(working(site)?);
    let began = Instant::now();
    let mut sent = 0;
    while sent < OPERATIONS && began.elapsed() < time {
        let events: Vec<_> = (sent..sent + BATCH)
            .map(|number| {
                let user = user(pick(number, persons));
                format!(
                    r#"{{"name":"$identify","user_id":"{user}","anonymous_id":"captured-{number}","properties":{{"$set":{{"plan":"pro"}}}}}}"#
                )
            })
            .collect();
        send(&mut capture, &events).await?;
        sent += BATCH;
    }
    let wanted = before + i64::try_from(sent)?;
    let ended = began.elapsed();
    loop {
        let now: i64 = sqlx::query_scalar(applied).fetch_one(&mut site.sql).await?;
        if now >= wanted {
            break;
        }
        ensure!(began.elapsed() < ended + PATIENCE, "only {} of {sent} were applied", now - before);
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(Measured::new(sent, began.elapsed(), &meter))
}

/// Calls `Identify`, which answers when it is applied.
async fn called(site: &Site, persons: u64, time: Duration) -> anyhow::Result<Measured> {
    let meter = Meter::start(working(site)?);
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let mut client = PersonServiceClient::new(site.bed.address.channel());
        callers.spawn(async move {
            let mut done = 0;
            for number in (caller..OPERATIONS).step_by(usize::try_from(CALLERS)?) {
                if began.elapsed() >= time {
                    break;
                }
                let plan = Value { kind: Some(Kind::StringValue("pro".into())) };
                let set = Struct { fields: [("plan".to_owned(), plan)].into() };
                let request = IdentifyRequest {
                    // Others than those that were captured.
                    distinct_id: user(pick(OPERATIONS + number, persons)),
                    anonymous_id: format!("called-{number}"),
                    properties: Some(PropertyUpdate { set: Some(set), ..Default::default() }),
                    ..Default::default()
                };
                client.identify(asked(request)?).await.context("Identify")?;
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0;
    while let Some(caller) = callers.join_next().await {
        done += caller??;
    }
    Ok(Measured::new(done, began.elapsed(), &meter))
}
