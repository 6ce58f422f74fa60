//! Requests for exports, and their parts as messages.

use observe_core::Violations;
use observe_proto::reports::v1 as pb;

use super::shared::range;
use crate::export::run::Part;
use crate::export::{EventQuery, Format};
use crate::query::Range;

const NAMES_MAX: usize = 100;

/// Reads which events are exported, and as what.
///
/// # Errors
/// Every violation.
pub(crate) fn export_events_question(
    request: &pb::ExportEventsRequest,
) -> Result<(EventQuery, Format), Violations> {
    let mut violations = Violations::new();
    let range = match &request.range {
        None => Some(Range::ALWAYS),
        given => range(given.as_ref(), &mut violations),
    };
    let names = request.names.clone();
    violations.require(names.len() <= NAMES_MAX, "names", "has more than 100 names");
    for (at, name) in names.iter().enumerate().take(NAMES_MAX) {
        let is_name = !name.is_empty() && !name.contains('\0');
        violations.require(is_name, format!("names[{at}]"), "must not be empty or contain NUL");
    }
    let format = format(request.format, &mut violations);
    match range.zip(format) {
        Some((range, format)) if violations.is_empty() => Ok((EventQuery { range, names }, format)),
        _ => Err(violations),
    }
}

/// Reads as what persons are exported.
///
/// # Errors
/// Every violation.
pub(crate) fn export_persons_question(
    request: &pb::ExportPersonsRequest,
) -> Result<Format, Violations> {
    let mut violations = Violations::new();
    let format = format(request.format, &mut violations);
    format.ok_or(violations)
}

/// Reads a format, which is required.
fn format(number: i32, violations: &mut Violations) -> Option<Format> {
    match pb::ExportFormat::try_from(number) {
        Ok(pb::ExportFormat::Parquet) => Some(Format::Parquet),
        Ok(pb::ExportFormat::Ndjson) => Some(Format::Ndjson),
        Ok(pb::ExportFormat::Unspecified) | Err(_) => {
            let rule = "must be EXPORT_FORMAT_PARQUET or EXPORT_FORMAT_NDJSON";
            violations.add("format", rule);
            None
        }
    }
}

/// Returns a part of a file of events.
pub(crate) fn events_part(part: Part) -> pb::ExportEventsResponse {
    let progress = Some(progress(&part));
    pb::ExportEventsResponse { chunk: part.chunk, progress }
}

/// Returns a part of a file of persons.
pub(crate) fn persons_part(part: Part) -> pb::ExportPersonsResponse {
    let progress = Some(progress(&part));
    pb::ExportPersonsResponse { chunk: part.chunk, progress }
}

fn progress(part: &Part) -> pb::ExportProgress {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    pb::ExportProgress {
        rows_done: number(part.rows_done),
        rows_estimated: number(part.rows_estimated),
        bytes_done: number(part.bytes_done),
    }
}

#[cfg(test)]
mod tests {
    use observe_proto::common::v1::TimeRange;

    use super::*;

    #[test]
    fn without_a_range_all_events_are_meant() {
        let request = pb::ExportEventsRequest {
            format: pb::ExportFormat::Ndjson.into(),
            names: vec!["paid".into()],
            ..Default::default()
        };
        let (query, format) = export_events_question(&request).expect("it is good");
        assert_eq!((query.range, format), (Range::ALWAYS, Format::Ndjson));
        assert_eq!(query.names, ["paid"]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let request = pb::ExportEventsRequest {
            range: Some(TimeRange::default()),
            names: vec![String::new()],
            ..Default::default()
        };
        let refused = export_events_question(&request).expect_err("it is not");
        let fields: Vec<_> = refused.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["range.start_time", "range.end_time", "names[0]", "format"]);
        let persons = pb::ExportPersonsRequest { format: 7, ..Default::default() };
        assert!(export_persons_question(&persons).is_err());
    }
}
