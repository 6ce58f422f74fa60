//! Events that end their reader, and entries that cannot be read, are set aside; what is beside them is stored.

use observe_events::entry::Packer;
use observe_events::store::suspect::{self, Marker, Suspect};
use observe_proto::events::v1::{
    AcceptedEvent, ProjectCount, ProjectEvents, QueueEntry, QueueHeader, WriteEventsRequest,
};
use observe_testkit::eventually;
use prost::Message as _;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::accounting::logged;
use crate::queue::accepted;
use crate::store_rules::worker_pool;
use crate::support::{DEADLINE, DEADLY, TestEvents, event, project};

fn deadly(n: u128) -> AcceptedEvent {
    AcceptedEvent { name: DEADLY.into(), session_id: "panic".into(), ..event(n) }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_panic_their_reader_are_set_aside_and_all_others_stored() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.stores.stop_postgres().await;
    // Several entries, some with several such events, and one among another project's.
    events.write(p, (0..50).map(event).collect()).await.unwrap();
    let batch = (50..150).map(|n| if n % 25 == 0 { deadly(n) } else { event(n) });
    events.write(p, batch.collect()).await.unwrap();
    events.write(project(2), (0..50).map(event).collect()).await.unwrap();
    events.write(p, (150..200).map(event).collect()).await.unwrap();
    events.stores.start_postgres().await;
    let status = events.at_rest(p, 200).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (196, 0, 4));
    assert_eq!(events.at_rest(project(2), 50).await.stored, 50);
    assert_eq!(logged(&events).await.len(), 246);
    let mut letters = events.dead_letters(p).await;
    letters.sort_by(|a, b| a.uuid.cmp(&b.uuid));
    let uuids: Vec<&str> = letters.iter().map(|letter| letter.uuid.as_str()).collect();
    let expected: Vec<String> = [50, 75, 100, 125].map(|n| Uuid::from_u128(n).to_string()).to_vec();
    assert_eq!(uuids, expected);
    for letter in &letters {
        assert_eq!((letter.name.as_str(), letter.distinct_id.as_str()), (DEADLY, "visitor"));
        assert_eq!((letter.sqlstate.as_str(), letter.event_count), ("", 1));
        assert!(letter.reason.contains("ended the process"), "{}", letter.reason);
        assert!(letter.payload.contains(DEADLY), "what it holds is shown undecoded");
    }
    let suspects: i64 = sqlx::query_scalar("select count(*) from events.suspect_entry")
        .fetch_one(&events.sql().await)
        .await
        .unwrap();
    assert_eq!(suspects, 0, "what is past is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_what_ended_its_reader_is_a_duplicate() {
    let events = TestEvents::start().await;
    let p = project(1);
    for round in 0..3 {
        let first = 100 * (round + 1);
        let batch = (first..first + 50).map(event).chain([deadly(1)]);
        events.write(p, batch.collect()).await.unwrap();
        let rounds = i64::try_from(round).unwrap();
        let status = events.at_rest(p, 51 * (rounds + 1)).await;
        let outcome = (status.stored, status.duplicates, status.dead_lettered);
        assert_eq!(outcome, (50 * (rounds + 1), rounds, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_its_reader_is_tried_again_by_another_version_alone() {
    let events = TestEvents::start().await;
    let (p, pool) = (project(1), events.sql().await);
    events.write(p, vec![deadly(1), event(2)]).await.unwrap();
    events.at_rest(p, 2).await;
    let redriven = async || {
        let done = events.redrive(p, &[]).await;
        (done.stored, done.duplicates, done.refused)
    };
    assert_eq!(redriven().await, (0, 0, 1));
    assert_eq!(events.dead_letters(p).await[0].redrives, 0, "this version does not try it");
    let other_version = async || {
        let update = "update events.dead_letter set ended_version = '0.0.0'";
        sqlx::query(update).execute(&pool).await.unwrap();
    };
    other_version().await;
    assert_eq!(redriven().await, (0, 0, 1), "it still panics");
    assert_eq!(events.dead_letters(p).await[0].redrives, 1);
    assert_eq!(redriven().await, (0, 0, 1));
    assert_eq!(events.dead_letters(p).await[0].redrives, 1, "once a version");
    other_version().await;
    let harmless = AcceptedEvent { session_id: String::new(), ..deadly(1) };
    sqlx::query("update events.dead_letter set payload = $1")
        .bind(harmless.encode_to_vec())
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(redriven().await, (1, 0, 0), "as a version that can read it would");
    let status = events.at_rest(p, 2).await;
    assert_eq!((status.stored, status.dead_lettered), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_deaths_of_decoding_count_and_only_an_event_alone_is_blamed() {
    let events = TestEvents::start().await;
    events.life.stop();
    assert!(events.life.drained().await);
    let database = worker_pool(&events).await;
    let pool = database.worker();
    let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let reader = |n| Marker { shard: 0, owner: Uuid::from_u128(n) };
    let known = async || {
        let mut known: Vec<Suspect> = suspect::settle(pool, 0).await.unwrap();
        known.sort_by_key(|suspect| suspect.entry_id);
        known
    };
    // A reader that survived, could say so or not, and died later, of something else.
    suspect::mark(pool, reader(1), &[a, b], false, None).await.unwrap();
    suspect::clear(pool, reader(1), &[a, b]).await.unwrap();
    assert!(known().await.iter().all(|suspect| suspect.deaths == 0));
    suspect::mark(pool, reader(1), &[a, b], false, None).await.unwrap();
    suspect::clear_own(pool, reader(1)).await.unwrap();
    assert!(known().await.iter().all(|suspect| suspect.deaths == 0));
    // Three that died of it.
    for n in 1..=3_u8 {
        suspect::mark(pool, reader(n.into()), &[a, b], false, None).await.unwrap();
        assert!(known().await.iter().all(|suspect| suspect.deaths == i32::from(n)));
        assert!(known().await.iter().all(|suspect| !suspect.apart), "told once");
    }
    // Alone, one of the two does no harm.
    suspect::mark(pool, reader(4), &[a], true, None).await.unwrap();
    suspect::clear(pool, reader(4), &[a]).await.unwrap();
    suspect::forget(pool, &[a]).await.unwrap();
    suspect::mark(pool, reader(4), &[b], true, None).await.unwrap();
    let [suspect] = known().await.try_into().expect("one is left");
    assert!(suspect.apart && suspect.deaths == 3 && suspect.killers.is_empty());
    // Event by event.
    suspect::mark(pool, reader(5), &[b], true, None).await.unwrap();
    for event in 0..=2 {
        suspect::mark(pool, reader(5), &[b], true, Some(event)).await.unwrap();
    }
    let [suspect] = known().await.try_into().expect("it is still there");
    assert_eq!(suspect.killers, [2]);
    assert!(!suspect.unreadable);
    // A zombie's late word clears nothing of its successor.
    suspect::mark(pool, reader(6), &[b], true, None).await.unwrap();
    suspect::clear(pool, reader(5), &[b]).await.unwrap();
    let [suspect] = known().await.try_into().expect("it is still there");
    assert!(suspect.unreadable, "a reader that dies while it takes an entry apart");
}

/// Appends an entry to shard 0 as it is, counted as the group commit counts.
async fn append(events: &TestEvents, id: u128, header: &[u8], payload: &[u8], counted: i64) {
    let mut redis = events.queue().await;
    redis::pipe()
        .atomic()
        .cmd("XADD")
        .arg(&["observe:{0}:stream", "*", "id"])
        .arg(Uuid::from_u128(id).as_bytes())
        .arg("h")
        .arg(header)
        .arg("d")
        .arg(payload)
        .cmd("HINCRBY")
        .arg("observe:{0}:accepted")
        .arg(project(1).to_string())
        .arg(counted)
        .query_async::<()>(&mut redis)
        .await
        .unwrap();
}

fn packed(numbers: std::ops::Range<u128>) -> (Vec<u8>, Vec<u8>) {
    let mut packer = Packer::default();
    numbers.for_each(|n| packer.push(project(1), &event(n).encode_to_vec()));
    let [entry] = packer.finish().try_into().expect("one entry");
    (entry.header, entry.payload)
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_and_plain_entries_are_read_side_by_side_and_damage_is_told_of_both() {
    let events = TestEvents::start().await;
    let (p, format) =
        (project(1), |header: &[u8]| QueueHeader::decode(header).unwrap().format_version);
    let (header, payload) = packed(0..500);
    assert_eq!(format(&header), 2, "large ones are compressed");
    append(&events, 10_100, &header, &payload, 500).await;
    let (header, payload) = packed(500..505);
    assert_eq!(format(&header), 1);
    append(&events, 10_101, &header, &payload, 5).await;
    // As the first version wrote them, whatever their size.
    let plain =
        ProjectEvents { project_id: p.to_bytes(), events: (505..1_005).map(event).collect() };
    let counts = vec![ProjectCount { project_id: p.to_bytes(), events: 500 }];
    let header = QueueHeader { format_version: 1, counts }.encode_to_vec();
    let payload = QueueEntry { batches: vec![plain] }.encode_to_vec();
    append(&events, 10_102, &header, &payload, 500).await;
    let status = events.at_rest(p, 1_005).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (1_005, 0, 0));

    let (header, payload) = packed(2_000..2_500);
    append(&events, 10_103, &header, &payload[..payload.len() - 3], 500).await;
    let (_, headless) = packed(3_000..3_500);
    append(&events, 10_104, &[0xff], &headless, 500).await;
    let status = events.at_rest(p, 2_005).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (1_005, 0, 1_000));
    assert_eq!(events.dead_letters(p).await.len(), 2, "each is set aside whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_no_reader_could_decode_is_refused_and_never_queued() {
    let events = TestEvents::start().await;
    let p = project(1);
    let batch = |event: Vec<u8>| {
        let mut batch = ProjectEvents { project_id: p.to_bytes(), events: vec![] }.encode_to_vec();
        batch.extend([0x12, u8::try_from(event.len()).unwrap()]);
        batch.extend(event);
        batch.into()
    };
    let whole = event(1).encode_to_vec();
    let name = whole.windows(4).position(|bytes| bytes == b"view").expect("its name");
    // Bytes that are no text, an event that ends too soon, and one without its id.
    let mut no_text = whole.clone();
    no_text[name] = 0xff;
    let short = whole[..whole.len() - 1].to_vec();
    let nameless = AcceptedEvent { uuid: vec![], ..event(1) }.encode_to_vec();
    for broken in [no_text, short, nameless] {
        let request = WriteEventsRequest { batches: vec![batch(whole.clone()), batch(broken)] };
        let refused = events.ingest().write_events(request).await.expect_err("refused");
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        let details = refused.get_details_bad_request().expect("what is wrong");
        assert!(details.field_violations[0].field.starts_with("batches[1].events"), "{details:?}");
    }
    assert_eq!(accepted(&events, p).await, 0, "its neighbour will come again, alone");
    events.write(p, vec![event(1)]).await.unwrap();
    assert_eq!(events.at_rest(p, 1).await.stored, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_entry_is_set_aside_whole_and_can_be_redriven() {
    let events = TestEvents::start().await;
    let (p, pool) = (project(1), events.sql().await);
    let (header, payload) = packed(0..5);
    append(&events, 100, &header, &payload[..payload.len() - 3], 5).await;
    // One whose header is lost, and one behind both.
    let (_, headless) = packed(5..8);
    append(&events, 101, &[0xff], &headless, 3).await;
    let (whole_header, whole) = packed(8..10);
    append(&events, 102, &whole_header, &whole, 2).await;
    let status = events.at_rest(p, 10).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (2, 0, 8));
    let mut letters = events.dead_letters(p).await;
    letters.sort_by(|a, b| a.uuid.cmp(&b.uuid));
    let shape: Vec<(i64, &str)> =
        letters.iter().map(|letter| (letter.event_count, letter.payload.as_str())).collect();
    assert_eq!(shape, [(5, ""), (3, "")]);
    assert_eq!(letters[0].uuid, Uuid::from_u128(100).to_string());
    assert!(letters.iter().all(|letter| letter.reason.contains("damaged")));

    let done = events.redrive(p, &[]).await;
    assert_eq!((done.stored, done.duplicates, done.refused), (0, 0, 8), "still damaged");
    // As a version would see it that can read it.
    sqlx::query("update events.unreadable_entry set payload = $1 where entry_id = $2")
        .bind(&payload)
        .bind(Uuid::from_u128(100))
        .execute(&pool)
        .await
        .unwrap();
    let done = events.redrive(p, &[]).await;
    assert_eq!((done.stored, done.duplicates, done.refused), (5, 0, 3));
    let status = events.at_rest(p, 10).await;
    assert_eq!((status.stored, status.duplicates, status.dead_lettered), (7, 0, 3));
    let kept: Vec<Uuid> = sqlx::query_scalar("select entry_id from events.unreadable_entry")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(kept, [Uuid::from_u128(101)], "what is stored is not kept twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_which_nothing_can_be_told_is_kept_and_holds_nothing_up() {
    let events = TestEvents::start().await;
    let (p, pool) = (project(1), events.sql().await);
    append(&events, 100, &[0xff], &[0xff], 0).await;
    let (header, payload) = packed(0..2);
    append(&events, 101, &header, &payload, 2).await;
    let status = events.at_rest(p, 2).await;
    assert_eq!((status.stored, status.dead_lettered), (2, 0));
    let kept: Vec<u8> =
        sqlx::query_scalar("select payload from events.unreadable_entry where entry_id = $1")
            .bind(Uuid::from_u128(100))
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(kept, [0xff]);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_that_are_not_what_is_inside_are_damage() {
    let events = TestEvents::start().await;
    let p = project(1);
    let (header, _) = packed(0..5);
    let (_, payload) = packed(0..2);
    append(&events, 100, &header, &payload, 5).await;
    let status = events.at_rest(p, 5).await;
    assert_eq!((status.stored, status.dead_lettered), (0, 5), "the ledger adds up");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_format_behind_stored_events_stops_its_shard_alone() {
    let events = TestEvents::start().await;
    let p = project(1);
    let (header, payload) = packed(0..3);
    append(&events, 100, &header, &payload, 3).await;
    append(&events, 101, &[8, 3], &payload, 3).await;
    let stalled = eventually(DEADLINE, "the shard to stand still", async || {
        let status = events.status(p).await;
        (status.stored == 3 && !status.stalled_reason.is_empty()).then_some(status)
    })
    .await;
    assert_eq!((stalled.pending, stalled.dead_lettered), (3, 0), "{stalled:?}");
    assert!(stalled.stalled_reason.contains("format 3"), "{}", stalled.stalled_reason);
    // The other shards go on.
    let p = project(2);
    let others =
        (0..100).filter(|n| observe_events::shard::shard_of(p, Uuid::from_u128(*n), false, 4) != 0);
    let others: Vec<AcceptedEvent> = others.map(event).collect();
    let count = i64::try_from(others.len()).unwrap();
    events.write(p, others).await.unwrap();
    assert_eq!(events.at_rest(p, count).await.stored, count);
}
