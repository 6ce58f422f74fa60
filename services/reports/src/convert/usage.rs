//! Questions of daily usage as ours, and the answer as the wire's.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use observe_core::Violations;
use observe_proto::reports::v1 as pb;

use super::shared::range;
use crate::usage::ledger::default_range;
use crate::usage::{Calendar, DAYS_MAX, DailyUsage};

/// Reads which days are asked for.
///
/// # Errors
/// Every violation.
pub(crate) fn usage_calendar(
    request: &pb::GetDailyUsageRequest,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<Calendar, Violations> {
    let mut violations = Violations::new();
    let asked = match &request.range {
        None => Some(default_range(now)),
        Some(_) => range(request.range.as_ref(), &mut violations),
    };
    let Some(asked) = asked else { return Err(violations) };
    Calendar::new(asked, zone).ok_or_else(|| {
        violations.add("range", format!("must be at most {DAYS_MAX} days"));
        violations
    })
}

/// Writes the days.
pub(crate) fn usage_response(
    days: &[DailyUsage],
    zone: Tz,
    now: DateTime<Utc>,
) -> pb::GetDailyUsageResponse {
    let today = now.with_timezone(&zone).date_naive();
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let day = |day: &DailyUsage| pb::DailyUsage {
        date: day.day.to_string(),
        events: number(day.events),
        active_persons: number(day.active_persons),
        sessions: number(day.sessions),
        errors: number(day.errors),
        requests: number(day.requests),
        uptime: day.uptime(),
        partial: day.day == today,
    };
    pb::GetDailyUsageResponse {
        days: days.iter().map(day).collect(),
        time_zone: zone.name().to_owned(),
    }
}
