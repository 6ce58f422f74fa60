//! Properties of sessions, by the code of `$session_id`: what filters and breakdowns of the scope SESSION look up.
//!
//! Here a session is what has one id, whoever's events they are. A property is computed when a question first asks for it, of
//! all sessions that have an event in its range. Events up to a day before and after the range are looked at, too, so that a
//! session has one value whichever range is asked for; a session of observe.js is no longer than that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::EngineError;
use super::breakdown::ValueSource;
use super::plan::{Part, Reads};
use super::scan::scan_with_arrivals;
use super::view::View;
use crate::activity::SESSION_ID;
use crate::projection::{NOT_SET, ValueDictionary};
use crate::query::{CountedBy, Filter, Range, Scope, Selector};
use crate::sessions::SESSION_MS;
use crate::web_overview::PAGE_VIEW;

/// How much memory the sessions of a question may take while one of their properties is computed, in bytes: that of some three
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

    /// Likewise, in less memory.
    #[cfg(test)]
    pub(super) fn within(bytes_max: usize) -> Self {
        Self { bytes_max, ..Self::of(Range { start_ms: i64::MIN, end_ms: i64::MAX }) }
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
    /// The value code of the others that are asked for: sessions without a page view.
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
        place.map_or(self.others, |place| self.bits[place / 64] >> (place % 64) & 1 == 1)
    }
}

/// Events of one session, as far as they follow each other where they lie.
#[derive(Clone, Copy, Debug)]
struct Run {
    session: u32,
    whole: Whole,
}

/// What is known of a session.
#[derive(Clone, Copy, Debug)]
struct Whole {
    /// When its first event happened and arrived.
    first: (i64, i64),
    last_ms: i64,
    /// How many events it has.
    events: u32,
    /// The value of its first event.
    value: u32,
}

impl Whole {
    const NOTHING: Self =
        Self { first: (i64::MAX, i64::MAX), last_ms: i64::MIN, events: 0, value: NOT_SET };

    fn add(&mut self, other: Self) {
        if other.first < self.first {
            (self.first, self.value) = (other.first, other.value);
        }
        self.last_ms = self.last_ms.max(other.last_ms);
        self.events += other.events;
    }
}

fn compute(
    property: Property,
    range: Range,
    bytes_max: usize,
    view: &View<'_>,
) -> Result<SessionColumn, EngineError> {
    let session = ValueSource::new(Scope::Event, SESSION_ID, view);
    let (event, values) = match property {
        Property::Entry(of_event) => (Some(PAGE_VIEW), Some(of_event)),
        Property::PageviewCount | Property::IsBounce => (Some(PAGE_VIEW), None),
        Property::DurationSeconds => (None, None),
    };
    let value = ValueSource::new(Scope::Event, values.unwrap_or(SESSION_ID), view);
    let wholes = wholes(range, event, [&session, &value], bytes_max, view)?;
    let own = values.map(|key| view.columns.properties.find(key));
    let mut column = SessionColumn { first: wholes.first, ..SessionColumn::default() };
    if let Some(found) = own {
        column.values = found.map(|(_, values)| values.clone()).unwrap_or_default();
        column.codes = wholes.of_session.iter().map(|whole| whole.value).collect();
        return Ok(column);
    }
    let mut known: FxHashMap<i64, u32> = FxHashMap::default();
    let mut intern = |values: &mut ValueDictionary, whole: &Whole| {
        let number = property.number(whole);
        *known.entry(number).or_insert_with(|| values.intern(&property.text(number)))
    };
    column.others = intern(&mut column.values, &Whole::NOTHING);
    let codes = wholes.of_session.iter().map(|whole| intern(&mut column.values, whole));
    column.codes = codes.collect();
    Ok(column)
}

impl Property {
    /// Returns the value as a number.
    fn number(self, whole: &Whole) -> i64 {
        match self {
            Self::Entry(_) => 0,
            Self::DurationSeconds if whole.events == 0 => 0,
            Self::DurationSeconds => whole.last_ms.saturating_sub(whole.first.0) / 1_000,
            Self::PageviewCount => i64::from(whole.events),
            Self::IsBounce => i64::from(whole.events == 1),
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

/// What is known of the sessions whose codes follow each other.
struct Wholes {
    first: u32,
    of_session: Vec<Whole>,
}

/// Adds up the events of this name, of any if `None`, by the session that they name; `values` are that and the one to keep.
fn wholes(
    range: Range,
    event: Option<&str>,
    values: [&ValueSource<'_>; 2],
    bytes_max: usize,
    view: &View<'_>,
) -> Result<Wholes, EngineError> {
    let selectors = [Selector { event: event.map(str::to_owned), filter: Filter::everything() }];
    let reads = Reads {
        range: Range {
            start_ms: range.start_ms.saturating_sub(SESSION_MS),
            end_ms: range.end_ms.saturating_add(SESSION_MS),
        },
        counted_by: &CountedBy::Persons,
        filter: &Filter::everything(),
        selectors: &selectors,
        values,
    };
    let runs_max = bytes_max / size_of::<Run>();
    let taken = AtomicUsize::new(0);
    let runs = scan_with_arrivals(view, &reads, Vec::new, |runs: &mut Vec<Run>, part| {
        if taken.load(Ordering::Relaxed) <= runs_max {
            let before = runs.len();
            add_runs(runs, part);
            taken.fetch_add(runs.len() - before, Ordering::Relaxed);
        }
    })?;
    let codes = || runs.iter().flatten().map(|run| run.session);
    let (Some(first), Some(last)) = (codes().min(), codes().max()) else {
        return Ok(Wholes { first: 0, of_session: Vec::new() });
    };
    let sessions = (last - first) as usize + 1;
    let bytes = taken.into_inner() * size_of::<Run>() + sessions * size_of::<Whole>();
    if bytes > bytes_max {
        return Err(EngineError::TooLarge);
    }
    view.asker.take(sessions * size_of::<u32>())?;
    let mut of_session = vec![Whole::NOTHING; sessions];
    for of_thread in runs {
        view.asker.check()?;
        for run in of_thread {
            of_session[(run.session - first) as usize].add(run.whole);
        }
    }
    Ok(Wholes { first, of_session })
}

/// Adds the events of a part. Those of one visitor follow each other, and so mostly those of one session.
fn add_runs(runs: &mut Vec<Run>, part: &Part<'_, 2>) {
    let mut last = NOT_SET;
    part.each_with_place(|place, row| {
        let [session, value] = row.values;
        if session == NOT_SET {
            return;
        }
        let first = (row.time_ms, part.arrival(place));
        let whole = Whole { first, last_ms: row.time_ms, events: 1, value };
        match runs.last_mut() {
            Some(run) if session == last => run.whole.add(whole),
            _ => runs.push(Run { session, whole }),
        }
        last = session;
    });
}
