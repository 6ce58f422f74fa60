//! Funnels.

mod questions;

use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::reports::v1 as pb;
use pb::query_funnel_request::Order as WireOrder;
use prost_types::Duration;

pub(crate) use questions::{
    explain_funnel_query, explain_funnel_response, funnel_persons_query, funnel_trend_query,
    funnel_trend_response,
};

use super::hints::hints;
use super::shared::{SCOPES, breakdown, count, counted_by, range, selector, step_from};
use crate::funnel::{
    EXCLUSIONS_MAX, Exclusion, FunnelAnswer, FunnelQuery, Order, STEPS_MAX, Step, StepAnswer,
    TimeBucket,
};
use crate::query::{Attribution, Breakdown};

const STEPS_MIN: usize = 2;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const WINDOW_MS_DEFAULT: i64 = 14 * DAY_MS;
const WINDOW_DAYS_MAX: i64 = 366;

/// Reads the question.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn funnel_query(wire: &pb::QueryFunnelRequest) -> Result<FunnelQuery, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let range = range(wire.range.as_ref(), v);
    let order = match v.known(wire.order, "order") {
        WireOrder::Unspecified | WireOrder::Ordered => Order::Ordered,
        WireOrder::Strict => Order::Strict,
        WireOrder::Any => Order::Any,
    };
    v.require(
        (STEPS_MIN..=STEPS_MAX).contains(&wire.steps.len()),
        "steps",
        format!("must have {STEPS_MIN}-{STEPS_MAX} elements"),
    );
    v.require(
        wire.exclusions.len() <= EXCLUSIONS_MAX
            && (order != Order::Any || wire.exclusions.is_empty()),
        "exclusions",
        format!("must have at most {EXCLUSIONS_MAX} elements, and none with the order ANY"),
    );
    let steps = wire.steps.iter().take(STEPS_MAX).enumerate();
    let exclusions = wire.exclusions.iter().take(EXCLUSIONS_MAX).enumerate();
    let filters = steps
        .clone()
        .filter_map(|(_, step)| step.filter.as_ref())
        .chain(exclusions.clone().filter_map(|(_, exclusion)| exclusion.filter.as_ref()))
        .chain(&wire.filter);
    let expressions = Expressions::count(filters, v);
    let steps: Vec<_> =
        steps.map(|(index, step)| read_step(step, index, order, &expressions, v)).collect();
    let exclusions = exclusions
        .map(|(index, one)| read_exclusion(one, index, steps.len(), &expressions, v))
        .collect();
    let window_ms = window_ms(wire.window.as_ref(), v);
    let breakdown = breakdown(wire.breakdown.as_ref(), v);
    check_attribution(breakdown.as_ref(), steps.len(), v);
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    let counted_by = counted_by(&wire.group_type, v);
    match (range, violations.is_empty()) {
        (Some(range), true) => Ok(FunnelQuery {
            range,
            steps,
            window_ms,
            order,
            exclusions,
            breakdown,
            filter,
            counted_by,
        }),
        _ => Err(violations),
    }
}

fn read_step(
    wire: &pb::FunnelStep,
    index: usize,
    order: Order,
    expressions: &Expressions,
    violations: &mut Violations,
) -> Step {
    let field = format!("steps[{index}].filter");
    let step = selector(&wire.event, wire.filter.as_ref(), &field, expressions, violations);
    violations.require(
        !wire.optional || (index > 0 && order != Order::Any),
        format!("steps[{index}].optional"),
        "must not be set for the first step, nor with the order ANY",
    );
    Step { event: step.event, filter: step.filter, optional: wire.optional }
}

