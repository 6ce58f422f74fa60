//! The private stores of `observe up`: what they survive, and what they refuse.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use observe_core::Secret;
use observe_runtime::private_stores::{PrivateStores, Store, Wanted};
use observe_runtime::redis::QueueRedis;
use observe_testkit::{TestCommand, TestDir, TestProcess, eventually};
use sqlx::{Connection as _, Executor as _, PgConnection};

/// How long anything here may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);
/// Where the helper process finds its data folder.
const DATA_DIR: &str = "OBSERVE_TEST_DATA_DIR";

/// Not a test: the process that other tests start, and kill, as they would `observe up`.
#[tokio::test]
#[ignore = "started by other tests"]
async fn holder() {
    let Some(data_dir) = std::env::var_os(DATA_DIR).map(PathBuf::from) else { return };
    let stores = PrivateStores::start(&data_dir, Wanted::ALL).await.expect("stores start");
    fs::write(data_dir.join("ready"), "").expect("the folder can be written");
    stores.supervise().await;
}

/// Starts stores in a process of their own and returns when they answer.
async fn start_holder(dir: &TestDir, data_dir: &Path) -> TestProcess {
    let ready = data_dir.join("ready");
    let _ = fs::remove_file(&ready);
    let this = std::env::current_exe().expect("a running program has a path");
    let command = TestCommand::new("holder", this).env(DATA_DIR, data_dir);
    let process = ["--exact", "holder", "--ignored", "--nocapture"]
        .iter()
        .fold(command, TestCommand::arg)
        .start(dir);
    eventually(DEADLINE, "the stores of the holder", || async { ready.exists() }).await;
    process
}

async fn start(data_dir: &Path) -> PrivateStores {
    PrivateStores::start(data_dir, Wanted::ALL).await.expect("stores start")
}

async fn refusal(data_dir: &Path, want: Wanted) -> String {
    let refused = PrivateStores::start(data_dir, want).await.err();
    refused.expect("the start is refused").to_string()
}

async fn queue(stores: &PrivateStores) -> redis::aio::MultiplexedConnection {
    let client =
        redis::Client::open(stores.queue_redis_url().expect("private")).expect("a good URL");
    client.get_multiplexed_async_connection().await.expect("the queue answers")
}

async fn database(stores: &PrivateStores) -> PgConnection {
    PgConnection::connect(stores.database_url().expect("private"))
        .await
        .expect("the database answers")
}

async fn write_something(stores: &PrivateStores) {
    let mut database = database(stores).await;
    database
        .execute("create table kept (value int); insert into kept values (7)")
        .await
        .expect("written");
    let mut queue = queue(stores).await;
    redis::cmd("SET").arg("kept").arg(7).query_async::<()>(&mut queue).await.expect("written");
}

async fn check_that_it_is_there(stores: &PrivateStores) {
    let kept: i32 = sqlx::query_scalar("select value from kept")
        .fetch_one(&mut database(stores).await)
        .await
        .expect("the database kept it");
    assert_eq!(kept, 7);
    let kept: i32 = redis::cmd("GET")
        .arg("kept")
        .query_async(&mut queue(stores).await)
        .await
        .expect("the queue kept it");
    assert_eq!(kept, 7);
}

fn pid(data_dir: &Path, store: &str) -> String {
    fs::read_to_string(data_dir.join(format!("{store}.pid")))
        .expect("the store has a file")
        .trim()
        .to_owned()
}

fn pids(data_dir: &Path) -> [String; 3] {
    ["postgres", "queue", "cache"].map(|store| pid(data_dir, store))
}

fn send(signal: &str, pid: &str) {
    let status = std::process::Command::new("kill").args([signal, pid]).status();
    assert!(status.is_ok_and(|status| status.success()), "{pid} cannot be sent {signal}");
}

fn is_alive(pid: &str) -> bool {
    let mut kill = std::process::Command::new("kill");
    kill.args(["-0", pid]).stderr(std::process::Stdio::null());
    kill.status().is_ok_and(|status| status.success())
}

