//! PostgreSQL goes away under capture and comes back: capture never fails, nothing is lost.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;
use uuid::Uuid;

use crate::cluster::Cluster;

/// How long PostgreSQL is away, and for how long before and after events come in.
const OUTAGE: Duration = Duration::from_secs(5);
const AROUND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn capture_never_fails_and_nothing_is_lost() {
    let cluster = Cluster::start().await;
    let http = reqwest::Client::new();
    let mut sent = BTreeSet::new();
    for (time, stopped) in [(AROUND, false), (OUTAGE, true), (AROUND, false)] {
        if stopped {
            cluster.stores.kill_postgres().await;
        }
        let until = Instant::now() + time;
        while Instant::now() < until {
            let uuid = Uuid::from_u128(sent.len() as u128 + 1);
            let event = json!({"uuid": uuid, "name": "tick", "distinct_id": "u"});
            let answer = cluster.post(&http, event.to_string()).await;
            let status = answer.map(|answer| answer.status().as_u16());
            assert_eq!(status, Some(202), "PostgreSQL stopped: {stopped}");
            sent.insert(uuid);
        }
        if stopped {
            cluster.stores.start_postgres().await;
        }
    }
    let status = cluster.at_rest(i64::try_from(sent.len()).unwrap()).await;
    let stored: Vec<Uuid> = sqlx::query_scalar("select uuid from events.event")
        .fetch_all(&cluster.sql().await)
        .await
        .unwrap();
    assert_eq!(stored.len(), sent.len(), "nothing is doubled");
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), sent, "nothing is lost");
    assert_eq!((status.duplicates, status.dead_lettered), (0, 0));
}
