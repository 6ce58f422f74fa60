//! Random histories: events of two shards, some of them late, merges and their undoing, properties, and an erasure.

use std::collections::BTreeMap;

use observe_core::PersonId;
use observe_proto::events::v1::AcceptedEvent;

use crate::project;
use crate::stand_in::{StandIn, event};

const DAY_MS: i64 = 86_400_000;
const PERSONS: u64 = 12;
pub(super) const NAMES: [&str; 4] = ["view", "buy", "$pageview", "$exception"];
const ROWS: u64 = 60;
/// How many days events happen in, from 1970 on.
pub(super) const DAYS: i64 = 12;

/// The same numbers for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A history.
pub(super) struct History {
    /// By row of the log: which shard, and what happened.
    rows: Vec<(usize, Vec<AcceptedEvent>)>,
    seed: u64,
}

/// Who is erased, and until when.
const ERASED: &str = "visitor 5";
const CUT_US: i64 = 70;

fn person(who: &str) -> PersonId {
    PersonId::of_distinct_id(project(), who)
}

impl History {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut number = 0;
        let rows = (0..ROWS).map(|_| {
            let shard = usize::try_from(random.below(2)).expect("few");
            let count = 1 + random.below(4);
            let events = (0..count).map(|_| {
                number += 1;
                random_event(&mut random, number)
            });
            (shard, events.collect())
        });
        Self { rows: rows.collect(), seed }
    }

    /// Logs all of it.
    pub(super) fn log(&self) -> StandIn {
        let upstream = StandIn::new(2);
        for (shard, events) in &self.rows {
            upstream.append(*shard, project(), events.clone());
        }
        let mut random = Random(self.seed << 8);
        for n in 0..40 {
            let who = format!("visitor {}", random.below(PERSONS));
            let whose = format!("visitor {}", random.below(PERSONS / 2));
            match random.below(5) {
                0 | 1 => upstream.map(project(), &who, person(&whose)),
                2 => upstream.person(project(), person(&whose), None),
                3 => upstream.map(project(), &who, person(&who)),
                _ => {
                    let json = format!(r#"{{"plan":"p{}","n":{n}}}"#, random.below(3));
                    upstream.person(project(), person(&whose), Some(&json));
                }
            }
        }
        upstream.erase(project(), &[ERASED], CUT_US);
        let json = r#"{"plan":"last"}"#;
        upstream.person(project(), person("visitor 1"), Some(json));
        upstream
    }

    fn left(&self) -> impl Iterator<Item = &AcceptedEvent> {
        let events = self.rows.iter().flat_map(|(_, events)| events);
        events.filter(|one| one.distinct_id != ERASED || one.received_us > CUT_US)
    }

    /// How many events are left of it.
    pub(super) fn events_left(&self) -> i64 {
        i64::try_from(self.left().count()).expect("few")
    }

    /// The same by name.
    pub(super) fn totals(&self) -> BTreeMap<String, i64> {
        let mut totals = BTreeMap::new();
        for one in self.left() {
            *totals.entry(one.name.clone()).or_insert(0) += 1;
        }
        totals
    }
}

fn random_event(random: &mut Random, number: i64) -> AcceptedEvent {
    let who = format!("visitor {}", random.below(PERSONS));
    let name = NAMES[usize::try_from(random.below(4)).expect("few")];
    // What is late happened long before what arrives with it. No two happen at once.
    let time_ms = i64::try_from(random.below(u64::try_from(DAYS).expect("few") * 1_000))
        .expect("few")
        * (DAY_MS / 1_000)
        + number;
    let path = random.below(4);
    let properties_json = if name == "$exception" {
        format!(r#"{{"$exception_list":[{{"type":"E{path}","value":"it broke"}}]}}"#)
    } else {
        format!(
            r#"{{"$pathname":"/{path}","browser":"b{}","amount":{},"$groups":{{"company":"c{}"}}}}"#,
            random.below(3),
            random.below(100),
            random.below(3)
        )
    };
    AcceptedEvent {
        uuid: u128::try_from(number).expect("positive").to_be_bytes().to_vec(),
        received_us: number,
        session_id: format!("session {who} {}", random.below(3)),
        properties_json,
        ..event(&who, name, time_ms)
    }
}
