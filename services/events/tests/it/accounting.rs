//! Stored once, counted once, logged once.

use observe_proto::events::v1::{ListHeadsRequest, LogRow, LoggedEvents, ReadLogRequest};
use observe_testkit::eventually;
use prost::Message as _;

use crate::support::{DEADLINE, TestEvents, event, project};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_stored_once_and_adds_up() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write(p, (0..1000).map(event).collect()).await.unwrap();
    // A retry of half of them, and one uuid twice in one request.
    events.write(p, (500..1000).map(event).collect()).await.unwrap();
    events.write(p, vec![event(2000), event(2000)]).await.unwrap();
    let status = events.at_rest(p, 1502).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (1001, 501, 0));
    let (rows, keys): (i64, i64) = sqlx::query_as(
        "select (select count(*) from events.event), (select count(distinct uuid) from events.event)",
    )
    .fetch_one(&events.sql().await)
    .await
    .unwrap();
    assert_eq!((rows, keys), (1001, 1001));
    assert_eq!(logged(&events).await.len(), 1001);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_uuid_sent_plain_and_as_an_identity_event_is_stored_once() {
    let events = TestEvents::start().await;
    let p = project(1);
    for n in 0..200 {
        let mut identity = event(n);
        identity.identity = true;
        let (plain, identity) =
            tokio::join!(events.write(p, vec![event(n)]), events.write(p, vec![identity]));
        plain.unwrap();
        identity.unwrap();
    }
    let status = events.at_rest(p, 400).await;
    assert_eq!((status.stored, status.duplicates), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_uuid_in_two_projects_is_two_events() {
    let events = TestEvents::start().await;
    events.write(project(1), vec![event(1)]).await.unwrap();
    events.write(project(2), vec![event(1)]).await.unwrap();
    assert_eq!(events.at_rest(project(1), 1).await.stored, 1);
    assert_eq!(events.at_rest(project(2), 1).await.stored, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_comes_back_counts_nothing() {
    let events = TestEvents::start().await;
    let p = project(1);
    let mut redis = redis::Client::open(events.stores.queue_redis_url.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    // Copies of every entry are taken while the readers cannot store; then they are put back, as a restored Redis would.
    events.stores.stop_postgres().await;
    events.write(p, (0..50).map(event).collect()).await.unwrap();
    let mut copies = Vec::new();
    for shard in 0..4 {
        let key = format!("observe:{{{shard}}}:stream");
        let range: redis::streams::StreamRangeReply =
            redis::cmd("XRANGE").arg(&key).arg("-").arg("+").query_async(&mut redis).await.unwrap();
        copies.extend(range.ids.into_iter().map(|id| (key.clone(), id.map)));
    }
    assert!(!copies.is_empty());
    events.stores.start_postgres().await;
    events.at_rest(p, 50).await;
    for (key, fields) in &copies {
        let mut add = redis::cmd("XADD");
        add.arg(key).arg("*");
        for (name, value) in fields {
            let redis::Value::BulkString(bytes) = value else {
                unreachable!("a stream holds strings")
            };
            add.arg(name).arg(bytes);
        }
        add.query_async::<String>(&mut redis).await.unwrap();
    }
    eventually(DEADLINE, "the copies to be deleted", async || {
        let mut left = 0;
        for shard in 0..4 {
            let key = format!("observe:{{{shard}}}:stream");
            left += redis::cmd("XLEN").arg(key).query_async::<u64>(&mut redis).await.unwrap();
        }
        left == 0
    })
    .await;
    let status = events.at_rest(p, 50).await;
    assert_eq!((status.stored, status.duplicates), (50, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_events_are_relayed_in_the_order_they_arrived() {
    let events = TestEvents::start().await;
    let p = project(1);
    for n in 0..30 {
        let mut identify = event(n);
        identify.identity = true;
        events.write(p, vec![identify, event(1000 + n)]).await.unwrap();
    }
    eventually(DEADLINE, "identity to hear of all", async || {
        events.identity.applied.lock().unwrap().len() >= 30
    })
    .await;
    let heard: Vec<_> =
        events.identity.applied.lock().unwrap().iter().map(|event| event.uuid.clone()).collect();
    assert_eq!(heard, (0..30).map(|n| event(n).uuid).collect::<Vec<_>>());
}

/// Reads the whole log, asserts that it has no gap, and returns its events.
pub(crate) async fn logged(events: &TestEvents) -> Vec<LoggedEvents> {
    let mut log = events.log();
    let heads = log.list_heads(ListHeadsRequest {}).await.unwrap().into_inner().heads;
    let mut all = Vec::new();
    for head in heads {
        let mut next = 1;
        while next <= head.sequence {
            let request = ReadLogRequest { shard: head.shard, from_sequence: next };
            let answer = log.read_log(request).await.unwrap().into_inner();
            assert!(!answer.rows.is_empty());
            for row in answer.rows {
                assert_eq!(row.first_sequence, next, "the log must have no gap");
                next += i64::from(row.count);
                all.extend(unpack(&row));
            }
        }
    }
    all
}

fn unpack(row: &LogRow) -> Vec<LoggedEvents> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(
        &mut lz4_flex::frame::FrameDecoder::new(&row.payload[..]),
        &mut bytes,
    )
    .unwrap();
    let events = LoggedEvents::decode(bytes.as_slice()).unwrap().events;
    assert_eq!(events.len(), row.count as usize);
    events.into_iter().map(|event| LoggedEvents { events: vec![event], erased: 0 }).collect()
}
