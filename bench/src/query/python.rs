//! ClickHouse and DuckDB, each in a Python of its own, so that its memory and processor time are its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::found::{Found, folder, spec};
use super::history::History;
use super::question::Question;

/// What a contestant is called in the tables, and what its script calls it.
pub(super) const CONTESTANTS: [(&str, &str); 3] =
    [("CH day", "clickhouse-day"), ("CH visitor", "clickhouse-visitor"), ("DuckDB", "duck-")];

/// Asks one of [`CONTESTANTS`]; `files` has the events, and takes its tables.
///
/// # Errors
/// When it was not installed, or something is wrong with it.
pub(super) fn run(
    (name, kind): (&'static str, &str),
    files: &Path,
    history: &History,
    questions: &[Question],
) -> anyhow::Result<Found> {
    let python = folder().join(".venv/bin/python");
    ensure!(python.exists(), "{} is not there; `make bench-query` installs it", python.display());
    let mut child = Command::new(python)
        .arg(folder().join("contestant.py"))
        .arg(kind)
        .arg(files)
        .arg(spec(history, questions))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("Python cannot be started")?;
    let lines = child.stdout.take().context("its output is a pipe")?;
    let mut found = Found { name, peak_mib: f64::NAN, ..Found::default() };
    for line in BufReader::new(lines).lines() {
        let line = line?;
        let read = serde_json::from_str(&line);
        found.take(questions, read.with_context(|| format!("{name} printed {line}"))?)?;
    }
    let status = child.wait()?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(found)
}
