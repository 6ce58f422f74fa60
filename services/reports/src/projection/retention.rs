//! How long a project keeps what: what is older is not in its columns.

use observe_proto::identity::v1::RetentionSettings;

use crate::errors;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// From when on a project keeps its events, in milliseconds since 1970. Whole days of UTC go, at their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Events.
    pub(crate) events_from_ms: i64,
    /// Errors; never before events.
    pub(crate) errors_from_ms: i64,
}

impl Kept {
    /// Everything, for ever.
    pub(crate) const ALL: Self = Self { events_from_ms: i64::MIN, errors_from_ms: i64::MIN };

    /// Returns what is kept at a moment under these settings.
    pub(crate) fn at(now_ms: i64, settings: RetentionSettings) -> Self {
        let from = |days: i32| match days {
            1.. => now_ms.div_euclid(DAY_MS).saturating_sub(i64::from(days)).saturating_mul(DAY_MS),
            _ => i64::MIN,
        };
        let events_from_ms = from(settings.event_days);
        Self { events_from_ms, errors_from_ms: from(settings.exception_days).max(events_from_ms) }
    }

    /// Returns from when on events of this name are kept.
    pub(crate) fn kept_from_ms(self, name: &str) -> i64 {
        if name == errors::EVENT { self.errors_from_ms } else { self.events_from_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_are_kept() {
        let settings = RetentionSettings { event_days: 2, exception_days: 1 };
        let kept = Kept::at(10 * DAY_MS + 5, settings);
        assert_eq!((kept.events_from_ms, kept.errors_from_ms), (8 * DAY_MS, 9 * DAY_MS));
        assert_eq!(kept.kept_from_ms("$exception"), 9 * DAY_MS);
        assert_eq!(Kept::at(5, RetentionSettings::default()), Kept::ALL);
        let errors = RetentionSettings { event_days: 0, exception_days: 1 };
        let kept = Kept::at(10 * DAY_MS, errors);
        assert_eq!((kept.events_from_ms, kept.errors_from_ms), (i64::MIN, 9 * DAY_MS));
        let events = RetentionSettings { event_days: 1, exception_days: 0 };
        assert_eq!(Kept::at(10 * DAY_MS, events).errors_from_ms, 9 * DAY_MS);
    }
}
