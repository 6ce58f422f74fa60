//! Handing out the events of each unit together, in their order, on several threads.
//!
//! The events of some visitors at a time are put in order by visitor and time. Those of units that have several visitors are
//! put aside, and handed out at the end.

mod aside;
mod order;

use super::EngineError;
use super::plan::Reads;
use super::sweep::{AtOnce, Sweep};
use super::team;
use super::view::{View, units};
use crate::projection::NOBODY;
use crate::query::CountedBy;
use aside::{Arrivals, Aside, ByUnit};
use order::Order;

/// How much is put in order at once at most: few enough rows to stay in a core's own cache.
const AT_ONCE: AtOnce = AtOnce { visitors: usize::MAX, rows: 16_384 };
/// In how many ranges of units those with several visitors are handed out: each range is a task for a thread.
const ASIDE_TASKS: usize = 64;

/// One event of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<const V: usize> {
    /// When it happened, in milliseconds since 1970.
    pub(super) time_ms: i64,
    /// The selectors that select it, the first as the lowest bit. Never 0.
    pub(super) selectors: u64,
    /// The code of its name.
    pub(super) name: u32,
    /// The code of its distinct id.
    pub(super) visitor: u32,
    /// The value codes that were asked for; `NOT_SET` where there is no value.
    pub(super) values: [u32; V],
}

/// What is known of a unit before its events are put in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    /// The selectors that select any of its events.
    pub(super) selectors: u64,
    /// When the earliest of its events happened, in milliseconds since 1970.
    pub(super) first_ms: i64,
}

/// Hands out each unit with its events in the order of time and arrival, all at once and no unit twice. Events that are
/// nobody's are not handed out. Each thread has an accumulator made by `start`; all of them are returned, at least one.
///
/// # Errors
/// `Abandoned` if the asker has gone, `TooLarge` if units with several visitors have too many events.
pub(super) fn walk<const V: usize, A: Send>(
    view: &View<'_>,
    reads: &Reads<'_, V>,
    start: impl Fn() -> A + Sync,
    each: impl Fn(&mut A, u32, &[Hit<V>]) + Sync,
) -> Result<Vec<A>, EngineError> {
    walk_where_needed(view, reads, start, |_, _, _| false, each)
}

/// Likewise, but for units of which a glance is enough: where `glance` says so, their events are not handed out. That saves
/// putting them in order.
///
/// # Errors
/// As [`walk`].
pub(super) fn walk_where_needed<const V: usize, A: Send>(
    view: &View<'_>,
    reads: &Reads<'_, V>,
    start: impl Fn() -> A + Sync,
    glance: impl Fn(&mut A, u32, Glance) -> bool + Sync,
    each: impl Fn(&mut A, u32, &[Hit<V>]) + Sync,
) -> Result<Vec<A>, EngineError> {
    let sweep = Sweep::new(view, reads, AT_ONCE);
    let persons = &view.columns.persons;
    let (person_of, shared) = (persons.person_of(), persons.shared());
    let has_groups = !matches!(reads.counted_by, CountedBy::Persons);
    let state = || State { sum: start(), order: Order::default(), aside: Aside::default() };
    let states = sweep.run(state, |state, batch| {
        let State { sum, order, aside } = state;
        let before = aside.bytes();
        order.take(batch);
        order.each(batch, |visitor, own| {
            if has_groups {
                aside.add_of_groups(batch, &own.in_order());
                return;
            }
            match person_of[visitor as usize] {
                NOBODY => {}
                person if shared.has(person) => aside.add(person, batch, &own.in_order()),
                person if glance(sum, person, own.glance()) => {}
                person => each(sum, person, own.in_order().hits()),
            }
        });
        view.asker.take(aside.bytes() - before)
    })?;
    let each = |sum: &mut A, unit: u32, hits: &[Hit<V>]| {
        let selectors = hits.iter().fold(0, |all, hit| all | hit.selectors);
        if !glance(sum, unit, Glance { selectors, first_ms: hits[0].time_ms }) {
            each(sum, unit, hits);
        }
    };
    let (sums, asides): (Vec<_>, Vec<_>) =
        states.into_iter().map(|state| (state.sum, state.aside)).unzip();
    together(sums, &asides, view, reads, &sweep, &each)
}

/// Hands out what was put aside.
fn together<const V: usize, A: Send>(
    sums: Vec<A>,
    asides: &[Aside<V>],
    view: &View<'_>,
    reads: &Reads<'_, V>,
    sweep: &Sweep<'_, '_, V>,
    each: &(impl Fn(&mut A, u32, &[Hit<V>]) + Sync),
) -> Result<Vec<A>, EngineError> {
    if asides.iter().all(Aside::is_empty) {
        return Ok(sums);
    }
    let units = units(view, reads.counted_by);
    view.asker.take(ByUnit::bytes(asides, units))?;
    let by_unit = ByUnit::new(asides, units);
    let arrivals = Arrivals::new(sweep.runs());
    let states = sums.into_iter().map(|sum| (sum, aside::Gathered::default())).collect();
    let states = team::work_with(states, ASIDE_TASKS, |(sum, gathered), task| {
        sweep.check()?;
        let first_of = |task: usize| task * units / ASIDE_TASKS;
        for unit in first_of(task)..first_of(task + 1) {
            let hits = by_unit.gather(unit, &arrivals, gathered);
            if !hits.is_empty() {
                each(sum, code(unit), hits);
            }
        }
        Ok(())
    })?;
    Ok(states.into_iter().map(|(sum, ..)| sum).collect())
}

/// What one thread has.
struct State<A, const V: usize> {
    sum: A,
    order: Order<V>,
    aside: Aside<V>,
}

fn code(number: usize) -> u32 {
    u32::try_from(number).expect("codes have 32 bits")
}
