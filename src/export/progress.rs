//! How far an export is, on standard error: a line that is drawn anew on a terminal, a few lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use observe_proto::reports::v1::ExportProgress;
use tokio::time::Instant;

use crate::demo::grouped;

/// How often it is told on a terminal, and elsewhere.
const INTERVALS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];

/// The progress of one export.
pub(super) struct Progress {
    unit: &'static str,
    on_terminal: bool,
    told: Instant,
    last: ExportProgress,
}

impl Progress {
    /// Begins to tell of rows of a unit.
    pub(super) fn begin(unit: &'static str) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        Self { unit, on_terminal, told: Instant::now(), last: ExportProgress::default() }
    }

    /// Tells how far it is, unless it was told a moment ago.
    pub(super) fn show(&mut self, progress: &ExportProgress) {
        self.last = *progress;
        if self.told.elapsed() < INTERVALS[usize::from(!self.on_terminal)] {
            return;
        }
        self.told = Instant::now();
        let line = line(self.unit, progress);
        if self.on_terminal {
            print(&format!("\r{line}\x1b[K"));
        } else {
            print(&format!("observe: {line}\n"));
        }
    }

    /// Says that it ended well.
    pub(super) fn end(self, name: &str) {
        self.break_off();
        let (rows, bytes) = (count(self.last.rows_done), size(self.last.bytes_done));
        print(&format!("observe: {rows} {} in {name} ({bytes})\n", self.unit));
    }

    /// Leaves the line to what is said next.
    pub(super) fn break_off(&self) {
        if self.on_terminal {
            print("\r\x1b[K");
        }
    }
}

fn line(unit: &str, progress: &ExportProgress) -> String {
    let (done, bytes) = (count(progress.rows_done), size(progress.bytes_done));
    // The estimate is of when it began; nobody is told of more than all.
    if progress.rows_estimated < progress.rows_done.max(1) {
        return format!("{done} {unit}, {bytes}");
    }
    let percent = progress.rows_done.saturating_mul(100) / progress.rows_estimated;
    let all = count(progress.rows_estimated);
    format!("{percent:>3} %  {done} of about {all} {unit}, {bytes}")
}

fn count(number: i64) -> String {
    grouped(u64::try_from(number).unwrap_or(0))
}

/// Writes a number of bytes in a unit that suits it.
fn size(bytes: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}

fn print(text: &str) {
    // Nothing more can be done for a closed standard error.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_much_of_about_how_much_and_nothing_beyond_all() {
        let line = |rows_done, rows_estimated, bytes_done| {
            line("events", &ExportProgress { rows_done, rows_estimated, bytes_done })
        };
        assert_eq!(line(1_200, 4_800, 1 << 21), " 25 %  1,200 of about 4,800 events, 2.0 MiB");
        assert_eq!(line(5_000, 4_800, 700), "5,000 events, 700 bytes");
        assert_eq!(line(0, 0, 0), "0 events, 0 bytes");
    }
}