fn read_exclusion(
    wire: &pb::FunnelExclusion,
    index: usize,
    steps: usize,
    expressions: &Expressions,
    violations: &mut Violations,
) -> Exclusion {
    let field = format!("exclusions[{index}]");
    let filter = format!("{field}.filter");
    let selector = selector(&wire.event, wire.filter.as_ref(), &filter, expressions, violations);
    let last = steps.saturating_sub(1);
    let after = if wire.after_step == 0 { Some(0) } else { step_from(wire.after_step) };
    let after = after.filter(|after| *after < last);
    violations.require(
        after.is_some(),
        format!("{field}.after_step"),
        format!("must be 1-{last}, or 0 for the first step"),
    );
    let before = if wire.before_step == 0 { Some(last) } else { step_from(wire.before_step) };
    let before =
        before.filter(|before| *before <= last && after.is_none_or(|after| after < *before));
    violations.require(
        before.is_some(),
        format!("{field}.before_step"),
        "must be a step later than after_step, or 0 for the last step",
    );
    Exclusion { selector, after: after.unwrap_or(0), before: before.unwrap_or(last) }
}

fn check_attribution(breakdown: Option<&Breakdown>, steps: usize, violations: &mut Violations) {
    if let Some(Attribution::Step(step)) = breakdown.map(|breakdown| breakdown.attribution) {
        violations.require(
            step < steps,
            "breakdown.attribution_step",
            format!("must be 1-{steps} with the attribution STEP"),
        );
    }
}

fn window_ms(window: Option<&Duration>, violations: &mut Violations) -> i64 {
    let Some(window) = window else { return WINDOW_MS_DEFAULT };
    let nanos = i128::from(window.seconds) * 1_000_000_000 + i128::from(window.nanos);
    // Differences of event times are whole milliseconds, so nothing is lost by rounding down.
    let ms = i64::try_from(nanos.div_euclid(1_000_000)).unwrap_or(i64::MAX);
    let longest = i128::from(WINDOW_DAYS_MAX * DAY_MS) * 1_000_000;
    violations.require(
        nanos > 0 && nanos <= longest,
        "window",
        format!("must be longer than 0 and at most {WINDOW_DAYS_MAX} days"),
    );
    ms
}

/// Writes the answer to the question.
pub(crate) fn funnel_response(
    query: &FunnelQuery,
    answer: FunnelAnswer,
) -> pb::QueryFunnelResponse {
    let breakdowns = answer.breakdowns.into_iter().map(|one| pb::FunnelBreakdown {
        value: one.value,
        steps: steps_to_proto(query, &one.steps),
    });
    pb::QueryFunnelResponse {
        steps: steps_to_proto(query, &answer.steps),
        breakdowns: breakdowns.collect(),
        time_to_convert: answer.time_to_convert.iter().map(bucket_to_proto).collect(),
        hints: hints(answer.hints),
    }
}

fn steps_to_proto(query: &FunnelQuery, answers: &[StepAnswer]) -> Vec<pb::FunnelStepResult> {
    let first = answers.first().map_or(0, |answer| answer.persons);
    let all = query.steps.iter().zip(answers).enumerate();
    all.map(|(index, (step, answer))| pb::FunnelStepResult {
        event: step.event.clone().unwrap_or_default(),
        persons: count(answer.persons),
        conversion_from_first: answer.conversion_from(first),
        // The first step has no previous one; as its own, it converts all that took it.
        conversion_from_previous: answer
            .conversion_from(answers[query.required_before(index)].persons),
        median_time_to_convert: answer.median_ms.map(duration),
        average_time_to_convert: answer.average_ms.map(duration),
    })
    .collect()
}

#[expect(clippy::cast_precision_loss, reason = "at most 366 days of milliseconds")]
fn bucket_to_proto(bucket: &TimeBucket) -> pb::FunnelTimeBucket {
    pb::FunnelTimeBucket {
        from: Some(duration(bucket.from_ms as f64)),
        to: Some(duration(bucket.to_ms as f64)),
        persons: count(bucket.persons),
    }
}

/// Writes a length given in milliseconds, not negative.
#[expect(clippy::cast_possible_truncation, reason = "at most 366 days")]
pub(super) fn duration(ms: f64) -> Duration {
    // Medians are whole or half milliseconds, so whole microseconds are exact; means are rounded.
    let micros = (ms * 1_000.0).round() as i64;
    let nanos = micros.rem_euclid(1_000_000) * 1_000;
    Duration {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(nanos).expect("below a second"),
    }
}
