//! Who comes, and when.

use uuid::Uuid;

use super::random::Random;
use super::rhythm::{HOUR, moment, weekday_weight};
use super::shop::{
    CHANNELS, COUNTRIES, Channel, Country, DEVICES, Device, FIRST_NAMES, LAST_NAMES,
};
use super::world::World;

/// How many were customers before the first day.
const OLD_CUSTOMERS: f64 = 0.3;
/// How many of the customers have a second device.
const SECOND_DEVICE: f64 = 0.25;
/// How many customers follow the mail about the flash sale.
const FLASH_SALE: f64 = 0.3;
/// Visits that are closer together are one.
const VISITS_APART: i64 = 2 * HOUR;
/// Nobody comes more often.
const VISITS_MAX: usize = 60;
/// The days of the campaign that brings half as many again, in thousandths of the time.
const CAMPAIGN: std::ops::Range<u32> = 560..660;

/// How faithful people are: how many, and after how many days they come again; never when 0.
const FAITH: [(f64, f64); 4] = [(0.45, 0.0), (0.33, 8.0), (0.17, 3.2), (0.05, 1.2)];

/// A visit before it is walked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visit {
    /// When it begins.
    pub(super) start: i64,
    /// On which device.
    pub(super) device: usize,
    /// Whether the flash sale is why.
    pub(super) flash_sale: bool,
}

/// Somebody.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) number: u32,
    pub(super) user_id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) country: &'static Country,
    /// What brought them.
    pub(super) channel: &'static Channel,
    /// Phone or desktop, and for some another one; each is a visitor of its own until its user signs in.
    pub(super) devices: [&'static Device; 2],
    pub(super) anonymous_ids: [Uuid; 2],
    /// Whether there was an account before the first day.
    pub(super) old_customer: bool,
    /// How much they want coffee, 0-1.
    pub(super) interest: f64,
    /// In the order of time.
    pub(super) visits: Vec<Visit>,
}

impl Person {
    /// Makes person `number`.
    pub(super) fn new(world: &World, number: u32) -> Self {
        let mut random = Random::of(world.scale().seed, "person", u64::from(number));
        let first = random.weighted(&FIRST_NAMES, |_| 1.0);
        let last = random.weighted(&LAST_NAMES, |_| 1.0);
        let old_customer = random.chance(OLD_CUSTOMERS);
        let interest = random.fraction().powf(1.4);
        let country = random.weighted(&COUNTRIES, |country| country.weight);
        let device = |random: &mut Random| -> &'static Device {
            random.weighted(&DEVICES, |device| device.weight)
        };
        let devices = [device(&mut random), device(&mut random)];
        let channel = random.weighted(&CHANNELS, |channel| channel.weight);
        let visits = visits(world, number, &mut random, old_customer, country);
        Self {
            number,
            user_id: format!("customer-{}", 10_000 + number),
            name: format!("{first} {last}"),
            email: format!("{}.{}{number}@example.com", first.to_lowercase(), last.to_lowercase()),
            country,
            channel,
            devices,
            anonymous_ids: [0, 1].map(|at| world.visitor_id(number, at)),
            old_customer,
            interest,
            visits,
        }
    }
}

fn visits(
    world: &World,
    number: u32,
    random: &mut Random,
    old_customer: bool,
    country: &Country,
) -> Vec<Visit> {
    let days = world.scale().days;
    let second_device = old_customer && random.chance(SECOND_DEVICE);
    // Who never came back before is no customer.
    let classes = if old_customer { &FAITH[1..] } else { &FAITH[..] };
    let (_, gap) = random.weighted(classes, |(weight, _)| *weight);
    let mut day = f64::from(first_day(world, random, old_customer));
    let mut visits: Vec<Visit> = Vec::new();
    while day < f64::from(days) && visits.len() < VISITS_MAX {
        // `day` is inside the range of a small number of days.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to days")]
        let midnight = world.day(day as u32);
        // Somebody who would come on a quiet day may come on the day after.
        if visits.is_empty() || random.chance(weekday_weight(midnight) / 1.3) {
            let start = moment(random, midnight, country.ahead);
            let device = usize::from(second_device && random.chance(0.3));
            visits.push(Visit { start, device, flash_sale: false });
        } else {
            day += 1.0;
            continue;
        }
        if *gap <= 0.0 {
            break;
        }
        day += random.waiting(*gap).max(0.2);
    }
    if let Some(start) = flash_sale(world, number, old_customer) {
        let before = world.flash_sale().start - VISITS_APART;
        visits.retain(|visit| visit.start < before && !world.is_live());
        visits.push(Visit { start, device: 0, flash_sale: true });
    } else if world.is_live() {
        visits.clear();
    }
    visits.sort_by_key(|visit| visit.start);
    visits.dedup_by(|later, earlier| later.start - earlier.start < VISITS_APART);
    visits
}

/// Old customers come again in the first days; new people come more and more, and most of all during the campaign.
fn first_day(world: &World, random: &mut Random, old_customer: bool) -> u32 {
    let days = world.scale().days.max(1);
    if old_customer {
        let day = random.waiting(f64::from(days) / 8.0).min(f64::from(days - 1));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to days")]
        return day as u32;
    }
    let all: Vec<u32> = (0..days).collect();
    let weight = |day: &u32| {
        let growth = 0.95 + 0.15 * f64::from(*day) / f64::from(days);
        let campaign = if CAMPAIGN.contains(&(day * 1_000 / days)) { 1.5 } else { 1.0 };
        growth * campaign * weekday_weight(world.day(*day))
    };
    *random.weighted(&all, weight)
}

/// Returns when the person comes to the flash sale, if so. To one that ends now more and more come, to one that begins now as
/// many in each minute.
fn flash_sale(world: &World, number: u32, old_customer: bool) -> Option<i64> {
    let mut random = world.random("flash sale", u64::from(number));
    let comes = old_customer && (random.chance(FLASH_SALE) || world.is_live());
    let sale = world.flash_sale();
    let late = random.fraction().powf(if world.is_live() { 1.0 } else { 0.65 });
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "minutes")]
    let start = sale.start + (late * (sale.end - sale.start) as f64) as i64;
    comes.then_some(start)
}
