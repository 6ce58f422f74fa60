//! An erased person's events go, wherever they are, and do not come back; all else stays.

mod beside;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use observe_core::distinct_id::hash;
use observe_core::{Clock as _, ProjectId, SystemClock};
use observe_proto::events::v1::{
    AcceptedEvent, GetPipelineStatusResponse, ListHeadsRequest, LoggedEvents, ReadLogRequest,
};
use observe_proto::identity::v1::{
    ErasureChange, NumberedErasure, ProjectRetention, RetentionSettings,
};
use observe_testkit::eventually;
use prost::Message as _;
use sqlx::PgPool;
use uuid::Uuid;

use crate::redrive::{mend, refuse};
use crate::support::{DEADLINE, Identity, TestEvents, config, event, project};

/// An event that somebody did.
pub(crate) fn of(id: &str, n: u128) -> AcceptedEvent {
    AcceptedEvent { distinct_id: id.into(), ..event(n) }
}

/// Now, as the edge sees it.
fn now_us() -> i64 {
    SystemClock.now().timestamp_micros()
}

/// Says that the ids of a project are erased.
fn erase(identity: &Identity, project: ProjectId, ids: &[&str], cut_us: i64) -> Uuid {
    let known = ids.iter().map(|id| (*id).to_owned()).collect();
    list(identity, project, (known, ids), cut_us, false)
}

/// The same of an erasure that was done long ago, of which identity knows the hashes alone.
fn erase_by_hashes(identity: &Identity, project: ProjectId, ids: &[&str], cut_us: i64) -> Uuid {
    list(identity, project, (vec![], ids), cut_us, true)
}

/// Appends to identity's list an erasure of ids, of which it still knows the first ones.
fn list(
    identity: &Identity,
    project: ProjectId,
    (known, ids): (Vec<String>, &[&str]),
    cut_us: i64,
    done: bool,
) -> Uuid {
    let mut all = identity.erasures.lock().unwrap();
    let number = i64::try_from(all.len()).unwrap() + 1;
    let id = Uuid::from_u128(0xe000 + u128::try_from(number).unwrap());
    all.push(NumberedErasure {
        number,
        project_id: project.to_bytes(),
        erasure: Some(ErasureChange {
            erasure_id: id.as_bytes().to_vec(),
            person_id: vec![1; 16],
            distinct_ids: known,
            cut_us,
            distinct_id_hashes: ids.iter().map(|id| hash(id).to_vec()).collect(),
        }),
        change_number: 1,
        done,
    });
    id
}

/// Waits until identity was told what went of an erasure.
async fn confirmed(events: &TestEvents, id: Uuid) -> BTreeMap<String, i64> {
    eventually(DEADLINE, "events to confirm the erasure", async || {
        let all = events.identity.confirmed.lock().unwrap();
        let found = all.iter().find(|one| one.erasure_id == id.as_bytes());
        found.map(|one| one.removed.clone().into_iter().collect())
    })
    .await
}

/// How often each id is in the table.
async fn rows(sql: &PgPool, project: ProjectId) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select distinct_id, count(*) from events.event where project_id = $1 group by 1",
    )
    .bind(project.uuid())
    .fetch_all(sql)
    .await
    .unwrap();
    rows.into_iter().collect()
}

/// How often each id is in the log of a project, which is read as projections do, and how many events the log says that there
/// were in all.
async fn log_of(events: &TestEvents, project: ProjectId) -> (BTreeMap<String, i64>, u32) {
    let mut log = events.log();
    let heads = log.list_heads(ListHeadsRequest {}).await.unwrap().into_inner().heads;
    let (mut found, mut count) = (BTreeMap::new(), 0);
    for head in heads {
        let mut next = 1;
        while next <= head.sequence {
            let request = ReadLogRequest { shard: head.shard, from_sequence: next };
            for row in log.read_log(request).await.unwrap().into_inner().rows {
                assert_eq!(row.first_sequence, next, "the log must have no gap");
                next += i64::from(row.count);
                if row.project_id != project.to_bytes() {
                    continue;
                }
                count += row.count;
                if row.payload.is_empty() {
                    continue;
                }
                let mut bytes = Vec::new();
                let mut frame = lz4_flex::frame::FrameDecoder::new(&row.payload[..]);
                std::io::Read::read_to_end(&mut frame, &mut bytes).unwrap();
                let logged = LoggedEvents::decode(bytes.as_slice()).unwrap();
                let there = u32::try_from(logged.events.len()).unwrap();
                assert_eq!(there + logged.erased, row.count, "it says how many went");
                for event in logged.events {
                    *found.entry(event.distinct_id).or_insert(0) += 1;
                }
            }
        }
    }
    (found, count)
}

