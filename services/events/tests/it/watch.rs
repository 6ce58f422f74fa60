//! The live tail.

use std::time::Duration;

use observe_proto::common::v1::Condition;
use observe_proto::events::v1::{EventFilter, WatchEventsRequest};

use crate::support::{TestEvents, event, project};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn viewers_see_what_is_stored_from_now_on_and_matches() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write(p, vec![event(1)]).await.unwrap();
    events.at_rest(p, 1).await;
    let path =
        Condition { property: "path".into(), values: vec!["/a".into()], ..Default::default() };
    let filter = Some(EventFilter {
        names: vec!["viewed".into()],
        properties: vec![path],
        ..Default::default()
    });
    let request = WatchEventsRequest { filter, ..Default::default() };
    let mut stream = events.events(p).watch_events(request).await.unwrap().into_inner();
    let matching = |n: u128| {
        let mut event = event(n);
        event.properties_json = r#"{"path":"/a"}"#.into();
        event
    };
    // The follower begins at the log's end as it is when it first looks; once one event was seen, none may be missed.
    for n in 1000.. {
        events.write(p, vec![matching(n)]).await.unwrap();
        let message = tokio::time::timeout(Duration::from_millis(500), stream.message()).await;
        if message.is_ok_and(|message| !message.unwrap().unwrap().events.is_empty()) {
            break;
        }
        assert!(n < 1050, "nothing is seen");
    }
    for n in 2..20 {
        let mut other = event(n);
        other.properties_json = r#"{"path":"/b"}"#.into();
        let event = if n % 2 == 0 { matching(n) } else { other };
        events.write(p, vec![event]).await.unwrap();
        events.write(project(2), vec![matching(n)]).await.unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < 9 {
        let message = tokio::time::timeout(PATIENCE, stream.message())
            .await
            .expect("in time")
            .unwrap()
            .unwrap();
        let uuids = message
            .events
            .iter()
            .map(|event| uuid::Uuid::parse_str(&event.uuid).unwrap().as_u128());
        seen.extend(uuids.filter(|n| *n < 1000));
    }
    seen.sort_unstable();
    assert_eq!(seen, (2..20).step_by(2).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_process() {
    let events = TestEvents::start().await;
    let mut stream = events
        .events(project(1))
        .watch_events(WatchEventsRequest::default())
        .await
        .unwrap()
        .into_inner();
    events.stop().await;
    let end = tokio::time::timeout(PATIENCE, stream.message()).await.expect("it ends");
    assert!(!matches!(end, Ok(Some(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_watched_is_refused() {
    let events = TestEvents::start().await;
    let filter = Some(EventFilter { person_id: project(1).to_string(), ..Default::default() });
    let request = WatchEventsRequest { filter, ..Default::default() };
    let refused =
        events.events(project(1)).watch_events(request).await.expect_err("no persons here");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}
