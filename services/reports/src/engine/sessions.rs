//! Properties of sessions, by the code of `$session_id`: what filters and breakdowns of the scope SESSION look up.
//!
//! Here a session is what has one id, whoever's events they are. A property is computed when a question first asks for it, of
//! all sessions that have an event in its range. Events up to a day before and after the range are looked at, too, so that a
//! session has one value whichever range is asked for; a session of observe.js is no longer than that.

mod runs;

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::EngineError;
use super::breakdown::ValueSource;
use super::view::View;
use crate::activity::SESSION_ID;
use crate::bits;
use crate::projection::{NOT_SET, ValueDictionary};
use crate::query::{Range, Scope};
use crate::web_overview::PAGE_VIEW;
pub(super) use runs::with_sessions;
use runs::{Known, Looked, known_sessions};

/// How much memory the sessions of a question may take while one of their properties is computed, in bytes: that of some six
/// million sessions.
const BYTES_MAX: usize = 256 << 20;

/// A property of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    /// That of an event, of the first page view of a session.
    Entry(&'static str),
    /// From the first to the last event, in whole seconds.
    DurationSeconds,
    /// How many page views.
    PageviewCount,
    /// Whether there is exactly one.
    IsBounce,
}

/// All of them, by key.
const PROPERTIES: [(&str, Property); 8] = [
    ("$entry_pathname", Property::Entry("$pathname")),
    ("$entry_referring_domain", Property::Entry("$referring_domain")),
    ("$entry_utm_source", Property::Entry("utm_source")),
    ("$entry_utm_medium", Property::Entry("utm_medium")),
    ("$entry_utm_campaign", Property::Entry("utm_campaign")),
    ("$duration_seconds", Property::DurationSeconds),
    ("$pageview_count", Property::PageviewCount),
    ("$is_bounce", Property::IsBounce),
];

/// The properties of sessions that a question has asked for.
#[derive(Debug)]
pub(crate) struct Sessions {
    range: Range,
    bytes_max: usize,
    /// In the order of [`PROPERTIES`].
    computed: [OnceLock<Arc<SessionColumn>>; PROPERTIES.len()],
}

impl Sessions {
    /// Those of the sessions that have an event in the range.
    pub(crate) fn of(range: Range) -> Self {
        let computed = std::array::from_fn(|_| OnceLock::new());
        Self { range, bytes_max: BYTES_MAX, computed }
    }

    /// Those of the sessions that have an event in another range.
    pub(super) fn over(&self, range: Range) -> Self {
        Self { bytes_max: self.bytes_max, ..Self::of(range) }
    }

    /// Those of all sessions, in less memory.
    #[cfg(test)]
    pub(super) fn within(bytes_max: usize) -> Self {
        Self { bytes_max, ..Self::of(Range::ALWAYS) }
    }

    /// Returns a property, computed when it is first asked for; `None` for one that sessions do not have. If it cannot be
    /// computed, the whole question is given up.
    pub(super) fn column(&self, property: &str, view: &View<'_>) -> Option<Arc<SessionColumn>> {
        let at = PROPERTIES.iter().position(|(key, _)| *key == property)?;
        let column = self.computed[at].get_or_init(|| {
            let computed = compute(PROPERTIES[at].1, self.range, self.bytes_max, view);
            Arc::new(computed.unwrap_or_else(|error| {
                view.asker.give_up(error);
                SessionColumn::default()
            }))
        });
        Some(Arc::clone(column))
    }
}

/// A property of sessions.
#[derive(Debug, Default)]
pub(super) struct SessionColumn {
    /// The code of the first session that is in here.
    first: u32,
    /// The value codes of that session and those whose codes follow.
    codes: Vec<u32>,
    /// The value code of the others: sessions without a page view.
    others: u32,
    values: ValueDictionary,
}

impl SessionColumn {
    /// Returns the value code of a session, given by its own.
    #[inline]
    pub(super) fn code(&self, session: u32) -> u32 {
        if session == NOT_SET {
            return NOT_SET;
        }
        let place = session.checked_sub(self.first).map(|place| place as usize);
        place.and_then(|place| self.codes.get(place)).copied().unwrap_or(self.others)
    }

