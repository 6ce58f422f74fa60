//! The wire's questions as ours, with every violation found, and our answers as the wire's.

mod errors;
mod funnel;
mod hints;
mod latency;
mod overview;
mod person_activity;
mod persons;
mod shared;
mod trends;
mod usage;

pub(crate) use errors::{
    decided_status, detail_response, error_group, group_question, list_question, list_response,
};
pub(crate) use funnel::{funnel_query, funnel_response};
pub(crate) use latency::{endpoint_name, endpoints_response, latency_range, latency_response};
pub(crate) use overview::overview_response;
pub(crate) use person_activity::{
    export_question, moment, person_events_question, preview_question, preview_response,
};
pub(crate) use persons::persons as persons_to_proto;
pub(crate) use shared::timestamp;
pub(crate) use trends::{trend_persons_query, trends_query, trends_response};
pub(crate) use usage::{usage_calendar, usage_response};

#[cfg(test)]
mod tests;
