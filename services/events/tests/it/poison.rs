//! Events that PostgreSQL refuses are set aside, each alone; an outage sets nothing aside.

use observe_events::store::consume::refused;
use observe_events::store::consume::stage::Staged;
use observe_proto::events::v1::AcceptedEvent;
use observe_testkit::eventually;
use uuid::Uuid;

use crate::accounting::logged;
use crate::store_rules::worker_pool;
use crate::support::{DEADLINE, TestEvents, event, project};

const BATCH: u128 = 500;

/// Text that no compression makes short.
fn noise(bytes: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + u8::try_from(state % 90).unwrap())
    };
    (0..bytes).map(|_| next()).collect()
}

/// A kind of bad data, what PostgreSQL says to it, and how an event gets it.
type Kind = (&'static str, &'static str, fn(&mut AcceptedEvent));

/// What the edge never lets pass.
fn kinds() -> Vec<Kind> {
    vec![
        ("NUL in a value", "22P05", |e| e.properties_json = r#"{"a":"\u0000"}"#.into()),
        ("NUL in a key", "22P05", |e| e.properties_json = r#"{"\u0000":1}"#.into()),
        ("a lone surrogate", "22P02", |e| e.properties_json = r#"{"a":"\ud800"}"#.into()),
        ("no JSON", "22P02", |e| e.properties_json = r#"{"a": "#.into()),
        ("a number that is none", "22P02", |e| e.properties_json = r#"{"a":NaN}"#.into()),
        ("a number too large", "22003", |e| e.properties_json = r#"{"a":1e131073}"#.into()),
        ("too deep", "54001", |e| {
            e.properties_json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        }),
        ("NUL in the name", "22021", |e| e.name = "a\0b".into()),
        ("NUL in the session", "22021", |e| e.session_id = "\0".into()),
        ("too long for the index", "54000", |e| e.distinct_id = noise(9_000)),
        ("the end of time", "22008", |e| e.time_ms = i64::MAX),
        ("the beginning of time", "22008", |e| e.time_ms = i64::MIN),
        ("received at no time", "22008", |e| e.received_us = i64::MAX),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_refused_event_is_set_aside_alone() {
    let events = TestEvents::start().await;
    for (n, (kind, sqlstate, spoil)) in (1..).zip(kinds()) {
        let p = project(n);
        let mut batch: Vec<AcceptedEvent> = (0..BATCH).map(event).collect();
        // Somewhere else each time.
        let at = usize::try_from(n * 37 % BATCH).unwrap();
        spoil(&mut batch[at]);
        let uuid = Uuid::from_slice(&batch[at].uuid).unwrap().to_string();
        events.write(p, batch).await.unwrap();
        let status = events.at_rest(p, 500).await;
        let outcome = (status.stored, status.duplicates, status.dead_lettered);
        assert_eq!(outcome, (499, 0, 1), "{kind}");
        let [letter] = events.dead_letters(p).await.try_into().expect("one letter");
        assert_eq!((letter.uuid, letter.sqlstate.as_str()), (uuid, sqlstate), "{kind}");
        assert!(!letter.reason.is_empty() && letter.created_time.is_some(), "{kind}");
        assert_eq!((letter.redrives, letter.event_count), (0, 1));
        assert!(letter.payload.starts_with("{\"distinct_id\":"), "{kind}: {}", letter.payload);
        events.write(p, vec![event(1_000)]).await.unwrap();
        let status = events.at_rest(p, 501).await;
        assert_eq!((status.stored, status.dead_lettered), (500, 1), "{kind}: the next batch");
        assert_eq!(status.stalled_reason, "", "nothing stands still for that");
    }
}

fn staged(n: u128) -> Staged {
    (project(1), Uuid::from_u128(n), event(n))
}

#[tokio::test(flavor = "multi_thread")]
async fn finding_one_refused_event_among_many_takes_few_tries() {
    let events = TestEvents::start().await;
    events.write(project(1), vec![event(1_000)]).await.unwrap();
    events.at_rest(project(1), 1).await;
    let database = worker_pool(&events).await;
    for at in [0, 1, 250, 333, 499] {
        let mut batch: Vec<Staged> = (0..BATCH).map(staged).collect();
        batch[at].2.properties_json = "{".into();
        let all: Vec<usize> = (0..batch.len()).collect();
        let found = refused::find(database.worker(), &batch, &all, None).await.unwrap();
        let ordinals: Vec<usize> = found.refused.iter().map(|refused| refused.ordinal).collect();
        assert_eq!(ordinals, [at]);
        assert!(found.tries <= 2 * 9 + 1, "{} tries for {at}", found.tries);
    }
    let left: i64 = sqlx::query_scalar("select count(*) from event")
        .fetch_one(database.worker())
        .await
        .unwrap();
    assert_eq!(left, 1, "what is tried is taken back");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_refused_events_of_a_batch_are_found_and_the_log_has_no_gap() {
    let events = TestEvents::start().await;
    let p = project(1);
    let spoiled = |n: u128| n.is_multiple_of(10) || (50..60).contains(&n);
    let batch = (0..200).map(|n| {
        let mut event = event(n);
        if spoiled(n) {
            event.properties_json = "{".into();
        }
        event
    });
    events.write(p, batch.collect()).await.unwrap();
    let refused = i64::try_from((0..200).filter(|n| spoiled(*n)).count()).unwrap();
    let status = events.at_rest(p, 200).await;
    assert_eq!((status.stored, status.dead_lettered), (200 - refused, refused));
    assert_eq!(i64::try_from(logged(&events).await.len()).unwrap(), 200 - refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_uuid_that_is_refused_once_and_good_once_adds_up() {
    let events = TestEvents::start().await;
    let p = project(1);
    let spoiled = |n| AcceptedEvent { properties_json: "{".into(), ..event(n) };
    let outcome = async |accepted| {
        let status = events.at_rest(p, accepted).await;
        (status.stored, status.duplicates, status.dead_lettered)
    };
    events.write(p, vec![spoiled(1)]).await.unwrap();
    assert_eq!(outcome(1).await, (0, 0, 1));
    events.write(p, vec![spoiled(1)]).await.unwrap();
    assert_eq!(outcome(2).await, (0, 1, 1), "a second copy of an open dead letter");
    events.write(p, vec![event(1)]).await.unwrap();
    assert_eq!(outcome(3).await, (1, 1, 1), "a good copy is stored");
    events.write(p, vec![spoiled(1)]).await.unwrap();
    assert_eq!(outcome(4).await, (1, 2, 1));
    events.write(p, vec![event(2)]).await.unwrap();
    events.write(p, vec![spoiled(2)]).await.unwrap();
    assert_eq!(outcome(6).await, (2, 3, 1), "a refused copy of what is stored");
    events.write(p, vec![spoiled(3), event(3), spoiled(4), spoiled(4)]).await.unwrap();
    assert_eq!(outcome(10).await, (3, 5, 2), "both in one batch");
    let done = events.redrive(p, &[1]).await;
    assert_eq!((done.stored, done.duplicates, done.refused), (0, 0, 1), "it is looked at first");
    // The letter as the edge would have it today.
    sqlx::query("update events.dead_letter set payload = $1 where uuid = $2")
        .bind(prost::Message::encode_to_vec(&event(1)))
        .bind(Uuid::from_u128(1))
        .execute(&events.sql().await)
        .await
        .unwrap();
    let done = events.redrive(p, &[1]).await;
    assert_eq!((done.stored, done.duplicates, done.refused), (0, 1, 0), "stored meanwhile");
    assert_eq!(outcome(10).await, (3, 6, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_partly_refused_and_comes_back_counts_nothing() {
    let events = TestEvents::start().await;
    let p = project(1);
    let mut redis = events.queue().await;
    events.stores.stop_postgres().await;
    let mut batch: Vec<AcceptedEvent> = (0..50).map(event).collect();
    batch[7].name = "a\0b".into();
    events.write(p, batch).await.unwrap();
    let mut copies = Vec::new();
    for shard in 0..4 {
        let key = format!("observe:{{{shard}}}:stream");
        let range: redis::streams::StreamRangeReply =
            redis::cmd("XRANGE").arg(&key).arg("-").arg("+").query_async(&mut redis).await.unwrap();
        copies.extend(range.ids.into_iter().map(|id| (key.clone(), id.map)));
    }
    events.stores.start_postgres().await;
    events.at_rest(p, 50).await;
    for (key, fields) in &copies {
        let mut add = redis::cmd("XADD");
        add.arg(key).arg("*");
        for (name, value) in fields {
            let redis::Value::BulkString(bytes) = value else { unreachable!("strings") };
            add.arg(name).arg(bytes);
        }
        add.query_async::<String>(&mut redis).await.unwrap();
    }
    events.queue_empty().await;
    let status = events.at_rest(p, 50).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (49, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_datas_fault_sets_nothing_aside() {
    let events = TestEvents::start().await;
    let p = project(1);
    let pool = events.sql().await;
    sqlx::raw_sql(
        "create table public.fault (code text);
         grant select on public.fault to public;
         create function public.fail() returns trigger language plpgsql as $$
         declare fault text;
         begin
             select code into fault from public.fault;
             if found then
                 raise exception 'a fault of the store' using errcode = fault;
             end if;
             return new;
         end; $$;
         create trigger fail before insert on events.event for each row execute function public.fail()",
    )
    .execute(&pool)
    .await
    .unwrap();
    let codes = ["53100", "53200", "40001", "40P01", "55P03", "57014", "58030", "23505", "23514"];
    for (n, code) in (1..).zip(codes) {
        sqlx::query("insert into public.fault values ($1)")
            .bind(code)
            .execute(&pool)
            .await
            .unwrap();
        events.write(p, vec![event(n)]).await.unwrap();
        eventually(DEADLINE, "the store to fail", async || {
            let status = events.status(p).await;
            status.stalled_reason.contains(code) && status.pending == 1
        })
        .await;
        sqlx::query("delete from public.fault").execute(&pool).await.unwrap();
        let accepted = i64::try_from(n).unwrap();
        let status = events.at_rest(p, accepted).await;
        assert_eq!((status.stored, status.dead_lettered), (accepted, 0), "{code}");
        eventually(DEADLINE, "all to be well", async || {
            events.status(p).await.stalled_reason.is_empty()
        })
        .await;
    }
}
