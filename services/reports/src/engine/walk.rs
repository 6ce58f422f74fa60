//! Handing out the events of each unit together, in their order, on several threads.
//!
//! Segments are sorted by visitor within each name. So the events of a range of visitors lie together in every run, and a
//! range at a time is gathered, put in order by visitor, and handed out: only so much is in memory at once. The events of
//! units that have several visitors are put aside, in as many heaps as there are ranges of units, and handed out at the end.

mod aside;
mod gather;
mod spans;

use super::EngineError;
use super::heap::Heap;
use super::plan::{Part, Plan, Reads};
use super::team;
use super::view::{View, units};
use crate::projection::NOBODY;
use aside::{Arrivals, Aside};
use gather::Gather;
use spans::Spans;

/// How many rows are gathered at once, about, at least and at most: few enough to stay in a core's own cache.
const ROWS_AT_ONCE: (usize, usize) = (8_192, 65_536);
/// How many of each run, about: enough to be worth a look at the run.
const ROWS_OF_RUN: usize = 64;
/// How many visitors are gathered at once, at least and at most.
const VISITORS_AT_ONCE: (usize, usize) = (64, 65_536);
/// Ranges of visitors for each thread, of about as many rows, so that one that is slow does not hold up the others.
const SPANS_PER_THREAD: usize = 8;
/// How many heaps the events of units with several visitors are put on.
const HEAPS: usize = 64;

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

/// Hands out each unit with its events in the order of time and arrival, all at once and no unit twice. Events that are
/// nobody's are not handed out. Each thread has an accumulator made by `start`; all of them are returned, at least one.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn walk<const V: usize, A: Send>(
    view: &View<'_>,
    reads: &Reads<'_, V>,
    start: impl Fn() -> A + Sync,
    each: impl Fn(&mut A, u32, &[Hit<V>]) + Sync,
) -> Result<Vec<A>, EngineError> {
    let plan = Plan::new(view, reads);
    let runs = plan
        .segments()
        .into_iter()
        .flat_map(|segment| segment.runs(plan.names()).into_iter().map(move |run| (segment, run)));
    let runs: Vec<_> = runs.collect();
    let rows: usize = runs.iter().map(|(_, run)| run.len()).sum();
    let visitors = view.columns.visitors.len();
    let spans = Spans::of_rows(&runs, visitors, team::size(rows) * SPANS_PER_THREAD);
    let (least, most) = VISITORS_AT_ONCE;
    let rows_at_once = (runs.len() * ROWS_OF_RUN).clamp(ROWS_AT_ONCE.0, ROWS_AT_ONCE.1);
    let at_once = (visitors * rows_at_once / rows.max(1)).clamp(least, most);
    let shared = plan.counts_persons().then(|| view.columns.persons.shared());
    let person_of = view.columns.persons.person_of();
    let units = units(view, reads.counted_by).max(1);
    let state = || State {
        sum: start(),
        heap: Heap::new(),
        hits: Vec::new(),
        aside: std::array::from_fn(|_| Vec::new()),
        put_aside: 0,
        at_once,
        gather: None,
    };
    let states = team::work(rows, spans.len(), state, |state, _| {
        let last = state.gather.as_ref().map(|(span, _)| *span);
        let span = spans.claim(last).expect("as many tasks as ranges");
        let within = spans.visitors(span);
        let mut gather = match state.gather.take() {
            // It stands where this range begins.
            Some((last, gather)) if last + 1 == span => gather,
            _ => Gather::new(&plan, &runs, within.start),
        };
        let mut from = within.start;
        while from < within.end {
            plan.check()?;
            let before = state.put_aside;
            let to = (from + state.at_once).min(within.end);
            gather.range(to);
            let parts = gather.parts();
            for (number, part) in (0..).zip(&parts) {
                part.each_with_place(|place, row| match shared {
                    _ if row.unit == NOBODY => {}
                    Some(shared) if !shared.has(row.unit) => {
                        let place = code(place);
                        state.heap.push(
                            row.visitor - code(from),
                            Found { time_ms: row.time_ms, part: number, place },
                        );
                    }
                    _ => {
                        state.put_aside += 1;
                        let aside = &mut state.aside[row.unit as usize * HEAPS / units];
                        let at = gather.row(number as usize, place);
                        aside.push(Aside { unit: row.unit, at, hit: hit(part, place) });
                    }
                });
            }
            let put_aside = state.put_aside - before;
            view.asker.take(put_aside * size_of::<Aside<V>>())?;
            // Visitors are numbered as they came, so the first ones have come more often than others.
            match state.heap.len() + put_aside {
                many if many > rows_at_once * 2 => state.at_once = (state.at_once / 2).max(least),
                few if few < rows_at_once / 2 => state.at_once = (state.at_once * 2).min(most),
                _ => {}
            }
            let arrival = |one: &Found| parts[one.part as usize].arrival(one.place as usize);
            let order = |a: &Found, b: &Found| {
                a.time_ms.cmp(&b.time_ms).then_with(|| arrival(a).cmp(&arrival(b)))
            };
            state.heap.each(to - from, order, |visitor, found| {
                let hit = |one: &Found| hit(&parts[one.part as usize], one.place as usize);
                state.hits.clear();
                state.hits.extend(found.iter().map(hit));
                each(&mut state.sum, person_of[from + visitor as usize], &state.hits);
            });
            from = to;
        }
        state.gather = Some((span, gather));
        Ok(())
    })?;
    together(states, units, &plan, &Arrivals::new(&runs), &each)
}

