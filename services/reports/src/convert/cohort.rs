//! Cohorts.

use std::collections::HashSet;

use observe_core::distinct_id::MAX_CHARS as DISTINCT_ID_CHARS_MAX;
use observe_core::distinct_id::is_illegal;
use observe_core::{PersonId, Violations};
use observe_filter::{Expressions, read, read_condition};
use observe_proto::common::v1 as common;
use observe_proto::common::v1::filter::Conjunction;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::cohort_condition::Kind;
use prost::Message as _;
use uuid::Uuid;

use super::kept::{description, micros_timestamp, name};
use crate::cohort::loader::stored_rule;
use crate::cohort::{Behavior, Rule, Times};
use crate::query::{Scope, Selector};
use crate::refusal::Refusal;
use crate::store::cohort::{CohortRow, Draft};

/// What the conditions on the events of a behavior may be about: a cohort is a condition of its own.
const BEHAVIOR_SCOPES: [Scope; 3] = [Scope::Event, Scope::Person, Scope::Session];
const CONDITIONS_MAX: usize = 50;
const DEPTH_MAX: usize = 5;
const TIMES_MAX: i32 = 1_000_000;
const DAYS_MAX: i32 = 3_650;
const DAYS_DEFAULT: u32 = 30;
const EVENT_BYTES_MAX: usize = 1_024;
/// The largest encoded rule, in bytes.
const RULE_BYTES_MAX: usize = 256 << 10;
/// Persons that are put on a list, or taken off, in one request.
const PERSONS_MAX: usize = 1_000;

/// Reads what a cohort is to be.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn cohort_draft(
    wire_name: &str,
    wire_description: &str,
    rule: Option<&pb::CohortRule>,
) -> Result<Draft, Violations> {
    let mut violations = Violations::new();
    name(wire_name, "name", &mut violations);
    description(wire_description, "description", &mut violations);
    let named = rule.map(|rule| read_rule(rule, &mut violations).named()).unwrap_or_default();
    violations.finish()?;
    Ok(Draft {
        name: wire_name.to_owned(),
        description: wire_description.to_owned(),
        rule: rule.map(pb::CohortRule::encode_to_vec),
        named,
    })
}

/// Reads a rule.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn cohort_rule(wire: &pb::CohortRule) -> Result<Rule, Violations> {
    let mut violations = Violations::new();
    let rule = read_rule(wire, &mut violations);
    violations.finish().map(|()| rule)
}

fn read_rule(wire: &pb::CohortRule, violations: &mut Violations) -> Rule {
    violations.require(
        wire.encoded_len() <= RULE_BYTES_MAX,
        "rule",
        format!("must be at most {RULE_BYTES_MAX} bytes"),
    );
    let mut filters = Vec::new();
    gather_filters(wire, &mut filters);
    let expressions = Expressions::count(filters.iter(), violations);
    let mut reader = Reader { violations, expressions, conditions: 0, is_too_deep: false };
    let rule = reader.rule(wire, "rule", 0);
    let (conditions, is_too_deep) = (reader.conditions, reader.is_too_deep);
    violations.require(
        conditions <= CONDITIONS_MAX,
        "rule",
        format!("must have at most {CONDITIONS_MAX} conditions, all groups counted"),
    );
    violations.require(!is_too_deep, "rule", format!("must be nested at most {DEPTH_MAX} deep"));
    rule
}

/// Gathers all that may have regular expressions, as deep as the wire nests, which its decoder limits.
fn gather_filters(rule: &pb::CohortRule, filters: &mut Vec<common::Filter>) {
    for condition in &rule.conditions {
        match &condition.kind {
            Some(Kind::Property(one)) => filters.push(common::Filter {
                conditions: vec![one.clone()],
                ..common::Filter::default()
            }),
            Some(Kind::Behavior(behavior)) => filters.extend(behavior.filter.clone()),
            Some(Kind::CohortId(_)) | None => {}
        }
    }
    rule.groups.iter().for_each(|group| gather_filters(group, filters));
}

struct Reader<'a> {
    violations: &'a mut Violations,
    expressions: Expressions,
    conditions: usize,
    is_too_deep: bool,
}

