//! Made-up events, the same in every run but for their dates: event number `n` depends on `n` and a seed only.

use std::io::Write as _;

use uuid::Uuid;

/// Visitors; some come much more often than others.
pub(crate) const VISITORS: u32 = 50_000;
/// The steps of the funnel that is asked for.
pub(crate) const FUNNEL: [&str; 3] = ["product_viewed", "cart_filled", "order_placed"];

/// Names, each with how many of 100 events have it.
const NAMES: [(&str, u64); 10] = [
    ("page_viewed", 44),
    (FUNNEL[0], 14),
    ("search_made", 12),
    (FUNNEL[1], 8),
    ("link_clicked", 7),
    ("video_played", 5),
    ("signed_in", 4),
    (FUNNEL[2], 3),
    ("review_read", 2),
    ("signed_up", 1),
];
const BROWSERS: [&str; 8] =
    ["Chrome", "Safari", "Firefox", "Edge", "Opera", "Samsung Internet", "Brave", "Vivaldi"];
const COUNTRIES: [&str; 12] =
    ["DE", "US", "FR", "GB", "IN", "BR", "JP", "NL", "ES", "IT", "PL", "CA"];
const PLANS: [&str; 3] = ["free", "team", "company"];
const PATHS: u64 = 2_000;

/// An event before it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Event {
    /// Its id.
    pub(crate) uuid: Uuid,
    /// What happened.
    pub(crate) name: &'static str,
    /// To whom.
    pub(crate) visitor: u32,
    /// When, in milliseconds since 1970.
    pub(crate) time_ms: i64,
    browser: &'static str,
    country: &'static str,
    plan: &'static str,
    path: u64,
    width: u64,
}

impl Event {
    /// Adds the event as `POST /v1/events` takes it; about 230 bytes.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        let Self { uuid, name, visitor, time_ms, .. } = self;
        // Writing to memory does not fail.
        let _ = write!(
            out,
            r#"{{"uuid":"{uuid}","name":"{name}","anonymous_id":"visitor-{visitor:06}","timestamp":{time_ms},"properties":"#
        );
        self.write_properties(out);
        out.push(b'}');
    }

    /// Adds the properties, a JSON object.
    pub(crate) fn write_properties(&self, out: &mut Vec<u8>) {
        let Self { browser, country, plan, path, width, .. } = self;
        let _ = write!(
            out,
            r#"{{"browser":"{browser}","country":"{country}","plan":"{plan}","path":"/page/{path}","screen_width":{width}}}"#
        );
    }
}

/// Where events come from.
#[derive(Clone, Debug)]
pub(crate) struct World {
    seed: u64,
    start_ms: i64,
    spacing_ms: u64,
    /// By visitor, how much all visitors up to it weigh.
    weights: Vec<f64>,
}

impl World {
    /// Event `n` is in the `n`-th piece of `spacing_ms` milliseconds after `start_ms`, so no two have the same time.
    pub(crate) fn new(seed: u64, start_ms: i64, spacing_ms: u64) -> Self {
        let mut sum = 0.0;
        // Zipf's law with its first ranks flattened: without that, one visitor would be a tenth of all traffic.
        let weigh = |rank: u32| {
            sum += 1.0 / (f64::from(rank) + 20.0);
            sum
        };
        Self {
            seed,
            start_ms,
            spacing_ms: spacing_ms.max(1),
            weights: (0..VISITORS).map(weigh).collect(),
        }
    }

    /// Makes event number `index`.
    pub(crate) fn event(&self, index: u64) -> Event {
        let mut random = Random(self.seed ^ index.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let offset = index * self.spacing_ms + random.below(self.spacing_ms);
        let uuid = (u128::from(random.next()) << 64) | u128::from(random.next());
        Event {
            uuid: uuid::Builder::from_random_bytes(uuid.to_be_bytes()).into_uuid(),
            name: pick_name(random.below(100)),
            visitor: self.visitor(random.fraction()),
            time_ms: self.start_ms.saturating_add_unsigned(offset),
            browser: pick(&BROWSERS, &mut random),
            country: pick(&COUNTRIES, &mut random),
            plan: pick(&PLANS, &mut random),
            path: random.below(PATHS).min(random.below(PATHS)),
            width: 320 + random.below(50) * 32,
        }
    }

    /// Writes a request of `count` events from number `first` on: one object, or a list.
    pub(crate) fn write_request(&self, first: u64, count: u64, out: &mut Vec<u8>) {
        out.clear();
        if count == 1 {
            return self.event(first).write_json(out);
        }
        for index in first..first + count {
            out.push(if index == first { b'[' } else { b',' });
            self.event(index).write_json(out);
        }
        out.push(b']');
    }

    fn visitor(&self, fraction: f64) -> u32 {
        let total = self.weights.last().copied().unwrap_or(0.0);
        let found = self.weights.partition_point(|weight| *weight < fraction * total);
        u32::try_from(found).map_or(0, |found| found.min(VISITORS - 1))
    }
}

fn pick_name(mut percent: u64) -> &'static str {
    for (name, share) in NAMES {
        if percent < share {
            return name;
        }
        percent -= share;
    }
    NAMES[0].0
}

/// The first ones are picked more often.
fn pick<const N: usize>(values: &[&'static str; N], random: &mut Random) -> &'static str {
    let place = random.below(N as u64).min(random.below(N as u64));
    values[usize::try_from(place).unwrap_or(0)]
}

/// SplitMix64: a few additions and shifts a number, any seed good.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.next()) * u128::from(limit);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from 0 to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn events_are_the_same_each_time_and_none_is_like_another() {
        let world = World::new(1, 1_000_000, 7);
        let events: Vec<Event> = (0..20_000).map(|index| world.event(index)).collect();
        assert_eq!(events[17], World::new(1, 1_000_000, 7).event(17));
        assert_ne!(events[17].uuid, World::new(2, 1_000_000, 7).event(17).uuid);
        assert_eq!(
            events.iter().map(|event| event.uuid).collect::<HashSet<_>>().len(),
            events.len()
        );
        assert!(events.windows(2).all(|pair| pair[0].time_ms < pair[1].time_ms));
    }

    #[test]
    fn names_add_up_and_some_visitors_come_often() {
        assert_eq!(NAMES.iter().map(|(_, share)| share).sum::<u64>(), 100);
        let world = World::new(1, 0, 1);
        let mut visits: HashMap<u32, u32> = HashMap::new();
        for index in 0..100_000 {
            *visits.entry(world.event(index).visitor).or_default() += 1;
        }
        let most = visits.values().max().copied().unwrap_or(0);
        assert!((400..2_000).contains(&most), "{most}");
        assert!(visits.len() > 15_000, "{}", visits.len());
    }
}
