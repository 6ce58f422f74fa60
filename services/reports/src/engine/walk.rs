//! Handing out the events of each unit together, in their order, on several threads.
//!
//! Segments are sorted by visitor within each name. So the events of a range of visitors lie together in every run, and a
//! range at a time is gathered, put in order by visitor, and handed out: only so much is in memory at once. The events of
//! units that have several visitors are put aside, in as many heaps as there are ranges of units, and handed out at the end.

use super::EngineError;
use super::bound::Bound;
use super::heap::Heap;
use super::plan::{Plan, Reads, Scratch};
use super::team;
use super::view::{View, units};
use crate::projection::{BLOCK_ROWS, NOBODY, NameRun, Segment};

/// How many rows are gathered at once, about: few enough to stay in a core's own cache.
const ROWS_AT_ONCE: usize = 16_384;
/// How many visitors are gathered at once, at most.
const VISITORS_AT_ONCE: usize = 65_536;
/// Ranges of visitors for each thread, so that one with heavy visitors does not hold up the others.
const SPANS_PER_THREAD: usize = 8;
/// How many heaps the events of units with several visitors are put on.
const HEAPS: usize = 64;

/// One event of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<const V: usize> {
    /// When it happened, in milliseconds since 1970.
    pub(super) time_ms: i64,
    /// When it arrived, in microseconds since 1970, the index in its request added.
    pub(super) arrival: i64,
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
    let plan = Plan::new(view, reads, true);
    let runs = plan
        .segments()
        .into_iter()
        .flat_map(|segment| segment.runs(plan.names()).into_iter().map(move |run| (segment, run)));
    let runs: Vec<_> = runs.collect();
    let rows: usize = runs.iter().map(|(_, run)| run.len()).sum();
    let visitors = view.columns.visitors.len();
    let spans = (team::size(rows) * SPANS_PER_THREAD).min(visitors.div_ceil(64)).max(1);
    let at_once = (visitors * ROWS_AT_ONCE / rows.max(1)).clamp(64, VISITORS_AT_ONCE);
    let shared = plan.counts_persons().then(|| view.columns.persons.shared());
    let units = units(view, reads.counted_by).max(1);
    let of_span = |span: usize| span * visitors / spans;
    let state = || State {
        sum: start(),
        heap: Heap::new(),
        aside: std::array::from_fn(|_| Vec::new()),
        put_aside: 0,
    };
    let states = team::work(rows, spans, state, |state, span| {
        let mut gather = Gather::new(&plan, &runs, of_span(span));
        let mut from = of_span(span);
        while from < of_span(span + 1) {
            plan.check()?;
            let before = state.put_aside;
            let to = (from + at_once).min(of_span(span + 1));
            gather.range(to, |unit, hit| match shared {
                Some(shared) if !shared.has(unit) => {
                    state.heap.push(hit.visitor - code(from), hit);
                }
                _ => {
                    state.put_aside += 1;
                    state.aside[unit as usize * HEAPS / units].push((unit, hit));
                }
            });
            view.asker.take((state.put_aside - before) * size_of::<(u32, Hit<V>)>())?;
            let person_of = view.columns.persons.person_of();
            state.heap.each(to - from, |visitor, hits| {
                each(&mut state.sum, person_of[from + visitor as usize], hits);
            });
            from = to;
        }
        Ok(())
    })?;
    together(states, units, &plan, &each)
}

/// Hands out what was put aside.
fn together<const V: usize, A: Send>(
    mut states: Vec<State<V, A>>,
    units: usize,
    plan: &Plan<'_, V>,
    each: &(impl Fn(&mut A, u32, &[Hit<V>]) + Sync),
) -> Result<Vec<A>, EngineError> {
    let aside: Vec<[Vec<(u32, Hit<V>)>; HEAPS]> = states
        .iter_mut()
        .map(|state| std::mem::replace(&mut state.aside, std::array::from_fn(|_| Vec::new())))
        .collect();
    let states = team::work_with(states, HEAPS, |state, at| {
        plan.check()?;
        // The first unit of the heap, and of the next one.
        let (first, end) = ((at * units).div_ceil(HEAPS), ((at + 1) * units).div_ceil(HEAPS));
        for (unit, hit) in aside.iter().flat_map(|of_thread| &of_thread[at]) {
            state.heap.push(unit - code(first), *hit);
        }
        state.heap.each(end - first, |unit, hits| each(&mut state.sum, code(first) + unit, hits));
        Ok(())
    })?;
    Ok(states.into_iter().map(|state| state.sum).collect())
}

