//! What is exported, and where to.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use observe_proto::common::v1::TimeRange;
use observe_proto::reports::v1::{ExportEventsRequest, ExportFormat};
use observe_runtime::StartError;
use prost_types::Timestamp;

use crate::place::Place;

/// The options of `observe export-events`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct EventOptions {
    /// The first moment: a day in UTC such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z; from the first event on when left
    /// out
    #[arg(long, value_parser = moment)]
    from: Option<DateTime<Utc>>,
    /// The first moment after, in the same form; up to the last event when left out
    #[arg(long = "to", value_parser = moment)]
    until: Option<DateTime<Utc>>,
    /// Only events of this name; may be given several times
    #[arg(long = "event")]
    events: Vec<String>,
    #[command(flatten)]
    pub(super) to: To,
    #[command(flatten)]
    pub(super) place: Place,
}

/// The options of `observe export-persons`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct PersonOptions {
    #[command(flatten)]
    pub(super) to: To,
    #[command(flatten)]
    pub(super) place: Place,
}

/// Where to, and as what.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct To {
    /// The file to write, readable by its owner only, which appears when it is whole; standard output when left out
    #[arg(long, short)]
    pub(super) output: Option<PathBuf>,
    /// The format; by default what the file's name ends with: .parquet, or .ndjson or .jsonl
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Apache Parquet
    Parquet,
    /// A JSON object a line
    Ndjson,
}

impl To {
    /// Returns the format.
    ///
    /// # Errors
    /// A sentence if neither the options nor the file's name say which.
    pub(super) fn format(&self) -> Result<ExportFormat, StartError> {
        let extension = self.output.as_ref().and_then(|path| path.extension()?.to_str());
        let format = self.format.or(match extension {
            Some("parquet") => Some(Format::Parquet),
            Some("ndjson" | "jsonl") => Some(Format::Ndjson),
            _ => None,
        });
        match format {
            Some(Format::Parquet) => Ok(ExportFormat::Parquet),
            Some(Format::Ndjson) => Ok(ExportFormat::Ndjson),
            None => Err(StartError::new(
                "say which format with --format parquet or --format ndjson, or by the file's name: --output events.parquet",
            )),
        }
    }
}

impl EventOptions {
    /// Returns the request.
    ///
    /// # Errors
    /// A sentence if the format is not known or the range is none.
    pub(super) fn request(&self) -> Result<ExportEventsRequest, StartError> {
        let format = self.to.format()?.into();
        let range = match (self.from, self.until) {
            (None, None) => None,
            (from, to) => {
                let from = from.unwrap_or_else(|| day(1, 1, 1));
                let to = to.unwrap_or_else(|| day(9999, 12, 31));
                if from >= to {
                    return Err(StartError::new("--to has to be later than --from"));
                }
                Some(TimeRange { start_time: Some(timestamp(from)), end_time: Some(timestamp(to)) })
            }
        };
        let (project_id, names) = (String::new(), self.events.clone());
        Ok(ExportEventsRequest { project_id, range, names, format })
    }
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or(0);
    Timestamp { seconds: time.timestamp(), nanos }
}

fn day(year: i32, month: u32, day: u32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Reads a day or a time.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    day.or_else(|_| DateTime::parse_from_rfc3339(text).map(|time| time.to_utc())).map_err(|_| {
        "give a day such as 2026-03-01 or a time such as 2026-03-01T12:00:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: EventOptions,
    }

    fn request(given: &[&str]) -> Result<ExportEventsRequest, StartError> {
        Line::parse_from([&["export-events"], given].concat()).options.request()
    }

    #[test]
    fn days_and_times_make_a_range_and_a_missing_end_is_open() {
        let ends = |given: &[&str]| {
            let given = [given, &["--format", "ndjson"]].concat();
            let range = request(&given).expect("a request").range?;
            Some((range.start_time?.seconds, range.end_time?.seconds))
        };
        assert_eq!(ends(&[]), None);
        let may = 1_777_593_600;
        assert_eq!(
            ends(&["--from", "2026-05-01", "--to", "2026-05-01T02:00:00+01:00"]),
            Some((may, may + 3_600))
        );
        assert_eq!(ends(&["--from", "2026-05-01"]), Some((may, 253_402_214_400)));
        assert!(Line::try_parse_from(["x", "--from", "yesterday"]).is_err());
        let turned = request(&["--from", "2026-05-01", "--to", "2026-05-01", "--format", "ndjson"]);
        assert!(turned.expect_err("it is empty").to_string().contains("--to"));
    }

    #[test]
    fn the_format_is_told_by_the_name_of_the_file_unless_it_is_given() {
        let format = |given: &[&str]| request(given).map(|request| request.format());
        let parquet = format(&["--output", "a.b/events.parquet"]).expect("a request");
        assert_eq!(parquet, ExportFormat::Parquet);
        assert_eq!(format(&["-o", "x.jsonl"]).expect("a request"), ExportFormat::Ndjson);
        let given = format(&["-o", "x.parquet", "--format", "ndjson"]).expect("a request");
        assert_eq!(given, ExportFormat::Ndjson);
        let said = format(&["-o", "events"]).expect_err("none is told").to_string();
        assert!(said.contains("--format"), "{said}");
    }
}
