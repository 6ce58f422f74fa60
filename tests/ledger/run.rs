//! One run: a world, senders, faults, and the comparison.

use std::sync::Arc;
use std::time::{Duration, Instant};

use observe_core::{Clock as _, Entropy as _, SystemClock, SystemEntropy};
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinSet;

use crate::compare::{PastTheEdge, Tally, compare};
use crate::figures;
use crate::sender::{Habit, Senders};
use crate::world::{DEADLINE, Setup, World};

/// How often PostgreSQL is asked how far the shards are.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(200);

/// One run at a time: on a small machine two would be in each other's way.
static TURN: Mutex<()> = Mutex::const_new(());

/// A run under way.
pub(crate) struct Run {
    pub(crate) world: Arc<World>,
    pub(crate) seed: u64,
    pub(crate) past: PastTheEdge,
    name: &'static str,
    began: Instant,
    senders: Senders,
    background: JoinSet<()>,
    // Dropped last, when the processes are gone.
    _turn: MutexGuard<'static, ()>,
}

impl Run {
    /// Starts a world and senders. The seed is `LEDGER_SEED`, or a new one, and is printed with the figures and with every
    /// failure.
    pub(crate) async fn start(name: &'static str, setup: &Setup, habits: &[Habit]) -> Self {
        let turn = TURN.lock().await;
        let seed = seed();
        println!("{name}: LEDGER_SEED={seed}");
        let world = World::start(setup).await;
        let mut background = JoinSet::new();
        let watched = world.clone();
        background.spawn(async move { watched.supervise().await });
        background.spawn(follow(world.clone()));
        let senders = Senders::start(habits, &world.base, seed, &world.folder(), &world.timeline);
        let past = PastTheEdge::default();
        Self { world, seed, past, name, began: Instant::now(), senders, background, _turn: turn }
    }

    /// Lets the load run for a time.
    pub(crate) async fn calm(&self, seconds: f64) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Stops the load, waits until all is at rest, compares, and returns the sums and the figures.
    ///
    /// # Panics
    /// If anything does not hold, with the seed.
    pub(crate) async fn finish(self) -> (Tally, String) {
        let loaded = self.began.elapsed();
        let books = self.senders.finish(DEADLINE).await;
        let stopped = Instant::now();
        let tally = compare(&self.world, &books, &self.past).await;
        let drained = stopped.elapsed();
        drop(self.background);
        let figures =
            figures::table(self.name, self.seed, loaded, drained, &tally, &self.world.timeline);
        println!("{figures}");
        assert!(
            tally.problems.is_empty(),
            "{} with LEDGER_SEED={}:\n{}",
            self.name,
            self.seed,
            tally.problems.join("\n")
        );
        (tally, figures)
    }
}

fn seed() -> u64 {
    let given = std::env::var_os("LEDGER_SEED");
    let given = given.and_then(|seed| seed.to_str()?.parse().ok());
    // Half of the range, so that a uuid made of it is never the nil one, and the number is short enough to type.
    given.unwrap_or_else(|| SystemEntropy.uuid(SystemClock.now()).as_u64_pair().1 >> 16)
}

/// Notes how far each shard's log is, whenever PostgreSQL can be asked.
async fn follow(world: Arc<World>) {
    loop {
        let Ok(pool) = sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(1))
            .connect(&world.stores.database_url)
            .await
        else {
            tokio::time::sleep(SAMPLE_INTERVAL).await;
            continue;
        };
        let ask = "select next_sequence from events.shard order by id";
        while let Ok(sequences) = sqlx::query_scalar(ask).fetch_all(&pool).await {
            world.timeline.progress(sequences);
            tokio::time::sleep(SAMPLE_INTERVAL).await;
        }
    }
}
