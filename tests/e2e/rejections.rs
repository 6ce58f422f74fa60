//! What the edge refuses, a developer can look up: from a request to the answer of the public RPCs, through real processes.

use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{
    GetPipelineStatusRequest, ListRejectedEventsRequest, RejectedEvent,
};
use observe_testkit::eventually;

use crate::cluster::{Cluster, DEADLINE, SECRET_KEY};

/// How often what was refused, by code.
type Counts = Vec<(String, i64)>;

async fn rejections(cluster: &Cluster) -> Option<(Counts, Vec<RejectedEvent>)> {
    let mut pipeline = PipelineServiceClient::new(cluster.client(SECRET_KEY));
    let status = pipeline.get_pipeline_status(GetPipelineStatusRequest::default()).await.ok()?;
    let listed = pipeline.list_rejected_events(ListRejectedEventsRequest::default()).await.ok()?;
    let counts = status.into_inner().rejections;
    let counts = counts.into_iter().map(|count| (count.code, count.count)).collect();
    Some((counts, listed.into_inner().rejected_events))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_can_be_looked_up_also_after_the_gateway_was_stopped() {
    let mut cluster = Cluster::start().await;
    let http = reqwest::Client::new();
    let post = async |cluster: &Cluster, body: &str| {
        cluster.post(&http, body.to_owned()).await.unwrap().status().as_u16()
    };
    let events = r#"[{"name":"n","user_id":"u"},{"event":"lost"},{"event":"lost"}]"#;
    assert_eq!(post(&cluster, events).await, 202);
    assert_eq!(post(&cluster, "nope").await, 400);
    let expected = [("missing_distinct_id".to_owned(), 2), ("not_json".to_owned(), 1)];
    let listed = eventually(DEADLINE, "the first report", async || {
        let (counts, listed) = rejections(&cluster).await?;
        (counts == expected).then_some(listed)
    })
    .await;
    let shown: Vec<_> =
        listed.iter().map(|event| (event.code.as_str(), event.name.as_str())).collect();
    assert!(shown.contains(&("missing_distinct_id", "lost")), "{listed:?}");
    assert!(listed.iter().any(|event| event.excerpt == "nope"), "{listed:?}");
    // What a gateway had not told when it was asked to stop, it tells before it ends.
    assert_eq!(post(&cluster, "{").await, 400);
    assert!(cluster.gateway.terminate(DEADLINE).await.success());
    cluster.kill_and_restart_gateway().await;
    eventually(DEADLINE, "the last report", async || {
        let (counts, _) = rejections(&cluster).await?;
        counts.contains(&("not_json".to_owned(), 2)).then_some(())
    })
    .await;
}
