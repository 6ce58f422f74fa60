//! Rules of funnels, each by itself: orders, exclusions, optional steps, attribution, times, trends, the persons behind a
//! number, and what a person is told.

use super::funnel_oracle::exclusion;
use super::funnel_worlds::trend;
use super::world::{HOUR_MS, World, by, funnel, is, persons};
use crate::explained_event::Verdict;
use crate::funnel::explain::FunnelExplanation;
use crate::funnel::{FunnelQuery, Order};
use crate::query::{Attribution, CountedBy, Scope};

/// A world in which one person did these things, one a millisecond: `"a b c"`.
fn world(events: &str) -> World {
    let mut world = World::new();
    for (time, name) in (0..).zip(events.split_whitespace()) {
        world.event("ada", name, time, "{}");
    }
    world
}

fn counts(world: &World, query: &FunnelQuery) -> Vec<u64> {
    persons(&world.funnel(query).steps)
}

fn strict(steps: &[&str]) -> FunnelQuery {
    FunnelQuery { order: Order::Strict, ..funnel(100, steps) }
}

fn any(window_ms: i64, steps: &[&str]) -> FunnelQuery {
    FunnelQuery { order: Order::Any, ..funnel(window_ms, steps) }
}

fn without(query: FunnelQuery, event: &str, after: usize, before: usize) -> FunnelQuery {
    FunnelQuery { exclusions: vec![exclusion(event, after, before)], ..query }
}

#[test]
fn with_the_strict_order_any_other_event_ends_the_attempts() {
    let asked = strict(&["a", "b", "c"]);
    assert_eq!(counts(&world("a b c"), &asked), [1, 1, 1]);
    assert_eq!(counts(&world("a x b c"), &asked), [1, 0, 0]);
    assert_eq!(counts(&world("a b x c"), &asked), [1, 1, 0]);
    assert_eq!(counts(&world("a b x a b c"), &asked), [1, 1, 1], "a fresh attempt");
    assert_eq!(counts(&world("a a b b c"), &asked), [1, 1, 1], "the step just taken may repeat");
    assert_eq!(counts(&world("a b a c"), &asked), [1, 1, 0]);
}

#[test]
fn with_the_strict_order_events_of_equal_time_end_no_attempt_that_takes_a_step_then() {
    let mut world = World::new();
    for (name, time) in [("a", 1), ("x", 2), ("b", 2), ("c", 3)] {
        world.event("ada", name, time, "{}");
    }
    assert_eq!(counts(&world, &strict(&["a", "b", "c"])), [1, 1, 1]);
}

