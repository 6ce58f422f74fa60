//! The kit's own promises: quick stores that can be broken one by one, and nothing left behind.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use observe_testkit::{TestCommand, TestDir, TestStores, eventually, free_port};
use sqlx::{Connection as _, Executor as _, PgConnection};

const DEADLINE: Duration = Duration::from_secs(30);

/// Counts the processes that have the folder in their command line or work in it.
fn processes_in(folder: &Path) -> usize {
    let find = format!(
        "for p in /proc/[0-9]*; do [ \"$p\" = \"/proc/$$\" ] && continue; \
         {{ tr '\\0' ' ' <$p/cmdline; readlink $p/cwd; }} 2>/dev/null | grep -q '{}/' && echo x; done",
        folder.display()
    );
    let output =
        Command::new("sh").args(["-c", &find]).stderr(Stdio::null()).output().expect("sh runs");
    output.stdout.iter().filter(|byte| **byte == b'x').count()
}

#[tokio::test]
async fn stores_can_be_killed_and_started_again_one_by_one() {
    let began = Instant::now();
    let stores = TestStores::start().await;
    println!("stores for a test: {:?}", began.elapsed());
    let mut database = PgConnection::connect(&stores.database_url).await.expect("it answers");
    database.execute("create table kept (value int)").await.expect("written");
    stores.kill_postgres().await;
    assert!(PgConnection::connect(&stores.database_url).await.is_err(), "it is down");
    stores.start_postgres().await;
    stores.stop_postgres().await;
    stores.start_postgres().await;
    let mut database = PgConnection::connect(&stores.database_url).await.expect("it answers again");
    database.execute("select value from kept").await.expect("it is still there");

    let client = redis::Client::open(stores.queue_redis_url.as_str()).expect("a good URL");
    let mut queue = client.get_multiplexed_async_connection().await.expect("it answers");
    redis::cmd("SET").arg("kept").arg(7).query_async::<()>(&mut queue).await.expect("written");
    stores.kill_queue().await;
    assert!(client.get_multiplexed_async_connection().await.is_err(), "it is down");
    stores.start_queue().await;
    let mut queue = client.get_multiplexed_async_connection().await.expect("it answers again");
    let kept: i32 =
        redis::cmd("GET").arg("kept").query_async(&mut queue).await.expect("it is still there");
    assert_eq!(kept, 7);
    stores.kill_cache().await;
    stores.start_cache().await;
}

#[tokio::test]
async fn dropped_stores_leave_nothing_behind() {
    let stores = TestStores::start().await;
    let folder = stores.dir().path().to_owned();
    assert!(processes_in(&folder) > 3, "stores run in the folder");
    let began = Instant::now();
    drop(stores);
    println!("drop: {:?}", began.elapsed());
    assert!(!folder.exists(), "the folder is gone");
    assert_eq!(processes_in(&folder), 0, "the stores are gone");
}

#[tokio::test]
async fn a_process_is_started_asked_terminated_and_killed() {
    let dir = TestDir::new();
    let port = free_port();
    let serve = format!(
        "import http.server, os; print('hello ' + os.environ['NAME'], flush=True); \
         http.server.HTTPServer(('127.0.0.1', {port}), http.server.SimpleHTTPRequestHandler).serve_forever()"
    );
    let command = TestCommand::new("server", "python3").arg("-c").arg(serve).env("NAME", "there");
    let mut process = command.start(&dir);
    process.ready(&format!("http://127.0.0.1:{port}/"), DEADLINE).await;
    assert!(process.log().contains("hello there"), "{}", process.log());
    assert!(!process.terminate(DEADLINE).await.success(), "it ended by the signal");
    let mut again = command.start(&dir);
    assert!(again.is_running());
    again.kill();
    assert!(!again.is_running());
}

/// Not a test: a process that starts something and is killed.
#[tokio::test]
#[ignore = "started by another test"]
async fn holder() {
    let Some(told) = std::env::var_os("OBSERVE_TEST_TOLD") else { return };
    let stores = TestStores::start().await;
    let path = stores.dir().path().display().to_string();
    std::fs::write(told, path).expect("written");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_killed_test_leaves_nothing_behind() {
    let dir = TestDir::new();
    let told = dir.path().join("told");
    let this = std::env::current_exe().expect("a running program has a path");
    let command = TestCommand::new("holder", this).env("OBSERVE_TEST_TOLD", &told);
    let command = ["--exact", "holder", "--ignored"].iter().fold(command, TestCommand::arg);
    let mut holder = command.start(&dir);
    let folder = eventually(DEADLINE, "stores in another process", || async {
        std::fs::read_to_string(&told).ok().filter(|path| !path.is_empty())
    });
    let folder = folder.await;
    holder.kill();
    eventually(DEADLINE, "the folder is gone", || async { !Path::new(&folder).exists() }).await;
    assert_eq!(processes_in(Path::new(&folder)), 0, "the stores are gone");
}
