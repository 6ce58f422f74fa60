//! How long a project keeps data: the rules.

use observe_core::Violations;
use observe_proto::identity::v1 as pb;

/// The most days that a setting names; who wants more keeps data for ever.
const MAX_DAYS: i32 = 36_500;

/// A project's retention, in days since an event happened; 0 means for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) event_days: i32,
    /// Of events named `$exception`; never longer than events.
    pub(crate) exception_days: i32,
}

/// Returns the settings, for ever when there are none; notes those that break a rule.
pub(crate) fn checked_retention(
    given: Option<pb::RetentionSettings>,
    violations: &mut Violations,
) -> Retention {
    let pb::RetentionSettings { event_days, exception_days } = given.unwrap_or_default();
    let days = 0..=MAX_DAYS;
    let range = "must be 1-36,500 days, or 0 for ever";
    violations.require(days.contains(&event_days), "retention.event_days", range);
    violations.require(days.contains(&exception_days), "retention.exception_days", range);
    violations.require(
        event_days == 0 || (1..=event_days).contains(&exception_days),
        "retention.exception_days",
        "must not be longer than event_days; 0 means for ever",
    );
    Retention { event_days, exception_days }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_never_kept_longer_than_the_events_they_are() {
        let broken = |event_days, exception_days| {
            let mut violations = Violations::new();
            let given = pb::RetentionSettings { event_days, exception_days };
            checked_retention(Some(given), &mut violations);
            violations.iter().count()
        };
        for (events, exceptions) in [(0, 0), (0, 30), (30, 30), (30, 1), (36_500, 36_500)] {
            assert_eq!(broken(events, exceptions), 0, "{events} {exceptions}");
        }
        for (events, exceptions) in [(30, 31), (30, 0), (36_501, 1), (0, 36_501), (0, -1)] {
            assert_eq!(broken(events, exceptions), 1, "{events} {exceptions}");
        }
    }
}
