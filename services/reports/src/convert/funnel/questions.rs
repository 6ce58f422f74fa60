//! What is asked beside the funnel itself: its trend, the persons behind a number, and one person's way.

use observe_core::Violations;
use observe_proto::reports::v1 as pb;
use pb::explain_funnel_person_request::Id;

use super::super::calendar::{interval, time_zone};
use super::super::explained_event::explained_event;
use super::super::hints::hints;
use super::super::person_activity::{by_distinct_id, by_person_id, nobody};
use super::super::persons::page_size;
use super::super::shared::{count, step_from, timestamp, within};
use super::funnel_query;
use crate::funnel::explain::FunnelExplanation;
use crate::funnel::{
    FunnelCell, FunnelQuery, FunnelTrendAnswer, FunnelTrendPoint, FunnelTrendQuery,
};
use crate::person_activity::subject::Named;
use crate::trends::buckets::{Buckets, MAX_BUCKETS};

/// Reads a funnel by the time it was entered.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn funnel_trend_query(
    wire: &pb::QueryFunnelTrendRequest,
) -> Result<FunnelTrendQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let funnel = within("funnel", wire.funnel.as_ref().map(without_breakdown), v);
    let interval = interval(wire.interval, v);
    let zone = time_zone(&wire.time_zone, v);
    let asked = funnel.as_ref().zip(zone);
    let buckets = asked.and_then(|(funnel, zone)| Buckets::new(funnel.range, interval, zone));
    v.require(
        asked.is_none() || buckets.is_some(),
        "funnel.range",
        format!("must touch at most {MAX_BUCKETS} buckets of that length"),
    );
    match (funnel, buckets, violations.is_empty()) {
        (Some(funnel), Some(buckets), true) => Ok(FunnelTrendQuery { funnel, buckets }),
        _ => Err(violations),
    }
}

/// Reads a funnel whose breakdown is not looked at.
fn without_breakdown(wire: &pb::QueryFunnelRequest) -> Result<FunnelQuery, Violations> {
    funnel_query(&pb::QueryFunnelRequest { breakdown: None, ..wire.clone() })
}

/// Writes the points of the buckets.
pub(crate) fn funnel_trend_response(
    buckets: &Buckets,
    answer: FunnelTrendAnswer,
) -> pb::QueryFunnelTrendResponse {
    let points = buckets.starts_ms().iter().zip(answer.points);
    let points = points.map(|(start_ms, point)| pb::FunnelTrendPoint {
        start_time: Some(timestamp(*start_ms)),
        entered: count(point.entered),
        converted: count(point.converted),
        conversion: conversion(point),
    });
    pb::QueryFunnelTrendResponse { points: points.collect(), hints: hints(answer.hints) }
}

#[expect(clippy::cast_precision_loss, reason = "persons are far fewer than 2^53")]
fn conversion(point: FunnelTrendPoint) -> f64 {
    if point.entered == 0 { 0.0 } else { point.converted as f64 / point.entered as f64 }
}

/// Reads which number's persons are meant, and how many on a page.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn funnel_persons_query(
    wire: &pb::ListFunnelPersonsRequest,
) -> Result<(FunnelQuery, FunnelCell, usize), Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let funnel = within("funnel", wire.funnel.as_ref().map(funnel_query), v);
    let steps = wire.funnel.as_ref().map_or(0, |funnel| funnel.steps.len());
    let step = step_from(wire.step).filter(|step| *step < steps);
    v.require(step.is_some(), "step", format!("must be 1-{steps}"));
    v.require(
        !wire.dropped_off || step != Some(0),
        "dropped_off",
        "must not be set for the first step",
    );
    let is_broken_down = wire.funnel.as_ref().is_some_and(|funnel| funnel.breakdown.is_some());
    v.require(
        wire.breakdown_value.is_empty() || is_broken_down,
        "breakdown_value",
        "must be empty without a breakdown",
    );
    let size = page_size(wire.page_size, v);
    let value = (!wire.breakdown_value.is_empty()).then(|| wire.breakdown_value.clone());
    match (funnel, step, violations.is_empty()) {
        (Some(funnel), Some(step), true) => {
            Ok((funnel, FunnelCell { step, dropped_off: wire.dropped_off, value }, size))
        }
        _ => Err(violations),
    }
}

/// Reads which funnel is to be explained, and to whom; a person id that is none names nobody, so it is `None`.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn explain_funnel_query(
    wire: &pb::ExplainFunnelPersonRequest,
) -> Result<(FunnelQuery, Option<Named>), Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let funnel = within("funnel", wire.funnel.as_ref().map(without_breakdown), v);
    let of_groups = wire.funnel.as_ref().is_some_and(|wire| !wire.group_type.is_empty());
    v.require(!of_groups, "funnel.group_type", "must be empty: only persons are explained");
    let named = match &wire.id {
        Some(Id::PersonId(id)) => by_person_id(id, v),
        Some(Id::DistinctId(id)) => by_distinct_id(id, v),
        None => nobody(v),
    };
    match (funnel, violations.is_empty()) {
        (Some(funnel), true) => Ok((funnel, named)),
        _ => Err(violations),
    }
}

/// Writes a person's way.
pub(crate) fn explain_funnel_response(
    explanation: FunnelExplanation,
) -> pb::ExplainFunnelPersonResponse {
    let reached = i32::try_from(explanation.reached);
    pb::ExplainFunnelPersonResponse {
        reached_step: reached.expect("a funnel has few steps"),
        summary: explanation.summary,
        events: explanation.events.into_iter().map(explained_event).collect(),
        truncated: explanation.truncated,
    }
}
