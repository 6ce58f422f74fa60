//! Ninety days of made-up events as columns of codes, the same in every run: what all contestants are given.

use clap::Args;

use crate::world::Random;

/// Monday, 2025-09-01 UTC, in milliseconds since 1970.
pub(super) const START_MS: i64 = 1_756_684_800_000;
pub(super) const DAY_MS: i64 = 86_400_000;
pub(super) const WEEK_MS: i64 = 7 * DAY_MS;
/// Over how many days.
pub(super) const DAYS: i64 = 90;
/// How many weeks they touch.
pub(super) const WEEKS: i64 = (DAYS + 6) / 7;
/// The name that is asked for most.
pub(super) const VIEW: &str = "$pageview";
/// How many of the keys of `--keys` are asked for.
pub(super) const KEYS_READ: u32 = 8;

const SEED: u64 = 7;
const NAMES: u64 = 40;
/// How many of a hundred events are views.
const VIEWS_PERCENT: u64 = 44;
const PATHS: u64 = 2_000;
const COUNTRIES: u64 = 60;
const PLANS: [&str; 3] = ["free", "team", "company"];
const WIDTHS: [u16; 8] = [360, 390, 414, 768, 1280, 1440, 1920, 2560];
const EVENTS_PER_VISITOR: u64 = 20;
/// Zipf's law with this exponent gives half of the visitors at most half of the mean.
const EXPONENT: f64 = 0.7;
/// How much its head is flattened.
const FLATTENED: f64 = 46.0;
/// How long visitors keep coming, in days.
const LIVES: [i64; 4] = [2, 10, 45, 200];
/// How many of a hundred events arrive late with `--late`, and how many days at most.
const LATE_PERCENT: u64 = 5;
const LATE_DAYS: i64 = 14;
/// An event has one in so many of the keys of `--keys`, each with a value below [`KEY_VALUES`].
const KEY_RARITY: u64 = 20;
const KEY_VALUES: u64 = 10;

/// What the events of `query` are like.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// `query`: how many of a hundred visitors are identified
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=100))]
    identified: u64,
    /// `query`: events of every week arrive late
    #[arg(long)]
    late: bool,
    /// `query`: how many further keys events have, of which eight are filtered by
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=5_000))]
    pub(super) keys: u32,
    /// `query`: how many browsers there are
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(super) browsers: u32,
    /// `query`: ask Observe alone, and compare with nobody
    #[arg(long)]
    pub(super) alone: bool,
}

/// The events in the order of time; no two have the same time. Each list has one entry an event.
pub(super) struct History {
    pub(super) shape: Shape,
    pub(super) visitor: Vec<u32>,
    pub(super) time_ms: Vec<i64>,
    pub(super) name: Vec<u8>,
    pub(super) path: Vec<u16>,
    pub(super) browser: Vec<u32>,
    /// By visitor, whose visitor it is: the first one of the person.
    pub(super) person_of: Vec<u32>,
    /// The events in the order in which they arrive.
    pub(super) arrivals: Vec<u32>,
}

impl History {
    /// Makes so many events.
    pub(super) fn new(events: u64, shape: Shape) -> Self {
        let visitors = u32::try_from((events / EVENTS_PER_VISITOR).max(100)).unwrap_or(u32::MAX);
        let size = usize::try_from(events).unwrap_or(0);
        let mut all = Self {
            shape,
            visitor: Vec::with_capacity(size),
            time_ms: Vec::with_capacity(size),
            name: Vec::with_capacity(size),
            path: Vec::with_capacity(size),
            browser: Vec::with_capacity(size),
            person_of: persons(visitors, shape.identified),
            arrivals: Vec::new(),
        };
        let spacing = u64::try_from(DAYS * DAY_MS).unwrap_or(0) / events;
        for index in 0..events {
            let mut random = Random(SEED ^ index.wrapping_mul(0xD6E8_FEB8_6659_FD93));
            let time_ms = START_MS.saturating_add_unsigned(index * spacing + random.below(spacing));
            let visitor = visitor_at(time_ms, visitors, &mut random);
            all.visitor.push(visitor);
            all.time_ms.push(time_ms);
            all.name.push(name(&mut random));
            all.path.push(u16::try_from(often_low(PATHS, &mut random)).unwrap_or(0));
            // Most events of a visitor come from one browser, but not all.
            let own = random.below(20) != 0;
            let mut of_visitor = Random(SEED ^ u64::from(visitor) << 20);
            let from = if own { &mut of_visitor } else { &mut random };
            let browser = often_low(u64::from(shape.browsers), from);
            all.browser.push(u32::try_from(browser).unwrap_or(0));
        }
        all.arrivals = all.in_order_of_arrival(spacing);
        all
    }

    /// Returns how many events there are.
    pub(super) fn len(&self) -> usize {
        self.visitor.len()
    }

    /// Returns a visitor's country, plan and screen width: the codes of the first two.
    pub(super) fn of_visitor(visitor: u32) -> (u8, u8, u16) {
        let mut random = Random(SEED ^ u64::from(visitor) << 24);
        let country = u8::try_from(often_low(COUNTRIES, &mut random)).unwrap_or(0);
        let plan = u8::try_from(often_low(PLANS.len() as u64, &mut random)).unwrap_or(0);
        let width = usize::try_from(random.below(WIDTHS.len() as u64)).unwrap_or(0);
        (country, plan, WIDTHS[width])
    }

