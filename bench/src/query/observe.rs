//! Observe: the product's own projection and engine in this process, fed with what its logs would hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use observe_reports::engine::{ColumnarEngine, Slots};
use observe_reports::projection::Projection;
use observe_reports::published::Published;

use super::ask::ask;
use super::found::{Asked, Found};
use super::frames::{self, Texts};
use super::history::History;
use super::question::Question;
use crate::processes::Group;
use crate::table::float;

/// Times a question is asked at least, after one that is not counted.
const RUNS: usize = 5;
/// A question is asked for so long at least, since processor time is told in hundredths of a second.
const ASKED_FOR: Duration = Duration::from_millis(600);

/// Observe, filled and asked.
pub(super) struct Measured {
    pub(super) found: Found,
    /// What applying the logs took of one core, in seconds.
    pub(super) fill_cpu: f64,
    /// How much more memory this process has than before, after all questions, in bytes.
    pub(super) resident: f64,
    /// What the projection says of its memory then, by part, in bytes.
    pub(super) parts: Vec<(&'static str, u64)>,
}

/// Fills a projection and asks it.
///
/// # Errors
/// When it does not take what it must, or does not answer.
pub(super) async fn run(
    name: &'static str,
    projection: Projection,
    history: &History,
    questions: &[Question],
) -> anyhow::Result<Measured> {
    let before = resident();
    let began = Instant::now();
    let fill_cpu = tokio::task::block_in_place(|| fill(&projection, history))?;
    let load_seconds = began.elapsed().as_secs_f64();
    let columns: BTreeMap<_, _> = projection.packed_bytes(frames::project()).into_iter().collect();
    let published = Arc::new(Published::new());
    let projection = Arc::new(projection);
    published.publish(Arc::clone(&projection));
    let engine = ColumnarEngine::new(published, Slots::default());
    let mut answers = BTreeMap::new();
    for question in questions {
        let answer = ask(&engine, frames::project(), *question).await?;
        let mut walls = Vec::new();
        let (cpu, began) = (Group::generator().cpu(), Instant::now());
        while walls.len() < RUNS || began.elapsed() < ASKED_FOR {
            let began = Instant::now();
            ask(&engine, frames::project(), *question).await?;
            walls.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let cpu_ms = (Group::generator().cpu() - cpu) * 1e3 / float(walls.len() as u64);
        walls.sort_by(f64::total_cmp);
        answers.insert(*question, Asked { answer, wall_ms: walls[walls.len() / 2], cpu_ms });
    }
    let resident = resident() - before;
    let parts = projection.memory_bytes(frames::project());
    let bytes = columns.values().sum();
    let peak_mib = f64::NAN;
    let found = Found { name, answers, bytes, columns, load_seconds, peak_mib };
    Ok(Measured { found, fill_cpu, resident, parts })
}

/// Applies the event log, then identity's changes. Returns the processor time that this took, in seconds, which is one thread's.
fn fill(projection: &Projection, history: &History) -> anyhow::Result<f64> {
    let texts = Texts::new(history);
    let mut spent = 0.0;
    for row in frames::rows(history, &texts) {
        let row = row?;
        let before = thread_cpu()?;
        projection.apply_log_row(0, &row)?;
        spent += thread_cpu()? - before;
    }
    for changes in frames::changes(history, &texts) {
        let before = thread_cpu()?;
        projection.apply_changes(&changes)?;
        spent += thread_cpu()? - before;
    }
    Ok(spent)
}

/// Returns the processor time of this thread, in seconds.
fn thread_cpu() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().context("a time comes first")?;
    Ok(nanoseconds.parse::<f64>()? / 1e9)
}

/// Returns the memory of this process, in bytes.
fn resident() -> f64 {
    let (mib, _) = Group::generator().memory();
    mib * float(1 << 20)
}
