//! Why an event is not kept.

/// The stable codes that senders switch on; `docs/API.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    InvalidEvent,
    MissingName,
    MissingDistinctId,
    InvalidUuid,
    InvalidTimestamp,
    TooOld,
    NameTooLong,
    DistinctIdTooLong,
    EventTooLarge,
    TooManyProperties,
    TooDeep,
    PropertyKeyTooLong,
    NonFiniteNumber,
    InvalidProperties,
}

impl Code {
    /// Returns the code's text.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidEvent => "invalid_event",
            Self::MissingName => "missing_name",
            Self::MissingDistinctId => "missing_distinct_id",
            Self::InvalidUuid => "invalid_uuid",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::TooOld => "too_old",
            Self::NameTooLong => "name_too_long",
            Self::DistinctIdTooLong => "distinct_id_too_long",
            Self::EventTooLarge => "event_too_large",
            Self::TooManyProperties => "too_many_properties",
            Self::TooDeep => "too_deep",
            Self::PropertyKeyTooLong => "property_key_too_long",
            Self::NonFiniteNumber => "non_finite_number",
            Self::InvalidProperties => "invalid_properties",
        }
    }
}

/// One event's refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    /// Which rule it breaks.
    pub(crate) code: Code,
    /// What to change.
    pub(crate) message: String,
}

impl Reject {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
