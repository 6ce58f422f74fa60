//! The web overview: one screen about a web site.
//!
//! Its numbers are of page views, and of the sessions that have one. What a session is says [`crate::sessions`].

pub mod visit;
pub mod vitals;

use crate::query::{Filter, Range};
use crate::trends::period::Period;
use vitals::VitalAnswer;

/// The name of page views, as observe.js and what is compatible with it send them.
pub const PAGE_VIEW: &str = "$pageview";
/// The property that holds the path of a page.
pub const PATHNAME: &str = "$pathname";
/// What the referring domain of a session is called that was led there by none, as the edge says it, too.
pub const DIRECT: &str = "$direct";
/// How long somebody counts as being there after an event, in milliseconds.
pub const NOW_MS: i64 = 5 * 60 * 1000;

/// What is told of a session by its first page view; [`Dimension::property`] counts into it. observe.js sends path and campaign,
/// and the edge adds the others (`services/gateway/src/enrich`).
pub const ENTRY_PROPERTIES: [&str; 9] = [
    PATHNAME,
    "$referring_domain",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "$browser",
    "$os",
    "$device_type",
    "$geoip_country_code",
];

/// The question.
#[derive(Clone, Debug)]
pub struct WebOverviewQuery {
    /// Only events inside count; its buckets are the points of the chart.
    pub period: Period,
    /// The time before, if its numbers are asked for, too.
    pub previous: Option<Range>,
    /// Applies to page views, and to what is measured of pages.
    pub filter: Filter,
    /// How many rows each table has, 1-100.
    pub limit: usize,
    /// What time it is, in milliseconds since 1970.
    pub now_ms: i64,
}

impl WebOverviewQuery {
    /// Returns all the time that is looked at.
    #[must_use]
    pub fn looked_at(&self) -> Range {
        let range = self.period.range;
        Range { start_ms: self.previous.map_or(range.start_ms, |before| before.start_ms), ..range }
    }

    /// Returns when somebody who is there now had an event. Both ends of the last [`NOW_MS`] are inside.
    #[must_use]
    pub fn now(&self) -> Range {
        Range {
            start_ms: self.now_ms.saturating_sub(NOW_MS),
            end_ms: self.now_ms.saturating_add(1),
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct WebOverviewAnswer {
    /// The numbers of the range.
    pub numbers: WebNumbers,
    /// Those of the time before, if they were asked for.
    pub previous: Option<WebNumbers>,
    /// One for each bucket.
    pub points: Vec<WebPoint>,
    /// One for each of [`Dimension::ALL`], in that order.
    pub tables: Vec<WebTable>,
    /// Of each web vital that was measured.
    pub vitals: Vec<VitalAnswer>,
    /// How many persons had an event in the last [`NOW_MS`].
    pub persons_now: u64,
}

/// The numbers of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebNumbers {
    /// Different persons with a page view.
    pub visitors: u64,
    /// Page views.
    pub views: u64,
    /// Sessions with a page view.
    pub sessions: u64,
    /// Those of them with a single one.
    pub bounces: u64,
    /// The time from the first to the last event of those sessions, added up, in milliseconds.
    pub duration_ms: u64,
}

/// One bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebPoint {
    /// Different persons with a page view.
    pub visitors: u64,
    /// Page views.
    pub views: u64,
    /// Sessions with a page view that began in it.
    pub sessions: u64,
}

/// What the rows of a table are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// The page of a page view.
    Page,
    /// The first page of a session.
    EntryPage,
    /// The last page of a session.
    ExitPage,
    /// What led to a session; [`DIRECT`] where nothing did.
    Referrer,
    /// The campaign that led to a session: its source. Sessions without one are not in the table; so for the next two.
    UtmSource,
    /// Its medium.
    UtmMedium,
    /// Its name.
    UtmCampaign,
    /// The browser of a session.
    Browser,
    /// The system.
    Os,
    /// The kind of device.
    Device,
    /// The country.
    Country,
}

impl Dimension {
    /// All, in the order in which they are answered.
    pub const ALL: [Self; 11] = [
        Self::Page,
        Self::EntryPage,
        Self::ExitPage,
        Self::Referrer,
        Self::UtmSource,
        Self::UtmMedium,
        Self::UtmCampaign,
        Self::Browser,
        Self::Os,
        Self::Device,
        Self::Country,
    ];

    /// Returns the place of its property among [`ENTRY_PROPERTIES`].
    #[must_use]
    pub fn property(self) -> usize {
        match self {
            Self::Page | Self::EntryPage | Self::ExitPage => 0,
            Self::Referrer => 1,
            Self::UtmSource => 2,
            Self::UtmMedium => 3,
            Self::UtmCampaign => 4,
            Self::Browser => 5,
            Self::Os => 6,
            Self::Device => 7,
            Self::Country => 8,
        }
    }

    /// Returns whether sessions without a value are in the table.
    #[must_use]
    pub fn has_missing(self) -> bool {
        !matches!(self, Self::UtmSource | Self::UtmMedium | Self::UtmCampaign)
    }
}

/// The most frequent values of one dimension.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WebTable {
    /// The most visitors first; ties by text.
    pub rows: Vec<WebRow>,
    /// How many further values there are.
    pub more: u64,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct WebRow {
    /// The value; `$none` for a missing one.
    pub value: String,
    /// Different persons.
    pub visitors: u64,
    /// Page views; for entry and exit pages, sessions.
    pub views: u64,
    /// The share of the sessions with a single page view, 0-1; 0 without sessions.
    pub bounce_rate: f64,
}
