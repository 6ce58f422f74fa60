//! Cells: counts and latencies of one endpoint and class of status in one minute or hour.

use observe_core::ProjectId;
use observe_proto::events::v1::ServerSpan;
use observe_sketch::Sketch;
use uuid::Uuid;

use super::{HOUR_MS, MINUTE_MS};

/// Classes of status: none, then 1xx to 5xx.
pub const CLASSES: usize = 6;

/// How fine a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Kept for two days.
    Minute,
    /// Kept for three months.
    Hour,
}

impl Level {
    /// Returns what the store calls it.
    #[must_use]
    pub fn code(self) -> i16 {
        match self {
            Self::Minute => 0,
            Self::Hour => 1,
        }
    }

    /// Returns the length of a cell in milliseconds.
    #[must_use]
    pub fn length_ms(self) -> i64 {
        match self {
            Self::Minute => MINUTE_MS,
            Self::Hour => HOUR_MS,
        }
    }
}

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// Whose.
    pub project: ProjectId,
    /// How fine.
    pub level: Level,
    /// Its first millisecond.
    pub at_ms: i64,
    /// The endpoint's number.
    pub endpoint: i32,
    /// 1-5 for 1xx-5xx, 0 without a status.
    pub class: i16,
}

impl CellKey {
    /// Returns the cell of a span.
    #[must_use]
    pub fn of(project: ProjectId, level: Level, endpoint: i32, span: &ServerSpan) -> Self {
        let length = level.length_ms();
        let at_ms = span.start_ms.div_euclid(length) * length;
        Self { project, level, at_ms, endpoint, class: class_of(span.status_code) }
    }
}

/// What a cell holds.
#[derive(Clone, Debug)]
pub struct Cell {
    /// How many spans.
    pub count: i64,
    /// How many of them failed.
    pub errors: i64,
    /// How many failed ones are kept; of minutes only.
    pub kept_errors: i32,
    /// How long the slowest one took that is kept for being it, -1 for none; of minutes only.
    pub slowest_us: i64,
    /// Which that is.
    pub slowest_uuid: Option<Uuid>,
    /// How long all took, in microseconds.
    pub sketch: Sketch,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            count: 0,
            errors: 0,
            kept_errors: 0,
            slowest_us: -1,
            slowest_uuid: None,
            sketch: Sketch::new(),
        }
    }
}

impl Cell {
    /// Counts a span.
    pub fn add(&mut self, span: &ServerSpan) {
        self.count += 1;
        self.errors += i64::from(span.is_error);
        self.sketch.add(u64::try_from(span.duration_us).unwrap_or(0));
    }
}

fn class_of(status_code: i32) -> i16 {
    match status_code {
        100..=599 => i16::try_from(status_code / 100).unwrap_or(0),
        _ => 0,
    }
}
