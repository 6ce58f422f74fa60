//! What is asked.

use super::history::{DAYS, Shape, WEEKS};

/// The first, second and third step of the funnel, as codes of names.
pub(super) const STEPS: [usize; 3] = [0, 1, 2];
/// The path that the first step of the filtered funnel has, as a code.
pub(super) const STEP_PATH: usize = 5;
/// All steps happen within so many milliseconds of the first.
pub(super) const WINDOW_MS: i64 = 14 * super::history::DAY_MS;
/// How many values a breakdown tells apart; SQL is spared telling them apart where there are no more.
pub(super) const PATHS_LIMIT: usize = 25;
/// Likewise of browsers and countries.
pub(super) const VALUES_LIMIT: usize = 100;
/// The value of a key that is asked for.
pub(super) const KEY_VALUE: u64 = 3;

/// The questions. All are of the whole 90 days, and persons are what identity says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// How many views, by day.
    Total,
    /// How many persons viewed, by day.
    Persons,
    /// The same by browser.
    ByBrowser,
    /// The paths with most views.
    TopPaths,
    /// How many persons viewed, by week and country.
    ByCountry,
    /// Three steps within two weeks.
    Funnel,
    /// The same, of one path.
    FunnelOfPath,
    /// The same of any path, by the browser of the person's first event.
    FunnelByBrowser,
    /// By the week of the first view, who did anything in which later week.
    Retention,
    /// Who is new, returns, comes back and stays away, by week.
    Lifecycle,
    /// How many views, by day, of which at least one of eight keys has one value.
    Keys,
}

impl Question {
    /// Returns those that are asked of such events.
    pub(super) fn all(shape: Shape) -> Vec<Self> {
        let mut all = vec![
            Self::Total,
            Self::Persons,
            Self::ByBrowser,
            Self::TopPaths,
            Self::ByCountry,
            Self::Funnel,
            Self::FunnelOfPath,
            Self::FunnelByBrowser,
            Self::Retention,
            Self::Lifecycle,
        ];
        if shape.keys > 0 {
            all.push(Self::Keys);
        }
        all
    }

    /// Returns the name that it has in the table.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Total => "trends, total by day",
            Self::Persons => "unique persons by day",
            Self::ByBrowser => "the same by browser",
            Self::TopPaths => "top 25 paths",
            Self::ByCountry => "weekly persons by country",
            Self::Funnel => "funnel, 3 steps",
            Self::FunnelOfPath => "the same of one path",
            Self::FunnelByBrowser => "funnel by browser",
            Self::Retention => "retention by week",
            Self::Lifecycle => "lifecycle by week",
            Self::Keys => "total, one of 8 keys",
        }
    }

    /// Returns the name that contestants know it by.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Persons => "persons",
            Self::ByBrowser => "by_browser",
            Self::TopPaths => "top_paths",
            Self::ByCountry => "by_country",
            Self::Funnel => "funnel",
            Self::FunnelOfPath => "funnel_of_path",
            Self::FunnelByBrowser => "funnel_by_browser",
            Self::Retention => "retention",
            Self::Lifecycle => "lifecycle",
            Self::Keys => "keys",
        }
    }

    /// Returns how many points a line has.
    pub(super) fn buckets(self) -> usize {
        let buckets = if self == Self::ByCountry { WEEKS } else { DAYS };
        usize::try_from(buckets).unwrap_or(0)
    }
}
