use std::time::{Duration, Instant};

use observe_core::{Clock as _, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::check::Outcome;
use observe_proto::monitor::v1::monitor::State;
use observe_testkit::eventually;
use prost_types::Timestamp;

use crate::support::{DEADLINE, TestMonitor, http, seconds, violations};
use crate::targets::WebServer;

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// A check that took so many milliseconds, or failed.
fn past(second: i64, millis: Option<i64>) -> pb::Check {
    let outcome = if millis.is_some() { Outcome::Up } else { Outcome::Down };
    let total = millis.map(|millis| prost_types::Duration {
        seconds: millis / 1_000,
        nanos: i32::try_from(millis % 1_000 * 1_000_000).unwrap(),
    });
    pb::Check { slot_time: at(second), outcome: outcome.into(), total, ..Default::default() }
}

async fn import(
    service: &TestMonitor,
    monitor: &str,
    checks: Vec<pb::Check>,
) -> Result<(i32, i32), tonic::Status> {
    let request =
        pb::ImportChecksRequest { monitor_id: monitor.to_owned(), checks, ..Default::default() };
    let answer = service.monitors().import_checks(request).await?.into_inner();
    Ok((answer.imported, answer.existing))
}

async fn uptime(
    service: &TestMonitor,
    monitor: &str,
    range: Option<TimeRange>,
) -> pb::GetUptimeResponse {
    let request =
        pb::GetUptimeRequest { monitor_id: monitor.to_owned(), range, ..Default::default() };
    service.monitors().get_uptime(request).await.unwrap().into_inner()
}

/// A monitor that does not check by itself while the test looks.
async fn quiet(service: &TestMonitor) -> String {
    let shop = WebServer::start().await;
    let monitor = pb::Monitor { interval: seconds(86_400), ..http(&shop.url()) };
    let made = service.create(monitor).await.unwrap();
    service.is(&made.id, State::Up).await;
    let request = pb::PauseMonitorRequest { monitor_id: made.id.clone(), ..Default::default() };
    service.monitors().pause_monitor(request).await.unwrap();
    made.id
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_checks_are_history_once_and_open_nothing() {
    let service = TestMonitor::start().await;
    let monitor = quiet(&service).await;
    let now = SystemClock.now().timestamp();
    // Three days ago, a check a minute for an hour: 45 good ones of 100-144 ms, 15 bad ones.
    let hour = now / 3_600 * 3_600 - 72 * 3_600;
    let checks: Vec<_> = (0..60)
        .map(|minute| past(hour + minute * 60, (minute < 45).then_some(100 + minute)))
        .collect();
    assert_eq!(import(&service, &monitor, checks.clone()).await.unwrap(), (60, 0));
    assert_eq!(import(&service, &monitor, checks).await.unwrap(), (0, 60));
    let range = Some(TimeRange { start_time: at(hour), end_time: at(hour + 3_600) });
    let found = eventually(DEADLINE, "the percentiles", async || {
        let found = uptime(&service, &monitor, range).await;
        found.buckets[0].p50.is_some().then_some(found)
    })
    .await;
    assert_eq!(found.buckets.len(), 1);
    let bucket = found.buckets[0];
    assert_eq!((bucket.up, bucket.down, bucket.missed), (45, 15, 0));
    let millis = |duration: Option<prost_types::Duration>| duration.unwrap().nanos / 1_000_000;
    assert!((120..=124).contains(&millis(bucket.p50)), "{bucket:?}");
    assert!((142..=146).contains(&millis(bucket.p99)), "{bucket:?}");
    let total = found.total.unwrap();
    assert_eq!(total.up, 45);
    assert!((120..=124).contains(&millis(total.p50)), "{total:?}");
    // The 24 h hold one check of the monitor's own; the week holds the hour, too.
    let ratios: Vec<_> = found.uptimes.iter().map(|uptime| uptime.ratio.unwrap()).collect();
    assert_eq!(ratios[0], 1.0);
    for ratio in &ratios[1..] {
        assert!((ratio - 46.0 / 61.0).abs() < 1e-9, "{ratios:?}");
    }
    assert!(service.all_incidents().await.is_empty());
    assert_eq!(service.get(&monitor).await.state(), State::Paused);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_of_an_import_is_told() {
    let service = TestMonitor::start().await;
    let monitor = quiet(&service).await;
    let now = SystemClock.now().timestamp();
    let future = past(now + 3_600, Some(1));
    let ancient = past(now - 401 * 86_400, Some(1));
    let nothing = pb::Check { slot_time: at(now - 60), ..Default::default() };
    let found = violations(import(&service, &monitor, vec![future, ancient, nothing]).await);
    assert_eq!(found, ["checks[0].slot_time", "checks[1].slot_time", "checks[2].outcome"]);
    assert_eq!(violations(import(&service, &monitor, vec![]).await), ["checks"]);
    let many = vec![past(now - 60, Some(1)); 10_001];
    assert_eq!(violations(import(&service, &monitor, many).await), ["checks"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_are_listed_page_by_page_newest_first() {
    let service = TestMonitor::start().await;
    let monitor = quiet(&service).await;
    let now = SystemClock.now().timestamp();
    let checks: Vec<_> =
        (0..25).map(|n| past(now - 3_600 - n * 60, (n % 5 != 0).then_some(5))).collect();
    import(&service, &monitor, checks).await.unwrap();
    let mut request = pb::ListChecksRequest {
        monitor_id: monitor.clone(),
        page_size: 10,
        range: Some(TimeRange { start_time: at(now - 7_200), end_time: at(now - 3_500) }),
        ..Default::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = service.monitors().list_checks(request.clone()).await.unwrap().into_inner();
        seen.extend(page.checks.iter().map(|check| check.slot_time.unwrap().seconds));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let expected: Vec<_> = (0..25).map(|n| now - 3_600 - n * 60).collect();
    assert_eq!(seen, expected);
    let failed = pb::ListChecksRequest {
        monitor_id: monitor.clone(),
        failed_only: true,
        ..Default::default()
    };
    let failed = service.monitors().list_checks(failed).await.unwrap().into_inner().checks;
    assert_eq!(failed.len(), 5);
    assert!(failed.iter().all(|check| check.outcome() == Outcome::Down));
    let foreign = pb::ListChecksRequest { failed_only: true, page_token: "x".into(), ..request };
    assert_eq!(violations(service.monitors().list_checks(foreign).await), ["page_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_monitors_with_ninety_days_are_listed_fast() {
    let service = TestMonitor::start().await;
    let sql = service.sql().await;
    for statement in [
        "insert into monitor.monitor (id, project_id, name, kind, interval_s, timeout_ms, retries, retry_interval_ms, grace_s,
                                      target, sealed, host, created_at)
         select gen_random_uuid(), $1, 'Monitor ' || n, 'http', 60, 10000, 0, 60000, 0, '', '', 'example.com', now()
         from generate_series(1, 200) n",
        "insert into monitor.monitor_state (monitor_id, project_id, heartbeat, state, state_since, next_at)
         select id, $1, false, 1, now(), 'infinity' from monitor.monitor where project_id = $1",
        "insert into monitor.check_bucket (monitor_id, width, start_at, project_id, up, down, missed, p50_us, p95_us, p99_us, stale)
         select m.id, 2, date_trunc('day', now()) - d * interval '1 day', $1, 1440, d % 2, 0, 1000, 2000, 3000, false
         from monitor.monitor m, generate_series(0, 89) d where m.project_id = $1",
        "insert into monitor.check_bucket (monitor_id, width, start_at, project_id, up, down, missed, p50_us, p95_us, p99_us, stale)
         select m.id, 1, date_trunc('hour', now()) - h * interval '1 hour', $1, 60, 0, 0, 1000, 2000, 3000, false
         from monitor.monitor m, generate_series(0, 2159) h where m.project_id = $1",
        "insert into monitor.check_slot (monitor_id, slot, project_id, outcome, due_at, total_us)
         select m.id, date_trunc('minute', now()) - c * interval '1 minute', $1, 1, now(), 1000
         from monitor.monitor m, generate_series(0, 99) c where m.project_id = $1",
    ] {
        sqlx::query(statement).bind(service.project.uuid()).execute(&sql).await.unwrap();
    }
    sqlx::query("analyze").execute(&sql).await.unwrap();
    let list = async || {
        let began = Instant::now();
        let answer = service.monitors().list_monitors(pb::ListMonitorsRequest::default()).await;
        (answer.unwrap().into_inner().monitors, began.elapsed())
    };
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let (monitors, time) = list().await;
        assert_eq!(monitors.len(), 200);
        assert!(
            monitors.iter().all(|monitor| monitor.days.len() == 90 && monitor.hours.len() == 24)
        );
        assert!(monitors.iter().all(|monitor| monitor.uptime_24h == Some(1.0)));
        fastest = fastest.min(time);
    }
    println!("ListMonitors of 200 monitors: {fastest:?}");
}