impl Reader<'_> {
    fn rule(&mut self, wire: &pb::CohortRule, field: &str, depth: usize) -> Rule {
        let conjunction = self.violations.known(wire.conjunction, format!("{field}.conjunction"));
        self.violations.require(
            !(wire.conditions.is_empty() && wire.groups.is_empty()),
            field,
            "must have a condition",
        );
        let mut parts = Vec::new();
        for (index, condition) in wire.conditions.iter().enumerate() {
            self.conditions += 1;
            // What is too much is counted and not looked at.
            if self.conditions <= CONDITIONS_MAX {
                let field = format!("{field}.conditions[{index}]");
                parts.extend(self.condition(condition, &field));
            }
        }
        if depth == DEPTH_MAX {
            self.is_too_deep |= !wire.groups.is_empty();
        } else {
            for (index, group) in wire.groups.iter().enumerate() {
                parts.push(self.rule(group, &format!("{field}.groups[{index}]"), depth + 1));
            }
        }
        match conjunction {
            Conjunction::Unspecified | Conjunction::And => Rule::All(parts),
            Conjunction::Or => Rule::Any(parts),
        }
    }

    /// Returns `None` after adding a violation.
    fn condition(&mut self, wire: &pb::CohortCondition, field: &str) -> Option<Rule> {
        let rule = match &wire.kind {
            Some(Kind::Property(property)) => {
                let scope = common::Scope::Person.into();
                let property = common::Condition { scope, ..property.clone() };
                let field = format!("{field}.property");
                let scopes = [Scope::Person];
                let (expressions, violations) = (&self.expressions, &mut *self.violations);
                read_condition(&property, &field, &scopes, expressions, violations)
                    .map(Rule::Property)
            }
            Some(Kind::Behavior(behavior)) => {
                Some(Rule::Behavior(self.behavior(behavior, &format!("{field}.behavior"))))
            }
            Some(Kind::CohortId(id)) => {
                let id = Uuid::parse_str(id).ok();
                let field = format!("{field}.cohort_id");
                self.violations.require(id.is_some(), field, "must be the id of a cohort");
                id.map(Rule::Cohort)
            }
            None => {
                self.violations.add(field, "must be a property, a behavior or a cohort");
                None
            }
        }?;
        Some(if wire.negated { Rule::Not(Box::new(rule)) } else { rule })
    }

    fn behavior(&mut self, wire: &pb::CohortBehavior, field: &str) -> Behavior {
        use pb::cohort_behavior::Comparison;
        let v = &mut *self.violations;
        v.require(
            wire.event.len() <= EVENT_BYTES_MAX,
            format!("{field}.event"),
            format!("must be at most {EVENT_BYTES_MAX} bytes"),
        );
        v.require(
            (0..=TIMES_MAX).contains(&wire.times),
            format!("{field}.times"),
            format!("must be 0-{TIMES_MAX}"),
        );
        v.require(
            (0..=DAYS_MAX).contains(&wire.days),
            format!("{field}.days"),
            format!("must be 1-{DAYS_MAX}, or 0 for {DAYS_DEFAULT}"),
        );
        let times = wire.times.unsigned_abs();
        let times = match v.known(wire.comparison, format!("{field}.comparison")) {
            Comparison::Unspecified | Comparison::AtLeast => Times::AtLeast(times.max(1)),
            Comparison::AtMost => Times::AtMost(times),
            Comparison::Exactly => Times::Exactly(times),
        };
        let filter = wire.filter.as_ref();
        let field_of_filter = format!("{field}.filter");
        let filter = read(filter, &field_of_filter, &BEHAVIOR_SCOPES, &self.expressions, v);
        let event = (!wire.event.is_empty()).then(|| wire.event.clone());
        let days = if wire.days == 0 { DAYS_DEFAULT } else { wire.days.unsigned_abs() };
        Behavior { selector: Selector { event, filter }, times, days }
    }
}

/// Reads who is put on a list or taken off: distinct ids, and ids of persons. A person id that is none names nobody, so it is
/// `None`.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn listed_persons(
    distinct_ids: &[String],
    person_ids: &[String],
) -> Result<(Vec<String>, Option<Vec<PersonId>>), Violations> {
    let mut violations = Violations::new();
    violations.require(
        (1..=PERSONS_MAX).contains(&(distinct_ids.len() + person_ids.len())),
        "distinct_ids",
        format!("must be 1-{PERSONS_MAX} together with person_ids"),
    );
    for (index, id) in distinct_ids.iter().take(PERSONS_MAX).enumerate() {
        let is_good = !is_illegal(id) && id.chars().count() <= DISTINCT_ID_CHARS_MAX;
        let expected = "must name somebody, in at most 200 characters";
        violations.require(is_good, format!("distinct_ids[{index}]"), expected);
    }
    violations.finish()?;
    let unique: HashSet<&String> = distinct_ids.iter().collect();
    let persons = person_ids.iter().map(|id| PersonId::parse(id)).collect();
    Ok((unique.into_iter().cloned().collect(), persons))
}

/// Writes a cohort.
///
/// # Errors
/// A rule that cannot be read any more.
pub(crate) fn cohort(row: &CohortRow) -> Result<pb::Cohort, Refusal> {
    Ok(pb::Cohort {
        id: row.id.to_string(),
        name: row.name.clone(),
        description: row.description.clone(),
        rule: stored_rule(row)?,
        person_count: row.person_count,
        count_time: row.count_time.map(micros_timestamp),
        created_time: Some(micros_timestamp(row.created_time)),
        updated_time: Some(micros_timestamp(row.updated_time)),
    })
}