    /// Returns the values, by their codes.
    pub(super) fn values(&self) -> &ValueDictionary {
        &self.values
    }
}

/// Which sessions pass a test of a property.
pub(super) struct SessionTable {
    column: Arc<SessionColumn>,
    /// A bit for each session of the column.
    bits: Vec<u64>,
    /// What holds for the other sessions.
    others: bool,
    /// What holds for events that name none.
    without: bool,
}

impl SessionTable {
    /// Tests every session once; `passes` says whether a value code does.
    pub(super) fn new(column: Arc<SessionColumn>, passes: impl Fn(u32) -> bool) -> Self {
        let mut bits = vec![0; column.codes.len().div_ceil(64)];
        for (place, code) in column.codes.iter().enumerate() {
            bits[place / 64] |= u64::from(passes(*code)) << (place % 64);
        }
        let (others, without) = (passes(column.others), passes(NOT_SET));
        Self { column, bits, others, without }
    }

    /// Returns whether a session passes, given by its code.
    #[inline]
    pub(super) fn passes(&self, session: u32) -> bool {
        if session == NOT_SET {
            return self.without;
        }
        let place = session.checked_sub(self.column.first).map(|place| place as usize);
        let place = place.filter(|place| *place < self.column.codes.len());
        place.map_or(self.others, |place| bits::has(&self.bits, place))
    }
}

fn compute(
    property: Property,
    range: Range,
    bytes_max: usize,
    view: &View<'_>,
) -> Result<SessionColumn, EngineError> {
    let session = ValueSource::new(Scope::Event, SESSION_ID, view);
    let (event, of_event) = match property {
        Property::Entry(of_event) => (Some(PAGE_VIEW), Some(of_event)),
        Property::PageviewCount | Property::IsBounce => (Some(PAGE_VIEW), None),
        Property::DurationSeconds => (None, None),
    };
    let value = ValueSource::new(Scope::Event, of_event.unwrap_or(SESSION_ID), view);
    let looked = Looked { range, event, values: [&session, &value], bytes_max };
    let sessions = known_sessions(&looked, view)?;
    let values = of_event.map(|key| view.columns.properties.find(key));
    let values = values.map(|found| found.map(|(_, values)| values.clone()).unwrap_or_default());
    let mut numbers = Numbers::default();
    let mut code = |known: &Known| match values {
        Some(_) => known.value,
        None => numbers.code(property, known),
    };
    let others = code(&Known::NOTHING);
    let mut column = SessionColumn { others, ..SessionColumn::default() };
    if let (Some((first, _)), Some((last, _))) = (sessions.first(), sessions.last()) {
        let count = (last - first) as usize + 1;
        view.asker.take(count * size_of::<u32>())?;
        (column.first, column.codes) = (*first, vec![others; count]);
        for (session, known) in &sessions {
            column.codes[(session - first) as usize] = code(known);
        }
    }
    column.values = values.unwrap_or(numbers.values);
    Ok(column)
}

/// Values that no event has: numbers, and true and false as numbers.
#[derive(Default)]
struct Numbers {
    values: ValueDictionary,
    codes: FxHashMap<i64, u32>,
}

impl Numbers {
    fn code(&mut self, property: Property, known: &Known) -> u32 {
        let number = property.number(known);
        let Self { values, codes } = self;
        *codes.entry(number).or_insert_with(|| values.intern(&property.text(number)))
    }
}

impl Property {
    /// Returns the value as a number.
    fn number(self, known: &Known) -> i64 {
        match self {
            Self::Entry(_) => 0,
            Self::DurationSeconds if known.events == 0 => 0,
            Self::DurationSeconds => known.last_ms.saturating_sub(known.first.0) / 1_000,
            Self::PageviewCount => i64::from(known.events),
            Self::IsBounce => i64::from(known.events == 1),
        }
    }

    /// Returns its canonical text.
    fn text(self, number: i64) -> String {
        match self {
            Self::IsBounce => (number == 1).to_string(),
            Self::Entry(_) | Self::DurationSeconds | Self::PageviewCount => number.to_string(),
        }
    }
}
