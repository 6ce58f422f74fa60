//! The wire's questions as ours, with every violation found, and our answers as the wire's.

mod annotation;
mod calendar;
mod cohort;
mod cohort_names;
mod dashboard;
mod errors;
mod explained_event;
mod export;
mod funnel;
mod hints;
mod kept;
mod latency;
mod lifecycle;
mod overview;
mod paths;
mod person_activity;
mod persons;
mod retention;
mod saved_insight;
mod shared;
mod stickiness;
mod trends;
mod usage;
mod web_overview;

pub(crate) use annotation::{annotation, annotation_draft, annotation_range};
pub(crate) use cohort::{cohort, cohort_draft, cohort_rule, listed_persons};
pub(crate) use cohort_names::{NamesCohorts, named_cohorts};
pub(crate) use dashboard::{dashboard, dashboard_draft, seen_time, shared_dashboard};
pub(crate) use errors::{
    decided_status, detail_response, error_group, group_question, list_question, list_response,
};
pub(crate) use export::{
    events_part, export_events_question, export_persons_question, persons_part,
};
pub(crate) use funnel::{
    explain_funnel_query, explain_funnel_response, funnel_persons_query, funnel_query,
    funnel_response, funnel_trend_query, funnel_trend_response,
};
pub(crate) use latency::{endpoint_name, endpoints_response, latency_range, latency_response};
pub(crate) use lifecycle::{lifecycle_persons_query, lifecycle_query, lifecycle_response};
pub(crate) use overview::overview_response;
pub(crate) use paths::{path_persons_query, paths_query, paths_response};
pub(crate) use person_activity::{
    export_question, moment, person_events_question, preview_question, preview_response,
};
pub(crate) use persons::{page_size, persons as persons_to_proto};
pub(crate) use retention::{
    explain_retention_query, explain_retention_response, retention_persons_query, retention_query,
    retention_response,
};
pub(crate) use saved_insight::{
    in_project, question, saved_insight, saved_insight_draft, search_text, stored_query,
};
pub(crate) use shared::timestamp;
pub(crate) use stickiness::{stickiness_persons_query, stickiness_query, stickiness_response};
pub(crate) use trends::{trend_persons_query, trends_query, trends_response};
pub(crate) use usage::{usage_calendar, usage_response};
pub(crate) use web_overview::{web_overview_query, web_overview_response};

#[cfg(test)]
mod tests;
