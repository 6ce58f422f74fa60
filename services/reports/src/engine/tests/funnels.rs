//! Funnels on columns. The walk of one person is tested where it is written.

use observe_core::PersonId;

use super::world::{World, by, funnel, is, person, persons, project_id};
use crate::query::{Attribution, Range, Scope};

#[test]
fn a_merged_person_goes_through_with_the_events_of_all_its_ids() {
    let mut world = World::new();
    world.event("anon", "view", 1, "{}");
    world.event("user-1", "buy", 5, "{}");
    let asked = funnel(100, &["view", "buy"]);
    assert_eq!(persons(&world.funnel(&asked).steps), [1, 0]);
    world.project.seal();
    world.map("anon", PersonId::of_distinct_id(project_id(), "user-1"));
    let answer = world.funnel(&asked);
    assert_eq!(persons(&answer.steps), [1, 1]);
    assert_eq!(answer.steps[1].median_ms, Some(4.0));
}

#[test]
fn late_events_take_their_place_in_time_across_segments_and_tail() {
    let mut world = World::new();
    world.event("ada", "buy", 50, "{}");
    world.project.seal();
    world.event("ada", "view", 10, "{}");
    assert_eq!(persons(&world.funnel(&funnel(100, &["view", "buy"])).steps), [1, 1]);
    assert_eq!(persons(&world.funnel(&funnel(39, &["view", "buy"])).steps), [1, 0]);
    assert_eq!(persons(&world.funnel(&funnel(40, &["view", "buy"])).steps), [1, 1]);
}

#[test]
fn illegal_ids_never_take_part() {
    let mut world = World::new();
    world.event("undefined", "view", 1, "{}");
    world.event("undefined", "buy", 2, "{}");
    assert_eq!(persons(&world.funnel(&funnel(100, &["view", "buy"])).steps), [0, 0]);
}

#[test]
fn only_events_inside_the_range_count_and_its_end_is_outside() {
    let mut world = World::new();
    world.event("ada", "view", 10, "{}");
    world.event("ada", "buy", 20, "{}");
    let mut asked = funnel(100, &["view", "buy"]);
    for (start_ms, end_ms, expected) in [(10, 21, [1, 1]), (10, 20, [1, 0]), (11, 21, [0, 0])] {
        asked.range = Range { start_ms, end_ms };
        assert_eq!(persons(&world.funnel(&asked).steps), expected, "{start_ms}..{end_ms}");
    }
}

#[test]
fn any_event_may_be_a_step_and_steps_have_filters_of_their_own() {
    let mut world = World::new();
    world.event("ada", "view", 1, r#"{"path":"/a"}"#);
    world.event("ada", "click", 2, r#"{"path":"/b"}"#);
    world.event("ben", "view", 1, r#"{"path":"/b"}"#);
    assert_eq!(persons(&world.funnel(&funnel(100, &["", ""])).steps), [2, 1]);
    assert_eq!(persons(&world.funnel(&funnel(100, &["view", ""])).steps), [2, 1]);
    let mut asked = funnel(100, &["view", ""]);
    asked.steps[0].filter = is("path", Scope::Event, "/a");
    asked.steps[1].filter = is("path", Scope::Event, "/b");
    assert_eq!(persons(&world.funnel(&asked).steps), [1, 1]);
    asked.filter = is("path", Scope::Event, "/b");
    assert_eq!(persons(&world.funnel(&asked).steps), [0, 0], "it applies to every step");
    assert_eq!(persons(&world.funnel(&funnel(100, &["unheard", "view"])).steps), [0, 0]);
}

#[test]
fn the_first_or_the_last_touch_decides_the_value() {
    let mut world = World::new();
    world.event("ada", "view", 1, r#"{"b":"ff"}"#);
    world.event("ada", "buy", 2, r#"{"b":"cr"}"#);
    world.event("ada", "other", 3, r#"{"b":"xx"}"#);
    world.event("ben", "view", 1, r#"{"b":"ff"}"#);
    world.event("cid", "view", 1, "{}");
    let mut asked = funnel(100, &["view", "buy"]);
    let values = |world: &World, asked: &_| {
        let answer = world.funnel(asked).breakdowns;
        answer.into_iter().map(|one| (one.value, persons(&one.steps))).collect::<Vec<_>>()
    };
    asked.breakdown = Some(by("b", Scope::Event, 25, Attribution::FirstTouch));
    assert_eq!(values(&world, &asked), [("ff".into(), vec![2, 1]), ("$none".into(), vec![1, 0])]);
    asked.breakdown = Some(by("b", Scope::Event, 1, Attribution::LastTouch));
    assert_eq!(
        values(&world, &asked),
        [("$none".into(), vec![1, 0]), ("$other".into(), vec![2, 1])]
    );
    world.map("ben", person(5));
    world.person(person(5), r#"{"plan":"pro"}"#);
    asked.breakdown = Some(by("plan", Scope::Person, 25, Attribution::FirstTouch));
    assert_eq!(values(&world, &asked), [("$none".into(), vec![2, 1]), ("pro".into(), vec![1, 0])]);
}

#[test]
fn touches_at_equal_times_go_by_arrival() {
    let mut world = World::new();
    world.event("ada", "buy", 1, r#"{"b":"first"}"#);
    world.event("ada", "view", 1, r#"{"b":"last"}"#);
    let mut asked = funnel(100, &["view", "buy"]);
    for (attribution, value) in
        [(Attribution::FirstTouch, "first"), (Attribution::LastTouch, "last")]
    {
        asked.breakdown = Some(by("b", Scope::Event, 25, attribution));
        let answer = world.funnel(&asked);
        assert_eq!(answer.breakdowns[0].value, value);
        assert_eq!(persons(&answer.steps), [1, 1], "the steps go by their order all the same");
    }
}

#[test]
fn the_median_is_from_the_previous_step() {
    let mut world = World::new();
    for (who, waits) in [("ada", [10, 1]), ("ben", [20, 2]), ("cid", [40, 3]), ("dan", [80, 500])] {
        world.event(who, "a", 0, "{}");
        world.event(who, "b", waits[0], "{}");
        world.event(who, "c", waits[0] + waits[1], "{}");
    }
    let answer = world.funnel(&funnel(100, &["a", "b", "c"]));
    let medians: Vec<_> = answer.steps.iter().map(|step| step.median_ms).collect();
    assert_eq!(persons(&answer.steps), [4, 4, 3]);
    assert_eq!(medians, [None, Some(30.0), Some(2.0)]);
}
