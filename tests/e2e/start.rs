//! `observe up`: everything in one process with private stores; what keeps it from starting is said in a sentence.

use std::path::Path;
use std::time::Duration;

use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{GetPipelineStatusRequest, GetPipelineStatusResponse};
use observe_testkit::{TestCommand, TestDir, TestProcess, eventually, free_port};
use serde_json::{Value, json};

use crate::cluster::{BINARY, DEADLINE, client};

struct Up {
    process: TestProcess,
    base: String,
}

fn command(dir: &TestDir, port: u16) -> TestCommand {
    TestCommand::new("up", BINARY)
        .arg("up")
        .env("OBSERVE_LISTEN", format!("127.0.0.1:{port}"))
        .env("OBSERVE_DATA_DIR", dir.path().join("data"))
}

async fn start(dir: &TestDir) -> Up {
    let port = free_port();
    let mut process = command(dir, port).start(dir);
    let base = format!("http://127.0.0.1:{port}");
    process.ready(&format!("{base}/readyz"), DEADLINE).await;
    Up { process, base }
}

fn credentials(dir: &TestDir) -> Value {
    serde_json::from_slice(&std::fs::read(dir.path().join("data/credentials.json")).unwrap())
        .unwrap()
}

fn text<'a>(credentials: &'a Value, name: &str) -> &'a str {
    credentials[name].as_str().unwrap_or_else(|| unreachable!("{name} is in credentials.json"))
}

async fn capture(base: &str, credentials: &Value, name: &str) {
    let post = reqwest::Client::new().post(format!("{base}/v1/events"));
    let event = json!({"name": name, "anonymous_id": "a"});
    let answer =
        post.bearer_auth(text(credentials, "write_key")).json(&event).send().await.unwrap();
    assert_eq!(answer.status(), 202);
}

async fn stored(base: &str, credentials: &Value, wanted: i64) -> GetPipelineStatusResponse {
    let mut pipeline = PipelineServiceClient::new(client(base, text(credentials, "secret_key")));
    eventually(DEADLINE, "the events to be stored", async || {
        let status = pipeline
            .get_pipeline_status(GetPipelineStatusRequest::default())
            .await
            .ok()?
            .into_inner();
        (status.stored == wanted && status.pending == 0).then_some(status)
    })
    .await
}

/// Makes the first account by the link that `up` printed; returns whether that went well.
async fn signs_up(up: &Up) -> bool {
    let log = up.process.log();
    let Some(link) = log.lines().rev().find_map(|line| line.split_once("/setup?token=")) else {
        return false;
    };
    let post = reqwest::Client::new()
        .post(format!("{}/observe.identity.v1.AccountService/SignUp", up.base));
    let body = json!({"setupToken": link.1.trim(), "email": "me@example.com", "password": "a long password", "name": "Me"});
    post.json(&body).send().await.unwrap().status() == 200
}

async fn signs_in(base: &str) -> bool {
    let post =
        reqwest::Client::new().post(format!("{base}/observe.identity.v1.AccountService/SignIn"));
    let body = json!({"email": "me@example.com", "password": "a long password"});
    post.json(&body).send().await.unwrap().status() == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_and_start_again_finds_everything() {
    let dir = TestDir::new();
    let mut first = start(&dir).await;
    let kept = credentials(&dir);
    assert_eq!(mode(&dir.path().join("data/credentials.json")), 0o600);
    assert_eq!(mode(&dir.path().join("data/secret")), 0o600);
    capture(&first.base, &kept, "before").await;
    assert!(signs_up(&first).await, "{}", first.process.log_tail());
    assert!(!signs_up(&first).await, "the link works once");
    first.process.kill();

    let mut second = start(&dir).await;
    assert_eq!(credentials(&dir), kept, "the keys are made once");
    capture(&second.base, &kept, "after").await;
    let status = stored(&second.base, &kept, 2).await;
    assert_eq!((status.accepted, status.duplicates), (2, 0));
    assert!(signs_in(&second.base).await);
    let ended = second.process.terminate(DEADLINE).await;
    assert!(ended.success(), "{ended}: {}", second.process.log_tail());
    let log = second.process.log();
    for name in ["write_key", "secret_key"] {
        assert!(!log.contains(text(&kept, name)), "the log holds the {name}");
    }

    let mut third = start(&dir).await;
    stored(&third.base, &kept, 2).await;
    third.process.terminate(DEADLINE).await;
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Starts a command that must not start, and returns what it says.
async fn refusal(command: &TestCommand, dir: &TestDir) -> String {
    let mut process = command.start(dir);
    let ended = process.exit(Duration::from_secs(30)).await;
    assert_eq!(ended.code(), Some(78), "{}", process.log_tail());
    process.log()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named() {
    let dir = TestDir::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = refusal(&command(&dir, port), &dir).await;
    assert!(said.contains(&port.to_string()) && said.contains("OBSERVE_LISTEN"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_setting_is_named_at_once() {
    let dir = TestDir::new();
    let wrong = command(&dir, free_port())
        .env("OBSERVE_SECRET", "change-me-to-something-long")
        .env("OBSERVE_LISTN", "x")
        .env("OBSERVE_BOOTSTRAP_WRITE_KEY", "not a key");
    let said = refusal(&wrong, &dir).await;
    for name in ["OBSERVE_SECRET", "OBSERVE_LISTN", "OBSERVE_BOOTSTRAP_WRITE_KEY"] {
        assert!(said.contains(name), "{name} is missing in {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_of_a_newer_version_is_refused() {
    let dir = TestDir::new();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("VERSION"), "999\n").unwrap();
    let said = refusal(&command(&dir, free_port()), &dir).await;
    assert!(said.contains("newer"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_postgres_is_named() {
    let dir = TestDir::new();
    let elsewhere = command(&dir, free_port())
        .env("OBSERVE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/observe");
    let said = refusal(&elsewhere, &dir).await;
    assert!(said.contains("does not answer"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_would_lose_events_is_refused() {
    let dir = TestDir::new();
    let stores = observe_testkit::TestStores::start().await;
    let wrong = command(&dir, free_port()).env("OBSERVE_QUEUE_REDIS_URL", &stores.cache_redis_url);
    let said = refusal(&wrong, &dir).await;
    assert!(said.contains("appendfsync") && said.contains("noeviction"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_of_ones_own_are_used() {
    let dir = TestDir::new();
    let stores = observe_testkit::TestStores::start().await;
    let port = free_port();
    let mut process = command(&dir, port)
        .env("OBSERVE_DATABASE_URL", &stores.database_url)
        .env("OBSERVE_QUEUE_REDIS_URL", &stores.queue_redis_url)
        .env("OBSERVE_CACHE_REDIS_URL", &stores.cache_redis_url)
        .start(&dir);
    let base = format!("http://127.0.0.1:{port}");
    process.ready(&format!("{base}/readyz"), DEADLINE).await;
    let kept = credentials(&dir);
    capture(&base, &kept, "own").await;
    stored(&base, &kept, 1).await;
    assert!(process.terminate(DEADLINE).await.success());
    assert!(!dir.path().join("data/postgres").exists(), "no private store was made");
}
