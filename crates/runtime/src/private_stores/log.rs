//! The log file of one store.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How large a log may be when its store starts; a larger one is set aside, in the place of the one set aside before.
const MAXIMUM_BYTES: u64 = 8 * 1024 * 1024;
/// How much of the end is looked through for the reason of a failure.
const TAIL_BYTES: u64 = 16 * 1024;

/// A file that a store appends to.
pub(super) struct Log {
    path: PathBuf,
    /// Where the words of the present run begin.
    start: AtomicU64,
}

impl Log {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, start: AtomicU64::new(0) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file for a new run.
    pub(super) fn open(&self) -> io::Result<File> {
        let size = fs::metadata(&self.path).map_or(0, |found| found.len());
        if size > MAXIMUM_BYTES {
            fs::rename(&self.path, self.path.with_extension("log.old"))?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        self.start.store(file.metadata()?.len(), Ordering::Relaxed);
        Ok(file)
    }

    /// Returns the line of the present run that best tells why it failed.
    pub(super) fn reason(&self) -> String {
        let Ok(bytes) = fs::read(&self.path) else { return String::from("nothing was logged") };
        let start =
            self.start.load(Ordering::Relaxed).max((bytes.len() as u64).saturating_sub(TAIL_BYTES));
        let run = bytes.get(usize::try_from(start).unwrap_or(usize::MAX)..).unwrap_or_default();
        reason_in(&String::from_utf8_lossy(run))
    }
}

/// PostgreSQL says why and then that it shut down; Redis says why last.
fn reason_in(run: &str) -> String {
    let lines: Vec<&str> = run.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let fatal = lines.iter().rfind(|line| line.contains("FATAL:") || line.contains("PANIC:"));
    fatal.or(lines.last()).map_or_else(|| String::from("nothing was logged"), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_fatal_line_else_the_last() {
        let run = "LOG:  starting\nFATAL:  no space left\nLOG:  database system is shut down\n\n";
        assert_eq!(reason_in(run), "FATAL:  no space left");
        assert_eq!(
            reason_in("# one\n# Fatal error, cannot open the file\n"),
            "# Fatal error, cannot open the file"
        );
        assert_eq!(reason_in("\n"), "nothing was logged");
    }
}