fn we_are_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

#[tokio::test]
async fn a_fresh_folder_gets_stores_that_keep_what_they_are_given() {
    let dir = TestDir::new();
    let data_dir = dir.path().join("made by the start");
    let began = Instant::now();
    let stores = start(&data_dir).await;
    println!("fresh start: {:?}", began.elapsed());
    assert_eq!(stores.data_dir(), data_dir.canonicalize().expect("it is there"));
    let url = Secret::new(stores.queue_redis_url().expect("private"));
    QueueRedis::open(&url)
        .expect("a good URL")
        .check_policy()
        .await
        .expect("a policy that loses nothing");
    write_something(&stores).await;
    let pids = pids(&data_dir);
    stores.stop().await;
    assert!(!pids.iter().any(|pid| is_alive(pid)), "a store outlived the stop");
    drop(stores);

    let began = Instant::now();
    let stores = start(&data_dir).await;
    println!("start of what is there: {:?}", began.elapsed());
    check_that_it_is_there(&stores).await;
    let began = Instant::now();
    stores.stop().await;
    println!("stop: {:?}", began.elapsed());
}

#[tokio::test]
async fn what_was_kept_survives_a_kill_of_everything() {
    let dir = TestDir::new();
    let data_dir = dir.path().join("data");
    let mut holder = start_holder(&dir, &data_dir).await;
    let client_side = |name: &str| {
        let socket = data_dir.join("run");
        match name {
            "postgres" => format!("postgres://observe@localhost/observe?host={}", socket.display()),
            _ => format!("redis+unix://{}/{name}.sock", socket.display()),
        }
    };
    let mut database =
        PgConnection::connect(&client_side("postgres")).await.expect("the database answers");
    database
        .execute("create table kept (value int); insert into kept values (7)")
        .await
        .expect("written");
    let client = redis::Client::open(client_side("queue")).expect("a good URL");
    let mut queue = client.get_multiplexed_async_connection().await.expect("the queue answers");
    redis::cmd("SET").arg("kept").arg(7).query_async::<()>(&mut queue).await.expect("written");

    holder.kill();
    for pid in pids(&data_dir) {
        send("-9", &pid);
    }
    let began = Instant::now();
    let stores = start(&data_dir).await;
    println!("start after a kill of everything: {:?}", began.elapsed());
    check_that_it_is_there(&stores).await;
    stores.stop().await;
}

#[tokio::test]
async fn stores_of_a_killed_predecessor_are_adopted_and_stopped_at_the_end() {
    let dir = TestDir::new();
    let data_dir = dir.path().join("data");
    let mut holder = start_holder(&dir, &data_dir).await;
    let before = pids(&data_dir);
    holder.kill();
    assert!(before.iter().all(|pid| is_alive(pid)), "the stores outlive their supervisor");

    let began = Instant::now();
    let stores = start(&data_dir).await;
    println!("adoption: {:?}", began.elapsed());
    write_something(&stores).await;
    assert_eq!(pids(&data_dir), before, "the same processes");
    stores.stop().await;
    eventually(DEADLINE, "the adopted stores end", || async {
        !before.iter().any(|pid| is_alive(pid))
    })
    .await;
}

#[tokio::test]
async fn an_adopted_store_that_dies_is_started_again() {
    let dir = TestDir::new();
    let data_dir = dir.path().join("data");
    start_holder(&dir, &data_dir).await.kill();
    let stores = start(&data_dir).await;
    write_something(&stores).await;
    let restarts = async {
        for store in ["postgres", "queue"] {
            let before = pid(&data_dir, store);
            send("-9", &before);
            eventually(DEADLINE, "another process", || async { pid(&data_dir, store) != before })
                .await;
        }
    };
    tokio::select! {
        () = stores.supervise() => panic!("supervision ends with a stop alone"),
        () = restarts => {}
    }
    stores.start_again(Store::Postgres).await.expect("it answers");
    stores.start_again(Store::QueueRedis).await.expect("it answers");
    check_that_it_is_there(&stores).await;
    stores.stop().await;
}

