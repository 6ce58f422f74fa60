//! The injector: kills parts in an order and after pauses that a seed repeats, and starts each again up to five seconds later.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinSet;

use crate::part::Part;
use crate::timeline::Fault;
use crate::world::World;

/// From one kill to the next, in milliseconds.
const BETWEEN_MS: std::ops::Range<u64> = 200..3_000;
/// From a kill to the start, in milliseconds.
const DOWN_MS: std::ops::Range<u64> = 0..5_000;

/// Kills each part `rounds` times, in a shuffled order; faults may overlap. Returns when all are up again.
pub(crate) async fn kill_all_parts(world: &Arc<World>, seed: u64, rounds: usize) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut down: BTreeMap<Part, Down> = BTreeMap::new();
    for _ in 0..rounds {
        let mut deck = world.parts();
        deck.shuffle(&mut random);
        for part in deck {
            let (pause, away) = (random.random_range(BETWEEN_MS), random.random_range(DOWN_MS));
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if let Some(earlier) = down.remove(&part) {
                earlier.comes_up().await;
            }
            down.insert(part, Down::new(world, part, Duration::from_millis(away)));
        }
    }
    for (_, last) in down {
        last.comes_up().await;
    }
}

/// One kill until the part is up again.
struct Down {
    _set: JoinSet<()>,
    over: tokio::sync::oneshot::Receiver<()>,
}

impl Down {
    fn new(world: &Arc<World>, part: Part, away: Duration) -> Self {
        let (tell, over) = tokio::sync::oneshot::channel();
        let mut set = JoinSet::new();
        let world = world.clone();
        set.spawn(async move {
            kill_and_restart(&world, part, away).await;
            let _ = tell.send(());
        });
        Self { _set: set, over }
    }

    async fn comes_up(self) {
        self.over.await.expect("the part comes up again");
    }
}

/// Kills a part, starts it again after a time, and notes it.
pub(crate) async fn kill_and_restart(world: &World, part: Part, away: Duration) {
    let began = Instant::now();
    world.kill(part).await;
    tokio::time::sleep(away).await;
    let restarted = Instant::now();
    world.start_part(part).await;
    world.timeline.fault(Fault { part, began, restarted, up: Instant::now() });
}
