//! What can be asked of stored events.

use chrono::{DateTime, Utc};
use observe_proto::events::v1::AcceptedEvent;
use uuid::Uuid;

/// A question about one project's events; all parts must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventQuery {
    /// One of these names; any when empty.
    pub names: Vec<String>,
    /// One of these distinct ids; any when `None`, nobody's when empty.
    pub distinct_ids: Option<Vec<String>>,
    /// Event time, half-open.
    pub range: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Conditions on properties.
    pub conditions: Vec<Condition>,
    /// Strictly beyond this event, in the order asked for.
    pub after: Option<Position>,
    /// In which order.
    pub order: Order,
}

/// An order of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

impl Order {
    /// Returns the SQL clause. One index serves both, read forwards or backwards.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::NewestFirst => " order by time desc, arrival desc, uuid desc",
            Self::OldestFirst => " order by time, arrival, uuid",
        }
    }

    /// Returns the SQL operator that holds between an event and those before it.
    #[must_use]
    pub const fn beyond(self) -> &'static str {
        match self {
            Self::NewestFirst => "<",
            Self::OldestFirst => ">",
        }
    }
}

/// Returns when an event arrived, in microseconds since 1970 by the edge's clock, plus its place in its request: what the table
/// keeps of it, and what a cut is compared with.
#[must_use]
pub fn arrival(event: &AcceptedEvent) -> i64 {
    event.received_us.saturating_add(i64::from(event.index))
}

/// An event's place in the order of all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// When it happened.
    pub time: DateTime<Utc>,
    /// Its place among events of equal time.
    pub arrival: i64,
    /// Its id.
    pub uuid: Uuid,
}

impl Position {
    const BYTES: usize = 8 + 8 + 16;

    /// Returns the bytes that go into a page token.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend_from_slice(&self.time.timestamp_micros().to_be_bytes());
        bytes.extend_from_slice(&self.arrival.to_be_bytes());
        bytes.extend_from_slice(self.uuid.as_bytes());
        bytes
    }

    /// Reads them back.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != Self::BYTES {
            return None;
        }
        let micros = i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
        Some(Self {
            time: DateTime::from_timestamp_micros(micros)?,
            arrival: i64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?),
            uuid: Uuid::from_slice(bytes.get(16..)?).ok()?,
        })
    }
}

/// A condition on one property of the event.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The property's key.
    pub property: String,
    /// What must hold of its canonical text.
    pub test: Test,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It is set.
    IsSet,
    /// It is not set.
    IsNotSet,
    /// It is (or, negated, is not) one of these. What is missing is none of them.
    OneOf {
        /// The texts.
        values: Vec<String>,
        /// Whether it must be none of them.
        negated: bool,
    },
    /// It contains (or, negated, does not contain) one of these, ignoring case.
    Contains {
        /// The parts.
        values: Vec<String>,
        /// Whether it must contain none of them.
        negated: bool,
    },
    /// One of these regular expressions matches.
    Matches(Vec<String>),
    /// It is a number and compares so.
    Compare {
        /// How.
        operator: Comparison,
        /// With what.
        value: f64,
    },
}

/// A numeric comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Comparison {
    /// Returns the SQL operator.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_a_page_token() {
        let position = Position {
            time: DateTime::from_timestamp_millis(1_763_855_999_123).expect("a time"),
            arrival: -7,
            uuid: Uuid::from_u128(3),
        };
        assert_eq!(Position::from_bytes(&position.to_bytes()), Some(position));
        assert_eq!(Position::from_bytes(&[0; 31]), None);
    }
}
