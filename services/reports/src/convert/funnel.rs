//! Funnels.

use observe_core::Violations;
use observe_filter::{Expressions, read};
use observe_proto::reports::v1 as pb;
use prost_types::Duration;

use super::shared::{SCOPES, breakdown, range};
use crate::funnel::{FunnelAnswer, FunnelQuery, Step, StepAnswer};

const STEPS: std::ops::RangeInclusive<usize> = 2..=20;
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
    let _: pb::query_funnel_request::Order = v.known(wire.order, "order");
    let (least, most) = (STEPS.start(), STEPS.end());
    v.require(
        STEPS.contains(&wire.steps.len()),
        "steps",
        format!("must have {least}-{most} elements"),
    );
    let steps = wire.steps.iter().take(*most).enumerate();
    let filters = steps.clone().filter_map(|(_, step)| step.filter.as_ref()).chain(&wire.filter);
    let expressions = Expressions::count(filters, v);
    let steps = steps
        .map(|(index, step)| Step {
            event: (!step.event.is_empty()).then(|| step.event.clone()),
            filter: read(
                step.filter.as_ref(),
                &format!("steps[{index}].filter"),
                &SCOPES,
                &expressions,
                v,
            ),
        })
        .collect();
    let window_ms = window_ms(wire.window.as_ref(), v);
    let breakdown = breakdown(wire.breakdown.as_ref(), v);
    let filter = read(wire.filter.as_ref(), "filter", &SCOPES, &expressions, v);
    match (range, violations.is_empty()) {
        (Some(range), true) => Ok(FunnelQuery { range, steps, window_ms, breakdown, filter }),
        _ => Err(violations),
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

/// Writes the answer to the question whose steps are given.
pub(crate) fn funnel_response(steps: &[Step], answer: FunnelAnswer) -> pb::QueryFunnelResponse {
    let breakdowns = answer.breakdowns.into_iter().map(|one| pb::FunnelBreakdown {
        value: one.value,
        steps: steps_to_proto(steps, &one.steps),
    });
    pb::QueryFunnelResponse {
        steps: steps_to_proto(steps, &answer.steps),
        breakdowns: breakdowns.collect(),
        ..Default::default()
    }
}

fn steps_to_proto(steps: &[Step], answers: &[StepAnswer]) -> Vec<pb::FunnelStepResult> {
    let first = answers.first().map_or(0, |answer| answer.persons);
    // The first step has no previous one; as its own, it converts all that took it.
    let previous = std::iter::once(first).chain(answers.iter().map(|answer| answer.persons));
    let all = steps.iter().zip(answers).zip(previous);
    all.map(|((step, answer), previous)| pb::FunnelStepResult {
        event: step.event.clone().unwrap_or_default(),
        persons: i64::try_from(answer.persons).unwrap_or(i64::MAX),
        conversion_from_first: answer.conversion_from(first),
        conversion_from_previous: answer.conversion_from(previous),
        median_time_to_convert: answer.median_ms.map(duration),
        average_time_to_convert: None,
    })
    .collect()
}

/// Writes a length given in milliseconds, not negative.
#[expect(clippy::cast_possible_truncation, reason = "at most 366 days")]
pub(super) fn duration(ms: f64) -> Duration {
    // Medians are whole or half milliseconds, so whole microseconds are exact.
    let micros = (ms * 1_000.0).round() as i64;
    let nanos = micros.rem_euclid(1_000_000) * 1_000;
    Duration {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(nanos).expect("below a second"),
    }
}
