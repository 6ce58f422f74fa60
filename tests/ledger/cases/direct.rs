//! The queue Redis is away for long (D-12): events are stored directly, and capture goes on.

use crate::book::Verdict;
use crate::part::Part;
use crate::run::Run;
use crate::sender::USUAL;
use crate::world::Setup;

/// Kills the queue Redis for a time under load.
pub(crate) async fn queue_away(seconds: f64) -> String {
    let run = Run::start("the queue Redis is away", &Setup::default(), &USUAL).await;
    run.calm(2.0).await;
    run.world.kill(Part::Queue).await;
    run.calm(seconds).await;
    run.world.start_part(Part::Queue).await;
    run.calm(2.0).await;
    let attempts = run.world.timeline.attempts();
    let during: Vec<_> =
        attempts.iter().filter(|attempt| attempt.down == Part::Queue.bit()).collect();
    let failed = during.iter().filter(|attempt| attempt.verdict != Verdict::Acknowledged).count();
    assert!(during.len() > 20, "{} requests", during.len());
    // Those whose append was under way may be told to come again.
    assert!(failed * 1_000 <= during.len() + 8_000, "{failed} of {} failed", during.len());
    run.finish().await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn capture_goes_on_while_the_queue_is_away() {
    queue_away(6.0).await;
}
