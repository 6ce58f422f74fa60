//! The short form: about a minute of load on every wire, each part killed four times at random, poison in the queue.

use crate::compare::PastTheEdge;
use crate::faults::kill_all_parts;
use crate::poison;
use crate::run::Run;
use crate::sender::USUAL;
use crate::world::Setup;

/// Kills of each part.
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_is_stored_once_whatever_is_killed() {
    let setup = Setup { events: 2, ..Setup::default() };
    let mut run = Run::start("each part killed, at random", &setup, &USUAL).await;
    let (poisoned, good) = poison::inject(&run.world, run.seed).await;
    run.past = PastTheEdge { poisoned, good };
    kill_all_parts(&run.world, run.seed, ROUNDS).await;
    run.calm(2.0).await;
    let kills = run.world.timeline.faults();
    assert!(kills.len() >= 20);
    let (tally, _) = run.finish().await;
    assert!(tally.acknowledged > 1_000, "the load must be a load: {}", tally.acknowledged);
    assert!(tally.rejected > 0 && tally.retried > 0 && tally.duplicates > 0, "{tally:?}");
}
