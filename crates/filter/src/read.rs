//! Reading filters within their limits.

use observe_core::Violations;
use observe_proto::common::v1 as pb;
use pb::condition::Operator;
use pb::filter::Conjunction;
use regex::{RegexSet, RegexSetBuilder};

use crate::{Condition, Filter, PROPERTY_BYTES_MAX, Scope, ValueTest};

const CONDITIONS_MAX: usize = 50;
const DEPTH_MAX: usize = 5;
const VALUES_MAX: usize = 1_000;
/// The longest regular expression, in bytes.
const EXPRESSION_BYTES_MAX: usize = 1_000;
/// How many regular expressions a request may have, in all its filters.
const EXPRESSIONS_MAX: usize = 50;
/// How large one compiled regular expression may become, in bytes.
const EXPRESSION_COMPILED_MAX: usize = 256 << 10;
/// How large all compiled regular expressions of a request may become, in bytes.
const COMPILED_MAX: usize = 4 << 20;

/// What the regular expressions of one request may take. They are counted before the first is compiled.
#[derive(Debug)]
pub struct Expressions {
    /// How large each may become, in bytes; `None` if there are too many to compile any.
    share: Option<usize>,
}

impl Expressions {
    /// Counts those of all filters of the request; notes if there are too many.
    #[must_use]
    pub fn count<'a>(
        filters: impl Iterator<Item = &'a pb::Filter>,
        violations: &mut Violations,
    ) -> Self {
        let count: usize = filters.map(expressions_in).sum();
        let share = (count <= EXPRESSIONS_MAX)
            .then(|| (COMPILED_MAX / count.max(1)).min(EXPRESSION_COMPILED_MAX));
        violations.require(
            share.is_some(),
            "filter",
            format!("must have at most {EXPRESSIONS_MAX} regular expressions, all filters counted"),
        );
        Self { share }
    }
}

/// Counts as deep as the wire nests, which its decoder limits.
fn expressions_in(filter: &pb::Filter) -> usize {
    let matching =
        filter.conditions.iter().filter(|one| one.operator == i32::from(Operator::Matches));
    matching.map(|one| one.values.len()).sum::<usize>()
        + filter.groups.iter().map(expressions_in).sum::<usize>()
}

/// Reads a filter; without one, everything is selected. Notes what is wrong with it, also a condition of a scope that is not
/// among those that there may be.
pub fn read(
    wire: Option<&pb::Filter>,
    field: &str,
    scopes: &[Scope],
    expressions: &Expressions,
    violations: &mut Violations,
) -> Filter {
    let Some(wire) = wire else { return Filter::everything() };
    let mut reader = Reader { violations, scopes, expressions, conditions: 0, too_deep: false };
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

/// Reads a condition that stands by itself, under the same limits. Returns `None` after adding a violation.
pub fn read_condition(
    wire: &pb::Condition,
    field: &str,
    scopes: &[Scope],
    expressions: &Expressions,
    violations: &mut Violations,
) -> Option<Condition> {
    let mut reader = Reader { violations, scopes, expressions, conditions: 0, too_deep: false };
    reader.condition(wire, field)
}

/// Reads whose property is meant: the event's when it is not said.
pub fn read_scope(number: i32, field: &str, violations: &mut Violations) -> Scope {
    match violations.known::<pb::Scope>(number, field) {
        pb::Scope::Unspecified | pb::Scope::Event => Scope::Event,
        pb::Scope::Person => Scope::Person,
        pb::Scope::Session => Scope::Session,
        pb::Scope::Cohort => Scope::Cohort,
    }
}

/// Reads a property key.
pub fn read_property(key: &str, field: &str, violations: &mut Violations) -> String {
    if key.is_empty() {
        violations.add(field, "must not be empty");
    } else if key.len() > PROPERTY_BYTES_MAX {
        violations.add(field, format!("must be at most {PROPERTY_BYTES_MAX} bytes"));
    }
    key.to_owned()
}

struct Reader<'a> {
    violations: &'a mut Violations,
    scopes: &'a [Scope],
    expressions: &'a Expressions,
    conditions: usize,
    too_deep: bool,
}

impl Reader<'_> {
    fn filter(&mut self, wire: &pb::Filter, field: &str, depth: usize) -> Filter {
        let conjunction = self.violations.known(wire.conjunction, format!("{field}.conjunction"));
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
        let scope = self.scope(wire.scope, &format!("{field}.scope"));
        let operator = self.violations.known(wire.operator, format!("{field}.operator"));
        let property = if scope == Scope::Cohort {
            self.cohort(wire, operator, field);
            String::new()
        } else {
            read_property(&wire.property, &format!("{field}.property"), self.violations)
        };
        let test = self.test(operator, &wire.values, &format!("{field}.values"))?;
        Some(Condition { property, scope, test })
    }

    fn scope(&mut self, number: i32, field: &str) -> Scope {
        let scope = read_scope(number, field, self.violations);
        if !self.scopes.contains(&scope) {
            let names: Vec<_> = self.scopes.iter().map(|scope| name(*scope)).collect();
            self.violations.add(field, format!("must be {}", names.join(" or ")));
        }
        scope
    }

    /// Checks what a condition on cohorts has besides its values.
    fn cohort(&mut self, wire: &pb::Condition, operator: Operator, field: &str) {
        self.violations.require(
            wire.property.is_empty(),
            format!("{field}.property"),
            "must be empty with SCOPE_COHORT",
        );
        let is_in = matches!(
            operator,
            Operator::Unspecified
                | Operator::Equals
                | Operator::NotEquals
                | Operator::In
                | Operator::NotIn
        );
        self.violations.require(
            is_in,
            format!("{field}.operator"),
            "must be OPERATOR_EQUALS, OPERATOR_NOT_EQUALS, OPERATOR_IN or OPERATOR_NOT_IN with SCOPE_COHORT",
        );
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
        let share = self.expressions.share?;
        let set = compile(values, share);
        if set.is_err() {
            self.blame(values, share, field);
        }
        set.ok()
    }

    /// Finds the first expression that cannot be compiled, or says that they are too large together.
    fn blame(&mut self, values: &[String], share: usize, field: &str) {
        for (index, value) in values.iter().enumerate() {
            let description = match compile(std::slice::from_ref(value), share) {
                Ok(_) => continue,
                Err(regex::Error::CompiledTooBig(_)) => "is too complex",
                Err(_) => "must be a regular expression",
            };
            self.violations.add(format!("{field}[{index}]"), description);
            return;
        }
        self.violations.add(field, "are too complex together");
    }
}

fn name(scope: Scope) -> &'static str {
    match scope {
        Scope::Event => "SCOPE_EVENT",
        Scope::Person => "SCOPE_PERSON",
        Scope::Session => "SCOPE_SESSION",
        Scope::Cohort => "SCOPE_COHORT",
    }
}

/// Compiles expressions that may take `share` bytes each.
fn compile(values: &[String], share: usize) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(values).size_limit(share * values.len()).build()
}
