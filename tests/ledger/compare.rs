//! Holds what the senders wrote down against what is stored, logged, counted and reported.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;

use futures::TryStreamExt as _;
use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{
    GetPipelineStatusRequest, GetPipelineStatusResponse, LoggedEvents,
};
use observe_proto::reports::v1::insight_service_client::InsightServiceClient;
use observe_proto::reports::v1::{QueryTrendsRequest, TrendsSeries};
use observe_testkit::eventually;
use prost::Message as _;
use sqlx::{PgPool, Row as _};
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::book::{Known, read_back};
use crate::sample::stored_content;
use crate::world::{DEADLINE, SECRET_KEY, World};

/// How many examples of a problem are shown.
const SHOWN: usize = 5;

/// What was written past the edge.
#[derive(Clone, Debug, Default)]
pub(crate) struct PastTheEdge {
    pub(crate) poisoned: BTreeSet<Uuid>,
    pub(crate) good: BTreeSet<Uuid>,
}

/// The sums of a run, and everything that does not hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sent: usize,
    pub(crate) acknowledged: usize,
    pub(crate) rejected: usize,
    /// Answers "come again", by event.
    pub(crate) refusals: u64,
    /// Sendings without an answer, by event.
    pub(crate) unknowns: u64,
    pub(crate) retried: u64,
    /// Events that were never acknowledged.
    pub(crate) open: usize,
    pub(crate) stored: usize,
    pub(crate) duplicates: i64,
    pub(crate) dead_lettered: i64,
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    pub(crate) problems: Vec<String>,
}

impl Tally {
    fn problem(&mut self, what: &str, uuids: &[Uuid]) {
        if !uuids.is_empty() {
            let shown: Vec<String> = uuids.iter().take(SHOWN).map(Uuid::to_string).collect();
            self.problems.push(format!("{} {what}, such as {}", uuids.len(), shown.join(", ")));
        }
    }

    fn equal(&mut self, what: &str, found: i64, wanted: i64) {
        if found != wanted {
            self.problems.push(format!("{what}: {found} and not {wanted}"));
        }
    }
}

/// Waits until nothing is pending, and compares.
pub(crate) async fn compare(world: &World, books: &[PathBuf], past: &PastTheEdge) -> Tally {
    let status = at_rest(world).await;
    let known = read_back(books);
    let pool = world.sql().await;
    let mut tally = sums(&known);
    let places = events(&pool, &known, past, &mut tally).await;
    dead_letters(&pool, past, &mut tally).await;
    log(&pool, &places, &mut tally).await;
    accounting(&status, &mut tally);
    reports(world, &pool, &mut tally).await;
    tally.problems.extend(world.timeline.wrongs());
    tally
}

fn sums(known: &BTreeMap<Uuid, Known>) -> Tally {
    let count = |wanted: fn(&Known) -> bool| known.values().filter(|event| wanted(event)).count();
    Tally {
        sent: known.len(),
        acknowledged: count(|event| event.acknowledged),
        rejected: count(|event| event.rejected),
        open: count(|event| !event.acknowledged && !event.rejected),
        refusals: known.values().map(|event| event.refusals).sum(),
        unknowns: known.values().map(|event| event.unknowns).sum(),
        retried: known.values().map(|event| event.sendings - 1).sum(),
        ..Tally::default()
    }
}

