//! Whether an event satisfies a filter, looked at in memory. The same rules as the SQL of `store::event`.

use observe_proto::events::v1::AcceptedEvent;
use regex::Regex;
use serde_json::Value;

use crate::event::{Comparison, Condition, EventQuery, Test};

/// A filter made ready.
pub struct Matcher {
    names: Vec<String>,
    distinct_ids: Option<Vec<String>>,
    conditions: Vec<(Condition, Vec<Regex>)>,
}

impl Matcher {
    /// Makes a filter ready; its range is not looked at.
    #[must_use]
    pub fn new(query: EventQuery) -> Self {
        let patterns = |condition: &Condition| match &condition.test {
            // Checked when the request was read; one that does not compile matches nothing.
            Test::Matches(patterns) => patterns.iter().filter_map(|p| Regex::new(p).ok()).collect(),
            _ => Vec::new(),
        };
        let conditions = query.conditions.into_iter().map(|condition| {
            let patterns = patterns(&condition);
            (condition, patterns)
        });
        Self {
            names: query.names,
            distinct_ids: query.distinct_ids,
            conditions: conditions.collect(),
        }
    }

    /// Returns whether all of it holds for an event with these properties.
    #[must_use]
    pub fn matches(
        &self,
        event: &AcceptedEvent,
        properties: &serde_json::Map<String, Value>,
    ) -> bool {
        (self.names.is_empty() || self.names.contains(&event.name))
            && self.distinct_ids.as_ref().is_none_or(|ids| ids.contains(&event.distinct_id))
            && self.conditions.iter().all(|(condition, patterns)| {
                holds(
                    &condition.test,
                    patterns,
                    canonical(properties.get(&condition.property)).as_deref(),
                )
            })
    }
}

/// The property's canonical text: numbers without trailing zeros, null as not set.
fn canonical(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => Some(float.to_string()),
            _ => Some(number.to_string()),
        },
        other => Some(other.to_string()),
    }
}

fn holds(test: &Test, patterns: &[Regex], text: Option<&str>) -> bool {
    match test {
        Test::IsSet => text.is_some(),
        Test::IsNotSet => text.is_none(),
        Test::OneOf { values, negated } => {
            text.is_some_and(|text| values.iter().any(|value| value == text)) != *negated
        }
        Test::Contains { values, negated } => {
            let found = text.map(str::to_lowercase).is_some_and(|text| {
                values.iter().any(|value| text.contains(&value.to_lowercase()))
            });
            found != *negated
        }
        Test::Matches(_) => {
            text.is_some_and(|text| patterns.iter().any(|pattern| pattern.is_match(text)))
        }
        Test::Compare { operator, value } => text
            .and_then(|text| text.trim().parse::<f64>().ok())
            .is_some_and(|number| match operator {
                Comparison::Greater => number > *value,
                Comparison::GreaterOrEqual => number >= *value,
                Comparison::Less => number < *value,
                Comparison::LessOrEqual => number <= *value,
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(property: &str, test: Test, properties: &Value) -> bool {
        let condition = Condition { property: property.into(), test };
        let query = EventQuery { conditions: vec![condition], ..EventQuery::default() };
        let properties = properties.as_object().expect("an object");
        Matcher::new(query).matches(&AcceptedEvent::default(), properties)
    }

    #[test]
    fn values_compare_by_their_canonical_text() {
        let properties = json!({"width": 1440.0, "on": true, "path": "/Docs", "gone": null});
        let one_of = |value: &str, negated| Test::OneOf { values: vec![value.into()], negated };
        assert!(one("width", one_of("1440", false), &properties));
        assert!(one("on", one_of("true", false), &properties));
        assert!(one("gone", one_of("x", true), &properties), "what is missing is none of them");
        assert!(one("gone", Test::IsNotSet, &properties));
        let contains = Test::Contains { values: vec!["docs".into()], negated: false };
        assert!(one("path", contains, &properties));
        assert!(one("path", Test::Matches(vec!["^/D".into()]), &properties));
        let above = Test::Compare { operator: Comparison::Greater, value: 1439.5 };
        assert!(one("width", above.clone(), &properties));
        assert!(!one("path", above, &properties));
    }
}
