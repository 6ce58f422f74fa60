//! One person's events as paths.

use crate::sessions::PAUSE_MS;

/// What is shown of paths. Values are codes.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Where paths begin.
    pub start: Option<u32>,
    /// Where they end.
    pub end: Option<u32>,
    /// How many steps of a path are looked at.
    pub max_steps: usize,
}

/// A step that a path took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The value.
    pub value: u32,
    /// When the first of its events happened, in milliseconds.
    pub time_ms: i64,
}

/// What is looked at of a path; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// Which step the first place is, from 1.
    pub first_step: usize,
    /// The places, one after the other.
    pub places: &'a [Place],
    /// Whether the path ended at the last of them, at another step than the last that is looked at, and with no end asked for.
    pub drops_off: bool,
}

impl Path<'_> {
    /// Returns which step the last place is.
    #[must_use]
    pub fn last_step(&self) -> usize {
        self.first_step + self.places.len() - 1
    }
}

/// Cuts the events of one person after the other into paths. Its memory is used again for each person.
#[derive(Debug, Default)]
pub struct PathCutter(Vec<Place>);

impl PathCutter {
    /// Hands out what is shown of each path.
    ///
    /// `events` are one person's in the order of time: when each happened, and its value.
    pub fn each(
        &mut self,
        shown: Shown,
        events: impl Iterator<Item = (i64, u32)>,
        mut path: impl FnMut(Path<'_>),
    ) {
        let Self(places) = self;
        places.clear();
        let mut last_ms = i64::MIN;
        for (time_ms, value) in events {
            if !places.is_empty() && time_ms.saturating_sub(last_ms) > PAUSE_MS {
                shown.of(places).into_iter().for_each(&mut path);
                places.clear();
            }
            last_ms = time_ms;
            // Events with the same value right after each other are one step.
            if places.last().is_none_or(|last| last.value != value) {
                places.push(Place { value, time_ms });
            }
        }
        shown.of(places).into_iter().for_each(&mut path);
    }
}

impl Shown {
    /// Returns what is shown of a path; `None` if it lacks the start or the end.
    fn of(self, places: &[Place]) -> Option<Path<'_>> {
        let first = |places: &[Place], value| places.iter().position(|place| place.value == value);
        let from = match self.start {
            Some(start) => first(places, start)?,
            None => 0,
        };
        let places = &places[from..];
        // Where start and end are one value, the path comes back to it.
        let passed = usize::from(self.start.is_some());
        let end = match self.end {
            Some(end) => passed + first(&places[passed..], end)?,
            None => places.len().checked_sub(1)?,
        };
        let places = &places[..=end];
        let looked_at = places.len().min(self.max_steps);
        if self.end.is_some() && self.start.is_none() {
            // Counted back from the end, so that all paths meet there.
            let places = &places[places.len() - looked_at..];
            return Some(Path {
                first_step: self.max_steps + 1 - looked_at,
                places,
                drops_off: false,
            });
        }
        let drops_off = self.end.is_none() && places.len() < self.max_steps;
        Some(Path { first_step: 1, places: &places[..looked_at], drops_off })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60 * 1000;

    /// Of each path, the first step, the values, and whether it drops off.
    fn paths(shown: Shown, events: &[(i64, u32)]) -> Vec<(usize, Vec<u32>, bool)> {
        let mut found = Vec::new();
        let events = events.iter().map(|(minute, value)| (minute * MINUTE_MS, *value));
        PathCutter::default().each(shown, events, |path| {
            let values = path.places.iter().map(|place| place.value).collect();
            found.push((path.first_step, values, path.drops_off));
        });
        found
    }

    fn shown(start: Option<u32>, end: Option<u32>, max_steps: usize) -> Shown {
        Shown { start, end, max_steps }
    }

    #[test]
    fn a_path_ends_after_more_than_half_an_hour_without_an_event() {
        let all = shown(None, None, 5);
        let events = [(0, 1), (30, 2), (61, 3), (62, 4)];
        assert_eq!(paths(all, &events), [(1, vec![1, 2], true), (1, vec![3, 4], true)]);
        assert_eq!(paths(all, &[]), []);
    }

    #[test]
    fn the_same_step_right_after_each_other_is_one_and_keeps_the_path_going() {
        let events = [(0, 1), (20, 1), (40, 1), (60, 2), (61, 1)];
        assert_eq!(paths(shown(None, None, 5), &events), [(1, vec![1, 2, 1], true)]);
        let mut times = Vec::new();
        let events = [(0, 1), (5, 1), (7, 2)].into_iter();
        PathCutter::default().each(shown(None, None, 5), events, |path| {
            times.extend(path.places.iter().map(|place| place.time_ms));
        });
        assert_eq!(times, [0, 7], "the first of equal ones tells the time");
    }

    #[test]
    fn nothing_drops_off_at_the_last_step_that_is_looked_at() {
        let events = [(0, 1), (1, 2), (2, 3)];
        assert_eq!(paths(shown(None, None, 2), &events), [(1, vec![1, 2], false)]);
        assert_eq!(paths(shown(None, None, 3), &events), [(1, vec![1, 2, 3], false)]);
        assert_eq!(paths(shown(None, None, 4), &events), [(1, vec![1, 2, 3], true)]);
    }

    #[test]
    fn paths_begin_at_the_first_step_that_is_the_start_point_and_others_are_left_out() {
        let events = [(0, 1), (1, 2), (2, 3), (3, 2), (100, 1), (101, 3)];
        assert_eq!(paths(shown(Some(2), None, 5), &events), [(1, vec![2, 3, 2], true)]);
    }

    #[test]
    fn before_an_end_point_the_last_steps_are_shown_and_counted_back_from_it() {
        let events = [(0, 1), (1, 2), (2, 3), (3, 9), (4, 2), (5, 9), (100, 3), (101, 9), (200, 1)];
        let expected = [(1, vec![2, 3, 9], false), (2, vec![3, 9], false)];
        assert_eq!(paths(shown(None, Some(9), 3), &events), expected);
    }

    #[test]
    fn between_start_and_end_the_first_steps_are_shown() {
        let events = [(0, 9), (1, 1), (2, 3), (3, 4), (4, 9), (5, 1)];
        assert_eq!(paths(shown(Some(1), Some(9), 5), &events), [(1, vec![1, 3, 4, 9], false)]);
        assert_eq!(paths(shown(Some(1), Some(9), 3), &events), [(1, vec![1, 3, 4], false)]);
        assert_eq!(paths(shown(Some(3), Some(1), 5), &events), [(1, vec![3, 4, 9, 1], false)]);
        assert_eq!(paths(shown(Some(4), Some(3), 5), &events), [], "the end comes after the start");
    }

    #[test]
    fn a_path_may_begin_and_end_at_the_same_value() {
        let events = [(0, 1), (1, 2), (2, 1), (3, 1), (4, 2)];
        assert_eq!(paths(shown(Some(1), Some(1), 5), &events), [(1, vec![1, 2, 1], false)]);
        assert_eq!(paths(shown(Some(1), Some(1), 5), &events[..2]), []);
    }
}
