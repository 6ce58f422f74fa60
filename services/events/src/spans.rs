//! Spans: requests that a project's services served. They are counted, not stored: what is kept is how many there were and how
//! long they took, for each endpoint, minute and hour, for whom, and a few of them as examples.

pub mod buckets;
pub mod cell;
pub mod fold;
pub mod people;
pub mod request_event;
pub mod stats;

use observe_core::ProjectId;
use observe_proto::events::v1::ServerSpan;
use uuid::Uuid;

/// A span with its project and id.
pub type Span = (ProjectId, Uuid, ServerSpan);

/// Endpoints of one project. What comes beyond is counted together, as [`OTHER`].
pub const ENDPOINTS_MAX: usize = 1_000;
/// The number of all endpoints together.
pub const ALL: i32 = 0;
/// The number of the endpoint that all share that came when there were [`ENDPOINTS_MAX`] already.
pub const OTHER: i32 = -1;
/// What that endpoint is called.
pub const OTHER_NAME: &str = "(other)";

/// Bytes of a service's name, and of a route.
pub const NAME_BYTES_MAX: usize = 200;
/// Bytes of a method.
pub const METHOD_BYTES_MAX: usize = 32;
/// Bytes of a path, and of what is said of an error.
pub const TEXT_BYTES_MAX: usize = 500;
/// What a service is called whose sender does not name it.
pub const UNKNOWN_SERVICE: &str = "unknown";

/// How long minutes are told apart.
pub const MINUTES_KEPT_MS: i64 = 48 * HOUR_MS;
/// How long hours are kept.
pub const HOURS_KEPT_MS: i64 = 91 * 24 * HOUR_MS;
/// How long failed spans that are kept are kept.
pub const ERRORS_KEPT_MS: i64 = 7 * 24 * HOUR_MS;
/// How long other spans that are kept are kept.
pub const EXAMPLES_KEPT_MS: i64 = 3 * 24 * HOUR_MS;
/// How long it is known for whom requests were served.
pub const PEOPLE_KEPT_MS: i64 = 7 * 24 * HOUR_MS;
/// How far ahead of the clock a span may begin: clocks differ.
pub const FUTURE_MAX_MS: i64 = HOUR_MS;
/// A minute in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// An hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Returns the first millisecond of the hour that holds `ms`.
#[must_use]
pub fn hour_of(ms: i64) -> i64 {
    ms.div_euclid(HOUR_MS) * HOUR_MS
}

/// Returns since when there are minutes. Of every hour, all minutes are there or none.
#[must_use]
pub fn minutes_since(now_ms: i64) -> i64 {
    hour_of(now_ms - MINUTES_KEPT_MS)
}

/// Returns whether a span that began then can be counted: not before hours are kept, and not in the future.
#[must_use]
pub fn is_countable(start_ms: i64, now_ms: i64) -> bool {
    (now_ms - HOURS_KEPT_MS + 24 * HOUR_MS..=now_ms + FUTURE_MAX_MS).contains(&start_ms)
}

/// Cuts text to at most `max` bytes, at a character.
#[must_use]
pub fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}
