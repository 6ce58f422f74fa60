//! For whom endpoints were served: in which minutes of an hour, as bits.

use std::collections::HashMap;

use observe_core::ProjectId;

use super::fold::Placed;
use super::{HOUR_MS, MINUTE_MS, hour_of};

/// Distinct ids that are known of one endpoint and hour.
pub const PEOPLE_MAX: usize = 10_000;

/// One endpoint in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Whose.
    pub project: ProjectId,
    /// The endpoint's number.
    pub endpoint: i32,
    /// The hour's first millisecond.
    pub hour_ms: i64,
}

/// Minutes of an hour, as bits: bit 0 is its first minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minutes {
    /// In which a request was served.
    pub served: i64,
    /// In which a request failed.
    pub failed: i64,
}

/// Returns for whom the spans that began at `since_ms` or later were served.
#[must_use]
pub fn people_of<'a>(spans: &[Placed<'a>], since_ms: i64) -> HashMap<(Place, &'a str), Minutes> {
    let mut people: HashMap<_, Minutes> = HashMap::new();
    for (endpoint, (project, _, span)) in spans {
        if span.distinct_id.is_empty() || span.start_ms < since_ms {
            continue;
        }
        let hour_ms = hour_of(span.start_ms);
        let place = Place { project: *project, endpoint: *endpoint, hour_ms };
        let minute = 1_i64 << ((span.start_ms - hour_ms) / MINUTE_MS);
        let minutes = people.entry((place, span.distinct_id.as_str())).or_default();
        minutes.served |= minute;
        minutes.failed |= if span.is_error { minute } else { 0 };
    }
    people
}

/// Returns the minutes of an hour that begin in `start_ms..end_ms`, as bits.
#[must_use]
pub fn minutes_between(hour_ms: i64, start_ms: i64, end_ms: i64) -> i64 {
    let minute = |ms: i64| ((ms - hour_ms).clamp(0, HOUR_MS) + MINUTE_MS - 1) / MINUTE_MS;
    let (first, end) = (minute(start_ms), minute(end_ms));
    ((1_i64 << end) - 1) & !((1_i64 << first) - 1)
}

#[cfg(test)]
mod tests {
    use observe_proto::events::v1::ServerSpan;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn minutes_of_a_range_are_its_bits() {
        assert_eq!(minutes_between(0, 0, HOUR_MS), (1 << 60) - 1);
        assert_eq!(minutes_between(0, MINUTE_MS, 3 * MINUTE_MS), 0b110);
        assert_eq!(minutes_between(0, -5, 1), 0b1);
        assert_eq!(minutes_between(0, 1, MINUTE_MS), 0, "no minute begins inside");
        assert_eq!(minutes_between(0, HOUR_MS, 2 * HOUR_MS), 0);
    }

    #[test]
    fn people_are_known_by_minute() {
        let project = ProjectId::new(Uuid::nil());
        let span = |minute: i64, id: &str, is_error| {
            let span = ServerSpan {
                start_ms: HOUR_MS + minute * MINUTE_MS + 59_999,
                distinct_id: id.into(),
                is_error,
                ..ServerSpan::default()
            };
            (project, Uuid::nil(), span)
        };
        let spans =
            [span(0, "a", false), span(59, "a", true), span(2, "", true), span(-1, "b", true)];
        let placed: Vec<_> = spans.iter().map(|span| (3, span)).collect();
        let people = people_of(&placed, HOUR_MS);
        let place = Place { project, endpoint: 3, hour_ms: HOUR_MS };
        assert_eq!(people.len(), 1);
        let minutes = people[&(place, "a")];
        assert_eq!((minutes.served, minutes.failed), (1 | 1 << 59, 1 << 59));
    }
}
