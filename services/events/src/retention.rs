//! How long projects keep what, in whole days of UTC: a day goes when it is so many days over.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use observe_core::ProjectId;
use observe_proto::identity::v1::ProjectRetention;

use crate::store::retention::Expiry;

/// Returns before when a project's events are too old; `None` if it keeps all, or is none.
#[must_use]
pub fn expiry_of(retention: &ProjectRetention, now: DateTime<Utc>) -> Option<Expiry> {
    let project = ProjectId::parse(&retention.project_id)?;
    let settings = retention.retention?;
    let today = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let before = |days: i32| {
        let days = (days > 0).then(|| TimeDelta::try_days(i64::from(days)))??;
        today.checked_sub_signed(days)
    };
    let events_before = before(settings.event_days);
    // An option that is none is the smallest.
    let exceptions_before = before(settings.exception_days).max(events_before);
    exceptions_before.map(|_| Expiry { project, events_before, exceptions_before })
}

#[cfg(test)]
mod tests {
    use observe_proto::identity::v1::RetentionSettings;

    use super::*;

    #[test]
    fn whole_days_are_kept_and_errors_no_longer_than_events() {
        let now = DateTime::from_timestamp(10 * 86_400 + 7, 0).expect("a time");
        let day = |n: i64| DateTime::from_timestamp(n * 86_400, 0);
        let expiry = |event_days, exception_days| {
            let project_id = ProjectId::new(uuid::Uuid::from_u128(1)).to_string();
            let retention = Some(RetentionSettings { event_days, exception_days });
            expiry_of(&ProjectRetention { project_id, retention }, now)
                .map(|expiry| (expiry.events_before, expiry.exceptions_before))
        };
        assert_eq!(expiry(3, 1), Some((day(7), day(9))));
        assert_eq!(expiry(3, 0), Some((day(7), day(7))));
        assert_eq!(expiry(0, 2), Some((None, day(8))));
        assert_eq!(expiry(0, 0), None);
    }
}
