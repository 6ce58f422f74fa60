//! The world of the demo: the same people do the same things for the same scale.

use std::ops::Range;

use uuid::Uuid;

use super::event::Event;
use super::person::Person;
use super::random::Random;
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

/// How long a sale goes on that begins now.
const LIVE_LENGTH: i64 = HOUR;

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

/// The world: a month of it, or one sale that goes on now.
#[derive(Clone, Debug)]
pub(super) struct World {
    scale: Scale,
    namespace: Uuid,
    /// Stands before the names of what is told apart by it: empty for the month, else when the sale began.
    prefix: String,
    release_time: i64,
    search_slow_time: i64,
    payments_failing_time: i64,
    /// When people come to the flash sale.
    sale: Range<i64>,
    end: i64,
    is_live: bool,
}

impl World {
    /// Describes the month that ends now; nothing is made yet.
    pub(super) fn new(scale: Scale) -> Self {
        Self {
            scale,
            namespace: Uuid::new_v5(&NAMESPACE, &scale.seed.to_be_bytes()),
            prefix: String::new(),
            release_time: scale.now - RELEASE_AGE,
            search_slow_time: scale.now - SEARCH_SLOW_AGE,
            payments_failing_time: scale.now - PAYMENTS_FAILING_AGE,
            sale: scale.now - FLASH_SALE_AGE..scale.now - MINUTE,
            end: scale.now,
            is_live: false,
        }
    }

    /// Describes a sale of an hour that begins now: the customers of the month come, searching is slow and payments fail.
    pub(super) fn live(scale: Scale) -> Self {
        let now = scale.now;
        Self {
            prefix: format!("live:{now}:"),
            search_slow_time: now,
            payments_failing_time: now,
            sale: now..now + LIVE_LENGTH,
            end: now + LIVE_LENGTH,
            is_live: true,
            ..Self::new(scale)
        }
    }

    /// Returns the scale.
    pub(super) fn scale(&self) -> Scale {
        self.scale
    }

    /// Returns whether it is a sale that goes on now.
    pub(super) fn is_live(&self) -> bool {
        self.is_live
    }

    /// Returns the id of a thing by its name; the same for the same seed.
    pub(super) fn id(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.namespace, format!("{}{name}", self.prefix).as_bytes())
    }

    /// Returns the id of a visitor, who is the same in the month and in each sale.
    pub(super) fn visitor_id(&self, number: u32, device: usize) -> Uuid {
        Uuid::new_v5(&self.namespace, format!("visitor:{number}:{device}").as_bytes())
    }

    /// Returns a stream of numbers for a thing of this world.
    pub(super) fn random(&self, name: &str, number: u64) -> Random {
        Random::of(self.scale.seed, &format!("{}{name}", self.prefix), number)
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
        self.release_time
    }

    /// Returns the releases with when they came, the oldest first.
    pub(super) fn releases(&self) -> [(i64, &'static str); 4] {
        [
            (i64::MIN, "2.11.3"),
            (self.part(300), "2.12.0"),
            (self.part(700), "2.13.1"),
            (self.release_time, "2.14.0"),
        ]
    }

    /// Returns the release that people see at this time.
    pub(super) fn release(&self, time: i64) -> &'static str {
        let seen = self.releases().into_iter().rev().find(|(came, _)| *came <= time);
        seen.map_or("", |(_, name)| name)
    }

    /// Returns when people come to the flash sale.
    pub(super) fn flash_sale(&self) -> Range<i64> {
        self.sale.clone()
    }

    /// Returns whether payments fail at this time.
    pub(super) fn payments_fail(&self, time: i64) -> bool {
        time >= self.payments_failing_time
    }

    /// Returns whether searching is slow at this time.
    pub(super) fn search_is_slow(&self, time: i64) -> bool {
        time >= self.search_slow_time
    }

    /// Makes what one person did, in the order of time. What is beyond the ends of the world is left out.
    pub(super) fn traces(&self, number: u32) -> Traces {
        let person = Person::new(self, number);
        let mut traces = visit::all(self, &person);
        let inside = self.day(0)..=self.end;
        traces.events.retain(|event| inside.contains(&event.time));
        traces.requests.retain(|request| inside.contains(&request.end()));
        traces.events.sort_by_key(|event| event.time);
        traces
    }
}
