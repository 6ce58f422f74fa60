//! Every limit of OTLP, in one table. `docs/API.md` shows the same numbers.

use chrono::TimeDelta;

/// Bytes of a request once inflated, with either key.
pub(super) const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Server spans in one request.
pub(super) const SPANS_MAX: usize = 10_000;
/// Attributes of one span or resource that are looked at.
pub(super) const ATTRIBUTES_MAX: usize = 256;
/// Events of one span that are looked at.
pub(super) const EVENTS_MAX: usize = 64;
/// Bytes of a service's name, and of a route.
pub(crate) const NAME_BYTES_MAX: usize = 200;
/// Bytes of a method.
pub(super) const METHOD_BYTES_MAX: usize = 32;
/// Bytes of a path, and of what is said of an error.
pub(super) const TEXT_BYTES_MAX: usize = 500;
/// The longest a request may have taken.
pub(super) const DURATION_MAX: TimeDelta = TimeDelta::hours(24);
/// How long ago a request may have begun.
pub(super) const AGE_MAX: TimeDelta = TimeDelta::days(90);
/// How far ahead of us it may have begun: clocks differ.
pub(super) const FUTURE_MAX: TimeDelta = TimeDelta::hours(1);
/// Different reasons that an answer tells.
pub(super) const REASONS_TOLD_MAX: usize = 5;