#[test]
fn with_the_strict_order_events_that_the_filter_leaves_out_are_not_looked_at() {
    let mut world = World::new();
    for (name, time, page) in [("a", 1, "/"), ("x", 2, "/other"), ("b", 3, "/")] {
        world.event("ada", name, time, &format!(r#"{{"page":"{page}"}}"#));
    }
    let mut asked = strict(&["a", "b"]);
    assert_eq!(counts(&world, &asked), [1, 0]);
    asked.filter = is("page", Scope::Event, "/");
    assert_eq!(counts(&world, &asked), [1, 1]);
}

#[test]
fn in_any_order_step_n_counts_persons_with_n_different_steps_inside_the_window() {
    assert_eq!(counts(&world("c a b"), &any(100, &["a", "b", "c"])), [1, 1, 1]);
    assert_eq!(counts(&world("c a b"), &any(1, &["a", "b", "c"])), [1, 1, 0]);
    assert_eq!(counts(&world("b b b"), &any(100, &["a", "b", "c"])), [1, 0, 0]);
    assert_eq!(counts(&world("x"), &any(100, &["a", "b"])), [0, 0]);
    // An event stands for one step.
    assert_eq!(counts(&world("b"), &any(100, &["", "b"])), [1, 0]);
    assert_eq!(counts(&world("b a"), &any(100, &["", "b"])), [1, 1]);
}

#[test]
fn an_exclusion_takes_a_person_out_of_the_funnel_entirely() {
    let asked = without(funnel(10, &["a", "b", "c"]), "x", 0, 1);
    assert_eq!(counts(&world("a b c"), &asked), [1, 1, 1]);
    assert_eq!(counts(&world("a x b c"), &asked), [0, 0, 0]);
    assert_eq!(counts(&world("a b x c"), &asked), [1, 1, 1], "it is between other steps");
    assert_eq!(counts(&world("x a b c"), &asked), [1, 1, 1], "it is before the first step");
    assert_eq!(counts(&world("a x"), &asked), [0, 0, 0], "while it waits for the next step, too");
    assert_eq!(counts(&world("a x a b c"), &asked), [1, 1, 1], "a fresh attempt comes as far");
    assert_eq!(counts(&world("a b x a"), &asked), [1, 1, 0], "it stands on the second step");
    let asked = without(funnel(1, &["a", "b"]), "x", 0, 1);
    assert_eq!(counts(&world("a y x"), &asked), [1, 0], "the window was over");
}

#[test]
fn an_exclusion_of_equal_time_comes_before_the_step() {
    let asked = without(funnel(10, &["a", "b"]), "x", 0, 1);
    for (times, expected) in [([1, 1, 3], [1, 1]), ([1, 3, 3], [0, 0]), ([1, 1, 1], [1, 1])] {
        let mut world = World::new();
        for (name, time) in ["a", "x", "b"].iter().zip(times) {
            world.event("ada", name, time, "{}");
        }
        assert_eq!(counts(&world, &asked), expected, "{times:?}");
    }
}

#[test]
fn steps_after_an_optional_one_can_be_reached_without_it() {
    let mut asked = funnel(100, &["a", "b", "c"]);
    asked.steps[1].optional = true;
    assert_eq!(counts(&world("a b c"), &asked), [1, 1, 1]);
    assert_eq!(counts(&world("a c"), &asked), [1, 0, 1]);
    assert_eq!(counts(&world("a b"), &asked), [1, 1, 0]);
    assert_eq!(counts(&world("b c"), &asked), [0, 0, 0]);
    let answer = world("a x c").funnel(&asked);
    assert_eq!(answer.steps[2].median_ms, Some(2.0), "from the step that was taken before");
    assert_eq!((asked.required_before(1), asked.required_before(2)), (0, 0));
}

/// A person whose events of the steps have these values of `p`.
fn with_values(events: &[(&str, &str)]) -> World {
    let mut world = World::new();
    for (time, (name, value)) in (0..).zip(events) {
        world.event("ada", name, time, &format!(r#"{{"p":"{value}"}}"#));
    }
    world
}

fn values(world: &World, query: &FunnelQuery) -> Vec<(String, Vec<u64>)> {
    let answer = world.funnel(query).breakdowns;
    answer.into_iter().map(|one| (one.value, persons(&one.steps))).collect()
}

#[test]
fn a_step_may_decide_the_value_and_who_did_not_take_it_is_in_no_value() {
    let mut asked = funnel(100, &["a", "b"]);
    asked.breakdown = Some(by("p", Scope::Event, 25, Attribution::Step(1)));
    let came = with_values(&[("b", "early"), ("a", "x"), ("b", "y"), ("b", "z")]);
    assert_eq!(values(&came, &asked), [("y".into(), vec![1, 1])]);
    let left = with_values(&[("a", "x")]);
    assert_eq!(values(&left, &asked), []);
    assert_eq!(counts(&left, &asked), [1, 0], "the whole counts it");
}

#[test]
fn with_all_steps_a_person_counts_for_each_value_by_the_events_with_it_alone() {
    let mut asked = funnel(100, &["a", "b"]);
    asked.breakdown = Some(by("p", Scope::Event, 25, Attribution::AllSteps));
    let world = with_values(&[("a", "x"), ("a", "y"), ("b", "y"), ("b", "z")]);
    assert_eq!(values(&world, &asked), [("x".into(), vec![1, 0]), ("y".into(), vec![1, 1])]);
    assert_eq!(counts(&world, &asked), [1, 1]);
}

#[test]
fn groups_are_counted_instead_of_persons() {
    let mut world = World::new();
    world.event("ada", "a", 1, r#"{"$groups":{"company":"acme"}}"#);
    world.event("ben", "b", 2, r#"{"$groups":{"company":"acme"}}"#);
    world.event("cid", "a", 1, "{}");
    let mut asked = funnel(100, &["a", "b"]);
    asked.counted_by = CountedBy::Groups("company".into());
    assert_eq!(counts(&world, &asked), [1, 1]);
}

#[test]
fn time_to_convert_is_from_the_first_step_to_the_last() {
    let mut world = World::new();
    for (who, times) in [("ada", [0, 1, 10]), ("ben", [0, 2, 30]), ("cid", [0, 3, 200])] {
        for (name, time) in ["a", "b", "c"].iter().zip(times) {
            world.event(who, name, time, "{}");
        }
    }
    let answer = world.funnel(&funnel(100, &["a", "b", "c"]));
    let buckets: Vec<_> =
        answer.time_to_convert.iter().map(|one| (one.from_ms, one.to_ms, one.persons)).collect();
    assert_eq!(buckets, [(10, 20, 1), (20, 30, 1)]);
    assert_eq!(answer.steps[1].average_ms, Some(2.0));
    assert_eq!(answer.steps[2].average_ms, Some(18.5));
}

#[test]
fn a_trend_counts_attempts_where_they_began_whenever_they_ended() {
    let mut world = World::new();
    for (name, hour) in [("a", 0), ("a", 1), ("b", 2)] {
        world.event("ada", name, hour * HOUR_MS + 1, "{}");
    }
    world.event("ben", "a", 3 * HOUR_MS - 1, "{}");
    let points = trend(&world, funnel(2 * HOUR_MS, &["a", "b"]), 4);
    assert_eq!(points, [(1, 1), (1, 1), (1, 0), (0, 0)]);
    let points = trend(&world, funnel(HOUR_MS, &["a", "b"]), 4);
    assert_eq!(points, [(1, 0), (1, 1), (1, 0), (0, 0)]);
}

fn explained(world: &World, query: &FunnelQuery) -> FunnelExplanation {
    world.ask(|view| {
        let visitor = view.columns.visitors.code("ada").expect("she did something");
        let person = view.columns.persons.person_of()[visitor as usize];
        crate::engine::funnel::explain(view, query, Some(person))
    })
}

#[test]
fn a_person_is_told_what_came_of_each_event() {
    let asked = funnel(5, &["a", "b", "c"]);
    let told = explained(&world("b a b b x x x c"), &asked);
    assert_eq!(told.reached, 2);
    let steps: Vec<_> = told.events.iter().map(|event| event.told.step).collect();
    assert_eq!(steps, [None, Some(0), Some(1), None, None]);
    let reasons: Vec<_> = told.events.iter().map(|event| event.told.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "It matches step 2 (\"b\"), but is before the best attempt began.",
            "It took step 1 (\"a\"): the best attempt begins here.",
            "It took step 2 (\"b\"), 1 ms after the first.",
            "It matches step 2 (\"b\"), which another event took in the best attempt.",
            "It matches step 3 (\"c\"), but is more than 5 ms after the first step of the best attempt.",
        ]
    );
    assert_eq!(
        told.summary,
        "Came as far as step 2 (\"b\") of 3: no attempt took a later step within 5 ms of its first."
    );
}

#[test]
fn a_person_is_told_which_exclusion_took_it_out() {
    let asked = without(funnel(50, &["a", "b"]), "x", 0, 1);
    let told = explained(&world("a x b"), &asked);
    assert_eq!(told.reached, 0);
    let verdicts: Vec<_> = told.events.iter().map(|event| event.told.verdict).collect();
    assert_eq!(verdicts, [Verdict::NotCounted, Verdict::Excluded, Verdict::NotCounted]);
    assert_eq!(
        told.summary,
        "Not in the funnel: the best attempt was interrupted by exclusion 1 (\"x\") after step 1 (\"a\")."
    );
}
