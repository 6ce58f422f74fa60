//! How much there is of persons, in segments, in the tail, and both ways of looking.

use super::world::World;
use crate::history::{History, HistoryQuery};

fn history(world: &World, persons: &[&[&str]]) -> Vec<(u64, Option<(i64, i64)>)> {
    let ids = |ids: &&[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let query = HistoryQuery { persons: persons.iter().map(ids).collect() };
    let found = world.ask(|view| crate::engine::history::run(view, &query));
    let told = |History { events, span_ms }: &History| (*events, *span_ms);
    found.iter().map(told).collect()
}

#[test]
fn events_of_all_ids_are_counted_wherever_they_lie() {
    let week_ms = 7 * 24 * 60 * 60 * 1000;
    let mut world = World::new();
    for n in 0..50 {
        let name = ["view", "buy", "leave"][n % 3];
        let time_ms = i64::try_from(n).expect("small") * week_ms / 10;
        world.event(["ada", "ben", "null", "ipad"][n % 4], name, time_ms, "{}");
        if n == 30 {
            world.project.seal();
        }
    }
    let at = |n: i64| n * week_ms / 10;
    let asked: [&[&str]; 5] = [&["ada"], &["ada", "ipad"], &["null"], &["nobody"], &[]];
    let expected = [
        (13, Some((at(0), at(48)))),
        (25, Some((at(0), at(48)))),
        (12, Some((at(2), at(46)))),
        (0, None),
        (0, None),
    ];
    assert_eq!(history(&world, &asked), expected);
    // Merges do not matter: whose the ids are is for the asker to say.
    world.map("ada", super::world::person(7));
    world.project.seal();
    assert_eq!(history(&world, &asked), expected);
}

#[test]
fn many_ids_are_found_like_few() {
    let mut world = World::new();
    let ids: Vec<String> = (0..500).map(|n| format!("visitor {n}")).collect();
    for (time, id) in (0..).zip(&ids) {
        world.event(id, "view", time, "{}");
        world.event(id, "view", time + 1_000, "{}");
    }
    for is_sealed in [false, true] {
        if is_sealed {
            world.project.seal();
        }
        let many: Vec<&str> = ids.iter().map(String::as_str).collect();
        let told = history(&world, &[&many, &many[7..9]]);
        assert_eq!(told, [(1_000, Some((0, 1_499))), (4, Some((7, 1_008)))]);
        // One more than there are rows: each row is looked at.
        let repeated = vec![&many[..]; 3];
        assert_eq!(history(&world, &repeated), vec![(1_000, Some((0, 1_499))); 3]);
    }
}