/// Compares the event table. Returns the uuid at each place of the log.
async fn events(
    pool: &PgPool,
    known: &BTreeMap<Uuid, Known>,
    past: &PastTheEdge,
    tally: &mut Tally,
) -> BTreeMap<(i32, i64), Uuid> {
    let mut rows = sqlx::query(
        "select uuid, name, distinct_id, floor(extract(epoch from time) * 1000)::int8,
             floor(extract(epoch from received_at) * 1000)::int8, properties::text, shard, sequence
         from events.event",
    )
    .fetch(pool);
    let (mut seen, mut places) = (BTreeSet::new(), BTreeMap::new());
    let (mut doubled, mut invented, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(row) = rows.try_next().await.unwrap() {
        let uuid: Uuid = row.get(0);
        if !seen.insert(uuid) {
            doubled.push(uuid);
        }
        places.insert((row.get(6), row.get(7)), uuid);
        if past.good.contains(&uuid) {
            continue;
        }
        let properties = serde_json::from_str(&row.get::<String, _>(5)).unwrap();
        let content = stored_content(row.get(1), row.get(2), row.get(3), row.get(4), properties);
        match known.get(&uuid) {
            None => invented.push(uuid),
            Some(event) if event.rejected => invented.push(uuid),
            Some(event) if event.content != content => changed.push(uuid),
            Some(_) => {}
        }
    }
    let acknowledged = known.iter().filter(|(_, event)| event.acknowledged);
    let mut lost: Vec<Uuid> =
        acknowledged.map(|(uuid, _)| *uuid).filter(|uuid| !seen.contains(uuid)).collect();
    lost.extend(past.good.difference(&seen));
    tally.stored = seen.len() + doubled.len();
    (tally.lost, tally.doubled) = (lost.len(), doubled.len());
    tally.problem("acknowledged events are lost", &lost);
    tally.problem("events are stored twice", &doubled);
    tally.problem("events are stored that were not sent, or were rejected", &invented);
    tally.problem("events are not what was sent", &changed);
    places
}

/// Only what was poisoned may be set aside, and all of it must be.
async fn dead_letters(pool: &PgPool, past: &PastTheEdge, tally: &mut Tally) {
    let letters: Vec<Uuid> =
        sqlx::query_scalar("select uuid from events.dead_letter").fetch_all(pool).await.unwrap();
    let letters: BTreeSet<Uuid> = letters.into_iter().collect();
    let wrong: Vec<Uuid> = letters.symmetric_difference(&past.poisoned).copied().collect();
    tally.problem("dead letters are too many or missing", &wrong);
}

/// The log has no gap, and holds each stored event once, at the place that its row names.
async fn log(pool: &PgPool, places: &BTreeMap<(i32, i64), Uuid>, tally: &mut Tally) {
    let mut rows = sqlx::query(
        "select shard, first_sequence, count, payload from events.event_log order by shard, first_sequence",
    )
    .fetch(pool);
    let mut next: BTreeMap<i32, i64> = BTreeMap::new();
    let (mut logged, mut misplaced) = (0, Vec::new());
    while let Some(row) = rows.try_next().await.unwrap() {
        let (shard, first): (i32, i64) = (row.get(0), row.get(1));
        let expected = next.entry(shard).or_insert(1);
        if *expected != first {
            tally.problems.push(format!("the log of shard {shard} has {first} after {expected}"));
        }
        *expected = first + i64::from(row.get::<i32, _>(2));
        let mut payload = Vec::new();
        let packed: Vec<u8> = row.get(3);
        lz4_flex::frame::FrameDecoder::new(&packed[..]).read_to_end(&mut payload).unwrap();
        for (sequence, event) in (first..).zip(LoggedEvents::decode(&payload[..]).unwrap().events) {
            let uuid = Uuid::from_slice(&event.uuid).unwrap();
            logged += 1;
            if places.get(&(shard, sequence)) != Some(&uuid) {
                misplaced.push(uuid);
            }
        }
    }
    tally.problem("events of the log are not in the table at their place", &misplaced);
    tally.equal("events in the log", logged, i64::try_from(places.len()).unwrap());
}

fn accounting(status: &GetPipelineStatusResponse, tally: &mut Tally) {
    let outcomes = status.stored + status.duplicates + status.dead_lettered + status.pending;
    tally.equal("accepted, beside its outcomes", status.accepted, outcomes);
    tally.equal("stored, beside the table", status.stored, i64::try_from(tally.stored).unwrap());
    if status.queue_replaced_time.is_some() {
        tally.problems.push("the queue is said to be replaced, and it never was".into());
    }
    (tally.duplicates, tally.dead_lettered) = (status.duplicates, status.dead_lettered);
}

/// Waits until nothing is pending.
async fn at_rest(world: &World) -> GetPipelineStatusResponse {
    eventually(DEADLINE * 3, "the pipeline to come to rest", async || {
        let mut client = PipelineServiceClient::new(channel(world));
        let mut request = tonic::Request::new(GetPipelineStatusRequest::default());
        request.metadata_mut().insert("authorization", secret());
        let status = client.get_pipeline_status(request).await.ok()?.into_inner();
        (status.pending == 0).then_some(status)
    })
    .await
}

/// The projection counts what the table holds, of a name and a range.
async fn reports(world: &World, pool: &PgPool, tally: &mut Tally) {
    let now = SystemClock.now().timestamp();
    let (from, to) = (now - 86_400, now + 86_400);
    let wanted: i64 = sqlx::query_scalar(
        "select count(*) from events.event where name = 'tick'
         and time >= to_timestamp($1) and time < to_timestamp($2)",
    )
    .bind(from as f64)
    .bind(to as f64)
    .fetch_one(pool)
    .await
    .unwrap();
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let query = QueryTrendsRequest {
        range: Some(TimeRange { start_time: time(from), end_time: time(to) }),
        series: vec![TrendsSeries { event: "tick".into(), ..Default::default() }],
        ..Default::default()
    };
    let counted = eventually(DEADLINE, "reports to have read all", async || {
        let mut insights = InsightServiceClient::new(channel(world));
        let mut request = tonic::Request::new(query.clone());
        request.metadata_mut().insert("authorization", secret());
        let answer = insights.query_trends(request).await.ok()?.into_inner();
        let total = answer.series.first()?.total;
        (total >= wanted as f64).then_some(total as i64)
    })
    .await;
    tally.equal("what reports counts, beside the table", counted, wanted);
}

/// A new connection each time: what was asked before a fault may hang.
fn channel(world: &World) -> Channel {
    let endpoint = Endpoint::from_shared(world.base.clone()).unwrap();
    endpoint.timeout(std::time::Duration::from_secs(10)).connect_lazy()
}

fn secret() -> tonic::metadata::MetadataValue<tonic::metadata::Ascii> {
    format!("Bearer {SECRET_KEY}").parse().unwrap()
}