#[tokio::test]
async fn a_store_that_dies_is_started_again_until_the_stop() {
    let dir = TestDir::new();
    let stores = start(dir.path()).await;
    write_something(&stores).await;
    let life = async {
        for store in ["postgres", "queue", "cache"] {
            let before = pid(dir.path(), store);
            send("-9", &before);
            eventually(DEADLINE, "another process", || async { pid(dir.path(), store) != before })
                .await;
        }
        stores.start_again(Store::Postgres).await.expect("it answers");
        stores.start_again(Store::QueueRedis).await.expect("it answers");
        check_that_it_is_there(&stores).await;
        stores.stop().await;
    };
    tokio::join!(life, stores.supervise());
    assert!(
        !dir.path().join("postgres/postmaster.pid").exists(),
        "PostgreSQL was stopped in order"
    );
}

#[tokio::test]
async fn an_adopted_store_with_other_settings_is_started_anew() {
    let dir = TestDir::new();
    let data_dir = dir.path().join("data");
    start_holder(&dir, &data_dir).await.kill();
    let client = redis::Client::open(format!("redis+unix://{}/run/queue.sock", data_dir.display()));
    let mut connection = client
        .expect("a good URL")
        .get_multiplexed_async_connection()
        .await
        .expect("the queue answers");
    let mut set = redis::cmd("CONFIG");
    set.arg("SET")
        .arg("appendfsync")
        .arg("no")
        .query_async::<()>(&mut connection)
        .await
        .expect("set");

    let stores = start(&data_dir).await;
    let url = Secret::new(stores.queue_redis_url().expect("private"));
    QueueRedis::open(&url)
        .expect("a good URL")
        .check_policy()
        .await
        .expect("a policy that loses nothing");
    stores.stop().await;
}

