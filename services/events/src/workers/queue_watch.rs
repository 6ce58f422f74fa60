//! Knows whether the queue can be used, so that requests need not find out: while it is away they take the direct way at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use observe_runtime::Lifecycle;
use observe_runtime::redis::QueueRedis;

/// How often the queue is looked at while it is there.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often it is while it is away.
const AWAY_INTERVAL: Duration = Duration::from_millis(250);

/// Whether the queue is away, as far as is known.
#[derive(Clone, Debug, Default)]
pub struct QueueHealth(Arc<AtomicBool>);

impl QueueHealth {
    /// Starts with what is known.
    #[must_use]
    pub fn new(is_away: bool) -> Self {
        Self(Arc::new(AtomicBool::new(is_away)))
    }

    /// Returns whether it is away: not reachable, not answering, or not keeping what it is given.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that it is. Only the watch finds it again.
    pub fn set_away(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Looks at the queue, and at its settings, until shutdown.
///
/// # Errors
/// None.
pub async fn run(queue: QueueRedis, health: QueueHealth, life: Lifecycle) -> anyhow::Result<()> {
    let mut was_away = false;
    loop {
        let looked = queue.check_policy().await;
        health.0.store(looked.is_err(), Ordering::Relaxed);
        match looked {
            Err(error) if !was_away => {
                tracing::error!(%error, "the queue is away, events are stored directly");
                was_away = true;
            }
            Ok(()) if was_away => {
                tracing::info!("the queue is back");
                was_away = false;
            }
            _ => {}
        }
        let pause = if was_away { AWAY_INTERVAL } else { INTERVAL };
        if !life.sleep(pause).await {
            return Ok(());
        }
    }
}
