//! ReadStoredEvents: whole events, page by page, up to where the log was.

use observe_proto::events::v1::{
    ListHeadsRequest, ReadStoredEventsRequest, ShardHead, StoredEvent,
};
use serde_json::Value;
use tonic::Code;
use uuid::Uuid;

use crate::support::{TestEvents, event, project};

/// An instant in October 2025.
const TIME_MS: i64 = 1_760_000_000_000;
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

async fn heads(events: &TestEvents) -> Vec<ShardHead> {
    events.log().list_heads(ListHeadsRequest {}).await.unwrap().into_inner().heads
}

/// All pages of a request, one after the other; and how many they were.
async fn read(events: &TestEvents, request: ReadStoredEventsRequest) -> (Vec<StoredEvent>, usize) {
    let mut request = ReadStoredEventsRequest { project_id: project(1).to_bytes(), ..request };
    let (mut all, mut pages) = (Vec::new(), 0);
    loop {
        let answer = events.stored().read_stored_events(request.clone()).await.unwrap();
        let answer = answer.into_inner();
        all.extend(answer.events);
        pages += 1;
        if answer.next_position.is_empty() {
            return (all, pages);
        }
        request.position = answer.next_position;
    }
}

/// Text that hardly compresses.
fn noise(seed: u32, chars: usize) -> String {
    let mut text = String::with_capacity(chars + 16);
    let mut state = u64::from(seed);
    while text.len() < chars {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        text.push_str(&format!("{:016x}", mixed ^ (mixed >> 27)));
    }
    text.truncate(chars);
    text
}

fn numbers(events: &[StoredEvent]) -> Vec<u128> {
    events.iter().map(|event| Uuid::from_slice(&event.uuid).unwrap().as_u128()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_whole_and_in_order_up_to_where_the_log_was() {
    let events = TestEvents::start().await;
    let p = project(1);
    // Over several weeks, some of one instant, each too large for many to be on a page: the first half also as it is stored, and
    // the others only once they are unpacked.
    let batch = (0..30_u32).map(|n| {
        let mut event = event(u128::from(100 + n));
        event.name = ["a", "b", "c"][n as usize % 3].into();
        event.time_ms = TIME_MS + i64::from(n / 3) * WEEK_MS;
        event.received_us = TIME_MS * 1_000 + 7;
        event.index = n;
        event.session_id = if n == 0 { "s".into() } else { String::new() };
        let filler = if n < 15 { noise(n, 300_000) } else { "x".repeat(300_000) };
        event.properties_json = format!(r#"{{"n":{n},"filler":"{filler}"}}"#);
        event
    });
    for half in batch.collect::<Vec<_>>().chunks(15) {
        events.write(p, half.to_vec()).await.unwrap();
    }
    events.write(project(2), vec![event(900)]).await.unwrap();
    events.at_rest(p, 30).await;
    events.at_rest(project(2), 1).await;
    let cut = heads(&events).await;
    // What is stored later is not read, wherever it falls.
    let mut late = event(50);
    late.time_ms = TIME_MS + 1;
    events.write(p, vec![late]).await.unwrap();
    events.at_rest(p, 31).await;

    let all = ReadStoredEventsRequest { heads: cut.clone(), ..Default::default() };
    let (found, pages) = read(&events, all.clone()).await;
    assert_eq!(numbers(&found), (100..130).collect::<Vec<_>>());
    assert!(pages >= 4, "nine megabytes are on {pages} pages");
    let first: Value = serde_json::from_str(&found[0].properties_json).unwrap();
    assert_eq!((&first["n"], first["filler"].as_str().map(str::len)), (&0.into(), Some(300_000)));
    assert_eq!((found[0].session_id.as_str(), found[1].session_id.as_str()), ("s", ""));
    assert_eq!((found[0].time_us, found[0].received_us), (TIME_MS * 1_000, TIME_MS * 1_000 + 7));

    let (found, _) = read(
        &events,
        ReadStoredEventsRequest {
            start_time_ms: Some(TIME_MS + WEEK_MS),
            end_time_ms: Some(TIME_MS + 3 * WEEK_MS),
            names: vec!["a".into(), "c".into()],
            ..all
        },
    )
    .await;
    assert_eq!(numbers(&found), [103, 105, 106, 108]);
    let (now, _) = read(
        &events,
        ReadStoredEventsRequest { heads: heads(&events).await, ..Default::default() },
    )
    .await;
    assert_eq!(numbers(&now)[3], 50, "with a later cut it is in its place");
    let (none, _) = read(&events, ReadStoredEventsRequest::default()).await;
    assert_eq!(numbers(&none), [0; 0], "without heads nothing is known to be stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_place_and_who_is_no_service_is_refused() {
    let events = TestEvents::start().await;
    let wrong = ReadStoredEventsRequest {
        project_id: project(1).to_bytes(),
        position: vec![1, 2, 3],
        ..Default::default()
    };
    let refused = events.stored().read_stored_events(wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let nobody = events.stored().read_stored_events(ReadStoredEventsRequest::default()).await;
    assert_eq!(nobody.unwrap_err().code(), Code::NotFound);
}
