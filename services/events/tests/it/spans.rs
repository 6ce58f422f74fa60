//! Spans: counted once, whatever comes twice, and told as they were.

use observe_core::{Clock as _, ProjectId, SystemClock};
use observe_events::entry::SpansEntry;
use observe_events::spans::{ALL, HOUR_MS, MINUTE_MS};
use observe_events::store::consume::ConsumeError;
use observe_events::store::span::consume::{CountError, SpanConsumer};
use observe_events::store::span::{keep, lane};
use observe_proto::common::v1::{KeyKind, TimeRange};
use observe_proto::events::v1::span_service_client::SpanServiceClient;
use observe_proto::events::v1::{
    AcceptedEvent, Endpoint, GetSpanStatusRequest, GetSpanStatusResponse, ListSpanProjectsRequest,
    ListSpansRequest, ReadSpanStatsRequest, ServerSpan, SpanStats,
};
use observe_testkit::eventually;
use tonic::Code;
use uuid::Uuid;

use crate::support::{DEADLINE, TestEvents, event, project};

fn now() -> i64 {
    SystemClock.now().timestamp_millis()
}

/// The start of the hour before this one.
fn last_hour() -> i64 {
    now().div_euclid(HOUR_MS) * HOUR_MS - HOUR_MS
}

fn span(n: u128, start_ms: i64, duration_ms: i64) -> ServerSpan {
    ServerSpan {
        uuid: Uuid::from_u128(n).as_bytes().to_vec(),
        service: "shop".into(),
        method: "GET".into(),
        route: "/cart".into(),
        status_code: 200,
        start_ms,
        duration_us: duration_ms * 1_000,
        ..ServerSpan::default()
    }
}

fn failed(n: u128, start_ms: i64, id: &str) -> ServerSpan {
    ServerSpan {
        status_code: 503,
        is_error: true,
        distinct_id: id.into(),
        error_message: "no answer".into(),
        ..span(n, start_ms, 100)
    }
}

fn range(start_ms: i64, end_ms: i64) -> Option<TimeRange> {
    let at = |ms: i64| prost_types::Timestamp { seconds: ms.div_euclid(1_000), nanos: 0 };
    Some(TimeRange { start_time: Some(at(start_ms)), end_time: Some(at(end_ms)) })
}

fn minutes(count: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds: count * 60, nanos: 0 })
}

fn cart() -> Endpoint {
    Endpoint { service: "shop".into(), method: "GET".into(), route: "/cart".into() }
}

async fn stats(events: &TestEvents, p: ProjectId, request: ReadSpanStatsRequest) -> Vec<SpanStats> {
    let request = ReadSpanStatsRequest { project_id: p.to_string(), ..request };
    events.spans().read_span_stats(request).await.unwrap().into_inner().stats
}

async fn status(events: &TestEvents, p: ProjectId) -> GetSpanStatusResponse {
    let request = GetSpanStatusRequest { project_id: p.to_string() };
    events.spans().get_span_status(request).await.unwrap().into_inner()
}

async fn at_rest(events: &TestEvents, p: ProjectId, accepted: i64) -> GetSpanStatusResponse {
    eventually(DEADLINE, "the span lane to come to rest", async || {
        let status = status(events, p).await;
        (status.pending == 0 && status.accepted == accepted).then_some(status)
    })
    .await
}

