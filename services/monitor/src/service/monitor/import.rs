//! Taking over checks of the past.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::context::Permission;
use observe_core::{CallContext, Violations};
use observe_egress::Phases;
use observe_proto::monitor::v1 as pb;

use super::Monitors;
use crate::check::{Outcome, Reason, Verdict};
use crate::convert;
use crate::error::Error;
use crate::service::id;
use crate::store::import::{self, Past};

/// Checks of one request.
const CHECKS_MAX: usize = 10_000;
/// How old a check may be.
const AGE_MAX: TimeDelta = TimeDelta::days(400);
/// How far a clock may be ahead of ours.
const AHEAD_MAX: TimeDelta = TimeDelta::seconds(5);
/// Characters of a reason, and of a message.
const REASON_CHARS_MAX: usize = 50;
/// The longest a check may have taken.
const TIME_MAX_MS: i64 = 600_000;
/// Violations of single checks that are told; ten thousand of one kind help nobody.
const VIOLATIONS_MAX: usize = 100;

impl Monitors {
    pub(super) async fn import(
        &self,
        context: &CallContext,
        request: pb::ImportChecksRequest,
    ) -> Result<pb::ImportChecksResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let monitor = id(&request.monitor_id, "monitor_id", "monitor")?;
        let now = self.clock.now();
        let mut violations = Violations::new();
        let number = request.checks.len();
        violations.require((1..=CHECKS_MAX).contains(&number), "checks", "must be 1-10,000");
        let mut past = Vec::with_capacity(number.min(CHECKS_MAX));
        for (at, check) in request.checks.iter().take(CHECKS_MAX).enumerate() {
            if violations.iter().count() < VIOLATIONS_MAX {
                past.extend(read(check, at, now, &mut violations));
            }
        }
        violations.finish()?;
        let imported = import::import(&self.store.database, project, monitor, past).await?;
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        Ok(pb::ImportChecksResponse {
            imported: count(imported),
            existing: count(number - imported),
        })
    }
}

fn read(
    check: &pb::Check,
    at: usize,
    now: DateTime<Utc>,
    violations: &mut Violations,
) -> Option<Past> {
    let field = |name: &str| format!("checks[{at}].{name}");
    let slot = check.slot_time.as_ref().and_then(convert::instant);
    let fits = slot.is_some_and(|slot| slot <= now + AHEAD_MAX && slot >= now - AGE_MAX);
    violations.require(
        fits,
        field("slot_time"),
        "is needed, not in the future and at most 400 days ago",
    );
    let outcome = check.outcome();
    let known = matches!(outcome, Outcome::Up | Outcome::Down | Outcome::Missed);
    violations.require(known, field("outcome"), "must be UP, DOWN or MISSED");
    let status = i16::try_from(check.status_code).ok().filter(|code| (0..=999).contains(code));
    violations.require(status.is_some(), field("status_code"), "must be a status, or 0 for none");
    let attempt = i16::try_from(check.attempt).ok().filter(|attempt| (0..=100).contains(attempt));
    violations.require(attempt.is_some(), field("attempt"), "must be 0-100");
    let is_word = check.reason.chars().count() <= REASON_CHARS_MAX && !check.reason.contains('\0');
    violations.require(is_word, field("reason"), "must have at most 50 characters");
    let phases = check.phases.unwrap_or_default();
    let mut time = |name: &str, given: Option<&prost_types::Duration>| {
        let given = given?;
        let millis = convert::millis(given).filter(|millis| *millis <= TIME_MAX_MS);
        violations.require(millis.is_some(), field(name), "must be 0 s to 600 s");
        millis?;
        let (seconds, nanos) = (given.seconds.unsigned_abs(), given.nanos.unsigned_abs());
        Some(Duration::new(seconds, nanos))
    };
    let total = time("total", check.total.as_ref());
    let phases = Phases {
        dns: time("phases.dns", phases.dns.as_ref()),
        connect: time("phases.connect", phases.connect.as_ref()),
        tls: time("phases.tls", phases.tls.as_ref()),
        first_byte: time("phases.first_byte", phases.first_byte.as_ref()),
        transfer: time("phases.transfer", phases.transfer.as_ref()),
    };
    let message = (!check.message.is_empty()).then(|| check.message.clone());
    Some(Past {
        slot: slot?,
        attempt: attempt?,
        reason: (!check.reason.is_empty()).then(|| check.reason.clone()),
        verdict: Verdict {
            outcome,
            // The word is kept beside: it may be one of another tool.
            why: message.map(|message| (Reason::Reported, message)),
            status_code: status?,
            total,
            phases,
        },
    })
}
