//! Trends, filters, persons.

use observe_core::PersonId;

use super::world::{HOUR_MS, World, by, is, person, project_id, series, totals, trends};
use crate::query::{Attribution, Condition, Filter, Scope, ValueTest};
use crate::trends::Math;

const FIRST: Attribution = Attribution::FirstTouch;

#[test]
fn empty_buckets_are_zero_and_a_unique_total_is_distinct_over_the_range() {
    let mut world = World::new();
    for hour in [0, 2] {
        world.event("ada", "view", hour * HOUR_MS, "{}");
        world.event("ada", "view", hour * HOUR_MS + 1, "{}");
    }
    world.event("ben", "view", 2 * HOUR_MS, "{}");
    world.event("ben", "view", 3 * HOUR_MS, "{}");
    let asked = vec![series("view", Math::Total), series("view", Math::UniquePersons)];
    let answer = world.trends(&trends(3, asked));
    assert_eq!((&answer[0][0].points[..], answer[0][0].total), (&[2, 0, 3][..], 5));
    assert_eq!((&answer[1][0].points[..], answer[1][0].total), (&[1, 0, 2][..], 2));
}

#[test]
fn a_project_without_events_answers_zeros() {
    let answer = World::new().trends(&trends(2, vec![series("", Math::UniquePersons)]));
    assert_eq!((&answer[0][0].points[..], answer[0][0].total), (&[0, 0][..], 0));
}

