//! A history as CSV files of numbers, which all other contestants read fast.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;

use super::history::{self, History, KEYS_READ};

/// One line an event: visitor, time in milliseconds, codes of name, path, browser, country and plan, screen width, and the
/// values of the keys that are asked for, 0 where there is none.
pub(super) const EVENTS: &str = "event.csv";
/// Visitors who are another visitor's person, and that visitor.
pub(super) const PERSONS: &str = "person.csv";
/// Kind, code and text.
pub(super) const TEXTS: &str = "value.csv";

/// Writes them into a folder.
///
/// # Errors
/// When the disk does not take them.
pub(super) fn write(history: &History, folder: &Path) -> anyhow::Result<()> {
    let create = |name: &str| -> anyhow::Result<BufWriter<File>> {
        let path = folder.join(name);
        let file = File::create(&path);
        Ok(BufWriter::new(file.with_context(|| format!("{} cannot be written", path.display()))?))
    };
    let mut events = create(EVENTS)?;
    for at in 0..history.len() {
        write_event(history, at, &mut events)?;
    }
    events.flush()?;
    let mut persons = create(PERSONS)?;
    for (visitor, person) in (0_u32..).zip(&history.person_of) {
        if visitor != *person {
            writeln!(persons, "{visitor},{person}")?;
        }
    }
    persons.flush()?;
    let mut texts = create(TEXTS)?;
    let kinds = [
        ("name", history::names()),
        ("path", history::paths()),
        ("browser", history::browsers(history.shape)),
        ("country", history::countries()),
        ("plan", history::plans()),
    ];
    for (kind, values) in kinds {
        for (code, text) in values.iter().enumerate() {
            writeln!(texts, "{kind},{code},{text}")?;
        }
    }
    texts.flush()?;
    Ok(())
}

fn write_event(history: &History, at: usize, out: &mut impl std::io::Write) -> std::io::Result<()> {
    let visitor = history.visitor[at];
    let (country, plan, width) = History::of_visitor(visitor);
    let (time_ms, name, path) = (history.time_ms[at], history.name[at], history.path[at]);
    let browser = history.browser[at];
    write!(out, "{visitor},{time_ms},{name},{path},{browser},{country},{plan},{width}")?;
    for key in 0..history.shape.keys.min(KEYS_READ) {
        write!(out, ",{}", History::value_of_key(at, key).unwrap_or(0))?;
    }
    writeln!(out)
}
