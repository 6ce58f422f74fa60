//! Which cohorts a request names, wherever in it: in its filters, those of its parts, and its breakdown.

use std::collections::HashSet;

use observe_core::Violations;
use observe_proto::common::v1::{Filter, Scope};
use observe_proto::reports::v1 as pb;
use uuid::Uuid;

/// Cohorts that one request may name: each is computed, and those that its rule names.
const NAMED_MAX: usize = 50;

/// A request of the insight service: a question, or one about an answer.
pub(crate) trait NamesCohorts {
    /// Returns the project that it names; may be empty.
    fn project_id(&self) -> &str;

    /// Hands out all its filters and breakdowns.
    fn parts<'a>(&'a self, names: &mut Names<'a>);
}

/// What cohorts are named by.
#[derive(Debug, Default)]
pub(crate) struct Names<'a>(HashSet<&'a str>);

impl<'a> Names<'a> {
    /// As deep as the wire nests, which its decoder limits.
    fn filter(&mut self, filter: Option<&'a Filter>) {
        let Some(filter) = filter else { return };
        for condition in &filter.conditions {
            if condition.scope == i32::from(Scope::Cohort) {
                self.0.extend(condition.values.iter().map(String::as_str));
            }
        }
        filter.groups.iter().for_each(|group| self.filter(Some(group)));
    }

    fn breakdown(&mut self, breakdown: Option<&'a pb::Breakdown>) {
        let cohorts = breakdown.iter().flat_map(|breakdown| &breakdown.cohort_ids);
        self.0.extend(cohorts.map(String::as_str));
    }
}

/// Returns the cohorts that a question names. What is no id is none of them: its name is the nil id, which no cohort has.
///
/// # Errors
/// A violation if there are too many.
pub(crate) fn named_cohorts(question: &impl NamesCohorts) -> Result<HashSet<Uuid>, Violations> {
    let mut names = Names::default();
    question.parts(&mut names);
    let mut violations = Violations::new();
    violations.require(
        names.0.len() <= NAMED_MAX,
        "filter",
        format!("must name at most {NAMED_MAX} cohorts, all filters and the breakdown counted"),
    );
    violations.finish()?;
    Ok(names.0.into_iter().map(|id| Uuid::parse_str(id).unwrap_or_default()).collect())
}

impl NamesCohorts for pb::QueryTrendsRequest {
    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn parts<'a>(&'a self, names: &mut Names<'a>) {
        names.filter(self.filter.as_ref());
        self.series.iter().for_each(|series| names.filter(series.filter.as_ref()));
        names.breakdown(self.breakdown.as_ref());
    }
}

impl NamesCohorts for pb::QueryFunnelRequest {
    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn parts<'a>(&'a self, names: &mut Names<'a>) {
        names.filter(self.filter.as_ref());
        self.steps.iter().for_each(|step| names.filter(step.filter.as_ref()));
        self.exclusions.iter().for_each(|exclusion| names.filter(exclusion.filter.as_ref()));
        names.breakdown(self.breakdown.as_ref());
    }
}

impl NamesCohorts for pb::QueryRetentionRequest {
    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn parts<'a>(&'a self, names: &mut Names<'a>) {
        names.filter(self.filter.as_ref());
        let events = [&self.start_event, &self.return_event].into_iter().flatten();
        events.for_each(|event| names.filter(event.filter.as_ref()));
    }
}

impl NamesCohorts for pb::QueryLifecycleRequest {
    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn parts<'a>(&'a self, names: &mut Names<'a>) {
        names.filter(self.filter.as_ref());
    }
}

impl NamesCohorts for pb::QueryStickinessRequest {
    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn parts<'a>(&'a self, names: &mut Names<'a>) {
        names.filter(self.filter.as_ref());
        self.series.iter().for_each(|series| names.filter(series.filter.as_ref()));
    }
}

impl NamesCohorts for pb::QueryPathsRequest {
    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn parts<'a>(&'a self, names: &mut Names<'a>) {
        names.filter(self.filter.as_ref());
    }
}

impl NamesCohorts for pb::QueryWebOverviewRequest {
    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn parts<'a>(&'a self, names: &mut Names<'a>) {
        names.filter(self.filter.as_ref());
    }
}

/// A request about an answer holds the question, and with it project and filters.
macro_rules! about_an_answer {
    ($($request:ident { $question:ident }),+ $(,)?) => {$(
        impl NamesCohorts for pb::$request {
            fn project_id(&self) -> &str {
                self.$question.as_ref().map_or("", |question| question.project_id())
            }

            fn parts<'a>(&'a self, names: &mut Names<'a>) {
                self.$question.iter().for_each(|question| question.parts(names));
            }
        }
    )+};
}

about_an_answer! {
    ListTrendPersonsRequest { trends },
    QueryFunnelTrendRequest { funnel },
    ListFunnelPersonsRequest { funnel },
    ExplainFunnelPersonRequest { funnel },
    ListRetentionPersonsRequest { retention },
    ExplainRetentionPersonRequest { retention },
    ListLifecyclePersonsRequest { lifecycle },
    ListStickinessPersonsRequest { stickiness },
    ListPathPersonsRequest { paths },
}

#[cfg(test)]
mod tests {
    use observe_proto::common::v1::Condition;

    use super::*;

    fn in_cohort(values: &[String]) -> Filter {
        let values = values.to_vec();
        let condition = Condition { scope: Scope::Cohort.into(), values, ..Condition::default() };
        let inner = Filter { conditions: vec![condition], ..Filter::default() };
        Filter { groups: vec![inner], ..Filter::default() }
    }

    #[test]
    fn cohorts_are_found_wherever_they_are_named() {
        let ids: Vec<Uuid> = (1..=4).map(Uuid::from_u128).collect();
        let one = |n: usize| Some(in_cohort(&[ids[n].to_string()]));
        let step = |filter| pb::FunnelStep { filter, ..pb::FunnelStep::default() };
        let exclusion = pb::FunnelExclusion { filter: one(2), ..pb::FunnelExclusion::default() };
        let cohort_ids = vec![ids[3].to_string(), ids[0].to_string()];
        let funnel = pb::QueryFunnelRequest {
            filter: one(0),
            steps: vec![step(None), step(one(1))],
            exclusions: vec![exclusion],
            breakdown: Some(pb::Breakdown { cohort_ids, ..pb::Breakdown::default() }),
            ..pb::QueryFunnelRequest::default()
        };
        let all = ids.iter().copied().collect::<HashSet<_>>();
        assert_eq!(named_cohorts(&funnel), Ok(all.clone()));
        let about = pb::ListFunnelPersonsRequest { funnel: Some(funnel), ..Default::default() };
        assert_eq!(named_cohorts(&about), Ok(all));
    }

    #[test]
    fn values_of_other_properties_are_no_cohorts_and_too_many_are_refused() {
        let condition = Condition { values: vec!["x".into()], ..Condition::default() };
        let filter = Filter { conditions: vec![condition], ..Filter::default() };
        let question =
            |filter| pb::QueryPathsRequest { filter: Some(filter), ..Default::default() };
        assert_eq!(named_cohorts(&question(filter)), Ok(HashSet::new()));
        let many: Vec<String> = (0..51).map(|n| Uuid::from_u128(n).to_string()).collect();
        let refused = named_cohorts(&question(in_cohort(&many))).expect_err("51");
        assert!(refused.to_string().contains("at most 50"), "{refused}");
    }
}
