//! Who is in cohorts: the engine against the rules of the contract over plain lists, on random small projects.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::oracle::Random;
use super::world::{World, is, person};
use crate::cohort::{Behavior, Definition, Definitions, DistinctIds, Kind, Rule, Times, in_order};
use crate::engine::cohort::{KeptSets, Members};
use crate::engine::slots::Asker;
use crate::engine::view::View;
use crate::query::{Condition, Filter, Scope, Selector, ValueTest};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const NOW_MS: i64 = 10 * DAY_MS;
const NAMES: [&str; 3] = ["a", "b", "c"];
const VISITORS: u64 = 10;

struct Event {
    visitor: String,
    name: &'static str,
    time_ms: i64,
    is_x: bool,
}

/// A project as plain lists: its events, the persons of its visitors, and the persons' properties.
#[derive(Default)]
struct Plain {
    events: Vec<Event>,
    mapping: HashMap<String, u64>,
    plans: BTreeMap<String, &'static str>,
}

impl Plain {
    /// The person of a visitor; `None` for nobody.
    fn who(&self, visitor: &str) -> Option<String> {
        let own = || visitor.to_owned();
        (visitor != "null")
            .then(|| self.mapping.get(visitor).map_or_else(own, |n| format!("person {n}")))
    }

    fn everybody(&self) -> BTreeSet<String> {
        let active = self.events.iter().filter_map(|event| self.who(&event.visitor));
        active.chain(self.plans.keys().cloned()).collect()
    }

    /// Whether a rule holds for a person.
    fn holds(&self, rule: &Rule, who: &str, cohorts: &HashMap<Uuid, BTreeSet<String>>) -> bool {
        match rule {
            Rule::All(parts) => parts.iter().all(|part| self.holds(part, who, cohorts)),
            Rule::Any(parts) => parts.iter().any(|part| self.holds(part, who, cohorts)),
            Rule::Not(part) => !self.holds(part, who, cohorts),
            Rule::Cohort(id) => cohorts.get(id).is_some_and(|members| members.contains(who)),
            // The properties of these tests: the plan is one of the values, or it is not set.
            Rule::Property(condition) => match (&condition.test, self.plans.get(who)) {
                (ValueTest::In(values), plan) => plan.is_some_and(|plan| values.contains(*plan)),
                (ValueTest::NotIn(values), plan) => plan.is_none_or(|plan| !values.contains(*plan)),
                (other, _) => unreachable!("{other:?} is not asked"),
            },
            Rule::Behavior(behavior) => {
                let since = NOW_MS - i64::from(behavior.days) * DAY_MS;
                let times = self.events.iter().filter(|event| {
                    let selector = &behavior.selector;
                    self.who(&event.visitor).as_deref() == Some(who)
                        && since < event.time_ms
                        && event.time_ms <= NOW_MS
                        && selector.event.as_deref().is_none_or(|name| name == event.name)
                        && (selector.filter.is_everything() || event.is_x)
                });
                let times = u32::try_from(times.count()).expect("few");
                match behavior.times {
                    Times::AtLeast(least) => times >= least,
                    Times::AtMost(most) => times <= most,
                    Times::Exactly(exactly) => times == exactly,
                }
            }
        }
    }
}

