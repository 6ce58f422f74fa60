//! Projects: the rules.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use observe_core::{OrganizationId, ProjectId, Violations};

use crate::privacy::Privacy;
use crate::retention::Retention;

/// The longest name of a project, key, organization or user, in characters.
const MAX_NAME_CHARS: usize = 100;
/// The time zone of a project that names none.
const DEFAULT_TIME_ZONE: &str = "UTC";

/// A site or an app: the scope of all data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    pub(crate) id: ProjectId,
    pub(crate) organization: OrganizationId,
    pub(crate) name: String,
    pub(crate) time_zone: String,
    pub(crate) number: i64,
    pub(crate) created_at: DateTime<Utc>,
    /// Origins that browsers may capture from; any when empty.
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) privacy: Privacy,
    pub(crate) retention: Retention,
}

/// What can be changed of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProjectSettings {
    pub(crate) name: String,
    pub(crate) time_zone: String,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) privacy: Privacy,
    pub(crate) retention: Retention,
}

/// A project that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewProject {
    pub(crate) id: ProjectId,
    pub(crate) organization: OrganizationId,
    pub(crate) name: String,
    pub(crate) time_zone: String,
}

/// Returns the name without surrounding space; notes it if it is not of 1-100 characters.
pub(crate) fn checked_name(name: &str, violations: &mut Violations) -> String {
    let name = name.trim();
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.contains('\0');
    violations.require(fits, "name", "must have 1-100 characters");
    name.to_owned()
}

/// Returns the time zone, UTC by default; notes it if IANA does not know it.
pub(crate) fn checked_time_zone(time_zone: &str, violations: &mut Violations) -> String {
    if time_zone.is_empty() {
        return DEFAULT_TIME_ZONE.to_owned();
    }
    let known = time_zone.parse::<Tz>().is_ok();
    violations.require(known, "time_zone", "must be an IANA time zone, such as Europe/Berlin");
    time_zone.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        let mut violations = Violations::new();
        assert_eq!(checked_name("  Shop ", &mut violations), "Shop");
        checked_name(&"é".repeat(100), &mut violations);
        assert!(violations.is_empty());
        checked_name(&"é".repeat(101), &mut violations);
        checked_name("  ", &mut violations);
        assert_eq!(violations.iter().count(), 2);
    }

    #[test]
    fn time_zones_are_those_of_iana() {
        let mut violations = Violations::new();
        assert_eq!(checked_time_zone("", &mut violations), "UTC");
        assert_eq!(checked_time_zone("Asia/Tokyo", &mut violations), "Asia/Tokyo");
        assert!(violations.is_empty());
        checked_time_zone("Mars/Olympus", &mut violations);
        assert!(!violations.is_empty());
    }
}
