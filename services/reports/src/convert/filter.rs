//! Filters.

use observe_core::Violations;
use observe_proto::common::v1 as pb;
use pb::condition::Operator;
use pb::filter::Conjunction;
use regex::{RegexBuilder, RegexSet, RegexSetBuilder};

use super::shared::{known, property, scope};
use crate::query::{Condition, Filter, ValueTest};

const CONDITIONS_MAX: usize = 50;
const DEPTH_MAX: usize = 5;
const VALUES_MAX: usize = 1_000;
/// The longest regular expression, in bytes.
const EXPRESSION_BYTES_MAX: usize = 1_000;
/// How large the compiled expressions of one condition may become, in bytes.
const EXPRESSION_COMPILED_MAX: usize = 4 << 20;

/// Reads a filter; without one, all events are selected.
pub(super) fn filter(
    wire: Option<&pb::Filter>,
    field: &str,
    violations: &mut Violations,
) -> Filter {
    let Some(wire) = wire else { return Filter::everything() };
    let mut reader = Reader { violations, conditions: 0, too_deep: false };
    let filter = reader.filter(wire, field, 0);
    let (conditions, too_deep) = (reader.conditions, reader.too_deep);
    violations.require(
        conditions <= CONDITIONS_MAX,
        field,
        format!("must have at most {CONDITIONS_MAX} conditions, all groups counted"),
    );
    violations.require(!too_deep, field, format!("must be nested at most {DEPTH_MAX} deep"));
    filter
}

struct Reader<'a> {
    violations: &'a mut Violations,
    conditions: usize,
    too_deep: bool,
}

impl Reader<'_> {
    fn filter(&mut self, wire: &pb::Filter, field: &str, depth: usize) -> Filter {
        let conjunction = known(wire.conjunction, &format!("{field}.conjunction"), self.violations);
        let mut parts = Vec::with_capacity(wire.conditions.len() + wire.groups.len());
        for (index, condition) in wire.conditions.iter().enumerate() {
            self.conditions += 1;
            // What is too much is counted and not looked at.
            if self.conditions <= CONDITIONS_MAX {
                let field = format!("{field}.conditions[{index}]");
                parts.extend(self.condition(condition, &field).map(Filter::Condition));
            }
        }
        if depth == DEPTH_MAX {
            self.too_deep |= !wire.groups.is_empty();
        } else {
            for (index, group) in wire.groups.iter().enumerate() {
                parts.push(self.filter(group, &format!("{field}.groups[{index}]"), depth + 1));
            }
        }
        match conjunction {
            Conjunction::Unspecified | Conjunction::And => Filter::All(parts),
            Conjunction::Or => Filter::Any(parts),
        }
    }

    fn condition(&mut self, wire: &pb::Condition, field: &str) -> Option<Condition> {
        property(&wire.property, format!("{field}.property"), self.violations);
        let scope = scope(wire.scope, &format!("{field}.scope"), self.violations);
        let operator = known(wire.operator, &format!("{field}.operator"), self.violations);
        let test = self.test(operator, &wire.values, &format!("{field}.values"))?;
        Some(Condition { property: wire.property.clone(), scope, test })
    }

    /// Returns `None` after adding a violation.
    fn test(&mut self, operator: Operator, values: &[String], field: &str) -> Option<ValueTest> {
        let count = values.len();
        let (fits, expected) = match operator {
            Operator::IsSet | Operator::IsNotSet => (count == 0, "must be empty".to_owned()),
            Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Less
            | Operator::LessOrEqual => (count == 1, "must be one number".to_owned()),
            _ => ((1..=VALUES_MAX).contains(&count), format!("must have 1-{VALUES_MAX} values")),
        };
        if !fits {
            self.violations.add(field, expected);
            return None;
        }
        let texts = || values.iter().cloned().collect();
        let lowered = || values.iter().map(|value| value.to_lowercase()).collect();
        Some(match operator {
            Operator::Unspecified | Operator::Equals | Operator::In => ValueTest::In(texts()),
            Operator::NotEquals | Operator::NotIn => ValueTest::NotIn(texts()),
            Operator::Contains => ValueTest::Contains(lowered()),
            Operator::NotContains => ValueTest::NotContains(lowered()),
            Operator::Matches => ValueTest::Matches(self.expressions(values, field)?),
            Operator::IsSet => ValueTest::IsSet,
            Operator::IsNotSet => ValueTest::IsNotSet,
            Operator::Greater => ValueTest::Greater(self.number(values, field)?),
            Operator::GreaterOrEqual => ValueTest::GreaterOrEqual(self.number(values, field)?),
            Operator::Less => ValueTest::Less(self.number(values, field)?),
            Operator::LessOrEqual => ValueTest::LessOrEqual(self.number(values, field)?),
        })
    }

    fn number(&mut self, values: &[String], field: &str) -> Option<f64> {
        let number = values.first().and_then(|value| value.trim().parse::<f64>().ok());
        let number = number.filter(|number| number.is_finite());
        if number.is_none() {
            self.violations.add(format!("{field}[0]"), "must be a number");
        }
        number
    }

    fn expressions(&mut self, values: &[String], field: &str) -> Option<RegexSet> {
        let mut fits = true;
        for (index, value) in values.iter().enumerate() {
            if value.len() > EXPRESSION_BYTES_MAX {
                fits = false;
                let limit = format!("must be at most {EXPRESSION_BYTES_MAX} bytes");
                self.violations.add(format!("{field}[{index}]"), limit);
            }
        }
        if !fits {
            return None;
        }
        let set = RegexSetBuilder::new(values).size_limit(EXPRESSION_COMPILED_MAX).build();
        if set.is_err() {
            self.blame(values, field);
        }
        set.ok()
    }

    /// Finds which of the expressions cannot be compiled, or says that they are too large together.
    fn blame(&mut self, values: &[String], field: &str) {
        let mut found = false;
        for (index, value) in values.iter().enumerate() {
            let compiled = RegexBuilder::new(value).size_limit(EXPRESSION_COMPILED_MAX).build();
            let description = match compiled {
                Ok(_) => continue,
                Err(regex::Error::CompiledTooBig(_)) => "is too complex",
                Err(_) => "must be a regular expression",
            };
            found = true;
            self.violations.add(format!("{field}[{index}]"), description);
        }
        if !found {
            self.violations.add(field, "are too complex together");
        }
    }
}