#[test]
fn an_event_with_an_illegal_id_counts_in_totals_and_for_nobody() {
    let mut world = World::new();
    world.event("null", "view", 0, r#"{"p":"x"}"#);
    world.event("ada", "view", 0, r#"{"p":"x"}"#);
    let asked = vec![series("view", Math::Total), series("view", Math::UniquePersons)];
    let answer = world.trends(&trends(1, asked));
    assert_eq!((answer[0][0].total, answer[1][0].total), (2, 1));
}

#[test]
fn a_merge_holds_for_all_history_and_can_be_taken_back() {
    let mut world = World::new();
    world.event("anon", "view", 0, "{}");
    world.event("user-1", "view", 1, "{}");
    let asked = trends(1, vec![series("view", Math::UniquePersons)]);
    assert_eq!(world.trends(&asked)[0][0].total, 2);
    let user = PersonId::of_distinct_id(project_id(), "user-1");
    world.map("anon", user);
    assert_eq!(world.trends(&asked)[0][0].total, 1, "the unmapped user is that person too");
    world.project.seal();
    world.map("anon", person(7));
    assert_eq!(world.trends(&asked)[0][0].total, 2);
    world.map("later", person(7));
    world.event("later", "view", 2, "{}");
    assert_eq!(world.trends(&asked)[0][0].total, 2, "a mapping may come before the first event");
}

#[test]
fn values_rank_by_total_then_text_and_the_rest_is_other() {
    let mut world = World::new();
    for (who, value, times) in [("a", "x", 1), ("b", "y", 3), ("c", "b", 2), ("d", "a", 2)] {
        for _ in 0..times {
            world.event(who, "view", 0, &format!(r#"{{"p":"{value}"}}"#));
        }
    }
    world.event("a", "view", 0, r#"{"p":null}"#);
    world.event("a", "view", 0, "{}");
    let mut asked = trends(1, vec![series("view", Math::Total)]);
    asked.breakdown = Some(by("p", Scope::Event, 25, FIRST));
    let all = world.trends(&asked);
    assert_eq!(totals(&all[0]), [("y", 3), ("$none", 2), ("a", 2), ("b", 2), ("x", 1)]);
    asked.breakdown = Some(by("p", Scope::Event, 2, FIRST));
    let some = world.trends(&asked);
    assert_eq!(totals(&some[0]), [("y", 3), ("$none", 2), ("$other", 5)]);
}

#[test]
fn persons_in_other_are_distinct() {
    let mut world = World::new();
    for (who, value) in [("a", "big"), ("b", "big"), ("a", "x"), ("a", "y"), ("b", "y"), ("a", "z")]
    {
        world.event(who, "view", 0, &format!(r#"{{"p":"{value}"}}"#));
    }
    let mut asked = trends(1, vec![series("view", Math::UniquePersons)]);
    asked.breakdown = Some(by("p", Scope::Event, 1, FIRST));
    assert_eq!(totals(&world.trends(&asked)[0]), [("big", 2), ("$other", 2)]);
}

#[test]
fn person_properties_are_as_they_are_now() {
    let mut world = World::new();
    let ada = PersonId::of_distinct_id(project_id(), "ada");
    world.event("ada", "view", 0, "{}");
    world.event("ben", "view", 0, "{}");
    world.event("null", "view", 0, "{}");
    world.person(ada, r#"{"plan":"free"}"#);
    world.person(ada, r#"{"plan":"pro"}"#);
    let mut asked = trends(1, vec![series("view", Math::Total)]);
    asked.breakdown = Some(by("plan", Scope::Person, 25, FIRST));
    assert_eq!(totals(&world.trends(&asked)[0]), [("$none", 2), ("pro", 1)]);
    asked.breakdown = None;
    asked.filter = is("plan", Scope::Person, "pro");
    assert_eq!(world.trends(&asked)[0][0].total, 1);
    asked.filter = is("plan", Scope::Person, "free");
    assert_eq!(world.trends(&asked)[0][0].total, 0);
}

#[test]
fn filters_nest_and_a_property_nobody_has_is_missing() {
    let mut world = World::new();
    for (a, b) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        world.event("ada", "view", 0, &format!(r#"{{"a":{a},"b":{b}}}"#));
    }
    world.event("ada", "view", 0, "{}");
    let count = |world: &World, filter: Filter| {
        let mut asked = trends(1, vec![series("view", Math::Total)]);
        asked.series[0].filter = filter;
        world.trends(&asked)[0][0].total
    };
    let (a1, b1) = (is("a", Scope::Event, "1"), is("b", Scope::Event, "1"));
    let is_not = |property: &str, value: &str| {
        let test = ValueTest::NotIn([value.to_owned()].into());
        Filter::Condition(Condition { property: property.into(), scope: Scope::Event, test })
    };
    for sealed in [false, true] {
        if sealed {
            world.project.seal();
        }
        assert_eq!(count(&world, Filter::All(vec![a1.clone(), b1.clone()])), 1);
        assert_eq!(count(&world, Filter::Any(vec![a1.clone(), b1.clone()])), 3);
        assert_eq!(count(&world, Filter::All(vec![])), 5);
        assert_eq!(count(&world, Filter::Any(vec![])), 5);
        let either = Filter::Any(vec![a1.clone(), b1.clone()]);
        assert_eq!(count(&world, Filter::All(vec![either, is_not("a", "1")])), 1);
        assert_eq!(count(&world, is_not("a", "1")), 3, "a missing value is not 1");
        assert_eq!(count(&world, is_not("unheard", "1")), 5);
        assert_eq!(count(&world, is("unheard", Scope::Event, "1")), 0);
        assert_eq!(count(&world, is("unheard", Scope::Person, "1")), 0);
    }
}

#[test]
fn conditions_compare_canonical_texts_and_numbers() {
    let mut world = World::new();
    for value in ["1440", "1.5", "true", r#""1440""#, "[1]", r#""abc""#, "1440.0"] {
        world.event("ada", "view", 0, &format!(r#"{{"p":{value}}}"#));
    }
    let count = |test: ValueTest| {
        let condition = Condition { property: "p".into(), scope: Scope::Event, test };
        let mut asked = trends(1, vec![series("", Math::Total)]);
        asked.filter = Filter::Condition(condition);
        world.trends(&asked)[0][0].total
    };
    let equal = |text: &str| count(ValueTest::In([text.to_owned()].into()));
    assert_eq!((equal("1440"), equal("1.5"), equal("true"), equal("[1]")), (3, 1, 1, 1));
    assert_eq!(count(ValueTest::Greater(1.5)), 3);
    assert_eq!(count(ValueTest::LessOrEqual(1.5)), 1);
    assert_eq!(count(ValueTest::IsSet), 7);
}

#[test]
fn a_value_that_reads_as_a_label_shares_its_line() {
    let mut world = World::new();
    let values = ["\"$none\"", "null", "\"$other\"", "\"x\"", "\"x\"", "\"y\""];
    for value in values {
        world.event("ada", "view", 0, &format!(r#"{{"p":{value}}}"#));
    }
    for (math, expected) in [
        (Math::Total, [("$none", 2), ("x", 2), ("$other", 2)]),
        (Math::UniquePersons, [("$none", 1), ("x", 1), ("$other", 1)]),
    ] {
        let mut asked = trends(1, vec![series("view", math)]);
        asked.breakdown = Some(by("p", Scope::Event, 2, FIRST));
        assert_eq!(totals(&world.trends(&asked)[0]), expected);
    }
}

#[test]
fn a_person_filter_takes_nobody_only_by_negation() {
    let mut world = World::new();
    world.event("null", "view", 0, "{}");
    world.event("ada", "view", 0, "{}");
    world.person(PersonId::of_distinct_id(project_id(), "ada"), r#"{"plan":"pro"}"#);
    let mut asked = trends(1, vec![series("view", Math::Total)]);
    for (test, expected) in [(ValueTest::IsSet, 1), (ValueTest::IsNotSet, 1)] {
        let condition = Condition { property: "plan".into(), scope: Scope::Person, test };
        asked.filter = Filter::Condition(condition);
        assert_eq!(world.trends(&asked)[0][0].total, expected);
    }
}