fn counts(of: &[(&str, i64)]) -> BTreeMap<String, i64> {
    of.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect()
}

#[track_caller]
fn adds_up(status: &GetPipelineStatusResponse) {
    let sum = status.stored + status.duplicates + status.dead_lettered + status.pending;
    assert_eq!(status.accepted, sum, "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_events_go_from_the_table_and_the_log_and_nothing_else_does() {
    let events = TestEvents::start().await;
    let (p, other) = (project(1), project(2));
    let mut batch: Vec<AcceptedEvent> = (0..300).map(|n| of("ada", n)).collect();
    batch.extend((1_000..1_300).map(|n| of("ada's phone", n)));
    batch.extend((2_000..2_300).map(|n| of("bob", n)));
    for (place, event) in batch.iter_mut().enumerate() {
        event.identity = place % 7 == 0;
    }
    for part in batch.chunks(90) {
        events.write(p, part.to_vec()).await.unwrap();
    }
    events.write(other, (0..20).map(|n| of("ada", n)).collect()).await.unwrap();
    events.at_rest(p, 900).await;
    events.at_rest(other, 20).await;

    let id = erase(&events.identity, p, &["ada", "ada's phone", "ada's tablet"], now_us());
    let removed = confirmed(&events, id).await;
    assert_eq!(removed["events"], 600);
    assert!(removed["log_rows"] > 0);
    let sql = events.sql().await;
    assert_eq!(rows(&sql, p).await, counts(&[("bob", 300)]));
    assert_eq!(rows(&sql, other).await, counts(&[("ada", 20)]));
    assert_eq!(log_of(&events, p).await, (counts(&[("bob", 300)]), 900), "places stay");
    assert_eq!(log_of(&events, other).await.0, counts(&[("ada", 20)]));
    let status = events.at_rest(p, 900).await;
    assert_eq!((status.stored, status.duplicates), (900, 0), "what was stored was stored");
    let left: i64 = sqlx::query_scalar("select count(*) from events.erasure_task")
        .fetch_one(&sql)
        .await
        .unwrap();
    assert_eq!(left, 0, "what tells who it was goes in the end");

    // Keys stay: a copy that is sent again is known, whenever it is received.
    events.write(p, vec![of("ada", 5)]).await.unwrap();
    assert_eq!(events.at_rest(p, 901).await.duplicates, 1);
    // And what comes later starts afresh.
    events.write(p, vec![of("ada", 9_000)]).await.unwrap();
    events.at_rest(p, 902).await;
    assert_eq!(rows(&sql, p).await, counts(&[("ada", 1), ("bob", 300)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_copy_that_comes_after_the_erasure_is_not_stored_and_the_books_add_up() {
    let events = TestEvents::start().await;
    let p = project(1);
    let early: Vec<AcceptedEvent> = (0..40).map(|n| of("ada", n)).collect();
    let bobs: Vec<AcceptedEvent> = (100..140).map(|n| of("bob", n)).collect();
    let id = erase(&events.identity, p, &["ada"], now_us());
    confirmed(&events, id).await;
    let late = early.iter().chain(&bobs).cloned().map(|mut event| {
        event.identity = event.uuid[15] % 4 == 0;
        event
    });
    events.write(p, late.collect()).await.unwrap();
    let status = events.at_rest(p, 80).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (80, 0, 0));
    adds_up(&status);
    let sql = events.sql().await;
    assert_eq!(rows(&sql, p).await, counts(&[("bob", 40)]));
    assert_eq!(log_of(&events, p).await, (counts(&[("bob", 40)]), 40));
    eventually(DEADLINE, "identity to hear of the others", async || {
        events.identity.applied.lock().unwrap().len() >= 10
    })
    .await;
    let applied = events.identity.applied.lock().unwrap().clone();
    assert!(applied.iter().all(|event| event.distinct_id == "bob"));
    // A second copy is one of something that was taken.
    events.write(p, early).await.unwrap();
    assert_eq!(events.at_rest(p, 120).await.duplicates, 40);
    assert_eq!(rows(&sql, p).await, counts(&[("bob", 40)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_direct_way_stores_nothing_of_an_erased_person() {
    let events = TestEvents::start().await;
    let p = project(1);
    let late: Vec<AcceptedEvent> =
        (0..20).map(|n| of("ada", n)).chain((100..120).map(|n| of("bob", n))).collect();
    let id = erase(&events.identity, p, &["ada"], now_us());
    confirmed(&events, id).await;
    events.stores.kill_queue().await;
    events.write(p, late).await.expect("PostgreSQL is there");
    events.write(p, vec![of("ada", 500)]).await.expect("PostgreSQL is there");
    let sql = events.sql().await;
    assert_eq!(rows(&sql, p).await, counts(&[("ada", 1), ("bob", 20)]), "only what is new");
    assert_eq!(log_of(&events, p).await.0, counts(&[("ada", 1), ("bob", 20)]));
    events.stores.start_queue().await;
    let status = events.at_rest(p, 41).await;
    assert_eq!(status.stored, 41);
    adds_up(&status);
}

fn refused(id: &str, n: u128) -> AcceptedEvent {
    AcceptedEvent { name: "refused".into(), ..of(id, n) }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_go_and_late_ones_do_not_come() {
    let events = TestEvents::start().await;
    let (p, sql) = (project(1), events.sql().await);
    refuse(&sql).await;
    let bad = |ids: std::ops::Range<u128>| {
        ids.map(|n| refused(if n.is_multiple_of(2) { "ada" } else { "bob" }, n)).collect()
    };
    let late: Vec<AcceptedEvent> = bad(1_000..1_010);
    events.write(p, bad(0..250)).await.unwrap();
    // One that ended its reader: nobody decodes it, and who did it can be told all the same.
    let deadly =
        AcceptedEvent { session_id: "panic".into(), name: "deadly".into(), ..of("ada", 777) };
    sqlx::query(
        "insert into events.dead_letter (project_id, uuid, shard, reason, ended_version, payload)
         values ($1, $2, 0, 'it ended its reader', '0.0.1', $3)",
    )
    .bind(p.uuid())
    .bind(Uuid::from_u128(777))
    .bind(deadly.encode_to_vec())
    .execute(&sql)
    .await
    .unwrap();
    let status = events.at_rest(p, 250).await;
    assert_eq!((status.stored, status.dead_lettered), (0, 250));
    let id = erase(&events.identity, p, &["ada"], now_us());
    assert_eq!(confirmed(&events, id).await["dead_letters"], 126);
    let letters = events.dead_letters(p).await;
    assert_eq!(letters.len(), 125);
    assert!(letters.iter().all(|letter| letter.distinct_id == "bob"));
    let status = events.status(p).await;
    // The one that was put there by hand had never been counted.
    assert_eq!((status.stored, status.dead_lettered), (126, 124));

    events.write(p, late).await.unwrap();
    let status = events.at_rest(p, 260).await;
    assert_eq!((status.stored, status.dead_lettered, status.duplicates), (131, 129, 0));
    adds_up(&status);
    assert_eq!(events.dead_letters(p).await.len(), 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_between_the_cut_and_the_removal_stores_nothing() {
    let events = TestEvents::start().await;
    let (p, sql) = (project(1), events.sql().await);
    refuse(&sql).await;
    let bad = (0..20).map(|n: u128| refused(if n.is_multiple_of(2) { "ada" } else { "bob" }, n));
    events.write(p, bad.collect()).await.unwrap();
    events.at_rest(p, 20).await;
    // The cut is there, and nothing was removed yet.
    mend(&sql).await;
    sqlx::query("insert into events.erased_id values ($1, $2, $3)")
        .bind(p.uuid())
        .bind(hash("ada").as_slice())
        .bind(now_us())
        .execute(&sql)
        .await
        .unwrap();
    sqlx::query("update events.shard set latest_cut_us = $1")
        .bind(now_us())
        .execute(&sql)
        .await
        .unwrap();
    let done = events.redrive(p, &[]).await;
    assert_eq!((done.stored, done.duplicates, done.refused), (20, 0, 0));
    assert_eq!(rows(&sql, p).await, counts(&[("bob", 10)]));
    assert_eq!(log_of(&events, p).await.0, counts(&[("bob", 10)]));
    let status = events.at_rest(p, 20).await;
    assert_eq!((status.stored, status.dead_lettered), (20, 0));
    adds_up(&status);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_races_ingest_on_every_shard_leaves_nothing_of_before_and_all_of_after() {
    let events = Arc::new(TestEvents::start().await);
    let p = project(1);
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..4_u128 {
        let (events, stop) = (Arc::clone(&events), Arc::clone(&stop));
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        let task = tokio::spawn(async move {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                let batch = (0..25).map(|k| of("ada", writer * 1_000_000 + n + k));
                events.write(p, batch.collect()).await.unwrap();
                n += 25;
            }
            i64::try_from(n).unwrap()
        });
        writers.push(task);
    }
    let sql = events.sql().await;
    let mut cut_us = 0;
    for _ in 0..5 {
        eventually(DEADLINE, "events to be stored", async || !rows(&sql, p).await.is_empty()).await;
        cut_us = now_us();
        let id = erase(&events.identity, p, &["ada"], cut_us);
        confirmed(&events, id).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    let status = events.at_rest(p, written).await;
    assert_eq!((status.stored, status.duplicates), (written, 0));
    let (before, after): (i64, i64) = sqlx::query_as(
        "select count(*) filter (where arrival <= $1), count(*) filter (where arrival > $1) from events.event",
    )
    .bind(cut_us)
    .fetch_one(&sql)
    .await
    .unwrap();
    assert_eq!(before, 0);
    let (logged, _) = log_of(&events, p).await;
    assert_eq!(logged.get("ada").copied().unwrap_or(0), after, "table and log agree");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_is_interrupted_is_ended_by_the_next_process_with_all_counts() {
    let events = TestEvents::start().await;
    let p = project(1);
    for part in 0..6 {
        let batch = (part * 500..part * 500 + 500).map(|n| of("ada", n));
        events.write(p, batch.collect()).await.unwrap();
    }
    events.at_rest(p, 3_000).await;
    let identity = events.identity.clone();
    *identity.is_away.lock().unwrap() = true;
    let id = erase(&identity, p, &["ada"], now_us());
    let sql = events.sql().await;
    eventually(DEADLINE, "some to be removed", async || {
        rows(&sql, p).await.get("ada").copied().unwrap_or(0) < 3_000
    })
    .await;
    let stores = events.stop().await;
    assert!(identity.confirmed.lock().unwrap().is_empty());
    *identity.is_away.lock().unwrap() = false;
    let config = config(&stores);
    let events = TestEvents::start_beside(stores, config, identity).await;
    assert_eq!(confirmed(&events, id).await["events"], 3_000);
    assert!(rows(&sql, p).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_project_that_keeps_events_for_a_time_only_is_looked_through() {
    let events = TestEvents::start().await;
    let p = project(1);
    // Old and new in one row of the log: the old row of the table goes for its age, the row of the log stays.
    let mut batch: Vec<AcceptedEvent> = (0..20).map(|n| of("ada", n)).collect();
    for old in &mut batch[..10] {
        old.time_ms -= 30 * 24 * 60 * 60 * 1_000;
        old.historical = true;
    }
    batch.iter_mut().for_each(|event| event.historical = true);
    events.write(p, batch).await.unwrap();
    events.at_rest(p, 20).await;
    let identity = Identity::default();
    identity.retentions.lock().unwrap().push(ProjectRetention {
        project_id: p.to_string(),
        retention: Some(RetentionSettings { event_days: 10, exception_days: 10 }),
    });
    let stores = events.stop().await;
    let config = config(&stores);
    let events = TestEvents::start_beside(stores, config, identity).await;
    let sql = events.sql().await;
    eventually(DEADLINE, "the old ones to go", async || {
        rows(&sql, p).await == counts(&[("ada", 10)])
    })
    .await;
    assert!(log_of(&events, p).await.0["ada"] > 10, "the log holds more than the table");
    let id = erase(&events.identity, p, &["ada"], now_us());
    confirmed(&events, id).await;
    assert!(rows(&sql, p).await.is_empty());
    assert!(log_of(&events, p).await.0.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_put_back_is_erased_once_more_by_hashes_alone() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write(p, (0..10).map(|n| of("ada", n)).collect()).await.unwrap();
    events.write(p, (10..20).map(|n| of("bob", n)).collect()).await.unwrap();
    let sql = events.sql().await;
    refuse(&sql).await;
    // Of one of her ids there is no event that tells it.
    let bad = [refused("ada", 20), refused("ada's phone", 21), refused("bob", 22)];
    events.write(p, bad.to_vec()).await.unwrap();
    events.at_rest(p, 23).await;
    let id = erase_by_hashes(&events.identity, p, &["ada", "ada's phone"], now_us());
    assert_eq!(confirmed(&events, id).await["dead_letters"], 2);
    assert_eq!(rows(&sql, p).await, counts(&[("bob", 10)]));
    assert_eq!(events.dead_letters(p).await.len(), 1);
}
