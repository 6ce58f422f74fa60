//! Whether we live, and whether we are of use.

use serde_json::json;

use crate::support::{Stage, answer, eventually};

async fn readyz(stage: &Stage) -> (u16, serde_json::Value) {
    answer(stage.http.get(format!("{}/readyz", stage.url))).await
}

#[tokio::test]
async fn ready_means_that_every_service_has_served() {
    let stage = Stage::start().await;
    eventually("readiness", async || readyz(&stage).await.0 == 200).await;
    let (_, body) = readyz(&stage).await;
    assert_eq!(
        body["upstreams"],
        json!({"identity": "serving", "events": "serving", "monitor": "serving", "reports": "serving"})
    );
    stage.stop_identity().await;
    let is_away = async || readyz(&stage).await.1["upstreams"]["identity"] == "away";
    eventually("the absence of identity", is_away).await;
    assert_eq!(readyz(&stage).await.0, 200, "capture goes on without identity");
}

#[tokio::test]
async fn the_edge_is_not_ready_while_events_can_take_nothing_in() {
    let stage = Stage::start_with(false).await;
    let (status, body) = readyz(&stage).await;
    assert_eq!((status, body["ingest"].as_str()), (503, Some("away")));
    let (status, body) = answer(stage.http.get(format!("{}/healthz", stage.url))).await;
    assert_eq!((status, body.as_str()), (200, Some("ok\n")), "it lives all the same");
}