fn millis(duration: Option<&prost_types::Duration>) -> f64 {
    let duration = duration.expect("a percentile");
    duration.seconds as f64 * 1e3 + f64::from(duration.nanos) / 1e6
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_counted_once_and_adds_up() {
    let events = TestEvents::start().await;
    let (p, at) = (project(1), last_hour());
    let spans = |range: std::ops::Range<u128>| -> Vec<ServerSpan> {
        range.map(|n| span(n, at + i64::try_from(n).unwrap() * 1_000, 10)).collect()
    };
    events.write_spans(p, spans(0..1_000)).await.unwrap();
    events.write_spans(p, spans(500..1_000)).await.unwrap();
    events.write_spans(p, [spans(2_000..2_001), spans(2_000..2_001)].concat()).await.unwrap();
    events.write_spans(project(2), spans(0..1)).await.unwrap();
    let told = at_rest(&events, p, 1_502).await;
    assert_eq!((told.counted, told.duplicates), (1_001, 501));
    assert_eq!(at_rest(&events, project(2), 1).await.counted, 1);
    for bucket in [None, minutes(1), minutes(7), minutes(60)] {
        let request =
            ReadSpanStatsRequest { range: range(at, at + HOUR_MS), bucket, ..Default::default() };
        let count: i64 = stats(&events, p, request).await.iter().map(|stats| stats.count).sum();
        assert_eq!(count, 1_001, "{bucket:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn percentiles_are_within_one_percent_in_hours_and_minutes() {
    let events = TestEvents::start().await;
    let (p, at) = (project(1), last_hour());
    let spans = (1..=1_000_i64).map(|n| span(n.unsigned_abs().into(), at + n * 3_000, n));
    events.write_spans(p, spans.collect()).await.unwrap();
    at_rest(&events, p, 1_000).await;
    // The whole range as an hour, and as minutes by way of a range that no hour fits in.
    for range in [range(at, at + HOUR_MS), range(at, at + 51 * MINUTE_MS)] {
        for together in [false, true] {
            let request = ReadSpanStatsRequest { range, together, ..Default::default() };
            let [told] = stats(&events, p, request).await.try_into().expect("one endpoint");
            assert_eq!(told.endpoint, (!together).then(cart));
            assert_eq!((told.count, told.error_count), (1_000, 0));
            assert_eq!(told.status_classes, [0, 1_000, 0, 0, 0, 0]);
            for (told, exact) in [(&told.p50, 500.0), (&told.p95, 950.0), (&told.p99, 990.0)] {
                assert!((millis(told.as_ref()) - exact).abs() <= exact * 0.011, "{told:?} {exact}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_comes_back_counts_nothing() {
    let events = TestEvents::start().await;
    let p = project(1);
    let client = redis::Client::open(events.stores.queue_redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let stream = "observe:{spans}:stream";
    // A copy of every entry is taken while nothing can be counted; then they are put back, as a restored Redis would.
    events.stores.stop_postgres().await;
    events.write_spans(p, (0..50).map(|n| span(n, last_hour(), 1)).collect()).await.unwrap();
    let range: redis::streams::StreamRangeReply =
        redis::cmd("XRANGE").arg(stream).arg("-").arg("+").query_async(&mut redis).await.unwrap();
    assert!(!range.ids.is_empty());
    events.stores.start_postgres().await;
    at_rest(&events, p, 50).await;
    for entry in range.ids {
        let mut add = redis::cmd("XADD");
        add.arg(stream).arg("*");
        for (name, value) in entry.map {
            let redis::Value::BulkString(bytes) = value else {
                unreachable!("a stream holds strings")
            };
            add.arg(name).arg(bytes);
        }
        add.query_async::<String>(&mut redis).await.unwrap();
    }
    eventually(DEADLINE, "the copies to be deleted", async || {
        redis::cmd("XLEN").arg(stream).query_async::<u64>(&mut redis).await.unwrap() == 0
    })
    .await;
    let told = status(&events, p).await;
    assert_eq!((told.accepted, told.counted, told.duplicates), (50, 50, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_lost_its_lease_counts_nothing() {
    let events = TestEvents::start().await;
    events.life.stop();
    assert!(events.life.drained().await);
    let database = crate::store_rules::worker_pool(&events).await;
    let pool = database.worker();
    let lease_length = std::time::Duration::from_secs(10);
    let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let old_lease = lane::acquire(pool, old, lease_length).await.unwrap().expect("free");
    assert!(lane::acquire(pool, new, lease_length).await.unwrap().is_none(), "it is held");
    sqlx::query("update span_lane set lease_until = now() - interval '1 second'")
        .execute(pool)
        .await
        .unwrap();
    let new_lease = lane::acquire(pool, new, lease_length).await.unwrap().expect("run out");
    let batch = |entry: u128| {
        vec![SpansEntry {
            stream_id: "1-1".into(),
            entry_id: Uuid::from_u128(entry),
            spans: vec![(project(1), Uuid::from_u128(7), span(7, last_hour(), 5))],
            bytes: 1,
        }]
    };
    let mut zombie = SpanConsumer::new(pool.clone(), old_lease);
    let refused = zombie.consume(batch(1), now(), lease_length).await;
    assert!(matches!(refused, Err(CountError::Consume(ConsumeError::LeaseLost))), "{refused:?}");
    let mut owner = SpanConsumer::new(pool.clone(), new_lease);
    for entry in [1, 1, 2] {
        owner.consume(batch(entry), now(), lease_length).await.expect("the owner counts");
    }
    let (cells, taken, counted): (i64, i64, i64) = sqlx::query_as(
        "select (select sum(count)::int8 from span_cell where endpoint_id = $1 and level = 1), taken, counted
         from span_counter",
    )
    .bind(ALL)
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!((cells, taken, counted), (1, 2, 1), "an entry twice is nothing, a span twice one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_endpoints_have_names_and_the_rest_is_counted_together() {
    let events = TestEvents::start().await;
    let (p, at) = (project(1), last_hour());
    let bomb = (0..1_500_u128).map(|n| ServerSpan { route: format!("/{n}"), ..span(n, at, 5) });
    events.write_spans(p, bomb.collect()).await.unwrap();
    at_rest(&events, p, 1_500).await;
    let late = ServerSpan { route: "/late".into(), ..span(9_999, at, 5) };
    events.write_spans(p, vec![late]).await.unwrap();
    assert_eq!(at_rest(&events, p, 1_501).await.counted, 1_501);
    let request = ReadSpanStatsRequest { range: range(at, at + HOUR_MS), ..Default::default() };
    let told = stats(&events, p, request).await;
    assert_eq!(told.len(), 1_001);
    assert_eq!(told.iter().map(|stats| stats.count).sum::<i64>(), 1_501);
    let other = told
        .iter()
        .find(|stats| stats.endpoint.as_ref().is_some_and(|endpoint| endpoint.route == "(other)"));
    let other = other.expect("the rest");
    assert_eq!(other.count, 501);
    // It can be asked for by its name, like any other.
    let request = ReadSpanStatsRequest {
        range: range(at, at + HOUR_MS),
        endpoint: other.endpoint.clone(),
        ..Default::default()
    };
    assert_eq!(stats(&events, p, request).await[0].count, 501);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_event_is_an_event_and_a_span() {
    let events = TestEvents::start().await;
    let p = project(1);
    let request = |n: u128| AcceptedEvent {
        name: "$request".into(),
        properties_json:
            r#"{"service":"api","method":"get","path":"/users/7","status":200,"duration_ms":42}"#
                .into(),
        ..event(n)
    };
    events.write(p, vec![request(1), event(2), request(3)]).await.unwrap();
    events.write(p, vec![request(1)]).await.unwrap();
    let stored = events.at_rest(p, 4).await;
    assert_eq!((stored.stored, stored.duplicates), (3, 1), "they stay ordinary events");
    let told = at_rest(&events, p, 3).await;
    assert_eq!((told.counted, told.duplicates), (2, 1));
    let range = range(now() - HOUR_MS, now() + HOUR_MS);
    let told = stats(&events, p, ReadSpanStatsRequest { range, ..Default::default() }).await;
    let endpoint = told[0].endpoint.clone().unwrap();
    assert_eq!((endpoint.service.as_str(), endpoint.method.as_str()), ("api", "GET"));
    assert_eq!((endpoint.route.as_str(), told[0].count), ("/users/:id", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_by_bucket() {
    let events = TestEvents::start().await;
    let (p, at) = (project(1), last_hour());
    let served = |n, minute, id: &str| ServerSpan {
        distinct_id: id.into(),
        ..span(n, at + minute * MINUTE_MS, 5)
    };
    let spans = vec![
        served(1, 0, "ada"),
        served(2, 1, "bob"),
        failed(3, at + 31 * MINUTE_MS, "ada"),
        served(4, 59, ""),
    ];
    events.write_spans(p, spans).await.unwrap();
    at_rest(&events, p, 4).await;
    events.write_spans(p, vec![served(5, 59, "bob")]).await.unwrap();
    at_rest(&events, p, 5).await;
    let ask = |bucket, together| ReadSpanStatsRequest {
        range: range(at, at + HOUR_MS),
        bucket,
        with_people: true,
        together,
        ..Default::default()
    };
    for together in [false, true] {
        let told = stats(&events, p, ask(None, together)).await;
        assert_eq!(told[0].distinct_ids, ["ada", "bob"]);
        assert_eq!(told[0].failed_distinct_ids, ["ada"]);
        let halves = stats(&events, p, ask(minutes(30), together)).await;
        let ids: Vec<_> = halves.iter().map(|half| half.distinct_ids.join(" ")).collect();
        assert_eq!(ids, ["ada bob", "ada bob"]);
        assert_eq!(halves[0].failed_distinct_ids, Vec::<String>::new());
        assert_eq!(halves[1].failed_distinct_ids, ["ada"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_and_slow_spans_are_kept_within_bounds() {
    let events = TestEvents::start().await;
    let (p, at) = (project(1), last_hour() + MINUTE_MS);
    let quick = (0..100_i64).map(|n| span(n.unsigned_abs().into(), at + n, n));
    events.write_spans(p, quick.collect()).await.unwrap();
    at_rest(&events, p, 100).await;
    let broken = (1_000..1_100).map(|n| failed(n, at, "ada"));
    events.write_spans(p, broken.chain([span(500, at, 5_000)]).collect()).await.unwrap();
    at_rest(&events, p, 201).await;
    let list = |failed_only, limit| {
        let mut client = events.spans();
        async move {
            let request = ListSpansRequest {
                project_id: p.to_string(),
                endpoint: Some(cart()),
                range: range(at - HOUR_MS, at + HOUR_MS),
                failed_only,
                limit,
            };
            client.list_spans(request).await.unwrap().into_inner().spans
        }
    };
    let failures = list(true, 100).await;
    assert_eq!(failures.len(), 21, "so many of a minute, and the slowest of the others");
    assert_eq!(failures[0].error_message, "no answer");
    assert_eq!(failures[0].distinct_id, "ada");
    let slowest = list(false, 1).await;
    assert_eq!((slowest[0].duration_us, slowest[0].route.as_str()), (5_000_000, "/cart"));
    let all = list(false, 100).await;
    assert!(all.iter().all(|span| span.duration_us != 99_000), "it was the slowest, and is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_run_out_and_hours_keep_their_totals_and_percentiles() {
    let events = TestEvents::start().await;
    let (p, at) = (project(1), last_hour());
    let spans = (1..=500_i64).map(|n| span(n.unsigned_abs().into(), at + n * 6_000, n));
    events.write_spans(p, spans.chain([failed(9_000, at, "ada")]).collect()).await.unwrap();
    at_rest(&events, p, 501).await;
    let ask = || ReadSpanStatsRequest { range: range(at, at + HOUR_MS), ..Default::default() };
    let before = stats(&events, p, ask()).await;
    let database = crate::store_rules::worker_pool(&events).await;
    let count = async |what: &'static str| -> i64 {
        sqlx::query_scalar(what).fetch_one(database.worker()).await.unwrap()
    };
    let later = |hours| SystemClock.now() + chrono::TimeDelta::hours(hours);
    keep::expire(database.worker(), SystemClock.now()).await.unwrap();
    assert_eq!(stats(&events, p, ask()).await, before, "nothing is old yet");
    assert!(count("select count(*) from span_cell where level = 0").await > 0);
    while keep::expire(database.worker(), later(24 * 3 + 2)).await.unwrap() > 0 {}
    assert_eq!(count("select count(*) from span_cell where level = 0").await, 0);
    assert_eq!(count("select count(*) from span_kept").await, 1, "the failed one");
    assert_eq!(stats(&events, p, ask()).await, before);
    while keep::expire(database.worker(), later(24 * 92)).await.unwrap() > 0 {}
    assert_eq!(count("select count(*) from span_cell").await, 0);
    assert_eq!(count("select count(*) from span_person").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_outlive_their_stores() {
    let events = TestEvents::start().await;
    let p = project(1);
    events.write_spans(p, vec![span(0, last_hour(), 5)]).await.unwrap();
    at_rest(&events, p, 1).await;
    events.stores.kill_postgres().await;
    for n in 1..100 {
        events
            .write_spans(p, vec![span(n, last_hour(), 5)])
            .await
            .expect("only the queue is needed");
    }
    events.stores.kill_queue().await;
    let refused = events.write_spans(p, vec![span(500, last_hour(), 5)]).await;
    assert_eq!(refused.expect_err("nothing without a queue").code(), Code::Unavailable);
    events.stores.start_queue().await;
    events.stores.start_postgres().await;
    eventually(DEADLINE, "the queue to come back", async || {
        events.write_spans(p, vec![span(500, last_hour(), 5)]).await.is_ok()
    })
    .await;
    let told = eventually(DEADLINE, "the span lane to come to rest", async || {
        let status = status(&events, p).await;
        (status.pending == 0 && status.counted >= 101).then_some(status)
    })
    .await;
    assert_eq!(told.counted, 101);
    assert_eq!(told.accepted, told.counted + told.duplicates);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_sees_its_own_and_keys_see_nothing() {
    let events = TestEvents::start().await;
    let at = last_hour();
    events.write_spans(project(1), vec![failed(1, at, "ada")]).await.unwrap();
    at_rest(&events, project(1), 1).await;
    let ask = || ReadSpanStatsRequest {
        project_id: project(2).to_string(),
        range: range(at, at + HOUR_MS),
        with_people: true,
        ..Default::default()
    };
    assert_eq!(stats(&events, project(2), ask()).await, []);
    assert_eq!(status(&events, project(2)).await, GetSpanStatusResponse::default());
    let mut key = SpanServiceClient::new(events.as_key(project(2), KeyKind::Secret));
    let refused = key.read_span_stats(ask()).await.expect_err("not a service");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let since = |ms: i64| ListSpanProjectsRequest {
        since_time: Some(prost_types::Timestamp { seconds: ms / 1_000, nanos: 0 }),
    };
    let mut client = events.spans();
    let found = client.list_span_projects(since(at)).await.unwrap().into_inner().project_ids;
    assert_eq!(found, [project(1).to_string()]);
    let found = client.list_span_projects(since(now())).await.unwrap().into_inner().project_ids;
    assert!(found.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_make_no_sense_are_refused_with_all_that_is_wrong() {
    let events = TestEvents::start().await;
    let p = project(1).to_string();
    let at = last_hour();
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    for (range, bucket) in [
        (None, None),
        (range(at, at), None),
        (range(at, at + 100 * 24 * HOUR_MS), None),
        (range(at, at + HOUR_MS), seconds(90)),
        (range(at, at + HOUR_MS), seconds(-60)),
        (range(at, at + 48 * HOUR_MS), seconds(60)),
    ] {
        let request =
            ReadSpanStatsRequest { project_id: p.clone(), range, bucket, ..Default::default() };
        let refused = events.spans().read_span_stats(request).await.expect_err("no sense");
        assert_eq!(refused.code(), Code::InvalidArgument, "{range:?} {bucket:?}");
    }
    let request = ReadSpanStatsRequest { project_id: "x".into(), ..Default::default() };
    let refused = events.spans().read_span_stats(request).await.expect_err("no project");
    assert_eq!(refused.code(), Code::InvalidArgument);
}
