//! Random visits to a site: a project, and the same as plain lists.

use std::collections::{BTreeMap, HashMap};

use super::oracle::Random;
use super::world::{World, person};
use crate::query::Range;

pub(super) const MINUTE_MS: i64 = 60 * 1000;

/// An event as its sender said it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) visitor: String,
    pub(super) name: &'static str,
    pub(super) time_ms: i64,
    pub(super) arrival: usize,
    pub(super) properties: BTreeMap<&'static str, &'static str>,
}

impl Event {
    pub(super) fn text(&self, key: &str) -> Option<&'static str> {
        self.properties.get(key).copied()
    }
}

/// A project, and the same as plain lists: its events, and the persons of its visitors.
pub(super) struct Site {
    pub(super) world: World,
    pub(super) events: Vec<Event>,
    mapping: HashMap<String, u64>,
}

const PROPERTIES: [(&str, &[&str]); 10] = [
    ("$session_id", &["", "s1", "s2", "s3", "s4"]),
    ("$pathname", &["", "/", "/a", "/b", "/c"]),
    ("$referring_domain", &["", "", "$direct", "news.example"]),
    ("utm_source", &["", "", "mail"]),
    ("utm_medium", &["", "", "cpc"]),
    ("utm_campaign", &["", "", "may"]),
    ("$browser", &["", "Firefox", "Safari"]),
    ("$os", &["Linux", "Android"]),
    ("$device_type", &["", "Desktop", "Mobile"]),
    ("$geoip_country_code", &["", "DE", "FR"]),
];

impl Site {
    /// Makes one whose events begin at a time and go on for so many minutes.
    pub(super) fn random(random: &mut Random, start_ms: i64, minutes: i64) -> Self {
        let mut site = Self { world: World::new(), events: Vec::new(), mapping: HashMap::new() };
        let visitors = 2 + random.below(6);
        for _ in 0..20 + random.below(100) {
            let visitor = match random.below(visitors) {
                0 => "null".to_owned(),
                n => format!("visitor {n}"),
            };
            let name =
                random.one_of(&["$pageview", "$pageview", "$pageview", "buy", "$autocapture"]);
            // Whole pauses of half an hour, and a little more, are frequent; so are equal times.
            let pause = random.one_of(&[0, 0, 0, 1, -1]);
            let time_ms = start_ms + random.time(minutes / 10) * 10 * MINUTE_MS + pause;
            let mut properties = BTreeMap::new();
            for (key, values) in PROPERTIES {
                let value = random.one_of(values);
                if !value.is_empty() {
                    properties.insert(key, value);
                }
            }
            site.add(Event { visitor, name, time_ms, arrival: 0, properties });
            if random.below(30) == 0 {
                site.world.project.seal();
            }
            if random.below(15) == 0 {
                let visitor = format!("visitor {}", 1 + random.below(visitors));
                let to = random.below(3);
                site.world.map(&visitor, person(to.into()));
                site.mapping.insert(visitor, to);
            }
        }
        site
    }

    fn add(&mut self, event: Event) {
        let json = serde_json::to_string(&event.properties).expect("texts");
        self.world.event(&event.visitor, event.name, event.time_ms, &json);
        self.events.push(Event { arrival: self.events.len(), ..event });
    }

    /// Returns the person of an event, as text; `None` for nobody.
    pub(super) fn who(&self, event: &Event) -> Option<String> {
        let mapped = self.mapping.get(&event.visitor).map(|n| format!("person {n}"));
        (event.visitor != "null").then(|| mapped.unwrap_or_else(|| event.visitor.clone()))
    }

    /// Returns the events inside a range.
    pub(super) fn inside(&self, range: Range) -> Vec<&Event> {
        self.events.iter().filter(|event| range.contains(event.time_ms)).collect()
    }

    /// Returns the events inside a range, by person, each in the order of time, then of arrival.
    pub(super) fn by_person(&self, range: Range) -> BTreeMap<String, Vec<&Event>> {
        let mut persons: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
        for event in self.inside(range) {
            if let Some(person) = self.who(event) {
                persons.entry(person).or_default().push(event);
            }
        }
        for events in persons.values_mut() {
            events.sort_by_key(|event| (event.time_ms, event.arrival));
        }
        persons
    }
}

/// A random range inside the times of a site.
pub(super) fn random_range(random: &mut Random, start_ms: i64, minutes: i64) -> Range {
    let from = random.time(minutes / 2);
    let to = from + 1 + random.time(minutes);
    Range { start_ms: start_ms + from * MINUTE_MS, end_ms: start_ms + to * MINUTE_MS }
}
