//! ListEvents: order, pages, filters.

use observe_proto::common::v1::condition::Operator;
use observe_proto::common::v1::{Condition, TimeRange};
use observe_proto::events::v1::list_events_request::Order;
use observe_proto::events::v1::{Event, EventFilter, ListEventsRequest};
use uuid::Uuid;

use crate::support::{TestEvents, event, project};

async fn list(events: &TestEvents, filter: EventFilter) -> Vec<Event> {
    let request = ListEventsRequest { filter: Some(filter), page_size: 1000, ..Default::default() };
    events.events(project(1)).list_events(request).await.unwrap().into_inner().events
}

fn number(event: &Event) -> u128 {
    Uuid::parse_str(&event.uuid).unwrap().as_u128()
}

fn condition(property: &str, operator: Operator, values: &[&str]) -> Condition {
    Condition {
        property: property.into(),
        operator: operator.into(),
        values: values.iter().map(|value| (*value).into()).collect(),
        ..Condition::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_newest_first_and_stable_under_writes() {
    let events = TestEvents::start().await;
    let p = project(1);
    // Ten events at each of ten instants: the order within an instant is that of arrival.
    let batch = (0..100_u32).map(|n| {
        let mut event = event(u128::from(1000 - n));
        event.time_ms = 1_760_000_000_000 + i64::from(n / 10);
        event.received_us = 1_760_000_000_000_000;
        event.index = n;
        event
    });
    events.write(p, batch.collect()).await.unwrap();
    events.at_rest(p, 100).await;
    let mut request = ListEventsRequest { page_size: 7, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = events.events(p).list_events(request.clone()).await.unwrap().into_inner();
        assert!(page.events.len() <= 7);
        seen.extend(page.events.iter().map(number));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        // A newer event must not shift the pages.
        let accepted = 100 + i64::try_from(seen.len()).unwrap();
        events.write(p, vec![event(u128::try_from(5000 + accepted).unwrap())]).await.unwrap();
    }
    assert_eq!(seen, (901..=1000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_first_are_the_same_events_the_other_way_round() {
    let events = TestEvents::start().await;
    let p = project(1);
    // Three of every distinct id at each instant, so that the order within an instant matters; over several weeks.
    let batch = (0..60_u32).map(|n| {
        let mut event = event(u128::from(1 + n));
        event.distinct_id = ["a", "b", "c"][n as usize % 3].into();
        event.time_ms = 1_760_000_000_000 + i64::from(n / 9) * 5 * 24 * 60 * 60 * 1_000;
        event.received_us = 1_760_000_000_000_000;
        event.index = 60 - n;
        event
    });
    events.write(p, batch.collect()).await.unwrap();
    events.at_rest(p, 60).await;
    let ids = |of: &[&str]| of.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    for distinct_ids in [ids(&[]), ids(&["a"]), ids(&["a", "c"])] {
        let filter = EventFilter { distinct_ids, ..Default::default() };
        let mut newest_first: Vec<_> =
            list(&events, filter.clone()).await.iter().map(number).collect();
        newest_first.reverse();
        let mut request = ListEventsRequest {
            filter: Some(filter),
            page_size: 7,
            order: Order::OldestFirst.into(),
            ..Default::default()
        };
        let mut seen = Vec::new();
        loop {
            let page = events.events(p).list_events(request.clone()).await.unwrap().into_inner();
            seen.extend(page.events.iter().map(number));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(seen, newest_first);
        // A token of one order says nothing in the other.
        if !request.page_token.is_empty() {
            request.order = Order::Unspecified.into();
            let refused = events.events(p).list_events(request).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_narrows_the_list() {
    let events = TestEvents::start().await;
    let p = project(1);
    let make = |n: u128, name: &str, distinct_id: &str, properties: &str| {
        let mut event = event(n);
        event.name = name.into();
        event.distinct_id = distinct_id.into();
        event.properties_json = properties.into();
        event.time_ms = 1_760_000_000_000 + i64::try_from(n).unwrap();
        event
    };
    let batch = vec![
        make(1, "viewed", "a", r#"{"path":"/pricing","width":1440.0,"on":true}"#),
        make(2, "viewed", "b", r#"{"path":"/Docs/intro","width":320}"#),
        make(3, "clicked", "a", r#"{"path":null,"width":"wide"}"#),
    ];
    events.write(p, batch).await.unwrap();
    events.at_rest(p, 3).await;

    let numbers = async |filter| list(&events, filter).await.iter().map(number).collect::<Vec<_>>();
    let by = async |c: Condition| {
        numbers(EventFilter { properties: vec![c], ..Default::default() }).await
    };
    assert_eq!(
        numbers(EventFilter { names: vec!["viewed".into()], ..Default::default() }).await,
        [2, 1]
    );
    assert_eq!(
        numbers(EventFilter { distinct_ids: vec!["a".into()], ..Default::default() }).await,
        [3, 1]
    );
    let both = || vec!["viewed".into(), "clicked".into()];
    let names = EventFilter { names: both(), ..Default::default() };
    assert_eq!(numbers(names).await, [3, 2, 1]);
    // A name or an id that is given twice is given once.
    let twice = EventFilter {
        names: [both(), both()].concat(),
        distinct_ids: vec!["a".into(), "b".into(), "a".into()],
        ..Default::default()
    };
    assert_eq!(numbers(twice).await, [3, 2, 1]);
    let of_a = EventFilter { names: both(), distinct_ids: vec!["a".into()], ..Default::default() };
    assert_eq!(numbers(of_a).await, [3, 1]);
    let at = |millis: i64| prost_types::Timestamp {
        seconds: 1_760_000_000,
        nanos: (millis * 1_000_000) as i32,
    };
    let range = TimeRange { start_time: Some(at(1)), end_time: Some(at(3)) };
    assert_eq!(numbers(EventFilter { range: Some(range), ..Default::default() }).await, [2, 1]);
    assert_eq!(by(condition("width", Operator::Equals, &["1440"])).await, [1]);
    assert_eq!(by(condition("on", Operator::Equals, &["true"])).await, [1]);
    assert_eq!(by(condition("path", Operator::NotEquals, &["/pricing"])).await, [3, 2]);
    assert_eq!(by(condition("path", Operator::Contains, &["docs"])).await, [2]);
    assert_eq!(by(condition("path", Operator::NotContains, &["docs"])).await, [3, 1]);
    assert_eq!(by(condition("path", Operator::Matches, &["^/p.*g$"])).await, [1]);
    assert_eq!(by(condition("path", Operator::IsSet, &[])).await, [2, 1]);
    assert_eq!(by(condition("path", Operator::IsNotSet, &[])).await, [3]);
    assert_eq!(by(condition("width", Operator::Greater, &["320"])).await, [1]);
    assert_eq!(by(condition("width", Operator::GreaterOrEqual, &["320"])).await, [2, 1]);
    assert_eq!(by(condition("width", Operator::LessOrEqual, &["320"])).await, [2]);
    assert_eq!(by(condition("width", Operator::Less, &["320"])).await, [0_u128; 0]);
    assert_eq!(by(condition("width", Operator::Less, &["1440"])).await, [2]);
    assert_eq!(by(condition("width", Operator::In, &["wide", "320"])).await, [3, 2]);
    assert_eq!(by(condition("width", Operator::NotIn, &["wide", "320"])).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_all_of_their_distinct_ids() {
    let events = TestEvents::start().await;
    let p = project(1);
    let of = |n: u128, id: &str| {
        let mut event = event(n);
        event.distinct_id = id.into();
        event
    };
    events.write(p, vec![of(1, "anon"), of(2, "user"), of(3, "other")]).await.unwrap();
    events.at_rest(p, 3).await;
    *events.identity.distinct_ids.lock().unwrap() = vec!["anon".into(), "user".into()];
    let person_id = Uuid::from_u128(9).to_string();
    let found =
        list(&events, EventFilter { person_id: person_id.clone(), ..Default::default() }).await;
    assert_eq!(found.iter().map(number).collect::<Vec<_>>(), [2, 1]);
    events.identity.distinct_ids.lock().unwrap().clear();
    assert!(list(&events, EventFilter { person_id, ..Default::default() }).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_name_every_wrong_field() {
    let events = TestEvents::start().await;
    let request = ListEventsRequest {
        filter: Some(EventFilter {
            person_id: "nobody".into(),
            properties: vec![condition("", Operator::Greater, &["wide"])],
            ..Default::default()
        }),
        page_size: -1,
        ..Default::default()
    };
    let status =
        events.events(project(1)).list_events(request).await.expect_err("all of it is wrong");
    let details = tonic_types::StatusExt::get_error_details(&status);
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect();
    assert_eq!(
        fields,
        [
            "filter.person_id",
            "filter.properties[0].property",
            "filter.properties[0].values",
            "page_size"
        ]
    );
    let request = ListEventsRequest { page_token: "bm9wZQ".into(), ..Default::default() };
    let status =
        events.events(project(1)).list_events(request).await.expect_err("no token of ours");
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_filters_and_values_are_no_fault_of_ours() {
    let events = TestEvents::start().await;
    let p = project(1);
    let mut huge = event(1);
    huge.properties_json = r#"{"n":"1e999"}"#.into();
    let mut small = event(2);
    small.properties_json = r#"{"n":"5"}"#.into();
    events.write(p, vec![huge, small]).await.unwrap();
    events.at_rest(p, 2).await;
    let by = |c: Condition| EventFilter { properties: vec![c], ..Default::default() };
    let found = list(&events, by(condition("n", Operator::Greater, &["4"]))).await;
    assert_eq!(found.iter().map(number).collect::<Vec<_>>(), [2, 1]);
    let wrong = [
        by(condition("n", Operator::Matches, &["(?P<x>a)"])),
        by(condition("n", Operator::Matches, &[r"wide\b"])),
        by(condition("n", Operator::Matches, &["a{300}"])),
        by(condition("n", Operator::Equals, &["\0"])),
        by(condition("\0", Operator::Equals, &["a"])),
        EventFilter { names: vec!["\0".into()], ..Default::default() },
        EventFilter { distinct_ids: vec!["\0".into()], ..Default::default() },
    ];
    for filter in wrong {
        let request = ListEventsRequest { filter: Some(filter.clone()), ..Default::default() };
        let status = events.events(p).list_events(request).await.expect_err("it cannot be used");
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{filter:?}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_events_stays_small_and_the_next_one_follows() {
    let events = TestEvents::start().await;
    let p = project(1);
    for n in 0..6 {
        let mut large = event(n);
        large.properties_json = format!(r#"{{"x":"{}"}}"#, "x".repeat(900_000));
        events.write(p, vec![large]).await.unwrap();
    }
    events.at_rest(p, 6).await;
    let mut request = ListEventsRequest { page_size: 100, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = events.events(p).list_events(request).await.unwrap().into_inner();
        assert!(page.events.len() <= 3, "a page has about 2 MiB");
        seen.extend(page.events.iter().map(number));
        if page.next_page_token.is_empty() {
            break;
        }
        request = ListEventsRequest {
            page_size: 100,
            page_token: page.next_page_token,
            ..Default::default()
        };
    }
    assert_eq!(seen, [5, 4, 3, 2, 1, 0]);
}
