use std::time::Instant;

use observe_core::{Clock as _, SystemClock};
use observe_events::spans::HOUR_MS;
use observe_proto::common::v1::TimeRange;
use observe_proto::events::v1::ReadSpanStatsRequest;
use observe_sketch::Sketch;

use crate::support::{TestEvents, project};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn measure() {
    let events = TestEvents::start().await;
    let pool = events.sql().await;
    let p = project(1);
    let sketch = |n: u64| {
        let mut s = Sketch::new();
        for i in 0..n {
            s.add(20_000 + (i * 7919) % 400_000);
        }
        s.encode()
    };
    let (minute, hour) = (sketch(60), sketch(3600));
    println!("sketch bytes: minute {} hour {}", minute.len(), hour.len());
    sqlx::query("insert into events.span_endpoint select $1, n, 'shop', 'GET', '/route/' || n from generate_series(1, 100) n")
        .bind(p.uuid()).execute(&pool).await.unwrap();
    for (level, step, bytes) in [(0_i16, "1 minute", &minute), (1, "1 hour", &hour)] {
        sqlx::query(
            "insert into events.span_cell (project_id, level, at, endpoint_id, class, count, errors, sketch)
             select $1, $2, at, n, c, 60, 0, $4 from generate_series(date_trunc('hour', now()) - interval '48 hours', now(), $3::interval) at,
             generate_series(0, 100) n, unnest(array[2::int2, 4::int2]) c",
        )
        .bind(p.uuid()).bind(level).bind(sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds: if step == "1 hour" { 3_600_000_000 } else { 60_000_000 } })
        .bind(bytes).execute(&pool).await.unwrap();
    }
    sqlx::query("vacuum analyze events.span_cell").execute(&pool).await.unwrap();
    let size: String = sqlx::query_scalar("select pg_size_pretty(pg_total_relation_size('events.span_cell')) || ' ' || (select count(*) from events.span_cell)").fetch_one(&pool).await.unwrap();
    println!("table: {size}");
    let now = SystemClock.now().timestamp_millis();
    let hour0 = now / HOUR_MS * HOUR_MS;
    let at = |ms: i64| prost_types::Timestamp { seconds: ms / 1000, nanos: 0 };
    let range = |a, b| Some(TimeRange { start_time: Some(at(a)), end_time: Some(at(b)) });
    let min = |n: i64| Some(prost_types::Duration { seconds: n * 60, nanos: 0 });
    for (name, request) in [
        (
            "24 h whole hours, one bucket",
            ReadSpanStatsRequest { range: range(hour0 - 24 * HOUR_MS, now), ..Default::default() },
        ),
        (
            "24 h exact minutes, one bucket",
            ReadSpanStatsRequest { range: range(now - 24 * HOUR_MS, now), ..Default::default() },
        ),
        (
            "24 h hours, counts",
            ReadSpanStatsRequest {
                range: range(hour0 - 24 * HOUR_MS, now),
                bucket: min(60),
                counts_only: true,
                ..Default::default()
            },
        ),
        (
            "65 minutes, counts",
            ReadSpanStatsRequest {
                range: range(now - 65 * 60_000, now),
                bucket: min(1),
                counts_only: true,
                ..Default::default()
            },
        ),
        (
            "last 5 minutes",
            ReadSpanStatsRequest { range: range(now - 5 * 60_000, now), ..Default::default() },
        ),
        (
            "together 24 h by 10 min",
            ReadSpanStatsRequest {
                range: range(now - 24 * HOUR_MS, now),
                bucket: min(10),
                together: true,
                ..Default::default()
            },
        ),
    ] {
        let mut best = f64::MAX;
        let mut all = vec![];
        let mut rows = 0;
        for _ in 0..15 {
            let request = ReadSpanStatsRequest { project_id: p.to_string(), ..request.clone() };
            let started = Instant::now();
            rows = events.spans().read_span_stats(request).await.unwrap().into_inner().stats.len();
            let ms = started.elapsed().as_secs_f64() * 1e3;
            best = best.min(ms);
            all.push(ms);
        }
        all.sort_by(f64::total_cmp);
        println!(
            "{name}: {rows} stats, best {best:.1} ms, median {:.1} ms, max {:.1}",
            all[7], all[14]
        );
    }
    // How fast spans are counted: 100 endpoints, as many as the reader takes.
    let mut sent = 0_i64;
    let started = Instant::now();
    for batch in 0..20_u128 {
        let spans = (0..5_000_u128)
            .map(|n| {
                let id = batch * 5_000 + n;
                observe_proto::events::v1::ServerSpan {
                    uuid: uuid::Uuid::from_u128(id + 1).as_bytes().to_vec(),
                    service: "shop".into(),
                    method: "GET".into(),
                    route: format!("/route/{}", id % 100 + 1),
                    status_code: 200,
                    start_ms: now - i64::try_from(id % 600).unwrap() * 100,
                    duration_us: 20_000 + i64::try_from(id * 7919 % 400_000).unwrap(),
                    distinct_id: format!("person {}", id % 2_000),
                    ..Default::default()
                }
            })
            .collect();
        events.write_spans(p, spans).await.unwrap();
        sent += 5_000;
    }
    println!("written {sent} in {:.1} s", started.elapsed().as_secs_f64());
    loop {
        let status = events
            .spans()
            .get_span_status(observe_proto::events::v1::GetSpanStatusRequest {
                project_id: p.to_string(),
            })
            .await
            .unwrap()
            .into_inner();
        if status.pending == 0 && status.accepted == sent {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    println!(
        "counted {sent} in {:.1} s: {:.0} spans/s",
        started.elapsed().as_secs_f64(),
        sent as f64 / started.elapsed().as_secs_f64()
    );
}
