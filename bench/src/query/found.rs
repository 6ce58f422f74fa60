//! What contestants answered and what it cost.

use std::collections::BTreeMap;
use std::path::Path;

use super::answer::{Answer, Row};
use super::history::{self, History, KEYS_READ, START_MS, VIEW};
use super::question::{
    KEY_VALUE, PATHS_LIMIT, Question, STEP_PATH, STEPS, VALUES_LIMIT, WINDOW_MS,
};

/// A contestant's figures.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What it is called in the tables.
    pub(super) name: &'static str,
    /// What it answered.
    pub(super) answers: BTreeMap<Question, Asked>,
    /// What the events take on disk, or packed in memory; 0 if not known.
    pub(super) bytes: u64,
    /// By column.
    pub(super) columns: BTreeMap<String, u64>,
    /// How long the events took to come in, in seconds.
    pub(super) load_seconds: f64,
    /// The most memory while it answered, in MiB; NaN if not measured.
    pub(super) peak_mib: f64,
}

/// One question, asked several times.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) answer: Answer,
    /// The median, in milliseconds.
    pub(super) wall_ms: f64,
    /// Of all threads, in milliseconds.
    pub(super) cpu_ms: f64,
}

/// What a contestant in Python prints; each line has some of it.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Line {
    question: Option<String>,
    #[serde(default)]
    rows: Vec<Row>,
    wall_ms: Option<f64>,
    cpu_ms: Option<f64>,
    load_seconds: Option<f64>,
    bytes: Option<u64>,
    columns: Option<BTreeMap<String, u64>>,
    peak_mib: Option<f64>,
}

impl Found {
    /// Takes a line.
    ///
    /// # Errors
    /// When it tells of a question that was not asked, or rows that are none of its.
    pub(super) fn take(&mut self, questions: &[Question], line: Line) -> anyhow::Result<()> {
        self.load_seconds = line.load_seconds.unwrap_or(self.load_seconds);
        self.bytes = line.bytes.unwrap_or(self.bytes);
        self.peak_mib = line.peak_mib.unwrap_or(self.peak_mib);
        if let Some(columns) = line.columns {
            self.columns = columns;
        }
        if let Some(key) = line.question {
            let asked = questions.iter().copied().find(|question| question.key() == key);
            let question = asked.ok_or_else(|| anyhow::anyhow!("{key} was not asked"))?;
            let answer = super::answer::of_rows(question, &line.rows)?;
            let (wall_ms, cpu_ms) =
                (line.wall_ms.unwrap_or(f64::NAN), line.cpu_ms.unwrap_or(f64::NAN));
            self.answers.insert(question, Asked { answer, wall_ms, cpu_ms });
        }
        Ok(())
    }
}

/// Returns what contestants in Python must know to ask.
pub(super) fn spec(history: &History, questions: &[Question]) -> String {
    let names = history::names();
    serde_json::json!({
        "start_ms": START_MS,
        "end_ms": START_MS + history::DAYS * history::DAY_MS,
        "view": VIEW,
        "steps": STEPS.map(|name| &names[name]),
        "path": history::paths()[STEP_PATH],
        "window_ms": WINDOW_MS,
        "paths_limit": PATHS_LIMIT,
        "values_limit": VALUES_LIMIT,
        "browsers": history.shape.browsers,
        "keys": history.shape.keys.min(KEYS_READ),
        "key_value": KEY_VALUE,
        "questions": questions.iter().map(|question| question.key()).collect::<Vec<_>>(),
    })
    .to_string()
}

/// Returns where the contestants in Python are.
pub(super) fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/query"))
}
