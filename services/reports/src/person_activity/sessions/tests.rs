//! Sessions, written out, and at every page boundary.

use super::*;

const MINUTE_MS: i64 = 60 * 1000;

/// Events at these minutes, given the oldest first, as the list has them.
fn moments(oldest_first: &[(i64, &str)]) -> Vec<Moment> {
    let moment = |(minute, id): &(i64, &str)| Moment {
        time_ms: minute * MINUTE_MS,
        session_id: (*id).to_owned(),
    };
    oldest_first.iter().rev().map(moment).collect()
}

/// The minutes at which sessions begin, the oldest first.
fn starts(oldest_first: &[(i64, &str)]) -> Vec<i64> {
    let all = moments(oldest_first);
    let begins = begin(&all, all.len(), true);
    let starts = all.iter().zip(&begins).rev().filter(|(_, begins)| **begins);
    starts.map(|(moment, _)| moment.time_ms / MINUTE_MS).collect()
}

#[test]
fn a_session_ends_after_a_pause_of_more_than_half_an_hour() {
    assert_eq!(starts(&[(0, ""), (30, ""), (60, ""), (91, ""), (92, "")]), [0, 91]);
    assert_eq!(starts(&[]), [0; 0]);
}

#[test]
fn a_session_ends_after_a_day_and_the_next_one_too() {
    let events: Vec<_> = (0..300).map(|n| (n * 20, "")).collect();
    // 24 hours are 1,440 minutes; the first event beyond them begins the next one.
    assert_eq!(starts(&events), [0, 1_460, 2_920, 4_380, 5_840]);
}

#[test]
fn what_events_say_of_their_session_goes_before_pauses() {
    let events = [(0, "a"), (90, "a"), (91, "b"), (92, "b"), (5_000, "b")];
    assert_eq!(starts(&events), [0, 91]);
    assert_eq!(starts(&[(0, "a"), (1, "b"), (2, "a")]), [0, 1, 2]);
}

#[test]
fn an_event_that_says_nothing_belongs_to_the_session_before_it() {
    assert_eq!(starts(&[(0, "a"), (1, ""), (2, "b"), (3, ""), (4, "b")]), [0, 2]);
    assert_eq!(starts(&[(0, "a"), (31, ""), (32, "b")]), [0, 31], "the first to say names it");
    assert_eq!(starts(&[(0, ""), (1, "a"), (2, "b")]), [0, 2]);
    let day_long: Vec<_> = (0..100).map(|n| (n * 20, if n == 0 { "a" } else { "" })).collect();
    assert_eq!(starts(&day_long), [0], "how long it is is for its sender to say");
}

/// Asks page by page, looking back only as far as it has to, and returns what was told.
fn in_pages(all: &[Moment], page: usize) -> Vec<bool> {
    let mut told = Vec::new();
    for start in (0..all.len()).step_by(page) {
        let on_page = page.min(all.len() - start);
        let mut end = start + on_page;
        while !is_enough(&all[start..end], on_page, end == all.len()) {
            end = (end + 3).min(all.len());
        }
        told.extend(begin(&all[start..end], on_page, end == all.len()));
    }
    told
}

#[test]
fn no_page_boundary_makes_or_loses_a_session() {
    // A plain generator with a fixed seed; the texts of failures name the world.
    let mut state = 7_u64;
    let mut below = move |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % bound
    };
    for world in 0..200 {
        let mut minute = 0;
        let gaps = &[1, 10, 29, 30, 31, 200][..=below(6)];
        let ids = &["", "a", "", "b", ""][..=world % 5];
        let events: Vec<_> = (0..=below(120))
            .map(|_| {
                minute += gaps[below(gaps.len())];
                (minute, ids[below(ids.len())])
            })
            .collect();
        let all = moments(&events);
        let whole = begin(&all, all.len(), true);
        for page in [1, 2, 3, 7, 50] {
            assert_eq!(in_pages(&all, page), whole, "world {world}, pages of {page}: {events:?}");
        }
    }
}

#[test]
fn a_machine_without_a_pause_is_looked_at_no_further_than_it_must_and_alike_on_every_page() {
    let events: Vec<_> = (0..3_000).map(|n| (n * 10, "")).collect();
    let all = moments(&events);
    let whole = begin(&all, all.len(), true);
    assert_eq!(whole.iter().filter(|begins| **begins).count(), 7, "of the first 1,000 events");
    for page in [100, 128] {
        assert_eq!(in_pages(&all, page), whole);
    }
    let asked = &all[..100 + 1 + LOOK_BACK];
    assert!(is_enough(asked, 100, false) && !is_enough(&asked[..100 + LOOK_BACK], 100, false));
}
