//! Pages of who is behind a number.

use std::collections::BTreeSet;

use observe_core::PersonId;

use super::world::{World, person, project_id};
use crate::behind::{Behind, BehindPerson, BehindUnits, Page};
use crate::engine::behind::page;
use crate::projection::NOBODY;
use crate::query::CountedBy;

fn of_persons(world: &World, units: &[u32], at: &Page) -> Behind {
    let units = units.iter().copied();
    world.ask(|view| page(view.columns, &CountedBy::Persons, units, at, view.asker))
}

fn persons(behind: Behind) -> Vec<BehindPerson> {
    match behind.units {
        BehindUnits::Persons(persons) => persons,
        BehindUnits::Groups(keys) => panic!("groups {keys:?}"),
    }
}

#[test]
fn pages_hold_everybody_once_by_id_whatever_order_the_units_come_in() {
    let mut world = World::new();
    let names: Vec<String> = (0..7).map(|n| format!("visitor {n}")).collect();
    for name in &names {
        world.event(name, "view", 0, "{}");
    }
    let units = [6, 3, 3, NOBODY, 0, 1, 2, 5, 4, 6, 1_000_000];
    let mut at = Page { after: None, size: 3 };
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let behind = of_persons(&world, &units, &at);
        assert_eq!(behind.total, 7, "everybody, on every page");
        at.after.clone_from(&behind.next);
        let on_page = persons(behind);
        seen.extend(on_page.into_iter().map(|person| (person.id.to_bytes(), person.distinct_ids)));
        pages += 1;
        if at.after.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    let expected: BTreeSet<_> = names
        .iter()
        .map(|name| (PersonId::of_distinct_id(project_id(), name).to_bytes(), vec![name.clone()]))
        .collect();
    assert_eq!(seen, expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_full_last_page_has_none_after_it() {
    let mut world = World::new();
    for name in ["a", "b"] {
        world.event(name, "view", 0, "{}");
    }
    let behind = of_persons(&world, &[0, 1], &Page { after: None, size: 2 });
    assert_eq!((behind.total, behind.next.clone()), (2, None));
    assert_eq!(persons(behind).len(), 2);
    let nobody = of_persons(&world, &[], &Page { after: None, size: 2 });
    assert_eq!((nobody.total, nobody.next), (0, None));
}

#[test]
fn a_person_shows_with_the_ids_it_has_now_and_a_hundred_at_most() {
    let mut world = World::new();
    for n in 0..150 {
        let name = format!("device {n}");
        world.event(&name, "view", 0, "{}");
        world.map(&name, person(7));
    }
    world.event("other", "view", 0, "{}");
    let snapshot = world.project.snapshot();
    let units: Vec<u32> = snapshot.persons.person_of().to_vec();
    let behind = of_persons(&world, &units, &Page { after: None, size: 100 });
    assert_eq!(behind.total, 2);
    let found = persons(behind);
    let merged = found.iter().find(|one| one.id == person(7)).expect("it is there");
    let first: Vec<String> = (0..100).map(|n| format!("device {n}")).collect();
    assert_eq!(merged.distinct_ids, first);
}
