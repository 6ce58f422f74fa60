//! `observe health` and the names of the health protocol: what containers and probes go by.

use observe_testkit::{TestCommand, TestStores, eventually, free_port};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::cluster::{BINARY, Cluster, DEADLINE};

/// Runs `observe health` against a port; returns the exit code.
async fn health(stores: &TestStores, port: u16) -> i32 {
    let command = TestCommand::new("health", BINARY).arg("health");
    let command = command.env("OBSERVE_LISTEN", format!("0.0.0.0:{port}"));
    command.start(stores.dir()).exit(DEADLINE).await.code().unwrap()
}

async fn status(base: &str, service: &str) -> Option<ServingStatus> {
    let channel = Endpoint::from_shared(base.to_owned()).unwrap().connect().await.ok()?;
    let ask = HealthCheckRequest { service: service.to_owned() };
    Some(HealthClient::new(channel).check(ask).await.ok()?.into_inner().status())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_command_tells_of_every_role_and_of_nobody() {
    let cluster = Cluster::start().await;
    for base in cluster.bases() {
        let port = base.rsplit(':').next().unwrap().parse().unwrap();
        eventually(DEADLINE, "the role to be healthy", async || {
            (health(&cluster.stores, port).await == 0).then_some(())
        })
        .await;
    }
    assert_eq!(health(&cluster.stores, free_port()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_its_store_is_alive_and_not_ready() {
    let stores = TestStores::start().await;
    let port = free_port();
    let command = TestCommand::new("identity", BINARY)
        .arg("identity")
        .env("OBSERVE_LISTEN", format!("127.0.0.1:{port}"))
        .env("OBSERVE_SECRET", "0123456789abcdef0123456789abcdef")
        .env("OBSERVE_DATABASE_URL", format!("postgres://nobody@127.0.0.1:{}/none", free_port()));
    let _process = command.start(stores.dir());
    let base = format!("http://127.0.0.1:{port}");
    let live = async || status(&base, "observe.live").await;
    let live = eventually(DEADLINE, "the process to answer", live).await;
    assert_eq!(live, ServingStatus::Serving);
    assert_eq!(status(&base, "").await, Some(ServingStatus::NotServing));
    assert_eq!(health(&stores, port).await, 1);
}