#[tokio::test]
async fn supervision_can_run_as_a_task() {
    fn check(_: impl Send + 'static) {}
    let dir = TestDir::new();
    let data_dir = dir.path().to_owned();
    check(async move {
        if let Ok(stores) = PrivateStores::start(&data_dir, Wanted::NONE).await {
            let stores = std::sync::Arc::new(stores);
            stores.supervise().await;
            stores.stop().await;
        }
    });
}

#[tokio::test]
async fn a_second_instance_is_refused_with_the_folder_and_the_process() {
    let dir = TestDir::new();
    let stores = PrivateStores::start(dir.path(), Wanted::NONE).await.expect("the folder is free");
    let refusal = refusal(dir.path(), Wanted::NONE).await;
    assert!(refusal.contains(&stores.data_dir().display().to_string()), "{refusal}");
    assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
    drop(stores);
    PrivateStores::start(dir.path(), Wanted::NONE).await.expect("the folder is free again");
}

#[tokio::test]
async fn a_folder_of_a_newer_format_is_refused() {
    let dir = TestDir::new();
    fs::write(dir.path().join("VERSION"), "2\n").expect("written");
    let refusal = refusal(dir.path(), Wanted::ALL).await;
    assert!(refusal.contains("format 2"), "{refusal}");
    assert!(!dir.path().join("postgres").exists(), "nothing is started in it");
}

#[tokio::test]
async fn data_of_a_postgresql_that_is_not_installed_is_refused() {
    let dir = TestDir::new();
    fs::create_dir(dir.path().join("postgres")).expect("made");
    fs::write(dir.path().join("postgres/PG_VERSION"), "9\n").expect("written");
    let refusal = refusal(dir.path(), Wanted { postgres: true, ..Wanted::NONE }).await;
    assert!(refusal.contains("PostgreSQL 9"), "{refusal}");
}

#[tokio::test]
async fn a_store_that_cannot_start_is_told_with_its_log_and_its_last_words() {
    let dir = TestDir::new();
    let want = Wanted { queue_redis: true, ..Wanted::NONE };
    let stores = PrivateStores::start(dir.path(), want).await.expect("it starts");
    stores.stop().await;
    drop(stores);
    let files = fs::read_dir(dir.path().join("queue/appendonlydir"))
        .expect("the queue keeps a log of commands");
    let manifest =
        files.flatten().find(|file| file.file_name().to_string_lossy().ends_with(".manifest"));
    fs::write(manifest.expect("it has a manifest").path(), "nonsense\n").expect("written");
    let refusal = refusal(dir.path(), want).await;
    assert!(refusal.contains("queue.log") && refusal.contains("manifest"), "{refusal}");
}

#[tokio::test]
async fn what_a_crash_left_behind_does_not_stop_a_start() {
    let dir = TestDir::new();
    fs::create_dir(dir.path().join("postgres.tmp")).expect("made");
    fs::write(dir.path().join("postgres.tmp/PG_VERSION"), "15\n").expect("written");
    let stores = start(dir.path()).await;
    write_something(&stores).await;
    stores.kill(Store::Postgres).await;
    // The number now names a living process of the same account.
    let file = dir.path().join("postgres/postmaster.pid");
    let text = fs::read_to_string(&file).expect("a crash leaves it");
    let rest = text.split_once('\n').expect("it has lines").1;
    fs::write(&file, format!("{}\n{rest}", pid(dir.path(), "cache"))).expect("written");
    stores.start_again(Store::Postgres).await.expect("it starts");
    check_that_it_is_there(&stores).await;
    stores.stop().await;
}

#[tokio::test]
async fn a_path_too_long_for_sockets_works() {
    let dir = TestDir::new();
    let data_dir = dir.path().join("long".repeat(25));
    let stores = start(&data_dir).await;
    write_something(&stores).await;
    stores.stop().await;
    drop(stores);
    let stores = start(&data_dir).await;
    check_that_it_is_there(&stores).await;
    let url = stores.queue_redis_url().expect("private").to_owned();
    stores.stop().await;
    let sockets =
        url.strip_prefix("redis+unix://").and_then(|path| path.strip_suffix("/queue.sock"));
    let sockets = Path::new(sockets.expect("a socket's URL"));
    assert_eq!(fs::metadata(sockets).expect("it is there").permissions().mode() & 0o777, 0o700);
    fs::remove_dir_all(sockets).expect("removed");
}

#[tokio::test]
async fn a_folder_that_the_stores_cannot_reach_is_replaced_by_one_that_they_can() {
    if !we_are_root() {
        return;
    }
    let dir = TestDir::new();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).expect("made");
    let set_mode =
        |mode| fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).expect("it is ours");
    set_mode(0o700);
    let want = Wanted { cache_redis: true, ..Wanted::NONE };
    let data_dir = closed.join("data");
    let stores = PrivateStores::start(&data_dir, want).await.expect("it starts elsewhere");
    let used = stores.data_dir().to_owned();
    stores.stop().await;
    drop(stores);
    assert!(used.starts_with("/var/lib/observe"), "{}", used.display());

    set_mode(0o711);
    let stores = PrivateStores::start(&data_dir, want).await.expect("it starts");
    let used_later = stores.data_dir().to_owned();
    stores.stop().await;
    fs::remove_dir_all(&used).expect("removed");
    assert_eq!(used_later, used, "data stays where it is");
}

#[tokio::test]
async fn data_that_can_no_longer_be_reached_is_not_forgotten() {
    if !we_are_root() {
        return;
    }
    let dir = TestDir::new();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).expect("made");
    let want = Wanted { cache_redis: true, ..Wanted::NONE };
    let stores = PrivateStores::start(&closed.join("data"), want).await.expect("it starts");
    stores.stop().await;
    drop(stores);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("it is ours");
    let refusal = refusal(&closed.join("data"), want).await;
    assert!(refusal.contains("chmod o+x"), "{refusal}");
}