/// Returns an event as it is handed out.
#[inline]
fn hit<const V: usize>(part: &Part<'_, V>, place: usize) -> Hit<V> {
    let row = part.at(place);
    Hit {
        time_ms: row.time_ms,
        selectors: row.selectors,
        name: part.name,
        visitor: row.visitor,
        values: row.values,
    }
}

/// Hands out what was put aside.
fn together<const V: usize, A: Send>(
    mut states: Vec<State<'_, '_, V, A>>,
    units: usize,
    plan: &Plan<'_, V>,
    arrivals: &Arrivals<'_, '_>,
    each: &(impl Fn(&mut A, u32, &[Hit<V>]) + Sync),
) -> Result<Vec<A>, EngineError> {
    let aside: Vec<[Vec<Aside<V>>; HEAPS]> = states
        .iter_mut()
        .map(|state| std::mem::replace(&mut state.aside, std::array::from_fn(|_| Vec::new())))
        .collect();
    let states = states.into_iter().map(|state| (state.sum, Heap::new(), state.hits)).collect();
    let states = team::work_with(states, HEAPS, |(sum, heap, hits), at| {
        plan.check()?;
        // The first unit of the heap, and of the next one.
        let (first, end) = ((at * units).div_ceil(HEAPS), ((at + 1) * units).div_ceil(HEAPS));
        for one in aside.iter().flat_map(|of_thread| &of_thread[at]) {
            heap.push(one.unit - code(first), *one);
        }
        let order = |a: &Aside<V>, b: &Aside<V>| {
            let of_equal_time = || arrivals.of(a.at).cmp(&arrivals.of(b.at));
            a.hit.time_ms.cmp(&b.hit.time_ms).then_with(of_equal_time)
        };
        heap.each(end - first, order, |unit, own| {
            hits.clear();
            hits.extend(own.iter().map(|one| one.hit));
            each(sum, code(first) + unit, hits);
        });
        Ok(())
    })?;
    Ok(states.into_iter().map(|(sum, ..)| sum).collect())
}

fn code(number: usize) -> u32 {
    u32::try_from(number).expect("codes have 32 bits")
}

/// What one thread has.
struct State<'p, 'a, const V: usize, A> {
    sum: A,
    heap: Heap<Found>,
    /// Those of one unit, in their order.
    hits: Vec<Hit<V>>,
    /// By range of units.
    aside: [Vec<Aside<V>>; HEAPS],
    /// How many.
    put_aside: usize,
    /// How many visitors are gathered at once.
    at_once: usize,
    /// The range that was gathered last, and what stands at its end.
    gather: Option<(usize, Gather<'p, 'a, V>)>,
}

/// Where an event of the visitors that are gathered is: much smaller than the event.
#[derive(Clone, Copy)]
struct Found {
    time_ms: i64,
    part: u32,
    place: u32,
}
