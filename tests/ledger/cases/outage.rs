//! PostgreSQL is away for long (D-4): capture never fails, nothing is set aside, and the backlog drains.

use std::time::{Duration, Instant};

use crate::book::Verdict;
use crate::part::Part;
use crate::run::Run;
use crate::sender::USUAL;
use crate::world::Setup;

/// Kills PostgreSQL for a time under load. The short form is `tests/e2e/outage.rs`.
pub(crate) async fn postgres_away(seconds: f64) -> String {
    let run = Run::start("PostgreSQL is away for long", &Setup::default(), &USUAL).await;
    run.calm(2.0).await;
    run.world.kill(Part::Postgres).await;
    run.calm(seconds).await;
    run.world.start_part(Part::Postgres).await;
    let attempts = run.world.timeline.attempts();
    let failed = attempts.iter().filter(|attempt| attempt.verdict != Verdict::Acknowledged).count();
    assert_eq!(failed, 0, "of {} requests", attempts.len());
    let began = Instant::now();
    let figures = run.finish().await.1;
    assert!(began.elapsed() < Duration::from_secs_f64(seconds), "drained in {:?}", began.elapsed());
    figures
}