    /// Returns the value of one of the further keys; `None` if the event does not have it.
    pub(super) fn value_of_key(event: usize, key: u32) -> Option<u64> {
        let mut random = Random(SEED ^ (event as u64) << 16 ^ u64::from(key));
        (random.below(KEY_RARITY) == 0).then(|| 1 + random.below(KEY_VALUES - 1))
    }

    fn in_order_of_arrival(&self, spacing: u64) -> Vec<u32> {
        let events = u32::try_from(self.len()).unwrap_or(u32::MAX);
        if !self.shape.late {
            return (0..events).collect();
        }
        let most = u64::try_from(LATE_DAYS * DAY_MS).unwrap_or(0) / spacing;
        let place = |event: u32| {
            let mut random = Random(SEED ^ u64::from(event) << 32);
            let is_late = random.below(100) < LATE_PERCENT;
            u64::from(event) + if is_late { random.below(most) } else { 0 }
        };
        let mut arrivals: Vec<(u64, u32)> =
            (0..events).map(|event| (place(event), event)).collect();
        arrivals.sort_unstable();
        arrivals.into_iter().map(|(_, event)| event).collect()
    }
}

/// Returns a visitor who comes at this time; few come often.
fn visitor_at(time_ms: i64, visitors: u32, random: &mut Random) -> u32 {
    let power = 1.0 - EXPONENT;
    let (low, high) = (FLATTENED.powf(power), (f64::from(visitors) + FLATTENED).powf(power));
    let mut visitor = 0;
    for _ in 0..16 {
        let rank = (low + random.fraction() * (high - low)).powf(1.0 / power) - FLATTENED;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is below the number of visitors and not negative"
        )]
        let rank = rank.max(0.0) as u32;
        visitor = rank.min(visitors - 1);
        if lives_at(visitor, time_ms) {
            break;
        }
    }
    visitor
}

/// Returns whether a visitor has come already and has not stopped coming.
fn lives_at(visitor: u32, time_ms: i64) -> bool {
    let mut random = Random(SEED ^ u64::from(visitor) << 28);
    let born_day = i64::try_from(random.below(135)).unwrap_or(0) - 45;
    let place = usize::try_from(random.below(LIVES.len() as u64)).unwrap_or(0);
    let days = born_day..born_day + 45 + LIVES[place];
    days.contains(&((time_ms - START_MS) / DAY_MS))
}

fn name(random: &mut Random) -> u8 {
    if random.below(100) < VIEWS_PERCENT {
        return 0;
    }
    u8::try_from(1 + often_low(NAMES - 1, random)).unwrap_or(1)
}

/// Returns a number below the limit; the low ones come more often.
fn often_low(limit: u64, random: &mut Random) -> u64 {
    random.below(limit).min(random.below(limit)).min(random.below(limit))
}

/// Joins one to three identified visitors to a person, until there are no more.
fn persons(visitors: u32, identified: u64) -> Vec<u32> {
    let is_identified =
        |visitor: u32| Random(SEED ^ u64::from(visitor) << 36).below(100) < identified;
    let mut person_of: Vec<u32> = (0..visitors).collect();
    let mut identified = (0..visitors).filter(|visitor| is_identified(*visitor));
    let mut random = Random(SEED);
    while let Some(first) = identified.next() {
        for _ in 0..random.below(3) {
            if let Some(next) = identified.next() {
                person_of[next as usize] = first;
            }
        }
    }
    person_of
}

/// Returns the texts of the names' codes.
pub(super) fn names() -> Vec<String> {
    let other = |code| format!("event {code:02}");
    std::iter::once(VIEW.to_owned()).chain((1..NAMES).map(other)).collect()
}

/// Returns the texts of the paths' codes.
pub(super) fn paths() -> Vec<String> {
    (0..PATHS).map(|code| format!("/products/{code}")).collect()
}

/// Returns the texts of the browsers' codes.
pub(super) fn browsers(shape: Shape) -> Vec<String> {
    (0..shape.browsers).map(|code| format!("Browser {code}")).collect()
}

/// Returns the texts of the countries' codes.
pub(super) fn countries() -> Vec<String> {
    let letter = |number: u64| char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
    (0..COUNTRIES).map(|code| format!("{}{}", letter(code / 26), letter(code))).collect()
}

/// Returns the texts of the plans' codes.
pub(super) fn plans() -> Vec<String> {
    PLANS.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Shape = Shape { identified: 30, late: false, keys: 0, browsers: 8, alone: false };

    #[test]
    fn a_history_is_the_same_each_time_and_no_two_events_have_one_time() {
        let (one, two) = (History::new(20_000, PLAIN), History::new(20_000, PLAIN));
        assert_eq!((&one.visitor, &one.time_ms), (&two.visitor, &two.time_ms));
        assert!(one.time_ms.windows(2).all(|pair| pair[0] < pair[1]));
        let views = one.name.iter().filter(|name| **name == 0).count();
        assert!((8_400..9_200).contains(&views), "{views}");
        assert!(one.time_ms.last().is_some_and(|time| *time < START_MS + DAYS * DAY_MS));
    }

    #[test]
    fn late_events_arrive_later_and_all_arrive() {
        let mut late = History::new(20_000, Shape { late: true, ..PLAIN }).arrivals;
        assert!(!late.is_sorted());
        late.sort_unstable();
        assert!(late.iter().copied().eq(0..20_000));
    }

    #[test]
    fn everybody_is_joined_where_all_are_identified() {
        let persons = persons(3_000, 100);
        let first = (0..).zip(&persons).filter(|(visitor, person)| visitor == *person).count();
        assert!((1_300..1_700).contains(&first), "two visitors a person: {first}");
    }
}
