//! A new version of everything under load (D-11): with two of each, nobody who sends is refused.

use super::LIGHT;
use crate::book::Verdict;
use crate::part::Part;
use crate::run::Run;
use crate::world::Setup;

/// What a client sees whose request meets the end of its idle connection on the way. Browsers, and gRPC's own clients, send it
/// again by themselves; the libraries here leave that to the sender.
const RACES: [&str; 3] =
    ["IncompleteMessage", "Canceled, \"connection closed\"", "GoAway(b\"\", NO_ERROR, Remote)"];

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
    let world = run.world.clone();
    let (_, figures) = run.finish().await;
    let attempts = world.timeline.attempts();
    let refused = attempts.iter().filter(|attempt| attempt.verdict == Verdict::Refused).count();
    let silences = world.timeline.silences();
    assert_eq!(refused, 0, "of {} requests are refused; no answer: {silences:#?}", attempts.len());
    let is_race = |seen: &String| RACES.iter().any(|race| seen.contains(race));
    println!("requests that met the end of their connection: {silences:#?}");
    assert!(silences.iter().all(is_race), "of {} requests: {silences:#?}", attempts.len());
    figures
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_refuses_no_client() {
    rolls(2).await;
}
