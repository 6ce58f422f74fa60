//! Follows the end of the event log while somebody watches.

use std::time::Duration;

use observe_core::ProjectId;
use observe_runtime::Lifecycle;
use observe_runtime::postgres::Database;

use crate::live::Live;
use crate::shard::Shard;
use crate::{log_row, store};

/// How often the log is looked at.
const INTERVAL: Duration = Duration::from_millis(250);

/// Shows new events until shutdown.
///
/// # Errors
/// None.
pub async fn run(database: Database, live: Live, life: Lifecycle) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = live.watched() => {}
            () = life.stopping() => return Ok(()),
        }
        if let Err(error) = follow(&database, &live, &life).await {
            tracing::warn!(error = format!("{error:#}"), "the live tail was interrupted");
            life.sleep(INTERVAL).await;
        }
    }
}

/// Follows from the present end until nobody watches.
async fn follow(database: &Database, live: &Live, life: &Lifecycle) -> anyhow::Result<()> {
    let mut positions = store::log::heads(database.worker()).await?;
    while live.is_watched() && life.sleep(INTERVAL).await {
        for ((shard, position), (_, head)) in
            positions.iter_mut().zip(store::log::heads(database.worker()).await?)
        {
            while *position < head {
                *position = show(database, live, *shard, *position).await?;
            }
        }
    }
    Ok(())
}

/// Shows the next rows of a shard; returns the sequence they end with.
async fn show(
    database: &Database,
    live: &Live,
    shard: Shard,
    position: i64,
) -> anyhow::Result<i64> {
    let rows = store::log::read(database.worker(), shard, position + 1).await?;
    let Some(last) = rows.last() else {
        anyhow::bail!("the log of shard {shard} ends at {position}")
    };
    let end = last.first_sequence + i64::from(last.count) - 1;
    for row in rows {
        let project = ProjectId::new(row.project_id);
        if live.is_watching(project) {
            live.show(project, log_row::unpack(&row.payload)?);
        }
    }
    Ok(end)
}
