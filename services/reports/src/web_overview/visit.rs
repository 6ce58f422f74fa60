//! One person's events as sessions with page views.

use crate::sessions::Cutter;

/// An event of a person.
#[derive(Clone, Copy, Debug)]
pub struct VisitEvent {
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The code of the session that it names, 0 if it names none.
    pub session: u32,
    /// What it is.
    pub view: View,
}

/// Whether an event is a page view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// It is none.
    None,
    /// One that is not asked about: it belongs to its session and counts for nothing else.
    Other,
    /// One that is asked about.
    Asked,
}

/// A session of a person's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// When its first event was, in milliseconds since 1970.
    pub start_ms: i64,
    /// When its last event was.
    pub end_ms: i64,
    /// Page views.
    pub views: u64,
    /// Those that are asked about.
    pub asked: u64,
    /// The place of its first page view among the events.
    pub entry: usize,
    /// The place of its last page view.
    pub exit: usize,
    events: u64,
}

impl Visit {
    /// Returns whether it has a single page view.
    #[must_use]
    pub fn is_bounce(&self) -> bool {
        self.views == 1
    }
}

/// Makes sessions of the events of one person after the other. Its memory is used again for each person.
#[derive(Debug, Default)]
pub struct Visits {
    cutter: Cutter,
    visits: Vec<Visit>,
}

impl Visits {
    /// Hands out the sessions that have a page view which is asked about. `events` are all of one person in the order of time.
    pub fn each(
        &mut self,
        events: impl Iterator<Item = VisitEvent> + Clone,
        visit: impl FnMut(&Visit),
    ) {
        let sessions = self.cutter.cut(events.clone().map(|event| (event.time_ms, event.session)));
        self.visits.clear();
        for ((place, event), session) in events.enumerate().zip(sessions) {
            let session = *session as usize;
            if session >= self.visits.len() {
                self.visits.resize_with(session + 1, Visit::default);
            }
            let visit = &mut self.visits[session];
            if visit.events == 0 {
                visit.start_ms = event.time_ms;
            }
            visit.events += 1;
            visit.end_ms = event.time_ms;
            if event.view == View::None {
                continue;
            }
            if visit.views == 0 {
                visit.entry = place;
            }
            visit.exit = place;
            visit.views += 1;
            visit.asked += u64::from(event.view == View::Asked);
        }
        self.visits.iter().filter(|visit| visit.asked > 0).for_each(visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60 * 1000;
    const ASKED: View = View::Asked;

    /// The sessions of events at these minutes: from and to which minute, page views, and the places of the first and last.
    fn visits(events: &[(i64, u32, View)]) -> Vec<(i64, i64, u64, usize, usize)> {
        let events = events.iter().map(|(minute, session, view)| VisitEvent {
            time_ms: minute * MINUTE_MS,
            session: *session,
            view: *view,
        });
        let mut found = Vec::new();
        Visits::default().each(events, |visit| {
            let (start, end) = (visit.start_ms / MINUTE_MS, visit.end_ms / MINUTE_MS);
            found.push((start, end, visit.views, visit.entry, visit.exit));
        });
        found
    }

    #[test]
    fn any_event_is_activity_and_page_views_alone_are_entry_and_exit() {
        let events = [
            (0, 7, View::None),
            (1, 7, ASKED),
            (2, 7, View::None),
            (3, 7, ASKED),
            (9, 7, View::None),
        ];
        assert_eq!(visits(&events), [(0, 9, 2, 1, 3)]);
    }

    #[test]
    fn a_session_without_a_page_view_that_is_asked_about_is_left_out() {
        assert_eq!(visits(&[(0, 7, View::None), (1, 8, View::Other)]), []);
        let half = [(0, 7, View::Other), (1, 7, ASKED), (2, 7, View::Other)];
        assert_eq!(visits(&half), [(0, 2, 3, 0, 2)], "what is told is of the whole session");
    }

    #[test]
    fn an_event_between_two_others_of_one_session_is_its_own() {
        assert_eq!(
            visits(&[(0, 7, ASKED), (1, 8, ASKED), (99, 7, ASKED)]),
            [(0, 99, 2, 0, 2), (1, 1, 1, 1, 1)]
        );
        assert_eq!(
            visits(&[(0, 0, ASKED), (30, 0, ASKED), (61, 0, ASKED)]),
            [(0, 30, 2, 0, 1), (61, 61, 1, 2, 2)]
        );
    }
}
