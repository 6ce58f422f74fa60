//! Follows the event log and keeps what names and keys there are.

use std::time::Duration;

use observe_core::ProjectId;
use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;

use crate::definition::Definitions;
use crate::log_row;
use crate::shard::Shard;
use crate::store;

/// How often the log is looked at: pickers may be this old.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait after a failure.
const RETRY_PAUSE: Duration = Duration::from_secs(3);

/// Follows the log until shutdown.
///
/// # Errors
/// None.
pub async fn run(database: Database, shards: Shard, life: Lifecycle) -> anyhow::Result<()> {
    let mut outage = false;
    loop {
        let followed = follow_all(&database, shards, &life).await;
        if let Err(error) = &followed
            && !std::mem::replace(&mut outage, true)
        {
            tracing::warn!(error = format!("{error:#}"), "definitions lag behind, trying again");
        }
        outage &= followed.is_err();
        let pause = if followed.is_ok() { INTERVAL } else { RETRY_PAUSE };
        if !life.sleep(pause).await {
            return Ok(());
        }
    }
}

async fn follow_all(database: &Database, shards: Shard, life: &Lifecycle) -> anyhow::Result<()> {
    for shard in 0..shards {
        while !life.is_stopping() && follow(database, shard).await? {}
    }
    Ok(())
}

/// Counts the next stretch of a shard's log. Returns whether there was any.
async fn follow(database: &Database, shard: Shard) -> anyhow::Result<bool> {
    let Some((tx, sequence)) = store::definition::begin(database.worker(), shard).await? else {
        return Ok(false);
    };
    let rows = store::log::read(database.worker(), shard, sequence + 1).await?;
    let Some(last) = rows.last() else { return Ok(false) };
    let end = last.first_sequence + i64::from(last.count) - 1;
    let mut definitions = Definitions::default();
    for row in &rows {
        let project = ProjectId::new(row.project_id);
        for event in log_row::unpack(&row.payload)? {
            definitions.add(project, &event);
        }
    }
    store::definition::add(tx, shard, &definitions, end).await?;
    Ok(true)
}
