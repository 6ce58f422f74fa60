//! What is older than its project keeps is in no answer.

use observe_core::{Clock as _, ProjectId, SystemClock};
use observe_proto::common::v1::TimeRange;
use observe_proto::identity::v1::RetentionSettings;
use observe_proto::reports::v1 as pb;
use uuid::Uuid;

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, Fixture, project, signed, start};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Counts the events of a name over the last ten days.
async fn count(fixture: &Fixture, name: &str, project: ProjectId) -> Option<f64> {
    let now = SystemClock.now().timestamp();
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let request = pb::QueryTrendsRequest {
        range: Some(TimeRange { start_time: at(now - 10 * 86_400), end_time: at(now + 86_400) }),
        series: vec![pb::TrendsSeries { event: name.into(), ..pb::TrendsSeries::default() }],
        ..pb::QueryTrendsRequest::default()
    };
    let answer = fixture.client.clone().query_trends(signed(request, project)).await.ok()?;
    Some(answer.into_inner().series[0].total)
}

#[tokio::test]
async fn answers_know_nothing_that_is_older_than_is_kept() {
    let upstream = StandIn::new(1);
    let other = ProjectId::new(Uuid::from_u128(78));
    let now_ms = SystemClock.now().timestamp_millis();
    let days = |who, name| -> Vec<_> {
        (0..8).map(|days| event(who, name, now_ms - days * DAY_MS)).collect()
    };
    upstream.retain(other, RetentionSettings { event_days: 0, exception_days: 2 });
    upstream.retain(project(), RetentionSettings { event_days: 5, exception_days: 2 });
    upstream.append_emptied(0, project(), 3);
    for of in [project(), other] {
        upstream.append(0, of, days("ada", "view"));
        upstream.append(0, of, days("ada", "$exception"));
    }
    let fixture = start(&upstream).await;
    let loaded = async {
        while count(&fixture, "view", project()).await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, loaded).await.expect("it loads");
    // Today and whole days before it.
    assert_eq!(count(&fixture, "view", project()).await, Some(6.0));
    assert_eq!(count(&fixture, "$exception", project()).await, Some(3.0));
    assert_eq!(count(&fixture, "view", other).await, Some(8.0));
    assert_eq!(count(&fixture, "$exception", other).await, Some(3.0));
}
