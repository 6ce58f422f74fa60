//! A new version of everything under load (D-11): with two of each, nobody who sends notices.

use super::LIGHT;
use crate::book::Verdict;
use crate::part::Part;
use crate::run::Run;
use crate::world::Setup;

/// Restarts two gateways and two events processes in turn, so many times.
pub(crate) async fn rolls(times: usize) -> String {
    let setup = Setup { gateways: 2, events: 2, ..Setup::default() };
    let run =
        Run::start("rolling restarts of two gateways and two events processes", &setup, &LIGHT)
            .await;
    run.calm(1.0).await;
    for _ in 0..times {
        for part in [Part::Gateway(0), Part::Events(0), Part::Gateway(1), Part::Events(1)] {
            run.world.roll(part).await;
            run.calm(0.5).await;
        }
    }
    let attempts = run.world.timeline.attempts();
    let failed: Vec<_> =
        attempts.iter().filter(|attempt| attempt.verdict != Verdict::Acknowledged).collect();
    let (_, figures) = run.finish().await;
    assert!(
        failed.is_empty(),
        "{} of {} requests failed: {failed:?}",
        failed.len(),
        attempts.len()
    );
    figures
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_is_seen_by_no_client() {
    rolls(2).await;
}