fn random_world(random: &mut Random) -> (World, Plain) {
    let (mut world, mut plain) = (World::new(), Plain::default());
    for _ in 0..20 + random.below(80) {
        let visitor = match random.below(VISITORS) {
            0 => "null".to_owned(),
            n => format!("visitor {n}"),
        };
        let name = NAMES[usize::try_from(random.below(3)).expect("small")];
        // Often just at the edge of a day before now, and sometimes after now.
        let day = DAY_MS * random.time(11);
        let edge = [-1, 0, 1, DAY_MS / 2][usize::try_from(random.below(4)).expect("small")];
        let (time_ms, is_x) = (day + edge, random.below(2) == 0);
        world.event(&visitor, name, time_ms, if is_x { r#"{"p":"x"}"# } else { "{}" });
        plain.events.push(Event { visitor, name, time_ms, is_x });
        if random.below(30) == 0 {
            world.project.seal();
        }
        if random.below(12) == 0 {
            // Also back and forth: a split gives an id to another person again.
            let (visitor, to) =
                (format!("visitor {}", 1 + random.below(VISITORS)), random.below(4));
            world.map(&visitor, person(to.into()));
            plain.mapping.insert(visitor, to);
        }
        if random.below(12) == 0 {
            let to = random.below(4);
            let plan = if random.below(2) == 0 { "free" } else { "pro" };
            world.person(person(to.into()), &format!(r#"{{"plan":"{plan}"}}"#));
            plain.plans.insert(format!("person {to}"), plan);
        }
    }
    (world, plain)
}

fn random_rule(random: &mut Random, depth: u64, cohorts: &[Uuid]) -> Rule {
    match random.below(if depth == 0 { 3 } else { 6 }) {
        0 => {
            let values = HashSet::from(["pro".to_owned()]);
            let test =
                if random.below(2) == 0 { ValueTest::In(values) } else { ValueTest::NotIn(values) };
            Rule::Property(Condition { property: "plan".into(), scope: Scope::Person, test })
        }
        1 if !cohorts.is_empty() => {
            let at = random.below(cohorts.len() as u64);
            Rule::Cohort(cohorts[usize::try_from(at).expect("small")])
        }
        1 | 2 => Rule::Behavior(random_behavior(random)),
        3 => Rule::Not(Box::new(random_rule(random, depth - 1, cohorts))),
        kind => {
            let parts = 1 + random.below(3);
            let parts = (0..parts).map(|_| random_rule(random, depth - 1, cohorts)).collect();
            if kind == 4 { Rule::All(parts) } else { Rule::Any(parts) }
        }
    }
}

fn random_behavior(random: &mut Random) -> Behavior {
    let name = NAMES.get(usize::try_from(random.below(4)).expect("small"));
    let filter =
        if random.below(2) == 0 { Filter::everything() } else { is("p", Scope::Event, "x") };
    let times = u32::try_from(random.below(4)).expect("small");
    let times = match random.below(3) {
        0 => Times::AtLeast(times.max(1)),
        1 => Times::AtMost(times),
        _ => Times::Exactly(times),
    };
    let event = name.map(|name| (*name).to_owned());
    let days = u32::try_from(1 + random.below(10)).expect("small");
    Behavior { selector: Selector { event, filter }, times, days }
}

fn members(world: &World, cohorts: Vec<Definition>) -> Members {
    let definitions = Definitions { now_ms: NOW_MS, cohorts: in_order(cohorts) };
    let (snapshot, asker) = (world.project.snapshot(), Asker::default());
    // Nothing is kept for one who never comes again, so any project will do.
    let project = Arc::new(World::new().project);
    let members =
        KeptSets::default().members(&View::new(&snapshot, &asker), &project, &definitions);
    members.expect("the asker waits")
}

/// The members of a cohort as the plain lists name them.
fn named(world: &World, members: &Members, id: Uuid) -> BTreeSet<String> {
    let snapshot = world.project.snapshot();
    let names: HashMap<_, _> = (0..4_u64)
        .map(|n| (person(n.into()), format!("person {n}")))
        .chain((1..=VISITORS).map(|n| {
            let visitor = format!("visitor {n}");
            let project = super::world::project_id();
            (observe_core::PersonId::of_distinct_id(project, &visitor), visitor)
        }))
        .collect();
    let found = members.get(id).expect("it is defined");
    found.persons.iter().map(|code| names[&snapshot.persons.id(code)].clone()).collect()
}

#[test]
fn cohorts_equal_the_naive_ones() {
    let mut random = Random::new(0x1234_5678_9ABC_DEF1);
    let mut found = 0;
    for round in 0..600 {
        let (world, plain) = random_world(&mut random);
        let ids: Vec<Uuid> = (1..=4).map(Uuid::from_u128).collect();
        let mut cohorts = Vec::new();
        let mut expected: HashMap<Uuid, BTreeSet<String>> = HashMap::new();
        let list: Vec<String> =
            (0..3).map(|_| format!("visitor {}", 1 + random.below(VISITORS + 3))).collect();
        let mut listed = DistinctIds::default();
        list.iter().for_each(|id| listed.push(id));
        let all = plain.everybody();
        let of_list = list.iter().filter_map(|id| plain.who(id));
        expected.insert(ids[0], of_list.filter(|who| all.contains(who)).collect());
        let definition = |id, kind| Definition { id, name: String::new(), revision: Some(1), kind };
        cohorts.push(definition(ids[0], Kind::List(Arc::new(listed))));
        for at in 1..ids.len() {
            let rule = random_rule(&mut random, 3, &ids[..at]);
            let those = all.iter().filter(|who| plain.holds(&rule, who, &expected));
            let those = those.cloned().collect();
            expected.insert(ids[at], those);
            cohorts.push(definition(ids[at], Kind::Rule(Arc::new(rule))));
        }
        let told = format!("round {round}: {cohorts:?}");
        let members = members(&world, cohorts);
        for id in ids {
            let members = named(&world, &members, id);
            assert_eq!(members, expected[&id], "{id} in {told}");
            found += members.len();
        }
    }
    assert!(found > 3_000, "the rules hold for some: {found}");
}

#[test]
fn what_happens_now_counts_and_what_happened_exactly_so_long_ago_does_not() {
    let mut world = World::new();
    for (who, time_ms) in [
        ("now", NOW_MS),
        ("soon", NOW_MS + 1),
        ("then", NOW_MS - DAY_MS),
        ("just", NOW_MS - DAY_MS + 1),
    ] {
        world.event(who, "a", time_ms, "{}");
    }
    let selector = Selector { event: Some("a".into()), filter: Filter::everything() };
    let rule = Rule::Behavior(Behavior { selector, times: Times::AtLeast(1), days: 1 });
    let kind = Kind::Rule(Arc::new(rule));
    let id = Uuid::from_u128(1);
    let cohort = Definition { id, name: String::new(), revision: Some(1), kind };
    let members = members(&world, vec![cohort]);
    let snapshot = world.project.snapshot();
    let found = &members.get(id).expect("defined").persons;
    let ids: Vec<&str> = (0_u32..)
        .zip(snapshot.persons.person_of())
        .filter(|(_, person)| found.iter().any(|one| one == **person))
        .map(|(visitor, _)| snapshot.visitors.text(visitor))
        .collect();
    assert_eq!(ids, ["now", "just"]);
}
