//! Writes what was found, many results in one transaction.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;
use tokio::sync::mpsc;

use crate::check::Record;
use crate::store::incident::Outbox;
use crate::store::record;

/// Results that wait to be written.
pub(crate) const QUEUE_MAX: usize = 1_024;
/// Results of one transaction.
const BATCH_MAX: usize = 256;
/// How long the first result of a batch waits for others.
const COLLECT: Duration = Duration::from_millis(150);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long results are tried to be written: beyond their leases they no longer count.
const TRIES_MAX: usize = 60;

/// Runs until the last check of the process has been heard.
///
/// # Errors
/// None.
pub(crate) async fn run(
    database: Database,
    outbox: Outbox,
    life: Lifecycle,
    mut records: mpsc::Receiver<Record>,
) -> anyhow::Result<()> {
    let mut waiting: VecDeque<Record> = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match records.recv().await {
                Some(record) => waiting.push_back(record),
                None => return Ok(()),
            }
        }
        collect(&mut records, &mut waiting, &life).await;
        let batch = next_batch(&mut waiting);
        write(&database, &outbox, &life, &batch).await;
    }
}

/// Waits a moment for results that come together.
async fn collect(
    records: &mut mpsc::Receiver<Record>,
    waiting: &mut VecDeque<Record>,
    life: &Lifecycle,
) {
    let until = tokio::time::Instant::now() + COLLECT;
    while waiting.len() < BATCH_MAX {
        tokio::select! {
            record = records.recv() => match record {
                Some(record) => waiting.push_back(record),
                None => return,
            },
            () = tokio::time::sleep_until(until) => return,
            () = life.stopping(), if records.is_empty() => return,
        }
    }
}

/// Takes the oldest results, at most one a monitor: what the second means depends on the first.
fn next_batch(waiting: &mut VecDeque<Record>) -> Vec<Record> {
    let mut monitors = HashSet::new();
    let (mut batch, mut later) = (Vec::new(), VecDeque::new());
    while let Some(record) = waiting.pop_front() {
        if batch.len() < BATCH_MAX && monitors.insert(record.monitor) {
            batch.push(record);
        } else {
            later.push_back(record);
        }
    }
    *waiting = later;
    batch
}

async fn write(database: &Database, outbox: &Outbox, life: &Lifecycle, batch: &[Record]) {
    for attempt in 0..TRIES_MAX {
        match record::write(database.worker(), outbox, batch).await {
            Ok(written) => {
                let lost = batch.iter().filter(|record| record.verdict.is_some()).count() - written;
                if lost > 0 {
                    tracing::info!(lost, "results came after their lease and were not written");
                }
                return;
            }
            Err(error) => {
                if attempt == 0 {
                    tracing::warn!(%error, results = batch.len(), "results could not be written, trying again");
                }
            }
        }
        if !life.sleep(RETRY_PAUSE).await {
            // Their leases run out, and another replica looks again.
            return;
        }
    }
    tracing::error!(results = batch.len(), "results could not be written and are given up");
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_batch_has_one_result_a_monitor_and_the_rest_keep_their_order() {
        let record = |monitor: u128, second: i64| Record {
            monitor: Uuid::from_u128(monitor),
            slot: DateTime::from_timestamp(second, 0).unwrap(),
            lease: Uuid::nil(),
            attempt: 0,
            verdict: None,
        };
        let mut waiting: VecDeque<Record> =
            [record(1, 1), record(1, 2), record(2, 1), record(1, 3)].into();
        let seconds = |batch: &[Record]| {
            batch.iter().map(|record| record.slot.timestamp()).collect::<Vec<_>>()
        };
        assert_eq!(seconds(&next_batch(&mut waiting)), [1, 1]);
        assert_eq!(seconds(&next_batch(&mut waiting)), [2]);
        assert_eq!(seconds(&next_batch(&mut waiting)), [3]);
        assert!(waiting.is_empty());
    }
}
