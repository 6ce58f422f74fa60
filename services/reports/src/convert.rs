//! The wire's questions as ours, with every violation found, and our answers as the wire's.

mod errors;
mod funnel;
mod latency;
mod lifecycle;
mod nested;
mod overview;
mod person_activity;
mod persons;
mod retention;
mod shared;
mod stickiness;
mod trends;
mod usage;

pub(crate) use errors::{
    decided_status, detail_response, error_group, group_question, list_question, list_response,
};
pub(crate) use funnel::{
    explain_funnel_query, explain_funnel_response, funnel_persons_query, funnel_query,
    funnel_response, funnel_trend_query, funnel_trend_response,
};
pub(crate) use latency::{endpoint_name, endpoints_response, latency_range, latency_response};
pub(crate) use lifecycle::{lifecycle_persons_query, lifecycle_query, lifecycle_response};
pub(crate) use overview::overview_response;
pub(crate) use person_activity::{
    export_question, moment, person_events_question, preview_question, preview_response,
};
pub(crate) use persons::{page_size, persons as persons_to_proto};
pub(crate) use retention::{
    explain_retention_query, explain_retention_response, retention_persons_query, retention_query,
    retention_response,
};
pub(crate) use shared::timestamp;
pub(crate) use stickiness::{stickiness_persons_query, stickiness_query, stickiness_response};
pub(crate) use trends::{trends_query, trends_response};
pub(crate) use usage::{usage_calendar, usage_response};

#[cfg(test)]
mod tests;
