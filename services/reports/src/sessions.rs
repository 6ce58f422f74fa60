//! What a session is: the rule that cuts one person's events into sessions, wherever it is applied.
//!
//! A session that events name (`$session_id`) is what has one id. An event that names none belongs to the session of the event
//! before it, and begins one after a pause, or when a session without an id has gone on for a day. The first event that names
//! a session names the one that goes on.

use rustc_hash::FxHashMap;

/// The pause that ends a session, in milliseconds. An event after exactly so long is still of the session, as in observe.js.
pub(crate) const PAUSE_MS: i64 = 30 * 60 * 1000;
/// How long a session without an id goes on, in milliseconds. observe.js ends those with an id after as long.
pub(crate) const SESSION_MS: i64 = 24 * 60 * 60 * 1000;

/// The session that goes on at one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session<I> {
    /// Its id; `None` if no event of it named one yet.
    pub(crate) id: Option<I>,
    /// When it began, in milliseconds since 1970. Looked at only while it has no id.
    pub(crate) start_ms: i64,
}

impl<I: PartialEq> Session<I> {
    /// Returns whether the next event of the person belongs to it: one at this time that names this session, after one at
    /// `last_ms`.
    pub(crate) fn takes(&self, last_ms: i64, time_ms: i64, id: Option<&I>) -> bool {
        match (&self.id, id) {
            (Some(own), Some(id)) => own == id,
            (own, _) => {
                time_ms.saturating_sub(last_ms) <= PAUSE_MS
                    && (own.is_some() || time_ms.saturating_sub(self.start_ms) <= SESSION_MS)
            }
        }
    }
}

/// A code that names no session.
const NO_ID: u32 = 0;

/// Cuts the events of one person after the other into sessions. Its memory is used again for each person.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    /// By the order in which they began, the id of each session, [`NO_ID`] if it has none.
    ids: Vec<u32>,
    /// By id, the session that has it.
    by_id: FxHashMap<u32, u32>,
    /// The session of each event.
    of_event: Vec<u32>,
}

impl Cutter {
    /// Returns the session of each event, as numbers from 0 in the order in which the sessions began. Some numbers may be left
    /// out: a session without an id may turn out to be one that began before.
    ///
    /// `events` are all of one person in the order of time: when each happened, and the code of the session that it names, 0
    /// if it names none.
    pub(crate) fn cut(&mut self, events: impl Iterator<Item = (i64, u32)>) -> &[u32] {
        self.ids.clear();
        self.of_event.clear();
        // A map keeps the room it once took, which a person with many sessions would have all others clear.
        self.by_id = FxHashMap::default();
        let mut current: Option<(Session<u32>, u32)> = None;
        let mut last_ms = 0;
        for (time_ms, id) in events {
            let named = (id != NO_ID).then_some(id);
            let taken =
                current.filter(|(session, _)| session.takes(last_ms, time_ms, named.as_ref()));
            let (session, number) = match (taken, named) {
                (Some((session, number)), Some(id)) if session.id.is_none() => {
                    (Session { id: named, ..session }, self.name(number, id))
                }
                (Some(goes_on), _) => goes_on,
                (None, _) => (Session { id: named, start_ms: time_ms }, self.begin(id)),
            };
            self.of_event.push(number);
            current = Some((session, number));
            last_ms = time_ms;
        }
        &self.of_event
    }

    /// Returns the number of the session that begins, or goes on after others.
    fn begin(&mut self, id: u32) -> u32 {
        if let Some(known) = self.by_id.get(&id) {
            return *known;
        }
        let number = u32::try_from(self.ids.len()).expect("fewer sessions than rows");
        self.ids.push(id);
        if id != NO_ID {
            self.by_id.insert(id, number);
        }
        number
    }

    /// Gives the session that goes on an id, and returns the number it has from now on.
    fn name(&mut self, number: u32, id: u32) -> u32 {
        let Some(known) = self.by_id.get(&id).copied() else {
            self.ids[number as usize] = id;
            self.by_id.insert(id, number);
            return number;
        };
        // It is one that began before: what came since the pause is of that one.
        for of in self.of_event.iter_mut().rev().take_while(|of| **of == number) {
            *of = known;
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60 * 1000;

    /// The sessions of events at these minutes that name these sessions.
    fn cut(events: &[(i64, u32)]) -> Vec<u32> {
        let events = events.iter().map(|(minute, id)| (minute * MINUTE_MS, *id));
        Cutter::default().cut(events).to_vec()
    }

    #[test]
    fn a_session_without_an_id_ends_after_a_pause_of_more_than_half_an_hour() {
        assert_eq!(cut(&[(0, 0), (30, 0), (60, 0), (91, 0), (92, 0)]), [0, 0, 0, 1, 1]);
        assert_eq!(cut(&[]), [0_u32; 0]);
    }

    #[test]
    fn a_session_without_an_id_ends_after_a_day() {
        let events: Vec<_> = (0..=73).map(|n| (n * 20, 0)).collect();
        let sessions = cut(&events);
        // 24 hours are 1,440 minutes; the event at exactly so many is still inside.
        assert_eq!(sessions[..=72], [0; 73]);
        assert_eq!(sessions[73], 1);
    }

    #[test]
    fn what_has_one_id_is_one_session_whatever_the_pauses_and_whatever_is_between() {
        assert_eq!(cut(&[(0, 7), (90, 7), (91, 8), (92, 7), (5_000, 8)]), [0, 0, 1, 0, 1]);
    }

    #[test]
    fn an_event_without_an_id_belongs_to_the_session_before_it() {
        assert_eq!(cut(&[(0, 7), (1, 0), (2, 8), (3, 0), (4, 8)]), [0, 0, 1, 1, 1]);
        assert_eq!(cut(&[(0, 7), (31, 0), (62, 8)]), [0, 1, 2]);
    }

    #[test]
    fn the_first_event_that_names_a_session_names_the_one_that_goes_on() {
        assert_eq!(cut(&[(0, 0), (1, 7), (2, 8), (3, 7)]), [0, 0, 1, 0]);
        assert_eq!(cut(&[(0, 7), (31, 0), (32, 7), (33, 7)]), [0, 0, 0, 0], "it is the same one");
        assert_eq!(cut(&[(0, 7), (31, 0), (32, 8), (70, 0)]), [0, 1, 1, 2]);
    }

    #[test]
    fn what_was_of_one_person_is_not_looked_at_for_the_next() {
        let mut cutter = Cutter::default();
        cutter.cut([(0, 7), (1, 8)].into_iter());
        assert_eq!(cutter.cut([(2, 0), (3, 8)].into_iter()), [0, 0]);
    }
}
