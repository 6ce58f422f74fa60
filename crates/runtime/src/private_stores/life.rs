//! Whether a store is alive.
//!
//! A store inherits a locked file as its standard input, so the lock is held exactly as long as the store, or a child of
//! it, lives. No process number has to be trusted to know whether a predecessor's store is still there, and two of them
//! never run on the same data.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// The file whose lock tells whether a store is alive, and whose content is its process number.
pub(super) struct Life {
    path: PathBuf,
}

impl Life {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Locks the file for a store to inherit, or returns `None` when a living store holds it.
    pub(super) fn try_take(&self) -> io::Result<Option<File>> {
        let mut open = OpenOptions::new();
        open.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = open.open(&self.path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self.try_take(), Ok(None))
    }

    /// The number is only needed to kill a store that we adopt and that does not end when asked, so a failure to keep it
    /// must not stop a start.
    pub(super) fn record(&self, pid: u32) {
        if let Err(error) = fs::write(&self.path, format!("{pid}\n")) {
            tracing::warn!(%error, file = %self.path.display(), "the process number could not be written");
        }
    }

    /// The number of a process that is gone may be given to another one, which nobody must kill for ours.
    pub(super) fn forget(&self) {
        if let Err(error) = fs::write(&self.path, "") {
            tracing::warn!(%error, file = %self.path.display(), "the process number could not be removed");
        }
    }

    /// Kills the process of the number with SIGKILL. Only called while the lock is held, so the store, or a child of it,
    /// lives.
    pub(super) async fn kill(&self) {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let Ok(pid) = text.trim().parse::<u32>() else { return };
        let status =
            tokio::process::Command::new("kill").arg("-9").arg(pid.to_string()).status().await;
        if !status.is_ok_and(|status| status.success()) {
            tracing::warn!(pid, "the store could not be killed");
        }
    }
}
