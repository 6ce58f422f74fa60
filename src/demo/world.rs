//! The world of the demo: the same people do the same things for the same scale.

use uuid::Uuid;

use super::event::Event;
use super::person::Person;
use super::request::Request;
use super::rhythm::{DAY, HOUR, MINUTE};
use super::visit;

/// The namespace of all ids of all demos.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f62_7365_7276_6520_6465_6d6f_2076_3101);
/// How long ago the newest release came, with its fault.
const RELEASE_AGE: i64 = 3 * HOUR;
/// How long ago searching became slow.
const SEARCH_SLOW_AGE: i64 = 50 * MINUTE;
/// How long ago the mail about the flash sale went out.
const FLASH_SALE_AGE: i64 = 45 * MINUTE;
/// How long ago payments began to fail.
const PAYMENTS_FAILING_AGE: i64 = 14 * MINUTE;

/// How much of the world is made, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// Which world.
    pub(super) seed: u64,
    /// How many people.
    pub(super) people: u32,
    /// How many days, the current one included.
    pub(super) days: u32,
    /// When it ends, in milliseconds since 1970. Days begin at midnight in UTC.
    pub(super) now: i64,
}

/// What somebody did.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Traces {
    pub(super) events: Vec<Event>,
    pub(super) requests: Vec<Request>,
}

/// The world.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    scale: Scale,
    namespace: Uuid,
}

impl World {
    /// Describes it; nothing is made yet.
    pub(super) fn new(scale: Scale) -> Self {
        Self { scale, namespace: Uuid::new_v5(&NAMESPACE, &scale.seed.to_be_bytes()) }
    }

    /// Returns the scale.
    pub(super) fn scale(&self) -> Scale {
        self.scale
    }

    /// Returns the id of a thing by its name; the same for the same seed.
    pub(super) fn id(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.namespace, name.as_bytes())
    }

    /// Returns when a day begins; day 0 is the first.
    pub(super) fn day(&self, day: u32) -> i64 {
        let today = self.scale.now - self.scale.now.rem_euclid(DAY);
        today - (i64::from(self.scale.days) - 1 - i64::from(day)) * DAY
    }

    /// Returns a moment of the past, by how much of the days has passed; at 10 in the morning.
    pub(super) fn part(&self, of_1000: u32) -> i64 {
        self.day(self.scale.days * of_1000 / 1_000) + 10 * HOUR
    }

    /// Returns when the newest release came.
    pub(super) fn release_time(&self) -> i64 {
        self.scale.now - RELEASE_AGE
    }

    /// Returns the releases with when they came, the oldest first.
    pub(super) fn releases(&self) -> [(i64, &'static str); 4] {
        [
            (i64::MIN, "2.11.3"),
            (self.part(300), "2.12.0"),
            (self.part(700), "2.13.1"),
            (self.release_time(), "2.14.0"),
        ]
    }

    /// Returns the release that people see at this time.
    pub(super) fn release(&self, time: i64) -> &'static str {
        let seen = self.releases().into_iter().rev().find(|(came, _)| *came <= time);
        seen.map_or("", |(_, name)| name)
    }

    /// Returns when the flash sale began.
    pub(super) fn flash_sale_time(&self) -> i64 {
        self.scale.now - FLASH_SALE_AGE
    }

    /// Returns whether payments fail at this time.
    pub(super) fn payments_fail(&self, time: i64) -> bool {
        time >= self.scale.now - PAYMENTS_FAILING_AGE
    }

    /// Returns whether searching is slow at this time.
    pub(super) fn search_is_slow(&self, time: i64) -> bool {
        time >= self.scale.now - SEARCH_SLOW_AGE
    }

    /// Makes what one person did, in the order of time. What is beyond the ends of the world is left out.
    pub(super) fn traces(&self, number: u32) -> Traces {
        let person = Person::new(self, number);
        let mut traces = visit::all(self, &person);
        let inside = self.day(0)..=self.scale.now;
        traces.events.retain(|event| inside.contains(&event.time));
        traces.requests.retain(|request| inside.contains(&request.end()));
        traces.events.sort_by_key(|event| event.time);
        traces
    }
}