fn code(number: usize) -> u32 {
    u32::try_from(number).expect("codes have 32 bits")
}

/// What one thread has.
struct State<const V: usize, A> {
    sum: A,
    heap: Heap<V>,
    /// By range of units.
    aside: [Vec<(u32, Hit<V>)>; HEAPS],
    /// How many.
    put_aside: usize,
}

/// Reads all runs side by side, visitor after visitor.
struct Gather<'p, 'a, const V: usize> {
    plan: &'p Plan<'a, V>,
    cursors: Vec<Cursor<'a>>,
    scratch: Scratch<V>,
}

/// How far a run is read.
struct Cursor<'a> {
    segment: &'a Segment,
    run: NameRun,
    next: usize,
    /// The block that holds the next row.
    bound: Option<(usize, Bound<'a>)>,
}

impl<'p, 'a, const V: usize> Gather<'p, 'a, V> {
    /// Begins with a visitor.
    fn new(plan: &'p Plan<'a, V>, runs: &[(&'a Segment, NameRun)], visitor: usize) -> Self {
        let visitor = code(visitor);
        let cursor = |(segment, run): &(&'a Segment, NameRun)| {
            let next = if visitor == 0 { run.start as usize } else { seek(segment, *run, visitor) };
            Cursor { segment, run: *run, next, bound: None }
        };
        Self { plan, cursors: runs.iter().map(cursor).collect(), scratch: Scratch::default() }
    }

    /// Hands out all events of the visitors up to one, which is not among them.
    fn range(&mut self, to: usize, mut each: impl FnMut(u32, Hit<V>)) {
        let to = code(to);
        for cursor in &mut self.cursors {
            while cursor.next < cursor.run.end as usize {
                let block = cursor.next / BLOCK_ROWS;
                let bound = match &mut cursor.bound {
                    Some((at, bound)) if *at == block => bound,
                    bound => &mut bound.insert((block, self.plan.bind(cursor.segment, block))).1,
                };
                let first = cursor.next - block * BLOCK_ROWS;
                let end = (cursor.run.end as usize - block * BLOCK_ROWS).min(BLOCK_ROWS);
                let count = bound.visitors()[first..end].partition_point(|visitor| *visitor < to);
                if count == 0 {
                    break;
                }
                cursor.next += count;
                let rows = first..first + count;
                let name = cursor.run.name;
                let Some(part) = self.plan.part(bound, name, rows, &mut self.scratch) else {
                    continue;
                };
                part.each_with_place(|place, row| {
                    if row.unit != NOBODY {
                        let hit = Hit {
                            time_ms: row.time_ms,
                            arrival: part.arrival(place),
                            selectors: row.selectors,
                            name,
                            visitor: row.visitor,
                            values: row.values,
                        };
                        each(row.unit, hit);
                    }
                });
                if first + count < end {
                    break;
                }
            }
        }
    }
}

/// Returns the first row of a run with this visitor or a later one.
fn seek(segment: &Segment, run: NameRun, visitor: u32) -> usize {
    let (start, end) = (run.start as usize, run.end as usize);
    let (mut first, mut last) = (start / BLOCK_ROWS, (end - 1) / BLOCK_ROWS);
    // The last block of the run whose first row of it is of an earlier visitor, else the first block.
    while first < last {
        let middle = (first + last).div_ceil(2);
        if segment.visitors(middle).as_u32()[0] < visitor {
            first = middle;
        } else {
            last = middle - 1;
        }
    }
    let begin = start.max(first * BLOCK_ROWS) - first * BLOCK_ROWS;
    let finish = (end - first * BLOCK_ROWS).min(BLOCK_ROWS);
    let visitors = segment.visitors(first);
    let before = visitors.as_u32()[begin..finish].partition_point(|one| *one < visitor);
    first * BLOCK_ROWS + begin + before
}
