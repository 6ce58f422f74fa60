//! What `observe.common.v1.Filter` means, in one place for every service that evaluates one in memory: how it is read and
//! which limits it has ([`read()`]), and how values are compared, by their canonical text ([`canonical`]).

pub mod canonical;
mod read;

use std::collections::HashSet;

pub use read::{Expressions, read, read_condition, read_property, read_scope};
use regex::RegexSet;

/// The longest property key that a filter or a breakdown may name, in bytes.
pub const PROPERTY_BYTES_MAX: usize = 200;

/// Selects events, or persons.
#[derive(Clone, Debug)]
pub enum Filter {
    /// All parts must hold; without parts, everything is selected.
    All(Vec<Filter>),
    /// One part must hold; without parts, everything is selected.
    Any(Vec<Filter>),
    /// One comparison.
    Condition(Condition),
}

impl Filter {
    /// Selects everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Returns whether everything is selected, whatever it is.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(Self::is_everything),
            Self::Any(parts) => parts.is_empty() || parts.iter().any(Self::is_everything),
            Self::Condition(_) => false,
        }
    }

    /// Returns whether that is selected of which `holds` says which conditions hold.
    pub fn selects(&self, holds: &impl Fn(&Condition) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.selects(holds)),
            Self::Any(parts) => parts.is_empty() || parts.iter().any(|part| part.selects(holds)),
            Self::Condition(condition) => holds(condition),
        }
    }
}

/// Compares one property.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The property's key; empty for cohorts.
    pub property: String,
    /// Whose property.
    pub scope: Scope,
    /// The comparison.
    pub test: ValueTest,
}

/// Whose property is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The event's.
    Event,
    /// The person's, or of an event its person's: as it is now.
    Person,
    /// That of an event's session.
    Session,
    /// None: whether the event's person is in one of the cohorts whose ids the test names.
    Cohort,
}

/// What is asked of a value. Values are compared by their canonical text.
#[derive(Clone, Debug)]
pub enum ValueTest {
    /// It is one of these.
    In(HashSet<String>),
    /// It is none of these, or not set.
    NotIn(HashSet<String>),
    /// It contains one of these, which are in lower case.
    Contains(Vec<String>),
    /// It contains none of these, which are in lower case, or is not set.
    NotContains(Vec<String>),
    /// One of these matches somewhere in it.
    Matches(RegexSet),
    /// It is set.
    IsSet,
    /// It is not set.
    IsNotSet,
    /// It is a number greater than this.
    Greater(f64),
    /// It is a number greater than or equal to this.
    GreaterOrEqual(f64),
    /// It is a number less than this.
    Less(f64),
    /// It is a number less than or equal to this.
    LessOrEqual(f64),
}

impl ValueTest {
    /// Returns whether a value passes: its text and its number, NaN if the text is none; `None` if it is not set.
    #[must_use]
    pub fn passes(&self, value: Option<(&str, f64)>) -> bool {
        let Some((text, number)) = value else {
            return matches!(self, Self::NotIn(_) | Self::NotContains(_) | Self::IsNotSet);
        };
        match self {
            Self::In(texts) => texts.contains(text),
            Self::NotIn(texts) => !texts.contains(text),
            Self::Contains(parts) => contains_any(text, parts),
            Self::NotContains(parts) => !contains_any(text, parts),
            Self::Matches(expressions) => expressions.is_match(text),
            Self::IsSet => true,
            Self::IsNotSet => false,
            // NaN satisfies none of these.
            Self::Greater(bound) => number > *bound,
            Self::GreaterOrEqual(bound) => number >= *bound,
            Self::Less(bound) => number < *bound,
            Self::LessOrEqual(bound) => number <= *bound,
        }
    }
}

fn contains_any(text: &str, parts: &[String]) -> bool {
    let text = text.to_lowercase();
    parts.iter().any(|part| text.contains(part.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> HashSet<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn only_negations_take_a_missing_value() {
        let missing = [
            (ValueTest::In(texts(&["a"])), false),
            (ValueTest::NotIn(texts(&["a"])), true),
            (ValueTest::Contains(vec!["a".into()]), false),
            (ValueTest::NotContains(vec!["a".into()]), true),
            (ValueTest::Matches(RegexSet::new([".*"]).expect("valid")), false),
            (ValueTest::IsSet, false),
            (ValueTest::IsNotSet, true),
            (ValueTest::Greater(0.0), false),
            (ValueTest::LessOrEqual(0.0), false),
        ];
        for (test, expected) in missing {
            assert_eq!(test.passes(None), expected, "{test:?}");
        }
    }

    #[test]
    fn text_that_is_no_number_satisfies_no_comparison() {
        let word = Some(("ten", f64::NAN));
        for test in [
            ValueTest::Greater(0.0),
            ValueTest::GreaterOrEqual(0.0),
            ValueTest::Less(0.0),
            ValueTest::LessOrEqual(0.0),
        ] {
            assert!(!test.passes(word), "{test:?}");
        }
        let ten = Some(("10", 10.0));
        assert!(
            ValueTest::GreaterOrEqual(10.0).passes(ten) && !ValueTest::Greater(10.0).passes(ten)
        );
        assert!(ValueTest::LessOrEqual(10.0).passes(ten) && !ValueTest::Less(10.0).passes(ten));
    }

    #[test]
    fn contains_ignores_case_and_equality_does_not() {
        let text = Some(("Éclair Shop", f64::NAN));
        assert!(ValueTest::Contains(vec!["éclair".into()]).passes(text));
        assert!(!ValueTest::NotContains(vec!["shop".into()]).passes(text));
        assert!(!ValueTest::In(texts(&["éclair shop"])).passes(text));
    }
}
