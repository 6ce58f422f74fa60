//! Reading filters of persons.

use observe_core::Violations;
use observe_proto::common::v1 as pb;
use observe_proto::common::v1::condition::Operator;
use observe_proto::common::v1::filter::Conjunction;
use regex::{RegexSet, RegexSetBuilder};

use super::{PersonFilter, ValueTest};

const CONDITIONS_MAX: usize = 50;
const DEPTH_MAX: usize = 5;
const VALUES_MAX: usize = 1_000;
/// The longest key of a property, in bytes.
const PROPERTY_BYTES_MAX: usize = 200;
/// The longest regular expression, in bytes.
const EXPRESSION_BYTES_MAX: usize = 1_000;
/// How many regular expressions a filter may have.
const EXPRESSIONS_MAX: usize = 50;
/// How large all compiled regular expressions of a filter may become, in bytes.
const COMPILED_MAX: usize = 4 << 20;
/// How large one may become, in bytes.
const EXPRESSION_COMPILED_MAX: usize = 256 << 10;

/// Reads a filter; without one, everybody is selected. Notes what is wrong with it.
pub(crate) fn read(wire: Option<&pb::Filter>, violations: &mut Violations) -> PersonFilter {
    let Some(wire) = wire else { return PersonFilter::All(Vec::new()) };
    let size = Size::of(wire, 0);
    let before = violations.iter().count();
    violations.require(
        size.conditions <= CONDITIONS_MAX,
        "filter",
        format!("must have at most {CONDITIONS_MAX} conditions, all groups counted"),
    );
    let fits = size.depth <= DEPTH_MAX;
    violations.require(fits, "filter", format!("must be nested at most {DEPTH_MAX} deep"));
    violations.require(
        size.expressions <= EXPRESSIONS_MAX,
        "filter",
        format!("must have at most {EXPRESSIONS_MAX} regular expressions"),
    );
    // What is too much is counted and not looked at.
    if violations.iter().count() > before {
        return PersonFilter::All(Vec::new());
    }
    let share = (COMPILED_MAX / size.expressions.max(1)).min(EXPRESSION_COMPILED_MAX);
    Reader { violations, share }.filter(wire, "filter")
}

/// How much a filter holds.
#[derive(Default)]
struct Size {
    conditions: usize,
    depth: usize,
    expressions: usize,
}

impl Size {
    /// Counts as deep as the wire nests, which its decoder limits.
    fn of(filter: &pb::Filter, depth: usize) -> Self {
        let matching = filter.conditions.iter().filter(|one| one.operator() == Operator::Matches);
        let mut size = Self {
            conditions: filter.conditions.len(),
            depth,
            expressions: matching.map(|one| one.values.len()).sum(),
        };
        for group in &filter.groups {
            let inner = Self::of(group, depth + 1);
            size.conditions += inner.conditions;
            size.depth = size.depth.max(inner.depth);
            size.expressions += inner.expressions;
        }
        size
    }
}

struct Reader<'a> {
    violations: &'a mut Violations,
    /// How large each regular expression may become, in bytes.
    share: usize,
}

impl Reader<'_> {
    fn filter(&mut self, wire: &pb::Filter, field: &str) -> PersonFilter {
        let conjunction =
            self.known::<Conjunction>(wire.conjunction, &format!("{field}.conjunction"));
        let mut parts = Vec::with_capacity(wire.conditions.len() + wire.groups.len());
        for (index, condition) in wire.conditions.iter().enumerate() {
            parts.extend(self.condition(condition, &format!("{field}.conditions[{index}]")));
        }
        for (index, group) in wire.groups.iter().enumerate() {
            parts.push(self.filter(group, &format!("{field}.groups[{index}]")));
        }
        match conjunction {
            Conjunction::Unspecified | Conjunction::And => PersonFilter::All(parts),
            Conjunction::Or => PersonFilter::Any(parts),
        }
    }

    fn condition(&mut self, wire: &pb::Condition, field: &str) -> Option<PersonFilter> {
        let fits = (1..=PROPERTY_BYTES_MAX).contains(&wire.property.len());
        let expected = format!("must have 1-{PROPERTY_BYTES_MAX} bytes");
        self.violations.require(fits, format!("{field}.property"), expected);
        let scope = self.known::<pb::Scope>(wire.scope, &format!("{field}.scope"));
        let fits = scope == pb::Scope::Person;
        self.violations.require(fits, format!("{field}.scope"), "must be SCOPE_PERSON");
        let operator = self.known::<Operator>(wire.operator, &format!("{field}.operator"));
        let test = self.test(operator, &wire.values, &format!("{field}.values"))?;
        Some(PersonFilter::Property(wire.property.clone(), test))
    }

    /// Returns `None` after noting what is wrong.
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
            Operator::Greater => ValueTest::Greater(self.number(&values[0], field)?),
            Operator::GreaterOrEqual => ValueTest::GreaterOrEqual(self.number(&values[0], field)?),
            Operator::Less => ValueTest::Less(self.number(&values[0], field)?),
            Operator::LessOrEqual => ValueTest::LessOrEqual(self.number(&values[0], field)?),
        })
    }

    fn number(&mut self, value: &str, field: &str) -> Option<f64> {
        let number = value.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        self.violations.require(number.is_some(), format!("{field}[0]"), "must be a number");
        number
    }

    fn expressions(&mut self, values: &[String], field: &str) -> Option<RegexSet> {
        let mut fit = true;
        for (index, value) in values.iter().enumerate() {
            let trouble = if value.len() > EXPRESSION_BYTES_MAX {
                Some(format!("must be at most {EXPRESSION_BYTES_MAX} bytes"))
            } else {
                match self.compile(std::slice::from_ref(value)) {
                    Ok(_) => None,
                    Err(regex::Error::CompiledTooBig(_)) => Some("is too complex".to_owned()),
                    Err(_) => Some("must be a regular expression".to_owned()),
                }
            };
            if let Some(trouble) = trouble {
                self.violations.add(format!("{field}[{index}]"), trouble);
                fit = false;
            }
        }
        if !fit {
            return None;
        }
        let set = self.compile(values).ok();
        self.violations.require(set.is_some(), field, "are too complex together");
        set
    }

    /// Compiles expressions that may take the share each.
    fn compile(&self, values: &[String]) -> Result<RegexSet, regex::Error> {
        RegexSetBuilder::new(values).size_limit(self.share * values.len()).build()
    }

    fn known<E: TryFrom<i32> + Default>(&mut self, number: i32, field: &str) -> E {
        E::try_from(number).unwrap_or_else(|_| {
            self.violations.add(field, "must be one of the documented values");
            E::default()
        })
    }
}
