//! What the shop's monitors saw: a month of checks, with two outages.

use observe_proto::monitor::v1::check::Outcome;
use observe_proto::monitor::v1::{Check, CheckPhases};
use prost_types::{Duration, Timestamp};

use super::random::Random;
use super::rhythm::{HOUR, MINUTE, SECOND, hour_weight};
use super::world::World;

/// How often the shop's addresses are looked at.
pub(super) const INTERVAL: i64 = 5 * MINUTE;
/// How often the nightly export has to call in.
pub(super) const HEARTBEAT_INTERVAL: i64 = 24 * HOUR;

/// Something that is watched.
#[derive(Debug, PartialEq)]
pub(super) struct Watched {
    /// What people call it.
    pub(super) name: &'static str,
    /// Tells one address from the others.
    pub(super) slug: &'static str,
    /// What half of the checks take at most, in milliseconds.
    median: f64,
    /// Which outages hit it.
    outages: &'static [Outage],
}

/// A time when something was down.
#[derive(Debug, PartialEq)]
struct Outage {
    /// When, in thousandths of the days.
    part: u32,
    /// How long after 10 in the morning of that day it began, and how long it lasted.
    minutes: (i64, i64),
    reason: &'static str,
    message: &'static str,
    status: i32,
}

/// The shop's server was gone, and everything on it.
const SERVER_GONE: Outage = Outage {
    part: 370,
    minutes: (95, 47),
    reason: "connect_failed",
    message: "the connection was refused",
    status: 0,
};
/// A deployment that answered errors.
const BAD_DEPLOYMENT: Outage = Outage {
    part: 800,
    minutes: (20, 25),
    reason: "status",
    message: "the status was 503, expected 200-299",
    status: 503,
};

/// The shop's addresses.
pub(super) const ADDRESSES: [Watched; 5] = [
    Watched { name: "Shop", slug: "shop", median: 180.0, outages: &[SERVER_GONE] },
    Watched {
        name: "Shop API",
        slug: "shop-api",
        median: 95.0,
        outages: &[SERVER_GONE, BAD_DEPLOYMENT],
    },
    Watched { name: "Payments", slug: "payments", median: 240.0, outages: &[] },
    Watched { name: "Images", slug: "images", median: 60.0, outages: &[] },
    Watched { name: "Journal", slug: "journal", median: 310.0, outages: &[SERVER_GONE] },
];
/// The program that has to call in.
pub(super) const EXPORT: Watched =
    Watched { name: "Nightly export", slug: "nightly-export", median: 0.0, outages: &[] };

/// Makes the checks of an address.
pub(super) fn of_address(world: &World, watched: &'static Watched) -> Vec<Check> {
    let mut random = world.random(watched.name, 0);
    let slots = slots(world, INTERVAL);
    slots.map(|slot| address_check(world, watched, slot, &mut random)).collect()
}

/// Makes the checks of something that called in each time but during its outages; one each interval.
pub(super) fn of_heartbeat(world: &World, watched: &'static Watched, interval: i64) -> Vec<Check> {
    let check = |slot| match outage(world, watched, slot) {
        None => Check { outcome: Outcome::Up.into(), ..check_at(slot) },
        Some(_) => Check {
            outcome: Outcome::Down.into(),
            reason: "overdue".to_owned(),
            message: "no call came in time".to_owned(),
            ..check_at(slot)
        },
    };
    slots(world, interval).map(check).collect()
}

/// Returns all slots that are over, the oldest first.
fn slots(world: &World, interval: i64) -> impl Iterator<Item = i64> {
    let (first, now) = (world.day(0), world.scale().now);
    (0..(now - first) / interval).map(move |number| first + number * interval)
}

fn outage(world: &World, watched: &Watched, slot: i64) -> Option<&'static Outage> {
    let hit = |outage: &&Outage| {
        let (after, length) = outage.minutes;
        let start = world.part(outage.part) + after * MINUTE;
        (start..start + length * MINUTE).contains(&slot)
    };
    watched.outages.iter().find(hit)
}

fn address_check(world: &World, watched: &Watched, slot: i64, random: &mut Random) -> Check {
    if let Some(outage) = outage(world, watched, slot) {
        return Check {
            outcome: Outcome::Down.into(),
            reason: outage.reason.to_owned(),
            message: outage.message.to_owned(),
            status_code: outage.status,
            total: (outage.status != 0).then(|| millis(random.around(watched.median, 0.3))),
            ..check_at(slot)
        };
    }
    // A busy shop is a slower shop.
    let busy = 0.85 + 0.15 * hour_weight(slot, 1);
    let hiccup = if random.chance(0.01) { 4.0 } else { 1.0 };
    let total = random.around(watched.median * busy * hiccup, 0.22).min(8_000.0);
    Check {
        outcome: Outcome::Up.into(),
        status_code: 200,
        total: Some(millis(total)),
        phases: Some(CheckPhases {
            dns: Some(millis(total * 0.06)),
            connect: Some(millis(total * 0.14)),
            tls: Some(millis(total * 0.22)),
            first_byte: Some(millis(total * 0.5)),
            transfer: Some(millis(total * 0.08)),
        }),
        ..check_at(slot)
    }
}

fn check_at(slot: i64) -> Check {
    let slot_time = Timestamp { seconds: slot / SECOND, nanos: 0 };
    Check { slot_time: Some(slot_time), ..Check::default() }
}

/// Converts a length to the contract's, to the microsecond.
#[expect(clippy::cast_possible_truncation, reason = "a check takes seconds")]
fn millis(millis: f64) -> Duration {
    let micros = (millis * 1_000.0) as i64;
    let nanos = i32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000;
    Duration { seconds: micros / 1_000_000, nanos }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::Scale;

    fn world() -> World {
        World::new(Scale { seed: 1, people: 1, days: 30, now: 1_795_910_400_000 + 13 * HOUR })
    }

    fn down(checks: &[Check]) -> usize {
        checks.iter().filter(|check| check.outcome == i32::from(Outcome::Down)).count()
    }

    #[test]
    fn a_month_of_checks_has_the_outages_and_ends_now() {
        let world = world();
        let shop = of_address(&world, &ADDRESSES[0]);
        assert_eq!(shop.len(), 29 * 288 + 13 * 12);
        assert!((9..=10).contains(&down(&shop)), "{}", down(&shop));
        assert_eq!(down(&of_address(&world, &ADDRESSES[1])), down(&shop) + 5);
        assert_eq!(down(&of_address(&world, &ADDRESSES[2])), 0);
        assert_eq!(of_address(&world, &ADDRESSES[0]), shop, "the same at each run");
        let last = shop.last().and_then(|check| check.slot_time).expect("a last check");
        assert!((world.scale().now / SECOND - last.seconds) <= 2 * INTERVAL / SECOND);
    }

    #[test]
    fn a_heartbeat_called_in_every_day() {
        let checks = of_heartbeat(&world(), &EXPORT, HEARTBEAT_INTERVAL);
        assert_eq!((checks.len(), down(&checks)), (29, 0));
    }
}
