//! `observe export-person`: all that is kept of a person, as one JSON document.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use observe_runtime::StartError;
use observe_runtime::config::EnvReader;
use serde_json::Value;

use super::edge::EdgeClient;
use super::options::{NO_SUCH_PERSON, Who};
use super::say;
use crate::part_file::PartFile;
use crate::place::Place;

const EXPORT_PERSON: &str = "observe.reports.v1.PersonActivityService/ExportPerson";

/// The options of `observe export-person`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Options {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    place: Place,
    /// The file to write, readable by its owner only; standard output when left out
    #[arg(long, short)]
    output: Option<PathBuf>,
}

/// Runs the command. Returns whether all was written.
///
/// # Errors
/// A sentence if it cannot be asked for, or the file cannot be written.
pub async fn run(options: &Options, env: &mut EnvReader) -> Result<bool, StartError> {
    let edge = EdgeClient::open(&options.place, env, NO_SUCH_PERSON)?;
    match &options.output {
        None => export(&edge, &options.who, &mut BufWriter::new(std::io::stdout())).await?,
        Some(path) => {
            let mut file = PartFile::create(path)?;
            export(&edge, &options.who, &mut file).await?;
            file.finish()?;
            say(&format!("{} holds all that is kept of the person", path.display()));
        }
    }
    Ok(true)
}

/// Writes the document page by page, an event a line, so that no number of events is too large.
async fn export(edge: &EdgeClient, who: &Who, to: &mut impl Write) -> Result<(), StartError> {
    let closed = |error: std::io::Error| StartError::new(format!("writing broke off: {error}"));
    let mut document = Document { to, is_begun: false, events: 0 };
    let mut request = who.request();
    loop {
        let page = edge.call(EXPORT_PERSON, &request.clone().into()).await?;
        document.add(&page).map_err(closed)?;
        match page.get("nextPageToken").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => {
                request.insert("pageToken".to_owned(), token.into());
            }
            _ => break,
        }
    }
    document.end().map_err(closed)
}

/// One JSON object that is written bit by bit.
struct Document<'a, W> {
    to: &'a mut W,
    is_begun: bool,
    events: usize,
}

impl<W: Write> Document<'_, W> {
    fn add(&mut self, page: &Value) -> std::io::Result<()> {
        if !std::mem::replace(&mut self.is_begun, true) {
            writeln!(self.to, "{{")?;
            for name in ["person", "merges", "propertyChanges"] {
                writeln!(self.to, "\"{name}\": {},", page.get(name).unwrap_or(&Value::Null))?;
            }
            write!(self.to, "\"events\": [")?;
        }
        for event in page.get("events").and_then(Value::as_array).into_iter().flatten() {
            let separator = if self.events == 0 { "" } else { "," };
            write!(self.to, "{separator}\n{event}")?;
            self.events += 1;
        }
        Ok(())
    }

    fn end(self) -> std::io::Result<()> {
        writeln!(self.to, "\n]\n}}")?;
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_become_one_document() {
        let mut bytes = Vec::new();
        let mut document = Document { to: &mut bytes, is_begun: false, events: 0 };
        let first = json!({"person": {"id": "p"}, "merges": [1], "propertyChanges": [], "events": [{"a": 1}]});
        document.add(&first).expect("memory takes all");
        document.add(&json!({"person": null, "events": [{"a": 2}]})).expect("memory takes all");
        document.end().expect("memory takes all");
        let read: Value = serde_json::from_slice(&bytes).expect("one JSON document");
        let whole = json!({
            "person": {"id": "p"}, "merges": [1], "propertyChanges": [], "events": [{"a": 1}, {"a": 2}],
        });
        assert_eq!(read, whole);
    }
}
