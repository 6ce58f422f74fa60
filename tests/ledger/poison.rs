//! Events written past the edge, straight into the queue, which PostgreSQL must refuse: the only ones that may become dead
//! letters.

use std::collections::BTreeSet;

use observe_core::{Clock as _, SystemClock};
use observe_proto::events::v1::{
    AcceptedEvent, ProjectCount, ProjectEvents, QueueEntry, QueueHeader,
};
use observe_testkit::eventually;
use prost::Message as _;
use uuid::Uuid;

use crate::world::{DEADLINE, World};

/// What PostgreSQL makes no JSON of, and what no text may have in it.
const BAD_PROPERTIES: [&str; 4] =
    [r#"{"a": "\u0000"}"#, r#"{"a": "\ud800"}"#, "{", r#"{"a": 1e999999}"#];
/// The shard they are put into.
const SHARD: u32 = 0;

/// Puts an entry with poisoned events among good ones into the queue, as the edge's writer does. Returns the poisoned and the
/// good uuids.
pub(crate) async fn inject(world: &World, run: u64) -> (BTreeSet<Uuid>, BTreeSet<Uuid>) {
    let pool = world.sql().await;
    let project: Uuid =
        sqlx::query_scalar("select id from identity.project").fetch_one(&pool).await.unwrap();
    let now = SystemClock.now();
    let uuid = |n: usize| Uuid::from_u128(u128::from(run) << 64 | 0xffff << 48 | n as u128);
    let good = |n: usize| AcceptedEvent {
        uuid: uuid(n).as_bytes().to_vec(),
        name: "past the edge".into(),
        distinct_id: "u".into(),
        time_ms: now.timestamp_millis(),
        received_us: now.timestamp_micros(),
        properties_json: "{}".into(),
        ..AcceptedEvent::default()
    };
    let mut events: Vec<AcceptedEvent> = (0..100).map(good).collect();
    let places: Vec<usize> = (0..BAD_PROPERTIES.len()).map(|n| n * 23 + 7).collect();
    for (place, bad) in places.iter().zip(BAD_PROPERTIES) {
        events[*place].properties_json = bad.into();
    }
    let counts = vec![ProjectCount { project_id: project.as_bytes().to_vec(), events: 100 }];
    let header = QueueHeader { format_version: 1, counts }.encode_to_vec();
    let batches = vec![ProjectEvents { project_id: project.as_bytes().to_vec(), events }];
    let payload = QueueEntry { batches }.encode_to_vec();
    let client = redis::Client::open(world.stores.queue_redis_url.as_str()).unwrap();
    eventually(DEADLINE, "the queue to take the poisoned entry", async || {
        let mut redis = client.get_multiplexed_async_connection().await.ok()?;
        let mut pipe = redis::pipe();
        pipe.atomic();
        pipe.cmd("XADD").arg(format!("observe:{{{SHARD}}}:stream")).arg("*");
        // The writer's id is the same at each try: an append whose answer was lost is then known as consumed.
        pipe.arg("id").arg(uuid(0xffff).as_bytes()).arg("h").arg(&header).arg("d").arg(&payload);
        pipe.cmd("HINCRBY").arg(format!("observe:{{{SHARD}}}:accepted"));
        pipe.arg(project.to_string()).arg(100);
        pipe.query_async::<()>(&mut redis).await.ok()
    })
    .await;
    let bad: BTreeSet<Uuid> = places.iter().copied().map(uuid).collect();
    let good = (0..100).map(uuid).filter(|uuid| !bad.contains(uuid)).collect();
    (bad, good)
}
