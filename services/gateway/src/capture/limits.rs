//! Every limit of capture, in one table. `docs/API.md` shows the same numbers, and `tests/it/edge_rules.rs` holds each at its
//! edge on every wire.
//!
//! The rules that have no number are kept where texts are read: NUL and halves of surrogate pairs become U+FFFD in names, ids,
//! keys and values, and are counted in [`SANITIZED`] (`json.rs`, `text.rs`); a number that a double cannot hold rejects its
//! event, so that none grows in PostgreSQL (`properties.rs`); of equal keys the last one counts, since all go on as they came
//! (`properties/from_json.rs`); before 1970 is too old (`time.rs`). A body's bytes are bounded before and after it is
//! inflated (`crate::body`), what a key and an address send over time in [`crate::rate`].

use chrono::TimeDelta;

/// Events in one request.
pub(crate) const EVENTS_MAX: usize = 10_000;
/// Bytes of one event as it was sent, and of its properties as they are kept.
pub(crate) const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a request with a write key, once inflated.
pub(crate) const WRITE_KEY_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a request with a secret key, once inflated.
pub(crate) const SECRET_KEY_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a batch of a PostHog or Segment client, once inflated, whatever its key.
pub(crate) const BATCH_BODY_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Bytes of a request of a Sentry client, once inflated: its stacks are cut, not refused.
pub(crate) const SENTRY_BODY_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Items in an envelope of a Sentry client.
pub(crate) const SENTRY_ITEMS_MAX: usize = 100;
/// Characters of an event's name.
pub(crate) const NAME_CHARS_MAX: usize = 200;
/// Characters of a distinct id and of an anonymous id.
pub(crate) const DISTINCT_ID_CHARS_MAX: usize = observe_core::distinct_id::MAX_CHARS;
/// Characters of a session id.
pub(crate) const SESSION_ID_CHARS_MAX: usize = 200;
/// Keys of an event's properties, not counting those inside values.
pub(crate) const PROPERTIES_MAX: usize = 255;
/// Bytes of a key, at any depth of the properties.
pub(crate) const PROPERTY_KEY_BYTES_MAX: usize = 200;
/// Objects and lists inside each other; the properties themselves are the first.
pub(crate) const DEPTH_MAX: usize = 32;
/// The property that says how many characters of an event were replaced because no store can hold them.
pub(crate) const SANITIZED: &str = "$sanitized";
/// How far ahead of us an event may be; beyond, it happened when it was received.
pub(crate) const FUTURE_MAX: TimeDelta = TimeDelta::hours(24);
/// A bare number from here on is milliseconds since 1970, below it seconds: 1973 in the one reading, 5138 in the other.
pub(crate) const FIRST_MILLISECONDS: f64 = 1e11;
