//! A full queue (D-5): it refuses with a time to come again, keeps what it took, and drains.

use observe_testkit::eventually;

use super::HEAVY;
use crate::book::Verdict;
use crate::run::Run;
use crate::world::{DEADLINE, Setup};

/// What the queue may take beside what it has.
const FREE: u64 = 8 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_keeps_what_it_took() {
    let run =
        Run::start("the queue is full while PostgreSQL is away", &Setup::default(), &HEAVY).await;
    run.calm(1.0).await;
    run.world.stores.stop_postgres().await;
    let client = redis::Client::open(run.world.stores.queue_redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO").arg("memory").query_async(&mut redis).await.unwrap();
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok());
    let limit: u64 = used.unwrap_or(0) + FREE;
    let set = ["SET", "maxmemory", &limit.to_string()].map(str::to_owned);
    redis::cmd("CONFIG").arg(&set).query_async::<()>(&mut redis).await.unwrap();
    let refused = || {
        let attempts = run.world.timeline.attempts();
        attempts.iter().filter(|attempt| attempt.verdict == Verdict::Refused).count()
    };
    eventually(DEADLINE, "the queue to refuse", async || refused() > 5).await;
    run.world.stores.start_postgres().await;
    let before = run.world.timeline.attempts().len();
    eventually(DEADLINE, "the queue to take events again", async || {
        let attempts = run.world.timeline.attempts();
        attempts[before..].iter().filter(|attempt| attempt.verdict == Verdict::Acknowledged).count()
            > 20
    })
    .await;
    let (tally, _) = run.finish().await;
    assert!(tally.refusals > 0, "{tally:?}");
}
