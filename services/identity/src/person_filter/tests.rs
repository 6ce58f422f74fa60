use observe_proto::common::v1::condition::Operator;
use observe_proto::common::v1::filter::Conjunction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::properties::{PropertyChanges, Version};

fn properties(values: &Value) -> Properties {
    let mut properties = Properties::default();
    let set = values.as_object().expect("an object").clone();
    let changes = PropertyChanges { set, ..PropertyChanges::default() };
    properties.apply(&changes, Version(1, 1, Uuid::nil()), &[]);
    properties
}

fn condition(property: &str, operator: Operator, values: &[&str]) -> pb::Condition {
    pb::Condition {
        property: property.into(),
        scope: pb::Scope::Person.into(),
        operator: operator.into(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn filter(conditions: Vec<pb::Condition>) -> pb::Filter {
    pb::Filter { conditions, ..pb::Filter::default() }
}

fn problems(filter: &pb::Filter) -> Vec<(String, String)> {
    let mut violations = Violations::new();
    read(Some(filter), &mut violations);
    violations.iter().map(|one| (one.field.clone(), one.description.clone())).collect()
}

fn selects(filter: &pb::Filter, values: &Value) -> bool {
    let mut violations = Violations::new();
    let filter = read(Some(filter), &mut violations);
    assert_eq!(violations.iter().count(), 0);
    super::selects(&filter, &properties(values))
}

#[test]
fn every_operator_does_what_is_written_of_it() {
    let person = json!({"plan": "Pro", "seats": 12, "half": 1.5, "ok": true, "none": null, "tags": ["a", 2.0]});
    let holds = |property: &str, operator, values: &[&str]| {
        selects(&filter(vec![condition(property, operator, values)]), &person)
    };
    for (property, operator, values, expected) in [
        ("plan", Operator::Unspecified, &["Pro"][..], true),
        ("plan", Operator::Equals, &["free", "pro"], false),
        ("plan", Operator::In, &["free", "Pro"], true),
        ("plan", Operator::NotEquals, &["Pro"], false),
        ("gone", Operator::NotEquals, &["Pro"], true),
        ("gone", Operator::NotIn, &["Pro"], true),
        ("none", Operator::NotIn, &["null"], true),
        ("plan", Operator::Contains, &["x", "PR"], true),
        ("gone", Operator::Contains, &[""], false),
        ("plan", Operator::NotContains, &["ro"], false),
        ("gone", Operator::NotContains, &["ro"], true),
        ("plan", Operator::Matches, &["^P.o$"], true),
        ("plan", Operator::Matches, &["^p.o$"], false),
        ("none", Operator::IsSet, &[], false),
        ("none", Operator::IsNotSet, &[], true),
        ("ok", Operator::IsSet, &[], true),
        ("ok", Operator::Equals, &["true"], true),
        ("half", Operator::Equals, &["1.5"], true),
        ("tags", Operator::Equals, &["[\"a\",2]"], true),
        ("seats", Operator::Greater, &["11.9"], true),
        ("seats", Operator::Greater, &["12"], false),
        ("seats", Operator::GreaterOrEqual, &["12"], true),
        ("seats", Operator::Less, &["12"], false),
        ("seats", Operator::LessOrEqual, &[" 12 "], true),
        ("plan", Operator::Less, &["12"], false),
        ("gone", Operator::Less, &["12"], false),
    ] {
        assert_eq!(
            holds(property, operator, values),
            expected,
            "{property} {operator:?} {values:?}"
        );
    }
}

#[test]
fn conditions_and_groups_are_joined_as_they_say() {
    let person = json!({"plan": "pro", "seats": 2});
    let pro = condition("plan", Operator::Equals, &["pro"]);
    let many = condition("seats", Operator::Greater, &["10"]);
    let both = filter(vec![pro.clone(), many]);
    let either = pb::Filter { conjunction: Conjunction::Or.into(), ..both.clone() };
    assert!(!selects(&both, &person) && selects(&either, &person));
    let nested =
        pb::Filter { conditions: vec![pro], groups: vec![either, both], ..pb::Filter::default() };
    assert!(!selects(&nested, &person));
    assert!(selects(&pb::Filter::default(), &person));
    let mut violations = Violations::new();
    assert!(read(Some(&pb::Filter::default()), &mut violations).is_everything());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let fields = |filter: &pb::Filter| -> Vec<String> {
        problems(filter).into_iter().map(|(field, _)| field).collect()
    };
    let event = pb::Condition { scope: 0, ..condition("plan", Operator::IsSet, &[]) };
    assert_eq!(fields(&filter(vec![event])), ["filter.conditions[0].scope"]);
    for (wrong, place) in [
        (condition("", Operator::IsSet, &[]), "property"),
        (condition("plan", Operator::IsSet, &["x"]), "values"),
        (condition("plan", Operator::Equals, &[]), "values"),
        (condition("plan", Operator::Greater, &["ten"]), "values[0]"),
        (condition("plan", Operator::Matches, &["a", "("]), "values[1]"),
        (condition("plan", Operator::Matches, &[&"x".repeat(1_001)]), "values[0]"),
        (condition("plan", Operator::Matches, &["(a{1000}){1000}"]), "values[0]"),
        (pb::Condition { operator: 99, ..condition("plan", Operator::Equals, &["x"]) }, "operator"),
    ] {
        assert_eq!(fields(&filter(vec![wrong])), [format!("filter.conditions[0].{place}")]);
    }
    let one = condition("plan", Operator::IsSet, &[]);
    assert_eq!(fields(&filter(vec![one; 51])), ["filter"]);
    let many: Vec<&str> = vec!["a"; 51];
    assert_eq!(fields(&filter(vec![condition("plan", Operator::Matches, &many)])), ["filter"]);
    let mut deep = pb::Filter::default();
    for _ in 0..6 {
        deep = pb::Filter { groups: vec![deep], ..pb::Filter::default() };
    }
    assert_eq!(fields(&deep), ["filter"]);
}
