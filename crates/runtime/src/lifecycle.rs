//! Starting and stopping: every task runs under one tracker, hears of shutdown through one token, and is waited for.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long tasks may take to finish once shutdown began.
pub const GRACE: Duration = Duration::from_secs(25);

/// The life of a process, shared by all its tasks.
#[derive(Clone, Default)]
pub struct Lifecycle {
    stopping: CancellationToken,
    tracker: TaskTracker,
    crashed: Arc<AtomicBool>,
}

impl Lifecycle {
    /// Starts with nothing running.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task for as long as the process lives. A task that ends before shutdown, in an error or otherwise, ends the
    /// process: a process that lost a part must be restarted, not limp on.
    pub fn spawn_essential(
        &self,
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let life = self.clone();
        #[expect(clippy::disallowed_methods, reason = "the tracker is how tasks are spawned")]
        let inner = tokio::spawn(task);
        self.tracker.spawn(async move {
            let end = inner.await;
            if life.is_stopping() && !matches!(end, Err(ref error) if error.is_panic()) {
                return;
            }
            match end {
                Ok(Ok(())) => tracing::error!(task = name, "task ended unexpectedly"),
                Ok(Err(error)) => {
                    tracing::error!(task = name, error = format!("{error:#}"), "task failed");
                }
                Err(error) => tracing::error!(task = name, %error, "task crashed"),
            }
            life.crashed.store(true, Ordering::Relaxed);
            life.stop();
        });
    }

    /// Runs a task that ends by itself, such as one that answers a request.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Begins shutdown.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Returns whether shutdown began.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Waits until shutdown begins.
    pub async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// Returns the token that is cancelled when shutdown begins.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Sleeps, but wakes when shutdown begins. Returns whether to go on.
    pub async fn sleep(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stopping() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// Waits, at most [`GRACE`], until every task has ended. Returns whether all did and none crashed.
    pub async fn drained(&self) -> bool {
        self.tracker.close();
        let all_ended = tokio::time::timeout(GRACE, self.tracker.wait()).await.is_ok();
        if !all_ended {
            tracing::error!(grace_s = GRACE.as_secs(), "tasks did not finish in time");
        }
        all_ended && !self.crashed.load(Ordering::Relaxed)
    }

    /// Waits for Ctrl-C or SIGTERM, or for shutdown by other means, and begins shutdown. A second signal ends the process
    /// at once.
    pub async fn stop_on_signal(&self) {
        tokio::select! {
            () = signal() => tracing::info!("stopping"),
            () = self.stopping() => {}
        }
        self.stop();
        #[expect(
            clippy::disallowed_methods,
            reason = "must outlive everything the tracker waits for"
        )]
        tokio::spawn(async {
            signal().await;
            std::process::exit(130);
        });
    }
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lost_essential_task_ends_the_process() {
        let life = Lifecycle::new();
        life.spawn_essential("reader", async { anyhow::bail!("gone") });
        life.stopping().await;
        assert!(!life.drained().await, "a crash must show in the exit code");
    }

    #[tokio::test]
    async fn shutdown_waits_for_tasks() {
        let life = Lifecycle::new();
        let inner = life.clone();
        life.spawn_essential("worker", async move {
            inner.stopping().await;
            Ok(())
        });
        life.stop();
        assert!(life.drained().await);
    }
}
